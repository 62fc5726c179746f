//! More measures of whether there is a trend at all.

use crate::market::Candle;

use super::indicator::{Indicator, ratio_or, true_range};
use super::rolling::{Extreme, Window, slope};
use super::smoothing::ExponentialMean;
use super::trend::{Adx, DirectionalMovement, LogLine};

/// Wilder's directional index: `100 |+DI - -DI| / (+DI + -DI)`; 0 when both are.
#[derive(Debug)]
pub(super) struct Dx {
    movement: DirectionalMovement,
}

impl Dx {
    pub(super) fn new(lookback: usize) -> Self {
        Self { movement: DirectionalMovement::new(lookback) }
    }
}

impl Indicator for Dx {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let (plus, minus) = self.movement.update(candle)?;
        Some(100.0 * ratio_or((plus - minus).abs(), plus + minus, 0.0))
    }
}

/// Wilder's rating: mean of the average directional index now and `n - 1` candles ago.
#[derive(Debug)]
pub(super) struct Adxr {
    index: Adx,
    window: Window,
}

impl Adxr {
    pub(super) fn new(lookback: usize) -> Self {
        Self { index: Adx::new(lookback), window: Window::new(lookback) }
    }
}

impl Indicator for Adxr {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let index = self.index.update(candle)?;
        self.window.push(index).then(|| f64::midpoint(index, self.window.oldest()))
    }
}

/// Both parts of the vortex of a candle: `|H - L[-1]| - |L - H[-1]|` and its true range.
pub(super) fn vortex(candle: &Candle, last: Option<&Candle>) -> Option<[f64; 2]> {
    let last = last?;
    let turn = (candle.high - last.low).abs() - (candle.low - last.high).abs();
    Some([turn, true_range(candle, last.close)])
}

/// Dorsey's mass index: `sum E / EMA(E)`, `E = EMA(H - L)`; a ratio without range counts as 1.
#[derive(Debug)]
pub(super) struct MassIndex {
    once: ExponentialMean,
    twice: ExponentialMean,
    ratios: Window,
}

impl MassIndex {
    pub(super) fn new(lookback: usize, smoothing: usize) -> Self {
        let mean = || ExponentialMean::new(smoothing);
        Self { once: mean(), twice: mean(), ratios: Window::new(lookback) }
    }
}

impl Indicator for MassIndex {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let once = self.once.update(candle.high - candle.low)?;
        let twice = self.twice.update(once)?;
        self.ratios.push(ratio_or(once, twice, 1.0)).then(|| self.ratios.sum())
    }
}

/// Dreiss's choppiness: `100 ln(sum TR / (max TH - min TL)) / ln n`, TH and TL a candle's high and
/// low with the close before it; 0 (straight) to 100; 100 when the price stood still.
#[derive(Debug)]
pub(super) struct Choppiness {
    last: Option<f64>,
    ranges: Window,
    highest: Extreme,
    lowest: Extreme,
}

impl Choppiness {
    pub(super) fn new(lookback: usize) -> Self {
        let (highest, lowest) = (Extreme::highest(lookback), Extreme::lowest(lookback));
        Self { last: None, ranges: Window::new(lookback), highest, lowest }
    }
}

impl Indicator for Choppiness {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(candle.close)?;
        self.ranges.push(true_range(candle, last));
        let high = self.highest.update(candle.high.max(last));
        let low = self.lowest.update(candle.low.min(last));
        let width = high?.0 - low?.0;
        let n = self.ranges.count();
        Some(100.0 * ratio_or(self.ranges.sum(), width, n).clamp(1.0, n).ln() / n.ln())
    }
}

/// The last log close less the value there of the least-squares line through the last ones.
#[derive(Debug)]
pub(super) struct Residual {
    line: LogLine,
}

impl Residual {
    pub(super) fn new(lookback: usize) -> Self {
        Self { line: LogLine::new(lookback) }
    }
}

impl Indicator for Residual {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.line.push(candle).then(|| residual(&self.line))
    }
}

/// The last residual over the standard deviation of all of them; 0 when they are all 0.
#[derive(Debug)]
pub(super) struct ResidualZ {
    line: LogLine,
}

impl ResidualZ {
    pub(super) fn new(lookback: usize) -> Self {
        Self { line: LogLine::new(lookback) }
    }
}

impl Indicator for ResidualZ {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        if !self.line.push(candle) {
            return None;
        }
        let LogLine { steps, log_closes } = &self.line;
        let growth = slope(steps, log_closes);
        let (step, level) = (steps.mean(), log_closes.mean());
        let off = |(x, y): (f64, f64)| (y - level - growth * (x - step)).powi(2);
        let squares: f64 = steps.iter().zip(log_closes.iter()).map(off).sum();
        Some(ratio_or(residual(&self.line), (squares / steps.count()).sqrt(), 0.0))
    }
}

fn residual(line: &LogLine) -> f64 {
    let LogLine { steps, log_closes } = line;
    let growth = slope(steps, log_closes);
    log_closes.newest() - log_closes.mean() - growth * (steps.newest() - steps.mean())
}
