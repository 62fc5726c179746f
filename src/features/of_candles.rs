//! Statistics of numbers that each candle gives, alone or with the candle before it.

use crate::market::Candle;

use super::indicator::{Indicator, ratio_or};
use super::rolling::{Window, correlation};

/// What a candle gives, seen with the one before it; nothing where it needs one and has none.
pub(super) type Value = fn(&Candle, Option<&Candle>) -> Option<f64>;
/// Two numbers that belong together, given as a [`Value`] is.
pub(super) type Pair = fn(&Candle, Option<&Candle>) -> Option<[f64; 2]>;

/// A statistic of the last `lookback` values.
#[derive(Debug)]
pub(super) struct OfCandles {
    last: Option<Candle>,
    value: Value,
    window: Window,
    statistic: fn(&Window) -> f64,
}

impl OfCandles {
    pub(super) fn new(lookback: usize, value: Value, statistic: fn(&Window) -> f64) -> Self {
        Self { last: None, value, window: Window::new(lookback), statistic }
    }
}

impl Indicator for OfCandles {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(*candle);
        let value = (self.value)(candle, last.as_ref())?;
        self.window.push(value).then(|| (self.statistic)(&self.window))
    }
}

/// Ratio of the sums of the last `lookback` pairs' first and second numbers.
#[derive(Debug)]
pub(super) struct SumRatio {
    last: Option<Candle>,
    pair: Pair,
    upper: Window,
    lower: Window,
    otherwise: f64,
}

impl SumRatio {
    /// `otherwise` is the ratio where the second sum is 0.
    pub(super) fn new(lookback: usize, pair: Pair, otherwise: f64) -> Self {
        let window = || Window::new(lookback);
        Self { last: None, pair, upper: window(), lower: window(), otherwise }
    }
}

impl Indicator for SumRatio {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(*candle);
        let [upper, lower] = (self.pair)(candle, last.as_ref())?;
        self.upper.push(upper);
        let full = self.lower.push(lower);
        full.then(|| ratio_or(self.upper.sum(), self.lower.sum(), self.otherwise))
    }
}

/// Pearson correlation of the last `lookback` pairs' numbers; 0 when one of them does not vary.
#[derive(Debug)]
pub(super) struct PairCorrelation {
    last: Option<Candle>,
    pair: Pair,
    first: Window,
    second: Window,
}

impl PairCorrelation {
    pub(super) fn new(lookback: usize, pair: Pair) -> Self {
        let window = || Window::new(lookback);
        Self { last: None, pair, first: window(), second: window() }
    }
}

impl Indicator for PairCorrelation {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(*candle);
        let [first, second] = (self.pair)(candle, last.as_ref())?;
        self.first.push(first);
        self.second.push(second).then(|| correlation(&self.first, &self.second))
    }
}

/// The close.
pub(super) fn close(candle: &Candle, _last: Option<&Candle>) -> Option<f64> {
    Some(candle.close)
}

/// The volume.
pub(super) fn volume(candle: &Candle, _last: Option<&Candle>) -> Option<f64> {
    Some(candle.volume)
}

/// The number of trades.
pub(super) fn trades(candle: &Candle, _last: Option<&Candle>) -> Option<f64> {
    candle.trades.map(|trades| trades as f64)
}

/// `H - L`.
pub(super) fn spread(candle: &Candle, _last: Option<&Candle>) -> Option<f64> {
    Some(candle.high - candle.low)
}

/// `|C - O|`.
pub(super) fn body_size(candle: &Candle, _last: Option<&Candle>) -> Option<f64> {
    Some((candle.close - candle.open).abs())
}

/// The newest value over the mean of all; 1 when all are 0.
pub(super) fn over_mean(window: &Window) -> f64 {
    ratio_or(window.newest(), window.mean(), 1.0)
}

/// The newest value's distance from the mean in standard deviations; 0 when all are equal.
pub(super) fn z_score(window: &Window) -> f64 {
    window.z_score(window.newest())
}

/// Standard deviation over mean; 0 when all are 0.
pub(super) fn variation(window: &Window) -> f64 {
    ratio_or(window.deviation(0), window.mean(), 0.0)
}

/// Share of the values that are not above the newest one, ties counted half: its average rank over
/// the number of values.
pub(super) fn rank(window: &Window) -> f64 {
    let newest = window.newest();
    let below = window.iter().filter(|&value| value < newest).count() as f64;
    let equal = window.iter().filter(|&value| value == newest).count() as f64;
    (below + f64::midpoint(equal, 1.0)) / window.count()
}

/// Bollinger's %b with two deviations: `(C - lower) / (upper - lower)`; one half without width.
pub(super) fn bollinger_position(closes: &Window) -> f64 {
    0.5 + z_score(closes) / 4.0
}

/// Mean of the last 6 values over that of all; 1 when all are 0.
pub(super) fn last_6_over_all(window: &Window) -> f64 {
    ratio_or(window.sum_of_last(6) / 6.0, window.sum() / window.count(), 1.0)
}
