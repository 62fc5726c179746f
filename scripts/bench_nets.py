"""The measurements of scripts/bench_nets.sh; the standard library alone."""

import argparse
import subprocess
import sys
from pathlib import Path

from nets import planted, real, tables
from nets.cells import Bench, side_by_side
from nets.sizes import BOOKS, CANDLES, CANNOT


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench_nets.sh")
    parser.add_argument("binary")
    parser.add_argument("results", type=Path)
    parser.add_argument("commit")
    parser.add_argument("--nets", help="names, comma between; all by default")
    parser.add_argument("--seconds", type=float, default=600, help="CPU seconds a net")
    parser.add_argument("--seeds", type=int, default=20, help="seeds of the noise")
    parser.add_argument("--jobs", type=int, default=2, help="trainings at once, one thread each")
    parser.add_argument("--real", metavar="DATA", help="real data instead of planted")
    parser.add_argument("--table", action="store_true", help="measure nothing, show what is kept")
    parser.add_argument("--fresh", action="store_true", help="neither read nor keep results")
    parser.add_argument("--write", action="store_true", help="put the table into docs/BENCHMARKS.md")
    asked = parser.parse_args()
    if asked.seeds < 2:
        parser.error("--seeds: a standard error needs two at least")
    return asked


def measure_planted(bench, names, asked):
    checks = []

    def one(name):
        if not asked.table:
            planted.measure(bench, name, asked.seeds, asked.seconds)
        text, found = planted.report(bench, name, asked.seeds)
        print(text, flush=True)
        checks.extend(found)

    side_by_side(asked.jobs, [lambda name=name: one(name) for name in names])
    return checks


def measure_real(bench, names, asked):
    # Market after market and not net after net: a call that is stopped leaves whole tables.
    cells = {name: real.cells_of(asked.real, name) for name in names}
    left = dict.fromkeys(names, asked.seconds)
    checks = []

    def one(name, cell):
        if not asked.table:
            left[name] -= bench.run([cell], left[name])
        result = bench.scores(cell)
        said = f"{result['cpu']:.1f} CPU s" if result else planted.outcome(bench, [cell])
        print(f"{cell.name.removeprefix('real/'):40} {said}", flush=True)
        checks.append(True if result else None if "failed" not in said else False)

    rounds = max(map(len, cells.values()))
    for turn in range(rounds):
        tasks = [(name, of[turn]) for name, of in cells.items() if turn < len(of)]
        side_by_side(asked.jobs, [lambda task=task: one(*task) for task in tasks])
    return checks


def main():
    asked = arguments()
    bench = Bench(asked.binary, None if asked.fresh else asked.results)
    listed = subprocess.run([bench.binary, "nets", "list"], capture_output=True, text=True, check=True)
    kinds = listed.stdout.split()
    names = asked.nets.split(",") if asked.nets else kinds + ([] if asked.real else list(CANNOT))
    known = [*CANDLES, *BOOKS] if asked.real else planted.names()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no size in scripts/nets/sizes.py: {', '.join(unknown)}; there are {', '.join(known)}")
    measure = measure_real if asked.real else measure_planted
    checks = measure(bench, names, asked)
    if asked.write:
        tables.write(Path("docs/BENCHMARKS.md"), bench, asked)
    # A bound that does not hold or a training that failed is 1; what ran out of time is 75: run again.
    sys.exit(1 if False in checks else 75 if None in checks else 0)


main()
