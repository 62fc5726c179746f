"""Golden numbers for labels and weights, made without Candlewick.

Writes tests/golden/labels_btcusdt_1h.json: 400 hourly candles of BTCUSDT, and of them volatilities,
spreads, barriers, meta-labels, trends and weights by mlfinpy, pandas and NumPy.

    pip install mlfinpy==0.1.2 scikit-learn==1.5.2
    CANDLEWICK_DATA=... python tests/reference/labels_golden.py

Where mlfinpy 0.1.2 is not used as it stands:

* Barriers. mlfinpy's are distances of simple returns and the same multiple of one target; ours are
  log distances. Its search for the first touch is run once for each barrier, with that barrier's
  simple return as the target, and the earlier touch counts. The search itself agrees.
* `get_bins` is wrong for multiples other than 1: the search compares simple returns with
  `multiple * target`, `barrier_touched` then compares log returns with
  `multiple * log(1 + target)`, which is more, so touches above are labelled as none. The script
  counts them. Classes are taken from which barrier was touched instead.
* Spans. Book and mlfinpy count the candle of the decision to the label (`t_in` inclusive), and
  return attribution takes in the return into it, which was known before. Events are given to
  mlfinpy as beginning with the first candle behind the decision.
* `get_yang_zhang_vol` is wrong: the close-to-open part is `log(C / O[-1])`, over two candles, in
  place of `log(C / O)`; no mean is subtracted from the two variances; Rogers' and Satchell's mean
  divides by n - 1. Transcribed in NumPy from the paper instead.
* `trend_scanning_labels` never tries the window as long as `look_forward_window`, and needs it to
  be there; it is given one more candle.
"""

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from mlfinpy.labeling.labeling import get_bins, get_events
from mlfinpy.labeling.trend_scanning import trend_scanning_labels
from mlfinpy.sample_weights.attribution import get_weights_by_return, get_weights_by_time_decay
from mlfinpy.sampling.bootstrapping import get_ind_matrix, seq_bootstrap
from mlfinpy.sampling.concurrent import get_av_uniqueness_from_triple_barrier
from mlfinpy.util.volatility import get_yang_zhang_vol

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "labels_btcusdt_1h.json"
CANDLES = 400
HORIZON = 12
SPAN = 96
LOOKBACK = 24


def read():
    """The last 400 hours of January 2022: a fall and a recovery."""
    folder = Path(os.environ["CANDLEWICK_DATA"]) / "binance/spot/monthly/klines/BTCUSDT/1h"
    with zipfile.ZipFile(folder / "BTCUSDT-1h-2022-01.zip") as archive:
        with archive.open(archive.namelist()[0]) as file:
            frame = pd.read_csv(file, header=None, usecols=range(5))
    frame.columns = ["open_time", "open", "high", "low", "close"]
    frame = frame.tail(CANDLES).reset_index(drop=True)
    assert (frame.open_time.diff().dropna() == 3_600_000).all()
    frame.index = pd.to_datetime(frame.open_time, unit="ms")
    return frame


def yang_zhang(frame, n):
    columns = ["open", "high", "low", "close"]
    opens, high, low, close = (np.log(frame[column].to_numpy()) for column in columns)
    jump = opens[1:] - close[:-1]
    body = (close - opens)[1:]
    inside = ((high - close) * (high - opens) + (low - close) * (low - opens))[1:]
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    windows = np.lib.stride_tricks.sliding_window_view
    variance = (
        windows(jump, n).var(axis=1, ddof=1)
        + k * windows(body, n).var(axis=1, ddof=1)
        + (1 - k) * windows(inside, n).mean(axis=1)
    )
    return np.append(np.full(n, np.nan), np.sqrt(variance))


def corwin_schultz(frame, n):
    high, low = frame.high.to_numpy(), frame.low.to_numpy()
    beta = np.log(high[:-1] / low[:-1]) ** 2 + np.log(high[1:] / low[1:]) ** 2
    gamma = np.log(np.maximum(high[:-1], high[1:]) / np.minimum(low[:-1], low[1:])) ** 2
    constant = 3 - 2 * np.sqrt(2)
    alpha = (np.sqrt(2 * beta) - np.sqrt(beta)) / constant - np.sqrt(gamma / constant)
    spread = np.maximum(2 * (np.exp(alpha) - 1) / (1 + np.exp(alpha)), 0)
    mean = np.lib.stride_tricks.sliding_window_view(spread, n).mean(axis=1)
    return np.append(np.full(n, np.nan), mean)


def abdi_ranaldo(frame, n):
    close = np.log(frame.close.to_numpy())
    eta = (np.log(frame.high.to_numpy()) + np.log(frame.low.to_numpy())) / 2
    squares = 4 * (close[:-1] - eta[:-1]) * (close[:-1] - eta[1:])
    mean = np.lib.stride_tricks.sliding_window_view(squares, n).mean(axis=1)
    return np.append(np.full(n, np.nan), np.sqrt(np.maximum(mean, 0)))


def touches(close, index, target, multiples, vertical, side):
    """First touch by mlfinpy, or the vertical barrier."""
    return get_events(
        close, index, multiples, target, 0.0, 1, vertical, side_prediction=side, verbose=False
    )["t1"]


def closed_barriers(close, index, gain, loss, side):
    """Candles until the first close beyond a barrier and which it was: 1 gain, -1 loss, 0 time.

    `gain` and `loss` are simple returns of the side's position.
    """
    vertical = pd.Series(index + pd.Timedelta(hours=HORIZON), index=index)
    at_gain = touches(close, index, gain, [1, 0], vertical, side)
    at_loss = touches(close, index, loss, [0, 1], vertical, side)
    end = np.minimum(at_gain, at_loss)
    paths = (close.loc[end].to_numpy() / close.loc[index].to_numpy() - 1) * side.to_numpy()
    outcome = np.where(paths > gain, 1, np.where(paths < -loss, -1, 0))
    ahead = ((end - index) / pd.Timedelta(hours=1)).astype(int).to_numpy()
    assert (ahead[outcome == 0] == HORIZON).all() and (ahead >= 1).all()
    return ahead, outcome


def inner_barriers(frame, rows, up, down):
    """First candle whose high or low lies beyond a barrier; both: the lower one."""
    high, low, opens = frame.high.to_numpy(), frame.low.to_numpy(), frame.open.to_numpy()
    close = frame.close.to_numpy()
    ahead, outcome, returns = [], [], []
    for row, upper, lower in zip(rows, up, down):
        top, bottom = close[row] * np.exp(upper), close[row] * np.exp(-lower)
        found = (HORIZON, 0, np.log(close[row + HORIZON] / close[row]))
        for step in range(1, HORIZON + 1):
            at = row + step
            if opens[at] > top or (high[at] > top and not low[at] < bottom):
                found = (step, 1, np.log(max(opens[at], top) / close[row]))
                break
            if low[at] < bottom:
                found = (step, -1, np.log(min(opens[at], bottom) / close[row]))
                break
        for column, value in zip([ahead, outcome, returns], found):
            column.append(value)
    return np.array(ahead), np.array(outcome), np.array(returns)


class GivenDraws:
    """NumPy's `choice` with probabilities, by uniform numbers that are given."""

    def __init__(self, uniforms):
        self.uniforms = iter(uniforms)

    def choice(self, values, p):
        cumulated = np.cumsum(p)
        cumulated /= cumulated[-1]
        return values[int(np.searchsorted(cumulated, next(self.uniforms), side="right"))]


def momentum(close):
    return np.sign(np.log(close).diff(LOOKBACK))


def crossing(close):
    log = np.log(close)
    return np.sign(log.rolling(6).mean() - log.rolling(LOOKBACK).mean())


def reversion(close):
    log = np.log(close)
    rolling = log.rolling(LOOKBACK)
    z = (log - rolling.mean()) / rolling.std(ddof=0)
    return -np.sign(z).where(z.abs() > 1.5, 0.0).where(z.notna())


def listed(values):
    return [None if value is None or np.isnan(value) else float(value) for value in values]


def main():
    frame = read()
    close = frame.close
    returns = np.log(close).diff()
    ewma = np.sqrt((returns**2).ewm(span=SPAN, adjust=True).mean())
    golden = {name: frame[name].tolist() for name in frame.columns}
    golden["ewma"] = listed(ewma)
    golden["yang_zhang"] = listed(yang_zhang(frame, LOOKBACK))
    golden["corwin_schultz"] = listed(corwin_schultz(frame, LOOKBACK))
    golden["abdi_ranaldo"] = listed(abdi_ranaldo(frame, LOOKBACK))
    theirs = get_yang_zhang_vol(frame.open, frame.high, frame.low, frame.close, LOOKBACK)
    ratio = np.nanmedian(theirs / golden_array(golden["yang_zhang"]))
    print(f"mlfinpy's Yang-Zhang volatility is {ratio:.2f} times the paper's (median)")

    # Rows whose label can be known: a volatility, and candles up to the horizon.
    rows = np.arange(1, CANDLES - HORIZON)
    index = frame.index[rows]
    width = (ewma * np.sqrt(HORIZON)).loc[index]
    up, down = 0.8 * width, 0.5 * width
    long = pd.Series(1.0, index=index)
    ahead, outcome = closed_barriers(close, index, np.exp(up) - 1, 1 - np.exp(-down), long)
    golden["close_ahead"], golden["close_outcome"] = ahead.tolist(), outcome.tolist()
    ahead, outcome, log_return = inner_barriers(frame, rows, up, down)
    golden["inner_ahead"], golden["inner_outcome"] = ahead.tolist(), outcome.tolist()
    golden["inner_return"] = log_return.tolist()

    # The touches that get_bins of mlfinpy loses.
    vertical = pd.Series(index + pd.Timedelta(hours=HORIZON), index=index)
    events = get_events(close, index, [10, 10], up / 10, 0.0, 1, vertical, verbose=False)
    bins = get_bins(events, close)["bin"]
    paths = close.loc[events.t1].to_numpy() / close.loc[index].to_numpy() - 1
    above = paths > 10 * events.trgt
    lost = (above & (bins == 0)).sum()
    assert lost > 0
    print(f"mlfinpy's get_bins labels {lost} of {above.sum()} touches above as none")

    golden["meta"] = {}
    for name, rule in [("momentum", momentum), ("crossing", crossing), ("reversion", reversion)]:
        side = rule(close).loc[index]
        golden["meta"][name] = {"side": listed(side)}
        taken = side[side.notna() & (side != 0)]
        target, stop = up.loc[taken.index], down.loc[taken.index]
        gain = np.where(taken > 0, np.exp(target) - 1, 1 - np.exp(-target))
        loss = np.where(taken > 0, 1 - np.exp(-stop), np.exp(stop) - 1)
        gain, loss = (pd.Series(values, index=taken.index) for values in [gain, loss])
        ahead, outcome = closed_barriers(close, taken.index, gain, loss, taken)
        golden["meta"][name]["ahead"] = ahead.tolist()
        golden["meta"][name]["outcome"] = outcome.tolist()

    # Labels as mlfinpy takes them: first and last candle, here behind the decision.
    ahead = np.array(golden["close_ahead"])
    for name, chosen in [("all", slice(None)), ("third", slice(None, None, 3))]:
        first = frame.index[rows[chosen] + 1]
        last = pd.Series(frame.index[rows[chosen] + ahead[chosen]], index=first)
        events = pd.DataFrame({"t1": last})
        uniqueness = get_av_uniqueness_from_triple_barrier(events, close, 1, verbose=False)["tW"]
        by_return = get_weights_by_return(events, close, 1, verbose=False)
        golden[name] = {
            "uniqueness": uniqueness.tolist(),
            "return_attribution": by_return.tolist(),
            "time_decay": {
                str(c): get_weights_by_time_decay(events, close, 1, decay=c, verbose=False).tolist()
                for c in [1.0, 0.5, 0.0, -0.5]
            },
        }
        if name == "third":
            uniforms = np.random.default_rng(5).random(2 * len(first))
            matrix = get_ind_matrix(events["t1"], frame)
            drawn = seq_bootstrap(
                matrix, sample_length=len(uniforms), random_state=GivenDraws(uniforms)
            )
            golden["bootstrap"] = {
                "uniforms": uniforms.tolist(),
                "drawn": [int(label) for label in drawn],
            }

    shortest = 3
    trends = trend_scanning_labels(
        np.log(close), look_forward_window=HORIZON + 2, min_sample_length=shortest + 1
    )
    known = trends.t1.notna().to_numpy()
    candles = ((trends.t1 - trends.index) / pd.Timedelta(hours=1)).to_numpy()
    golden["trend_ahead"] = [int(c) if ok else None for c, ok in zip(candles, known)]
    golden["trend_t"] = listed(trends.t_value.astype(float))
    GOLDEN.write_text(json.dumps(golden) + "\n")
    print(f"{GOLDEN.name}: {GOLDEN.stat().st_size} bytes, {len(rows)} labels")
    sides, counts = np.unique(golden["close_outcome"], return_counts=True)
    print("outcomes", dict(zip(sides.tolist(), counts.tolist())))


def golden_array(values):
    return np.array([np.nan if value is None else value for value in values])


if __name__ == "__main__":
    main()
