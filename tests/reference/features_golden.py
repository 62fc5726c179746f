"""Values of every feature by TA-Lib, pandas and NumPy, for tests/features.rs.

    python -m venv venv && venv/bin/pip install numpy pandas TA-Lib
    CANDLEWICK_DATA=... venv/bin/python tests/reference/features_golden.py

Reads the BTCUSDT 1h candles of January 2022 (binance/spot/monthly/klines in CANDLEWICK_DATA), takes
the first 600 and writes some of their rows, more of the first ones, to
tests/golden/features_btcusdt_1h.csv; a cell is empty where the reference still warms up.
Recursive indicators depend on where they start: both sides start at the first candle of the month.
"""

import os
import pathlib

import numpy as np
import pandas as pd
import talib

HERE = pathlib.Path(__file__).resolve().parent
COLUMNS = "open_time open high low close volume close_time quote trades taker taker_quote ignore".split()


def candles():
    root = pathlib.Path(os.environ["CANDLEWICK_DATA"])
    path = root / "binance/spot/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2022-01.zip"
    return pd.read_csv(path, header=None, names=COLUMNS).head(600)


def features(d):
    o, h, l, c, v = (d[k].astype(float) for k in ["open", "high", "low", "close", "volume"])
    q, n, b, bq = (d[k].astype(float) for k in ["quote", "trades", "taker", "taker_quote"])
    r = np.log(c).diff()
    typical = (h + l + c) / 3
    hl, co = np.log(h / l), np.log(c / o)
    z = lambda x, k: (x - x.rolling(k).mean()) / x.rolling(k).std(ddof=0)
    f = {}
    for k in [1, 2, 3, 6, 12, 24]:
        f[f"log_return_{k}"] = np.log(c / c.shift(k))
    f["return_z_24"] = z(r, 24)
    f["close_z_20"], f["close_z_50"] = z(c, 20), z(c, 50)
    highest, lowest = h.rolling(48).max(), l.rolling(48).min()
    f["high_distance_48"], f["low_distance_48"] = np.log(c / highest), np.log(c / lowest)
    f["channel_position_48"] = (c - lowest) / (highest - lowest)

    for k in [20, 50]:
        f[f"sma_distance_{k}"] = c / talib.SMA(c, k) - 1
    for k in [12, 26, 50]:
        f[f"ema_distance_{k}"] = c / talib.EMA(c, k) - 1
    macd = talib.MACD(c, 12, 26, 9)
    names = ["macd_12_26", "macd_signal_12_26_9", "macd_histogram_12_26_9"]
    f.update((name, values / c) for name, values in zip(names, macd))
    f["trix_15"] = talib.TRIX(c, 15)
    f["adx_14"] = talib.ADX(h, l, c, 14)
    f["di_difference_14"] = talib.PLUS_DI(h, l, c, 14) - talib.MINUS_DI(h, l, c, 14)
    f["aroon_25"] = talib.AROONOSC(h, l, 25)
    f["slope_24"] = talib.LINEARREG_SLOPE(np.log(c), 24)
    steps = pd.Series(np.arange(len(c), dtype=float))
    f["slope_fit_24"] = np.log(c).rolling(24).corr(steps) ** 2
    f["efficiency_10"] = r.rolling(10).sum().abs() / r.abs().rolling(10).sum()

    f["rsi_6"], f["rsi_14"] = talib.RSI(c, 6), talib.RSI(c, 14)
    f["stochastic_k_14"], f["stochastic_d_14_3"] = talib.STOCHF(h, l, c, 14, 3)
    f["stochastic_rsi_14"] = talib.STOCHRSI(c, 14, 14, 3)[0]
    f["cci_20"] = talib.CCI(h, l, c, 20)
    f["ultimate_7_14_28"] = talib.ULTOSC(h, l, c, 7, 14, 28)

    for k in [6, 24, 96]:
        f[f"close_volatility_{k}"] = r.rolling(k).std()
    f["volatility_ratio_6_48"] = np.sqrt((r**2).rolling(6).mean() / (r**2).rolling(48).mean())
    squares, ewma = (r**2).to_numpy(), np.full(len(c), np.nan)
    ewma[32] = squares[1:33].mean()
    for i in range(33, len(c)):
        ewma[i] = squares[i] * 2 / 33 + ewma[i - 1] * 31 / 33
    f["ewma_volatility_32"] = pd.Series(np.sqrt(ewma))
    f["parkinson_24"] = np.sqrt((hl**2).rolling(24).mean() / (4 * np.log(2)))
    f["garman_klass_24"] = np.sqrt((hl**2 / 2 - (2 * np.log(2) - 1) * co**2).rolling(24).mean())
    rs = (np.log(h / c) * np.log(h / o) + np.log(l / c) * np.log(l / o)).rolling(24).mean()
    f["rogers_satchell_24"] = np.sqrt(rs)
    k = 0.34 / (1.34 + 25 / 23)
    jump = np.log(o / c.shift(1))
    f["yang_zhang_24"] = np.sqrt(
        jump.rolling(24).var() + k * co.rolling(24).var() + (1 - k) * rs
    )
    f["true_range_1"] = talib.TRANGE(h, l, c) / c.shift(1)
    f["atr_14"] = talib.NATR(h, l, c, 14) / 100
    upper, middle, lower = talib.BBANDS(c, 20, 2, 2)
    f["bollinger_width_20"] = (upper - lower) / middle
    f["downside_share_24"] = (r.clip(upper=0) ** 2).rolling(24).sum() / (r**2).rolling(24).sum()
    bipower = (r * r.shift(1)).abs().rolling(23).sum() * np.pi / 2 * 24 / 23
    f["jump_share_24"] = (1 - bipower / (r**2).rolling(24).sum()).clip(lower=0)
    f["skewness_24"], f["kurtosis_24"] = r.rolling(24).skew(), r.rolling(24).kurt()
    f["autocorrelation_24"] = r.rolling(24).apply(
        lambda x: ((x[1:] - x.mean()) * (x[:-1] - x.mean())).sum() / ((x - x.mean()) ** 2).sum(),
        raw=True,
    )

    total = v.rolling(24).sum()
    f["volume_z_24"] = z(v, 24)
    f["relative_volume_24"] = v / v.rolling(24).mean()
    f["volume_ratio_6_48"] = v.rolling(6).mean() / v.rolling(48).mean()
    f["on_balance_24"] = talib.OBV(c, v).diff(24) / total
    f["chaikin_flow_20"] = talib.AD(h, l, c, v).diff(20) / v.rolling(20).sum()
    f["money_flow_14"] = talib.MFI(h, l, c, v, 14)
    f["vwap_distance_24"] = c / ((typical * v).rolling(24).sum() / total) - 1
    f["candle_vwap_1"] = c / (q / v) - 1
    f["price_volume_correlation_24"] = r.rolling(24).corr(v)
    impact = r.abs() / q
    f["amihud_ratio_6_48"] = impact.rolling(6).mean() / impact.rolling(48).mean()

    signed = 2 * b - v
    for k in [1, 6, 24]:
        f[f"taker_imbalance_{k}"] = signed.rolling(k).sum() / v.rolling(k).sum()
    f["taker_imbalance_z_24"] = z(signed / v, 24)
    relative = signed.rolling(24).var() / v.rolling(24).mean()
    f["kyle_lambda_24"] = r.rolling(24).cov(signed) / relative
    f["taker_premium_1"] = (bq / b) / ((q - bq) / (v - b)) - 1
    f["relative_trades_24"] = n / n.rolling(24).mean()
    f["trades_z_24"] = z(n, 24)
    f["trade_size_24"] = (v / n) / (total / n.rolling(24).sum())

    spread = h - l
    f["body_1"] = (c - o) / spread
    f["upper_shadow_1"] = (h - np.maximum(o, c)) / spread
    f["lower_shadow_1"] = (np.minimum(o, c) - l) / spread
    f["close_location_1"] = ((c - l) - (h - c)) / spread
    f["range_1"] = hl
    f["open_jump_1"] = jump
    side = np.sign(c.diff())
    run = side.groupby((side != side.shift()).cumsum()).cumcount() + 1
    f["streak_10"] = (side * run.clip(upper=10)).where(c.index >= 10)

    time = pd.to_datetime(d["open_time"], unit="ms", utc=True).dt
    hour = 2 * np.pi * time.hour / 24
    day = 2 * np.pi * time.day_of_week / 7
    third = 2 * np.pi * (time.hour % 8) / 8
    f["hour_sin"], f["hour_cos"] = np.sin(hour), np.cos(hour)
    f["weekday_sin"], f["weekday_cos"] = np.sin(day), np.cos(day)
    f["weekend"] = (time.day_of_week >= 5).astype(float)
    f["funding_sin"], f["funding_cos"] = np.sin(third), np.cos(third)
    return pd.DataFrame(f)


if __name__ == "__main__":
    data = candles()
    table = features(data)
    table.insert(0, "open_time", data["open_time"])
    assert not table.iloc[100:].isna().any().any()
    rows = table.iloc[list(range(0, 120, 3)) + list(range(120, 600, 12))]
    out = HERE.parent / "golden" / "features_btcusdt_1h.csv"
    rows.to_csv(out, index=False, float_format="%.10g")
    print(f"{out}: {len(rows)} rows, {len(rows.columns) - 1} features")
