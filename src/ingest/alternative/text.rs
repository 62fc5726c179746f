//! The rows of a CSV file of values.

use std::fs::File;
use std::io::{self, BufReader};

use super::SeriesFile;
use super::cell::Cell;
use super::file::Places;
use super::gather::{Gathered, Row, RowFault};
use crate::ingest::csv::decompressed;
use crate::ingest::error::IngestError;
use crate::ingest::lines::{Line, Lines, fields};

/// Reads a CSV, plain or gzip, whose first line names the columns.
pub(super) fn read(
    reader: BufReader<File>,
    source: &SeriesFile<'_>,
    gathered: &mut Gathered<'_>,
) -> Result<(), IngestError> {
    let failed = |error: io::Error| IngestError::read(source.path, error);
    let mut lines = Lines::new(decompressed(reader).map_err(failed)?);
    let header: Vec<String> = match lines.next_line().map_err(failed)? {
        Some((_, Line::Text(text))) => fields(text).map(str::to_owned).collect(),
        Some(_) => {
            let kind = "its first line is no header of a CSV file";
            return Err(failed(io::Error::new(io::ErrorKind::InvalidData, kind)));
        }
        None => return Ok(()),
    };
    let places = Places::find(source, &header.iter().map(String::as_str).collect::<Vec<_>>())?;
    while let Some((number, line)) = lines.next_line().map_err(failed)? {
        let row = match line {
            Line::TooLong => Err(RowFault::TooLong),
            Line::NotText => Err(RowFault::NotText),
            Line::Text(text) => row(text, header.len(), places),
        };
        gathered.take(number, row)?;
    }
    Ok(())
}

fn row(text: &str, expected: usize, places: Places) -> Result<Row<'_>, RowFault> {
    let mut row =
        Row { time: Cell::Absent, value: Cell::Absent, known: places.known.map(|_| Cell::Absent) };
    let mut found = 0;
    for (place, field) in fields(text).enumerate() {
        found = place + 1;
        let cell = || Cell::Text(field.into());
        if place == places.time {
            row.time = cell();
        }
        if place == places.value {
            row.value = cell();
        }
        if places.known == Some(place) {
            row.known = Some(cell());
        }
    }
    if found == expected { Ok(row) } else { Err(RowFault::Fields { found, expected }) }
}
