//! How much the price moves: from closes, and from what the returns' distribution looks like.

use std::f64::consts::FRAC_PI_2;

use crate::market::Candle;

use super::indicator::{CloseReturn, Indicator, marked};
use super::number::Number;
use super::of_last::Statistic;
use super::rolling::Window;
use super::sample::Sample;
use super::smoothing::ExponentialMean;
use super::source::{Columns, Source};

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

    fn sources(&self) -> &[Source] {
        &[Source::Return]
    }

    fn fold(&mut self, columns: &Columns<'_>, values: &mut [f32]) {
        for (value, r) in values.iter_mut().zip(self.returns.fold(columns)) {
            let full = r.is_some_and(|r| self.window.push(r));
            *value = marked(full.then(|| (self.statistic)(&self.window)));
        }
    }
}

/// Sample standard deviation of the returns, a candle.
#[derive(Debug)]
pub(super) struct CloseToClose;

impl Statistic<1> for CloseToClose {
    #[inline(always)]
    fn of<S: Sample>(&self, [returns]: [S; 1]) -> S::Number {
        returns.deviation(1)
    }
}

/// Share of the falls in the sum of squares: `sum min(r, 0)^2 / sum r^2`; one half without moves.
#[derive(Debug)]
pub(super) struct DownsideShare;

impl Statistic<1> for DownsideShare {
    #[inline(always)]
    fn of<S: Sample>(&self, [returns]: [S; 1]) -> S::Number {
        let fall = |r: S::Number| r.lower(S::Number::of(0.0));
        returns.total(|r| fall(r) * fall(r)).over(returns.total(|r| r * r), 0.5)
    }
}

/// Share of the sum of squares that comes from jumps: `max(0, 1 - BV / RV)`, with
/// `BV = pi/2 * n/(n-1) * sum |r[i]| |r[i-1]|` and `RV = sum r^2`; 0 without moves.
#[derive(Debug)]
pub(super) struct JumpShare;

impl Statistic<1> for JumpShare {
    #[inline(always)]
    fn of<S: Sample>(&self, [returns]: [S; 1]) -> S::Number {
        let n = returns.length() as f64;
        let products = returns.total_of_steps(|a, b| (a * b).abs());
        let bipower = S::Number::of(FRAC_PI_2 * n / (n - 1.0)) * products;
        let share = bipower.over(returns.total(|r| r * r), 1.0);
        (S::Number::of(1.0) - share).not_negative()
    }
}

/// Sample skewness `G1 = sqrt(n (n-1)) / (n-2) * m3 / m2^1.5`; 0 without deviation.
#[derive(Debug)]
pub(super) struct Skewness;

impl Statistic<1> for Skewness {
    #[inline(always)]
    fn of<S: Sample>(&self, [returns]: [S; 1]) -> S::Number {
        let (n, mean) = (returns.length() as f64, returns.mean());
        let second = returns.squares(mean) / returns.count();
        let cube = |r| (r - mean) * ((r - mean) * (r - mean));
        let third = returns.total(cube) / returns.count();
        let factor = (n * (n - 1.0)).sqrt() / (n - 2.0);
        S::Number::of(factor) * third.over(second.map(|second| second.powf(1.5)), 0.0)
    }
}

/// Sample excess kurtosis `G2 = (n-1) / ((n-2)(n-3)) * ((n+1) m4 / m2^2 - 3 (n-1))`; 0 without
/// deviation.
#[derive(Debug)]
pub(super) struct Kurtosis;

impl Statistic<1> for Kurtosis {
    #[inline(always)]
    fn of<S: Sample>(&self, [returns]: [S; 1]) -> S::Number {
        let (n, mean) = (returns.length() as f64, returns.mean());
        let second = returns.squares(mean) / returns.count();
        let square = |r| (r - mean) * (r - mean);
        let fourth = returns.total(|r| square(r) * square(r)) / returns.count();
        let ratio = fourth.over(second * second, f64::NAN);
        let factor = (n - 1.0) / ((n - 2.0) * (n - 3.0));
        // A ratio that is not there is a market that stood still.
        let unbiased = |ratio| factor * ((n + 1.0) * ratio - 3.0 * (n - 1.0));
        ratio.map(|ratio: f64| if ratio.is_nan() { 0.0 } else { unbiased(ratio) })
    }
}

/// Autocorrelation of the returns at lag 1: `sum (r[i] - m)(r[i-1] - m) / sum (r - m)^2`; 0 without
/// deviation.
#[derive(Debug)]
pub(super) struct Autocorrelation;

impl Statistic<1> for Autocorrelation {
    #[inline(always)]
    fn of<S: Sample>(&self, [returns]: [S; 1]) -> S::Number {
        let mean = returns.mean();
        let products = returns.total_of_steps(|a, b| (a - mean) * (b - mean));
        products.over(returns.squares(mean), 0.0)
    }
}

/// [`Autocorrelation`] of whatever a window holds.
pub(super) fn autocorrelation(window: &Window) -> f64 {
    Autocorrelation.of([window.values()])
}

/// Short over long close-to-close volatility, both root mean squares of log returns; 1 when the
/// price stood still.
#[derive(Debug)]
pub(super) struct VolatilityRatio {
    pub(super) short: usize,
}

impl Statistic<1> for VolatilityRatio {
    #[inline(always)]
    fn of<S: Sample>(&self, [returns]: [S; 1]) -> S::Number {
        let short = returns.tail(self.short).total(|r| r * r) / S::Number::of(self.short as f64);
        let long = returns.total(|r| r * r) / returns.count();
        short.over(long, 1.0).sqrt()
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

    fn sources(&self) -> &[Source] {
        &[Source::Return]
    }

    fn fold(&mut self, columns: &Columns<'_>, values: &mut [f32]) {
        for (value, r) in values.iter_mut().zip(self.returns.fold(columns)) {
            *value = marked(r.and_then(|r| self.square.update(r * r)).map(f64::sqrt));
        }
    }
}

/// Width of Bollinger's bands: `4 * deviation / mean` of the last closes.
#[derive(Debug)]
pub(super) struct BollingerWidth;

impl Statistic<1> for BollingerWidth {
    #[inline(always)]
    fn of<S: Sample>(&self, [closes]: [S; 1]) -> S::Number {
        S::Number::of(4.0) * closes.deviation(0) / closes.mean()
    }
}
