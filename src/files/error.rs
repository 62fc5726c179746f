//! What goes wrong with a file, and what to do about it.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a file cannot be read or written.
#[derive(Debug, Error)]
pub enum FileError {
    /// No space left.
    #[error("cannot write {0}: the disk is full; free space or choose another folder")]
    Full(PathBuf),
    /// The file system does not take writes.
    #[error("cannot write {0}: the file system is read-only; choose another folder")]
    ReadOnly(PathBuf),
    /// The user may not write there.
    #[error("cannot write {0}: permission denied; change its mode or choose another folder")]
    Denied(PathBuf),
    /// Any other failed write.
    #[error("cannot write {path}")]
    Write {
        /// File or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A failed read.
    #[error("cannot read {path}")]
    Read {
        /// File or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file whose content is not what it should be.
    #[error("{path} is damaged or of another kind: {reason}")]
    Content {
        /// File.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file of a layout that this version does not know.
    #[error(
        "{path} has layout version {found}, and this candlewick reads {known}; \
         use the version of candlewick that wrote it"
    )]
    Version {
        /// File.
        path: PathBuf,
        /// Version in the file.
        found: String,
        /// Version that this build reads and writes.
        known: u32,
    },
    /// Values that the file's schema cannot hold.
    #[error("cannot write {path}: {reason}")]
    Invalid {
        /// File.
        path: PathBuf,
        /// Which row and value.
        reason: String,
    },
}

impl FileError {
    /// The error of a failed write at `path`, with the remedy where the cause is known.
    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full(path),
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(path),
            ErrorKind::PermissionDenied => Self::Denied(path),
            _ => Self::Write { path, source },
        }
    }

    /// The error of a failed read at `path`.
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    /// The error of content that is not what it should be.
    pub(crate) fn content(path: &Path, reason: impl ToString) -> Self {
        Self::Content { path: path.to_owned(), reason: reason.to_string() }
    }

    /// The error of values that the schema cannot hold.
    pub(crate) fn invalid(path: &Path, reason: impl ToString) -> Self {
        Self::Invalid { path: path.to_owned(), reason: reason.to_string() }
    }
}
