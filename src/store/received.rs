//! How far each channel of an instrument has been received.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::{Store, StoreError, instruments};
use crate::market::{Channel, Instrument, Time};

/// What is stored of a channel, but for what the ledger says is missing.
///
/// Ids are those of trades, and update ids of quotes and books; candles have none. Times are those
/// of trades and book snapshots, receive times of quotes, and open times of candles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Received {
    /// First and last id.
    pub ids: Option<(i64, i64)>,
    /// First time.
    pub first: Time,
    /// Last time.
    pub last: Time,
}

impl Store {
    /// How far a channel of an instrument has been received; `None` when nothing of it was.
    ///
    /// # Errors
    /// When the database fails.
    pub fn received(
        &self,
        instrument: &Instrument,
        channel: Channel,
    ) -> Result<Option<Received>, StoreError> {
        if !self.live {
            return Ok(None);
        }
        let read = || match instruments::find(&self.connection, instrument)? {
            Some(number) => of_channel(&self.connection, number, channel),
            None => Ok(None),
        };
        read().map_err(|error| self.failed(error))
    }
}

/// How far a channel of the instrument of that number has been received.
pub(super) fn of_channel(
    connection: &Connection,
    instrument: i64,
    channel: Channel,
) -> rusqlite::Result<Option<Received>> {
    connection
        .prepare_cached(
            "SELECT first_id, last_id, first_time, last_time FROM received \
             WHERE instrument = ?1 AND channel = ?2",
        )?
        .query_row(params![instrument, channel.to_string()], |row| {
            let (first, last): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
            Ok(Received { ids: first.zip(last), first: Time(row.get(2)?), last: Time(row.get(3)?) })
        })
        .optional()
}

/// Widens what was received by ids and times that are now stored.
pub(super) fn widen(
    connection: &Connection,
    instrument: i64,
    channel: Channel,
    ids: Option<(i64, i64)>,
    times: (i64, i64),
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO received (instrument, channel, first_id, last_id, first_time, last_time) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET \
             first_id = min(coalesce(first_id, excluded.first_id), \
                            coalesce(excluded.first_id, first_id)), \
             last_id = max(coalesce(last_id, excluded.last_id), \
                           coalesce(excluded.last_id, last_id)), \
             first_time = min(first_time, excluded.first_time), \
             last_time = max(last_time, excluded.last_time)",
        )?
        .execute(params![
            instrument,
            channel.to_string(),
            ids.map(|ids| ids.0),
            ids.map(|ids| ids.1),
            times.0,
            times.1
        ])
        .map(|_| ())
}
