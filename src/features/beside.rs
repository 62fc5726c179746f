//! Windows beside each other: statistics of several candles at once.
//!
//! A window differs from the next candle's by one value. [`Beside`] is the windows of [`WIDTH`]
//! candles that follow one another, one in each lane of a processor's vectors; each lane does what
//! its window alone would do, in the same order, so that batch has the bits of streaming.
//!
//! The vectors are named here and not left to the compiler: it reads what places share only once
//! and then shuffles it, which takes longer than the sums.

use super::lanes::{Lanes, WIDTH};
use super::number::Number;
use super::rolling::{LANES, together};
use super::sample::Sample;

/// Values that the windows beside each other need of as many places as a total takes at a time.
const PIECE: usize = LANES + WIDTH - 1;

/// The windows of [`WIDTH`] candles that follow one another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside<'a> {
    /// Values of all of them: `WIDTH - 1` more than one window has.
    values: &'a [f64],
}

impl<'a> Beside<'a> {
    /// Of windows of `length`, of which the first begins with the first value.
    ///
    /// # Safety
    /// The processor has AVX2.
    #[inline(always)]
    pub(super) unsafe fn new(values: &'a [f64], length: usize) -> Self {
        Self { values: &values[..length + WIDTH - 1] }
    }
}

/// Takes what a total takes at a time, as long as every window has as many values left.
#[inline(always)]
fn piece<'a>(values: &mut &'a [f64]) -> Option<&'a [f64; PIECE]> {
    let piece = values.first_chunk()?;
    // The last values of a piece are the first ones of the next.
    *values = &values[LANES..];
    Some(piece)
}

/// Takes the next value of each window.
#[inline(always)]
fn single(values: &mut &[f64]) -> Option<Lanes> {
    let lanes = Lanes::at(values.first_chunk::<WIDTH>()?, 0);
    *values = &values[1..];
    Some(lanes)
}

impl Sample for Beside<'_> {
    type Number = Lanes;

    #[inline(always)]
    fn length(self) -> usize {
        self.values.len() - (WIDTH - 1)
    }

    #[inline(always)]
    fn at(self, index: usize) -> Lanes {
        Lanes::at(self.values, index)
    }

    #[inline(always)]
    fn without(self, count: usize) -> Self {
        Self { values: &self.values[count..] }
    }

    #[inline(always)]
    fn total(self, term: impl Fn(Lanes) -> Lanes) -> Lanes {
        let mut values = self.values;
        let mut sums = [Lanes::of(0.0); LANES];
        while let Some(piece) = piece(&mut values) {
            for (at, sum) in sums.iter_mut().enumerate() {
                *sum = *sum + term(Lanes::at(piece, at));
            }
        }
        let mut last = Lanes::of(0.0);
        while let Some(value) = single(&mut values) {
            last = last + term(value);
        }
        together(sums) + last
    }

    #[inline(always)]
    fn total_with(self, other: Self, term: impl Fn(Lanes, Lanes) -> Lanes) -> Lanes {
        let length = self.values.len().min(other.values.len());
        let (mut x, mut y) = (&self.values[..length], &other.values[..length]);
        let mut sums = [Lanes::of(0.0); LANES];
        while let (Some(x), Some(y)) = (piece(&mut x), piece(&mut y)) {
            for (at, sum) in sums.iter_mut().enumerate() {
                *sum = *sum + term(Lanes::at(x, at), Lanes::at(y, at));
            }
        }
        let mut last = Lanes::of(0.0);
        while let (Some(x), Some(y)) = (single(&mut x), single(&mut y)) {
            last = last + term(x, y);
        }
        together(sums) + last
    }

    #[inline(always)]
    fn total_beside(self, numbers: &[f64], term: impl Fn(f64, Lanes) -> Lanes) -> Lanes {
        let mut values = self.values;
        let (parts, rest) = numbers[..self.length()].as_chunks::<LANES>();
        let mut sums = [Lanes::of(0.0); LANES];
        for numbers in parts {
            let Some(piece) = piece(&mut values) else { break };
            for (at, (sum, number)) in sums.iter_mut().zip(numbers).enumerate() {
                *sum = *sum + term(*number, Lanes::at(piece, at));
            }
        }
        let mut last = Lanes::of(0.0);
        for number in rest {
            let Some(value) = single(&mut values) else { break };
            last = last + term(*number, value);
        }
        together(sums) + last
    }

    #[inline(always)]
    fn picked(self, pick: impl Fn(Lanes, Lanes) -> Lanes) -> Lanes {
        let mut values = self.values;
        let mut picks = [self.at(0); LANES];
        while let Some(piece) = piece(&mut values) {
            for (at, picked) in picks.iter_mut().enumerate() {
                *picked = pick(*picked, Lanes::at(piece, at));
            }
        }
        let mut last = self.at(0);
        while let Some(value) = single(&mut values) {
            last = pick(last, value);
        }
        for picked in picks {
            last = pick(last, picked);
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn windows_beside_each_other_have_the_bits_of_each_alone() {
        if !is_x86_feature_detected!("avx2") {
            return;
        }
        let value = |i: u32| f64::from((i * 7919) % 1009) / 31.0 - 11.0;
        let (x, y): (Vec<f64>, Vec<f64>) = (0..120).map(|i| (value(i), value(i * i + 3))).unzip();
        let numbers: Vec<f64> = (0..100).map(f64::from).collect();
        for length in [1, 2, 3, 7, 8, 9, 20, 24, 96] {
            let statistics = |lanes: [Lanes; 9], alone: &dyn Fn(usize) -> [f64; 9]| {
                for lane in 0..WIDTH {
                    let lanes = lanes.map(|lanes| lanes.values()[lane].to_bits());
                    assert_eq!(lanes, alone(lane).map(f64::to_bits), "lane {lane} of {length}");
                }
            };
            // SAFETY: without AVX2 the test has ended.
            let beside = |values| unsafe { Beside::new(values, length) };
            statistics(all(beside(&x[11..]), beside(&y[11..]), &numbers), &|lane| {
                let window = 11 + lane..11 + lane + length;
                all(&x[window.clone()], &y[window], &numbers)
            });
        }
    }
}
