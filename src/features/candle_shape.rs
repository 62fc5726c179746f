//! The shape of single candles and of runs of them.

use crate::market::Candle;

use super::indicator::{Indicator, ratio_or};

/// A feature of one candle alone.
#[derive(Debug)]
pub(super) struct OfCandle(pub(super) fn(&Candle) -> f64);

impl Indicator for OfCandle {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        Some((self.0)(candle))
    }
}

/// Body over range: `(C - O) / (H - L)`, -1 to 1; 0 without range.
pub(super) fn body(candle: &Candle) -> f64 {
    ratio_or(candle.close - candle.open, candle.high - candle.low, 0.0)
}

/// Upper shadow over range: `(H - max(O, C)) / (H - L)`, 0 to 1; 0 without range.
pub(super) fn upper_shadow(candle: &Candle) -> f64 {
    ratio_or(candle.high - candle.open.max(candle.close), candle.high - candle.low, 0.0)
}

/// Lower shadow over range: `(min(O, C) - L) / (H - L)`, 0 to 1; 0 without range.
pub(super) fn lower_shadow(candle: &Candle) -> f64 {
    ratio_or(candle.open.min(candle.close) - candle.low, candle.high - candle.low, 0.0)
}

/// Chaikin's close location value: `((C - L) - (H - C)) / (H - L)`, -1 to 1; 0 without range.
pub(super) fn close_location(candle: &Candle) -> f64 {
    let Candle { high, low, close, .. } = *candle;
    ratio_or((close - low) - (high - close), high - low, 0.0)
}

/// Log range: `ln(H / L)`.
pub(super) fn range(candle: &Candle) -> f64 {
    (candle.high / candle.low).ln()
}

/// Log jump from the last close to the open: `ln(O / C[-1])`.
#[derive(Debug, Default)]
pub(super) struct OpenJump {
    last: Option<f64>,
}

impl Indicator for OpenJump {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(candle.close)?;
        Some((candle.open / last).ln())
    }
}

/// Number of closes in a row, at most `lookback`, that rose (above 0) or fell (below 0); an equal
/// close starts anew at 0.
#[derive(Debug)]
pub(super) struct Streak {
    lookback: usize,
    moves: std::collections::VecDeque<i8>,
    last: Option<f64>,
}

impl Streak {
    pub(super) fn new(lookback: usize) -> Self {
        Self { lookback, moves: std::collections::VecDeque::new(), last: None }
    }
}

impl Indicator for Streak {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(candle.close)?;
        let moved = i8::from(candle.close > last) - i8::from(candle.close < last);
        if self.moves.len() == self.lookback {
            self.moves.pop_front();
        }
        self.moves.push_back(moved);
        if self.moves.len() < self.lookback {
            return None;
        }
        let length = self.moves.iter().rev().take_while(|&&other| other == moved).count();
        Some(f64::from(moved) * length as f64)
    }
}
