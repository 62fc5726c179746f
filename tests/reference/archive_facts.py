"""What `store check` must find in a public archive, computed with Python's own decimals.

    python3 tests/reference/archive_facts.py FOLDER

FOLDER holds SYMBOL/INTERVAL/*.zip. Prints rows, absent and zero-volume candles of each series, and
for each pair of intervals how many coarser candles were compared and how many differ. The numbers
in tests/ingest.rs come from it.
"""

import sys
import zipfile
from decimal import Decimal
from itertools import combinations
from pathlib import Path

MS = {"15m": 900_000, "1h": 3_600_000, "4h": 14_400_000, "1d": 86_400_000}


def load(folder: Path) -> dict[int, list[str]]:
    candles = {}
    for path in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            text = archive.read(archive.namelist()[0]).decode()
        for row in filter(None, text.splitlines()):
            fields = row.split(",")
            time = int(fields[0])
            candles[time // 1000 if time > 10**14 else time] = fields
    return candles


def summed(parts: list[list[str]]) -> list[Decimal]:
    return [
        Decimal(parts[0][1]),
        max(Decimal(part[2]) for part in parts),
        min(Decimal(part[3]) for part in parts),
        Decimal(parts[-1][4]),
        sum(Decimal(part[5]) for part in parts),
        Decimal(sum(int(part[8]) for part in parts)),
    ]


def main() -> None:
    for symbol in sorted(Path(sys.argv[1]).iterdir()):
        series = {interval: load(symbol / interval) for interval in MS}
        for interval, candles in series.items():
            span = range(min(candles), max(candles) + 1, MS[interval])
            absent = [time for time in span if time not in candles]
            empty = [time for time, fields in candles.items() if Decimal(fields[5]) == 0]
            print(symbol.name, interval, len(candles), "absent", absent[:3], "empty", empty[:3])
        for finer, coarser in combinations(MS, 2):
            compared = differ = 0
            for time, fields in series[coarser].items():
                steps = range(time, time + MS[coarser], MS[finer])
                parts = [series[finer].get(step) for step in steps]
                if None not in parts:
                    compared += 1
                    whole = [Decimal(fields[column]) for column in (1, 2, 3, 4, 5, 8)]
                    differ += summed(parts) != whole
            print(symbol.name, finer, coarser, "compared", compared, "differ", differ)


main()
