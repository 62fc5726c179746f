//! Moving averages and their crossings.

use crate::market::Candle;

use super::indicator::Indicator;
use super::number::Number;
use super::of_last::Statistic;
use super::sample::Sample;
use super::smoothing::ExponentialMean;

/// Distance of the close from its plain moving average: `C / SMA(C, n) - 1`.
#[derive(Debug)]
pub(super) struct SmaDistance;

impl Statistic<1> for SmaDistance {
    #[inline(always)]
    fn of<S: Sample>(&self, [closes]: [S; 1]) -> S::Number {
        closes.newest() / closes.mean() - S::Number::of(1.0)
    }
}

/// Distance of the close from its exponential moving average: `C / EMA(C, n) - 1`.
#[derive(Debug)]
pub(super) struct EmaDistance {
    mean: ExponentialMean,
}

impl EmaDistance {
    pub(super) fn new(lookback: usize) -> Self {
        Self { mean: ExponentialMean::new(lookback) }
    }
}

impl Indicator for EmaDistance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.mean.update(candle.close).map(|mean| candle.close / mean - 1.0)
    }
}

/// Appel's MACD line as a share of the close: `(EMA(C, fast) - EMA(C, slow)) / C`.
///
/// As in TA-Lib the fast mean starts late, so that both give their first value at one candle.
#[derive(Debug)]
pub(super) struct Macd {
    fast: ExponentialMean,
    slow: ExponentialMean,
}

impl Macd {
    pub(super) fn new(fast: usize, slow: usize) -> Self {
        let fast = ExponentialMean::after(slow.saturating_sub(fast), fast);
        Self { fast, slow: ExponentialMean::new(slow) }
    }

    fn line(&mut self, close: f64) -> Option<f64> {
        let fast = self.fast.update(close);
        let slow = self.slow.update(close);
        Some(fast? - slow?)
    }
}

impl Indicator for Macd {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.line(candle.close).map(|line| line / candle.close)
    }
}

/// Signal line of the MACD as a share of the close: `EMA(MACD, signal) / C`.
#[derive(Debug)]
pub(super) struct MacdSignal {
    line: Macd,
    signal: ExponentialMean,
}

impl MacdSignal {
    pub(super) fn new(fast: usize, slow: usize, signal: usize) -> Self {
        Self { line: Macd::new(fast, slow), signal: ExponentialMean::new(signal) }
    }
}

impl Indicator for MacdSignal {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let line = self.line.line(candle.close)?;
        self.signal.update(line).map(|signal| signal / candle.close)
    }
}

/// Histogram of the MACD as a share of the close: `(MACD - signal) / C`.
#[derive(Debug)]
pub(super) struct MacdHistogram {
    line: Macd,
    signal: ExponentialMean,
}

impl MacdHistogram {
    pub(super) fn new(fast: usize, slow: usize, signal: usize) -> Self {
        Self { line: Macd::new(fast, slow), signal: ExponentialMean::new(signal) }
    }
}

impl Indicator for MacdHistogram {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let line = self.line.line(candle.close)?;
        self.signal.update(line).map(|signal| (line - signal) / candle.close)
    }
}

/// Growth in percent of the triply smoothed close: `100 * (E / E[-1] - 1)`,
/// `E = EMA(EMA(EMA(C, n), n), n)`.
#[derive(Debug)]
pub(super) struct Trix {
    means: [ExponentialMean; 3],
    last: Option<f64>,
}

impl Trix {
    pub(super) fn new(lookback: usize) -> Self {
        Self { means: [(); 3].map(|()| ExponentialMean::new(lookback)), last: None }
    }
}

impl Indicator for Trix {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let mut value = candle.close;
        for mean in &mut self.means {
            value = mean.update(value)?;
        }
        let last = self.last.replace(value)?;
        Some(100.0 * (value / last - 1.0))
    }
}
