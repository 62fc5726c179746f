//! What can go wrong with a store, in words that say what to do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::files::FileError;
use crate::market::CandleFault;

/// A store that cannot be read or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// No store in the folder.
    #[error(
        "there is no store in {}; fill one with `candlewick ingest` and `--store {}`",
        folder.display(), folder.display()
    )]
    Absent {
        /// Folder asked for.
        folder: PathBuf,
    },
    /// A store with nothing in it.
    #[error(
        "the store in {} holds no data; fill it with `candlewick ingest` and `--store {}`",
        folder.display(), folder.display()
    )]
    Empty {
        /// Folder asked for.
        folder: PathBuf,
    },
    /// A series that was never ingested.
    #[error("the store in {} has no candles of {wanted}; it has {known}", folder.display())]
    UnknownSeries {
        /// Folder of the store.
        folder: PathBuf,
        /// Instrument and interval asked for.
        wanted: String,
        /// Every series of the store.
        known: String,
    },
    /// A series of values that was never ingested.
    #[error(
        "the store in {} has no values named `{wanted}`; it has {known}; ingest them with \
         `candlewick ingest series`",
        folder.display()
    )]
    UnknownValues {
        /// Folder of the store.
        folder: PathBuf,
        /// Name asked for.
        wanted: String,
        /// Every name of the store.
        known: String,
    },
    /// A value, or the name of a series of them, that cannot be.
    #[error("refused a value of `{name}`: {reason}")]
    ImpossibleValue {
        /// Name of the series.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// An entry of the ledger that cannot be used so.
    #[error("entry {id} of the gap ledger {reason}; see `candlewick store gaps`")]
    Ledger {
        /// Number of the entry.
        id: i64,
        /// What is wrong.
        reason: String,
    },
    /// A file of that name that is no store.
    #[error("{} is not a candlewick store; choose another folder", file.display())]
    Foreign {
        /// File at fault.
        file: PathBuf,
    },
    /// A store of a later version.
    #[error(
        "{} has schema version {found}, this candlewick knows up to {known}; upgrade candlewick",
        file.display()
    )]
    Newer {
        /// File of the store.
        file: PathBuf,
        /// Its schema version.
        found: usize,
        /// The latest version known here.
        known: usize,
    },
    /// A folder to be filled that holds something already.
    #[error("{} is not empty; name a folder that is, or one that does not exist", folder.display())]
    NotEmpty {
        /// Folder asked for.
        folder: PathBuf,
    },
    /// No space left.
    #[error(
        "the disk is full: cannot write {}; what was committed before is whole, the rest was \
         not kept: free some space and run the same command again",
        path.display()
    )]
    DiskFull {
        /// What could not be written.
        path: PathBuf,
    },
    /// A folder or file that may not be written.
    #[error("cannot write {}: {reason}; choose a folder that can be written", path.display())]
    NotWritable {
        /// What could not be written.
        path: PathBuf,
        /// The system's or the database's words.
        reason: String,
    },
    /// Another writer holds the store.
    #[error(
        "another process is writing {}; a store has one writer at a time: wait for it to end",
        file.display()
    )]
    Busy {
        /// File of the store.
        file: PathBuf,
    },
    /// A file that is not what was written.
    #[error(
        "{} is damaged ({reason}); restore a backup or ingest again into a new folder",
        file.display()
    )]
    Damaged {
        /// File of the store.
        file: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A candle that cannot be.
    #[error("refused a candle of {series} at {open_time}: {fault}")]
    Impossible {
        /// Instrument and interval.
        series: String,
        /// Start of the candle, ms.
        open_time: i64,
        /// What is wrong with it.
        fault: Box<CandleFault>,
    },
    /// Another failure of the file system.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// File or folder at fault.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Another failure of the database.
    #[error("the database {} failed: {source}", file.display())]
    Sqlite {
        /// File of the store.
        file: PathBuf,
        /// The database's error.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Whether the data is at fault (exit code 3) and not the machine (exit code 1).
    #[must_use]
    pub fn is_data(&self) -> bool {
        matches!(
            self,
            Self::Absent { .. }
                | Self::Empty { .. }
                | Self::UnknownSeries { .. }
                | Self::UnknownValues { .. }
                | Self::ImpossibleValue { .. }
                | Self::Ledger { .. }
                | Self::Foreign { .. }
                | Self::Newer { .. }
                | Self::Damaged { .. }
                | Self::Impossible { .. }
        )
    }

    /// The error of a number that no entry of the ledger has.
    pub(super) fn no_entry(id: i64) -> Self {
        Self::Ledger { id, reason: "does not exist".to_owned() }
    }

    /// The store's error for a failure of the file system at `path`.
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                Self::NotWritable { path, reason: source.to_string() }
            }
            _ => Self::Io { path, source },
        }
    }

    /// The store's error for a file that cannot be written or read.
    pub(super) fn file(error: FileError) -> Self {
        match error {
            FileError::Full(path) => Self::DiskFull { path },
            FileError::ReadOnly(path) | FileError::Denied(path) => {
                Self::NotWritable { path, reason: "the system does not allow it".to_owned() }
            }
            FileError::Write { path, source } | FileError::Read { path, source } => {
                Self::io(&path, source)
            }
            FileError::Content { path, reason } | FileError::Invalid { path, reason } => {
                Self::Damaged { file: path, reason }
            }
            FileError::Version { path, found, .. } => {
                Self::Damaged { file: path, reason: format!("it has version {found}") }
            }
        }
    }

    /// The store's error for a failure of the database in `file`.
    pub(super) fn sqlite(file: &Path, source: rusqlite::Error) -> Self {
        let file = file.to_path_buf();
        let reason = source.to_string();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull { path: file },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::NotWritable { path: file, reason }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { file },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { file, reason },
            Some(ErrorCode::NotADatabase) => Self::Foreign { file },
            _ => Self::Sqlite { file, source },
        }
    }
}
