//! Sources into the store: archives, CSV files and the simulated market.

pub mod alternative;
mod archive;
pub mod backfill;
mod book_csv;
mod book_rows;
mod column;
mod csv;
mod error;
pub mod exchange;
mod lines;
pub mod live;
mod lobster;
pub mod recorded;
mod refusal;
pub mod repair;
pub mod rest;
mod row;
mod rows;
pub mod simulated;

use serde::Serialize;

pub use archive::{
    ArchiveSource, DownloadConfig, DownloadReport, download_archive, ingest_archive,
};
pub use book_csv::{BookColumn, BookColumns, BookCsvSource, ingest_book_csv};
pub use column::{Column, Columns, ColumnsError};
pub use csv::{CsvSource, ingest_csv};
pub use error::IngestError;
pub use lobster::{LobsterSource, ingest_lobster};
pub use refusal::{Refusal, Refusals};

use crate::store::Written;

/// How far an ingest is, in bytes of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
}

/// What an ingest did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IngestReport {
    /// Files read.
    pub files: u64,
    /// Rows met in them, good or refused.
    pub rows: u64,
    /// What became of the good ones.
    #[serde(flatten)]
    pub written: Written,
    /// New book snapshots.
    pub books: u64,
    /// New trades.
    pub trades: u64,
    /// What was not taken.
    pub refused: Refusals,
    /// Archive files of an interval that candles cannot have here, such as months.
    pub ignored: u64,
}
