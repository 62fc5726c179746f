//! Why forecasts cannot be traded.

use thiserror::Error;

use crate::market::{Interval, Time};

/// Why forecasts cannot be traded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BacktestError {
    /// Nothing to trade on.
    #[error("there is no forecast with class probabilities to trade on; enable the direction head")]
    NoDirection,
    /// More than one model or instrument.
    #[error("forecasts of {first} and {other} are mixed; backtest one model on one instrument")]
    Mixed {
        /// Model and instrument of the first forecast.
        first: String,
        /// Another of them.
        other: String,
    },
    /// The series is another instrument's, or of another interval.
    #[error("forecasts are of {expected}, the series of {found} {interval}")]
    WrongSeries {
        /// Instrument and interval of the forecasts.
        expected: String,
        /// Instrument of the series.
        found: String,
        /// Interval of the series.
        interval: Interval,
    },
    /// Two forecasts for one time.
    #[error("two forecasts are made at {0}, of {1} and {2}; trade one fold's at a time")]
    Twice(Time, String, String),
    /// A price that gives no return.
    #[error("the candle that opens at {0} has no usable price")]
    Price(Time),
}
