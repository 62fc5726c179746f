"""Times pandas and candlewick in turns on one candle CSV; called by bench_ingest.sh."""

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

COLUMNS = "open_time_ms,open,close,high,low,volume"

# The names that with the open time make the key of a candle.
NAMES = {"venue": "csv", "market": "spot", "symbol": "BTCUSD", "interval": "1m"}

# Either key, and none of the checks of the store's own table.
VALUES = "open_time_ms INTEGER, open REAL, close REAL, high REAL, low REAL, volume REAL"
TABLES = {
    "pandas": f"""
        CREATE TABLE candle (venue TEXT, market TEXT, symbol TEXT, interval TEXT, {VALUES},
        PRIMARY KEY (venue, market, symbol, interval, open_time_ms)) WITHOUT ROWID""",
    "pandas, one number for the names": f"""
        CREATE TABLE candle (series INTEGER, {VALUES},
        PRIMARY KEY (series, open_time_ms)) WITHOUT ROWID""",
}


def with_pandas(name: str, file: str, folder: Path) -> tuple[float, int]:
    columns = NAMES if name == "pandas" else {"series": 1}
    start = time.perf_counter()
    frame = pd.read_csv(file)
    for column, value in columns.items():
        frame[column] = value
    connection = sqlite3.connect(folder / f"{name}.sqlite")
    connection.execute(TABLES[name])
    frame.to_sql("candle", connection, if_exists="append", index=False)
    connection.commit()
    took = time.perf_counter() - start
    return took, count(connection)


def with_candlewick(binary: str, file: str, folder: Path) -> tuple[float, int]:
    command = [binary, "ingest", "csv", file, "--symbol", "BTCUSD", "--interval", "1m"]
    command += ["--columns", COLUMNS, "--store", str(folder / "store")]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    took = time.perf_counter() - start
    return took, count(sqlite3.connect(folder / "store" / "market.sqlite"))


def count(connection: sqlite3.Connection) -> int:
    rows = connection.execute("SELECT count(*) FROM candle").fetchone()[0]
    connection.close()
    return rows


def main() -> None:
    binary, file, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    times: dict[str, list[float]] = {name: [] for name in [*TABLES, "candlewick"]}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            counts = set()
            for name, seconds in times.items():
                if name == "candlewick":
                    took, rows = with_candlewick(binary, file, Path(folder))
                else:
                    took, rows = with_pandas(name, file, Path(folder))
                seconds.append(took)
                counts.add(rows)
            if len(counts) != 1:
                sys.exit(f"different numbers of rows were stored: {sorted(counts)}")
    (rows,) = counts
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    for name, seconds in times.items():
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
        print(f"{name:32}  median {medians[name]:.2f} s ({spread} s), {rows / medians[name]:,.0f} rows/s")
    print(f"{rows} rows, {rounds} rounds, medians")
    for name in TABLES:
        print(f"candlewick beside {name}: {medians[name] / medians['candlewick']:.1f}x")


main()
