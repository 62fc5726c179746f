//! Purged k-fold: each block is tested once, everything around it is trained on.

use super::purge::Purge;
use super::walk_forward::{MOST_FOLDS, Periods, check_period, no_fold};
use super::{Fold, FoldError, PurgedKFoldConfig};
use crate::market::{Interval, Span, Time};

pub(super) fn split(config: &PurgedKFoldConfig, purge: &Purge) -> Result<Vec<Fold>, FoldError> {
    check_period("folds.block", config.block, purge.interval)?;
    check_period("folds.valid", config.valid, purge.interval)?;
    let day = Interval::DAY.floor(purge.first);
    let periods = Periods { anchor: day, length: config.block.ms() };
    let count = periods.count("folds.block", config.block, config.max_folds, purge)?;
    let end = purge.last.saturating_add(1);

    let mut folds = Vec::new();
    for test in periods.from(purge.first).take(count) {
        if folds.len() >= config.max_folds.unwrap_or(MOST_FOLDS) as usize {
            break;
        }
        let valid = Span { start: test.start.saturating_sub(config.valid.ms()), end: test.start };
        let train = Span { start: day, end };
        let name = format!("fold_{}", folds.len());
        let fold = purge.fold(name, train, Some(purge.after(test)), valid, test);
        if !(fold.train.is_empty() || fold.valid.is_empty() || fold.test.is_empty()) {
            folds.push(fold);
        }
    }
    if folds.is_empty() {
        return Err(no_fold(
            purge,
            format!(
                "a block of {} counted from {} needs {} of validation before it and rows to train on",
                config.block,
                Time(day),
                config.valid
            ),
            "folds.block or folds.valid",
        ));
    }
    Ok(folds)
}
