//! How volatility itself moves, and how long the price remembers.

use crate::market::Candle;

use super::indicator::{CloseReturn, Indicator, ratio_or};
use super::of_candles;
use super::rolling::{Extreme, Window};

/// A statistic of the last values of the short-term volatility (sample deviation of the last `short`
/// log returns).
#[derive(Debug)]
pub(super) struct OfVolatility {
    returns: CloseReturn,
    short: Window,
    volatilities: Window,
    statistic: fn(&Window) -> f64,
}

impl OfVolatility {
    /// Standard deviation over mean; 0 when the price stood still.
    pub(super) fn variation(short: usize, lookback: usize) -> Self {
        let (short, volatilities) = (Window::new(short), Window::new(lookback));
        let statistic = of_candles::variation;
        Self { returns: CloseReturn::default(), short, volatilities, statistic }
    }

    /// Average rank of the newest, over their number.
    pub(super) fn rank(short: usize, lookback: usize) -> Self {
        Self { statistic: of_candles::rank, ..Self::variation(short, lookback) }
    }
}

impl Indicator for OfVolatility {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let value = self.returns.update(candle)?;
        if !self.short.push(value) {
            return None;
        }
        let full = self.volatilities.push(self.short.deviation(1));
        full.then(|| (self.statistic)(&self.volatilities))
    }
}

/// Hurst exponent from how the mean square move grows with its length: slope of
/// `ln(mean (ln C - ln C[-q])^2) / 2` on `ln q`, q = 1, 2, 4, 8, 16, over n + 1 closes; 0.5 (no
/// memory) when the price did not move over one of the lengths.
#[derive(Debug)]
pub(super) struct Hurst {
    closes: Window,
}

impl Hurst {
    pub(super) fn new(lookback: usize) -> Self {
        Self { closes: Window::new(lookback + 1) }
    }
}

impl Indicator for Hurst {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        if !self.closes.push(candle.close.ln()) {
            return None;
        }
        // The lengths are equally spaced in ln q: -2 … 2 times ln 2 around their middle.
        let mut growth = 0.0;
        for (step, q) in [1, 2, 4, 8, 16].into_iter().enumerate() {
            let pairs = self.closes.iter().zip(self.closes.iter().skip(q));
            let square: f64 = pairs.map(|(from, to)| (to - from) * (to - from)).sum();
            if square == 0.0 {
                return Some(0.5);
            }
            growth += (step as f64 - 2.0) * (square / (self.closes.count() - q as f64)).ln() / 2.0;
        }
        Some(growth / (10.0 * std::f64::consts::LN_2))
    }
}

/// Martin's ulcer index: root mean square of the drawdowns `C / max C - 1` of the last n candles,
/// each from the highest close of its own n.
#[derive(Debug)]
pub(super) struct Ulcer {
    highest: Extreme,
    drawdowns: Window,
}

impl Ulcer {
    pub(super) fn new(lookback: usize) -> Self {
        Self { highest: Extreme::highest(lookback), drawdowns: Window::new(lookback) }
    }
}

impl Indicator for Ulcer {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let (highest, _) = self.highest.update(candle.close)?;
        let full = self.drawdowns.push(candle.close / highest - 1.0);
        full.then(|| super::realised::root_mean_square(&self.drawdowns))
    }
}

/// Corwin and Schultz's spread: mean of `2 (e^a - 1) / (1 + e^a)` of the last n candles, each with
/// the one before it, below 0 counted as 0; `a = (sqrt(2 b) - sqrt b) / k - sqrt(g / k)`,
/// `b = ln(H / L)^2 + ln(H[-1] / L[-1])^2`, `g = ln(max(H, H[-1]) / min(L, L[-1]))^2`,
/// `k = 3 - 2 sqrt 2`.
pub(super) fn corwin_schultz(candle: &Candle, last: Option<&Candle>) -> Option<f64> {
    let last = last?;
    let square = |candle: &Candle| (candle.high / candle.low).ln().powi(2);
    let b = square(candle) + square(last);
    let g = (candle.high.max(last.high) / candle.low.min(last.low)).ln().powi(2);
    let k = 3.0 - 2.0 * std::f64::consts::SQRT_2;
    let a = ((2.0 * b).sqrt() - b.sqrt()) / k - (g / k).sqrt();
    // tanh(a / 2) = (e^a - 1) / (e^a + 1).
    Some((2.0 * (a / 2.0).tanh()).max(0.0))
}

/// Abdi and Ranaldo's `4 (c[-1] - m[-1]) (c[-1] - m)`, m the log middle `ln(H L) / 2`; the root of
/// its mean is their spread.
pub(super) fn abdi_ranaldo(candle: &Candle, last: Option<&Candle>) -> Option<f64> {
    let last = last?;
    let above = |other: &Candle| {
        f64::midpoint((last.close / other.high).ln(), (last.close / other.low).ln())
    };
    Some(4.0 * above(last) * above(candle))
}

/// Root of the mean, 0 where it is negative.
pub(super) fn root_of_mean(window: &Window) -> f64 {
    super::indicator::not_negative(window.mean()).sqrt()
}

/// Squared log range, `ln(H / L)^2`.
pub(super) fn square_range(candle: &Candle, _last: Option<&Candle>) -> Option<f64> {
    Some((candle.high / candle.low).ln().powi(2))
}

/// Root of the mean of the last 6 values over that of all; 1 when all are 0.
pub(super) fn root_of_last_6(window: &Window) -> f64 {
    ratio_or(window.sum_of_last(6) / 6.0, window.sum() / window.count(), 1.0).sqrt()
}
