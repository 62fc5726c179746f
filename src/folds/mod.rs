//! Spans into folds: index arithmetic only, boundaries anchored in time.
//!
//! A row is a `u32` index into the pooled rows of all instruments. Every boundary is a point in
//! time, the same for all instruments, and depends on nothing but the first row and the config:
//! more data adds folds behind the old ones and never moves one.

mod config;
mod error;
mod final_fold;
mod fold;
mod k_fold;
mod purge;
mod walk_forward;

pub use config::{FoldConfig, PurgedKFoldConfig, TrainSpan, WalkForwardConfig};
pub use error::FoldError;
pub use final_fold::final_fold;
pub use fold::{Fold, RowTime};

use crate::market::Interval;
use purge::Purge;

/// The folds of a config, earliest test period first, named `fold_0`, `fold_1`, ….
///
/// `rows` are the eligible rows in any order, which the parts of each fold keep; `times` is indexed
/// by row. `horizon` is the length of the longest label in candles; others may end earlier. A period
/// that has no row to train on, to choose the checkpoint with or to test on makes
/// no fold.
///
/// # Errors
/// When the embargo is shorter than the horizon, a row has no time or a label longer than that, a period is shorter than a
/// candle or holds too little of the data, or the data is too short for a single fold.
pub fn split(
    config: &FoldConfig,
    rows: &[u32],
    times: &[RowTime],
    interval: Interval,
    horizon: u32,
) -> Result<Vec<Fold>, FoldError> {
    let purge = Purge::new(config.embargo(), rows, times, interval, horizon)?;
    match config {
        FoldConfig::WalkForward(config) => walk_forward::split(config, &purge),
        FoldConfig::PurgedKFold(config) => k_fold::split(config, &purge),
    }
}
