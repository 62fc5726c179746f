//! Statistics of one window or of several beside each other, written once for both.
//!
//! A window differs from the next candle's by one value. [`Beside`] is the windows of [`WIDTH`]
//! candles that follow one another, one in each lane of a processor's vectors; each lane does what
//! its window alone would do, in the same order, so that batch has the bits of streaming.

use super::number::{Lanes, Number, WIDTH};
use super::rolling::{LANES, together, total, total_of_pairs};

/// Values that the windows beside each other need of as many places as a total takes at a time.
const PIECE: usize = LANES + WIDTH - 1;

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
    fn picked(self, pick: impl Fn(f64, f64) -> f64) -> Self::Number;

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
        self.picked(|a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn lowest(self) -> Self::Number {
        self.picked(|a, b| if a < b { a } else { b })
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

/// The windows of [`WIDTH`] candles that follow one another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside<'a> {
    /// Values of all of them: `length + WIDTH - 1`.
    values: &'a [f64],
    length: usize,
}

impl<'a> Beside<'a> {
    /// Of windows of `length`, of which the first begins with the first value.
    #[inline(always)]
    pub(super) fn new(values: &'a [f64], length: usize) -> Self {
        Self { values: &values[..length + WIDTH - 1], length }
    }

    /// What a total takes at a time, and where what is left over begins.
    #[inline(always)]
    fn parts(self) -> (impl Iterator<Item = &'a [f64; PIECE]>, usize) {
        // The last values of a piece are the first ones of the next.
        let pieces = self.values.array_windows::<PIECE>().step_by(LANES);
        let parts = self.length / LANES;
        (pieces.take(parts), parts * LANES)
    }
}

impl Sample for Beside<'_> {
    type Number = Lanes;

    #[inline(always)]
    fn length(self) -> usize {
        self.length
    }

    #[inline(always)]
    fn at(self, index: usize) -> Lanes {
        Lanes::at(&self.values[index..index + WIDTH], 0)
    }

    #[inline(always)]
    fn without(self, count: usize) -> Self {
        Self { values: &self.values[count..], length: self.length - count }
    }

    #[inline(always)]
    fn total(self, term: impl Fn(Lanes) -> Lanes) -> Lanes {
        let (parts, rest) = self.parts();
        let mut sums = [Lanes::of(0.0); LANES];
        for part in parts {
            for (at, sum) in sums.iter_mut().enumerate() {
                *sum = *sum + term(Lanes::at(part, at));
            }
        }
        let mut last = Lanes::of(0.0);
        for at in rest..self.length {
            last = last + term(self.at(at));
        }
        together(sums) + last
    }

    #[inline(always)]
    fn total_with(self, other: Self, term: impl Fn(Lanes, Lanes) -> Lanes) -> Lanes {
        let length = self.length.min(other.length);
        let (x, y) = (Self { length, ..self }, Self { length, ..other });
        let ((x_parts, rest), (y_parts, _)) = (x.parts(), y.parts());
        let mut sums = [Lanes::of(0.0); LANES];
        for (x, y) in x_parts.zip(y_parts) {
            for (at, sum) in sums.iter_mut().enumerate() {
                *sum = *sum + term(Lanes::at(x, at), Lanes::at(y, at));
            }
        }
        let mut last = Lanes::of(0.0);
        for at in rest..length {
            last = last + term(x.at(at), y.at(at));
        }
        together(sums) + last
    }

    #[inline(always)]
    fn total_beside(self, numbers: &[f64], term: impl Fn(f64, Lanes) -> Lanes) -> Lanes {
        let (parts, rest) = self.parts();
        let (numbers, last_numbers) = numbers.split_at(rest);
        let mut sums = [Lanes::of(0.0); LANES];
        for (part, numbers) in parts.zip(numbers.as_chunks::<LANES>().0) {
            for (at, (sum, number)) in sums.iter_mut().zip(numbers).enumerate() {
                *sum = *sum + term(*number, Lanes::at(part, at));
            }
        }
        let mut last = Lanes::of(0.0);
        for (at, number) in (rest..self.length).zip(last_numbers) {
            last = last + term(*number, self.at(at));
        }
        together(sums) + last
    }

    #[inline(always)]
    fn picked(self, pick: impl Fn(f64, f64) -> f64) -> Lanes {
        let (parts, rest) = self.parts();
        let mut picks = [self.at(0); LANES];
        for part in parts {
            for (at, picked) in picks.iter_mut().enumerate() {
                *picked = picked.zip(Lanes::at(part, at), &pick);
            }
        }
        for at in rest..self.length {
            picks[0] = picks[0].zip(self.at(at), &pick);
        }
        picks.into_iter().reduce(|a, b| a.zip(b, &pick)).unwrap_or(self.at(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_beside_each_other_have_the_bits_of_each_alone() {
        let value = |i: u32| f64::from((i * 7919) % 1009) / 31.0 - 11.0;
        let (x, y): (Vec<f64>, Vec<f64>) = (0..120).map(|i| (value(i), value(i * i + 3))).unzip();
        let numbers: Vec<f64> = (0..100).map(f64::from).collect();
        for length in [1, 2, 3, 7, 8, 9, 20, 24, 96] {
            let statistics = |lanes: [Lanes; 9], alone: &dyn Fn(usize) -> [f64; 9]| {
                for lane in 0..WIDTH {
                    let lanes = lanes.map(|Lanes(values)| values[lane].to_bits());
                    assert_eq!(lanes, alone(lane).map(f64::to_bits), "lane {lane} of {length}");
                }
            };
            fn all<S: Sample>(x: S, y: S, numbers: &[f64]) -> [S::Number; 9] {
                [
                    x.mean(),
                    x.deviation(0),
                    x.z_score(),
                    x.correlation(y),
                    x.total_of_steps(|a, b| a * b),
                    x.total_beside(numbers, |a, b| S::Number::of(a) * b),
                    x.tail(5).sum(),
                    x.highest(),
                    y.lowest(),
                ]
            }
            let beside = |values| Beside::new(values, length);
            statistics(all(beside(&x[11..]), beside(&y[11..]), &numbers), &|lane| {
                let window = 11 + lane..11 + lane + length;
                all(&x[window.clone()], &y[window], &numbers)
            });
        }
    }
}
