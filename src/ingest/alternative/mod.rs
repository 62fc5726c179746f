//! Series that are no candles: on-chain, sentiment, funding and macro values into the store.

mod cell;
mod error;
mod file;
mod gather;
pub mod http;
mod parquet;
mod text;

use serde::Serialize;

pub use error::SeriesError;
pub use file::{KnownBy, SeriesFile, ingest_series_file};

use super::refusal::Refusals;
use crate::store::ValuesWritten;

/// What an ingest of values did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SeriesReport {
    /// Rows met, good, empty or refused.
    pub rows: u64,
    /// Rows without a value.
    pub empty: u64,
    /// What became of the good ones.
    #[serde(flatten)]
    pub written: ValuesWritten,
    /// What was not taken.
    pub refused: Refusals,
}
