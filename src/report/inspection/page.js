"use strict";
(() => {
  const table = document.getElementById("columns");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const filter = document.getElementById("filter");
  const warning = document.getElementById("warning");
  const shown = document.getElementById("shown");

  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const name = row.dataset.name.toLowerCase();
      const hit = words.every((word) => name.includes(word))
        && (!warning.value || row.dataset.warnings.split("|").includes(warning.value));
      row.hidden = !hit;
      if (hit) count += 1;
    }
    shown.textContent = `${count} of ${rows.length} columns`;
  };
  filter.addEventListener("input", show);
  warning.addEventListener("change", show);
  show();

  const key = (row, column) => {
    const text = row.cells[column].dataset.sort;
    if (text === undefined) return row.dataset.name;
    return text === "" ? null : Number(text);
  };
  table.tHead.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const head = button.parentElement;
    // Numbers begin with the largest, names with the first.
    const first = head.cellIndex === 0 ? "ascending" : "descending";
    const other = first === "ascending" ? "descending" : "ascending";
    const direction = head.getAttribute("aria-sort") === first ? other : first;
    for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    const keyed = rows.map((row) => [key(row, head.cellIndex), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * (typeof a === "string" ? a.localeCompare(b) : a - b);
    });
    body.append(...keyed.map(([, row]) => row));
  });

  // A link to a column opens it.
  const open = () => {
    const target = location.hash.startsWith("#f-") && document.getElementById(location.hash.slice(1));
    if (!target) return;
    target.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();

  const heat = document.getElementById("heat");
  const pair = document.getElementById("pair");
  const names = document.getElementById("heat-names").content.textContent.split("\n");
  const values = document.getElementById("heat-values").content.textContent;
  const count = names.length;
  let place = null;
  const tell = () => {
    const [row, column] = place;
    const value = (values.charCodeAt(row * count + column) - 48) / 32 - 1;
    pair.textContent = `${names[row]} × ${names[column]}: about ${value.toFixed(2).replace("-", "−")}`;
  };
  heat.addEventListener("pointermove", (event) => {
    const box = heat.getBoundingClientRect();
    const at = (share) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    place = [at((event.clientY - box.top) / box.height), at((event.clientX - box.left) / box.width)];
    tell();
  });
  heat.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    place = (place || [0, 0]).map((at, axis) => Math.min(count - 1, Math.max(0, at + step[axis])));
    tell();
  });
})();
