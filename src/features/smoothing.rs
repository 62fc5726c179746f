//! Recursive means: exponential and Wilder's, started as TA-Lib starts them.

use super::rolling::Window;

/// Exponential mean: the plain mean of the first `lookback` values, then
/// `mean += weight * (value - mean)`.
///
/// A recursive mean remembers the start of its stretch; the start's share falls by `1 - weight` a
/// candle.
#[derive(Debug)]
pub(super) struct ExponentialMean {
    weight: f64,
    skip: usize,
    seed: Window,
    mean: Option<f64>,
}

impl ExponentialMean {
    /// The usual exponential moving average: weight `2 / (lookback + 1)`.
    pub(super) fn new(lookback: usize) -> Self {
        let weight = 2.0 / (lookback as f64 + 1.0);
        Self { weight, skip: 0, seed: Window::new(lookback), mean: None }
    }

    /// Wilder's smoothing: weight `1 / lookback` (Wilder 1978).
    pub(super) fn wilder(lookback: usize) -> Self {
        Self { weight: 1.0 / lookback as f64, ..Self::new(lookback) }
    }

    /// Starts only after `skip` values.
    pub(super) fn after(skip: usize, lookback: usize) -> Self {
        Self { skip, ..Self::new(lookback) }
    }

    pub(super) fn update(&mut self, value: f64) -> Option<f64> {
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.mean = match self.mean {
            Some(mean) => Some(mean + self.weight * (value - mean)),
            None => self.seed.push(value).then(|| self.seed.mean()),
        };
        self.mean
    }
}

/// Wilder's running sum: the plain sum of the first `lookback - 1` values, then
/// `sum += value - sum / lookback`, given from the `lookback`-th value on (Wilder 1978).
#[derive(Debug)]
pub(super) struct WilderSum {
    lookback: usize,
    taken: usize,
    sum: f64,
}

impl WilderSum {
    pub(super) fn new(lookback: usize) -> Self {
        Self { lookback, taken: 0, sum: 0.0 }
    }

    pub(super) fn update(&mut self, value: f64) -> Option<f64> {
        if self.taken + 1 < self.lookback {
            self.taken += 1;
            self.sum += value;
            return None;
        }
        self.sum += value - self.sum / self.lookback as f64;
        Some(self.sum)
    }
}
