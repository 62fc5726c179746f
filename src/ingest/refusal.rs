//! What was refused while the rest was kept.

use std::path::PathBuf;

use serde::Serialize;

/// How many refusals are told one by one; the others are only counted.
const TOLD: usize = 20;

/// One row or file that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// File at fault.
    pub file: PathBuf,
    /// Line of the row in it, the first is 1; `None` when the whole file was refused.
    pub line: Option<u64>,
    /// What is wrong and, for a file, what to do.
    pub reason: String,
}

/// Rows and files that were not taken, in the order in which they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Refusals {
    /// Number of rows refused.
    pub rows: u64,
    /// Number of files refused as a whole.
    pub files: u64,
    /// The first twenty of both.
    pub first: Vec<Refusal>,
}

impl Refusals {
    /// Whether nothing was refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0 && self.files == 0
    }

    /// Counts one more and tells it when there is room; `refusal` is made only then.
    pub(super) fn row(&mut self, refusal: impl FnOnce() -> Refusal) {
        self.rows += 1;
        if self.first.len() < TOLD {
            self.first.push(refusal());
        }
    }

    /// Counts one more file. Files are few, so that each is told.
    pub(super) fn file(&mut self, file: PathBuf, reason: String) {
        self.files += 1;
        self.first.push(Refusal { file, line: None, reason });
    }

    pub(super) fn append(&mut self, other: Self) {
        self.rows += other.rows;
        self.files += other.files;
        for refusal in other.first {
            if refusal.line.is_none() || self.first.len() < TOLD {
                self.first.push(refusal);
            }
        }
    }
}
