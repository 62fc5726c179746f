//! Bounded measures of how far and how one-sidedly the price has moved.

use crate::market::Candle;

use super::indicator::{Indicator, ratio_or, true_range, typical_price};
use super::price::ChannelPosition;
use super::rolling::{Window, total};
use super::smoothing::ExponentialMean;

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

/// Lane's stochastic %K: place of the close between the lowest low and the highest high, 0 to 100;
/// 50 when they are equal.
#[derive(Debug)]
pub(super) struct StochasticK {
    position: ChannelPosition,
}

impl StochasticK {
    pub(super) fn new(lookback: usize) -> Self {
        Self { position: ChannelPosition::new(lookback) }
    }
}

impl Indicator for StochasticK {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.position.update(candle).map(|position| 100.0 * position)
    }
}

/// Lane's stochastic %D: mean of the last values of %K.
#[derive(Debug)]
pub(super) struct StochasticD {
    k: StochasticK,
    window: Window,
}

impl StochasticD {
    pub(super) fn new(lookback: usize, smoothing: usize) -> Self {
        Self { k: StochasticK::new(lookback), window: Window::new(smoothing) }
    }
}

impl Indicator for StochasticD {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let k = self.k.update(candle)?;
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
pub(super) struct Cci {
    prices: Window,
}

impl Cci {
    pub(super) fn new(lookback: usize) -> Self {
        Self { prices: Window::new(lookback) }
    }
}

impl Indicator for Cci {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let price = typical_price(candle);
        self.prices.push(price).then(|| {
            let mean = self.prices.mean();
            let absolute = total(self.prices.values(), |value| (value - mean).abs());
            ratio_or(price - mean, 0.015 * absolute / self.prices.count(), 0.0)
        })
    }
}

/// Williams's ultimate oscillator: buying pressure over true range of three lookbacks, weighted 4,
/// 2, 1; 0 to 100, a lookback without any range counts as one half.
#[derive(Debug)]
pub(super) struct Ultimate {
    lookbacks: [usize; 3],
    last: Option<f64>,
    pressure: Window,
    range: Window,
}

impl Ultimate {
    /// Lookbacks from the shortest to the longest.
    pub(super) fn new(lookbacks: [usize; 3]) -> Self {
        let window = || Window::new(lookbacks[2]);
        Self { lookbacks, last: None, pressure: window(), range: window() }
    }
}

impl Indicator for Ultimate {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(candle.close)?;
        self.pressure.push(candle.close - candle.low.min(last));
        if !self.range.push(true_range(candle, last)) {
            return None;
        }
        let [short, middle, long] = self.lookbacks.map(|lookback| {
            let pressure = self.pressure.sum_of_last(lookback);
            ratio_or(pressure, self.range.sum_of_last(lookback), 0.5)
        });
        Some(100.0 * (4.0 * short + 2.0 * middle + long) / 7.0)
    }
}
