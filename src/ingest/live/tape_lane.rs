//! One instrument's trades, quotes and candles on their way into the store, and what is missing of
//! them.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::market::{Candle, Channel, Instrument, Interval, Quote, Span, Trade};
use crate::store::{GapReason, GapState, LiveBatch, NewGap};

/// Quotes that are remembered, so that one that comes twice is told from one that comes late.
const REMEMBERED: usize = 4096;

/// Trades of a channel, whose ids are consecutive.
#[derive(Debug)]
pub(super) struct TradeLane {
    channel: Channel,
    last: Option<(i64, i64)>,
    handed_over: Option<(i64, i64)>,
    pub(super) why: GapReason,
}

/// Best bids and asks, whose ids grow with holes.
#[derive(Debug)]
pub(super) struct QuoteLane {
    /// Update id and receive time of the last ones.
    seen: VecDeque<(i64, i64)>,
    handed_over: Option<(i64, i64)>,
    /// Something may be missing before the next one.
    pub(super) broken: Option<GapReason>,
}

/// Final candles of an interval.
#[derive(Debug)]
pub(super) struct CandleLane {
    pub(super) interval: Interval,
    last: Option<i64>,
    pub(super) why: GapReason,
}

fn gap(
    instrument: &Instrument,
    channel: Channel,
    span: Span,
    reason: GapReason,
    state: GapState,
) -> NewGap {
    NewGap { instrument: instrument.clone(), channel, span, ids: None, reason, state }
}

impl TradeLane {
    /// `stored`: id and time of the last trade that the store has.
    pub(super) fn new(channel: Channel, stored: Option<(i64, i64)>) -> Self {
        Self { channel, last: stored, handed_over: stored, why: GapReason::Stopped }
    }

    /// Returns whether the trade is new, and whether some before it are missing.
    pub(super) fn take(
        &mut self,
        instrument: &Arc<Instrument>,
        trade: Trade,
        out: &mut LiveBatch,
    ) -> (bool, bool) {
        let mut is_missing = false;
        if let Some((id, time)) = self.last {
            if trade.id <= id {
                return (false, false);
            }
            is_missing = trade.id > id + 1;
            if is_missing {
                let state =
                    if self.channel.is_repeatable() { GapState::Open } else { GapState::Lost };
                // What is missing may have happened in the very millisecond of this one.
                let span = Span { start: time, end: trade.time.max(time).saturating_add(1) };
                out.gaps.push(NewGap {
                    ids: Some((id + 1, trade.id - 1)),
                    ..gap(instrument, self.channel, span, self.why, state)
                });
            }
        }
        self.why = GapReason::Sequence;
        self.last = Some((trade.id, trade.time));
        out.trades.push((Arc::clone(instrument), self.channel, trade));
        (true, is_missing)
    }

    pub(super) fn hand_over(&mut self) {
        self.handed_over = self.last;
    }

    /// Forgets what came since the last handing over, as if it had never come.
    pub(super) fn shed(&mut self, why: GapReason) {
        if self.last != self.handed_over {
            self.last = self.handed_over;
            self.why = why;
        }
    }
}

impl QuoteLane {
    /// `stored`: update id and receive time of the last quote that the store has.
    pub(super) fn new(stored: Option<(i64, i64)>) -> Self {
        Self {
            seen: stored.into_iter().collect(),
            handed_over: stored,
            broken: stored.map(|_| GapReason::Stopped),
        }
    }

    /// Returns whether the quote is new, and whether some are missing.
    pub(super) fn take(
        &mut self,
        instrument: &Arc<Instrument>,
        quote: Quote,
        out: &mut LiveBatch,
    ) -> (bool, bool) {
        let lost = |start, end, reason| {
            let span = Span { start, end };
            gap(instrument, Channel::Quotes, span, reason, GapState::Lost)
        };
        let mut is_missing = false;
        if let Some(&(id, received)) = self.seen.back() {
            if quote.update_id <= id {
                return (false, self.late(quote.update_id, lost, out));
            }
            if let Some(reason) = self.broken.take()
                && received < quote.received
            {
                is_missing = true;
                out.gaps.push(lost(received, quote.received, reason));
            }
        }
        self.broken = None;
        if self.seen.len() >= REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back((quote.update_id, quote.received));
        out.quotes.push((Arc::clone(instrument), quote));
        (true, is_missing)
    }

    /// A quote that comes after a newer one was overtaken: it is not stored, and the ledger says so.
    fn late(
        &mut self,
        id: i64,
        lost: impl Fn(i64, i64, GapReason) -> NewGap,
        out: &mut LiveBatch,
    ) -> bool {
        match self.seen.binary_search_by_key(&id, |seen| seen.0) {
            Err(place) if place > 0 && place < self.seen.len() => {
                let (start, end) = (self.seen[place - 1].1, self.seen[place].1);
                out.gaps.push(lost(start, end.max(start), GapReason::Sequence));
                // Once is enough: the next copy of it is one that came twice.
                self.seen.insert(place, (id, end));
                true
            }
            _ => false,
        }
    }

    pub(super) fn hand_over(&mut self) {
        self.handed_over = self.seen.back().copied();
    }

    /// Forgets what came since the last handing over, as if it had never come.
    pub(super) fn shed(&mut self, why: GapReason) {
        if self.seen.back().copied() != self.handed_over {
            self.seen.clear();
            self.seen.extend(self.handed_over);
            self.broken = Some(why);
        }
    }
}

impl CandleLane {
    /// `stored`: open time of the last candle that was received.
    pub(super) fn new(interval: Interval, stored: Option<i64>) -> Self {
        Self { interval, last: stored, why: GapReason::Stopped }
    }

    /// Returns whether the candle is new, and whether some before it are missing.
    pub(super) fn take(
        &mut self,
        instrument: &Arc<Instrument>,
        candle: Candle,
        out: &mut LiveBatch,
    ) -> (bool, bool) {
        let mut is_missing = false;
        if let Some(last) = self.last {
            if candle.open_time == last {
                return (false, false);
            }
            let expected = last.saturating_add(self.interval.ms());
            is_missing = candle.open_time > expected;
            if is_missing {
                let span = Span { start: expected, end: candle.open_time };
                let channel = Channel::Candles(self.interval);
                out.gaps.push(gap(instrument, channel, span, self.why, GapState::Open));
            }
        }
        self.why = GapReason::Sequence;
        self.last = Some(self.last.map_or(candle.open_time, |last| last.max(candle.open_time)));
        out.candles.push(((**instrument).clone(), self.interval, candle));
        (true, is_missing)
    }
}
