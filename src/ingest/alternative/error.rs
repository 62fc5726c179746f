//! What stops an ingest of values, as against the rows that it refuses and goes on.

use std::path::PathBuf;

use thiserror::Error;

/// Why a file gave no series.
#[derive(Debug, Error)]
pub enum SeriesError {
    /// A column that the file does not have.
    #[error(
        "{} has no column `{name}`; it has {known}, name one of them", path.display()
    )]
    NoColumn {
        /// File read.
        path: PathBuf,
        /// Name asked for.
        name: String,
        /// The file's columns, with commas between them.
        known: String,
    },
    /// A name that two columns of the file have.
    #[error("{} has two columns `{name}`; give them names of their own", path.display())]
    TwoColumns {
        /// File read.
        path: PathBuf,
        /// Name asked for.
        name: String,
    },
    /// A column of a Parquet file whose type is neither a time nor a number.
    #[error(
        "column `{name}` of {} is {found}, which is read as no time and no number; write it as a \
         timestamp, date, integer, float or text", path.display()
    )]
    ColumnType {
        /// File read.
        path: PathBuf,
        /// Column at fault.
        name: String,
        /// Its type.
        found: String,
    },
    /// A Parquet file that cannot be read.
    #[error(
        "cannot read {} as Parquet: {reason}; write it again, compressed with snappy, lz4 or zstd \
         or not at all", path.display()
    )]
    Parquet {
        /// File read.
        path: PathBuf,
        /// The reader's error.
        reason: String,
    },
    /// A file without a value.
    #[error(
        "{} holds no value of `{column}`: {rows} rows, {empty} of them empty and {refused} \
         refused{}", path.display(), first.as_deref().map(|text| format!(" ({text})")).unwrap_or_default()
    )]
    NoValues {
        /// File read.
        path: PathBuf,
        /// Column that was to have them.
        column: String,
        /// Rows met.
        rows: u64,
        /// Rows without a value.
        empty: u64,
        /// Rows that were refused.
        refused: u64,
        /// Why the first one was.
        first: Option<String>,
    },
    /// A file with more values than a series is expected to have.
    #[error("{} holds more than {most} values; split it", path.display())]
    TooMany {
        /// File read.
        path: PathBuf,
        /// How many are read.
        most: usize,
    },
}

impl SeriesError {
    /// Whether the command line is at fault (exit code 2) and not the data (exit code 3).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NoColumn { .. })
    }
}
