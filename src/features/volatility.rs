//! How much the price moves: from closes, and from what the returns' distribution looks like.

use std::f64::consts::FRAC_PI_2;

use crate::market::Candle;

use super::indicator::{CloseReturn, Indicator, not_negative, ratio_or};
use super::rolling::{Window, total, total_of_steps};
use super::smoothing::ExponentialMean;

/// A statistic of the last log returns.
#[derive(Debug)]
pub(super) struct OfReturns {
    returns: CloseReturn,
    window: Window,
    statistic: fn(&Window) -> f64,
}

impl OfReturns {
    pub(super) fn new(lookback: usize, statistic: fn(&Window) -> f64) -> Self {
        Self { returns: CloseReturn::default(), window: Window::new(lookback), statistic }
    }
}

impl Indicator for OfReturns {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let value = self.returns.update(candle)?;
        self.window.push(value).then(|| (self.statistic)(&self.window))
    }
}

/// Sample standard deviation of the returns, a candle.
pub(super) fn close_to_close(returns: &Window) -> f64 {
    returns.deviation(1)
}

/// Share of the falls in the sum of squares: `sum min(r, 0)^2 / sum r^2`; one half without moves.
pub(super) fn downside_share(returns: &Window) -> f64 {
    let falls = total(returns.values(), |r| r.min(0.0).powi(2));
    ratio_or(falls, returns.deviations(0.0, 2), 0.5)
}

/// Share of the sum of squares that comes from jumps: `max(0, 1 - BV / RV)`, with
/// `BV = pi/2 * n/(n-1) * sum |r[i]| |r[i-1]|` and `RV = sum r^2`; 0 without moves.
pub(super) fn jump_share(returns: &Window) -> f64 {
    let products = total_of_steps(returns, |a, b| (a * b).abs());
    let bipower = FRAC_PI_2 * returns.count() / (returns.count() - 1.0) * products;
    not_negative(1.0 - ratio_or(bipower, returns.deviations(0.0, 2), 1.0))
}

/// Sample skewness `G1 = sqrt(n (n-1)) / (n-2) * m3 / m2^1.5`; 0 without deviation.
pub(super) fn skewness(returns: &Window) -> f64 {
    let (n, mean) = (returns.count(), returns.mean());
    let second = returns.deviations(mean, 2) / n;
    let third = returns.deviations(mean, 3) / n;
    (n * (n - 1.0)).sqrt() / (n - 2.0) * ratio_or(third, second.powf(1.5), 0.0)
}

/// Sample excess kurtosis `G2 = (n-1) / ((n-2)(n-3)) * ((n+1) m4 / m2^2 - 3 (n-1))`; 0 without
/// deviation.
pub(super) fn kurtosis(returns: &Window) -> f64 {
    let (n, mean) = (returns.count(), returns.mean());
    let second = returns.deviations(mean, 2) / n;
    let fourth = returns.deviations(mean, 4) / n;
    if second * second == 0.0 {
        return 0.0;
    }
    let ratio = fourth / (second * second);
    (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * ratio - 3.0 * (n - 1.0))
}

/// Autocorrelation of the returns at lag 1: `sum (r[i] - m)(r[i-1] - m) / sum (r - m)^2`; 0 without
/// deviation.
pub(super) fn autocorrelation(returns: &Window) -> f64 {
    let mean = returns.mean();
    let products = total_of_steps(returns, |a, b| (a - mean) * (b - mean));
    ratio_or(products, returns.deviations(mean, 2), 0.0)
}

/// Short over long close-to-close volatility, both root mean squares of log returns; 1 when the
/// price stood still.
#[derive(Debug)]
pub(super) struct VolatilityRatio {
    short: usize,
    returns: CloseReturn,
    window: Window,
}

impl VolatilityRatio {
    pub(super) fn new(short: usize, long: usize) -> Self {
        Self { short, returns: CloseReturn::default(), window: Window::new(long) }
    }
}

impl Indicator for VolatilityRatio {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let value = self.returns.update(candle)?;
        self.window.push(value).then(|| {
            let short = total(self.window.tail(self.short), |r| r * r);
            let long = self.window.deviations(0.0, 2);
            ratio_or(short / self.short as f64, long / self.window.count(), 1.0).sqrt()
        })
    }
}

/// Exponentially weighted volatility a candle: root of the exponential mean of squared log returns,
/// weight `2 / (n + 1)`, begun with the plain mean of the first n.
#[derive(Debug)]
pub(super) struct EwmaVolatility {
    returns: CloseReturn,
    square: ExponentialMean,
}

impl EwmaVolatility {
    pub(super) fn new(lookback: usize) -> Self {
        Self { returns: CloseReturn::default(), square: ExponentialMean::new(lookback) }
    }
}

impl Indicator for EwmaVolatility {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let value = self.returns.update(candle)?;
        self.square.update(value * value).map(f64::sqrt)
    }
}

/// Width of Bollinger's bands: `4 * deviation / mean` of the last closes.
#[derive(Debug)]
pub(super) struct BollingerWidth {
    closes: Window,
}

impl BollingerWidth {
    pub(super) fn new(lookback: usize) -> Self {
        Self { closes: Window::new(lookback) }
    }
}

impl Indicator for BollingerWidth {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let full = self.closes.push(candle.close);
        full.then(|| 4.0 * self.closes.deviation(0) / self.closes.mean())
    }
}
