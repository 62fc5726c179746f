"""Kept results as the tables of docs/BENCHMARKS.md, between markers that name them."""

import datetime
import os
from pathlib import Path

from nets import planted, real
from nets.cells import OUT_OF_TIME
from nets.sizes import CANNOT

# Columns of the real tables: title, group, name, decimals.
SCORES = (
    ("log loss", "direction", "log_loss", 3),
    ("MCC", "direction", "mcc", 3),
    ("macro F1", "direction", "macro_f1", 3),
    ("weighted F1", "direction", "weighted_f1", 3),
    ("IC", "return", "ic", 3),
    ("QLIKE", "volatility", "qlike", 2),
    ("net return", "profit", "net_return", 2),
)
BASELINES = ("class_prior", "persistence", "mean_volatility", "buy_and_hold")


def machine():
    """The processor and how many of it."""
    names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return f"{os.cpu_count()} cores of {names[0] if names else 'an unnamed processor'}"


def caption(asked):
    date = datetime.datetime.now(datetime.UTC).date()
    return (
        f"{machine()}, {asked.commit}, {date}; one thread a training, {asked.jobs} at once, "
        "a machine shared with others: CPU seconds (user and system), not the clock's."
    )


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def replace_block(path, name, text):
    """Puts `text` between the markers of that name."""
    begin, end = f"<!-- {name}: made by the script -->", f"<!-- end of {name} -->"
    whole = path.read_text()
    if begin not in whole or end not in whole:
        raise SystemExit(f"{path} has no '{begin}' and '{end}' to write between")
    head, rest = whole.split(begin, 1)
    tail = rest.split(end, 1)[1]
    path.write_text(f"{head}{begin}\n{text}\n{end}{tail}")


def write(path, bench, asked):
    if asked.real:
        replace_block(path, "nets on real data", real_tables(bench, asked))
    else:
        replace_block(path, "nets on planted streams", planted_table(bench, asked))


def planted_table(bench, asked):
    head = ("net", "reads", "accuracy (best reachable)", "edge found", "CPU s",
            "mean MCC on noise", "", "CPU s")
    rows = []
    for name in planted.names():
        found = planted.edge(bench, name)
        cells = [f"`{name}`" if name not in CANNOT else name, "book" if planted.is_book(name) else "candles"]
        if found:
            cells += [f"{found['accuracy']:.4f} ({found['best']:.4f})",
                      f"{found['share']:.3f} ± {found['error']:.3f}, {found['verdict']}",
                      f"{found['cpu']:.1f}"]
        else:
            cells += ["", planted.outcome(bench, [planted.planted_cell(name)]), ""]
        quiet = planted.noise(bench, name, asked.seeds)
        if quiet:
            cells += [quiet["text"], quiet["verdict"], f"{quiet['cpu']:.0f}"]
        elif name in CANNOT:
            cells += ["", "", ""]
        else:
            cells += ["", planted.outcome(bench, planted.noise_cells(name, planted.first_seeds(asked.seeds))), ""]
        rows.append(cells)
    return f"{caption(asked)} Budget: {asked.seconds:.0f} CPU s a net for all of it.\n\n{table(head, rows)}"


def score(result, model, group, name, digits):
    """A value with its interval, or nothing where it is not defined."""
    for s in result["scores"]:
        if (s["group"], s["name"]) == (group, name) and s["model"] == model and s["value"] is not None:
            text = f"{s['value']:.{digits}f}"
            if s["lower"] is not None:
                text += f" [{s['lower']:.{digits}f}, {s['upper']:.{digits}f}]"
            return text
    return ""


def score_row(result, model, title, seconds):
    return [title, *(score(result, model, group, name, digits) for _, group, name, digits in SCORES), seconds]


def real_table(bench, asked, title, names):
    cells = {name: next(c for c in real.cells_of(asked.real, name) if c.name == f"real/{title}/{name}")
             for name in names}
    results = {name: bench.scores(cell) for name, cell in cells.items()}
    done = {name: result for name, result in results.items() if result}
    rows = []
    if done:
        # All nets of a table forecast the same rows, so that the baselines are those of any.
        first = next(iter(done.values()))
        rows = [score_row(first, model, model, "") for model in BASELINES]
    for name, result in results.items():
        if result:
            rows.append(score_row(result, name, f"`{name}`", f"{result['cpu']:.1f}"))
        else:
            said = planted.outcome(bench, [cells[name]])
            rows.append([f"`{name}`", said, *[""] * len(SCORES)])
    counts = sorted({result["forecasts"] for result in done.values()})
    count = " or ".join(f"{count:,}" for count in counts) or "no"
    head = ("", *(column for column, *_ in SCORES), "CPU s")
    return f"**{title}**, {count} test rows\n\n{table(head, rows)}"


def real_tables(bench, asked):
    text = f"{caption(asked)} Budget: {asked.seconds:.0f} CPU s a net for all of its trainings; what did " \
           f"not fit says “{OUT_OF_TIME}”."
    return "\n\n".join([text, *(real_table(bench, asked, *market) for market in real.markets())])


def digits_of(line):
    """Decimals that show two digits of the interval."""
    width = line["upper"] - line["lower"]
    digits = 2
    while width > 0 and width * 10**digits < 10 and digits < 7:
        digits += 1
    return digits


def multitask_row(line):
    d = digits_of(line)
    low, high = line["by_seed"]
    return [
        line["market"], f"`{line['net']}`", f"{line['task']}: {line['measure']}", line["kind"],
        f"{line['alone']:.{d}f}", f"{line['together']:.{d}f}",
        f"{line['difference']:+.{d}f} [{line['lower']:+.{d}f}, {line['upper']:+.{d}f}]",
        f"{low:+.{d}f} to {high:+.{d}f}", line["verdict"],
    ]


def multitask_lines(market, net, lines):
    if isinstance(lines, str):
        return f"{market}, {net}: {lines}"
    return "\n".join("  ".join(multitask_row(line)) for line in lines)


def write_multitask(path, bench, asked, groups, found):
    head = ("market", "net", "task", "multitask with", "three single-task nets", "multitask",
            "difference [95%]", "by seed", "multitask is")
    rows, costs = [], []
    for market, net in groups:
        lines = found[market, net]
        if isinstance(lines, str):
            rows.append([market, f"`{net}`", lines, *[""] * 6])
            continue
        rows += [multitask_row(line) for line in lines]
        together = {line["kind"]: line["cpu_together"] for line in lines}
        cost = ", ".join(f"{seconds:.1f} ({kind})" for kind, seconds in together.items())
        costs.append(f"{market}, `{net}`: {lines[0]['cpu_alone']:.1f} for the three, {cost}")
    text = f"{caption(asked)} {asked.seeds} training seeds, budget {asked.seconds:.0f} CPU s a net and market."
    if costs:
        text += "\n\nCPU seconds a seed: " + "; ".join(costs) + "."
    replace_block(path, "multitask", f"{text}\n\n{table(head, rows)}")
