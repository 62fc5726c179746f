//! Volatility from open, high, low and close: it sees what happened inside the candle.

use std::f64::consts::LN_2;

use crate::market::Candle;

use super::indicator::{Indicator, true_range};
use super::number::Number;
use super::of_last::{OfLast, Statistic};
use super::sample::Sample;
use super::smoothing::ExponentialMean;
use super::source::Source;

/// Root of the mean of the last candles' variances.
#[derive(Debug)]
pub(super) struct RootOfMean;

impl Statistic<1> for RootOfMean {
    #[inline(always)]
    fn of<S: Sample>(&self, [variances]: [S; 1]) -> S::Number {
        variances.mean().not_negative().sqrt()
    }
}

/// Parkinson 1980: `ln(H/L)^2 / (4 ln 2)`.
pub(super) fn parkinson(candle: &Candle) -> f64 {
    (candle.high / candle.low).ln().powi(2) / (4.0 * LN_2)
}

/// Garman and Klass 1980: `ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2`.
pub(super) fn garman_klass(candle: &Candle) -> f64 {
    let range = (candle.high / candle.low).ln();
    let body = (candle.close / candle.open).ln();
    0.5 * range * range - (2.0 * LN_2 - 1.0) * body * body
}

/// Rogers and Satchell 1991: `ln(H/C) ln(H/O) + ln(L/C) ln(L/O)`, free of the drift.
pub(super) fn rogers_satchell(candle: &Candle) -> f64 {
    let Candle { open, high, low, close, .. } = *candle;
    (high / close).ln() * (high / open).ln() + (low / close).ln() * (low / open).ln()
}

/// Yang and Zhang 2000: `sqrt(Vo + k Vc + (1 - k) Vrs)`, `k = 0.34 / (1.34 + (n+1)/(n-1))`, with the
/// sample variances of `ln(O/C[-1])` and `ln(C/O)` and the mean of Rogers and Satchell's.
#[derive(Debug)]
pub(super) struct YangZhang;

impl YangZhang {
    pub(super) fn over(lookback: usize) -> OfLast<3, Self> {
        OfLast::new(lookback, [Source::Jump, Source::Body, Source::RogersSatchell], Self)
    }
}

impl Statistic<3> for YangZhang {
    #[inline(always)]
    fn of<S: Sample>(&self, [jumps, bodies, variances]: [S; 3]) -> S::Number {
        let n = jumps.length() as f64;
        let k = 0.34 / (1.34 + (n + 1.0) / (n - 1.0));
        let inside = variances.mean().not_negative();
        let (jumps, bodies) = (jumps.deviation(1), bodies.deviation(1));
        let (k, rest) = (S::Number::of(k), S::Number::of(1.0 - k));
        (jumps * jumps + k * (bodies * bodies) + rest * inside).sqrt()
    }
}

/// True range over the last close: `max(H - L, |H - C[-1]|, |L - C[-1]|) / C[-1]`.
#[derive(Debug, Default)]
pub(super) struct TrueRange {
    last: Option<f64>,
}

impl Indicator for TrueRange {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(candle.close)?;
        Some(true_range(candle, last) / last)
    }
}

/// Average true range over the close: Wilder's mean of the true range, `/ C`.
#[derive(Debug)]
pub(super) struct Atr {
    last: Option<f64>,
    mean: ExponentialMean,
}

impl Atr {
    pub(super) fn new(lookback: usize) -> Self {
        Self { last: None, mean: ExponentialMean::wilder(lookback) }
    }
}

impl Indicator for Atr {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(candle.close)?;
        self.mean.update(true_range(candle, last)).map(|range| range / candle.close)
    }
}
