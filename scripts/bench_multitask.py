"""The measurements of scripts/bench_multitask.sh."""

import argparse
import sys
from functools import partial
from pathlib import Path

import numpy as np

from nets import paired, planted, real, tables
from nets.cells import Bench, Cell, side_by_side
from nets.planted import outcome

NETS = ("lstm", "cnn")
VOLATILITY = "volatility: { loss: qlike }"
MULTITASK = {
    "equal weights": f"{{ {VOLATILITY} }}",
    "weights by uncertainty": f"{{ {VOLATILITY}, task_weights: {{ kind: uncertainty }} }}",
}
SINGLE = {
    "direction": "{ return: { enabled: false }, volatility: { enabled: false } }",
    "return": "{ direction: { enabled: false }, volatility: { enabled: false } }",
    "volatility": "{ direction: { enabled: false }, return: { enabled: false }, "
                  "volatility: { loss: qlike } }",
}
HORIZON = {"planted": 1, "BTCUSDT 1h": 6}
RESAMPLES = 1000


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench_multitask.sh")
    parser.add_argument("binary")
    parser.add_argument("results", type=Path)
    parser.add_argument("commit")
    parser.add_argument("data", help="folder of real market data, or nothing")
    parser.add_argument("--seconds", type=float, default=1200, help="CPU seconds a net and market")
    parser.add_argument("--seeds", type=int, default=3, help="training seeds")
    parser.add_argument("--jobs", type=int, default=2, help="trainings at once, one thread each")
    parser.add_argument("--table", action="store_true", help="train nothing, show what is kept")
    parser.add_argument("--write", action="store_true", help="put the table into docs/BENCHMARKS.md")
    return parser.parse_args()


def configured(text, heads):
    """The config with these heads, each net stopped by the loss that it minimises itself."""
    lines = [line for line in text.splitlines() if not line.startswith("heads:")]
    return "\n".join(lines).replace("monitor: valid_log_loss", "monitor: valid_loss") + f"\nheads: {heads}\n"


def keep_forecasts(folder, name, run):
    """Keeps the forecasts as arrays and names their file."""
    file = folder / (name.replace("/", "-").replace(" ", "-") + ".npz")
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(file, **paired.forecasts(run))
    return str(file)


def cell(asked, market, net, heads, seed):
    """The training of one net with one kind of heads."""
    if market == "planted":
        base = planted.planted_cell(net)
    else:
        base = next(c for c in real.candle_cells(asked.data, net) if c.name == f"real/{market}/{net}")
    name = f"multitask/{market}/{net}/{heads}/{seed}"
    text = configured(base.config, {**MULTITASK, **SINGLE}[heads])
    read = partial(keep_forecasts, asked.results.with_suffix(""), name)
    return Cell(name, text, base.ingest, seed, read)


def loaded(bench, one):
    """The forecasts of a finished training; that our measures are the program's own is checked."""
    result = bench.scores(one)
    with np.load(result["read"]) as file:
        rows = dict(file)
    for measure in paired.MEASURES:
        group, name, *_ = measure
        told = [s["value"] for s in result["scores"]
                if (s["group"], s["name"], s["baseline"]) == (group, name, False)]
        if not told or told[0] is None:
            continue
        ours = paired.values(measure, rows)
        if not abs(ours - told[0]) <= 1e-5 * max(1.0, abs(told[0])):
            raise SystemExit(f"{one.name}: {name} is {ours} of the forecasts and {told[0]} in metrics.json")
    return rows


def compared(bench, asked, market, net):
    """Rows of the table: each measure of each multitask net beside the single-task net of its task."""
    seeds = range(1, asked.seeds + 1)
    rows = {
        kind: [loaded(bench, cell(asked, market, net, kind, seed)) for seed in seeds]
        for kind in (*MULTITASK, *SINGLE)
    }
    times = rows["direction"][0]["decision_time"]
    for runs in rows.values():
        for run in runs:
            if not np.array_equal(run["decision_time"], times):
                raise SystemExit(f"{market}, {net}: the runs forecast different rows")
    shares = paired.weights(len(times), max(24, 2 * HORIZON[market]), RESAMPLES)
    lines = []
    for measure in paired.MEASURES:
        task, _, name, _, _, higher = measure
        alone = [paired.values(measure, run) for run in rows[task]]
        alone_draws = np.mean([paired.draws(measure, run, shares) for run in rows[task]], axis=0)
        for kind in MULTITASK:
            together = [paired.values(measure, run) for run in rows[kind]]
            drawn = np.mean([paired.draws(measure, run, shares) for run in rows[kind]], axis=0)
            lower, upper = np.nanpercentile(drawn - alone_draws, [2.5, 97.5])
            by_seed = np.subtract(together, alone)
            gain = by_seed.mean() if higher else -by_seed.mean()
            clear = (lower > 0 or upper < 0) and len(set(np.sign(by_seed))) == 1
            lines.append({
                "market": market, "net": net, "task": task, "measure": name, "kind": kind,
                "alone": float(np.mean(alone)), "together": float(np.mean(together)),
                "difference": float(by_seed.mean()), "lower": float(lower), "upper": float(upper),
                "by_seed": (float(by_seed.min()), float(by_seed.max())),
                "verdict": ("better" if gain > 0 else "worse") if clear else "no clear difference",
                "rows": len(times), "seeds": asked.seeds,
                "cpu_alone": sum(bench.scores(cell(asked, market, net, one, seed))["cpu"]
                                 for one in SINGLE for seed in seeds) / asked.seeds,
                "cpu_together": sum(bench.scores(cell(asked, market, net, kind, seed))["cpu"]
                                    for seed in seeds) / asked.seeds,
            })
    return lines


def main():
    asked = arguments()
    bench = Bench(asked.binary, asked.results)
    groups = [(market, net) for market in HORIZON if market == "planted" or asked.data for net in NETS]
    if not asked.data:
        print("CANDLEWICK_DATA is not set: real candles are not measured", file=sys.stderr)
    found, complete = {}, []

    def one(market, net):
        seeds = range(1, asked.seeds + 1)
        cells = [cell(asked, market, net, kind, seed) for seed in seeds for kind in (*MULTITASK, *SINGLE)]
        if not asked.table:
            bench.run(cells, asked.seconds)
        done = all(bench.scores(one) for one in cells)
        found[market, net] = compared(bench, asked, market, net) if done else outcome(bench, cells)
        complete.append(True if done else None if "failed" not in found[market, net] else False)

    side_by_side(asked.jobs, [partial(one, *group) for group in groups])
    for group in groups:
        print(tables.multitask_lines(*group, found[group]), flush=True)
    if asked.write:
        tables.write_multitask(Path("docs/BENCHMARKS.md"), bench, asked, groups, found)
    sys.exit(1 if False in complete else 75 if None in complete else 0)


main()
