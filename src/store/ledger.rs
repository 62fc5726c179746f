//! The ledger: every stretch of a channel that was not received, and what became of it.

use std::fmt;
use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Serialize, Serializer};

use super::instruments::{self, not_ours};
use super::transaction::now;
use super::{Store, StoreError};
use crate::market::{Channel, Instrument, Span, Time};

/// Why a stretch was not received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The connection broke.
    Disconnect,
    /// Numbers were left out on a connection that held.
    Sequence,
    /// This machine could not keep up.
    Overload,
    /// The program was not running.
    Stopped,
    /// The exchange was down.
    Outage,
    /// It was asked for from the past.
    Backfill,
}

/// What became of a stretch that was not received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapState {
    /// Not there yet; may be asked for.
    Open,
    /// Fetched later: nothing is missing now but for `real` entries inside of it.
    Repaired,
    /// The exchange itself has nothing there.
    Real,
    /// It cannot be asked for again.
    Lost,
}

impl GapReason {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::Disconnect,
        Self::Sequence,
        Self::Overload,
        Self::Stopped,
        Self::Outage,
        Self::Backfill,
    ];

    /// The name used in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Disconnect => "disconnect",
            Self::Sequence => "sequence",
            Self::Overload => "overload",
            Self::Stopped => "stopped",
            Self::Outage => "outage",
            Self::Backfill => "backfill",
        }
    }

    /// The reason of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl GapState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Repaired, Self::Real, Self::Lost];

    /// The name used in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Repaired => "repaired",
            Self::Real => "real",
            Self::Lost => "lost",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl fmt::Display for GapState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for GapState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::of_name(text)
            .ok_or_else(|| format!("unknown state `{text}`; use one of open, repaired, real, lost"))
    }
}

/// An entry of the ledger to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGap {
    /// What is traded.
    pub instrument: Instrument,
    /// Whose data is missing.
    pub channel: Channel,
    /// When it is missing; of candles their open times, of quotes receive times.
    pub span: Span,
    /// First and last id that is missing, where the channel has consecutive ids.
    pub ids: Option<(i64, i64)>,
    /// Why it is missing.
    pub reason: GapReason,
    /// What can be done about it.
    pub state: GapState,
}

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GapEntry {
    /// Number of the entry.
    pub id: i64,
    /// What is traded.
    #[serde(flatten)]
    pub instrument: Instrument,
    /// Whose data is missing.
    #[serde(serialize_with = "as_text")]
    pub channel: Channel,
    /// When it is missing; while it is open, what is left of it.
    pub span: Span,
    /// First and last id that is missing; while it is open, what is left of them.
    pub ids: Option<(i64, i64)>,
    /// Why it is missing.
    pub reason: GapReason,
    /// What became of it.
    pub state: GapState,
    /// When the entry was made.
    pub noticed_at: Time,
    /// When it got its final state.
    pub settled_at: Option<Time>,
}

impl Store {
    /// Entries of the ledger, of one state or of all, by instrument, channel and start.
    ///
    /// # Errors
    /// When the database fails.
    pub fn gaps(&self, state: Option<GapState>) -> Result<Vec<GapEntry>, StoreError> {
        if !self.live {
            return Ok(Vec::new());
        }
        let read = || {
            let mut statement = self.connection.prepare_cached(&format!(
                "{ENTRIES} WHERE ?1 IS NULL OR state = ?1 \
                 ORDER BY venue, market, symbol, channel, start_time, gap.id"
            ))?;
            let rows = statement.query_map(params![state.map(GapState::name)], entry_of)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|error| self.failed(error))
    }

    /// Writes an entry and returns its number.
    ///
    /// # Errors
    /// When another process is writing, or the database fails.
    pub fn record_gap(&mut self, gap: &NewGap) -> Result<i64, StoreError> {
        self.in_transaction(|connection, instruments| {
            let instrument = instruments.number(connection, &gap.instrument)?;
            Ok(insert(connection, instrument, gap)?)
        })
    }

    /// Gives an entry its state.
    ///
    /// # Errors
    /// [`StoreError::Ledger`] when there is no such entry, or a database failure.
    pub fn settle_gap(&mut self, id: i64, state: GapState) -> Result<(), StoreError> {
        self.in_transaction(|connection, _| {
            entry(connection, id)?.ok_or_else(|| StoreError::no_entry(id))?;
            Ok(settle(connection, id, state)?)
        })
    }
}

const ENTRIES: &str = "SELECT gap.id, venue, market, symbol, channel, start_time, end_time, \
                       first_id, last_id, reason, state, noticed_at, settled_at \
                       FROM gap JOIN instrument ON instrument.id = gap.instrument";

/// An entry by its number.
pub(super) fn entry(connection: &Connection, id: i64) -> rusqlite::Result<Option<GapEntry>> {
    connection
        .prepare_cached(&format!("{ENTRIES} WHERE gap.id = ?1"))?
        .query_row(params![id], entry_of)
        .optional()
}

/// Writes an entry for the instrument of that number and returns the entry's own.
///
/// An inverted span or pair of ids is put in order: the table refuses it, and a ledger that cannot be
/// written would stop an ingest.
pub(super) fn insert(
    connection: &Connection,
    instrument: i64,
    gap: &NewGap,
) -> rusqlite::Result<i64> {
    let noticed = now();
    let settled = (gap.state != GapState::Open).then_some(noticed);
    let (start, end) = (gap.span.start, gap.span.end.max(gap.span.start));
    let ids = gap.ids.map(|(first, last)| (first, last.max(first)));
    connection
        .prepare_cached(
            "INSERT INTO gap (instrument, channel, start_time, end_time, first_id, last_id, \
             reason, state, noticed_at, settled_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            instrument,
            gap.channel.to_string(),
            start,
            end,
            ids.map(|ids| ids.0),
            ids.map(|ids| ids.1),
            gap.reason.name(),
            gap.state.name(),
            noticed,
            settled
        ])?;
    Ok(connection.last_insert_rowid())
}

/// Gives an entry its state; a settled one covers again all that it covered at first.
pub(super) fn settle(connection: &Connection, id: i64, state: GapState) -> rusqlite::Result<()> {
    let settled = (state != GapState::Open).then(now);
    connection
        .prepare_cached(
            "UPDATE gap SET state = ?2, settled_at = ?3, \
             first_id = CASE WHEN ?3 IS NULL THEN first_id ELSE coalesce(began_id, first_id) END, \
             start_time = CASE WHEN ?3 IS NULL THEN start_time \
                          ELSE coalesce(began_time, start_time) END \
             WHERE id = ?1",
        )?
        .execute(params![id, state.name(), settled])
        .map(|_| ())
}

/// Leaves of an open entry what begins at `first_id` and `start`; where it named no ids, it began at
/// `began`.
pub(super) fn shrink(
    connection: &Connection,
    id: i64,
    began: i64,
    (first_id, last_id): (i64, i64),
    start: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE gap SET began_id = coalesce(began_id, first_id, ?5), \
             began_time = coalesce(began_time, start_time), first_id = ?2, last_id = ?3, \
             start_time = min(?4, end_time) WHERE id = ?1",
        )?
        .execute(params![id, first_id, last_id, start, began])
        .map(|_| ())
}

/// Where an entry began before it shrank: its first id and its start.
pub(super) fn began(
    connection: &Connection,
    id: i64,
) -> rusqlite::Result<(Option<i64>, Option<i64>)> {
    connection
        .prepare_cached("SELECT began_id, began_time FROM gap WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Gives an entry the ids that it turned out to have.
pub(super) fn set_ids(connection: &Connection, id: i64, ids: (i64, i64)) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE gap SET first_id = ?2, last_id = ?3, began_id = ?2 WHERE id = ?1")?
        .execute(params![id, ids.0, ids.1])
        .map(|_| ())
}

fn entry_of(row: &Row<'_>) -> rusqlite::Result<GapEntry> {
    let (channel, reason, state): (String, String, String) =
        (row.get(4)?, row.get(9)?, row.get(10)?);
    let (first, last): (Option<i64>, Option<i64>) = (row.get(7)?, row.get(8)?);
    Ok(GapEntry {
        id: row.get(0)?,
        instrument: instruments::of_row(row, 1)?,
        channel: channel.parse().map_err(|reason| not_ours(4, reason))?,
        span: Span { start: row.get(5)?, end: row.get(6)? },
        ids: first.zip(last),
        reason: GapReason::of_name(&reason)
            .ok_or_else(|| not_ours(9, format!("unknown reason `{reason}`")))?,
        state: state.parse().map_err(|reason| not_ours(10, reason))?,
        noticed_at: Time(row.get(11)?),
        settled_at: row.get::<_, Option<i64>>(12)?.map(Time),
    })
}

/// A channel as the text that names it.
pub(super) fn as_text<S: Serializer>(channel: &Channel, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(channel)
}
