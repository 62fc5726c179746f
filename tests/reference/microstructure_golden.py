"""Golden values of the features of books and trades, computed from recorded lines without Candlewick.

    microstructure_golden.py FILE… > tests/golden/microstructure_btcusdt_1s.csv

The files are those of one spot recording in their order. Trades are the raw lines; books are rebuilt
by `book_rebuild.py` beside this file on a grid of 100 ms and cut to 20 levels. Candles last a second;
the first is the one after that of the first trade, the last the one before that of the last trade.
Written with NumPy 2.4.6.
"""

import csv
import sys
from collections import defaultdict

import numpy as np

from book_rebuild import best, grid, messages

LENGTH, EVERY, LEVELS = 1_000, 100, 20


def read(files):
    trades = [
        (m["T"], float(m["p"]), float(m["q"]), -1.0 if m["m"] else 1.0)
        for m in messages(files)
        if m.get("e") == "trade"
    ]
    books, seen, sides = [], None, None
    for moment, book_id, bids, asks in grid("spot", files, EVERY):
        if book_id != seen:
            seen, sides = book_id, [np.array(s, float) for s in best(bids, asks, LEVELS)]
        books.append((moment, *sides))
    return trades, books


def ratio(a, b, otherwise=0.0):
    return a / b if b != 0 else otherwise


def mid_of(book):
    return (book[0][0, 0] + book[1][0, 0]) / 2


def bps(book, side):
    return np.abs(side[:, 0] - mid_of(book)) / mid_of(book) * 1e4


def lean(b, a):
    return ratio(b - a, b + a)


def spread(book):
    return (book[1][0, 0] - book[0][0, 0]) / mid_of(book) * 1e4


def micro(book):
    (b, qb), (a, qa) = book[0][0], book[1][0]
    return ((b * qa + a * qb) / (qa + qb) - mid_of(book)) / mid_of(book) * 1e4


def imbalance(book, n):
    return lean(book[0][:n, 1].sum(), book[1][:n, 1].sum())


def near(book, x):
    return [side[bps(book, side) <= x, 1].sum() for side in book]


def slope_of(book, side):
    side = side[:10]
    return np.polyfit(bps(book, side), np.cumsum(side[:, 1]) / side[:, 1].sum(), 1)[0]


def pressure(book):
    return lean(*[(side[:10, 1] / bps(book, side[:10])).sum() for side in book])


def level_flow(old, new, n):
    """Cont, Kukanov and Stoikov's e_n of level n."""
    n = n - 1
    if any(len(side) <= n for side in (*old, *new)):
        return 0.0
    (pb0, qb0), (pa0, qa0) = old[0][n], old[1][n]
    (pb, qb), (pa, qa) = new[0][n], new[1][n]
    return (pb >= pb0) * qb - (pb <= pb0) * qb0 - (pa <= pa0) * qa + (pa >= pa0) * qa0


def slope(x, y):
    x, y = np.asarray(x), np.asarray(y)
    dx = x - x.mean()
    return ratio((dx * (y - y.mean())).sum(), (dx * dx).sum())


def stoikov(pairs, book):
    """Six terms of the microprice's series from pairs of successive books."""
    n = 10
    cls = lambda b: min(int(b[0][0, 1] / (b[0][0, 1] + b[1][0, 1]) * n), n - 1)
    seen, q, r, k = np.zeros(n), np.zeros((n, n)), np.zeros((n, n)), np.zeros(n)
    for old, new in pairs:
        move = (mid_of(new) - mid_of(old)) / mid_of(old)
        for i, j, d in ((cls(old), cls(new), move), (n - 1 - cls(old), n - 1 - cls(new), -move)):
            seen[i] += 1
            (q if d == 0 else r)[i, j] += 1
            k[i] += d
    w = 1 / (seen + 1)
    inverse = np.linalg.inv(np.eye(n) - q * w[:, None])
    g, b = inverse @ (k * w), inverse @ (r * w[:, None])
    return sum(np.linalg.matrix_power(b, i) @ g for i in range(6))[cls(book)] * 1e4


def footprint(trades):
    """Rows of what was bought and sold, and where the last price lies between lowest and highest."""
    units = [round(t[1] * 1e8) for t in trades]
    low, high = min(units), max(units)
    bought, sold = np.zeros(20), np.zeros(20)
    for u, t in zip(units, trades):
        row = 0 if high == low else min((u - low) * 20 // (high - low), 19)
        (bought if t[3] > 0 else sold)[row] += t[2]
    return bought, sold, (units[-1] - low) / (high - low) if high > low else None


def value_area(volume):
    low = high = int(volume.argmax())
    while volume[low : high + 1].sum() < 0.7 * volume.sum():
        above = volume[high + 1] if high < 19 else -1
        below = volume[low - 1] if low > 0 else -1
        if above >= below:
            high += 1
        else:
            low -= 1
    return low, high


def stacks(flags):
    text = "".join("x" if f else " " for f in flags)
    return sum(len(run) for run in text.split() if len(run) >= 3)


def vpin(trades, buckets):
    q = np.array([t[2] for t in trades])
    s = np.array([t[3] for t in trades])
    edge = np.concatenate([[0], np.cumsum(q)])
    bought = np.concatenate([[0], np.cumsum(q * (s > 0))])
    cuts = np.linspace(0, edge[-1], buckets + 1)
    b = np.diff(np.interp(cuts, edge, bought))
    size = edge[-1] / buckets
    return np.abs(2 * b - size).sum() / edge[-1]


def of_trades(trades, row):
    """What the trades of one candle give by themselves."""
    names = (
        "trade_imbalance_1 trade_count_imbalance_1 largest_trade_1 trade_concentration_1 "
        "large_trade_imbalance_1 longest_run_1 sign_autocorrelation_1 sign_autocorrelation_lag5_1 "
        "point_of_control_1 point_of_control_delta_1 value_area_width_1 value_area_distance_1 "
        "stacked_imbalances_1 trade_lambda_1 burstiness_1 trade_volatility_1 roll_spread_1"
    )
    row.update(dict.fromkeys(names.split(), 0.0))
    if not trades:
        return
    t, p, q, s = (np.array(column, float) for column in zip(*trades))
    row["trade_imbalance_1"] = (s * q).sum() / q.sum()
    row["trade_count_imbalance_1"] = s.mean()
    row["largest_trade_1"] = q.max() / q.sum()
    row["trade_concentration_1"] = ((q / q.sum()) ** 2).sum()
    large = q > q.mean()
    row["large_trade_imbalance_1"] = ratio((s * q)[large].sum(), q[large].sum())
    changes = np.flatnonzero(np.diff(s)) + 1
    row["longest_run_1"] = max(map(len, np.split(s, changes))) / len(s)
    d = s - s.mean()
    for lag, name in ((1, "sign_autocorrelation_1"), (5, "sign_autocorrelation_lag5_1")):
        row[name] = ratio((d[lag:] * d[:-lag]).sum(), (d * d).sum()) if (s != s[0]).any() else 0.0
    bought, sold, close = footprint(trades)
    volume = bought + sold
    poc = int(volume.argmax())
    row["point_of_control_delta_1"] = lean(bought[poc], sold[poc])
    if close is not None:
        low, high = value_area(volume)
        row["point_of_control_1"] = close - (poc + 0.5) / 20
        row["value_area_width_1"] = (high - low + 1) / 20
        row["value_area_distance_1"] = close - (low + high + 1) / 40
    up = [bought[i] > 0 and bought[i] >= 3 * sold[i - 1] for i in range(1, 20)]
    down = [sold[i] > 0 and sold[i] >= 3 * bought[i + 1] for i in range(19)]
    row["stacked_imbalances_1"] = (stacks(up) - stacks(down)) / 20
    r = np.diff(np.log(p))
    if len(r):
        row["trade_lambda_1"] = slope((s * q)[1:], r) * q[1:].mean() * 1e4
        row["trade_volatility_1"] = np.sqrt((r * r).sum())
        waits = np.diff(t)
        if len(waits) > 1 and waits.sum() > 0:
            w, sd = waits.mean(), waits.std()
            row["burstiness_1"] = (sd - w) / (sd + w)
    if len(r) > 1:
        c = np.mean((r[:-1] - r[:-1].mean()) * (r[1:] - r[1:].mean()))
        row["roll_spread_1"] = 2 * np.sqrt(max(-c, 0)) * 1e4


def of_books(books, stands, row):
    """What the books of one candle give, and the one that stood when it opened."""
    last = books[-1] if books else stands
    if last is None:
        return
    inside = books or [stands]
    mean = lambda f: np.mean([f(b) for b in inside])
    row["book_spread"], row["book_spread_mean"] = spread(last), mean(spread)
    row["microprice"], row["microprice_mean"] = micro(last), mean(micro)
    for n in (1, 2, 3, 5, 10, 20):
        row[f"book_imbalance_top{n}"] = imbalance(last, n)
        row[f"book_imbalance_top{n}_mean"] = mean(lambda b: imbalance(b, n))
    row["bid_slope"], row["ask_slope"] = (slope_of(last, side) for side in last)
    for x in (5, 10, 25):
        row[f"near_imbalance_{x}bp"] = lean(*near(last, x))
    row["book_pressure"] = pressure(last)
    if stands is None:
        return
    pairs = list(zip([stands, *books], books))
    depth = np.mean([np.concatenate([s[:10, 1] for s in b]).mean() for b in books]) if books else 0
    for n in range(1, 11):
        row[f"book_flow_level{n}"] = ratio(sum(level_flow(o, w, n) for o, w in pairs), depth)
    for n in (5, 10):
        row[f"book_flow_top{n}"] = sum(row[f"book_flow_level{i}"] for i in range(1, n + 1))
    for side, name in ((0, "bid"), (1, "ask")):
        change = sum(
            n[side][0, 1] - o[side][0, 1] for o, n in pairs if n[side][0, 0] == o[side][0, 0]
        )
        size = np.mean([b[side][0, 1] for b in books]) if books else 0
        row[f"{name}_queue_change"] = ratio(change, size)
    other = [n[0][0, 0] != o[0][0, 0] or n[1][0, 0] != o[1][0, 0] for o, n in pairs]
    row["quote_changes"] = np.mean(other) if other else 0.0
    row["mid_return"] = np.log(mid_of(last) / mid_of(stands))
    row["mid_volatility"] = np.sqrt(sum(np.log(mid_of(n) / mid_of(o)) ** 2 for o, n in pairs))


def costs(trades, books, moments, stands, row):
    """Effective and realised spread and price impact against the book before each trade."""
    if stands is None:
        return
    end = mid_of(books[-1] if books else stands)
    parts = np.zeros(3)
    for t, p, q, s in trades:
        # A snapshot of the trade's own millisecond has the trade in it.
        before = sum(moment < t for moment in moments)
        m = mid_of(books[before - 1] if before else stands)
        parts += q * 2 * s * np.array([p - m, end - m, p - end]) / m
    parts = parts / sum(t[2] for t in trades) * 1e4 if trades else parts
    names = ("effective_spread_1", "price_impact_1", "realized_spread_1")
    row.update(zip(names, parts))


def over_candles(rows, k, closes, trades, books, first_book):
    """What looks back over several candles that end with candle k."""
    row = rows[k]
    window = lambda n: [t for c in trades[k - n + 1 : k + 1] for t in c] if k >= n - 1 else None
    share = lambda ts: ratio(sum(s * q for _, _, q, s in ts), sum(q for _, _, q, _ in ts))
    r = np.diff(np.log(closes))
    for n in (6, 24):
        if k >= n - 1:
            row[f"volume_delta_{n}"] = share(window(n))
        if k >= n:
            last = r[k - n : k]
            row[f"delta_divergence_{n}"] = share(window(n)) - ratio(last.sum(), np.abs(last).sum())
    if k >= 24:
        x = [sum(s * np.sqrt(p * q) for _, p, q, s in c) for c in trades[k - 23 : k + 1]]
        row["trade_hasbrouck_24"] = slope(x, r[k - 24 : k]) * np.abs(x).mean()
    if k >= 23:
        counts = [len(c) for c in trades[k - 23 : k + 1]]
        row["arrival_ratio_6_24"] = ratio(np.mean(counts[-6:]), np.mean(counts), 1.0)
        row["vpin_24_50"] = vpin(window(24), 50)
    since = k - first_book if first_book is not None else -1
    if since >= 23:
        for x in (5, 10, 25):
            depth = [rows[i][f"_near{x}"] for i in range(k - 23, k + 1)]
            row[f"near_depth_{x}bp_24"] = ratio(depth[-1], np.mean(depth), 1.0)
        spreads = np.array([rows[i]["book_spread"] for i in range(k - 23, k + 1)])
        sd = spreads.std()
        row["book_spread_z_24"] = (spreads[-1] - spreads.mean()) / sd if np.ptp(spreads) else 0.0
    if since >= 12:
        row["book_flow_top5_12"] = sum(rows[i]["book_flow_top5"] for i in range(k - 11, k + 1))


def hawkes(trades, opens, k):
    """Faded counts of the trades of the candles after the first, fast over slow."""
    end = opens[k] + LENGTH
    ages = np.array([(end - t[0]) / LENGTH for c in trades[1 : k + 1] for t in c])
    rate = lambda h: (2.0 ** (-ages / h)).sum() / (h * (1 - 2.0 ** (-k / h)))
    return ratio(rate(1), rate(24), 1.0)


def main():
    trades, books = read(sys.argv[1:])
    floor = lambda t: t // LENGTH * LENGTH
    opens = list(range(floor(trades[0][0]) + LENGTH, floor(trades[-1][0]), LENGTH))
    inside = lambda events: [[] for _ in opens]
    of, stood, when = inside(trades), inside(books), inside(books)
    for t in trades:
        if opens[0] <= t[0] < opens[-1] + LENGTH:
            of[(t[0] - opens[0]) // LENGTH].append(t)
    for moment, bids, asks in books:
        if opens[0] <= moment < opens[-1] + LENGTH:
            k = (moment - opens[0]) // LENGTH
            stood[k].append((bids, asks))
            when[k].append(moment)
    price = next(p for t, p, _, _ in reversed(trades) if t < opens[0])
    rows, closes, stands, first_book, pairs = [], [], None, None, []
    for k, (ts, bs) in enumerate(zip(of, stood)):
        price = ts[-1][1] if ts else price
        closes.append(price)
        row = defaultdict(lambda: None)
        rows.append(row)
        of_trades(ts, row)
        of_books(bs, stands, row)
        costs(ts, bs, when[k], stands, row)
        before = stands
        pairs += zip([b for b in [before] if b is not None] + bs, bs[before is None :])
        stands = bs[-1] if bs else stands
        if stands is not None:
            first_book = k if first_book is None else first_book
            for x in (5, 10, 25):
                row[f"_near{x}"] = sum(near(stands, x))
        over_candles(rows, k, closes, of, stood, first_book)
        # Every pair of books so far is gone through again: only for the rows that are written.
        if k % 13 == 12:
            if first_book is not None and k - first_book >= 24:
                row["stoikov_microprice"] = stoikov(pairs, stands)
            if k >= 24:
                row["hawkes_ratio_1_24"] = hawkes(of, opens, k)
    kept = range(12, len(opens), 13)
    names = [n for n in rows[kept[-1]] if not n.startswith("_")]
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["open_time", *names])
    for k in kept:
        cells = ["" if rows[k][n] is None else repr(float(rows[k][n])) for n in names]
        out.writerow([opens[k], *cells])


if __name__ == "__main__":
    main()
