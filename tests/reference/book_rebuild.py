"""Rebuilds the order books of recorded message files with plain dicts, independently of Candlewick.

    book_rebuild.py MARKET FILE… [--moments 1000] [--levels 20] [--every 100] [--seed 1]

MARKET is spot, usd_m or coin_m; the files of one instrument follow each other. A line of a file is
`<receive time ns> <json>`: a combined stream message or one REST depth snapshot. Writes one JSON line
for each of so many random moments of the grid: time, update id, best levels as the exchange wrote
them. The last line says what was seen at every moment of the grid: how many moments, how many crossed
books, the least number of levels on a side. Standard library only.
"""

import argparse
import gzip
import json
import random
import sys
from decimal import Decimal


def messages(files):
    for file in files:
        opened = gzip.open(file, "rt") if str(file).endswith(".gz") else open(file)
        with opened as lines:
            for line in lines:
                message = json.loads(line.split(" ", 1)[1])
                yield message.get("data", message)


def set_levels(side, levels):
    for price, quantity in levels:
        if Decimal(quantity) == 0:
            side.pop(Decimal(price), None)
        else:
            side[Decimal(price)] = (price, quantity)


def applied(market, files):
    """Yields (event time before this update, event time of it, update id before it, bids, asks) just
    before each update after the first is applied, and applies them by the exchange's rules."""
    bids, asks, held = {}, {}, []
    book_id = snapshot = before = None
    for message in messages(files):
        if "lastUpdateId" in message:
            if snapshot is None:
                snapshot = message
                set_levels(bids, message["bids"])
                set_levels(asks, message["asks"])
        elif message.get("e") == "depthUpdate":
            held.append(message)
        if snapshot is None:
            continue
        for update in held:
            first, last = update["U"], update["u"]
            if book_id is None:
                known = snapshot["lastUpdateId"]
                if market == "spot":
                    if last <= known:
                        continue
                    if not first <= known + 1 <= last:
                        sys.exit(f"the first update {first} to {last} does not meet the snapshot {known}")
                else:
                    if last < known:
                        continue
                    if not first <= known <= last:
                        sys.exit(f"the first update {first} to {last} does not meet the snapshot {known}")
            else:
                follows = first == book_id + 1 if market == "spot" else update["pu"] == book_id
                if not follows:
                    sys.exit(f"the update {first} to {last} does not follow {book_id}")
                yield before, update["E"], book_id, bids, asks
            set_levels(bids, update["b"])
            set_levels(asks, update["a"])
            book_id, before = last, update["E"]
        held.clear()


def grid(market, files, every):
    """Yields (moment, update id, bids, asks) for each multiple of `every` ms: the book after all
    updates of that time or earlier."""
    for before, event, book_id, bids, asks in applied(market, files):
        for moment in range(-(-before // every) * every, event, every):
            yield moment, book_id, bids, asks


def best(bids, asks, levels):
    return (
        [bids[price] for price in sorted(bids, reverse=True)[:levels]],
        [asks[price] for price in sorted(asks)[:levels]],
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("market", choices=["spot", "usd_m", "coin_m"])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--moments", type=int, default=1000)
    parser.add_argument("--levels", type=int, default=20)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    count = sum(1 for _ in grid(options.market, options.files, options.every))
    chosen = set(random.Random(options.seed).sample(range(count), min(options.moments, count)))
    crossed, fewest, first, last = 0, None, None, None
    seen = None
    for place, (moment, book_id, bids, asks) in enumerate(
        grid(options.market, options.files, options.every)
    ):
        first, last = moment if first is None else first, moment
        # Between two updates the book stays as it is.
        if book_id != seen:
            seen = book_id
            is_crossed = max(bids) >= min(asks)
        crossed += is_crossed
        levels = min(len(bids), len(asks))
        fewest = levels if fewest is None else min(fewest, levels)
        if place in chosen:
            top = best(bids, asks, options.levels)
            row = {"time": moment, "update_id": book_id, "bids": top[0], "asks": top[1]}
            print(json.dumps(row, separators=(",", ":")))
    print(
        json.dumps(
            {
                "moments": count,
                "first": first,
                "last": last,
                "crossed": crossed,
                "fewest_levels": fewest,
            }
        )
    )


if __name__ == "__main__":
    main()
