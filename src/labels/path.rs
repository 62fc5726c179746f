//! Log prices of a series as labels look along them, never over a gap.

use super::LogReturns;
use super::volatility::realised_volatility;
use crate::market::CandleSeries;

/// Log prices and returns of a series, one a candle.
#[derive(Debug)]
pub(super) struct Path {
    pub open: Vec<f64>,
    pub high: Vec<f64>,
    pub low: Vec<f64>,
    pub returns: LogReturns,
}

impl Path {
    pub fn of(series: &CandleSeries) -> Self {
        let mut path = Self {
            open: Vec::with_capacity(series.len()),
            high: Vec::with_capacity(series.len()),
            low: Vec::with_capacity(series.len()),
            returns: LogReturns::of(series),
        };
        for candle in series.iter() {
            path.open.push(candle.open.ln());
            path.high.push(candle.high.ln());
            path.low.push(candle.low.ln());
        }
        path
    }

    /// Number of candles.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Log closes.
    pub fn close(&self) -> &[f64] {
        self.returns.log_close()
    }

    /// Log return and realised volatility over the `ahead` candles behind `index`.
    pub fn move_over(&self, index: usize, ahead: usize) -> Option<(f64, f64)> {
        let end = index.saturating_add(ahead);
        Some((self.returns.between(index, end)?, realised_volatility(&self.returns, index, end)?))
    }

    /// The last `count` candles up to `index`, or `None` when a gap or the beginning lies among
    /// them.
    pub fn last(&self, index: usize, count: usize) -> Option<std::ops::RangeInclusive<usize>> {
        let from = (index + 1).checked_sub(count)?;
        (from == index || self.returns.between(from, index).is_some()).then_some(from..=index)
    }
}
