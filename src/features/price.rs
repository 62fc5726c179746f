//! Returns and where the price stands among its last values.

use crate::market::Candle;

use super::indicator::{Indicator, ratio_or};
use super::number::Number;
use super::of_last::Statistic;
use super::rolling::Extreme;
use super::sample::Sample;

/// Log return from the oldest close to the newest: `ln(C / C[-n])`.
#[derive(Debug)]
pub(super) struct LogReturn;

impl Statistic<1> for LogReturn {
    #[inline(always)]
    fn of<S: Sample>(&self, [closes]: [S; 1]) -> S::Number {
        (closes.newest() / closes.at(0)).map(f64::ln)
    }
}

/// The newest value as a z-score among all; 0 when they are all equal. Of closes it is Bollinger's
/// bands as a number.
#[derive(Debug)]
pub(super) struct ZScore;

impl Statistic<1> for ZScore {
    #[inline(always)]
    fn of<S: Sample>(&self, [values]: [S; 1]) -> S::Number {
        values.z_score()
    }
}

/// Log distance of the close from the highest high: `ln(C / max(H, n))`, 0 or below.
#[derive(Debug)]
pub(super) struct HighDistance;

impl Statistic<2> for HighDistance {
    #[inline(always)]
    fn of<S: Sample>(&self, [closes, highs]: [S; 2]) -> S::Number {
        (closes.newest() / highs.highest()).map(f64::ln)
    }
}

/// Log distance of the close from the lowest low: `ln(C / min(L, n))`, 0 or above.
#[derive(Debug)]
pub(super) struct LowDistance;

impl Statistic<2> for LowDistance {
    #[inline(always)]
    fn of<S: Sample>(&self, [closes, lows]: [S; 2]) -> S::Number {
        (closes.newest() / lows.lowest()).map(f64::ln)
    }
}

/// As [`ChannelPosition`], times a factor.
#[derive(Debug)]
pub(super) struct InChannel(pub(super) f64);

impl Statistic<3> for InChannel {
    #[inline(always)]
    fn of<S: Sample>(&self, [highs, lows, closes]: [S; 3]) -> S::Number {
        let (high, low) = (highs.highest(), lows.lowest());
        S::Number::of(self.0) * (closes.newest() - low).over(high - low, 0.5)
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
