//! Statistics of a window, written once for one alone and for several beside each other
//! (`beside.rs`).

use super::number::Number;
use super::rolling::{total, total_of_pairs};

/// The last values of a stretch, oldest first: one window, or several beside each other.
pub(super) trait Sample: Copy {
    type Number: Number;

    /// Number of values of a window.
    fn length(self) -> usize;

    /// Value `index` of a window, the oldest being 0.
    fn at(self, index: usize) -> Self::Number;

    /// Without the oldest `count` values.
    fn without(self, count: usize) -> Self;

    /// Sum of `term` of each value, in the order of [`total`].
    fn total(self, term: impl Fn(Self::Number) -> Self::Number) -> Self::Number;

    /// Sum of `term` of each value with its counterpart, in the order of [`total_of_pairs`].
    fn total_with(
        self,
        other: Self,
        term: impl Fn(Self::Number, Self::Number) -> Self::Number,
    ) -> Self::Number;

    /// As [`Self::total_with`], of numbers that are the same for every window.
    fn total_beside(
        self,
        numbers: &[f64],
        term: impl Fn(f64, Self::Number) -> Self::Number,
    ) -> Self::Number;

    /// The value that is left when `pick` takes one of two until it is alone; the order is open.
    fn picked(self, pick: impl Fn(Self::Number, Self::Number) -> Self::Number) -> Self::Number;

    /// Number of values, to divide by.
    #[inline(always)]
    fn count(self) -> Self::Number {
        Self::Number::of(self.length() as f64)
    }

    /// The last `count` values.
    #[inline(always)]
    fn tail(self, count: usize) -> Self {
        self.without(self.length().saturating_sub(count))
    }

    #[inline(always)]
    fn newest(self) -> Self::Number {
        self.at(self.length() - 1)
    }

    #[inline(always)]
    fn sum(self) -> Self::Number {
        self.total(|value| value)
    }

    /// The mean, exact for values that are all the same.
    #[inline(always)]
    fn mean(self) -> Self::Number {
        let oldest = self.at(0);
        oldest + self.total(|value| value - oldest) / self.count()
    }

    /// Sum of the squared deviations from `mean`.
    #[inline(always)]
    fn squares(self, mean: Self::Number) -> Self::Number {
        self.total(|value| (value - mean) * (value - mean))
    }

    #[inline(always)]
    fn deviation_from(self, mean: Self::Number, taken: usize) -> Self::Number {
        (self.squares(mean) / (self.count() - Self::Number::of(taken as f64))).sqrt()
    }

    /// Standard deviation; `taken` is 0 for that of the values themselves, 1 for the estimate of
    /// the population they were drawn from.
    #[inline(always)]
    fn deviation(self, taken: usize) -> Self::Number {
        self.deviation_from(self.mean(), taken)
    }

    /// How many standard deviations the newest value lies above the mean; 0 without deviation.
    #[inline(always)]
    fn z_score(self) -> Self::Number {
        let mean = self.mean();
        (self.newest() - mean).over(self.deviation_from(mean, 0), 0.0)
    }

    /// Sum of `term` of each value with the one that follows it.
    #[inline(always)]
    fn total_of_steps(
        self,
        term: impl Fn(Self::Number, Self::Number) -> Self::Number,
    ) -> Self::Number {
        self.total_with(self.without(1), term)
    }

    #[inline(always)]
    fn highest(self) -> Self::Number {
        self.picked(Number::higher)
    }

    #[inline(always)]
    fn lowest(self) -> Self::Number {
        self.picked(Number::lower)
    }

    /// Pearson correlation with a sample of the same length; 0 when one of them does not vary.
    #[inline(always)]
    fn correlation(self, other: Self) -> Self::Number {
        let (x, y) = (self.mean(), other.mean());
        let deviation = self.squares(x).sqrt() * other.squares(y).sqrt();
        let together = self.total_with(other, |a, b| (a - x) * (b - y));
        together.over(deviation, 0.0).map(|value| value.clamp(-1.0, 1.0))
    }
}

impl Sample for &[f64] {
    type Number = f64;

    #[inline(always)]
    fn length(self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn at(self, index: usize) -> f64 {
        self[index]
    }

    #[inline(always)]
    fn without(self, count: usize) -> Self {
        &self[count..]
    }

    #[inline(always)]
    fn total(self, term: impl Fn(f64) -> f64) -> f64 {
        total(self, term)
    }

    #[inline(always)]
    fn total_with(self, other: Self, term: impl Fn(f64, f64) -> f64) -> f64 {
        total_of_pairs(self, other, term)
    }

    #[inline(always)]
    fn total_beside(self, numbers: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
        total_of_pairs(numbers, self, term)
    }

    #[inline(always)]
    fn picked(self, pick: impl Fn(f64, f64) -> f64) -> f64 {
        self.iter().copied().reduce(pick).unwrap_or(f64::NAN)
    }
}
