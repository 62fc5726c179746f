//! Rows of a source on their way into the store: good ones into values, the others refused.

use std::collections::HashSet;
use std::path::Path;

use thiserror::Error;

use super::cell::Cell;
use super::{KnownBy, SeriesError};
use crate::ingest::refusal::{Refusal, Refusals};
use crate::market::{Time, Value};

/// How many values of one file are read: a series of one a second for more than a year.
const MOST: usize = 50_000_000;

/// The cells of one row that count.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub time: Cell<'a>,
    pub value: Cell<'a>,
    /// Only where a column says when the value was known.
    pub known: Option<Cell<'a>>,
}

/// Why a row is refused.
#[derive(Debug, Error)]
pub(super) enum RowFault {
    #[error("it has {found} fields and the header has {expected}; quote fields that hold a comma")]
    Fields { found: usize, expected: usize },
    #[error(
        "{column} `{found}` is no time; write 2025-04-01, 2025-04-01T12:30:00Z or the seconds, \
         milliseconds, microseconds or nanoseconds since 1970"
    )]
    NotTime { column: String, found: String },
    #[error("{column} `{found}` is no finite number; correct it or leave it empty")]
    NotNumber { column: String, found: String },
    #[error(
        "it speaks of {time} and {column} says that it was known at {known}, before; is {column} \
         the right column?"
    )]
    KnownBefore { column: String, time: Time, known: Time },
    #[error(
        "an earlier row speaks of {time} too; keep one of them, or name the column that says when \
         each was known"
    )]
    Twice { time: Time },
    #[error("an earlier row speaks of {time} and was known at {known} too; keep one of them")]
    VersionTwice { time: Time, known: Time },
    #[error("the line is longer than 64 KiB; is this a file of values?")]
    TooLong,
    #[error("the line is not UTF-8 text; write the file as UTF-8")]
    NotText,
}

/// Names of the columns that rows are of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub time: &'a str,
    pub value: &'a str,
}

/// The values of a source in the course of being read.
#[derive(Debug)]
pub(super) struct Gathered<'a> {
    path: &'a Path,
    names: Names<'a>,
    known: &'a KnownBy,
    seen: HashSet<(i64, i64)>,
    pub values: Vec<Value>,
    pub rows: u64,
    pub empty: u64,
    pub refused: Refusals,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(path: &'a Path, names: Names<'a>, known: &'a KnownBy) -> Self {
        let (seen, values, refused) = (HashSet::new(), Vec::new(), Refusals::default());
        Self { path, names, known, seen, values, rows: 0, empty: 0, refused }
    }

    /// Takes the row of a line, or what is wrong with the line.
    pub(super) fn take(
        &mut self,
        line: u64,
        row: Result<Row<'_>, RowFault>,
    ) -> Result<(), SeriesError> {
        self.rows += 1;
        match row.and_then(|row| self.value(&row)) {
            Ok(Some(_)) if self.values.len() == MOST => {
                Err(SeriesError::TooMany { path: self.path.to_path_buf(), most: MOST })
            }
            Ok(Some(value)) => {
                self.values.push(value);
                Ok(())
            }
            Ok(None) => {
                self.empty += 1;
                Ok(())
            }
            Err(fault) => {
                self.refused.row(|| Refusal {
                    file: self.path.to_path_buf(),
                    line: Some(line),
                    reason: fault.to_string(),
                });
                Ok(())
            }
        }
    }

    /// The row's value, unless the row is empty.
    fn value(&mut self, row: &Row<'_>) -> Result<Option<Value>, RowFault> {
        let time = at(&row.time, self.names.time)?;
        if row.value.is_absent() {
            return Ok(None);
        }
        let value = row.value.number().ok_or_else(|| RowFault::NotNumber {
            column: self.names.value.to_owned(),
            found: row.value.told(),
        })?;
        let known_at = match (self.known, &row.known) {
            (KnownBy::Column(column), known) => {
                let known_at = at(known.as_ref().unwrap_or(&Cell::Absent), column)?;
                if known_at < time {
                    let (column, known) = (column.clone(), Time(known_at));
                    return Err(RowFault::KnownBefore { column, time: Time(time), known });
                }
                if !self.seen.insert((time, known_at)) {
                    return Err(RowFault::VersionTwice { time: Time(time), known: Time(known_at) });
                }
                known_at
            }
            (KnownBy::After { delay, .. }, _) => {
                if !self.seen.insert((time, 0)) {
                    return Err(RowFault::Twice { time: Time(time) });
                }
                time + delay.ms()
            }
        };
        Ok(Some(Value { time, known_at, value }))
    }
}

fn at(cell: &Cell<'_>, column: &str) -> Result<i64, RowFault> {
    cell.time().ok_or_else(|| RowFault::NotTime { column: column.to_owned(), found: cell.told() })
}
