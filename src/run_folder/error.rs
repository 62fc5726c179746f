//! What goes wrong with a run folder, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::files::FileError;

/// Why a run folder or a file of it cannot be read or written.
#[derive(Debug, Error)]
pub enum RunFolderError {
    /// Nothing at that path.
    #[error("no run folder at {0}; give the folder that `candlewick train` printed")]
    Missing(PathBuf),
    /// Something else at that path.
    #[error(
        "{0} holds no run: none of config.yaml, resolved.yaml, manifest.json and journal.jsonl is \
         in it; give the folder that `candlewick train` printed"
    )]
    NoRun(PathBuf),
    /// Another process writes the run.
    #[error(
        "run folder {run} is being written by another process{}; wait for it or stop it first",
        .process.map_or_else(String::new, |id| format!(" (pid {id})"))
    )]
    Locked {
        /// The run folder.
        run: PathBuf,
        /// Id of the process that holds it, when it left one.
        process: Option<u32>,
    },
    /// A time outside of the calendar.
    #[error("{0} ms since 1970 is no time that a run folder can be named by; check the clock")]
    Time(i64),
    /// An ensemble of which members are not trained yet.
    #[error(
        "{0} holds members of an ensemble and no members.json, which is written when all of them are \
         trained; go on with the run by `candlewick train --resume`"
    )]
    MembersMissing(PathBuf),
    /// A file of it.
    #[error(transparent)]
    File(#[from] FileError),
}

impl RunFolderError {
    /// The error of a failed write at `path`, with the remedy where the cause is known.
    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        FileError::write(path, source).into()
    }

    /// The error of a failed read at `path`.
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        FileError::read(path, source).into()
    }

    /// The error of content that is not what it should be.
    pub(super) fn content(path: &Path, reason: impl ToString) -> Self {
        FileError::content(path, reason).into()
    }

    /// The error of values that the schema cannot hold.
    pub(super) fn invalid(path: &Path, reason: impl ToString) -> Self {
        FileError::invalid(path, reason).into()
    }
}
