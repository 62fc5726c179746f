"""Live ingest for a while at 20 times real time with faults in play; called by soak.sh.

Memory is sampled every second. It is flat when the median of the last third is at most 5% and 4 MB
above that of the first third. What comes before the first segments are written (35 s, or a tenth of
the whole if that is longer) does not count: until then buffers fill.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from local_exchange import Exchange, Live

RATIO = 20
STREAMS = "kline_1m,kline_15m,aggTrade,depth@100ms,bookTicker"
# The first segments are written in the first round of the writer, half a minute from the start.
WARM_UP = 35
# One fault in so many seconds of wall time.
FAULT_EVERY = 5


def main() -> None:
    binary, tests, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        exchange = Exchange(
            tests,
            folder,
            ratio=RATIO,
            seconds=seconds * RATIO,
            faults=max(seconds // FAULT_EVERY, 1),
            streams=5,
        )
        live = Live(
            binary,
            exchange,
            folder,
            *("--streams", STREAMS),
            *("--set", "books.every_ms=100", "--set", "writer.segment_rows=20000"),
        )
        samples = []
        while not exchange.has_told():
            samples.append(live.memory_mb())
            time.sleep(1)
        told, peak = exchange.told(1), live.memory_mb("VmHWM")
        live.end()
        exchange.end()
        live.check()
        store_mb = sum(file.stat().st_size for file in live.store.rglob("*")) / 1e6

    samples = samples[max(len(samples) // 10, WARM_UP) :]
    if len(samples) < 9:
        raise SystemExit(f"too short to judge: give it {WARM_UP + 15} seconds or more")
    third = max(len(samples) // 3, 1)
    first, last = statistics.median(samples[:third]), statistics.median(samples[-third:])
    took = told["read"] - told["started"]
    print(
        f"{told['messages']} messages in {took:.0f} s ({told['messages'] / took:.0f}/s), "
        f"{told['struck']} faults, {told['connections']} connections, store {store_mb:.0f} MB, "
        "store check ok"
    )
    shown = samples[:: max(len(samples) // 12, 1)]
    print("memory over time, MB: " + " ".join(f"{sample:.0f}" for sample in shown))
    print(f"memory: first third {first:.1f} MB, last third {last:.1f} MB, peak {peak:.1f} MB")
    if told["violations"]:
        raise SystemExit(f"the exchange complains: {told['violations'][:5]}")
    if last > first * 1.05 + 4:
        raise SystemExit("memory is not flat")
    print("memory is flat")


if __name__ == "__main__":
    main()
