//! The fold of the final refit: everything up to now.

use super::purge::Purge;
use super::walk_forward::{check_period, no_fold, train_before};
use super::{Fold, FoldConfig, FoldError, RowTime};
use crate::market::{Interval, Span};

/// The fold named `final`: validates on the last `valid` period of the rows, trains on what lies
/// before it, tests nothing.
///
/// # Errors
/// As [`super::split`].
pub fn final_fold(
    config: &FoldConfig,
    rows: &[u32],
    times: &[RowTime],
    interval: Interval,
    horizon: u32,
) -> Result<Fold, FoldError> {
    let purge = Purge::new(config.embargo(), rows, times, interval, horizon)?;
    check_period("folds.valid", config.valid(), interval)?;
    let end = purge.last.saturating_add(interval.ms());
    let valid = Span { start: end.saturating_sub(config.valid().ms()), end };
    let first_day = Interval::DAY.floor(purge.first);
    let train = train_before(valid.start, config.train(), first_day.min(valid.start));
    let test = Span { start: end, end };
    let fold = purge.fold("final".to_owned(), train, None, valid, test);
    if fold.train.is_empty() || fold.valid.is_empty() {
        return Err(no_fold(
            &purge,
            format!(
                "the final fit validates on the last {} and trains on what lies before it",
                config.valid()
            ),
            "folds.valid",
        ));
    }
    Ok(fold)
}
