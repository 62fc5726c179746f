//! Why forecasts cannot be scored.

use thiserror::Error;

use crate::labels::LabelError;
use crate::market::{Interval, Time};

/// Why forecasts cannot be scored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScoreError {
    /// Nothing to score.
    #[error("no forecast has a known outcome; forecast an earlier period or ingest more candles")]
    NoOutcome,
    /// Two labels in one card.
    #[error(
        "{model} forecasts {interval} × {horizon} candles where others forecast {expected_interval} \
         × {expected_horizon}; score one label at a time"
    )]
    MixedLabels {
        /// Model at fault.
        model: String,
        /// Its interval.
        interval: Interval,
        /// Its horizon.
        horizon: u32,
        /// Interval of the first forecast.
        expected_interval: Interval,
        /// Horizon of the first forecast.
        expected_horizon: u32,
    },
    /// Probabilities of other classes than the rest.
    #[error(
        "{model} forecasts {found} direction classes where others forecast {expected}; score one \
         label at a time"
    )]
    MixedClasses {
        /// Model at fault.
        model: String,
        /// Number of its classes.
        found: usize,
        /// Number of the forecasts' classes.
        expected: usize,
    },
    /// A forecast that is no number, or an outcome that is none.
    #[error("{model}'s {what} at {time} is not a finite number; the model diverged or was misread")]
    NotFinite {
        /// Model at fault.
        model: String,
        /// What is not finite.
        what: &'static str,
        /// Decision time.
        time: Time,
    },
    /// An outcome of a class that does not exist.
    #[error(
        "the outcome of {model}'s forecast at {time} is class {class}, which is none of the \
         forecasts' classes; they count from 0"
    )]
    UnknownClass {
        /// Model at fault.
        model: String,
        /// The class.
        class: u8,
        /// Decision time.
        time: Time,
    },
    /// One forecast twice.
    #[error("{model} forecasts {instrument} in {fold} at {time} twice; score each forecast once")]
    Twice {
        /// Model at fault.
        model: String,
        /// Instrument forecast.
        instrument: String,
        /// Fold of the model.
        fold: String,
        /// Decision time.
        time: Time,
    },
    /// One ledger twice.
    #[error(
        "there are two ledgers of {model} on {instrument}; give each model and buy and hold one"
    )]
    LedgerTwice {
        /// Model or baseline at fault.
        model: String,
        /// Instrument traded.
        instrument: String,
    },
    /// A model that takes a baseline's name.
    #[error("a model is named `{0}` like a baseline; name it otherwise")]
    NameTaken(String),
    /// A fold without prior.
    #[error("{fold} has forecasts but no fitted prior; fit one prior for each fold")]
    NoPrior {
        /// Name of the fold.
        fold: String,
    },
    /// A prior of nothing.
    #[error("{fold} has no training row with a known label to take class shares from")]
    NoTrainingRow {
        /// Name of the fold.
        fold: String,
    },
    /// The labels that persistence repeats.
    #[error(transparent)]
    Labels(#[from] LabelError),
    /// No series of an instrument, or not of its interval.
    #[error("there is no {interval} series of {instrument} to take its last moves from")]
    NoSeries {
        /// Instrument forecast.
        instrument: String,
        /// Its interval.
        interval: Interval,
    },
}
