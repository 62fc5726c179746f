"""Columns of series of values by pandas, for tests/series_columns.rs.

    python -m venv venv && venv/bin/pip install numpy pandas
    CANDLEWICK_DATA=... venv/bin/python tests/reference/series_columns_golden.py

Reads daily files of CANDLEWICK_DATA/onchain, takes each value to be known 24 hours after the start
of its day, and writes what was known before some decisions, of which some fall on the very moment at
which a value becomes known, to tests/golden/series_columns.csv.
"""

import os
import pathlib

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).resolve().parent
SERIES = [
    ("btc_onchain_daily.csv", "time", "AdrActCnt"),
    ("btc_onchain_daily.csv", "time", "FeeTotNtv"),
    ("fear_greed_daily.csv", "date", "fng"),
    ("btc_funding_daily.csv", "date", "funding_mean"),
]
DAY = 86_400_000


def columns(d):
    x = d["x"]
    f = {"value": x}
    for k in [1, 7, 30]:
        f[f"change_{k}"] = x.diff(k)
        f[f"lag_{k}"] = x.shift(k)
        with np.errstate(all="ignore"):
            f[f"log_change_{k}"] = np.log(x / x.shift(k)) if (x > 0).all() else np.nan
    for k in [7, 30]:
        f[f"mean_{k}"] = x.rolling(k).mean()
    f["deviation_30"] = x.rolling(30).std(ddof=0)
    for k in [30, 90, 365]:
        f[f"z_{k}"] = (x - x.rolling(k).mean()) / x.rolling(k).std(ddof=0)
        f[f"percentile_{k}"] = x.rolling(k).rank(pct=True)
    return pd.DataFrame(f)


if __name__ == "__main__":
    root = pathlib.Path(os.environ["CANDLEWICK_DATA"]) / "onchain"
    parts = []
    for file, time, column in SERIES:
        d = pd.read_csv(root / file, usecols=[time, column]).rename(columns={time: "t", column: "x"})
        d = d.dropna().sort_values("t").reset_index(drop=True)
        d["time"] = pd.to_datetime(d["t"], utc=True).map(lambda t: int(t.timestamp() * 1_000))
        d = pd.concat([d[["time"]], columns(d)], axis=1)
        d["known"] = d["time"] + DAY
        # Every 23 h: some decisions at midnight, when a value becomes known and does not count.
        decisions = np.arange(d["time"].iloc[370], d["time"].iloc[-1], 23 * 3_600_000)[::17]
        asked = pd.DataFrame({"decision": decisions})
        found = pd.merge_asof(
            asked, d, left_on="decision", right_on="known", allow_exact_matches=False
        )
        found["age"] = (found["decision"] - found["time"]) / DAY
        found.insert(0, "series", column)
        parts.append(found.drop(columns=["time", "known"]))
    table = pd.concat(parts)
    assert (table["decision"] % DAY == 0).any()
    out = HERE.parent / "golden" / "series_columns.csv"
    table.to_csv(out, index=False, float_format="%.12g")
    print(f"{out}: {len(table)} rows, {len(table.columns) - 2} columns")
