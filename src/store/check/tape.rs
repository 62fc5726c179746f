//! What is wrong with trades, quotes and books: ids missing or twice, crossed or empty books.

use std::path::Path;

use rusqlite::{Connection, params};
use serde::Serialize;

use super::NAMED;
use super::runs::{self, MissingIds, Run};
use super::volumes::{VolumeCheck, Volumes};
use crate::market::{BookSnapshot, Channel, Instrument, Level, Quote, Span, Time, Trade};
use crate::store::ledger::{GapEntry, GapState, as_text};
use crate::store::pending::each_pack;
use crate::store::segment::{Segment, TapeRow, read_segment, segments};
use crate::store::transaction::Failure;
use crate::store::{Received, StoreError};

/// What was found in one channel of an instrument.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChannelCheck {
    /// What is traded.
    #[serde(flatten)]
    pub instrument: Instrument,
    /// The channel.
    #[serde(serialize_with = "as_text")]
    pub channel: Channel,
    /// How far it was received.
    pub received: Received,
    /// Rows in segments and pending.
    pub rows: u64,
    /// How long its last row lies before the newest thing in the store, ms.
    pub behind: i64,
    /// Ids, or candles, within what was received that are neither stored nor in the ledger.
    pub missing: u64,
    /// The first ten stretches of missing ids.
    pub missing_ids: Vec<MissingIds>,
    /// The first ten stretches of missing candles, by open time.
    pub missing_candles: Vec<Span>,
    /// Rows that are there more than once.
    pub twice: u64,
    /// Book snapshots or quotes whose bid reaches the ask.
    pub crossed: u64,
    /// Book snapshots without a bid or without an ask.
    pub empty: u64,
    /// Book snapshots whose levels are not in the order of their prices.
    pub disordered: u64,
}

/// Where what was found goes.
pub(super) struct Findings<'a> {
    pub connection: &'a Connection,
    pub folder: &'a Path,
    pub instrument: i64,
    /// Entries of the ledger of this channel.
    pub gaps: &'a [GapEntry],
    /// Segments that cannot be read, with the reason.
    pub damaged: &'a mut Vec<(String, String)>,
}

impl ChannelCheck {
    pub(super) fn new(
        instrument: Instrument,
        channel: Channel,
        received: Received,
        behind: i64,
    ) -> Self {
        Self {
            instrument,
            channel,
            received,
            rows: 0,
            behind,
            missing: 0,
            missing_ids: Vec::new(),
            missing_candles: Vec::new(),
            twice: 0,
            crossed: 0,
            empty: 0,
            disordered: 0,
        }
    }

    /// Examines a channel of trades, and their sums beside the candles of `volumes`.
    pub(super) fn trades(
        &mut self,
        to: &mut Findings<'_>,
        mut volumes: Volumes,
    ) -> Result<Vec<VolumeCheck>, Failure> {
        let mut all: Vec<Run> = Vec::new();
        let mut damaged = to.damaged.len();
        each_row::<Trade>(to, self.channel, |rows| {
            let mut runs = Vec::new();
            for trade in rows {
                runs::extend(&mut runs, trade.id, trade.time);
                volumes.add(trade);
                self.rows += 1;
            }
            all.extend(runs);
        })?;
        damaged = to.damaged.len() - damaged;
        let (runs, twice) = runs::joined(all);
        self.twice = twice;
        // What lies in a damaged segment is no gap of the sequence: the segment is the fault.
        if let Some(ids) = self.received.ids.filter(|_| damaged == 0) {
            let missing = unexplained(&runs, ids, to.gaps);
            self.missing =
                missing.iter().map(|m| m.ids.1.abs_diff(m.ids.0).saturating_add(1)).sum();
            self.missing_ids = missing.into_iter().take(NAMED).collect();
        }
        if damaged > 0 || twice > 0 {
            return Ok(Vec::new());
        }
        volumes.compare(to.connection, &self.instrument, self.channel, &self.received, to.gaps)
    }

    /// Examines the quotes.
    pub(super) fn quotes(&mut self, to: &mut Findings<'_>) -> Result<(), Failure> {
        let mut ends = Vec::new();
        each_row::<Quote>(to, self.channel, |rows| {
            self.count(rows, &mut ends);
            let crossed = |quote: &&Quote| {
                quote.bid.quantity > 0.0
                    && quote.ask.quantity > 0.0
                    && quote.bid.price >= quote.ask.price
            };
            self.crossed += rows.iter().filter(crossed).count() as u64;
        })?;
        self.twice += overlaps(ends);
        Ok(())
    }

    /// Examines the book snapshots.
    pub(super) fn books(&mut self, to: &mut Findings<'_>) -> Result<(), Failure> {
        let mut ends = Vec::new();
        each_row::<BookSnapshot>(to, self.channel, |rows| {
            self.count(rows, &mut ends);
            for book in rows {
                let best = book.bids.first().zip(book.asks.first());
                self.crossed += u64::from(best.is_some_and(|(bid, ask)| bid.price >= ask.price));
                self.empty += u64::from(best.is_none());
                let ordered = |levels: &[Level], falling: bool| {
                    levels.windows(2).all(|pair| {
                        pair[0].price != pair[1].price && (pair[0].price > pair[1].price) == falling
                    })
                };
                let sound = ordered(&book.bids, true) && ordered(&book.asks, false);
                self.disordered += u64::from(!sound);
            }
        })?;
        self.twice += overlaps(ends);
        Ok(())
    }

    /// Counts the rows of a file, and those whose key is not above the one before.
    fn count<R: TapeRow>(&mut self, rows: &[R], ends: &mut Vec<((i64, i64), (i64, i64))>) {
        self.rows += rows.len() as u64;
        let again = rows.windows(2).filter(|pair| pair[0].key() >= pair[1].key()).count();
        self.twice += again as u64;
        if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
            ends.push((first.key(), last.key()));
        }
    }
}

/// The missing ids that no standing entry of the ledger explains.
fn unexplained(runs: &[Run], ids: (i64, i64), gaps: &[GapEntry]) -> Vec<MissingIds> {
    let standing = || gaps.iter().filter(|gap| gap.state != GapState::Repaired);
    let known: Vec<_> = standing().filter_map(|gap| gap.ids).collect();
    let mut missing = runs::unexplained(runs::holes(runs, ids), &known);
    // An entry without ids speaks of a time.
    missing.retain(|hole| {
        let around = Span { start: hole.after.0, end: hole.before.0.saturating_add(1) };
        !standing().any(|gap| gap.ids.is_none() && gap.span.overlaps(around))
    });
    missing
}

/// How many files begin before another has ended.
fn overlaps(mut ends: Vec<((i64, i64), (i64, i64))>) -> u64 {
    ends.sort_unstable();
    ends.windows(2).filter(|pair| pair[0].1 >= pair[1].0).count() as u64
}

/// Calls `visit` with the rows of each segment, then with those of each pack.
fn each_row<R: TapeRow>(
    to: &mut Findings<'_>,
    channel: Channel,
    mut visit: impl FnMut(&[R]),
) -> Result<(), Failure> {
    for segment in segments(to.connection, to.instrument, channel, Span::ALL)? {
        match read_segment::<R>(to.folder, &segment) {
            Ok(rows) => visit(&rows),
            Err(StoreError::Damaged { reason, .. }) => to.damaged.push((segment.path, reason)),
            Err(other) => return Err(other.into()),
        }
    }
    each_pack(to.connection, to.instrument, channel, Span::ALL, |pack| {
        visit(&pack.rows);
        true
    })?;
    Ok(())
}

/// Newest time that anything in the store speaks of.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection.query_row(
        "SELECT max(newest) FROM (SELECT max(last_time) AS newest FROM received \
         WHERE channel NOT LIKE 'candles_%' UNION ALL \
         SELECT max(open_time) + interval_ms FROM candle JOIN series ON series.id = candle.series \
         GROUP BY series.id)",
        [],
        |row| row.get(0),
    )
}

/// Every channel that was received, by instrument: number, names, and how far.
pub(super) fn received_channels(
    connection: &Connection,
) -> rusqlite::Result<Vec<(i64, Instrument, Channel, Received)>> {
    let mut statement = connection.prepare_cached(
        "SELECT venue, market, symbol, instrument.id, channel, first_id, last_id, first_time, \
         last_time FROM received JOIN instrument ON instrument.id = received.instrument \
         ORDER BY venue, market, symbol, channel",
    )?;
    let rows = statement.query_map(params![], |row| {
        let (channel, first, last): (String, Option<i64>, Option<i64>) =
            (row.get(4)?, row.get(5)?, row.get(6)?);
        let channel =
            channel.parse().map_err(|reason| crate::store::instruments::not_ours(4, reason))?;
        let received =
            Received { ids: first.zip(last), first: Time(row.get(7)?), last: Time(row.get(8)?) };
        Ok((row.get(3)?, crate::store::instruments::of_row(row, 0)?, channel, received))
    })?;
    rows.collect()
}

/// Every segment, whatever its channel.
pub(super) fn all_segments(connection: &Connection) -> rusqlite::Result<Vec<Segment>> {
    let mut statement = connection.prepare(&format!(
        "SELECT {} FROM segment ORDER BY path",
        crate::store::segment::SEGMENT_COLUMNS
    ))?;
    statement.query_map([], crate::store::segment::segment_of)?.collect()
}
