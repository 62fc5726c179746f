//! Bounded measures of how far and how one-sidedly the price has moved.

use crate::market::Candle;

use super::indicator::{Indicator, ratio_or};
use super::number::Number;
use super::of_last::{OfLast, Statistic};
use super::price::ChannelPosition;
use super::rolling::Window;
use super::sample::Sample;
use super::smoothing::ExponentialMean;
use super::source::Source;

/// Wilder's relative strength index: `100 * gain / (gain + loss)` of Wilder's means of the rises and
/// the falls of the close; 50 when the price never moved.
#[derive(Debug)]
pub(super) struct Rsi {
    last: Option<f64>,
    gain: ExponentialMean,
    loss: ExponentialMean,
}

impl Rsi {
    pub(super) fn new(lookback: usize) -> Self {
        let mean = || ExponentialMean::wilder(lookback);
        Self { last: None, gain: mean(), loss: mean() }
    }

    /// The same of any series of values.
    pub(super) fn of(&mut self, value: f64) -> Option<f64> {
        let change = value - self.last.replace(value)?;
        let gain = self.gain.update(change.max(0.0));
        let loss = self.loss.update((-change).max(0.0));
        let (gain, loss) = (gain?, loss?);
        Some(100.0 * ratio_or(gain, gain + loss, 0.5))
    }
}

impl Indicator for Rsi {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.of(candle.close)
    }
}

/// Lane's stochastic %D: mean of the last values of %K, which is 100 times the place of the close
/// between the lowest low and the highest high.
#[derive(Debug)]
pub(super) struct StochasticD {
    position: ChannelPosition,
    window: Window,
}

impl StochasticD {
    pub(super) fn new(lookback: usize, smoothing: usize) -> Self {
        Self { position: ChannelPosition::new(lookback), window: Window::new(smoothing) }
    }
}

impl Indicator for StochasticD {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let k = 100.0 * self.position.update(candle)?;
        self.window.push(k).then(|| self.window.mean())
    }
}

/// Stochastic of the relative strength index: its place between its own lowest and highest value, 0
/// to 100; 50 when they are equal.
#[derive(Debug)]
pub(super) struct StochasticRsi {
    rsi: Rsi,
    position: ChannelPosition,
}

impl StochasticRsi {
    pub(super) fn new(lookback: usize) -> Self {
        Self { rsi: Rsi::new(lookback), position: ChannelPosition::new(lookback) }
    }
}

impl Indicator for StochasticRsi {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let rsi = self.rsi.update(candle)?;
        self.position.position(rsi, rsi, rsi).map(|position| 100.0 * position)
    }
}

/// Lambert's commodity channel index: `(TP - mean) / (0.015 * mean absolute deviation)` of the last
/// typical prices; 0 when they are all equal.
#[derive(Debug)]
pub(super) struct Cci;

impl Statistic<1> for Cci {
    #[inline(always)]
    fn of<S: Sample>(&self, [prices]: [S; 1]) -> S::Number {
        let mean = prices.mean();
        let absolute = prices.total(|value| (value - mean).abs());
        let scale = S::Number::of(0.015) * absolute / prices.count();
        (prices.newest() - mean).over(scale, 0.0)
    }
}

/// Williams's ultimate oscillator: buying pressure over true range of three lookbacks, weighted 4,
/// 2, 1; 0 to 100, a lookback without any range counts as one half.
#[derive(Debug)]
pub(super) struct Ultimate {
    /// From the shortest to the longest.
    lookbacks: [usize; 3],
}

impl Ultimate {
    /// Lookbacks from the shortest to the longest.
    pub(super) fn over(lookbacks: [usize; 3]) -> OfLast<2, Self> {
        OfLast::new(lookbacks[2], [Source::Pressure, Source::TrueRange], Self { lookbacks })
    }
}

impl Statistic<2> for Ultimate {
    #[inline(always)]
    fn of<S: Sample>(&self, [pressure, range]: [S; 2]) -> S::Number {
        let number = S::Number::of;
        let [short, middle, long] = self.lookbacks;
        let (short, middle) = (share(pressure, range, short), share(pressure, range, middle));
        let long = share(pressure, range, long);
        number(100.0) * (number(4.0) * short + number(2.0) * middle + long) / number(7.0)
    }
}

/// The last `lookback` pressures over the ranges they came with; one half without range.
#[inline(always)]
fn share<S: Sample>(pressure: S, range: S, lookback: usize) -> S::Number {
    pressure.tail(lookback).sum().over(range.tail(lookback).sum(), 0.5)
}
