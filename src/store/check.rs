//! What a store holds and what is wrong with it: gaps, empty candles, conflicts, sums.

use std::path::PathBuf;

use rusqlite::{OptionalExtension, params};
use serde::Serialize;

use super::sums::{SumCheck, check_sums};
use super::{SeriesInfo, Store, StoreError, read};
use crate::market::{Instrument, Interval, Missing, Span, Time};

/// How many zero-volume candles are named one by one.
const NAMED_ZERO_VOLUME: usize = 100;

/// Everything [`check`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoreCheck {
    /// Folder of the store.
    pub store: PathBuf,
    /// `ok`, or what SQLite's own check says is broken.
    pub integrity: String,
    /// One entry a series.
    pub series: Vec<SeriesCheck>,
    /// One entry a pair of intervals of one instrument.
    pub sums: Vec<SumCheck>,
}

/// What was found in one series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesCheck {
    /// What is traded.
    #[serde(flatten)]
    pub instrument: Instrument,
    /// Length of each candle.
    pub interval: Interval,
    /// What an absent candle means.
    pub missing: Missing,
    /// Number of stored candles.
    pub rows: u64,
    /// Open time of the first candle.
    pub first: Time,
    /// Open time of the last candle.
    pub last: Time,
    /// Stretches of absent candles; none where an absent candle means that nothing was traded.
    pub gaps: Vec<Gap>,
    /// Absent candles in all gaps.
    pub missing_candles: u64,
    /// Absent candles that mean that nothing was traded.
    pub no_trade_candles: u64,
    /// Stored candles without volume.
    pub zero_volume: u64,
    /// Open times of the first hundred of them.
    pub zero_volume_at: Vec<Time>,
    /// Contradictions between sources in the audit table.
    pub conflicts: u64,
    /// Stored candles that cannot be; only a damaged store has any.
    pub impossible: u64,
}

/// A stretch of absent candles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Open time of the first absent candle.
    pub from: Time,
    /// Open time of the last absent candle.
    pub to: Time,
    /// Number of absent candles.
    pub missing: u64,
}

impl StoreCheck {
    /// Whether the database is whole, every candle possible and every sum exact. Gaps and conflicts
    /// are facts about the sources and do not make a store unsound.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.integrity == "ok"
            && self.series.iter().all(|series| series.impossible == 0)
            && self.sums.iter().all(|sums| sums.exact)
    }
}

/// Examines the whole store.
///
/// # Errors
/// When the database cannot be read.
pub fn check(store: &Store) -> Result<StoreCheck, StoreError> {
    let integrity = integrity(store).map_err(|error| store.failed(error))?;
    let infos = store.series()?;
    let series = infos.iter().map(|info| check_series(store, info)).collect::<Result<_, _>>()?;
    let mut sums = Vec::new();
    for finer in &infos {
        for coarser in &infos {
            if finer.instrument == coarser.instrument
                && finer.interval < coarser.interval
                && coarser.interval.is_multiple_of(finer.interval)
            {
                sums.push(check_sums(store, finer, coarser)?);
            }
        }
    }
    Ok(StoreCheck { store: store.folder.clone(), integrity, series, sums })
}

/// `ok`, or the first thing that the database's own checks find broken.
fn integrity(store: &Store) -> rusqlite::Result<String> {
    let found: String =
        store.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    let orphan: Option<String> =
        store.connection.query_row("PRAGMA foreign_key_check", [], |row| row.get(0)).optional()?;
    Ok(match orphan {
        Some(table) if found == "ok" => format!("a row of {table} refers to nothing"),
        _ => found,
    })
}

fn check_series(store: &Store, info: &SeriesInfo) -> Result<SeriesCheck, StoreError> {
    let series = store.find(&info.instrument, info.interval)?;
    let conflicts: i64 = store
        .connection
        .query_row("SELECT count(*) FROM conflict WHERE series = ?1", params![series.id], |row| {
            row.get(0)
        })
        .map_err(|error| store.failed(error))?;
    let mut found = SeriesCheck {
        instrument: info.instrument.clone(),
        interval: info.interval,
        missing: info.missing,
        rows: info.rows,
        first: Time(info.first),
        last: Time(info.last),
        gaps: Vec::new(),
        missing_candles: 0,
        no_trade_candles: 0,
        zero_volume: 0,
        zero_volume_at: Vec::new(),
        conflicts: conflicts.unsigned_abs(),
        impossible: 0,
    };
    let step = info.interval.ms();
    let mut last = None;
    read::for_each_candle(&store.connection, series.id, Span::ALL, |candle| {
        let absent = last.map_or(0, |last: i64| (candle.open_time - last) / step - 1).max(0);
        let missing = absent.unsigned_abs();
        match info.missing {
            Missing::NoTrade => found.no_trade_candles += missing,
            Missing::Gap if missing > 0 => {
                found.missing_candles += missing;
                found.gaps.push(Gap {
                    from: Time(candle.open_time - absent * step),
                    to: Time(candle.open_time - step),
                    missing,
                });
            }
            Missing::Gap => {}
        }
        if candle.volume == 0.0 {
            found.zero_volume += 1;
            if found.zero_volume_at.len() < NAMED_ZERO_VOLUME {
                found.zero_volume_at.push(Time(candle.open_time));
            }
        }
        found.impossible += u64::from(candle.check(info.interval).is_err());
        last = Some(candle.open_time);
    })
    .map_err(|error| store.failed(error))?;
    Ok(found)
}
