//! `Forecasts` into `Forecasts`.

mod average;

pub use average::{AverageError, average};
