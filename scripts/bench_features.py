"""Features of one-minute candles and four coarser intervals with pandas and TA-Lib, or with polars.

Usage: bench_features.py names
       bench_features.py candles CANDLES.csv.gz FILE
       bench_features.py pandas|polars FILE SAMPLE.csv
       bench_features.py check OURS.csv THEIRS.csv

`candles` writes open time, open, high, low, close, volume as f64 columns one after the other, missing
minutes as candles without trade. The two sides resample, compute the same columns and join each
coarser candle as of its end; only that is timed. `check` compares samples of their rows.
"""

import csv
import json
import resource
import sys
import time

MINUTE = 60_000
CONTEXT = {"5m": 5, "15m": 15, "1h": 60, "4h": 240}
RETURNS = [1, 2, 3, 6, 12, 24]
NAMES = (
    [f"log_return_{n}" for n in RETURNS]
    + "return_z_24 close_z_20 close_z_50 high_distance_48 low_distance_48 channel_position_48 "
    "sma_distance_20 sma_distance_50 ema_distance_12 ema_distance_26 ema_distance_50 macd_12_26 "
    "macd_signal_12_26_9 macd_histogram_12_26_9 trix_15 adx_14 di_difference_14 slope_24 "
    "slope_fit_24 efficiency_10 rsi_6 rsi_14 stochastic_k_14 stochastic_d_14_3 stochastic_rsi_14 "
    "cci_20 ultimate_7_14_28 close_volatility_6 close_volatility_24 close_volatility_96 "
    "volatility_ratio_6_48 ewma_volatility_32 parkinson_24 garman_klass_24 rogers_satchell_24 "
    "yang_zhang_24 true_range_1 atr_14 bollinger_width_20 downside_share_24 jump_share_24 "
    "skewness_24 kurtosis_24 autocorrelation_24 volume_z_24 relative_volume_24 volume_ratio_6_48 "
    "on_balance_24 chaikin_flow_20 money_flow_14 vwap_distance_24 price_volume_correlation_24 "
    "body_1 upper_shadow_1 lower_shadow_1 close_location_1 range_1 open_jump_1 streak_10".split()
)


def write_candles(source, target):
    import gzip

    import numpy as np

    # The file gives open time, open, close, high, low, volume.
    with gzip.open(source, "rt") as file:
        rows = np.array([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]])
    rows = rows[np.argsort(rows[:, 0])][:, [0, 1, 3, 4, 2, 5]]
    times = np.arange(rows[0, 0], rows[-1, 0] + MINUTE, MINUTE)
    at = np.searchsorted(rows[:, 0], times, side="right") - 1
    filled = rows[at].copy()
    absent = rows[at, 0] != times
    filled[absent, 1:5] = rows[at[absent], 4][:, None]
    filled[absent, 5] = 0.0
    filled[:, 0] = times
    filled.T.astype("<f8").tofile(target)


def read_candles(path):
    import numpy as np

    columns = np.fromfile(path, "<f8").reshape(6, -1)
    names = ["time", "open", "high", "low", "close", "volume"]
    candles = dict(zip(names, columns))
    candles["time"] = candles["time"].astype("i8")
    return candles


def pandas_features(frame):
    import numpy as np
    import pandas as pd
    import talib

    o, h, l, c, v = (frame[name] for name in ("open", "high", "low", "close", "volume"))
    arrays = [series.to_numpy() for series in (o, h, l, c, v)]
    O, H, L, C, V = arrays
    r = np.log(c / c.shift(1))
    r2 = r * r
    out = {f"log_return_{n}": np.log(c / c.shift(n)) for n in RETURNS}

    def ratio(a, b, otherwise):
        return (a / b.where(b != 0.0)).fillna(otherwise).where(b.notna() & a.notna())

    def z(x, n):
        window = x.rolling(n)
        return ratio(x - window.mean(), window.std(ddof=0), 0.0)

    out["return_z_24"], out["close_z_20"], out["close_z_50"] = z(r, 24), z(c, 20), z(c, 50)
    high, low = h.rolling(48).max(), l.rolling(48).min()
    out["high_distance_48"], out["low_distance_48"] = np.log(c / high), np.log(c / low)
    out["channel_position_48"] = ratio(c - low, high - low, 0.5)
    for n in (20, 50):
        out[f"sma_distance_{n}"] = C / talib.SMA(C, n) - 1.0
    for n in (12, 26, 50):
        out[f"ema_distance_{n}"] = C / talib.EMA(C, n) - 1.0
    line, signal, histogram = talib.MACD(C, 12, 26, 9)
    slow = talib.EMA(C, 26)
    out["macd_12_26"] = (talib.EMA(C, 12) - slow) / C
    out["macd_signal_12_26_9"], out["macd_histogram_12_26_9"] = signal / C, histogram / C
    out["trix_15"] = talib.TRIX(C, 15)
    out["adx_14"] = talib.ADX(H, L, C, 14)
    out["di_difference_14"] = talib.PLUS_DI(H, L, C, 14) - talib.MINUS_DI(H, L, C, 14)
    logs = np.log(C)
    out["slope_24"] = talib.LINEARREG_SLOPE(logs, 24)
    out["slope_fit_24"] = talib.CORREL(np.arange(len(C), dtype=float), logs, 24) ** 2
    out["efficiency_10"] = ratio(r.rolling(10).sum().abs(), r.abs().rolling(10).sum(), 0.0)
    out["rsi_6"], out["rsi_14"] = talib.RSI(C, 6), talib.RSI(C, 14)
    k = 100.0 * ratio(c - l.rolling(14).min(), h.rolling(14).max() - l.rolling(14).min(), 0.5)
    out["stochastic_k_14"], out["stochastic_d_14_3"] = k, k.rolling(3).mean()
    rsi = pd.Series(out["rsi_14"], index=frame.index)
    lowest, highest = rsi.rolling(14).min(), rsi.rolling(14).max()
    out["stochastic_rsi_14"] = 100.0 * ratio(rsi - lowest, highest - lowest, 0.5)
    out["cci_20"] = talib.CCI(H, L, C, 20)
    out["ultimate_7_14_28"] = talib.ULTOSC(H, L, C, 7, 14, 28)
    for n in (6, 24, 96):
        out[f"close_volatility_{n}"] = r.rolling(n).std()
    out["volatility_ratio_6_48"] = np.sqrt(ratio(r2.rolling(6).mean(), r2.rolling(48).mean(), 1.0))
    out["ewma_volatility_32"] = np.sqrt(talib.EMA(r2.to_numpy(), 32))
    ranges, bodies = np.log(h / l), np.log(c / o)
    inside = np.log(h / c) * np.log(h / o) + np.log(l / c) * np.log(l / o)
    out["parkinson_24"] = np.sqrt((ranges**2).rolling(24).mean() / (4.0 * np.log(2.0)))
    klass = 0.5 * ranges**2 - (2.0 * np.log(2.0) - 1.0) * bodies**2
    out["garman_klass_24"] = np.sqrt(klass.rolling(24).mean().clip(lower=0.0))
    out["rogers_satchell_24"] = np.sqrt(inside.rolling(24).mean().clip(lower=0.0))
    jumps, weight = np.log(o / c.shift(1)), 0.34 / (1.34 + 25.0 / 23.0)
    out["yang_zhang_24"] = np.sqrt(
        jumps.rolling(24).var()
        + weight * bodies.rolling(24).var()
        + (1.0 - weight) * inside.rolling(24).mean().clip(lower=0.0)
    )
    out["true_range_1"] = talib.TRANGE(H, L, C) / c.shift(1)
    out["atr_14"] = talib.ATR(H, L, C, 14) / C
    out["bollinger_width_20"] = 4.0 * c.rolling(20).std(ddof=0) / c.rolling(20).mean()
    squares = r2.rolling(24).sum()
    out["downside_share_24"] = ratio((r.clip(upper=0.0) ** 2).rolling(24).sum(), squares, 0.5)
    steps = (r * r.shift(1)).abs().rolling(23).sum()
    bipower = np.pi / 2.0 * 24.0 / 23.0 * steps
    out["jump_share_24"] = (1.0 - ratio(bipower, squares, 1.0)).clip(lower=0.0)
    out["skewness_24"], out["kurtosis_24"] = r.rolling(24).skew(), r.rolling(24).kurt()
    mean, total = r.rolling(24).mean(), r.rolling(24).sum()
    first, products = total - r.shift(23), (r * r.shift(1)).rolling(23).sum()
    codeviation = products - mean * (first + total - r) + 23.0 * mean * mean
    out["autocorrelation_24"] = ratio(codeviation, squares - 24.0 * mean * mean, 0.0)
    out["volume_z_24"] = z(v, 24)
    out["relative_volume_24"] = ratio(v, v.rolling(24).mean(), 1.0)
    out["volume_ratio_6_48"] = ratio(v.rolling(6).mean(), v.rolling(48).mean(), 1.0)
    volumes = v.rolling(24).sum()
    out["on_balance_24"] = ratio((np.sign(c.diff()) * v).rolling(24).sum(), volumes, 0.0)
    spread = h - l
    location = ratio((c - l) - (h - c), spread, 0.0)
    out["chaikin_flow_20"] = ratio((location * v).rolling(20).sum(), v.rolling(20).sum(), 0.0)
    out["money_flow_14"] = talib.MFI(H, L, C, V, 14)
    typical = (h + l + c) / 3.0
    out["vwap_distance_24"] = c / ratio((typical * v).rolling(24).sum(), volumes, 1.0) - 1.0
    out["price_volume_correlation_24"] = r.rolling(24).corr(v)
    out["body_1"] = ratio(c - o, spread, 0.0)
    out["upper_shadow_1"] = ratio(h - np.maximum(o, c), spread, 0.0)
    out["lower_shadow_1"] = ratio(np.minimum(o, c) - l, spread, 0.0)
    out["close_location_1"], out["range_1"], out["open_jump_1"] = location, ranges, jumps
    side = np.sign(c.diff())
    length = side.groupby((side != side.shift(1)).cumsum()).cumcount() + 1
    out["streak_10"] = side * length.clip(upper=10)
    return pd.DataFrame({name: out[name] for name in NAMES}, index=frame.index)


def with_pandas(candles):
    import pandas as pd

    frame = pd.DataFrame(candles)
    frame["time"] = pd.to_datetime(frame["time"], unit="ms")
    base = pd.concat([frame[["time"]], pandas_features(frame)], axis=1)
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    for name, minutes in CONTEXT.items():
        coarse = frame.resample(f"{minutes}min", on="time").agg(how).reset_index()
        informative = pandas_features(coarse).add_suffix(f"@{name}")
        # Known to the last minute inside it, whose end is its end.
        informative["merge"] = coarse["time"] + pd.Timedelta(minutes=minutes - 1)
        base = pd.merge_ordered(
            base, informative, fill_method="ffill", left_on="time", right_on="merge", how="left"
        ).drop(columns="merge")
    return base


def polars_features():
    import math

    import polars as pl

    o, h, l, c, v = (pl.col(name) for name in ("open", "high", "low", "close", "volume"))
    r = (c / c.shift(1)).log()
    r2 = r * r

    def ratio(a, b, otherwise):
        return pl.when(b == 0.0).then(otherwise).otherwise(a / b)

    def z(x, n):
        return ratio(x - x.rolling_mean(n), x.rolling_std(n, ddof=0), 0.0)

    def ema(x, n):
        return x.ewm_mean(span=n, adjust=False)

    def wilder(x, n):
        return x.ewm_mean(alpha=1.0 / n, adjust=False, ignore_nulls=True)

    out = {f"log_return_{n}": (c / c.shift(n)).log() for n in RETURNS}
    out["return_z_24"], out["close_z_20"], out["close_z_50"] = z(r, 24), z(c, 20), z(c, 50)
    high, low = h.rolling_max(48), l.rolling_min(48)
    out["high_distance_48"], out["low_distance_48"] = (c / high).log(), (c / low).log()
    out["channel_position_48"] = ratio(c - low, high - low, 0.5)
    for n in (20, 50):
        out[f"sma_distance_{n}"] = c / c.rolling_mean(n) - 1.0
    for n in (12, 26, 50):
        out[f"ema_distance_{n}"] = c / ema(c, n) - 1.0
    line = ema(c, 12) - ema(c, 26)
    signal = ema(line, 9)
    out["macd_12_26"], out["macd_signal_12_26_9"] = line / c, signal / c
    out["macd_histogram_12_26_9"] = (line - signal) / c
    triple = ema(ema(ema(c, 15), 15), 15)
    out["trix_15"] = 100.0 * (triple / triple.shift(1) - 1.0)
    up, down = h - h.shift(1), l.shift(1) - l
    last = c.shift(1)
    true_range = pl.max_horizontal(h - l, (h - last).abs(), (l - last).abs())
    true_range = pl.when(last.is_null()).then(None).otherwise(true_range)
    plus = wilder(pl.when((up > down) & (up > 0)).then(up).otherwise(0.0), 14)
    minus = wilder(pl.when((down > up) & (down > 0)).then(down).otherwise(0.0), 14)
    span = wilder(true_range, 14)
    plus, minus = ratio(100.0 * plus, span, 0.0), ratio(100.0 * minus, span, 0.0)
    out["adx_14"] = wilder(ratio(100.0 * (plus - minus).abs(), plus + minus, 0.0), 14)
    out["di_difference_14"] = plus - minus
    places = [place - 11.5 for place in range(24)]
    square = sum(place * place for place in places)
    slope = c.log().rolling_sum(24, weights=[place / square for place in places])
    out["slope_24"] = slope
    out["slope_fit_24"] = ratio(slope * slope * square, c.log().rolling_var(24) * 23.0, 0.0)
    out["efficiency_10"] = ratio(r.rolling_sum(10).abs(), r.abs().rolling_sum(10), 0.0)
    change = c.diff()

    def relative_strength(n):
        gain, loss = wilder(change.clip(lower_bound=0.0), n), wilder((-change).clip(lower_bound=0.0), n)
        return 100.0 * ratio(gain, gain + loss, 0.5)

    rsi = relative_strength(14)
    out["rsi_6"], out["rsi_14"] = relative_strength(6), rsi
    lowest, highest = l.rolling_min(14), h.rolling_max(14)
    k = 100.0 * ratio(c - lowest, highest - lowest, 0.5)
    out["stochastic_k_14"], out["stochastic_d_14_3"] = k, k.rolling_mean(3)
    lowest, highest = rsi.rolling_min(14), rsi.rolling_max(14)
    out["stochastic_rsi_14"] = 100.0 * ratio(rsi - lowest, highest - lowest, 0.5)
    typical = (h + l + c) / 3.0
    mean = typical.rolling_mean(20)
    absolute = sum((typical.shift(lag) - mean).abs() for lag in range(20)) / 20.0
    out["cci_20"] = ratio(typical - mean, 0.015 * absolute, 0.0)
    pressure = c - pl.min_horizontal(l, last)
    parts = [ratio(pressure.rolling_sum(n), true_range.rolling_sum(n), 0.5) for n in (7, 14, 28)]
    out["ultimate_7_14_28"] = 100.0 * (4.0 * parts[0] + 2.0 * parts[1] + parts[2]) / 7.0
    for n in (6, 24, 96):
        out[f"close_volatility_{n}"] = r.rolling_std(n)
    out["volatility_ratio_6_48"] = ratio(r2.rolling_mean(6), r2.rolling_mean(48), 1.0).sqrt()
    out["ewma_volatility_32"] = ema(r2, 32).sqrt()
    ranges, bodies = (h / l).log(), (c / o).log()
    inside = (h / c).log() * (h / o).log() + (l / c).log() * (l / o).log()
    out["parkinson_24"] = ((ranges * ranges).rolling_mean(24) / (4.0 * math.log(2.0))).sqrt()
    klass = 0.5 * ranges * ranges - (2.0 * math.log(2.0) - 1.0) * bodies * bodies
    out["garman_klass_24"] = klass.rolling_mean(24).clip(lower_bound=0.0).sqrt()
    quiet = inside.rolling_mean(24).clip(lower_bound=0.0)
    out["rogers_satchell_24"] = quiet.sqrt()
    jumps, weight = (o / last).log(), 0.34 / (1.34 + 25.0 / 23.0)
    spread = jumps.rolling_var(24) + weight * bodies.rolling_var(24) + (1.0 - weight) * quiet
    out["yang_zhang_24"] = spread.sqrt()
    out["true_range_1"] = true_range / last
    out["atr_14"] = wilder(true_range, 14) / c
    out["bollinger_width_20"] = 4.0 * c.rolling_std(20, ddof=0) / c.rolling_mean(20)
    squares = r2.rolling_sum(24)
    falls = r.clip(upper_bound=0.0)
    out["downside_share_24"] = ratio((falls * falls).rolling_sum(24), squares, 0.5)
    bipower = math.pi / 2.0 * 24.0 / 23.0 * (r * r.shift(1)).abs().rolling_sum(23)
    out["jump_share_24"] = (1.0 - ratio(bipower, squares, 1.0)).clip(lower_bound=0.0)
    out["skewness_24"] = r.rolling_skew(24, bias=False)
    out["kurtosis_24"] = r.rolling_kurtosis(24, bias=False)
    mean, total = r.rolling_mean(24), r.rolling_sum(24)
    products = (r * r.shift(1)).rolling_sum(23)
    codeviation = products - mean * (total - r.shift(23) + total - r) + 23.0 * mean * mean
    out["autocorrelation_24"] = ratio(codeviation, squares - 24.0 * mean * mean, 0.0)
    out["volume_z_24"] = z(v, 24)
    out["relative_volume_24"] = ratio(v, v.rolling_mean(24), 1.0)
    out["volume_ratio_6_48"] = ratio(v.rolling_mean(6), v.rolling_mean(48), 1.0)
    volumes = v.rolling_sum(24)
    out["on_balance_24"] = ratio((change.sign() * v).rolling_sum(24), volumes, 0.0)
    location = ratio((c - l) - (h - c), h - l, 0.0)
    out["chaikin_flow_20"] = ratio((location * v).rolling_sum(20), v.rolling_sum(20), 0.0)
    flow, moved = typical * v, typical.diff()
    rises = pl.when(moved > 0).then(flow).otherwise(0.0).rolling_sum(14)
    falls = pl.when(moved < 0).then(flow).otherwise(0.0).rolling_sum(14)
    out["money_flow_14"] = 100.0 * ratio(rises, rises + falls, 0.5)
    out["vwap_distance_24"] = c / ratio(flow.rolling_sum(24), volumes, c) - 1.0
    out["price_volume_correlation_24"] = pl.rolling_corr(r, v, window_size=24)
    out["body_1"] = ratio(c - o, h - l, 0.0)
    out["upper_shadow_1"] = ratio(h - pl.max_horizontal(o, c), h - l, 0.0)
    out["lower_shadow_1"] = ratio(pl.min_horizontal(o, c) - l, h - l, 0.0)
    out["close_location_1"], out["range_1"], out["open_jump_1"] = location, ranges, jumps
    side = change.sign()
    length = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(side.rle_id())
    out["streak_10"] = side * length.clip(upper_bound=10)
    return [out[name].alias(name) for name in NAMES]


def with_polars(candles):
    import polars as pl

    frame = pl.DataFrame(candles).lazy().with_columns(pl.col("time").cast(pl.Datetime("ms")))
    features = polars_features()
    base = frame.select("time", *features)
    ohlcv = [
        pl.col("open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").last(),
        pl.col("volume").sum(),
    ]
    for name, minutes in CONTEXT.items():
        coarse = frame.group_by_dynamic("time", every=f"{minutes}m").agg(ohlcv)
        known = pl.col("time").dt.offset_by(f"{minutes - 1}m")
        informative = coarse.select(known, *(f.name.suffix(f"@{name}") for f in features))
        base = base.join_asof(informative, on="time", strategy="backward")
    return base.collect()


def run(side, path, sample):
    import numpy as np

    candles = read_candles(path)
    if side == "pandas":
        import pandas, talib  # noqa: F401
    else:
        import polars  # noqa: F401
    wall, cpu = time.perf_counter(), time.process_time()
    table = {"pandas": with_pandas, "polars": with_polars}[side](candles)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    columns = table.shape[1] - 1
    about = {"seconds": wall, "cpu": cpu, "rows": len(table), "columns": columns, "peak_mib": peak}
    print(json.dumps(about))
    rows = table[::997] if side == "pandas" else table.gather_every(997)
    rows = rows.to_pandas() if side == "polars" else rows
    rows["time"] = rows["time"].astype("datetime64[ms]").astype(np.int64)
    rows.rename(columns={"time": "open_time"}).to_csv(sample, index=False)


def check(ours, theirs):
    """Compares where both have a row, past the time that recursive means need to forget their start."""
    import pandas as pd

    ours, theirs = (pd.read_csv(path).set_index("open_time") for path in (ours, theirs))
    rows = ours.index.intersection(theirs.index)
    rows = rows[len(rows) // 4 :]
    assert len(rows) >= 300, f"only {len(rows)} rows in common"
    ours, theirs = ours.loc[rows], theirs.loc[rows]
    apart = (ours - theirs).abs()
    scale = theirs.abs() + 1e-3 * theirs.abs().mean()
    # Where prices stand still, the running sums of pandas keep a residue that is divided by itself.
    share = (apart <= 1e-4 * scale).mean()
    wrong = share[share < 0.97].sort_values()
    print(
        f"{len(rows)} rows, {len(share)} columns: {share.mean():.5f} of the values within 1e-4, "
        f"least in a column {share.min():.4f}",
        file=sys.stderr,
    )
    for name, value in wrong.items():
        print(f"  {name}: {value:.4f}", file=sys.stderr)
    sys.exit(1 if len(wrong) > 0 else 0)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["names"]:
            print(",".join(NAMES))
        case ["candles", source, target]:
            write_candles(source, target)
        case ["pandas" | "polars" as side, path, sample]:
            run(side, path, sample)
        case ["check", ours, theirs]:
            check(ours, theirs)
        case _:
            sys.exit(__doc__)
