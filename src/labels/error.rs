//! Why labels cannot be built, and thresholds or weights not fitted.

use thiserror::Error;

use crate::market::{Instrument, Time};

/// Why labels cannot be built, and thresholds or weights not fitted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LabelError {
    /// A horizon of nothing.
    #[error("labels.horizon is 0; set it to at least 1 candle")]
    NoHorizon,
    /// A row of a candle that is not in the series.
    #[error(
        "row {row} is decided on the candle that opens at {open_time}, which is not among the \
         {candles} candles of the series; build features and labels from the same series"
    )]
    UnknownCandle {
        /// Row of the table.
        row: usize,
        /// Open time of its candle.
        open_time: Time,
        /// Number of candles in the series.
        candles: usize,
    },
    /// Quantiles of no value.
    #[error(
        "{fold} has no training row to fit quantile thresholds on; use a longer training period"
    )]
    NoTrainingRow {
        /// Name of the fold.
        fold: String,
    },
    /// A training row without label.
    #[error("training row {row} of {fold} has no known label; make folds of labelled rows only")]
    Unlabelled {
        /// Name of the fold.
        fold: String,
        /// The row.
        row: u32,
    },
    /// Rows of an instrument without its candles.
    #[error("there are no candles of {instrument} to weigh its labels by")]
    NoSeries {
        /// The instrument.
        instrument: Instrument,
    },
}
