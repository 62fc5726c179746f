//! Walk-forward: train on the past, test on the period after it, move on by a test period.

use super::purge::Purge;
use super::{Fold, FoldError, TrainSpan, WalkForwardConfig};
use crate::market::{Interval, Period, Span, Time};

/// Most folds made of one config.
pub(super) const MOST_FOLDS: u32 = 1_000;

pub(super) fn split(config: &WalkForwardConfig, purge: &Purge) -> Result<Vec<Fold>, FoldError> {
    check_period("folds.test", config.test, purge.interval)?;
    check_period("folds.valid", config.valid, purge.interval)?;
    let day = Interval::DAY.floor(purge.first);
    let first_test = config.first_test.map_or_else(
        || day.saturating_add(config.min_train.ms()).saturating_add(config.valid.ms()),
        |time| time.0,
    );
    let periods = Periods { anchor: first_test, length: config.test.ms() };
    let count = periods.count("folds.test", config.test, config.max_folds, purge)?;

    let mut folds = Vec::new();
    for test in periods.from(purge.first).take(count) {
        if folds.len() >= config.max_folds.unwrap_or(MOST_FOLDS) as usize {
            break;
        }
        let valid = Span { start: test.start.saturating_sub(config.valid.ms()), end: test.start };
        let train = train_before(valid.start, config.train, day);
        let fold = purge.fold(format!("fold_{}", folds.len()), train, None, valid, test);
        if !(fold.train.is_empty() || fold.valid.is_empty() || fold.test.is_empty()) {
            folds.push(fold);
        }
    }
    if folds.is_empty() {
        return Err(no_fold(
            purge,
            format!(
                "the first test period starts at {}, after {} of validation and rows to train on",
                Time(first_test),
                config.valid
            ),
            "folds.min_train, folds.first_test, folds.valid or folds.test",
        ));
    }
    Ok(folds)
}

/// Training period that ends at `end`.
pub(super) fn train_before(end: i64, train: TrainSpan, first_day: i64) -> Span {
    let start = match train {
        TrainSpan::Expanding => first_day,
        TrainSpan::Sliding { length } => end.saturating_sub(length.ms()).max(first_day),
    };
    Span { start: start.min(end), end }
}

/// Equal periods counted from an anchor.
pub(super) struct Periods {
    pub anchor: i64,
    /// Length, ms.
    pub length: i64,
}

impl Periods {
    /// Number of periods from the one that holds the first row to the one that holds the last.
    pub fn count(
        &self,
        field: &'static str,
        period: Period,
        max_folds: Option<u32>,
        purge: &Purge,
    ) -> Result<usize, FoldError> {
        let start = self.start(purge.first);
        if purge.last < start {
            return Ok(0);
        }
        let folds = (purge.last.saturating_sub(start)) / self.length + 1;
        if folds > i64::from(MOST_FOLDS) && max_folds.is_none_or(|most| most > MOST_FOLDS) {
            return Err(FoldError::TooManyFolds { field, period, folds, most: MOST_FOLDS });
        }
        Ok(folds as usize)
    }

    /// The periods that end after `first`, without end.
    pub fn from(&self, first: i64) -> impl Iterator<Item = Span> + '_ {
        let start = self.start(first);
        (0_i64..).map(move |index| {
            let start = start.saturating_add(index.saturating_mul(self.length));
            Span { start, end: start.saturating_add(self.length) }
        })
    }

    /// Start of the first period, not before the anchor, that ends after `first`.
    fn start(&self, first: i64) -> i64 {
        let skipped = first.saturating_sub(self.anchor).max(0) / self.length;
        self.anchor.saturating_add(skipped.saturating_mul(self.length))
    }
}

/// Refuses a period that no row can lie in.
pub(super) fn check_period(
    field: &'static str,
    period: Period,
    interval: Interval,
) -> Result<(), FoldError> {
    if period.ms() < interval.ms() {
        return Err(FoldError::PeriodTooShort { field, period, interval });
    }
    Ok(())
}

pub(super) fn no_fold(purge: &Purge, needed: String, fields: &'static str) -> FoldError {
    FoldError::NoFold {
        rows: purge.rows(),
        first: Time(purge.first),
        last: Time(purge.last),
        needed,
        fields,
    }
}
