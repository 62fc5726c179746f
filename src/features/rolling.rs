//! The last values of a stretch: their sums, moments and extremes.
//!
//! Every statistic is computed anew from the values it is about, oldest first. It cannot drift, and
//! it is the same bit for bit whatever came before the oldest of them.

use std::collections::VecDeque;

/// The last `lookback` values.
#[derive(Debug)]
pub(super) struct Window {
    lookback: usize,
    values: VecDeque<f64>,
}

impl Window {
    pub(super) fn new(lookback: usize) -> Self {
        Self { lookback, values: VecDeque::with_capacity(lookback) }
    }

    /// Takes a value, drops the one that is too old, and tells whether the window is full.
    pub(super) fn push(&mut self, value: f64) -> bool {
        if self.values.len() == self.lookback {
            self.values.pop_front();
        }
        self.values.push_back(value);
        self.values.len() == self.lookback
    }

    /// Whether the next value pushes the oldest out.
    pub(super) fn is_full(&self) -> bool {
        self.values.len() == self.lookback
    }

    /// The values, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = f64> + '_ {
        self.values.iter().copied()
    }

    /// The last `count` values, oldest first.
    pub(super) fn last(&self, count: usize) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().skip(self.values.len().saturating_sub(count)).copied()
    }

    /// The oldest value; 0 when there is none.
    pub(super) fn oldest(&self) -> f64 {
        self.values.front().copied().unwrap_or(0.0)
    }

    /// The newest value; 0 when there is none.
    pub(super) fn newest(&self) -> f64 {
        self.values.back().copied().unwrap_or(0.0)
    }

    pub(super) fn count(&self) -> f64 {
        self.values.len() as f64
    }

    pub(super) fn sum(&self) -> f64 {
        self.iter().sum()
    }

    /// The mean, exact for values that are all the same.
    pub(super) fn mean(&self) -> f64 {
        let oldest = self.oldest();
        oldest + self.iter().map(|value| value - oldest).sum::<f64>() / self.count()
    }

    /// Sum of the `power`-th powers of the deviations from `mean`.
    pub(super) fn deviations(&self, mean: f64, power: i32) -> f64 {
        self.iter().map(|value| (value - mean).powi(power)).sum()
    }

    /// Standard deviation; `taken` is 0 for that of the values themselves, 1 for the estimate of
    /// the population they were drawn from.
    pub(super) fn deviation(&self, taken: usize) -> f64 {
        (self.deviations(self.mean(), 2) / (self.count() - taken as f64)).sqrt()
    }

    /// How many standard deviations `value` lies above the mean; 0 when there is no deviation.
    pub(super) fn z_score(&self, value: f64) -> f64 {
        let deviation = self.deviation(0);
        if deviation == 0.0 { 0.0 } else { (value - self.mean()) / deviation }
    }
}

/// Pearson correlation of two windows of one length; 0 when one of them does not vary.
pub(super) fn correlation(x: &Window, y: &Window) -> f64 {
    let deviation = x.deviations(x.mean(), 2).sqrt() * y.deviations(y.mean(), 2).sqrt();
    if deviation == 0.0 { 0.0 } else { (codeviation(x, y) / deviation).clamp(-1.0, 1.0) }
}

/// Slope of the least-squares line of `y` on `x`; 0 when `x` does not vary.
pub(super) fn slope(x: &Window, y: &Window) -> f64 {
    let deviation = x.deviations(x.mean(), 2);
    if deviation == 0.0 { 0.0 } else { codeviation(x, y) / deviation }
}

/// Sum of the products of the deviations of two windows of one length.
fn codeviation(x: &Window, y: &Window) -> f64 {
    let (x_mean, y_mean) = (x.mean(), y.mean());
    x.iter().zip(y.iter()).map(|(x, y)| (x - x_mean) * (y - y_mean)).sum()
}

/// Highest or lowest of the last `lookback` values, in amortised constant time.
///
/// It keeps only values that no later one beats (a monotonic queue).
#[derive(Debug)]
pub(super) struct Extreme {
    lookback: u64,
    sign: f64,
    taken: u64,
    kept: VecDeque<(u64, f64)>,
}

impl Extreme {
    pub(super) fn highest(lookback: usize) -> Self {
        Self { lookback: lookback as u64, sign: 1.0, taken: 0, kept: VecDeque::new() }
    }

    pub(super) fn lowest(lookback: usize) -> Self {
        Self { sign: -1.0, ..Self::highest(lookback) }
    }

    /// Takes a value; the extreme and its age in candles once there are `lookback` values. Of equal
    /// ones the latest counts.
    pub(super) fn update(&mut self, value: f64) -> Option<(f64, u64)> {
        let value = value * self.sign;
        while self.kept.back().is_some_and(|&(_, kept)| kept <= value) {
            self.kept.pop_back();
        }
        self.kept.push_back((self.taken, value));
        self.taken += 1;
        if self.kept.front().is_some_and(|&(at, _)| at + self.lookback < self.taken) {
            self.kept.pop_front();
        }
        let &(at, extreme) = self.kept.front()?;
        (self.taken >= self.lookback).then(|| (extreme * self.sign, self.taken - 1 - at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_no_deviation_at_all() {
        let mut window = Window::new(20);
        for _ in 0..25 {
            window.push(0.1);
        }
        assert_eq!(window.mean(), 0.1);
        assert_eq!(window.deviation(1), 0.0);
        assert_eq!(window.z_score(0.1), 0.0);
    }

    #[test]
    fn extremes_equal_a_scan() {
        let values: Vec<f64> = (0..200).map(|i| f64::from((i * 37) % 23)).collect();
        let (mut highest, mut lowest) = (Extreme::highest(7), Extreme::lowest(7));
        for (i, &value) in values.iter().enumerate() {
            let (high, low) = (highest.update(value), lowest.update(value));
            if i < 6 {
                assert_eq!((high, low), (None, None));
                continue;
            }
            let window = &values[i - 6..=i];
            let (high, high_age) = high.unwrap();
            let (low, low_age) = low.unwrap();
            assert_eq!(high, window.iter().copied().fold(f64::MIN, f64::max));
            assert_eq!(low, window.iter().copied().fold(f64::MAX, f64::min));
            assert_eq!(values[i - high_age as usize], high);
            assert_eq!(values[i - low_age as usize], low);
        }
    }
}
