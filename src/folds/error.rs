//! Why rows cannot be cut into folds.

use thiserror::Error;

use crate::market::{Interval, Period, Time};

/// Why rows cannot be cut into folds.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FoldError {
    /// The embargo does not even cover a label.
    #[error(
        "embargo {embargo} is shorter than the horizon {horizon}: a label could still be open when \
         the next part starts; set folds.embargo >= {horizon}"
    )]
    EmbargoShorterThanHorizon {
        /// Candles of embargo.
        embargo: u32,
        /// Candles of a label.
        horizon: u32,
    },
    /// Nothing to cut.
    #[error(
        "there is no row to cut into folds: every row lacks a full window or a known label; \
         ingest more candles, or shorten window or labels.horizon"
    )]
    NoRows,
    /// A label that outlasts what is kept free behind a test period.
    #[error(
        "the label of row {row} lasts until {end}, longer than the horizon of {horizon} candles \
         that folds are kept apart by"
    )]
    LabelLongerThanHorizon {
        /// The row.
        row: u32,
        /// End of its label.
        end: Time,
        /// Candles of the longest label.
        horizon: u32,
    },
    /// A row beyond the times.
    #[error("row {row} has no time: there are {times} times")]
    UnknownRow {
        /// The row.
        row: u32,
        /// Number of times.
        times: usize,
    },
    /// A period that no row can lie in.
    #[error(
        "{field} {period} is shorter than one {interval} candle; set it to more than {interval}"
    )]
    PeriodTooShort {
        /// Config field.
        field: &'static str,
        /// Its value.
        period: Period,
        /// Interval of the rows.
        interval: Interval,
    },
    /// More models than anyone means to train.
    #[error(
        "{field} {period} cuts the data into {folds} folds, more than {most}; set a longer \
         {field} or folds.max_folds"
    )]
    TooManyFolds {
        /// Config field.
        field: &'static str,
        /// Its value.
        period: Period,
        /// Number of periods that the data covers.
        folds: i64,
        /// Largest number that is made.
        most: u32,
    },
    /// The data ends before the first fold, or leaves a part of every fold empty.
    #[error(
        "no fold is possible: {rows} usable rows from {first} to {last}, and {needed}; ingest more \
         candles or shorten {fields}"
    )]
    NoFold {
        /// Number of rows.
        rows: usize,
        /// First decision time.
        first: Time,
        /// Last decision time.
        last: Time,
        /// What a fold would need.
        needed: String,
        /// Config fields to change.
        fields: &'static str,
    },
}
