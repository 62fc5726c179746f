"""Golden numbers of the feature inspection, made without Candlewick.

Reads the BTCUSDT 1h candles of January to March 2022 (binance/spot/monthly/klines in CANDLEWICK_DATA),
makes a few features of them and writes tests/golden/inspection.json: the columns, and what
statsmodels, SciPy, scikit-learn and NumPy say of them.

    pip install numpy==2.4.6 pandas scipy==1.17.1 scikit-learn==1.9.1 statsmodels==0.15.0
    CANDLEWICK_DATA=... python tests/reference/inspection_golden.py
"""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform
from sklearn.metrics import mutual_info_score
from statsmodels.tsa.stattools import acf, adfuller

GOLDEN = Path(__file__).resolve().parent.parent / "golden/inspection.json"
NAMES = "open_time open high low close volume close_time quote trades taker taker_quote ignore".split()
ROWS, TRAIN, HORIZON, BINS = 1500, 1000, 4, 16


def candles():
    folder = Path(os.environ["CANDLEWICK_DATA"]) / "binance/spot/monthly/klines/BTCUSDT/1h"
    months = [folder / f"BTCUSDT-1h-2022-0{month}.zip" for month in (1, 2, 3)]
    return pd.concat([pd.read_csv(m, header=None, names=NAMES) for m in months], ignore_index=True)


def columns(d):
    r = np.log(d.close).diff()
    high, low = d.high.rolling(48).max(), d.low.rolling(48).min()
    return {
        "log_return_1": r,
        "log_return_6": np.log(d.close / d.close.shift(6)),
        "log_close": np.log(d.close),
        "sma_distance_50": d.close / d.close.rolling(50).mean() - 1,
        "channel_position_48": (d.close - low) / (high - low),
        "volatility_24": r.rolling(24).std(),
        "volatility_96": r.rolling(96).std(),
        "range": np.log(d.high / d.low),
        "log_volume": np.log(d.volume),
        "taker_imbalance": 2 * d.taker / d.volume - 1,
        "hour_sin": np.sin(2 * np.pi * (d.open_time // 3_600_000 % 24) / 24),
        "forward_return": r.rolling(HORIZON).sum().shift(-HORIZON),
    }


def bins(values, count):
    """Bins between the quantiles; equal edges count once."""
    edges = np.unique(np.quantile(values, np.arange(1, count) / count))
    return np.searchsorted(edges, values, side="right"), edges


def psi(train, test, count=10):
    train_bins, edges = bins(train, count)
    test_bins = np.searchsorted(edges, test, side="right")
    share = lambda b: np.maximum(np.bincount(b, minlength=len(edges) + 1) / len(b), 1e-4)
    p, q = share(train_bins), share(test_bins)
    return float(((q - p) * np.log(q / p)).sum())


def main():
    table = pd.DataFrame(columns(candles())).iloc[96 : 96 + ROWS].astype(np.float32)
    out = {"rows": ROWS, "train": TRAIN, "columns": {}, "of": {}}
    forward = table.pop("forward_return").to_numpy().astype(float)
    outcome, _ = bins(forward[:TRAIN], 8)
    for name, column in table.items():
        x = column.to_numpy().astype(float)
        train, test = x[:TRAIN], x[TRAIN:]
        of = {
            "acf": acf(x, nlags=20, fft=False)[1:].tolist(),
            "psi": psi(train, test),
            "ks": float(stats.ks_2samp(train, test).statistic),
            "mutual_information": float(mutual_info_score(bins(train, BINS)[0], outcome)),
            "rank_correlation": float(stats.spearmanr(train, forward[:TRAIN]).statistic),
        }
        # A sine is foretold by its own two last values: there the test divides by a rounding error.
        if name != "hour_sin":
            test = adfuller(x, regression="c", autolag="AIC", result_object=False)
            of["adf"] = {"statistic": test[0], "p_value": test[1], "lag": test[2], "rows": test[3]}
        out["columns"][name] = [float(str(v)) for v in column]
        out["of"][name] = of
    out["forward_return"] = [float(str(np.float32(v))) for v in forward]
    correlation = np.abs(stats.spearmanr(table.to_numpy()).statistic)
    distance = 1 - (correlation + correlation.T) / 2
    np.fill_diagonal(distance, 0)
    tree = hierarchy.linkage(squareform(distance, checks=False), "average")
    out["names"] = list(table.columns)
    out["linkage"] = tree.tolist()
    out["leaves"] = hierarchy.leaves_list(tree).tolist()
    out["clusters"] = hierarchy.fcluster(tree, 0.6, "distance").tolist()
    GOLDEN.write_text(json.dumps(out) + "\n")


main()
