"""The runs of scripts/bench_fi2010.sh; the standard library alone."""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

NETS = ["c_tabl", "deep_lob", "bin_ctabl", "deep_lob_attention", "axial_lob", "mlp_lob", "tlob"]
MEASURES = ["accuracy", "weighted_f1", "macro_f1"]
CONFIGS = Path(__file__).resolve().parent.parent / "model_configs"


def train(binary, config, changes, device, seconds):
    """Scores by model over the test rows; None when the time ran out."""
    with tempfile.TemporaryDirectory() as folder:
        words = [binary, "train", "--config", str(config), "--run-dir", "run", "--quiet"]
        words += ["--device", device] if device else []
        for change in changes:
            words += ["--set", change]
        try:
            done = subprocess.run(
                words, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return None
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stderr[-2000:]}")
        card = json.loads(Path(folder, "run", "metrics.json").read_text())
    found = {}
    for score in card["scores"]:
        if score["fold"] == "all" and score["instrument"] == "all" and score["name"] in MEASURES:
            found.setdefault(score["model"], {})[score["name"]] = score["value"]
    return found


def run(binary, asked, net, horizon):
    """Scores of a net; those of setup 1 are means over its nine folds."""
    changes = [f"data.fi_2010.folder={asked.folder}", f"labels.horizon={horizon}", *asked.set]
    folds = [[]]
    if asked.setup == 1:
        folds = [["data.fi_2010.setup=1", f"data.fi_2010.fold={fold}"] for fold in range(1, 10)]
    deadline = time.monotonic() + asked.seconds if asked.seconds else None
    all_folds = []
    for fold in folds:
        left = max(deadline - time.monotonic(), 0.1) if deadline else None
        config = CONFIGS / f"fi2010_{net}.yaml"
        found = train(binary, config, [*changes, *fold], asked.device, left)
        if found is None:
            return None
        all_folds.append(found)
    def mean(model, measure):
        values = [found[model].get(measure) for found in all_folds if model in found]
        return None if not values or None in values else statistics.fmean(values)
    return {model: {m: mean(model, m) for m in MEASURES} for model in all_folds[0]}


def percent(value):
    return "  -  " if value is None else f"{100 * value:5.2f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--nets", default=",".join(NETS))
    parser.add_argument("--horizon", default="10,20,30,50,100")
    parser.add_argument("--setup", type=int, choices=[1, 2], default=2)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--device")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    binary = str(Path(asked.binary).resolve())
    horizons = [int(horizon) for horizon in asked.horizon.split(",")]
    rows = {}
    for net in asked.nets.split(","):
        if net not in NETS:
            raise SystemExit(f"no recipe for {net}; known are {' '.join(NETS)}")
        for horizon in horizons:
            began = time.monotonic()
            found = run(binary, asked, net, horizon)
            seconds = time.monotonic() - began
            rows[net, horizon] = found and found[net]
            if found is None:
                print(f"{net:20} horizon {horizon:3}: out of time after {seconds:.0f} s", flush=True)
                continue
            print(f"{net:20} horizon {horizon:3}, setup {asked.setup}, {seconds:.0f} s", flush=True)
            for model in sorted(found, key=lambda model: (model != net, model)):
                values = [f"{m} {percent(found[model][m])}" for m in MEASURES]
                print(f"  {model:18} {'  '.join(values)}", flush=True)
    if asked.table:
        print("\n| net, macro / weighted F1 | " + " | ".join(map(str, horizons)) + " |")
        print("|---|" + "---|" * len(horizons))
        for net in asked.nets.split(","):
            cells = []
            for horizon in horizons:
                own = rows[net, horizon]
                text = f"{percent(own['macro_f1'])} / {percent(own['weighted_f1'])}" if own else "out of time"
                cells.append(text.strip())
            print(f"| `{net}` | " + " | ".join(cells) + " |")


main()
