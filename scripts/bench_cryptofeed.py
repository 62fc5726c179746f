"""Times cryptofeed's own handling of Binance messages; called by bench_live.py.

    bench_cryptofeed.py LINES SNAPSHOT

LINES is a file of combined-stream messages, one a line, and SNAPSHOT the REST depth snapshot that they
begin with. Each line goes through cryptofeed's message_handler (JSON, books, trades, quotes, candles,
its own objects) to callbacks that count. Reading the file, imports and set-up are not timed. Prints one
JSON object: messages, seconds, peak memory in MB, what the callbacks counted.
"""

import asyncio
import itertools
import json
import logging
import resource
import sys
import time

from cryptofeed.defines import CANDLES, L2_BOOK, TICKER, TRADES
from cryptofeed.exchanges import Binance
from cryptofeed.symbols import Symbols

counted = {"books": 0, "trades": 0, "quotes": 0, "candles": 0}


def count(what):
    async def callback(_data, _receipt_timestamp):
        counted[what] += 1

    return callback


class SnapshotConnection:
    """Gives the one snapshot instead of asking the exchange."""

    def __init__(self, text):
        self.text = text

    async def read(self, _address, *_arguments, **_more):
        return self.text


def main():
    lines_file, snapshot_file = sys.argv[1:]
    logging.getLogger("feedhandler").setLevel(logging.ERROR)
    Symbols.set(Binance.id, {"BTC-USDT": "BTCUSDT"}, {"instrument_type": {"BTC-USDT": "spot"}})
    feed = Binance(
        symbols=["BTC-USDT"],
        channels=[L2_BOOK, TRADES, TICKER, CANDLES],
        callbacks={
            L2_BOOK: count("books"),
            TRADES: count("trades"),
            TICKER: count("quotes"),
            CANDLES: count("candles"),
        },
    )
    with open(snapshot_file) as text:
        feed.http_conn = SnapshotConnection(text.read())

    async def handle(lines):
        for line in lines:
            await feed.message_handler(line, None, 0.0)

    feed._reset()
    loop, messages, seconds = asyncio.new_event_loop(), 0, 0.0
    with open(lines_file) as text:
        while lines := list(itertools.islice(text, 1000)):
            messages += len(lines)
            start = time.perf_counter()
            loop.run_until_complete(handle(lines))
            seconds += time.perf_counter() - start
    print(
        json.dumps(
            {
                "messages": messages,
                "seconds": seconds,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                **counted,
            }
        )
    )


if __name__ == "__main__":
    main()
