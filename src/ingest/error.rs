//! What stops an ingest, as against what it refuses and goes on.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::column::ColumnsError;
use super::simulated::SimulationError;
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
    /// Columns that cannot be, or that the file's header contradicts.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// A simulation that cannot be.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IngestError {
    /// Whether the command line is at fault (exit code 2).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Columns(_) => true,
            Self::Read { source, .. } => source.kind() == io::ErrorKind::NotFound,
            Self::Simulation(error) => error.is_usage(),
            _ => false,
        }
    }

    /// Whether the data is at fault (exit code 3).
    #[must_use]
    pub fn is_data(&self) -> bool {
        match self {
            Self::NoArchives { .. } | Self::NoRows { .. } => true,
            Self::Read { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::InvalidData
                    | io::ErrorKind::InvalidInput
                    | io::ErrorKind::UnexpectedEof
            ),
            Self::Simulation(error) => !error.is_usage(),
            Self::Store(error) => error.is_data(),
            Self::Columns(_) => false,
        }
    }

    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_path_buf(), source }
    }
}
