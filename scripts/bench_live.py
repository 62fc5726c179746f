"""Times live ingest and cryptofeed in turns on the same lines; called by bench_live.sh."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from local_exchange import Exchange, Live

STREAMS = "kline_1m,aggTrade,depth@100ms,bookTicker"
# Three turns of the two recorded days.
SECONDS = 1950


def with_candlewick(binary: str, tests: str, folder: Path) -> dict:
    lines, snapshot = folder / "lines.jsonl", folder / "snapshot.json"
    exchange = Exchange(
        tests, folder, seconds=SECONDS, streams=4, lines=str(lines), snapshot=str(snapshot)
    )
    live = Live(binary, exchange, folder, "--streams", STREAMS, "--set", "books.every_ms=100")
    told = exchange.told(600)
    peak = live.memory_mb("VmHWM")
    live.end()
    ended = time.time()
    exchange.end()
    live.check()
    return {
        "messages": told["messages"],
        "read": told["messages"] / (told["read"] - told["started"]),
        "stored": told["messages"] / (ended - told["started"]),
        "peak_mb": peak,
        "megabytes": lines.stat().st_size / 1e6,
    }


def with_cryptofeed(folder: Path) -> dict:
    command = [sys.executable, str(Path(__file__).with_name("bench_cryptofeed.py"))]
    command += [str(folder / "lines.jsonl"), str(folder / "snapshot.json")]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    if found["books"] < 1000 or found["quotes"] < 1000:
        raise SystemExit(f"cryptofeed did not handle the lines: {found}")
    return found | {"rate": found["messages"] / found["seconds"]}


def main() -> None:
    binary, tests, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    ours, theirs = [], []
    for round_ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            ours.append(with_candlewick(binary, tests, Path(name)))
            theirs.append(with_cryptofeed(Path(name)))
        one, other = ours[-1], theirs[-1]
        print(
            f"round {round_ + 1}: candlewick {one['stored']:.0f} messages/s stored "
            f"({one['read']:.0f} read), cryptofeed {other['rate']:.0f}",
            file=sys.stderr,
        )

    def median(rows: list[dict], what: str) -> float:
        return statistics.median(row[what] for row in rows)

    print(f"{ours[0]['messages']} messages, {ours[0]['megabytes']:.0f} MB, {rounds} rounds, medians")
    print(
        f"candlewick, socket to disk: {median(ours, 'stored'):.0f} messages/s "
        f"({median(ours, 'read'):.0f} until all was read), peak {median(ours, 'peak_mb'):.0f} MB"
    )
    print(
        f"cryptofeed, message_handler alone: {median(theirs, 'rate'):.0f} messages/s, "
        f"peak {median(theirs, 'peak_mb'):.0f} MB"
    )
    print(f"ratio {median(ours, 'stored') / median(theirs, 'rate'):.2f}")


if __name__ == "__main__":
    main()
