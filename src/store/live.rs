//! What a live ingest makes durable together: rows, gaps and how far was received.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, params};
use serde::Serialize;
use tracing::warn;

use super::instruments::Instruments;
use super::ledger::{self, GapEntry, NewGap};
use super::transaction::Failure;
use super::{Source, Store, StoreError, Written, pending, received, sound, write};
use crate::market::{BookSnapshot, Candle, Channel, Instrument, Interval, Missing, Quote, Trade};

/// Rows and gaps that become durable in one transaction.
#[derive(Debug, Clone, Default)]
pub struct LiveBatch {
    /// Final candles.
    pub candles: Vec<(Instrument, Interval, Candle)>,
    /// Trades of [`Channel::AggTrades`] or [`Channel::Trades`], ids ascending in each channel.
    pub trades: Vec<(Arc<Instrument>, Channel, Trade)>,
    /// Best bids and asks, update ids ascending.
    pub quotes: Vec<(Arc<Instrument>, Quote)>,
    /// Book snapshots, oldest first.
    pub books: Vec<(Arc<Instrument>, BookSnapshot)>,
    /// Entries of the ledger.
    pub gaps: Vec<NewGap>,
    /// How the receiver's clock stood.
    pub clocks: Vec<(Arc<Instrument>, ClockMinute)>,
}

/// Receive time less the exchange's own time of the messages of one minute, ms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClockMinute {
    /// Start of the minute, ms.
    pub minute: i64,
    /// Number of messages.
    pub messages: i64,
    /// Least difference.
    pub least: i64,
    /// Mean difference.
    pub mean: f64,
    /// Greatest difference.
    pub greatest: i64,
}

/// What became of a [`LiveBatch`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LiveWritten {
    /// Candles.
    pub candles: Written,
    /// New trades.
    pub trades: u64,
    /// New quotes.
    pub quotes: u64,
    /// New book snapshots.
    pub books: u64,
    /// Rows that were received before.
    pub ignored: u64,
    /// Rows that cannot be: no price, no amount, a candle whose low is above its high.
    pub refused: u64,
    /// The entries just made in the ledger.
    pub gaps: Vec<GapEntry>,
}

impl LiveBatch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.candles.is_empty()
            && self.trades.is_empty()
            && self.quotes.is_empty()
            && self.books.is_empty()
            && self.gaps.is_empty()
            && self.clocks.is_empty()
    }

    /// Forgets everything and keeps the memory for what comes next.
    pub fn clear(&mut self) {
        let Self { candles, trades, quotes, books, gaps, clocks } = self;
        candles.clear();
        trades.clear();
        quotes.clear();
        books.clear();
        gaps.clear();
        clocks.clear();
    }

    /// Number of rows of all kinds.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.candles.len() + self.trades.len() + self.quotes.len() + self.books.len()
    }
}

impl Store {
    /// Writes a batch in one transaction and advances what was received.
    ///
    /// A trade or quote whose id is not above the last one received, and a book snapshot that is not
    /// later, are ignored, so that nothing is there twice. Rows that cannot be are refused and
    /// counted; the rest of the batch is written.
    ///
    /// # Errors
    /// When another process is writing, the disk is full, or the database fails; then nothing of the
    /// batch is stored.
    pub fn write_live(&mut self, batch: &LiveBatch) -> Result<LiveWritten, StoreError> {
        if batch.is_empty() {
            return Ok(LiveWritten::default());
        }
        self.in_transaction(|connection, instruments| {
            let mut scene = Scene { connection, instruments, written: LiveWritten::default() };
            scene.candles(&batch.candles)?;
            scene.trades(&batch.trades)?;
            scene.quotes(&batch.quotes)?;
            scene.books(&batch.books)?;
            scene.clocks(&batch.clocks)?;
            scene.gaps(&batch.gaps)?;
            Ok(scene.written)
        })
    }
}

/// A batch in the course of being written.
struct Scene<'a> {
    connection: &'a Connection,
    instruments: &'a mut Instruments,
    written: LiveWritten,
}

impl Scene<'_> {
    fn candles(&mut self, offered: &[(Instrument, Interval, Candle)]) -> Result<(), Failure> {
        let mut groups: HashMap<(&Instrument, Interval), Vec<Candle>> = HashMap::new();
        for (instrument, interval, candle) in offered {
            if let Err(fault) = candle.check(*interval) {
                self.refuse(instrument, Channel::Candles(*interval), &fault.to_string());
            } else {
                groups.entry((instrument, *interval)).or_default().push(*candle);
            }
        }
        for ((instrument, interval), candles) in groups {
            let series =
                write::series_number(self.connection, instrument, interval, None::<Missing>)?;
            let written = &mut self.written.candles;
            write::offer(self.connection, series, interval, Source::Live, &candles, written)?;
            let times = candles.iter().map(|candle| candle.open_time);
            if let (Some(first), Some(last)) = (times.clone().min(), times.max()) {
                let number = self.instruments.number(self.connection, instrument)?;
                let channel = Channel::Candles(interval);
                received::widen(self.connection, number, channel, None, (first, last))?;
            }
        }
        Ok(())
    }

    fn trades(&mut self, offered: &[(Arc<Instrument>, Channel, Trade)]) -> Result<(), Failure> {
        let rows = offered.iter().map(|(instrument, channel, trade)| (instrument, *channel, trade));
        for (instrument, channel, rows) in grouped(rows) {
            if !matches!(channel, Channel::AggTrades | Channel::Trades) {
                self.refuse(instrument, channel, "it is no channel of trades");
                self.written.refused += rows.len() as u64 - 1;
                continue;
            }
            let number = self.instruments.number(self.connection, instrument)?;
            let stored = received::of_channel(self.connection, number, channel)?;
            let last = stored.and_then(|stored| stored.ids).map(|ids| ids.1);
            let fresh = self.fresh(instrument, channel, rows, last, |trade| trade.id, sound::trade);
            let inserted = pending::insert(self.connection, number, channel, &fresh)?;
            self.written.trades += inserted;
            self.written.ignored += fresh.len() as u64 - inserted;
            let (ids, times) = (fresh.iter().map(|t| t.id), fresh.iter().map(|t| t.time));
            self.widen(number, channel, ids, times)?;
        }
        Ok(())
    }

    fn quotes(&mut self, offered: &[(Arc<Instrument>, Quote)]) -> Result<(), Failure> {
        let rows = offered.iter().map(|(instrument, quote)| (instrument, Channel::Quotes, quote));
        for (instrument, channel, rows) in grouped(rows) {
            let number = self.instruments.number(self.connection, instrument)?;
            let stored = received::of_channel(self.connection, number, channel)?;
            let last = stored.and_then(|stored| stored.ids).map(|ids| ids.1);
            let id = |quote: &Quote| quote.update_id;
            let fresh = self.fresh(instrument, channel, rows, last, id, sound::quote);
            let inserted = pending::insert(self.connection, number, channel, &fresh)?;
            self.written.quotes += inserted;
            self.written.ignored += fresh.len() as u64 - inserted;
            let ids = fresh.iter().map(|quote| quote.update_id);
            self.widen(number, channel, ids, fresh.iter().map(|quote| quote.received))?;
        }
        Ok(())
    }

    fn books(&mut self, offered: &[(Arc<Instrument>, BookSnapshot)]) -> Result<(), Failure> {
        let rows = offered.iter().map(|(instrument, book)| (instrument, Channel::Book, book));
        for (instrument, channel, rows) in grouped(rows) {
            let number = self.instruments.number(self.connection, instrument)?;
            let stored = received::of_channel(self.connection, number, channel)?;
            let last = stored.and_then(|s| s.ids.map(|ids| (s.last.0, ids.1)));
            let key = |book: &BookSnapshot| (book.time, book.update_id);
            let fresh = self.fresh(instrument, channel, rows, last, key, sound::book);
            let inserted = pending::insert(self.connection, number, channel, &fresh)?;
            self.written.books += inserted;
            self.written.ignored += fresh.len() as u64 - inserted;
            let ids = fresh.iter().map(|book| book.update_id);
            self.widen(number, channel, ids, fresh.iter().map(|book| book.time))?;
        }
        Ok(())
    }

    /// The rows that can be and whose key is above every one before.
    fn fresh<'r, R, K: PartialOrd + Copy>(
        &mut self,
        instrument: &Instrument,
        channel: Channel,
        rows: Vec<&'r R>,
        mut last: Option<K>,
        key: impl Fn(&R) -> K,
        fault: impl Fn(&R) -> Option<&'static str>,
    ) -> Vec<&'r R> {
        let mut fresh = Vec::with_capacity(rows.len());
        for row in rows {
            if last.is_some_and(|last| key(row) <= last) {
                self.written.ignored += 1;
            } else if let Some(fault) = fault(row) {
                self.refuse(instrument, channel, fault);
            } else {
                last = Some(key(row));
                fresh.push(row);
            }
        }
        fresh
    }

    fn widen(
        &mut self,
        instrument: i64,
        channel: Channel,
        ids: impl Iterator<Item = i64> + Clone,
        times: impl Iterator<Item = i64> + Clone,
    ) -> rusqlite::Result<()> {
        let ends = (ids.clone().min().zip(ids.max()), times.clone().min().zip(times.max()));
        match ends {
            (Some(ids), Some(times)) => {
                received::widen(self.connection, instrument, channel, Some(ids), times)
            }
            _ => Ok(()),
        }
    }

    fn clocks(&mut self, offered: &[(Arc<Instrument>, ClockMinute)]) -> Result<(), Failure> {
        for (instrument, clock) in offered.iter().filter(|(_, clock)| clock.messages > 0) {
            let number = self.instruments.number(self.connection, instrument)?;
            let mean = if clock.mean.is_finite() { clock.mean } else { clock.least as f64 };
            self.connection
                .prepare_cached(
                    "INSERT INTO clock (instrument, minute, messages, least, mean, greatest) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET \
                     mean = (mean * messages + excluded.mean * excluded.messages) \
                            / (messages + excluded.messages), \
                     messages = messages + excluded.messages, \
                     least = min(least, excluded.least), \
                     greatest = max(greatest, excluded.greatest)",
                )?
                .execute(params![
                    number,
                    clock.minute,
                    clock.messages,
                    clock.least,
                    mean,
                    clock.greatest
                ])?;
        }
        Ok(())
    }

    fn gaps(&mut self, offered: &[NewGap]) -> Result<(), Failure> {
        for gap in offered {
            let number = self.instruments.number(self.connection, &gap.instrument)?;
            let id = ledger::insert(self.connection, number, gap)?;
            let entry = ledger::entry(self.connection, id)?;
            self.written.gaps.extend(entry);
        }
        Ok(())
    }

    fn refuse(&mut self, instrument: &Instrument, channel: Channel, fault: &str) {
        self.written.refused += 1;
        warn!(%instrument, %channel, fault, "refused a row that cannot be");
    }
}

/// Rows by instrument and channel, in the order in which each first appears.
fn grouped<'r, R>(
    rows: impl Iterator<Item = (&'r Arc<Instrument>, Channel, &'r R)>,
) -> Vec<(&'r Arc<Instrument>, Channel, Vec<&'r R>)> {
    let mut groups: Vec<(&Arc<Instrument>, Channel, Vec<&R>)> = Vec::new();
    let mut places: HashMap<(&Instrument, Channel), usize> = HashMap::new();
    // Handles are mostly shared, and an address is hashed faster than a name.
    let mut near: HashMap<(*const Instrument, Channel), usize> = HashMap::new();
    // One after the other are mostly of one kind, and then nothing is looked up.
    let mut last: Option<(*const Instrument, Channel, usize)> = None;
    for (instrument, channel, row) in rows {
        let address = Arc::as_ptr(instrument);
        let place = match last {
            Some((near, of, place)) if near == address && of == channel => place,
            _ => *near.entry((address, channel)).or_insert_with(|| {
                *places.entry((&**instrument, channel)).or_insert_with(|| {
                    groups.push((instrument, channel, Vec::new()));
                    groups.len() - 1
                })
            }),
        };
        last = Some((address, channel, place));
        groups[place].2.push(row);
    }
    groups
}
