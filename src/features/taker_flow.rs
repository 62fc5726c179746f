//! What takers' sides say together with returns and over time.

use crate::market::Candle;

use super::indicator::{CloseReturn, Indicator, ratio_or};
use super::rolling::{Window, slope};

/// Taker imbalance of the candle, `2 B / V - 1`; 0 without volume.
pub(super) fn imbalance(candle: &Candle, _last: Option<&Candle>) -> Option<f64> {
    Some(ratio_or(2.0 * candle.taker_buy_volume? - candle.volume, candle.volume, 0.0))
}

/// `|2 B - V|` and `V`.
pub(super) fn toxicity(candle: &Candle, _last: Option<&Candle>) -> Option<[f64; 2]> {
    Some([(2.0 * candle.taker_buy_volume? - candle.volume).abs(), candle.volume])
}

/// `r` and the taker imbalance.
pub(super) fn return_and_imbalance(candle: &Candle, last: Option<&Candle>) -> Option<[f64; 2]> {
    Some([(candle.close / last?.close).ln(), imbalance(candle, None)?])
}

/// `N` and `V`.
pub(super) fn trades_and_volume(candle: &Candle, _last: Option<&Candle>) -> Option<[f64; 2]> {
    Some([candle.trades? as f64, candle.volume])
}

/// Mean trade size `V / N`; 0 without trades.
pub(super) fn trade_size(candle: &Candle, _last: Option<&Candle>) -> Option<f64> {
    Some(ratio_or(candle.volume, candle.trades? as f64, 0.0))
}

/// Taker imbalance of the last `short` candles less that of the last `long`.
#[derive(Debug)]
pub(super) struct ImbalanceShift {
    short: usize,
    signed: Window,
    volumes: Window,
}

impl ImbalanceShift {
    pub(super) fn new(short: usize, long: usize) -> Self {
        Self { short, signed: Window::new(long), volumes: Window::new(long) }
    }
}

impl Indicator for ImbalanceShift {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.signed.push(2.0 * candle.taker_buy_volume? - candle.volume);
        if !self.volumes.push(candle.volume) {
            return None;
        }
        let short: f64 = self.signed.sum_of_last(self.short);
        let short = ratio_or(short, self.volumes.sum_of_last(self.short), 0.0);
        Some(short - ratio_or(self.signed.sum(), self.volumes.sum(), 0.0))
    }
}

/// Hasbrouck's price impact: least-squares slope of the last log returns on
/// `S = sign(2 BQ - Q) sqrt(|2 BQ - Q|)`, times `sqrt(mean Q)`: the return that goes with a one-sided
/// candle of the usual size; 0 when S does not vary.
#[derive(Debug)]
pub(super) struct HasbrouckLambda {
    returns: CloseReturn,
    window: Window,
    signed: Window,
    volumes: Window,
}

impl HasbrouckLambda {
    pub(super) fn new(lookback: usize) -> Self {
        let window = || Window::new(lookback);
        let (window, signed, volumes) = (window(), window(), window());
        Self { returns: CloseReturn::default(), window, signed, volumes }
    }
}

impl Indicator for HasbrouckLambda {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let value = self.returns.update(candle)?;
        let volume = candle.quote_volume?;
        let signed = 2.0 * candle.taker_buy_quote_volume? - volume;
        self.signed.push(signed.abs().sqrt().copysign(signed));
        self.volumes.push(volume);
        let full = self.window.push(value);
        full.then(|| slope(&self.signed, &self.window) * self.volumes.mean().sqrt())
    }
}
