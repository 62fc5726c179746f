//! How strong and how straight a trend is.

use crate::market::Candle;

use super::indicator::{CloseReturn, Indicator, ratio_or, true_range};
use super::rolling::{Extreme, Window, correlation, slope, total};
use super::smoothing::WilderSum;

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

/// Slope a candle of the least-squares line through the last `lookback` log closes.
#[derive(Debug)]
pub(super) struct Slope {
    line: LogLine,
}

impl Slope {
    pub(super) fn new(lookback: usize) -> Self {
        Self { line: LogLine::new(lookback) }
    }
}

impl Indicator for Slope {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.line.push(candle).then(|| slope(&self.line.steps, &self.line.log_closes))
    }
}

/// Share of the variance of the last log closes that their least-squares line explains; 0 when they
/// are all equal.
#[derive(Debug)]
pub(super) struct SlopeFit {
    line: LogLine,
}

impl SlopeFit {
    pub(super) fn new(lookback: usize) -> Self {
        Self { line: LogLine::new(lookback) }
    }
}

impl Indicator for SlopeFit {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.line.push(candle).then(|| correlation(&self.line.steps, &self.line.log_closes).powi(2))
    }
}

/// Kaufman's efficiency ratio of the last `lookback` log returns: `|sum r| / sum |r|`; 0 when the
/// price stood still.
#[derive(Debug)]
pub(super) struct Efficiency {
    returns: CloseReturn,
    window: Window,
}

impl Efficiency {
    pub(super) fn new(lookback: usize) -> Self {
        Self { returns: CloseReturn::default(), window: Window::new(lookback) }
    }
}

impl Indicator for Efficiency {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let value = self.returns.update(candle)?;
        self.window.push(value).then(|| {
            let path = total(self.window.values(), f64::abs);
            ratio_or(self.window.sum().abs(), path, 0.0)
        })
    }
}
