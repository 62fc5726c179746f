//! Oscillators of momentum around a middle, beyond the plain bounded ones.

use crate::market::Candle;

use super::indicator::{CloseReturn, Indicator, ratio_or};
use super::oscillators::{Rsi, StochasticD};
use super::rolling::{Extreme, Window};
use super::smoothing::ExponentialMean;

/// Williams's %R: `-100 (max H - C) / (max H - min L)`; -50 when they are equal.
#[derive(Debug)]
pub(super) struct WilliamsR {
    position: super::price::ChannelPosition,
}

impl WilliamsR {
    pub(super) fn new(lookback: usize) -> Self {
        Self { position: super::price::ChannelPosition::new(lookback) }
    }
}

impl Indicator for WilliamsR {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.position.update(candle).map(|position| 100.0 * (position - 1.0))
    }
}

/// Williams's awesome oscillator as a share of the close, `(mean M over s - mean M over n) / C`, M
/// the candle's middle; less its own mean (his accelerator) where a smoothing is asked for.
#[derive(Debug)]
pub(super) struct Awesome {
    short: Window,
    long: Window,
    signal: Option<Window>,
}

impl Awesome {
    pub(super) fn new(short: usize, long: usize) -> Self {
        Self { short: Window::new(short), long: Window::new(long), signal: None }
    }

    /// The accelerator: the oscillator less its mean over `signal` candles.
    pub(super) fn above_signal(self, signal: usize) -> Self {
        Self { signal: Some(Window::new(signal)), ..self }
    }
}

impl Indicator for Awesome {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let middle = f64::midpoint(candle.high, candle.low);
        self.short.push(middle);
        if !self.long.push(middle) {
            return None;
        }
        let value = self.short.mean() - self.long.mean();
        match &mut self.signal {
            Some(signal) => signal.push(value).then(|| (value - signal.mean()) / candle.close),
            None => Some(value / candle.close),
        }
    }
}

/// Detrended price: the close of `n / 2 + 1` candles ago over the mean of the last n, less 1.
#[derive(Debug)]
pub(super) struct Detrended {
    earlier: Window,
    closes: Window,
}

impl Detrended {
    pub(super) fn new(lookback: usize) -> Self {
        Self { earlier: Window::new(lookback / 2 + 2), closes: Window::new(lookback) }
    }
}

impl Indicator for Detrended {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.earlier.push(candle.close);
        let full = self.closes.push(candle.close);
        full.then(|| self.earlier.oldest() / self.closes.mean() - 1.0)
    }
}

/// Ehlers's Fisher transform of the middle's place p in its channel, smoothed:
/// `F = ln((1 + x) / (1 - x)) / 2 + F[-1] / 2`, `x = 0.66 (p - 0.5) + 0.67 x[-1]` held inside ±0.999;
/// both begin at 0, and p is 0.5 without width.
#[derive(Debug)]
pub(super) struct Fisher {
    highest: Extreme,
    lowest: Extreme,
    place: f64,
    value: f64,
}

impl Fisher {
    pub(super) fn new(lookback: usize) -> Self {
        let (highest, lowest) = (Extreme::highest(lookback), Extreme::lowest(lookback));
        Self { highest, lowest, place: 0.0, value: 0.0 }
    }
}

impl Indicator for Fisher {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let middle = f64::midpoint(candle.high, candle.low);
        let high = self.highest.update(middle);
        let low = self.lowest.update(middle);
        let (high, low) = (high?.0, low?.0);
        let place = ratio_or(middle - low, high - low, 0.5) - 0.5;
        self.place = (0.66 * place + 0.67 * self.place).clamp(-0.999, 0.999);
        self.value = self.place.atanh() + self.value / 2.0;
        Some(self.value)
    }
}

/// Connors's index: mean of the close's RSI, the RSI of its streak of rises or falls, and the
/// percentage of the `rank` returns before this one that are below it.
#[derive(Debug)]
pub(super) struct ConnorsRsi {
    last: Option<f64>,
    streak: f64,
    price: Rsi,
    run: Rsi,
    returns: CloseReturn,
    window: Window,
}

impl ConnorsRsi {
    pub(super) fn new(price: usize, run: usize, rank: usize) -> Self {
        let (price, run, window) = (Rsi::new(price), Rsi::new(run), Window::new(rank + 1));
        Self { last: None, streak: 0.0, price, run, returns: CloseReturn::default(), window }
    }
}

impl Indicator for ConnorsRsi {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let price = self.price.update(candle);
        let last = self.last.replace(candle.close).unwrap_or(candle.close);
        self.streak = if candle.close > last {
            self.streak.max(0.0) + 1.0
        } else if candle.close < last {
            self.streak.min(0.0) - 1.0
        } else {
            0.0
        };
        let run = self.run.of(self.streak);
        let value = self.returns.update(candle)?;
        if !self.window.push(value) {
            return None;
        }
        let below = self.window.iter().filter(|&earlier| earlier < value).count() as f64;
        Some((price? + run? + 100.0 * below / (self.window.count() - 1.0)) / 3.0)
    }
}

/// Slow stochastic %D: the mean of the last values of [`StochasticD`].
#[derive(Debug)]
pub(super) struct StochasticSlow {
    fast: StochasticD,
    window: Window,
}

impl StochasticSlow {
    pub(super) fn new(lookback: usize, smoothing: usize) -> Self {
        Self { fast: StochasticD::new(lookback, smoothing), window: Window::new(smoothing) }
    }
}

impl Indicator for StochasticSlow {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let fast = self.fast.update(candle)?;
        self.window.push(fast).then(|| self.window.mean())
    }
}

/// Blau's stochastic momentum: `100 EMA(EMA(C - M)) / (EMA(EMA(max H - min L)) / 2)`, M the middle
/// of the channel; 0 without width.
#[derive(Debug)]
pub(super) struct StochasticMomentum {
    highest: Extreme,
    lowest: Extreme,
    offsets: [ExponentialMean; 2],
    widths: [ExponentialMean; 2],
}

impl StochasticMomentum {
    pub(super) fn new(lookback: usize, smoothing: usize) -> Self {
        let means = || [(); 2].map(|()| ExponentialMean::new(smoothing));
        let (highest, lowest) = (Extreme::highest(lookback), Extreme::lowest(lookback));
        Self { highest, lowest, offsets: means(), widths: means() }
    }
}

impl Indicator for StochasticMomentum {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let high = self.highest.update(candle.high);
        let low = self.lowest.update(candle.low);
        let (high, low) = (high?.0, low?.0);
        let offset = self.offsets[0].update(candle.close - f64::midpoint(high, low));
        let width = self.widths[0].update((high - low) / 2.0);
        let offset = self.offsets[1].update(offset?);
        let width = self.widths[1].update(width?);
        Some(100.0 * ratio_or(offset?, width?, 0.0))
    }
}

/// Relative vigor: sum of the smoothed `C - O` over sum of the smoothed `H - L`, each smoothed over
/// four candles with weights 1, 2, 2, 1; 0 without range.
#[derive(Debug)]
pub(super) struct Vigor {
    bodies: Window,
    ranges: Window,
    upper: Window,
    lower: Window,
}

impl Vigor {
    pub(super) fn new(lookback: usize) -> Self {
        let window = || Window::new(lookback);
        let (bodies, ranges) = (Window::new(4), Window::new(4));
        Self { bodies, ranges, upper: window(), lower: window() }
    }
}

impl Indicator for Vigor {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.bodies.push(candle.close - candle.open);
        if !self.ranges.push(candle.high - candle.low) {
            return None;
        }
        let smooth = |window: &Window| -> f64 {
            window.iter().zip([1.0, 2.0, 2.0, 1.0]).map(|(value, weight)| value * weight).sum()
        };
        self.upper.push(smooth(&self.bodies));
        let full = self.lower.push(smooth(&self.ranges));
        full.then(|| ratio_or(self.upper.sum(), self.lower.sum(), 0.0))
    }
}

/// Chande's intraday momentum of a candle: `100 max(C - O, 0)` and `|C - O|`.
pub(super) fn intraday_momentum(candle: &Candle, _last: Option<&Candle>) -> Option<[f64; 2]> {
    let body = candle.close - candle.open;
    Some([100.0 * body.max(0.0), body.abs()])
}

/// `DeMark`'s parts: 100 times by how much the high rose, and that plus by how much the low fell.
pub(super) fn demarker(candle: &Candle, last: Option<&Candle>) -> Option<[f64; 2]> {
    let last = last?;
    let (up, down) = ((candle.high - last.high).max(0.0), (last.low - candle.low).max(0.0));
    Some([100.0 * up, up + down])
}
