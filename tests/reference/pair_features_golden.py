"""Values of every pair feature by pandas and NumPy, for tests/peers.rs.

    python -m venv venv && venv/bin/pip install numpy pandas
    CANDLEWICK_DATA=... venv/bin/python tests/reference/pair_features_golden.py

Reads the 1h candles of ETHUSDT and of its peer BTCUSDT of January 2022 (binance/spot/monthly/klines
in CANDLEWICK_DATA), takes the first 600 and writes some of their rows, more of the first ones, to
tests/golden/features_pair_1h.csv; a cell is empty where the reference still warms up.
"""

import os
import pathlib

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).resolve().parent
COLUMNS = "open_time open high low close volume close_time quote trades taker taker_quote ignore".split()


def candles(symbol):
    root = pathlib.Path(os.environ["CANDLEWICK_DATA"])
    path = root / f"binance/spot/monthly/klines/{symbol}/1h/{symbol}-1h-2022-01.zip"
    return pd.read_csv(path, header=None, names=COLUMNS).head(600)


def windows(k, function, *series):
    """`function` of the last k values of each series, where all of them are there."""
    out = np.full(len(series[0]), np.nan)
    arrays = [s.to_numpy(dtype=float) for s in series]
    for end in range(k, len(out) + 1):
        parts = [a[end - k : end] for a in arrays]
        if not any(np.isnan(part).any() for part in parts):
            out[end - 1] = function(*parts)
    return pd.Series(out)


def downside_beta(r, p):
    below = p < p.mean()
    return np.cov(r[below], p[below])[0, 1] / np.var(p[below], ddof=1)


def cointegration_z(y, x):
    slope, intercept = np.polyfit(x - x.mean(), y, 1)
    e = y - intercept - slope * (x - x.mean())
    return e[-1] / np.sqrt((e**2).mean())


def features(own, peer):
    c, v = own["close"].astype(float), own["volume"].astype(float)
    pc, pv = peer["close"].astype(float), peer["volume"].astype(float)
    r, p = np.log(c).diff(), np.log(pc).diff()
    beta = lambda k: r.rolling(k).cov(p) / p.rolling(k).var()
    f = {}
    for k in [12, 24, 48, 96]:
        f[f"correlation_{k}"] = r.rolling(k).corr(p)
    for k in [24, 48, 96]:
        f[f"beta_{k}"] = beta(k)
    for k in [24, 48, 96]:
        f[f"residual_return_{k}"] = r - beta(k) * p
    f["residual_momentum_48"] = r.rolling(48).sum() - beta(48) * p.rolling(48).sum()
    for k in [24, 96]:
        f[f"residual_volatility_{k}"] = windows(
            k, lambda r, p: (r - np.cov(r, p)[0, 1] / np.var(p, ddof=1) * p).std(ddof=1), r, p
        )
    for k in [48, 96]:
        f[f"downside_beta_{k}"] = windows(k, downside_beta, r, p)
    for k in [1, 6, 24, 96]:
        f[f"relative_strength_{k}"] = np.log(c / c.shift(k)) - np.log(pc / pc.shift(k))
    for k in [24, 48, 96]:
        f[f"lead_correlation_{k}"] = r.rolling(k).corr(p.shift(1))
    f["follow_correlation_48"] = r.shift(1).rolling(48).corr(p)
    ratio = np.log(c / pc)
    for k in [24, 48, 96]:
        f[f"log_ratio_z_{k}"] = (ratio - ratio.rolling(k).mean()) / ratio.rolling(k).std(ddof=0)
    for k in [48, 96]:
        f[f"cointegration_z_{k}"] = windows(k, cointegration_z, np.log(c), np.log(pc))
    for k in [24, 96]:
        f[f"spread_volatility_{k}"] = (r - p).rolling(k).std()
    for k in [24, 96]:
        f[f"peer_volatility_ratio_{k}"] = r.rolling(k).std() / p.rolling(k).std()
    for k in [24, 96]:
        f[f"relative_volume_gap_{k}"] = v / v.rolling(k).mean() - pv / pv.rolling(k).mean()
    return pd.DataFrame(f)


if __name__ == "__main__":
    own, peer = candles("ETHUSDT"), candles("BTCUSDT")
    assert (own["open_time"] == peer["open_time"]).all()
    table = features(own, peer)
    table.insert(0, "open_time", own["open_time"])
    assert not table.iloc[100:].isna().any().any()
    rows = table.iloc[list(range(0, 120, 3)) + list(range(120, 600, 12))]
    out = HERE.parent / "golden" / "features_pair_1h.csv"
    rows.to_csv(out, index=False, float_format="%.10g")
    print(f"{out}: {len(rows)} rows, {len(rows.columns) - 1} features")
