//! A CSV or Parquet file of values into the store.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};
use std::path::Path;

use super::gather::{Gathered, Names};
use super::{SeriesError, SeriesReport, parquet, text};
use crate::ingest::error::IngestError;
use crate::market::{Period, Time};
use crate::store::Store;

/// First bytes of a Parquet file.
const PARQUET: &[u8] = b"PAR1";

/// A file of values and how to read it.
#[derive(Debug, Clone)]
pub struct SeriesFile<'a> {
    /// The file: CSV with a header, plain or gzip, or Parquet; told apart by its first bytes.
    pub path: &'a Path,
    /// Name that the series has in the store.
    pub name: &'a str,
    /// Where the values come from, for people.
    pub origin: &'a str,
    /// Column of the time that a value speaks of.
    pub time_column: &'a str,
    /// Column of the value.
    pub value_column: &'a str,
    /// How it is told when a value was known.
    pub known: KnownBy,
}

/// How it is told when a value was known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownBy {
    /// Always so long after the time that it speaks of.
    After {
        /// How long.
        delay: Period,
        /// From when on a value is known that differs from the stored one of its time: when the file
        /// was fetched.
        noticed_at: Time,
    },
    /// A column says it, and the file may hold several versions of a value.
    Column(String),
}

/// Stores the values of a file in one transaction.
///
/// Rows without a value are counted and left out; rows that cannot be values are refused and counted,
/// the others kept; rows may be in any order.
///
/// # Errors
/// When the file cannot be read or decompressed to its end, lacks a column, holds no value, or the
/// store fails. Then nothing of it is stored.
pub fn ingest_series_file(
    store: &mut Store,
    source: &SeriesFile<'_>,
) -> Result<SeriesReport, IngestError> {
    let failed = |error: io::Error| IngestError::read(source.path, error);
    let file = File::open(source.path).map_err(failed)?;
    let mut reader = BufReader::with_capacity(1 << 17, file);
    let names = Names { time: source.time_column, value: source.value_column };
    let mut gathered = Gathered::new(source.path, names, &source.known);
    if reader.fill_buf().map_err(failed)?.starts_with(PARQUET) {
        let mut file = reader.into_inner();
        file.rewind().map_err(failed)?;
        parquet::read(file, source, &mut gathered)?;
    } else {
        text::read(reader, source, &mut gathered)?;
    }
    let Gathered { values, rows, empty, refused, .. } = gathered;
    if values.is_empty() {
        return Err(SeriesError::NoValues {
            path: source.path.to_path_buf(),
            column: source.value_column.to_owned(),
            rows,
            empty,
            refused: refused.rows,
            first: refused.first.first().map(|refusal| {
                format!("line {}: {}", refusal.line.unwrap_or_default(), refusal.reason)
            }),
        }
        .into());
    }
    let written = match &source.known {
        KnownBy::After { noticed_at, .. } => {
            store.write_values(source.name, source.origin, &values, noticed_at.0)?
        }
        KnownBy::Column(_) => store.write_versions(source.name, source.origin, &values)?,
    };
    Ok(SeriesReport { rows, empty, written, refused })
}

/// Places of the columns that a source names among the file's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    pub time: usize,
    pub value: usize,
    pub known: Option<usize>,
}

impl Places {
    pub(super) fn find(source: &SeriesFile<'_>, columns: &[&str]) -> Result<Self, SeriesError> {
        let find = |name: &str| {
            let mut places = columns.iter().enumerate().filter(|(_, column)| **column == name);
            let (path, wanted) = (source.path.to_path_buf(), name.to_owned());
            match (places.next(), places.next()) {
                (Some((place, _)), None) => Ok(place),
                (Some(_), Some(_)) => Err(SeriesError::TwoColumns { path, name: wanted }),
                _ => {
                    let known = columns.join(", ");
                    Err(SeriesError::NoColumn { path, name: wanted, known })
                }
            }
        };
        Ok(Self {
            time: find(source.time_column)?,
            value: find(source.value_column)?,
            known: match &source.known {
                KnownBy::Column(column) => Some(find(column)?),
                KnownBy::After { .. } => None,
            },
        })
    }
}
