//! How fast the price moves, and whether that speeds up.

use crate::market::Candle;

use super::indicator::{CloseReturn, Indicator, ratio_or, true_range};
use super::rolling::Window;
use super::smoothing::ExponentialMean;
use super::weighted_average::LinearMean;

/// Return over the last candles in units of what a random walk would move: `sum r / (std r sqrt n)`
/// of the returns; 0 when they are equal.
pub(super) fn t_statistic(returns: &Window) -> f64 {
    ratio_or(returns.sum(), returns.deviation(1) * returns.count().sqrt(), 0.0)
}

/// Share of rises less share of falls among the returns.
pub(super) fn rise_balance(returns: &Window) -> f64 {
    let side = |r: f64| f64::from(i8::from(r > 0.0) - i8::from(r < 0.0));
    returns.iter().map(side).sum::<f64>() / returns.count()
}

/// `100 (C - C[-1])` and `|C - C[-1]|`: Chande's momentum is the ratio of their sums.
pub(super) fn chande(candle: &Candle, last: Option<&Candle>) -> Option<[f64; 2]> {
    let change = candle.close - last?.close;
    Some([100.0 * change, change.abs()])
}

/// `C - O` and `H - L`.
pub(super) fn body_and_range(candle: &Candle, _last: Option<&Candle>) -> Option<[f64; 2]> {
    Some([candle.close - candle.open, candle.high - candle.low])
}

/// Move over the last candles in mean true ranges: `(C - C[-n]) / A`, A Wilder's mean; 0 without
/// range.
#[derive(Debug)]
pub(super) struct RangeMomentum {
    closes: Window,
    last: Option<f64>,
    range: ExponentialMean,
}

impl RangeMomentum {
    pub(super) fn new(lookback: usize) -> Self {
        let range = ExponentialMean::wilder(lookback);
        Self { closes: Window::new(lookback + 1), last: None, range }
    }
}

impl Indicator for RangeMomentum {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let full = self.closes.push(candle.close);
        let last = self.last.replace(candle.close)?;
        let range = self.range.update(true_range(candle, last))?;
        full.then(|| ratio_or(candle.close - self.closes.oldest(), range, 0.0))
    }
}

/// Blau's true strength: `100 EMA(EMA(M)) / EMA(EMA(|M|))`, `M = C - C[-1]`; 0 when the price stood
/// still.
#[derive(Debug)]
pub(super) struct TrueStrength {
    last: Option<f64>,
    moves: [ExponentialMean; 2],
    sizes: [ExponentialMean; 2],
}

impl TrueStrength {
    pub(super) fn new(slow: usize, fast: usize) -> Self {
        let means = || [slow, fast].map(ExponentialMean::new);
        Self { last: None, moves: means(), sizes: means() }
    }
}

impl Indicator for TrueStrength {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let change = candle.close - self.last.replace(candle.close)?;
        let (moved, size) = (self.moves[0].update(change), self.sizes[0].update(change.abs()));
        let (moved, size) = (self.moves[1].update(moved?), self.sizes[1].update(size?));
        Some(100.0 * ratio_or(moved?, size?, 0.0))
    }
}

/// Appel's price oscillator: `E(fast) / E(slow) - 1` of exponential means of the close.
#[derive(Debug)]
pub(super) struct PriceOscillator {
    fast: ExponentialMean,
    slow: ExponentialMean,
}

impl PriceOscillator {
    pub(super) fn new(fast: usize, slow: usize) -> Self {
        Self { fast: ExponentialMean::new(fast), slow: ExponentialMean::new(slow) }
    }
}

impl Indicator for PriceOscillator {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let fast = self.fast.update(candle.close);
        let slow = self.slow.update(candle.close)?;
        fast.map(|fast| fast / slow - 1.0)
    }
}

/// Coppock's curve: linearly weighted mean of `C / C[-a] + C / C[-b] - 2`.
#[derive(Debug)]
pub(super) struct Coppock {
    short: Window,
    long: Window,
    mean: LinearMean,
}

impl Coppock {
    pub(super) fn new(smoothing: usize, short: usize, long: usize) -> Self {
        let (short, long) = (Window::new(short + 1), Window::new(long + 1));
        Self { short, long, mean: LinearMean::new(smoothing) }
    }
}

impl Indicator for Coppock {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let close = candle.close;
        self.short.push(close);
        let full = self.long.push(close);
        let growth = |closes: &Window| close / closes.oldest() - 1.0;
        if full { self.mean.update(growth(&self.short) + growth(&self.long)) } else { None }
    }
}

/// Pring's Know Sure Thing: `sum k mean(C / C[-a] - 1)` over four lookbacks a and smoothings, k = 1,
/// 2, 3, 4; less its own mean where a signal is asked for.
#[derive(Debug)]
pub(super) struct KnowSureThing {
    closes: [Window; 4],
    growths: [Window; 4],
    signal: Option<Window>,
}

impl KnowSureThing {
    pub(super) fn new(lookbacks: [usize; 4], smoothings: [usize; 4]) -> Self {
        let closes = lookbacks.map(|lookback| Window::new(lookback + 1));
        Self { closes, growths: smoothings.map(Window::new), signal: None }
    }

    /// The curve less its mean over `signal` candles.
    pub(super) fn above_signal(self, signal: usize) -> Self {
        Self { signal: Some(Window::new(signal)), ..self }
    }
}

impl Indicator for KnowSureThing {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let mut curve = Some(0.0);
        let parts = self.closes.iter_mut().zip(&mut self.growths);
        for (weight, (closes, growths)) in parts.enumerate() {
            let full =
                closes.push(candle.close) && growths.push(candle.close / closes.oldest() - 1.0);
            let weighted = full.then(|| (weight + 1) as f64 * growths.mean());
            curve = curve.zip(weighted).map(|(sum, part)| sum + part);
        }
        let curve = curve?;
        match &mut self.signal {
            Some(signal) => signal.push(curve).then(|| curve - signal.mean()),
            None => Some(curve),
        }
    }
}

/// By how much the last `lookback` candles returned more than those before them:
/// `ln(C / C[-n]) - ln(C[-n] / C[-2 n])`.
#[derive(Debug)]
pub(super) struct Acceleration {
    recent: Window,
    closes: Window,
}

impl Acceleration {
    pub(super) fn new(lookback: usize) -> Self {
        Self { recent: Window::new(lookback + 1), closes: Window::new(2 * lookback + 1) }
    }
}

impl Indicator for Acceleration {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.recent.push(candle.close);
        self.closes.push(candle.close).then(|| {
            let between = self.recent.oldest();
            (candle.close / between).ln() - (between / self.closes.oldest()).ln()
        })
    }
}

/// Return up to `skip` candles ago: `ln(C[-s] / C[-n])`.
#[derive(Debug)]
pub(super) struct SkippedReturn {
    recent: Window,
    closes: Window,
}

impl SkippedReturn {
    pub(super) fn new(lookback: usize, skip: usize) -> Self {
        Self { recent: Window::new(skip + 1), closes: Window::new(lookback + 1) }
    }
}

impl Indicator for SkippedReturn {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.recent.push(candle.close);
        let full = self.closes.push(candle.close);
        full.then(|| (self.recent.oldest() / self.closes.oldest()).ln())
    }
}

/// Elder's bull power `(H - E) / C` or bear power `(L - E) / C`, E the exponential mean of the close.
#[derive(Debug)]
pub(super) struct ElderPower {
    mean: ExponentialMean,
    extreme: fn(&Candle) -> f64,
}

impl ElderPower {
    pub(super) fn bull(lookback: usize) -> Self {
        Self { mean: ExponentialMean::new(lookback), extreme: |candle| candle.high }
    }

    pub(super) fn bear(lookback: usize) -> Self {
        Self { extreme: |candle| candle.low, ..Self::bull(lookback) }
    }
}

impl Indicator for ElderPower {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let mean = self.mean.update(candle.close)?;
        Some(((self.extreme)(candle) - mean) / candle.close)
    }
}

/// Average of the log returns over candles whose volume fell (or rose) against the one before, all
/// candles counted: the change of the negative (positive) volume index a candle.
#[derive(Debug)]
pub(super) struct VolumeIndex {
    rising: bool,
    last: Option<f64>,
    returns: CloseReturn,
    window: Window,
}

impl VolumeIndex {
    pub(super) fn negative(lookback: usize) -> Self {
        let (returns, window) = (CloseReturn::default(), Window::new(lookback));
        Self { rising: false, last: None, returns, window }
    }

    pub(super) fn positive(lookback: usize) -> Self {
        Self { rising: true, ..Self::negative(lookback) }
    }
}

impl Indicator for VolumeIndex {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let value = self.returns.update(candle);
        let last = self.last.replace(candle.volume)?;
        let counts = if self.rising { candle.volume > last } else { candle.volume < last };
        self.window.push(if counts { value? } else { 0.0 }).then(|| self.window.mean())
    }
}
