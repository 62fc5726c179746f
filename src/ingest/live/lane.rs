//! All channels of one instrument.

use std::sync::Arc;

use super::book_lane::BookLane;
use super::book_sync::Update;
use super::desk::{BookConfig, Counts, Lag};
use super::tape_lane::{CandleLane, QuoteLane, TradeLane};
use crate::ingest::exchange::message::{Levels, Message};
use crate::market::{Channel, Instrument, Quote};
use crate::store::{ClockMinute, GapReason, LiveBatch, Received};

const MINUTE: i64 = 60_000;

/// One instrument's channels, those that are open.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) instrument: Arc<Instrument>,
    pub(super) book: Option<BookLane>,
    quotes: Option<QuoteLane>,
    agg_trades: Option<TradeLane>,
    trades: Option<TradeLane>,
    candles: Vec<CandleLane>,
    clock: Option<Clock>,
}

/// Receive time less the exchange's of the minute that runs.
#[derive(Debug, Clone, Copy)]
struct Clock {
    minute: i64,
    messages: i64,
    least: i64,
    greatest: i64,
    sum: i64,
}

impl Lane {
    pub(super) fn new(instrument: Arc<Instrument>) -> Self {
        Self {
            instrument,
            book: None,
            quotes: None,
            agg_trades: None,
            trades: None,
            candles: Vec::new(),
            clock: None,
        }
    }

    pub(super) fn open(&mut self, channel: Channel, stored: Option<Received>, config: BookConfig) {
        let last_time = stored.map(|stored| stored.last.0);
        let last = stored.and_then(|stored| stored.ids.map(|ids| (ids.1, stored.last.0)));
        match channel {
            Channel::Book => {
                let instrument = Arc::clone(&self.instrument);
                self.book.get_or_insert_with(|| BookLane::new(instrument, config, last_time));
            }
            Channel::Quotes => {
                self.quotes.get_or_insert_with(|| QuoteLane::new(last));
            }
            Channel::AggTrades => {
                self.agg_trades.get_or_insert_with(|| TradeLane::new(channel, last));
            }
            Channel::Trades => {
                self.trades.get_or_insert_with(|| TradeLane::new(channel, last));
            }
            Channel::Candles(interval) => {
                if !self.has(channel) {
                    self.candles.push(CandleLane::new(interval, last_time));
                }
            }
        }
    }

    pub(super) fn has(&self, channel: Channel) -> bool {
        match channel {
            Channel::Book => self.book.is_some(),
            Channel::Quotes => self.quotes.is_some(),
            Channel::AggTrades => self.agg_trades.is_some(),
            Channel::Trades => self.trades.is_some(),
            Channel::Candles(interval) => self.candles.iter().any(|lane| lane.interval == interval),
        }
    }

    /// Takes a message of data of an open channel; returns whether a book has to be asked for.
    pub(super) fn take(
        &mut self,
        message: &Message<'_>,
        levels: &Levels,
        received: i64,
        out: &mut LiveBatch,
        counts: &mut Counts,
        lag: &mut Lag,
    ) -> bool {
        let instrument = &self.instrument;
        let mut sent = None;
        let mut wants = false;
        let mut taken = (true, false);
        match message {
            Message::Depth(update) => {
                sent = Some(update.event_time);
                let update = Update {
                    prior: update.previous_id.unwrap_or(update.first_id.saturating_sub(1)),
                    last: update.last_id,
                    time: update.event_time,
                    bids: &levels.bids,
                    asks: &levels.asks,
                };
                if let Some(book) = &mut self.book {
                    let before = counts.books.gaps;
                    wants = book.update(&update, out, &mut counts.books);
                    counts.gaps += counts.books.gaps - before;
                }
            }
            Message::BookTicker(ticker) => {
                sent = ticker.event_time;
                let quote = Quote {
                    update_id: ticker.update_id,
                    time: ticker.event_time,
                    received,
                    bid: ticker.bid,
                    ask: ticker.ask,
                };
                if let Some(lane) = &mut self.quotes {
                    taken = lane.take(instrument, quote, out);
                }
            }
            Message::AggTrade(trade) => {
                sent = Some(trade.event_time);
                if let Some(lane) = &mut self.agg_trades {
                    taken = lane.take(instrument, trade.trade, out);
                }
            }
            Message::Trade(trade) => {
                sent = Some(trade.event_time);
                if let Some(lane) = &mut self.trades {
                    taken = lane.take(instrument, trade.trade, out);
                }
            }
            Message::Kline(kline) => {
                sent = Some(kline.event_time);
                let lane =
                    self.candles.iter_mut().find(|lane| Some(lane.interval) == kline.interval);
                if let Some(lane) = lane.filter(|_| kline.is_final) {
                    if kline.candle.check(lane.interval).is_ok() {
                        taken = lane.take(instrument, kline.candle, out);
                    } else {
                        counts.malformed += 1;
                    }
                }
            }
            _ => {}
        }
        counts.duplicates += u64::from(!taken.0);
        counts.gaps += u64::from(taken.1);
        if let Some(sent) = sent {
            let late = received.saturating_sub(sent);
            lag.sum = lag.sum.saturating_add(late);
            lag.messages += 1;
            self.tick(sent, late, out);
        }
        wants
    }

    pub(super) fn interrupted(
        &mut self,
        why: GapReason,
        is_hit: &impl Fn(&Instrument, Channel) -> bool,
    ) {
        let hit = |channel| is_hit(&self.instrument, channel);
        if let Some(book) = self.book.as_mut().filter(|_| hit(Channel::Book)) {
            book.why = why;
        }
        if let Some(quotes) = self.quotes.as_mut().filter(|_| hit(Channel::Quotes)) {
            quotes.broken.get_or_insert(why);
        }
        // What was missed since the last stop stays so until the first row.
        let set = |reason: &mut GapReason| {
            if *reason != GapReason::Stopped {
                *reason = why;
            }
        };
        if let Some(trades) = self.agg_trades.as_mut().filter(|_| hit(Channel::AggTrades)) {
            set(&mut trades.why);
        }
        if let Some(trades) = self.trades.as_mut().filter(|_| hit(Channel::Trades)) {
            set(&mut trades.why);
        }
        for lane in self.candles.iter_mut().filter(|lane| hit(Channel::Candles(lane.interval))) {
            set(&mut lane.why);
        }
    }

    pub(super) fn hand_over(&mut self) {
        if let Some(quotes) = &mut self.quotes {
            quotes.hand_over();
        }
        for trades in [&mut self.agg_trades, &mut self.trades].into_iter().flatten() {
            trades.hand_over();
        }
    }

    /// Takes back books and quotes of `out`, and with `all` trades; returns how many.
    pub(super) fn shed(&mut self, all: bool, out: &mut LiveBatch) -> u64 {
        let why = GapReason::Overload;
        let mut dropped = self.book.as_mut().map_or(0, |book| book.shed(out, why));
        let before = out.quotes.len() + out.trades.len();
        let instrument = &self.instrument;
        let keeps = |channel: Channel| {
            !(channel == Channel::Quotes
                || all && matches!(channel, Channel::AggTrades | Channel::Trades))
        };
        out.quotes.retain(|(other, _)| !Arc::ptr_eq(other, instrument));
        out.trades.retain(|(other, channel, _)| !Arc::ptr_eq(other, instrument) || keeps(*channel));
        out.gaps.retain(|gap| gap.instrument != **instrument || keeps(gap.channel));
        dropped += (before - out.quotes.len() - out.trades.len()) as u64;
        if let Some(quotes) = &mut self.quotes {
            quotes.shed(why);
        }
        if all {
            for trades in [&mut self.agg_trades, &mut self.trades].into_iter().flatten() {
                trades.shed(why);
            }
        }
        dropped
    }

    pub(super) fn end_minute(&mut self, out: &mut LiveBatch) {
        if let Some(clock) = self.clock.take() {
            out.clocks.push((
                Arc::clone(&self.instrument),
                ClockMinute {
                    minute: clock.minute,
                    messages: clock.messages,
                    least: clock.least,
                    mean: clock.sum as f64 / clock.messages as f64,
                    greatest: clock.greatest,
                },
            ));
        }
    }

    /// Counts a message of the exchange's time `sent` that came `late` ms after it.
    fn tick(&mut self, sent: i64, late: i64, out: &mut LiveBatch) {
        let minute = sent - sent.rem_euclid(MINUTE);
        if self.clock.is_some_and(|clock| minute > clock.minute) {
            self.end_minute(out);
        }
        let clock = self.clock.get_or_insert(Clock {
            minute,
            messages: 0,
            least: late,
            greatest: late,
            sum: 0,
        });
        clock.messages += 1;
        clock.least = clock.least.min(late);
        clock.greatest = clock.greatest.max(late);
        clock.sum = clock.sum.saturating_add(late);
    }
}
