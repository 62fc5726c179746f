//! What is wrong with the candles of one series: gaps, empty candles, conflicts.

use rusqlite::params;
use serde::Serialize;

use crate::market::{Instrument, Interval, Missing, Span, Time};
use crate::store::{SeriesInfo, Store, StoreError, read};

/// How many zero-volume candles are named one by one.
const NAMED_ZERO_VOLUME: usize = 100;

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
    /// How long the end of the last candle lies before the newest thing in the store, ms.
    pub behind: i64,
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

pub(super) fn check_series(
    store: &Store,
    info: &SeriesInfo,
    newest: i64,
) -> Result<SeriesCheck, StoreError> {
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
        behind: newest.saturating_sub(info.last.saturating_add(info.interval.ms())),
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
