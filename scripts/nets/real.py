"""Cells of real data: candle nets on two intervals of three symbols, book nets on recorded books."""

from pathlib import Path

from nets.cells import Cell
from nets.sizes import BOOKS, CANDLES

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
# Of each interval: its context, horizon, and two folds of about 8,700 training rows each.
INTERVALS = {
    "1h": ("4h", 6, "first_test: 2024-10-01, train: { kind: sliding, length: 365d }, "
                    "valid: 60d, test: 180d"),
    "15m": ("1h", 4, "first_test: 2025-06-01, train: { kind: sliding, length: 90d }, "
                     "valid: 20d, test: 60d"),
}
CANDLE_CONFIG = """
name: bench-nets
data: {{ symbols: [{symbol}], interval: {interval}, context: [{context}] }}
features:
  include: [log_return_1, log_return_6, return_z_24, close_z_50, ema_distance_26, rsi_14,
            channel_position_48, close_volatility_24, volatility_ratio_6_48, volume_z_24,
            taker_imbalance_6, range_1]
  context: [log_return_1, rsi_14, close_volatility_24]
labels: {{ horizon: {horizon}, direction: {{ rule: quantile, lower: 0.3333, upper: 0.6667 }} }}
folds: {{ scheme: walk_forward, {folds}, max_folds: 2 }}
window: 24
net: {net}
heads: {{ volatility: {{ loss: qlike }} }}
training:
  batch_size: 128
  epochs: 4
  learning_rate: 0.002
  warmup_steps: 50
  early_stopping: {{ monitor: valid_log_loss, patience: 2 }}
"""

BOOK_MARKETS = {
    "spot BTCUSDT": ("spot", "BTCUSDT", "spot_btcusdt"),
    "COIN-M BTCUSD_PERP": ("coin_m", "BTCUSD_PERP", "cm_btcusd_perp"),
}
BOOK_CONFIG = """
name: bench-nets
data: {{ market: {market}, symbols: [{symbol}], interval: 1s, candles: trades }}
features:
  include: [log_return_1, close_volatility_6, microprice, book_imbalance_top5, book_flow_top5,
            mid_return, trade_imbalance_1]
  book_levels: 10
labels: {{ horizon: 5, direction: {{ rule: volatility_scaled, multiple: 0.5 }} }}
folds:
  {{ scheme: walk_forward, first_test: 2024-08-09T00:00:30Z, test: 120s, valid: 60s, max_folds: 2 }}
window: 24
net: {net}
heads: {{ volatility: {{ loss: qlike }} }}
training:
  batch_size: 64
  epochs: 8
  learning_rate: 0.002
  warmup_steps: 5
  weight_decay: 0.05
  early_stopping: {{ monitor: valid_log_loss, patience: 3 }}
backtest: {{ costs: {{ fee: 0.001, half_spread: 0.0000001 }} }}
"""


def candle_cells(data, name):
    """One cell a symbol and interval for the candle net `name`."""
    ingest = (("archive", str(Path(data, "binance/spot/monthly/klines"))),)
    return [candle_cell(ingest, name, symbol, interval) for interval in INTERVALS for symbol in SYMBOLS]


def candle_cell(ingest, name, symbol, interval):
    context, horizon, folds = INTERVALS[interval]
    config = CANDLE_CONFIG.format(
        symbol=symbol, interval=interval, context=context, horizon=horizon, folds=folds,
        net=CANDLES[name],
    )
    return Cell(f"real/{symbol} {interval}/{name}", config, ingest)


def book_cells(data, name):
    """One cell a recorded market for the book net `name`."""
    cells = []
    for title, (market, symbol, file) in BOOK_MARKETS.items():
        files = [str(Path(data, f"binance/recorded/{file}_{day}.jsonl.gz")) for day in (20240808, 20240809)]
        ingest = (("recorded", "--market", market, "--set", "books.every_ms=100", *files),)
        config = BOOK_CONFIG.format(market=market, symbol=symbol, net=BOOKS[name])
        cells.append(Cell(f"real/{title}/{name}", config, ingest))
    return cells


def cells_of(data, name):
    return candle_cells(data, name) if name in CANDLES else book_cells(data, name)


def markets():
    """The tables of the real data: title, and the nets in them."""
    candles = [(f"{symbol} {interval}", list(CANDLES)) for interval in INTERVALS for symbol in SYMBOLS]
    return candles + [(title, list(BOOKS)) for title in BOOK_MARKETS]
