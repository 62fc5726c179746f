//! The rows of a candle file: good ones into candles, the others refused with file and line.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use super::column::{Columns, ColumnsError};
use super::error::IngestError;
use super::lines::{Line, Lines};
use super::refusal::{Refusal, Refusals};
use super::row::{RowFault, RowReader, contradiction, is_header};
use crate::market::{Candle, Interval};

/// A candle file in the course of being read.
pub(super) struct Rows<R> {
    file: PathBuf,
    lines: Lines<R>,
    reader: RowReader,
    begun: bool,
    /// Rows met, good or refused.
    pub(super) count: u64,
    /// Rows that were not taken.
    pub(super) refused: Refusals,
}

impl<R: BufRead> Rows<R> {
    /// Rows of `columns` in `reader`; `file` is what refusals name.
    pub(super) fn new(reader: R, file: &Path, columns: Columns, interval: Interval) -> Self {
        Self {
            file: file.to_path_buf(),
            lines: Lines::new(reader),
            reader: RowReader::new(columns, interval),
            begun: false,
            count: 0,
            refused: Refusals::default(),
        }
    }

    /// The next good rows, at most `most`; none at the end of the file.
    pub(super) fn read(&mut self, most: usize) -> Result<Vec<Candle>, IngestError> {
        let mut candles = Vec::with_capacity(most.min(4096));
        while candles.len() < most {
            let failed = |error: io::Error| IngestError::read(&self.file, error);
            let Some((line, content)) = self.lines.next_line().map_err(failed)? else { break };
            let read = match content {
                Line::TooLong => Err(RowFault::TooLong),
                Line::NotText => Err(RowFault::NotText),
                Line::Text(text) => {
                    if !std::mem::replace(&mut self.begun, true)
                        && is_header(self.reader.columns(), text)
                    {
                        check_header(&self.reader, text, &self.file, line)?;
                        continue;
                    }
                    self.reader.read(text)
                }
            };
            self.count += 1;
            match read {
                Ok(candle) => candles.push(candle),
                Err(fault) => self.refused.row(|| Refusal {
                    file: self.file.clone(),
                    line: Some(line),
                    reason: fault.to_string(),
                }),
            }
        }
        Ok(candles)
    }
}

fn check_header(
    reader: &RowReader,
    header: &str,
    file: &Path,
    line: u64,
) -> Result<(), ColumnsError> {
    match contradiction(reader.columns(), header) {
        None => Ok(()),
        Some((index, named)) => Err(ColumnsError::Header {
            file: file.display().to_string(),
            line,
            number: index + 1,
            header: named,
            given: reader.columns()[index],
        }),
    }
}
