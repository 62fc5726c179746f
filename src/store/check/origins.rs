//! Stored candles beside the archive files that they came from, and the receiver's clock.

use rusqlite::{Connection, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::market::{Instrument, Interval};
use crate::store::digest::hash_candle;
use crate::store::read::{COLUMNS, candle_of};
use crate::store::{Source, StoredArchiveFile, hex, instruments};

/// Mean difference beyond which a receiver's clock is said to drift, ms.
const MEAN_LIMIT: f64 = 1_000.0;

/// How long before it was sent a message may seem to arrive, ms.
const EARLY_LIMIT: i64 = 100;

/// An archive file whose candles are not those that are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveDifference {
    /// What is traded.
    #[serde(flatten)]
    pub instrument: Instrument,
    /// Length of each candle.
    pub interval: Interval,
    /// Name of the file.
    pub name: String,
    /// Whether the audit table of conflicts, or another file of the same time, explains it.
    pub explained: bool,
}

/// How a receiver's clock stood beside the exchange's: receive time less the exchange's, ms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClockCheck {
    /// What the messages were of.
    #[serde(flatten)]
    pub instrument: Instrument,
    /// Minutes measured.
    pub minutes: u64,
    /// Messages measured.
    pub messages: u64,
    /// Least difference.
    pub least: i64,
    /// Mean over all messages.
    pub mean: f64,
    /// Greatest difference.
    pub greatest: i64,
    /// Whether the mean is beyond a second either way, or a message arrived more than 100 ms before it
    /// was sent.
    pub drifting: bool,
}

/// The files whose stored candles have another digest than they had in the file.
pub(super) fn archive_differences(
    connection: &Connection,
    files: &[StoredArchiveFile],
) -> rusqlite::Result<Vec<ArchiveDifference>> {
    let mut differences = Vec::new();
    for stored in files {
        let (file, interval) = (&stored.file, stored.interval);
        let series = crate::store::read::find_series(connection, &stored.instrument, interval)?;
        let series = series.map_or(-1, |series| series.id);
        let mut hash = Sha256::new();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM candle WHERE series = ?1 AND open_time >= ?2 \
             AND open_time <= ?3 AND source = ?4 ORDER BY open_time"
        ))?;
        let mut rows =
            statement.query(params![series, file.first, file.last, Source::Archive.rank()])?;
        while let Some(row) = rows.next()? {
            hash_candle(&mut hash, &candle_of(row)?);
        }
        if hex(&hash.finalize()) == file.rows_sha256 {
            continue;
        }
        let quarrels: i64 = connection
            .prepare_cached(
                "SELECT count(*) FROM conflict WHERE series = ?1 AND open_time >= ?2 \
                 AND open_time <= ?3",
            )?
            .query_row(params![series, file.first, file.last], |row| row.get(0))?;
        let beside = files.iter().any(|other| {
            other.file.name != file.name
                && (&other.instrument, other.interval) == (&stored.instrument, interval)
                && other.file.first <= file.last
                && other.file.last >= file.first
        });
        differences.push(ArchiveDifference {
            instrument: stored.instrument.clone(),
            interval,
            name: file.name.clone(),
            explained: quarrels > 0 || beside,
        });
    }
    Ok(differences)
}

/// How the receiver's clock stood, by instrument.
pub(super) fn clocks(connection: &Connection) -> rusqlite::Result<Vec<ClockCheck>> {
    let mut statement = connection.prepare_cached(
        "SELECT venue, market, symbol, count(*), sum(messages), min(least), \
         sum(mean * messages) / sum(messages), max(greatest) \
         FROM clock JOIN instrument ON instrument.id = clock.instrument \
         GROUP BY instrument.id ORDER BY venue, market, symbol",
    )?;
    let rows = statement.query_map([], |row| {
        let (least, mean): (i64, f64) = (row.get(5)?, row.get(6)?);
        Ok(ClockCheck {
            instrument: instruments::of_row(row, 0)?,
            minutes: row.get::<_, i64>(3)?.unsigned_abs(),
            messages: row.get::<_, i64>(4)?.unsigned_abs(),
            least,
            mean,
            greatest: row.get(7)?,
            drifting: mean.abs() > MEAN_LIMIT || least < -EARLY_LIMIT,
        })
    })?;
    rows.collect()
}
