//! Inputs, labels and folds into samples gathered on the device.
//!
//! A sample is named by its **last row**: the pooled row at whose decision time the forecast is made.
//! Its windows end at that row and reach into the past, oldest row first; a net says which ([`View`]).

mod gather;
mod memory;
mod pool;
mod scaler;
mod symbols;
mod table;
mod targets;
mod view;

use thiserror::Error;

use crate::market::Interval;

pub use gather::gather;
pub use memory::{MemoryNeed, MemoryPlan, available_memory, estimate_memory};
pub use pool::{Eligible, LedgerGap, Pool, eligible};
pub use scaler::{Scaler, ScalerConfig, ScalerKind};
pub use symbols::Symbols;
pub use table::Table;
pub use targets::{TargetScale, Targets, VOLATILITY_FLOOR, targets};
pub use view::{Clock, ColumnKinds, View, reach};

/// What keeps samples from being made.
#[derive(Debug, Error, PartialEq)]
pub enum WindowError {
    /// No table at all, or tables without a row or a column.
    #[error("there are no feature rows: {0}")]
    Empty(String),
    /// More rows or instruments than their index type holds.
    #[error("{what} {count} is more than {limit}; train on fewer instruments or a shorter span")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// The most that can be.
        limit: usize,
    },
    /// The same instrument twice.
    #[error("instrument {0} is given twice")]
    Twice(String),
    /// Tables of different intervals.
    #[error("{instrument} has interval {found}, the tables before it {expected}")]
    Interval {
        /// Instrument of the table that differs.
        instrument: String,
        /// Its interval.
        found: Interval,
        /// Interval of the first table.
        expected: Interval,
    },
    /// Tables of different columns.
    #[error(
        "{instrument} has other features than the tables before it (first difference: {difference})"
    )]
    Features {
        /// Instrument of the table that differs.
        instrument: String,
        /// First column name that differs.
        difference: String,
    },
    /// Columns of a table do not fit together.
    #[error("feature table of {instrument} is malformed: {fault}")]
    Malformed {
        /// Instrument of the table.
        instrument: String,
        /// What is wrong, with row and value.
        fault: String,
    },
    /// A fold names a row that the pool lacks.
    #[error("fold {fold} names row {row}, the pool has {rows} rows")]
    RowOutside {
        /// Name of the fold.
        fold: String,
        /// Row that is not there.
        row: u32,
        /// Rows of the pool.
        rows: usize,
    },
    /// A fold without training rows.
    #[error(
        "fold {0} has no training rows with a known label; give it a longer training span or a shorter window"
    )]
    NoTrainingRows(String),
    /// A scaler made for other features.
    #[error("the scaler was fitted on {scaler} features, the rows have {rows}")]
    ScalerWidth {
        /// Features of the scaler.
        scaler: usize,
        /// Features of the rows.
        rows: usize,
    },
    /// A label that never varies.
    #[error(
        "the {label} of all {count} training labels of fold {fold} is {value}: there is nothing to learn from a constant price; check the stored candles with `candlewick store check`"
    )]
    ConstantLabel {
        /// Which label.
        label: &'static str,
        /// Number of training labels.
        count: usize,
        /// Name of the fold.
        fold: String,
        /// The one value.
        value: f64,
    },
    /// A run that does not fit.
    #[error("{0}")]
    Memory(String),
}

#[cfg(test)]
mod tests;
