//! Moving averages with weights of their own, as distances of the close from them: `1 - X / C`.

use crate::market::Candle;

use super::indicator::{Indicator, ratio_or};
use super::rolling::Window;
use super::smoothing::ExponentialMean;

/// Linearly weighted mean of the last values: weights 1, 2, … n, the newest the heaviest.
#[derive(Debug)]
pub(super) struct LinearMean {
    values: Window,
}

impl LinearMean {
    pub(super) fn new(lookback: usize) -> Self {
        Self { values: Window::new(lookback) }
    }

    pub(super) fn update(&mut self, value: f64) -> Option<f64> {
        self.values.push(value).then(|| {
            let n = self.values.count();
            // Distances from the oldest keep the mean of equal values exact.
            let oldest = self.values.oldest();
            let weighted = |(step, value): (usize, f64)| (step + 1) as f64 * (value - oldest);
            let sum: f64 = self.values.iter().enumerate().map(weighted).sum();
            oldest + sum / (n * (n + 1.0) / 2.0)
        })
    }
}

/// Distance from the linearly weighted mean (WMA).
#[derive(Debug)]
pub(super) struct LinearDistance {
    mean: LinearMean,
}

impl LinearDistance {
    pub(super) fn new(lookback: usize) -> Self {
        Self { mean: LinearMean::new(lookback) }
    }
}

impl Indicator for LinearDistance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.mean.update(candle.close).map(|mean| 1.0 - mean / candle.close)
    }
}

/// Distance from Hull's mean: `WMA(2 WMA(C, n / 2) - WMA(C, n), sqrt n)`, both lengths rounded down.
#[derive(Debug)]
pub(super) struct HullDistance {
    half: LinearMean,
    full: LinearMean,
    smooth: LinearMean,
}

impl HullDistance {
    pub(super) fn new(lookback: usize) -> Self {
        Self {
            half: LinearMean::new(lookback / 2),
            full: LinearMean::new(lookback),
            smooth: LinearMean::new(lookback.isqrt()),
        }
    }
}

impl Indicator for HullDistance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let half = self.half.update(candle.close);
        let full = self.full.update(candle.close)?;
        self.smooth.update(2.0 * half? - full).map(|mean| 1.0 - mean / candle.close)
    }
}

/// Exponential means of exponential means, mixed: `sum mix[k] E[k]`, `E[k]` smoothed `k + 1` times.
///
/// Mulloy's DEMA (2, -1), TEMA (3, -3, 1) and Tillson's T3 are such mixtures.
#[derive(Debug)]
pub(super) struct MixedDistance<const K: usize> {
    means: [ExponentialMean; K],
    mix: [f64; K],
}

impl<const K: usize> MixedDistance<K> {
    pub(super) fn new(lookback: usize, mix: [f64; K]) -> Self {
        Self { means: [(); K].map(|()| ExponentialMean::new(lookback)), mix }
    }
}

impl Indicator for MixedDistance<2> {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.distance(candle)
    }
}

impl Indicator for MixedDistance<3> {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.distance(candle)
    }
}

impl Indicator for MixedDistance<6> {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.distance(candle)
    }
}

impl<const K: usize> MixedDistance<K> {
    /// The mix sums to 1, so that the distance is the mix of the means' distances.
    fn distance(&mut self, candle: &Candle) -> Option<f64> {
        let mut value = candle.close;
        let mut distance = 0.0;
        for (mean, share) in self.means.iter_mut().zip(self.mix) {
            value = mean.update(value)?;
            distance += share * (1.0 - value / candle.close);
        }
        Some(distance)
    }
}

/// Tillson's weights of the six means for a volume factor `a`: those of the third to the sixth are
/// `(1 + a)^3`, `-3 a (1 + a)^2`, `3 a^2 (1 + a)`, `-a^3`.
pub(super) fn tillson(a: f64) -> [f64; 6] {
    let b = 1.0 + a;
    [0.0, 0.0, b * b * b, -3.0 * a * b * b, 3.0 * a * a * b, -a * a * a]
}

/// Distance from Kaufman's adaptive mean (KAMA): `K += s^2 (C - K)`, `s` between `2 / 31` and
/// `2 / 3` by the efficiency ratio; begun as in TA-Lib with the close before the first value.
#[derive(Debug)]
pub(super) struct KaufmanDistance {
    closes: Window,
    moves: Window,
    last: Option<f64>,
    mean: Option<f64>,
}

impl KaufmanDistance {
    pub(super) fn new(lookback: usize) -> Self {
        let (closes, moves) = (Window::new(lookback + 1), Window::new(lookback));
        Self { closes, moves, last: None, mean: None }
    }
}

impl Indicator for KaufmanDistance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let close = candle.close;
        self.closes.push(close);
        let last = self.last.replace(close)?;
        if !self.moves.push((close - last).abs()) {
            return None;
        }
        let way = (close - self.closes.oldest()).abs();
        let efficiency = ratio_or(way, self.moves.sum(), 1.0).min(1.0);
        let (fast, slow) = (2.0 / 3.0, 2.0 / 31.0);
        let share = (efficiency * (fast - slow) + slow).powi(2);
        let mean = self.mean.unwrap_or(last);
        let mean = mean + share * (close - mean);
        self.mean = Some(mean);
        Some(1.0 - mean / close)
    }
}

/// Short over long plain mean of the close: `mean C over s / mean C over n - 1`.
#[derive(Debug)]
pub(super) struct MeanCross {
    short: Window,
    long: Window,
}

impl MeanCross {
    pub(super) fn new(short: usize, long: usize) -> Self {
        Self { short: Window::new(short), long: Window::new(long) }
    }
}

impl Indicator for MeanCross {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.short.push(candle.close);
        self.long.push(candle.close).then(|| self.short.mean() / self.long.mean() - 1.0)
    }
}
