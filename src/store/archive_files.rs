//! Archive files that were taken, and what was taken of them.

use rusqlite::params;
use serde::Serialize;

use super::instruments::{self, not_ours};
use super::transaction::now;
use super::{SeriesWriter, Store, StoreError};
use crate::market::{Instrument, Interval, Time};

/// A file of candles as it was taken from an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveFile {
    /// Its name, such as `BTCUSDT-15m-2025-01.zip`.
    pub name: String,
    /// Hex sha256 of the file.
    pub sha256: String,
    /// Candles taken of it.
    pub rows: u64,
    /// Open time of the first, ms.
    pub first: i64,
    /// Open time of the last, ms.
    pub last: i64,
    /// Hex sha256 of the candles: [`candles_sha256`](super::candles_sha256).
    pub rows_sha256: String,
    /// Where it was downloaded from, without any secret.
    pub address: Option<String>,
}

/// An archive file with the series that it went into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredArchiveFile {
    /// What is traded.
    #[serde(flatten)]
    pub instrument: Instrument,
    /// Length of each candle.
    pub interval: Interval,
    /// The file.
    #[serde(flatten)]
    pub file: ArchiveFile,
    /// When it was taken.
    pub taken_at: Time,
}

impl SeriesWriter<'_> {
    /// Records the file that the candles of this transaction come from; one of the same name that was
    /// taken before is forgotten.
    ///
    /// # Errors
    /// When the database fails; the writer must then be dropped.
    pub fn record_archive_file(&mut self, file: &ArchiveFile) -> Result<(), StoreError> {
        let mut record = || {
            let series = self.series()?;
            self.transaction
                .prepare_cached(
                    "REPLACE INTO archive_file (name, series, sha256, rows, first_time, last_time, \
                 rows_sha256, address, taken_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                )?
                .execute(params![
                    file.name,
                    series,
                    file.sha256,
                    i64::try_from(file.rows).unwrap_or(i64::MAX),
                    file.first,
                    file.last,
                    file.rows_sha256,
                    file.address,
                    now()
                ])
        };
        record().map(|_| ()).map_err(|error| StoreError::sqlite(&self.file, error))
    }
}

impl Store {
    /// Every archive file that was taken, by series and first open time.
    ///
    /// # Errors
    /// When the database fails.
    pub fn archive_files(&self) -> Result<Vec<StoredArchiveFile>, StoreError> {
        if !self.live {
            return Ok(Vec::new());
        }
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT venue, market, symbol, interval, name, sha256, rows, first_time, last_time, \
                 rows_sha256, address, taken_at \
                 FROM archive_file JOIN series ON series.id = archive_file.series \
                 ORDER BY venue, market, symbol, interval_ms, first_time, name",
            )?;
            let rows = statement.query_map([], |row| {
                let interval: String = row.get(3)?;
                Ok(StoredArchiveFile {
                    instrument: instruments::of_row(row, 0)?,
                    interval: interval.parse().map_err(|error| not_ours(3, format!("{error}")))?,
                    file: ArchiveFile {
                        name: row.get(4)?,
                        sha256: row.get(5)?,
                        rows: row.get::<_, i64>(6)?.unsigned_abs(),
                        first: row.get(7)?,
                        last: row.get(8)?,
                        rows_sha256: row.get(9)?,
                        address: row.get(10)?,
                    },
                    taken_at: Time(row.get(11)?),
                })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|error| self.failed(error))
    }
}
