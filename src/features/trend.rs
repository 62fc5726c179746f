//! How strong and how straight a trend is.

use crate::market::Candle;

use super::indicator::{Indicator, ratio_or, true_range};
use super::number::Number;
use super::of_last::{OfLast, Statistic};
use super::rolling::{Extreme, Window};
use super::sample::Sample;
use super::smoothing::WilderSum;
use super::source::Source;

/// Wilder's directional movement: the indicators +DI and -DI, 0 to 100 each; 0 without any range.
#[derive(Debug)]
pub(super) struct DirectionalMovement {
    last: Option<Candle>,
    plus: WilderSum,
    minus: WilderSum,
    range: WilderSum,
}

impl DirectionalMovement {
    pub(super) fn new(lookback: usize) -> Self {
        let sum = || WilderSum::new(lookback);
        Self { last: None, plus: sum(), minus: sum(), range: sum() }
    }

    pub(super) fn update(&mut self, candle: &Candle) -> Option<(f64, f64)> {
        let last = self.last.replace(*candle)?;
        let up = candle.high - last.high;
        let down = last.low - candle.low;
        let plus = self.plus.update(if up > down && up > 0.0 { up } else { 0.0 });
        let minus = self.minus.update(if down > up && down > 0.0 { down } else { 0.0 });
        let range = self.range.update(true_range(candle, last.close));
        let (plus, minus, range) = (plus?, minus?, range?);
        Some((ratio_or(100.0 * plus, range, 0.0), ratio_or(100.0 * minus, range, 0.0)))
    }
}

/// `+DI - -DI`, -100 to 100.
#[derive(Debug)]
pub(super) struct DirectionalDifference {
    movement: DirectionalMovement,
}

impl DirectionalDifference {
    pub(super) fn new(lookback: usize) -> Self {
        Self { movement: DirectionalMovement::new(lookback) }
    }
}

impl Indicator for DirectionalDifference {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.movement.update(candle).map(|(plus, minus)| plus - minus)
    }
}

/// Average directional index: Wilder's mean of `100 * |+DI - -DI| / (+DI + -DI)`, 0 to 100.
///
/// As in TA-Lib a candle without directional movement counts as 0 in the first mean and leaves
/// later ones as they are.
#[derive(Debug)]
pub(super) struct Adx {
    lookback: usize,
    movement: DirectionalMovement,
    taken: usize,
    sum: f64,
    mean: Option<f64>,
}

impl Adx {
    pub(super) fn new(lookback: usize) -> Self {
        let movement = DirectionalMovement::new(lookback);
        Self { lookback, movement, taken: 0, sum: 0.0, mean: None }
    }
}

impl Indicator for Adx {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let (plus, minus) = self.movement.update(candle)?;
        let both = plus + minus;
        let strength = (both != 0.0).then(|| 100.0 * (plus - minus).abs() / both);
        let lookback = self.lookback as f64;
        self.mean = match (self.mean, strength) {
            (Some(mean), Some(strength)) => Some((mean * (lookback - 1.0) + strength) / lookback),
            (Some(mean), None) => Some(mean),
            (None, strength) => {
                self.taken += 1;
                self.sum += strength.unwrap_or(0.0);
                (self.taken == self.lookback).then(|| self.sum / lookback)
            }
        };
        self.mean
    }
}

/// Aroon oscillator: by how much the highest high is younger than the lowest low, of the last
/// `n + 1` candles, in percent of `n`; -100 to 100.
#[derive(Debug)]
pub(super) struct Aroon {
    lookback: usize,
    highest: Extreme,
    lowest: Extreme,
}

impl Aroon {
    pub(super) fn new(lookback: usize) -> Self {
        let (highest, lowest) = (Extreme::highest(lookback + 1), Extreme::lowest(lookback + 1));
        Self { lookback, highest, lowest }
    }
}

impl Indicator for Aroon {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let high = self.highest.update(candle.high);
        let low = self.lowest.update(candle.low);
        let ((_, high_age), (_, low_age)) = (high?, low?);
        Some(100.0 * (low_age as f64 - high_age as f64) / self.lookback as f64)
    }
}

/// The last log closes beside the numbers 0, 1, 2… they are regressed on.
#[derive(Debug)]
pub(super) struct LogLine {
    pub(super) steps: Window,
    pub(super) log_closes: Window,
}

impl LogLine {
    pub(super) fn new(lookback: usize) -> Self {
        let mut steps = Window::new(lookback);
        for step in 0..lookback {
            steps.push(step as f64);
        }
        Self { steps, log_closes: Window::new(lookback) }
    }

    pub(super) fn push(&mut self, candle: &Candle) -> bool {
        self.log_closes.push(candle.close.ln())
    }
}

/// The numbers 0, 1, 2… that the last log closes are regressed on.
#[derive(Debug)]
struct Steps {
    /// Each number's distance from their mean.
    deviations: Box<[f64]>,
    /// Sum of the squares of these.
    squares: f64,
}

impl Steps {
    fn new(lookback: usize) -> Self {
        let steps: Vec<f64> = (0..lookback).map(|step| step as f64).collect();
        let mean = steps.as_slice().mean();
        let squares = steps.as_slice().squares(mean);
        Self { deviations: steps.iter().map(|step| step - mean).collect(), squares }
    }

    /// Sum of the products of the deviations of the steps and of `values`, whose mean is given.
    #[inline(always)]
    fn together<S: Sample>(&self, values: S, mean: S::Number) -> S::Number {
        let product = |step: f64, value| S::Number::of(step) * (value - mean);
        values.total_beside(&self.deviations, product)
    }
}

/// Slope a candle of the least-squares line through the last log closes.
#[derive(Debug)]
pub(super) struct Slope(Steps);

impl Slope {
    pub(super) fn over(lookback: usize) -> OfLast<1, Self> {
        OfLast::new(lookback, [Source::LogClose], Self(Steps::new(lookback)))
    }
}

impl Statistic<1> for Slope {
    #[inline(always)]
    fn of<S: Sample>(&self, [log_closes]: [S; 1]) -> S::Number {
        let together = self.0.together(log_closes, log_closes.mean());
        together.over(S::Number::of(self.0.squares), 0.0)
    }
}

/// Share of the variance of the last log closes that their least-squares line explains; 0 when they
/// are all equal.
#[derive(Debug)]
pub(super) struct SlopeFit(Steps);

impl SlopeFit {
    pub(super) fn over(lookback: usize) -> OfLast<1, Self> {
        OfLast::new(lookback, [Source::LogClose], Self(Steps::new(lookback)))
    }
}

impl Statistic<1> for SlopeFit {
    #[inline(always)]
    fn of<S: Sample>(&self, [log_closes]: [S; 1]) -> S::Number {
        let mean = log_closes.mean();
        let deviation = S::Number::of(self.0.squares.sqrt()) * log_closes.squares(mean).sqrt();
        let correlation = self.0.together(log_closes, mean).over(deviation, 0.0);
        correlation.map(|value| value.clamp(-1.0, 1.0).powi(2))
    }
}

/// Kaufman's efficiency ratio of the last log returns: `|sum r| / sum |r|`; 0 when the price stood
/// still.
#[derive(Debug)]
pub(super) struct Efficiency;

impl Statistic<1> for Efficiency {
    #[inline(always)]
    fn of<S: Sample>(&self, [returns]: [S; 1]) -> S::Number {
        returns.sum().abs().over(returns.total(Number::abs), 0.0)
    }
}
