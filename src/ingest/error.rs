//! What stops an ingest, as against what it refuses and goes on.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::alternative::SeriesError;
use super::alternative::http::SourceError;
use super::column::ColumnsError;
use super::rest::{RestError, WebError};
use super::simulated::SimulationError;
use crate::files::FileError;
use crate::market::{Instrument, InstrumentError, Time};
use crate::store::StoreError;

/// Why an ingest ended without doing its work.
#[derive(Debug, Error)]
pub enum IngestError {
    /// A file or folder that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// File or folder at fault.
        path: PathBuf,
        /// The system's or the decompressor's error.
        source: io::Error,
    },
    /// A file that cannot be written.
    #[error("cannot write {}: {source}; free space or choose a folder that can be written", path.display())]
    Write {
        /// File at fault.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A folder without candle archives.
    #[error(
        "no candle archives in {}; expected files named \
         SYMBOL/INTERVAL/SYMBOL-INTERVAL-YYYY-MM.zip in it",
        folder.display()
    )]
    NoArchives {
        /// Folder searched.
        folder: PathBuf,
    },
    /// A file without a row.
    #[error("{} holds no candles", path.display())]
    NoRows {
        /// File read.
        path: PathBuf,
    },
    /// A file without a book.
    #[error("{} holds no books", path.display())]
    NoBooks {
        /// File read.
        path: PathBuf,
    },
    /// Two files that belong together and do not.
    #[error(
        "{} has more rows than {}, which ends after {rows}; give the two files of one day",
        longer.display(),
        shorter.display()
    )]
    Pair {
        /// The one with more rows.
        longer: PathBuf,
        /// The other one.
        shorter: PathBuf,
        /// Rows of the shorter one.
        rows: u64,
    },
    /// A file of books that begins before stored ones and is not stored.
    #[error(
        "the file begins at {time}, before the last stored book of {instrument} at {stored}; store files in the \
         order of time, or into another --store"
    )]
    Earlier {
        /// What is traded.
        instrument: Instrument,
        /// Time of the file's first book.
        time: Time,
        /// Time of the last stored one.
        stored: Time,
    },
    /// Columns that cannot be, or that the file's header contradicts.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// A file of values that gives no series.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// A simulation that cannot be.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// A call over HTTP brought nothing.
    #[error(transparent)]
    Web(#[from] WebError),
    /// An exchange did not give what it was asked for.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// A name that no instrument can have.
    #[error(transparent)]
    Instrument(#[from] InstrumentError),
    /// It was asked to stop.
    #[error("stopped before the end; run the same command again to go on")]
    Stopped,
    /// A whole file that cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A source of a series gave none.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IngestError {
    /// Whether the command line is at fault (exit code 2).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Columns(_) | Self::Instrument(_) => true,
            Self::Series(error) => error.is_usage(),
            Self::Read { source, .. } => source.kind() == io::ErrorKind::NotFound,
            Self::Simulation(error) => error.is_usage(),
            Self::Web(error) => error.is_usage(),
            Self::Rest(error) => error.is_usage(),
            Self::Source(error) => error.is_usage(),
            _ => false,
        }
    }

    /// Whether the data is at fault (exit code 3).
    #[must_use]
    pub fn is_data(&self) -> bool {
        match self {
            Self::NoArchives { .. }
            | Self::NoRows { .. }
            | Self::NoBooks { .. }
            | Self::Pair { .. }
            | Self::Earlier { .. } => true,
            Self::Read { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::InvalidData
                    | io::ErrorKind::InvalidInput
                    | io::ErrorKind::UnexpectedEof
            ),
            Self::Simulation(error) => !error.is_usage(),
            Self::Source(error) => error.is_data(),
            Self::Series(error) => !error.is_usage(),
            Self::Store(error) => error.is_data(),
            Self::Instrument(_)
            | Self::Stopped
            | Self::Write { .. }
            | Self::File(_)
            | Self::Columns(_)
            | Self::Web(_)
            | Self::Rest(_) => false,
        }
    }

    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_path_buf(), source }
    }

    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_path_buf(), source }
    }
}
