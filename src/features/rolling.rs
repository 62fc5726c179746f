//! The last values of a stretch: their sums, moments and extremes.
//!
//! Every statistic is computed anew from the values it is about, in an order that their number alone
//! decides. It cannot drift, and it is the same bit for bit whatever came before the oldest of them.

use std::collections::VecDeque;

use super::number::Number;

/// Values that a window keeps beyond its lookback before it moves the last ones to its start.
const SLACK: usize = 127;

/// Running sums that a total is taken in.
pub(super) const LANES: usize = 8;

/// The last `lookback` values, side by side in memory.
#[derive(Debug)]
pub(super) struct Window {
    lookback: usize,
    /// The values are the last `length` before `end`; what stands elsewhere is of no account.
    buffer: Box<[f64]>,
    end: usize,
    length: usize,
}

impl Window {
    pub(super) fn new(lookback: usize) -> Self {
        let buffer = vec![0.0; lookback.max(1) + SLACK].into_boxed_slice();
        Self { lookback: lookback.max(1), buffer, end: 0, length: 0 }
    }

    /// Takes a value, drops the one that is too old, and tells whether the window is full.
    #[inline]
    pub(super) fn push(&mut self, value: f64) -> bool {
        if self.end == self.buffer.len() {
            let kept = self.lookback - 1;
            self.buffer.copy_within(self.end - kept.., 0);
            self.end = kept;
        }
        self.buffer[self.end] = value;
        self.end += 1;
        self.length = self.lookback.min(self.length + 1);
        self.length == self.lookback
    }

    /// Takes as many of the values as there is room for without moving the last ones more than once,
    /// and gives them behind those that they share a window with; tells their number.
    #[inline]
    pub(super) fn take(&mut self, values: &[f64]) -> (usize, &[f64]) {
        let held = self.length.min(self.lookback - 1);
        if self.end == self.buffer.len() {
            self.buffer.copy_within(self.end - held.., 0);
            self.end = held;
        }
        let count = values.len().min(self.buffer.len() - self.end);
        self.buffer[self.end..][..count].copy_from_slice(&values[..count]);
        self.end += count;
        self.length = self.lookback.min(self.length + count);
        (count, &self.buffer[self.end - count - held..self.end])
    }

    pub(super) fn lookback(&self) -> usize {
        self.lookback
    }

    /// The values, oldest first.
    #[inline]
    pub(super) fn values(&self) -> &[f64] {
        &self.buffer[self.end - self.length..self.end]
    }

    /// Whether the next value pushes the oldest out.
    pub(super) fn is_full(&self) -> bool {
        self.length == self.lookback
    }

    /// The values, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = f64> + '_ {
        self.values().iter().copied()
    }

    /// The last `count` values, oldest first.
    pub(super) fn tail(&self, count: usize) -> &[f64] {
        &self.values()[self.length.saturating_sub(count)..]
    }

    /// Sum of the last `count` values.
    pub(super) fn sum_of_last(&self, count: usize) -> f64 {
        total(self.tail(count), |value| value)
    }

    /// The oldest value; 0 when there is none.
    pub(super) fn oldest(&self) -> f64 {
        self.values().first().copied().unwrap_or(0.0)
    }

    /// The newest value; 0 when there is none.
    pub(super) fn newest(&self) -> f64 {
        self.values().last().copied().unwrap_or(0.0)
    }

    pub(super) fn count(&self) -> f64 {
        self.length as f64
    }

    pub(super) fn sum(&self) -> f64 {
        total(self.values(), |value| value)
    }

    /// The mean, exact for values that are all the same.
    pub(super) fn mean(&self) -> f64 {
        let oldest = self.oldest();
        oldest + total(self.values(), |value| value - oldest) / self.count()
    }

    /// Sum of the `power`-th powers of the deviations from `mean`.
    // A power that the compiler knows is a product; one that it does not is a call a value.
    #[inline(always)]
    pub(super) fn deviations(&self, mean: f64, power: i32) -> f64 {
        total(self.values(), |value| (value - mean).powi(power))
    }

    /// Standard deviation; `taken` is 0 for that of the values themselves, 1 for the estimate of
    /// the population they were drawn from.
    pub(super) fn deviation(&self, taken: usize) -> f64 {
        self.deviation_from(self.mean(), taken)
    }

    fn deviation_from(&self, mean: f64, taken: usize) -> f64 {
        (self.deviations(mean, 2) / (self.count() - taken as f64)).sqrt()
    }

    /// How many standard deviations `value` lies above the mean; 0 when there is no deviation.
    pub(super) fn z_score(&self, value: f64) -> f64 {
        let mean = self.mean();
        let deviation = self.deviation_from(mean, 0);
        if deviation == 0.0 { 0.0 } else { (value - mean) / deviation }
    }
}

/// Sum of `term` of each value, in several running sums beside each other: a processor adds them at
/// once. The order of the additions depends on the number of values alone.
#[inline]
pub(super) fn total(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let (parts, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for part in parts {
        for (sum, value) in sums.iter_mut().zip(part) {
            *sum += term(*value);
        }
    }
    let mut last = 0.0;
    for value in rest {
        last += term(*value);
    }
    together(sums) + last
}

/// As [`total`], of pairs of values.
#[inline]
pub(super) fn total_of_pairs(x: &[f64], y: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    let length = x.len().min(y.len());
    let (x_parts, x_rest) = x[..length].as_chunks::<LANES>();
    let (y_parts, y_rest) = y[..length].as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (x, y) in x_parts.iter().zip(y_parts) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += term(*x, *y);
        }
    }
    let mut last = 0.0;
    for (x, y) in x_rest.iter().zip(y_rest) {
        last += term(*x, *y);
    }
    together(sums) + last
}

/// The running sums as one.
#[inline(always)]
pub(super) fn together<N: Number>(s: [N; LANES]) -> N {
    ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

/// Pearson correlation of two windows of one length; 0 when one of them does not vary.
pub(super) fn correlation(x: &Window, y: &Window) -> f64 {
    let (x_mean, y_mean) = (x.mean(), y.mean());
    let deviation = x.deviations(x_mean, 2).sqrt() * y.deviations(y_mean, 2).sqrt();
    if deviation == 0.0 {
        return 0.0;
    }
    (codeviation((x, x_mean), (y, y_mean)) / deviation).clamp(-1.0, 1.0)
}

/// Slope of the least-squares line of `y` on `x`; 0 when `x` does not vary.
pub(super) fn slope(x: &Window, y: &Window) -> f64 {
    let mean = x.mean();
    let deviation = x.deviations(mean, 2);
    if deviation == 0.0 { 0.0 } else { codeviation((x, mean), (y, y.mean())) / deviation }
}

/// Sum of the products of the deviations of two windows of one length from their means.
fn codeviation((x, x_mean): (&Window, f64), (y, y_mean): (&Window, f64)) -> f64 {
    total_of_pairs(x.values(), y.values(), |x, y| (x - x_mean) * (y - y_mean))
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
        Self {
            lookback: lookback as u64,
            sign: 1.0,
            taken: 0,
            kept: VecDeque::with_capacity(lookback + 1),
        }
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
