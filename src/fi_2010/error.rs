//! Why files of FI-2010's layout cannot be read, cut or written.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::files::FileError;

/// What is wrong with a folder of files.
#[derive(Debug, Error)]
pub enum Fi2010Error {
    /// A file that is not there.
    #[error("no file {name} in {} or a folder in it; set data.fi_2010.folder{remedy}", folder.display())]
    NoFile {
        /// Folder that was searched.
        folder: PathBuf,
        /// Name that was looked for.
        name: String,
        /// What else would help, from a comma on.
        remedy: &'static str,
    },
    /// A file or folder that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// File at fault.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file that is not of the layout.
    #[error("{}: {fault}; a file of FI-2010 has 149 rows of as many numbers each", path.display())]
    Layout {
        /// File at fault.
        path: PathBuf,
        /// What is wrong, with row and column.
        fault: String,
    },
    /// Joins that are not to be found, or not as given.
    #[error("{}: {fault}; give the number of events of each stock's days in data.fi_2010.joins", path.display())]
    Joins {
        /// File at fault.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A part of the split without a row.
    #[error(
        "no {part} window of {reach} events with a label of {horizon} fits into a stretch of one stock and one day; \
         set a shorter window, horizon or data.fi_2010.valid"
    )]
    NoRows {
        /// `training`, `validation` or `test`.
        part: &'static str,
        /// Events of a window.
        reach: usize,
        /// Events of a label.
        horizon: u32,
    },
    /// A file that cannot be written or digested.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Fi2010Error {
    /// Whether the config is at fault and not the data.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NoFile { .. } | Self::NoRows { .. })
    }
}
