//! The desk: messages in, rows and entries of the ledger out. No I/O and no clock of its own, so that
//! live streams, recorded files and tests go through the very same code.

mod counts;

use std::collections::HashMap;
use std::sync::Arc;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::counts::{BookCounts, Counts};
use super::lane::Lane;
use crate::ingest::exchange::message::{Levels, Message, parse};
use crate::market::{Book, Channel, Instrument, Level, Market};
use crate::store::{GapReason, LiveBatch, Received};

/// Most symbols that a desk opens by itself.
const MOST_SYMBOLS: usize = 10_000;

/// Batches whose memory is kept: as many as are on their way at once.
const MOST_SPARE: usize = 3;

/// Which moments of a book are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// Multiples of so many ms of exchange time; the book after every update up to the moment.
    Every(i64),
    /// After each update.
    EachUpdate,
}

/// How books are kept and stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BookConfig {
    /// Best levels of a side that are stored.
    pub levels: usize,
    /// Which moments are stored.
    pub cadence: Cadence,
    /// Most updates that wait for a snapshot.
    pub most_held: usize,
    /// Silence of an exchange beyond which the ledger says so instead of the book being repeated, ms.
    pub longest_silence_ms: i64,
}

/// The same as it stands in a config.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct BookSettings {
    /// Best levels of a side that are stored. Default 20.
    #[garde(range(min = 1, max = 5000))]
    pub levels: usize,
    /// Milliseconds of exchange time between stored books; 0 stores one after each update. Default 1000.
    #[garde(range(min = 0, max = 3_600_000))]
    pub every_ms: i64,
    /// Most updates that wait for a snapshot. Default 10,000.
    #[garde(range(min = 1, max = 1_000_000))]
    pub most_held: usize,
    /// Silence of the exchange, ms, beyond which the ledger says so. Default 60,000.
    #[garde(range(min = 1, max = 3_600_000))]
    pub longest_silence_ms: i64,
}

impl Default for BookSettings {
    fn default() -> Self {
        Self { levels: 20, every_ms: 1000, most_held: 10_000, longest_silence_ms: 60_000 }
    }
}

impl BookSettings {
    /// The settings as the desk takes them.
    #[must_use]
    pub fn config(&self) -> BookConfig {
        let cadence = match self.every_ms {
            0 => Cadence::EachUpdate,
            every => Cadence::Every(every),
        };
        BookConfig {
            levels: self.levels,
            cadence,
            most_held: self.most_held,
            longest_silence_ms: self.longest_silence_ms,
        }
    }
}

/// What a text was, as far as who brought it has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// A message of data, or one that says nothing more here.
    Data,
    /// A message of data of a channel that is not open: open it and give the text again.
    Closed(Arc<Instrument>, Channel),
    /// A subscription was accepted.
    Accepted(Option<i64>),
    /// The exchange is about to close the connection.
    ServerShutdown,
    /// The exchange refused something.
    Refused,
}

/// What messages of one market go to.
#[derive(Debug)]
pub struct Desk {
    venue: String,
    market: Market,
    config: BookConfig,
    /// Whether channels that nobody opened are reported as closed rather than counted as unknown.
    open_to_all: bool,
    lanes: Vec<Lane>,
    places: HashMap<String, usize>,
    /// Place of the lane that took the last message: the next is often of the same symbol.
    near: usize,
    levels: Levels,
    out: LiveBatch,
    /// Empty batches whose memory is used again.
    spare: Vec<LiveBatch>,
    counts: Counts,
    wanted: Vec<Arc<Instrument>>,
    lag: Lag,
}

/// Receive time less the exchange's time, since it was last asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lag {
    pub(super) sum: i64,
    pub(super) messages: i64,
}

impl Desk {
    /// A desk without any channel; with `open_to_all` it tells of data of channels that are not open.
    #[must_use]
    pub fn new(venue: &str, market: Market, config: BookConfig, open_to_all: bool) -> Self {
        Self {
            venue: venue.to_owned(),
            market,
            config,
            open_to_all,
            lanes: Vec::new(),
            places: HashMap::new(),
            near: 0,
            levels: Levels::default(),
            out: LiveBatch::default(),
            spare: Vec::new(),
            counts: Counts::default(),
            wanted: Vec::new(),
            lag: Lag::default(),
        }
    }

    /// Opens a channel; `stored` is what the store has of it, so that the stretch since is known to be
    /// missing.
    pub fn open(
        &mut self,
        instrument: &Arc<Instrument>,
        channel: Channel,
        stored: Option<Received>,
    ) {
        let place = *self.places.entry(instrument.symbol.clone()).or_insert_with(|| {
            self.lanes.push(Lane::new(Arc::clone(instrument)));
            self.lanes.len() - 1
        });
        if let Some(lane) = self.lanes.get_mut(place) {
            lane.open(channel, stored, self.config);
        }
    }

    /// Takes one text that was received at `received`, ms of this machine's clock.
    pub fn take(&mut self, text: &str, received: i64) -> Taken {
        let parsed = match parse(text, &mut self.levels) {
            Ok(parsed) => parsed,
            Err(fault) => {
                self.counts.messages += 1;
                self.counts.malformed += 1;
                tracing::debug!(%fault, "malformed message");
                return Taken::Data;
            }
        };
        let (symbol, channel) = match &parsed.message {
            Message::Depth(update) => (update.symbol, Channel::Book),
            Message::BookTicker(quote) => (quote.symbol, Channel::Quotes),
            Message::AggTrade(trade) => (trade.symbol, Channel::AggTrades),
            Message::Trade(trade) => (trade.symbol, Channel::Trades),
            Message::Kline(kline) => match kline.interval {
                Some(interval) => (kline.symbol, Channel::Candles(interval)),
                None => return self.unknown(),
            },
            Message::Accepted { id } => return Taken::Accepted(*id),
            Message::ServerShutdown => return Taken::ServerShutdown,
            Message::Refused { code, text } => {
                self.counts.refused += 1;
                tracing::warn!(?code, text, "the exchange refused a request");
                return Taken::Refused;
            }
            Message::Snapshot(_) | Message::Unknown(_) => return self.unknown(),
        };
        let is_near = |lane: &Lane| lane.instrument.symbol == symbol;
        if !self.lanes.get(self.near).is_some_and(is_near) {
            self.near = self.places.get(symbol).copied().unwrap_or(usize::MAX);
        }
        let lane = self.lanes.get_mut(self.near);
        let Some(lane) = lane.filter(|lane| lane.has(channel)) else {
            return self.closed(symbol, channel);
        };
        self.counts.messages += 1;
        let (out, counts) = (&mut self.out, &mut self.counts);
        let wants = lane.take(&parsed.message, &self.levels, received, out, counts, &mut self.lag);
        if wants {
            self.wanted.push(Arc::clone(&lane.instrument));
        }
        Taken::Data
    }

    /// Takes a whole book that was asked for.
    pub fn snapshot(&mut self, symbol: &str, id: i64, bids: &[Level], asks: &[Level]) {
        let lane = self.places.get(symbol).and_then(|&place| self.lanes.get_mut(place));
        let Some((lane, book)) =
            lane.and_then(|lane| lane.book.as_mut().map(|book| (&lane.instrument, book)))
        else {
            self.counts.unknown += 1;
            return;
        };
        let before = self.counts.books.gaps;
        let wants = book.snapshot(id, (bids, asks), &mut self.out, &mut self.counts.books);
        self.counts.gaps += self.counts.books.gaps - before;
        if wants {
            self.wanted.push(Arc::clone(lane));
        }
    }

    /// A book that was asked for will not come; it is asked for again with the next update.
    pub fn snapshot_failed(&mut self, symbol: &str) {
        let lane = self.places.get(symbol).and_then(|&place| self.lanes.get_mut(place));
        if let Some(book) = lane.and_then(|lane| lane.book.as_mut()) {
            book.snapshot_failed();
        }
    }

    /// Instruments whose books have to be asked for, each once.
    pub fn wanted(&mut self) -> Vec<Arc<Instrument>> {
        std::mem::take(&mut self.wanted)
    }

    /// Something may have been missed on these channels: what turns out to be missing is missing for
    /// this reason.
    pub fn interrupted(&mut self, why: GapReason, is_hit: impl Fn(&Instrument, Channel) -> bool) {
        for lane in &mut self.lanes {
            lane.interrupted(why, &is_hit);
        }
    }

    /// Rows and gaps since the last handing over.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.out.rows() + self.out.gaps.len()
    }

    /// Hands over what came since the last time, to be written in one transaction.
    pub fn hand_over(&mut self) -> LiveBatch {
        for lane in &mut self.lanes {
            lane.hand_over();
        }
        std::mem::replace(&mut self.out, self.spare.pop().unwrap_or_default())
    }

    /// Takes back a batch that has been written, for its memory.
    pub fn reuse(&mut self, mut batch: LiveBatch) {
        if self.spare.len() < MOST_SPARE {
            batch.clear();
            self.spare.push(batch);
        }
    }

    /// Throws away books and quotes that were not handed over, and with `all` trades too; candles and
    /// clocks stay. Books are asked for again, and what is missing is told in the ledger once data
    /// goes on.
    pub fn shed(&mut self, all: bool) {
        for lane in &mut self.lanes {
            self.counts.shed += lane.shed(all, &mut self.out);
        }
    }

    /// Ends the minute of every clock, so that the last one is handed over too.
    pub fn end_minutes(&mut self) {
        for lane in &mut self.lanes {
            lane.end_minute(&mut self.out);
        }
    }

    /// The book of a symbol while it is in step.
    #[must_use]
    pub fn book(&self, symbol: &str) -> Option<&Book> {
        let lane = self.places.get(symbol).and_then(|&place| self.lanes.get(place))?;
        lane.book.as_ref()?.book()
    }

    /// Instruments whose books are in step, and those whose books are not.
    #[must_use]
    pub fn books(&self) -> (Vec<&Arc<Instrument>>, Vec<&Arc<Instrument>>) {
        let (mut in_step, mut out_of_step) = (Vec::new(), Vec::new());
        for lane in &self.lanes {
            match &lane.book {
                Some(book) if book.book().is_some() => in_step.push(&lane.instrument),
                Some(_) => out_of_step.push(&lane.instrument),
                None => {}
            }
        }
        (in_step, out_of_step)
    }

    /// The instrument of the only book.
    #[must_use]
    pub fn sole_book(&self) -> Option<&Arc<Instrument>> {
        let mut with_book = self.lanes.iter().filter(|lane| lane.book.is_some());
        with_book.next().filter(|_| with_book.next().is_none()).map(|lane| &lane.instrument)
    }

    /// What the desk has met.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Mean of receive time less the exchange's own since the last call, ms.
    pub fn lag(&mut self) -> Option<i64> {
        let lag = std::mem::take(&mut self.lag);
        (lag.messages > 0).then(|| lag.sum / lag.messages)
    }

    fn unknown(&mut self) -> Taken {
        self.counts.messages += 1;
        self.counts.unknown += 1;
        Taken::Data
    }

    fn closed(&mut self, symbol: &str, channel: Channel) -> Taken {
        if self.open_to_all && self.lanes.len() < MOST_SYMBOLS {
            let known = self.places.get(symbol).and_then(|&place| self.lanes.get(place));
            let instrument = match known {
                Some(lane) => Some(Arc::clone(&lane.instrument)),
                None => Instrument::new(&self.venue, self.market, symbol).ok().map(Arc::new),
            };
            if let Some(instrument) = instrument {
                return Taken::Closed(instrument, channel);
            }
        }
        self.unknown()
    }
}

#[cfg(test)]
mod tests;
