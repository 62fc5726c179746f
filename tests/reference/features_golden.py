"""Values of every candle feature by TA-Lib, pandas and NumPy, for tests/features.rs.

    python -m venv venv && venv/bin/pip install numpy pandas scipy TA-Lib
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
from scipy.special import binom

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

    f.update(price_and_trend(o, h, l, c, r))
    f.update(momentum_and_oscillators(o, h, l, c, r))
    f.update(channels(h, l, c))
    f.update(volatilities(o, h, l, c, r))
    f.update(volumes(h, l, c, v, q, r))
    f.update(flows(v, q, n, b, bq, r))
    f.update(shapes(o, h, l, c))
    time = pd.to_datetime(d["open_time"], unit="ms", utc=True).dt
    hour = 2 * np.pi * time.hour / 24
    day = 2 * np.pi * time.day_of_week / 7
    third = 2 * np.pi * (time.hour % 8) / 8
    f["hour_sin"], f["hour_cos"] = np.sin(hour), np.cos(hour)
    f["weekday_sin"], f["weekday_cos"] = np.sin(day), np.cos(day)
    f["weekend"] = (time.day_of_week >= 5).astype(float)
    f["funding_sin"], f["funding_cos"] = np.sin(third), np.cos(third)
    minute = 2 * np.pi * time.minute / 60
    f["minute_sin"], f["minute_cos"] = np.sin(minute), np.cos(minute)
    month_day = 2 * np.pi * (time.day - 1) / time.days_in_month
    f["month_day_sin"], f["month_day_cos"] = np.sin(month_day), np.cos(month_day)
    month = 2 * np.pi * (time.month - 1) / 12
    f["month_sin"], f["month_cos"] = np.sin(month), np.cos(month)
    f["turn_of_month"] = ((time.day <= 3) | time.is_month_end).astype(float)
    for name, first, last in [("asia", 0, 8), ("europe", 7, 15), ("america", 13, 20)]:
        f[f"{name}_session"] = time.hour.between(first, last).astype(float)
    f["funding_wait"] = 1 - (time.hour % 8) / 8
    return pd.DataFrame(f)


def ema_from_first(x, k):
    """Exponential mean begun with the first value there is."""
    return x.ewm(span=k, adjust=False).mean()


def middle(h, l, k):
    return (h.rolling(k).max() + l.rolling(k).min()) / 2


def lagged_sum(x, k):
    """Rolling sum over k rows of a product of neighbours, of which k rows hold k - 1."""
    return x.rolling(k - 1).sum()


def price_and_trend(o, h, l, c, r):
    f = {"log_return_48": np.log(c / c.shift(48))}
    for k in [24, 96]:
        f[f"close_rank_{k}"] = c.rolling(k).rank(pct=True)
    f["upper_quantile_24"] = np.log(c / c.rolling(24).quantile(0.8))
    f["lower_quantile_24"] = np.log(c / c.rolling(24).quantile(0.2))
    # Of equal extremes the latest counts: NumPy takes the first of the reversed window.
    f["high_age_48"] = h.rolling(48).apply(lambda x: x[::-1].argmax() / 47, raw=True)
    f["low_age_48"] = l.rolling(48).apply(lambda x: x[::-1].argmin() / 47, raw=True)

    f["sma_distance_96"] = c / talib.SMA(c, 96) - 1
    f["ema_distance_96"] = c / talib.EMA(c, 96) - 1
    f["sma_cross_12_48"] = talib.SMA(c, 12) / talib.SMA(c, 48) - 1
    f["wma_distance_20"] = 1 - talib.WMA(c, 20) / c
    hull = talib.WMA(2 * talib.WMA(c, 10) - talib.WMA(c, 20), 4)
    f["hull_distance_20"] = 1 - hull / c
    f["dema_distance_20"] = 1 - talib.DEMA(c, 20) / c
    f["tema_distance_20"] = 1 - talib.TEMA(c, 20) / c
    f["t3_distance_10"] = 1 - talib.T3(c, 10, 0.7) / c
    f["kama_distance_10"] = 1 - talib.KAMA(c, 10) / c
    f["slope_96"] = talib.LINEARREG_SLOPE(np.log(c), 96)
    steps = pd.Series(np.arange(len(c), dtype=float))
    f["slope_fit_96"] = np.log(c).rolling(96).corr(steps) ** 2
    f["slope_residual_24"] = np.log(c) - talib.LINEARREG(np.log(c), 24)
    for k, name in [(9, "conversion"), (26, "base")]:
        f[f"ichimoku_{name}_{k}"] = 1 - middle(h, l, k) / c
    f["ichimoku_cross_9_26"] = (middle(h, l, 9) - middle(h, l, 26)) / c
    first = ((middle(h, l, 9) + middle(h, l, 26)) / 2).shift(26)
    second = middle(h, l, 52).shift(26)
    low, high = np.minimum(first, second), np.maximum(first, second)
    f["ichimoku_cloud_9_26"] = (c - c.clip(low, high)) / c
    f["ichimoku_cloud_9_26"] = f["ichimoku_cloud_9_26"].where(second.notna())
    f["parabolic_distance"] = 1 - talib.SAR(h, l, 0.02, 0.2) / c
    f["supertrend_distance_10"] = 1 - supertrend(h, l, c) / c
    f["dx_14"], f["adxr_14"] = talib.DX(h, l, c, 14), talib.ADXR(h, l, c, 14)
    true_range = talib.TRANGE(h, l, c)
    turn = (h - l.shift()).abs() - (l - h.shift()).abs()
    f["vortex_14"] = turn.rolling(14).sum() / true_range.rolling(14).sum()
    once = talib.EMA(h - l, 9)
    f["mass_index_25"] = (once / talib.EMA(once, 9)).rolling(25).sum()
    high, low = np.maximum(h, c.shift()), np.minimum(l, c.shift())
    width = high[1:].rolling(14).max() - low[1:].rolling(14).min()
    chop = np.log10((high - low)[1:].rolling(14).sum() / width) / np.log10(14)
    f["choppiness_14"] = 100 * chop.reindex(c.index)
    f["efficiency_48"] = r.rolling(48).sum().abs() / r.abs().rolling(48).sum()
    for d in [0.3, 0.4, 0.5, 0.6]:
        weights = ffd_weights(d, 1e-3)
        values = np.convolve(np.log(c), weights, mode="valid")
        name = f"fractional_{len(weights)}_d{round(100 * d)}"
        f[name] = pd.Series(values, index=c.index[len(weights) - 1 :])
    return f


def ffd_weights(d, threshold):
    """Lopez de Prado 2018, snippet 5.3: the weights up to the first that is too small, by SciPy's
    binomial coefficients, newest first. mlfinpy's frac_diff_ffd of ln C with the same threshold takes
    as many weights and differs from these values by less than 1e-9 on the same candles."""
    k = np.arange(1000)
    weights = (-1.0) ** k * binom(d, k)
    return weights[: np.argmax(np.abs(weights) < threshold)]


def supertrend(h, l, c, k=10, multiple=3.0):
    """The rules of the catalogue, candle by candle over TA-Lib's ATR."""
    reach = multiple * talib.ATR(h, l, c, k)
    lower, upper = ((h + l) / 2 - reach).to_numpy().copy(), ((h + l) / 2 + reach).to_numpy().copy()
    stop, rising = np.full(len(c), np.nan), True
    for i in range(k, len(c)):
        if i > k:
            if c[i - 1] >= lower[i - 1]:
                lower[i] = max(lower[i], lower[i - 1])
            if c[i - 1] <= upper[i - 1]:
                upper[i] = min(upper[i], upper[i - 1])
            rising = c[i] >= lower[i] if rising else c[i] > upper[i]
        stop[i] = lower[i] if rising else upper[i]
    return pd.Series(stop)


def momentum_and_oscillators(o, h, l, c, r):
    f = {}
    for k in [24, 96]:
        f[f"momentum_t_{k}"] = r.rolling(k).mean() / r.rolling(k).sem()
        f[f"rise_balance_{k}"] = np.sign(c.diff()).rolling(k).mean()
    f["momentum_atr_14"] = talib.MOM(c, 14) / talib.ATR(h, l, c, 14)
    f["skip_momentum_96_6"] = np.log(c.shift(6) / c.shift(96))
    for k in [6, 24]:
        f[f"acceleration_{k}"] = np.log(c / c.shift(k)).diff(k)
    move = c.diff()
    twice = lambda x, a, b: talib.EMA(talib.EMA(x, a), b)
    f["true_strength_25_13"] = 100 * twice(move, 25, 13) / twice(move.abs(), 25, 13)
    f["price_oscillator_12_26"] = talib.EMA(c, 12) / talib.EMA(c, 26) - 1
    f["chande_momentum_14"] = 100 * move.rolling(14).sum() / move.abs().rolling(14).sum()
    f["coppock_10_11_14"] = talib.WMA(talib.ROCP(c, 11) + talib.ROCP(c, 14), 10)
    parts = zip([1, 2, 3, 4], [10, 15, 20, 30], [10, 10, 10, 15])
    curve = sum(w * talib.SMA(talib.ROCP(c, a), s) for w, a, s in parts)
    f["know_sure_thing_10_15_20_30"] = curve
    f["know_sure_thing_histogram_9"] = curve - talib.SMA(curve, 9)
    mean = talib.EMA(c, 13)
    f["bull_power_13"], f["bear_power_13"] = (h - mean) / c, (l - mean) / c

    f["rsi_28"] = talib.RSI(c, 28)
    side = np.sign(c.diff()).fillna(0)
    streak = side * (side.groupby((side != side.shift()).cumsum()).cumcount() + 1)
    below = r.rolling(101).apply(lambda x: 100 * (x[:-1] < x[-1]).mean(), raw=True)
    f["connors_rsi_3_2_100"] = (talib.RSI(c, 3) + talib.RSI(streak, 2) + below) / 3
    f["stochastic_slow_14_3"] = talib.STOCH(h, l, c, 14, 3, 0, 3, 0)[1]
    offset, width = c - middle(h, l, 10), h.rolling(10).max() - l.rolling(10).min()
    f["stochastic_momentum_10_3"] = 100 * twice(offset, 3, 3) / twice(width / 2, 3, 3)
    f["williams_r_28"] = talib.WILLR(h, l, c, 28)
    median = talib.MEDPRICE(h, l)
    awesome = talib.SMA(median, 5) - talib.SMA(median, 34)
    f["awesome_5_34"] = awesome / c
    f["accelerator_5_34_5"] = (awesome - talib.SMA(awesome, 5)) / c
    f["detrended_20"] = c.shift(11) / talib.SMA(c, 20) - 1
    highest, lowest = median.rolling(10).max(), median.rolling(10).min()
    place = (median - lowest) / (highest - lowest) - 0.5
    x = value = 0.0
    fisher = np.full(len(c), np.nan)
    for i in range(9, len(c)):
        x = min(max(0.66 * place[i] + 0.67 * x, -0.999), 0.999)
        value = 0.5 * np.log((1 + x) / (1 - x)) + 0.5 * value
        fisher[i] = value
    f["fisher_10"] = pd.Series(fisher)
    smooth = lambda x: (x + 2 * x.shift(1) + 2 * x.shift(2) + x.shift(3)) / 6
    f["vigor_10"] = smooth(c - o).rolling(10).sum() / smooth(h - l).rolling(10).sum()
    body = c - o
    share = body.clip(lower=0).rolling(14).sum() / body.abs().rolling(14).sum()
    f["intraday_momentum_14"] = 100 * share
    up, down = talib.SMA(h.diff().clip(lower=0), 14), talib.SMA((-l.diff()).clip(lower=0), 14)
    f["demarker_14"] = 100 * up / (up + down)
    f["balance_of_power_14"] = talib.SMA(talib.BOP(o, h, l, c), 14)
    return f


def channels(h, l, c):
    f = {}
    upper, _, lower = talib.BBANDS(c, 20, 2, 2)
    f["bollinger_position_20"] = (c - lower) / (upper - lower)
    mean, reach = talib.EMA(c, 20), 2 * talib.ATR(h, l, c, 20)
    f["keltner_position_20"] = (c - (mean - reach)) / (2 * reach)
    f["squeeze_20"] = 2 * talib.STDDEV(c, 20) / (1.5 * talib.ATR(h, l, c, 20))
    for k in [20, 96]:
        highest, lowest = talib.MAX(h, k), talib.MIN(l, k)
        f[f"channel_position_{k}"] = (c - lowest) / (highest - lowest)
    for k in [24, 96]:
        f[f"channel_width_{k}"] = np.log(talib.MAX(h, k) / talib.MIN(l, k))
    reach = 3 * talib.ATR(h, l, c, 22)
    f["chandelier_long_22"] = (c - (talib.MAX(h, 22) - reach)) / c
    f["chandelier_short_22"] = (c - (talib.MIN(l, 22) + reach)) / c
    upper, _, lower = talib.ACCBANDS(h, l, c, 20)
    f["acceleration_bands_20"] = (c - lower) / (upper - lower)

    def last_residual(y):
        x = np.arange(len(y))
        off = y - np.polyval(np.polyfit(x, y, 1), x)
        return off[-1] / np.sqrt((off**2).mean())

    f["regression_z_24"] = np.log(c).rolling(24).apply(last_residual, raw=True)
    return f


def volatilities(o, h, l, c, r):
    f = {"close_volatility_48": r.rolling(48).std()}
    hl, co, jump = np.log(h / l), np.log(c / o), np.log(o / c.shift(1))
    for k in [6, 96]:
        f[f"parkinson_{k}"] = np.sqrt((hl**2).rolling(k).mean() / (4 * np.log(2)))
        klass = hl**2 / 2 - (2 * np.log(2) - 1) * co**2
        f[f"garman_klass_{k}"] = np.sqrt(klass.rolling(k).mean())
        rs = np.log(h / c) * np.log(h / o) + np.log(l / c) * np.log(l / o)
        rs = rs.rolling(k).mean()
        f[f"rogers_satchell_{k}"] = np.sqrt(rs)
        share = 0.34 / (1.34 + (k + 1) / (k - 1))
        variance = jump.rolling(k).var() + share * co.rolling(k).var() + (1 - share) * rs
        f[f"yang_zhang_{k}"] = np.sqrt(variance)
    for k in [8, 96]:
        f[f"ewma_volatility_{k}"] = np.sqrt(talib.EMA(r**2, k))
    squares = (r**2).rolling
    f["volatility_ratio_24_96"] = np.sqrt(squares(24).mean() / squares(96).mean())
    f["range_ratio_24"] = (h - l) / (h - l).rolling(24).mean()
    ranges = (hl**2).rolling
    f["range_volatility_ratio_6_48"] = np.sqrt(ranges(6).mean() / ranges(48).mean())
    for name, k in [("realised_volatility", 24), ("realised_volatility", 96)] + [
        ("har", k) for k in [1, 5, 22]
    ]:
        f[f"{name}_{k}"] = np.sqrt(squares(k).mean())
    size = r.abs()
    neighbours = size * size.shift()
    f["bipower_24"] = np.sqrt(np.pi / 2 * neighbours.rolling(23).mean())
    median = pd.concat([size, size.shift(1), size.shift(2)], axis=1)
    median = median.median(axis=1, skipna=False) ** 2
    scale = np.pi / (6 - 4 * np.sqrt(3) + np.pi)
    f["median_volatility_24"] = np.sqrt(scale * median.rolling(22).mean())
    bipower = np.pi / 2 * 96 / 95 * lagged_sum(neighbours, 96)
    f["jump_share_96"] = (1 - bipower / squares(96).sum()).clip(lower=0)
    fours = neighbours * neighbours.shift(2)
    quad = 96 * 96 / 93 * (np.pi / 2) ** 2 * fours.rolling(93).sum()
    spread = (np.pi**2 / 4 + np.pi - 5) / 96 * (quad / bipower**2).clip(lower=1)
    f["jump_z_96"] = (1 - bipower / squares(96).sum()) / np.sqrt(spread)
    falls, rises = r.clip(upper=0) ** 2, r.clip(lower=0) ** 2
    f["downside_share_96"] = falls.rolling(96).sum() / squares(96).sum()
    f["downside_volatility_24"] = np.sqrt(falls.rolling(24).mean())
    f["upside_volatility_24"] = np.sqrt(rises.rolling(24).mean())
    windows = lambda of, k, x=r: x.rolling(k).apply(of, raw=True)
    f["realised_skewness_96"] = windows(
        lambda x: np.sqrt(96) * (x**3).sum() / (x**2).sum() ** 1.5, 96
    )
    f["realised_kurtosis_96"] = windows(lambda x: 96 * (x**4).sum() / (x**2).sum() ** 2, 96)
    short = r.rolling(6).std()
    f["volatility_of_volatility_6_24"] = short.rolling(24).std(ddof=0) / short.rolling(24).mean()
    f["volatility_rank_6_90"] = short.rolling(90).rank(pct=True)

    def hurst(x):
        lengths = np.array([1, 2, 4, 8, 16])
        sizes = [np.sqrt(np.mean((x[k:] - x[:-k]) ** 2)) for k in lengths]
        return np.polyfit(np.log(lengths), np.log(sizes), 1)[0]

    f["hurst_90"] = windows(hurst, 91, np.log(c))

    def variance_ratio(x):
        many = np.convolve(x, np.ones(4), mode="valid") - 4 * x.mean()
        return (many**2).sum() / (4 * 93 * (1 - 4 / 96)) / x.var(ddof=1)

    f["variance_ratio_96"] = windows(variance_ratio, 96)

    def autocorrelation(x, lag):
        x = x - x.mean()
        return (x[lag:] * x[:-lag]).sum() / (x**2).sum()

    f["autocorrelation_96"] = windows(lambda x: autocorrelation(x, 1), 96)
    f["autocorrelation_96_6"] = windows(lambda x: autocorrelation(x, 6), 96)
    f["size_autocorrelation_96"] = windows(lambda x: autocorrelation(abs(x), 1), 96)
    f["leverage_96"] = windows(
        lambda x: (x[:-1] * x[1:] ** 2).sum() / np.sqrt((x**2).sum() * (x**4).sum()), 96
    )
    drawdown = c / c.rolling(14).max() - 1
    f["ulcer_14"] = np.sqrt((drawdown**2).rolling(14).mean())
    b = hl**2 + hl.shift() ** 2
    highest, lowest = talib.MAX(h, 2), talib.MIN(l, 2)
    g, k = np.log(highest / lowest) ** 2, 3 - 2 * np.sqrt(2)
    a = (np.sqrt(2 * b) - np.sqrt(b)) / k - np.sqrt(g / k)
    spread = (2 * (np.exp(a) - 1) / (1 + np.exp(a))).clip(lower=0)
    f["corwin_schultz_24"] = spread.rolling(24).mean()
    close, mid = np.log(c), (np.log(h) + np.log(l)) / 2
    product = 4 * (close.shift() - mid.shift()) * (close.shift() - mid)
    f["abdi_ranaldo_24"] = np.sqrt(product.rolling(24).mean().clip(lower=0))
    covariance = windows(lambda x: ((x[1:] - x.mean()) * (x[:-1] - x.mean())).sum() / 23, 24)
    f["roll_spread_24"] = 2 * np.sqrt((-covariance).clip(lower=0))
    return f


def volumes(h, l, c, v, q, r):
    f = {}
    mean = lambda x, k: x.rolling(k).mean()
    f["volume_z_96"] = (v - mean(v, 96)) / v.rolling(96).std(ddof=0)
    f["volume_ratio_24_96"] = mean(v, 24) / mean(v, 96)
    f["volume_rank_96"] = v.rolling(96).rank(pct=True)
    f["volume_variation_24"] = v.rolling(24).std(ddof=0) / mean(v, 24)
    f["volume_growth_24"] = talib.LINEARREG_SLOPE(v, 24) / mean(v, 24)
    f["volume_balance_24"] = v.diff().rolling(24).sum() / v.diff().abs().rolling(24).sum()
    f["volume_oscillator_12_26"] = talib.EMA(v, 12) / talib.EMA(v, 26) - 1
    f["on_balance_96"] = talib.OBV(c, v).diff(96) / v.rolling(96).sum()
    f["chaikin_oscillator_3_10"] = talib.ADOSC(h, l, c, v, 3, 10) / ema_from_first(v, 10)
    force = c.diff() * v
    f["force_index_13"] = talib.EMA(force, 13) / talib.EMA(force.abs(), 13)
    mid, hl = (h + l) / 2, np.log(h / l)
    ease = pd.Series(np.nan, index=c.index)
    for i in range(14, len(c)):
        part = slice(i - 13, i + 1)
        volume = (v[part] / v[part].mean()).clip(lower=0.01)
        moved = np.log(mid / mid.shift())[part] * hl[part] / hl[part].mean()
        ease[i] = (moved / volume).mean()
    f["ease_of_movement_14"] = ease
    f["klinger_34_55"] = klinger(h, l, c, v)
    grown = v.diff()
    f["negative_volume_24"] = mean(r.where(grown < 0, 0).where(r.notna()), 24)
    f["positive_volume_24"] = mean(r.where(grown > 0, 0).where(r.notna()), 24)
    f["volume_momentum_24"] = mean(r * v, 24) / mean(v.where(r.notna()), 24)
    f["price_volume_trend_24"] = mean(r * v, 24) / mean(r.abs() * v, 24)
    weighted = r.abs() * v
    f["weighted_volatility_24"] = weighted.rolling(24).std(ddof=0) / mean(weighted, 24)
    f["money_flow_28"] = talib.MFI(h, l, c, v, 28)
    typical = talib.TYPPRICE(h, l, c)
    f["vwap_distance_96"] = c / (mean(typical * v, 96) / mean(v, 96)) - 1

    def vwap_z(i):
        price, weight = typical[i - 23 : i + 1], v[i - 23 : i + 1]
        vwap = np.average(price, weights=weight)
        return (c[i] - vwap) / np.sqrt(np.average((price - vwap) ** 2, weights=weight))

    f["vwap_z_24"] = pd.Series([vwap_z(i) if i >= 23 else np.nan for i in range(len(c))])
    f["close_volume_correlation_24"] = talib.CORREL(c, v, 24)
    f["range_volume_correlation_24"] = talib.CORREL(hl, v, 24)
    f["return_volume_correlation_24"] = r.rolling(24).corr(np.log(1 + v / v.shift()))
    impact = r.abs() / q
    f["amihud_ratio_24_96"] = mean(impact, 24) / mean(impact, 96)
    return f


def klinger(h, l, c, v):
    """Klinger's volume force, candle by candle, then TA-Lib's means."""
    trend, total = 1.0, h[0] - l[0]
    force = np.full(len(c), np.nan)
    for i in range(1, len(c)):
        change = (h[i] + l[i] + c[i]) - (h[i - 1] + l[i - 1] + c[i - 1])
        turned = change != 0 and np.sign(change) != trend
        total = h[i] - l[i] + (h[i - 1] - l[i - 1] if turned else total)
        trend = -trend if turned else trend
        force[i] = trend * v[i] * abs(2 * (h[i] - l[i]) / total - 1)
    force = pd.Series(force)
    volume = talib.EMA(v.where(force.notna()), 55)
    return (talib.EMA(force, 34) - talib.EMA(force, 55)) / volume


def flows(v, q, n, b, bq, r):
    f = {}
    signed = 2 * b - v
    share = lambda k: signed.rolling(k).sum() / v.rolling(k).sum()
    f["taker_imbalance_48"], f["taker_imbalance_96"] = share(48), share(96)
    f["taker_shift_6_48"] = share(6) - share(48)
    f["flow_toxicity_24"] = signed.abs().rolling(24).sum() / v.rolling(24).sum()
    f["taker_return_correlation_24"] = r.rolling(24).corr(signed / v)
    f["taker_autocorrelation_24"] = (signed / v).rolling(24).apply(
        lambda x: ((x[1:] - x.mean()) * (x[:-1] - x.mean())).sum() / ((x - x.mean()) ** 2).sum(),
        raw=True,
    )
    relative = signed.rolling(96).var() / v.rolling(96).mean()
    f["kyle_lambda_96"] = r.rolling(96).cov(signed) / relative
    root = np.sign(2 * bq - q) * np.sqrt((2 * bq - q).abs())
    slope = r.rolling(24).cov(root) / root.rolling(24).var()
    f["hasbrouck_lambda_24"] = slope * np.sqrt(q.rolling(24).mean())
    f["trades_ratio_6_48"] = n.rolling(6).mean() / n.rolling(48).mean()
    size = v / n
    f["trade_size_z_24"] = (size - size.rolling(24).mean()) / size.rolling(24).std(ddof=0)
    f["trades_volume_correlation_24"] = talib.CORREL(n, v, 24)
    return f


def shapes(o, h, l, c):
    f = {"body_return_1": np.log(c / o)}
    body, spread, last = c - o, h - l, lambda x, k=1: x.shift(k)
    top, bottom = np.maximum(o, c), np.minimum(o, c)
    sums = lambda x, k: x.rolling(k).sum() / spread.rolling(k).sum()
    for k in [1, 24]:
        f[f"shadow_balance_{k}"] = sums((bottom - l) - (h - top), k)
    f["body_share_24"] = sums(body.abs(), 24)
    f["body_drift_3"], f["body_drift_24"] = sums(body, 3), sums(body, 24)
    f["relative_body_10"] = body.abs() / body.abs().rolling(10).mean()
    common = (np.minimum(top, last(top)) - np.maximum(bottom, last(bottom))).clip(lower=0)
    turned = np.sign(body).where(np.sign(body) * np.sign(last(body)) < 0, 0).where(last(c).notna())
    size = body.abs()
    f["engulfing_1"] = turned * common / last(size)
    smaller = (1 - size / last(size)).clip(lower=0)
    f["harami_1"] = turned * common / size * smaller
    back = c.diff()
    against = np.sign(back) == -np.sign(last(body))
    pierced = np.sign(back) * (back.abs() / last(size)).clip(upper=1)
    f["piercing_1"] = pierced.where(against, 0).where(last(c).notna())
    inside, outside = (h <= last(h)) & (l >= last(l)), (h > last(h)) & (l < last(l))
    f["inside_1"] = (inside.astype(float) - outside).where(last(c).notna())
    common = (np.minimum(h, last(h)) - np.maximum(l, last(l))).clip(lower=0)
    f["range_overlap_1"] = common / (np.maximum(h, last(h)) - np.minimum(l, last(l)))
    f["range_growth_1"] = (spread - last(spread)) / (spread + last(spread))
    for k in [1, 2]:
        above, below = np.log(l / last(h, k)), np.log(h / last(l, k))
        f[f"gap_{k}"] = above.clip(lower=0) + below.clip(upper=0)
    share = body / spread
    f["star_3"] = (share - last(share, 2)) / 2 * (1 - last(share).abs())
    smooth = (o + h + l + c) / 4
    opening = [(o[0] + c[0]) / 2]
    for i in range(1, len(c)):
        opening.append((opening[-1] + smooth[i - 1]) / 2)
    f["heikin_ashi_1"] = np.log(smooth / pd.Series(opening))

    def run(sign):
        length = sign.groupby((sign != sign.shift()).cumsum()).cumcount() + 1
        return (sign * length.clip(upper=10)).where(c.index >= 10)

    f["body_run_10"] = run(np.sign(body).where(c.index > 0, 0))
    up, down = (h > last(h)) & (l > last(l)), (h < last(h)) & (l < last(l))
    f["shift_run_10"] = run(up.astype(float) - down)
    return f


if __name__ == "__main__":
    data = candles()
    table = features(data)
    table.insert(0, "open_time", data["open_time"])
    assert not table.iloc[101:].isna().any().any()
    rows = table.iloc[list(range(0, 120, 3)) + list(range(120, 600, 12))]
    out = HERE.parent / "golden" / "features_btcusdt_1h.csv"
    rows.to_csv(out, index=False, float_format="%.10g")
    print(f"{out}: {len(rows)} rows, {len(rows.columns) - 1} features")
