//! What may stand in a part of a fold, given the part that comes next.
//!
//! Purge and embargo after M. López de Prado, *Advances in Financial Machine Learning* (2018),
//! chapter 7, stricter in one point: the embargo is also kept between a part and the one before it.

use super::{Fold, FoldError, RowTime};
use crate::market::{Interval, Span, Time};

/// The eligible rows with their times, and how far apart parts must be.
pub(super) struct Purge<'a> {
    rows: &'a [u32],
    times: &'a [RowTime],
    /// Embargo, ms.
    embargo: i64,
    /// Length of the longest label, ms.
    horizon: i64,
    /// Interval of the rows.
    pub interval: Interval,
    /// First decision time.
    pub first: i64,
    /// Last decision time.
    pub last: i64,
}

impl<'a> Purge<'a> {
    /// Checks rows and embargo; an embargo that is not given is the horizon. Labels may be shorter
    /// than the horizon, never longer.
    pub fn new(
        embargo: Option<u32>,
        rows: &'a [u32],
        times: &'a [RowTime],
        interval: Interval,
        horizon: u32,
    ) -> Result<Self, FoldError> {
        let embargo = embargo.unwrap_or(horizon);
        if embargo < horizon {
            return Err(FoldError::EmbargoShorterThanHorizon { embargo, horizon });
        }
        let candles = |count: u32| i64::from(count).saturating_mul(interval.ms());
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        for &row in rows {
            let Some(time) = times.get(row as usize) else {
                return Err(FoldError::UnknownRow { row, times: times.len() });
            };
            if time.label.end.saturating_sub(time.decision) > candles(horizon) {
                let end = Time(time.label.end);
                return Err(FoldError::LabelLongerThanHorizon { row, end, horizon });
            }
            first = first.min(time.decision);
            last = last.max(time.decision);
        }
        if rows.is_empty() {
            return Err(FoldError::NoRows);
        }
        let (embargo, horizon) = (candles(embargo), candles(horizon));
        Ok(Self { rows, times, embargo, horizon, interval, first, last })
    }

    /// Number of eligible rows.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// A fold of these periods, its rows purged and embargoed. Training goes on at `train_after`
    /// behind the test period, if it does.
    pub fn fold(
        &self,
        name: String,
        train: Span,
        train_after: Option<i64>,
        valid: Span,
        test: Span,
    ) -> Fold {
        let before_valid = self.latest_end(valid.start);
        let train_rows = self.select(|time| {
            train.contains(time.decision)
                && ((time.decision < valid.start && time.label.end <= before_valid)
                    || train_after.is_some_and(|start| time.decision >= start))
        });
        // Nothing is tested behind the final fold's validation rows, so none has to give way.
        let before_test = if test.length() == 0 { i64::MAX } else { self.latest_end(test.start) };
        Fold {
            name,
            train: train_rows,
            valid: self
                .select(|time| valid.contains(time.decision) && time.label.end <= before_test),
            test: self.select(|time| test.contains(time.decision)),
            train_span: train,
            valid_span: valid,
            test_span: test,
        }
    }

    /// First decision that may be trained on after a test period: its last label and the embargo
    /// are over.
    pub fn after(&self, test: Span) -> i64 {
        test.end.saturating_add(self.horizon).saturating_add(self.embargo)
    }

    /// Latest end of a label in the part before one that starts at `next`.
    fn latest_end(&self, next: i64) -> i64 {
        next.saturating_sub(self.embargo)
    }

    fn select(&self, keep: impl Fn(RowTime) -> bool) -> Vec<u32> {
        self.rows.iter().copied().filter(|&row| keep(self.times[row as usize])).collect()
    }
}
