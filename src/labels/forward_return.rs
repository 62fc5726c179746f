//! Log returns between the closes of a series, never over a gap.

use crate::market::CandleSeries;

/// Log returns of a series, from candle to candle and over any stretch without a gap.
#[derive(Debug, Clone)]
pub struct LogReturns {
    log_close: Vec<f64>,
    steps: Vec<Option<f64>>,
    /// First candle of the gap-free stretch that each candle is in.
    first: Vec<usize>,
}

impl LogReturns {
    /// Of the closes of `series`.
    #[must_use]
    pub fn of(series: &CandleSeries) -> Self {
        let interval = series.interval().ms();
        let log_close: Vec<f64> = series.close().iter().map(|close| close.ln()).collect();
        let mut steps = Vec::with_capacity(series.len());
        let mut first = Vec::with_capacity(series.len());
        let mut start = 0;
        for index in 0..series.len() {
            let follows = index > 0
                && series.open_time()[index - 1].saturating_add(interval)
                    == series.open_time()[index];
            let step = follows
                .then(|| log_close[index] - log_close[index - 1])
                .filter(|step| step.is_finite());
            if step.is_none() {
                start = index;
            }
            steps.push(step);
            first.push(start);
        }
        Self { log_close, steps, first }
    }

    /// Log return into each candle from the one before it; `None` for the first candle, behind a
    /// gap and where a price is not positive.
    #[must_use]
    pub fn steps(&self) -> &[Option<f64>] {
        &self.steps
    }

    /// Natural logarithms of the closes.
    #[must_use]
    pub fn log_close(&self) -> &[f64] {
        &self.log_close
    }

    /// `ln(close[to] / close[from])`, the log return over the candles behind `from` up to `to`;
    /// `None` when there are none, over a gap and past the end.
    #[must_use]
    pub fn between(&self, from: usize, to: usize) -> Option<f64> {
        self.stretch(from, to).map(|_| self.log_close[to] - self.log_close[from])
    }

    /// The one-candle log returns behind `from` up to `to`; `None` as for [`Self::between`].
    pub(super) fn stretch(&self, from: usize, to: usize) -> Option<&[Option<f64>]> {
        (from < to && *self.first.get(to)? <= from).then(|| &self.steps[from + 1..=to])
    }
}
