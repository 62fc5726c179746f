//! Gaps filled by what an exchange gives when it is asked again.

use std::path::Path;

use rusqlite::{Connection, params};

use super::ledger::{self, GapEntry, GapState, NewGap};
use super::segment::stored_ids;
use super::transaction::Failure;
use super::{Source, Store, StoreError, Written, pending, received, sound, write};
use crate::market::{Candle, Channel, Interval, Span, Trade};

impl Store {
    /// Stores a page of trades for an open gap, and settles what of it is done.
    ///
    /// Ids of the gap up to `settled_up_to` are done: trades of them are stored, and those that were
    /// not given become an entry of state `real`. Trades outside of the gap or above `settled_up_to`
    /// are left out. A gap whose last id is done is `repaired`, or `real` when nothing at all was given
    /// for it; otherwise it shrinks to what is left. A gap without ids takes the trades of its span;
    /// it is done when `settled_up_to` is `i64::MAX`, and until then its last id is given as that.
    ///
    /// # Errors
    /// [`StoreError::Ledger`] when there is no such entry, it is not open or not of trades; or a
    /// database failure. Nothing is changed then.
    pub fn repair_trades(
        &mut self,
        gap: i64,
        trades: &[Trade],
        settled_up_to: i64,
    ) -> Result<GapEntry, StoreError> {
        let folder = self.folder.clone();
        self.in_transaction(|connection, instruments| {
            let open = open_entry(connection, gap)?;
            if !matches!(open.channel, Channel::AggTrades | Channel::Trades) {
                return Err(wrong(gap, format!("is of {}, not of trades", open.channel)));
            }
            let number = instruments.number(connection, &open.instrument)?;
            repair_trades((connection, &folder), number, &open, trades, settled_up_to)?;
            Ok(ledger::entry(connection, gap)?.ok_or_else(|| StoreError::no_entry(gap))?)
        })
    }

    /// Stores the candles that an exchange gives for an open gap, and settles it.
    ///
    /// Candles that open outside of the gap or cannot be are left out. Those of the gap that are then
    /// still absent become entries of state `real`, and the gap is `repaired`, or itself `real` when
    /// none of it is there.
    ///
    /// # Errors
    /// [`StoreError::Ledger`] when there is no such entry, it is not open or not of candles; or a
    /// database failure. Nothing is changed then.
    pub fn repair_candles(&mut self, gap: i64, candles: &[Candle]) -> Result<GapEntry, StoreError> {
        self.in_transaction(|connection, instruments| {
            let open = open_entry(connection, gap)?;
            let Channel::Candles(interval) = open.channel else {
                return Err(wrong(gap, format!("is of {}, not of candles", open.channel)));
            };
            let number = instruments.number(connection, &open.instrument)?;
            repair_candles(connection, number, &open, interval, candles)?;
            Ok(ledger::entry(connection, gap)?.ok_or_else(|| StoreError::no_entry(gap))?)
        })
    }
}

fn wrong(id: i64, reason: String) -> Failure {
    Failure::Store(StoreError::Ledger { id, reason })
}

fn open_entry(connection: &Connection, id: i64) -> Result<GapEntry, Failure> {
    let entry = ledger::entry(connection, id)?.ok_or_else(|| StoreError::no_entry(id))?;
    if entry.state == GapState::Open {
        Ok(entry)
    } else {
        Err(wrong(id, format!("is {} already", entry.state)))
    }
}

fn repair_trades(
    (connection, folder): (&Connection, &Path),
    instrument: i64,
    gap: &GapEntry,
    offered: &[Trade],
    settled_up_to: i64,
) -> Result<(), Failure> {
    let (first, last) = gap.ids.unwrap_or((i64::MIN, i64::MAX));
    let settled = settled_up_to.min(last);
    let in_span = |time: i64| last != i64::MAX || gap.span.contains(time);
    let mut given: Vec<&Trade> = offered
        .iter()
        .filter(|trade| (first..=settled).contains(&trade.id) && in_span(trade.time))
        .filter(|trade| sound::trade(trade).is_none())
        .collect();
    given.sort_by_key(|trade| trade.id);
    given.dedup_by_key(|trade| trade.id);
    if let (Some(one), Some(other)) = (given.first(), given.last()) {
        // A gap that names ids which are stored is wrong, but nothing may be there twice.
        let ids = (one.id, other.id);
        let stored = stored_ids(connection, folder, instrument, gap.channel, ids)?;
        let mut fresh = given.clone();
        fresh.retain(|trade| !stored.contains(&trade.id));
        pending::insert(connection, instrument, gap.channel, &fresh)?;
    }
    let known = record_absent(connection, instrument, gap, &given, (first, settled))?;
    let (began_id, began_time) = ledger::began(connection, gap.id)?;
    let last_time = given.last().map(|trade| trade.time);
    let begin = began_time.unwrap_or(gap.span.start);
    if settled == last {
        let nothing = given.is_empty() && began_time.is_none();
        let state = if nothing { GapState::Real } else { GapState::Repaired };
        // The whole gap is accounted for, also when its first pages touched nothing.
        let whole = match known {
            Some(known) => Some((began_id.unwrap_or(known.0), known.1)),
            None => began_id.map(|began| (began, first.saturating_sub(1))),
        };
        if let Some(ids) = whole {
            if last == i64::MAX {
                ledger::set_ids(connection, gap.id, ids)?;
            }
            let times = (begin, last_time.unwrap_or(gap.span.start));
            widen(connection, instrument, gap.channel, ids, times)?;
        }
        ledger::settle(connection, gap.id, state)?;
    } else if let Some(known) = known {
        if let Some(time) = last_time {
            let first_time = given.first().map_or(time, |trade| trade.time);
            widen(connection, instrument, gap.channel, known, (first_time, time))?;
        }
        let start = last_time.unwrap_or(gap.span.start).clamp(gap.span.start, gap.span.end);
        ledger::shrink(connection, gap.id, known.0, (settled + 1, last), start)?;
    }
    Ok(())
}

/// Writes `real` entries for the ids between the given trades, and returns the first and last id that
/// is accounted for now. Where the gap is open at an end, ids beyond the outermost trade are unknown.
fn record_absent(
    connection: &Connection,
    instrument: i64,
    gap: &GapEntry,
    given: &[&Trade],
    (first, settled): (i64, i64),
) -> Result<Option<(i64, i64)>, Failure> {
    if settled < first {
        return Ok(None);
    }
    let whole = gap.ids.is_some() && settled != i64::MAX;
    if given.is_empty() {
        // A gap of which nothing was given becomes a real one itself.
        let itself = gap.ids.is_some_and(|ids| ids.1 == settled)
            && ledger::began(connection, gap.id)?.1.is_none();
        if whole && !itself {
            record_real(connection, instrument, gap, (first, settled), gap.span)?;
        }
        return Ok(whole.then_some((first, settled)));
    }
    let mut next = if gap.ids.is_some() { first } else { given[0].id };
    let begin = next;
    let mut time = gap.span.start;
    for trade in given {
        if trade.id > next {
            let span = Span { start: time, end: trade.time.max(time) };
            record_real(connection, instrument, gap, (next, trade.id - 1), span)?;
        }
        next = trade.id.saturating_add(1);
        time = trade.time;
    }
    if settled != i64::MAX && next <= settled {
        let end = gap.span.end.max(time);
        record_real(connection, instrument, gap, (next, settled), Span { start: time, end })?;
        next = settled + 1;
    }
    Ok(Some((begin, next - 1)))
}

fn record_real(
    connection: &Connection,
    instrument: i64,
    gap: &GapEntry,
    ids: (i64, i64),
    span: Span,
) -> rusqlite::Result<()> {
    let real = NewGap {
        instrument: gap.instrument.clone(),
        channel: gap.channel,
        span,
        ids: Some(ids),
        reason: gap.reason,
        state: GapState::Real,
    };
    ledger::insert(connection, instrument, &real).map(|_| ())
}

/// Widens what was received by a repaired stretch that touches it, or that is the first of its channel;
/// a stretch apart stays outside, since nobody vouches for what lies in between.
fn widen(
    connection: &Connection,
    instrument: i64,
    channel: Channel,
    ids: (i64, i64),
    times: (i64, i64),
) -> rusqlite::Result<()> {
    let stored = received::of_channel(connection, instrument, channel)?;
    let touches = stored.and_then(|stored| stored.ids).is_none_or(|stored| {
        ids.0 <= stored.1.saturating_add(1) && ids.1.saturating_add(1) >= stored.0
    });
    if !touches || ids.0 > ids.1 {
        return Ok(());
    }
    let times = (times.0.min(times.1), times.0.max(times.1));
    received::widen(connection, instrument, channel, Some(ids), times)
}

fn repair_candles(
    connection: &Connection,
    instrument: i64,
    gap: &GapEntry,
    interval: Interval,
    offered: &[Candle],
) -> Result<(), Failure> {
    let given: Vec<Candle> = offered
        .iter()
        .filter(|candle| gap.span.contains(candle.open_time) && candle.check(interval).is_ok())
        .copied()
        .collect();
    let series = write::series_number(connection, &gap.instrument, interval, None)?;
    write::offer(connection, series, interval, Source::Rest, &given, &mut Written::default())?;
    let absent = absent_candles(connection, series, interval, gap.span)?;
    let step = interval.ms();
    let floor = interval.floor(gap.span.start);
    let first = if floor < gap.span.start { floor.saturating_add(step) } else { floor };
    let all = Span { start: first, end: interval.floor(gap.span.end - 1).saturating_add(step) };
    if absent == [all] && !all.start.eq(&all.end) {
        ledger::settle(connection, gap.id, GapState::Real)?;
        return Ok(());
    }
    for span in absent {
        let real = NewGap {
            instrument: gap.instrument.clone(),
            channel: gap.channel,
            span,
            ids: None,
            reason: gap.reason,
            state: GapState::Real,
        };
        ledger::insert(connection, instrument, &real)?;
    }
    widen_candles(connection, instrument, gap, step, all)?;
    ledger::settle(connection, gap.id, GapState::Repaired)?;
    Ok(())
}

/// The stretches of absent candles of a series inside `span`, each from an open time to the one of the
/// next candle that is there, or to the end of the last absent one.
pub(super) fn absent_candles(
    connection: &Connection,
    series: i64,
    interval: Interval,
    span: Span,
) -> rusqlite::Result<Vec<Span>> {
    let step = interval.ms();
    let floor = interval.floor(span.start);
    let mut next = if floor < span.start { floor.saturating_add(step) } else { floor };
    let end = interval.floor(span.end.saturating_sub(1)).saturating_add(step);
    let mut absent = Vec::new();
    let mut statement = connection.prepare_cached(
        "SELECT open_time FROM candle WHERE series = ?1 AND open_time >= ?2 AND open_time < ?3 \
         ORDER BY open_time",
    )?;
    let mut rows = statement.query(params![series, span.start, span.end])?;
    while let Some(row) = rows.next()? {
        let time: i64 = row.get(0)?;
        if time > next {
            absent.push(Span { start: next, end: time });
        }
        next = time.saturating_add(step);
    }
    if next < end {
        absent.push(Span { start: next, end });
    }
    Ok(absent)
}

fn widen_candles(
    connection: &Connection,
    instrument: i64,
    gap: &GapEntry,
    step: i64,
    all: Span,
) -> rusqlite::Result<()> {
    let last = all.end.saturating_sub(step);
    let touches = received::of_channel(connection, instrument, gap.channel)?.is_none_or(|stored| {
        all.start <= stored.last.0.saturating_add(step) && all.end >= stored.first.0
    });
    if touches && all.start <= last {
        received::widen(connection, instrument, gap.channel, None, (all.start, last))?;
    }
    Ok(())
}
