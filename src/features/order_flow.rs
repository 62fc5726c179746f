//! Who took liquidity, in how many trades and of what size.

use crate::market::Candle;

use super::indicator::{CloseReturn, Indicator, inside_range, ratio_or};
use super::rolling::{Window, slope};

/// Taker imbalance: `sum (2 taker buys - V) / sum V` over the last candles, -1 (all sold) to 1; 0
/// without volume.
#[derive(Debug)]
pub(super) struct TakerImbalance {
    signed: Window,
    volumes: Window,
}

impl TakerImbalance {
    pub(super) fn new(lookback: usize) -> Self {
        Self { signed: Window::new(lookback), volumes: Window::new(lookback) }
    }
}

impl Indicator for TakerImbalance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.signed.push(2.0 * candle.taker_buy_volume? - candle.volume);
        let full = self.volumes.push(candle.volume);
        full.then(|| ratio_or(self.signed.sum(), self.volumes.sum(), 0.0))
    }
}

/// The candle's taker imbalance as a z-score among the last ones; 0 when they are all equal.
#[derive(Debug)]
pub(super) struct TakerImbalanceZ {
    imbalances: Window,
}

impl TakerImbalanceZ {
    pub(super) fn new(lookback: usize) -> Self {
        Self { imbalances: Window::new(lookback) }
    }
}

impl Indicator for TakerImbalanceZ {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let signed = 2.0 * candle.taker_buy_volume? - candle.volume;
        let imbalance = ratio_or(signed, candle.volume, 0.0);
        self.imbalances.push(imbalance).then(|| self.imbalances.z_score(imbalance))
    }
}

/// Kyle's lambda: least-squares slope of the last log returns on `(2 taker buys - V) / mean V`; 0
/// when the flow does not vary.
#[derive(Debug)]
pub(super) struct KyleLambda {
    returns: CloseReturn,
    window: Window,
    signed: Window,
    volumes: Window,
}

impl KyleLambda {
    pub(super) fn new(lookback: usize) -> Self {
        let window = || Window::new(lookback);
        let (window, signed, volumes) = (window(), window(), window());
        Self { returns: CloseReturn::default(), window, signed, volumes }
    }
}

impl Indicator for KyleLambda {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let value = self.returns.update(candle)?;
        self.signed.push(2.0 * candle.taker_buy_volume? - candle.volume);
        self.volumes.push(candle.volume);
        let full = self.window.push(value);
        // The slope on the flow in base currency, times the mean volume, is that on relative flow.
        full.then(|| slope(&self.signed, &self.window) * self.volumes.mean())
    }
}

/// What taker buyers paid above taker sellers: `(buy quote / buys) / (sell quote / sells) - 1`; 0
/// when a side is absent.
///
/// Both mean prices are held inside the candle's range: the sold part is a difference of two
/// rounded numbers.
#[derive(Debug, Default)]
pub(super) struct TakerPremium;

impl Indicator for TakerPremium {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let bought = candle.taker_buy_volume?;
        let bought_quote = candle.taker_buy_quote_volume?;
        let sold = candle.volume - bought;
        let sold_quote = candle.quote_volume? - bought_quote;
        if bought <= 0.0 || sold <= 0.0 {
            return Some(0.0);
        }
        let mean_price = |quote: f64, base: f64| inside_range(quote / base, candle);
        Some(mean_price(bought_quote, bought) / mean_price(sold_quote, sold) - 1.0)
    }
}

/// Number of trades over the mean of the last ones; 1 without trades.
#[derive(Debug)]
pub(super) struct RelativeTrades {
    trades: Window,
}

impl RelativeTrades {
    pub(super) fn new(lookback: usize) -> Self {
        Self { trades: Window::new(lookback) }
    }
}

impl Indicator for RelativeTrades {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let trades = candle.trades? as f64;
        self.trades.push(trades).then(|| ratio_or(trades, self.trades.mean(), 1.0))
    }
}

/// Number of trades as a z-score among the last ones; 0 when they are all equal.
#[derive(Debug)]
pub(super) struct TradesZ {
    trades: Window,
}

impl TradesZ {
    pub(super) fn new(lookback: usize) -> Self {
        Self { trades: Window::new(lookback) }
    }
}

impl Indicator for TradesZ {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let trades = candle.trades? as f64;
        self.trades.push(trades).then(|| self.trades.z_score(trades))
    }
}

/// Mean trade size of the candle over that of the last ones: `(V / N) / (sum V / sum N)`; 1 when the
/// candle or all of them have no trade.
#[derive(Debug)]
pub(super) struct TradeSize {
    volumes: Window,
    trades: Window,
}

impl TradeSize {
    pub(super) fn new(lookback: usize) -> Self {
        Self { volumes: Window::new(lookback), trades: Window::new(lookback) }
    }
}

impl Indicator for TradeSize {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let trades = candle.trades? as f64;
        self.volumes.push(candle.volume);
        if !self.trades.push(trades) {
            return None;
        }
        let usual = ratio_or(self.volumes.sum(), self.trades.sum(), 0.0);
        Some(if trades == 0.0 { 1.0 } else { ratio_or(candle.volume / trades, usual, 1.0) })
    }
}
