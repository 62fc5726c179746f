//! Returns and where the price stands among its last values.

use crate::market::Candle;

use super::indicator::{CloseReturn, Indicator, ratio_or};
use super::rolling::{Extreme, Window};

/// Log return over `lookback` candles: `ln(C / C[-n])`.
#[derive(Debug)]
pub(super) struct LogReturn {
    closes: Window,
}

impl LogReturn {
    pub(super) fn new(lookback: usize) -> Self {
        Self { closes: Window::new(lookback + 1) }
    }
}

impl Indicator for LogReturn {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.closes.push(candle.close).then(|| (candle.close / self.closes.oldest()).ln())
    }
}

/// The last log return as a z-score among the last `lookback`; 0 when they are all equal.
#[derive(Debug)]
pub(super) struct ReturnZ {
    returns: CloseReturn,
    window: Window,
}

impl ReturnZ {
    pub(super) fn new(lookback: usize) -> Self {
        Self { returns: CloseReturn::default(), window: Window::new(lookback) }
    }
}

impl Indicator for ReturnZ {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let value = self.returns.update(candle)?;
        self.window.push(value).then(|| self.window.z_score(value))
    }
}

/// The close as a z-score among the last `lookback` closes (Bollinger's bands as a number); 0 when
/// they are all equal.
#[derive(Debug)]
pub(super) struct CloseZ {
    closes: Window,
}

impl CloseZ {
    pub(super) fn new(lookback: usize) -> Self {
        Self { closes: Window::new(lookback) }
    }
}

impl Indicator for CloseZ {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.closes.push(candle.close).then(|| self.closes.z_score(candle.close))
    }
}

/// Log distance of the close from the highest high: `ln(C / max(H, n))`, 0 or below.
#[derive(Debug)]
pub(super) struct HighDistance {
    highest: Extreme,
}

impl HighDistance {
    pub(super) fn new(lookback: usize) -> Self {
        Self { highest: Extreme::highest(lookback) }
    }
}

impl Indicator for HighDistance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.highest.update(candle.high).map(|(high, _)| (candle.close / high).ln())
    }
}

/// Log distance of the close from the lowest low: `ln(C / min(L, n))`, 0 or above.
#[derive(Debug)]
pub(super) struct LowDistance {
    lowest: Extreme,
}

impl LowDistance {
    pub(super) fn new(lookback: usize) -> Self {
        Self { lowest: Extreme::lowest(lookback) }
    }
}

impl Indicator for LowDistance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.lowest.update(candle.low).map(|(low, _)| (candle.close / low).ln())
    }
}

/// Place of the close in the Donchian channel: `(C - min(L, n)) / (max(H, n) - min(L, n))`; one
/// half when the channel has no width.
#[derive(Debug)]
pub(super) struct ChannelPosition {
    highest: Extreme,
    lowest: Extreme,
}

impl ChannelPosition {
    pub(super) fn new(lookback: usize) -> Self {
        Self { highest: Extreme::highest(lookback), lowest: Extreme::lowest(lookback) }
    }

    /// The same of any value with its own high and low.
    pub(super) fn position(&mut self, high: f64, low: f64, value: f64) -> Option<f64> {
        let high = self.highest.update(high);
        let low = self.lowest.update(low);
        let ((high, _), (low, _)) = (high?, low?);
        Some(ratio_or(value - low, high - low, 0.5))
    }
}

impl Indicator for ChannelPosition {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.position(candle.high, candle.low, candle.close)
    }
}
