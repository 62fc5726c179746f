//! All that a run reads of one instrument, and what of it was known when.

use crate::features::{Inputs, ValueSeries};
use crate::market::{BookSnapshot, CandleSeries, Span, Trade};

/// All that a run reads of one instrument.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The candles whose ends are the decision times.
    pub base: CandleSeries,
    /// Candles of coarser intervals.
    pub context: Vec<CandleSeries>,
    /// Base candles of other instruments that features read.
    pub peers: Vec<CandleSeries>,
    /// Series of values that are no candles, each by the time it was known.
    pub values: Vec<ValueSeries>,
    /// Trades by time, if they are read.
    pub trades: Option<Vec<Trade>>,
    /// Snapshots of the book by time, if they are read.
    pub books: Option<Vec<BookSnapshot>>,
    /// Stretches of which trades or snapshots are missing.
    pub unseen: Vec<Span>,
}

impl History {
    /// Candles alone.
    #[must_use]
    pub fn of(base: CandleSeries) -> Self {
        Self {
            base,
            context: Vec::new(),
            peers: Vec::new(),
            values: Vec::new(),
            trades: None,
            books: None,
            unseen: Vec::new(),
        }
    }

    /// The same as what features are built from.
    #[must_use]
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs {
            context: &self.context,
            peers: &self.peers,
            values: &self.values,
            trades: self.trades.as_deref(),
            books: self.books.as_deref(),
            unseen: &self.unseen,
            ..Inputs::of(&self.base)
        }
    }

    /// What could be used for a decision at `time`: candles that have ended by then, and values,
    /// trades and snapshots from before it.
    #[must_use]
    pub fn known_at(&self, time: i64) -> Self {
        let ended = |series: &CandleSeries| {
            let end = time.saturating_sub(series.interval().ms()).saturating_add(1);
            series.within(Span { start: i64::MIN, end })
        };
        let known = |series: &ValueSeries| ValueSeries {
            name: series.name.clone(),
            values: series.values.iter().filter(|value| value.known_at < time).copied().collect(),
        };
        Self {
            base: ended(&self.base),
            context: self.context.iter().map(ended).collect(),
            peers: self.peers.iter().map(ended).collect(),
            values: self.values.iter().map(known).collect(),
            trades: self
                .trades
                .as_ref()
                .map(|trades| trades[..trades.partition_point(|trade| trade.time < time)].to_vec()),
            books: self
                .books
                .as_ref()
                .map(|books| books[..books.partition_point(|book| book.time < time)].to_vec()),
            // A hole that has begun is known by the candle that it touches.
            unseen: self.unseen.iter().filter(|hole| hole.start < time).copied().collect(),
        }
    }

    /// The same from `time` on: what a run sees that begins its data there. Values stay, since one
    /// says the same however many came before it.
    #[must_use]
    pub fn beginning_at(&self, time: i64) -> Self {
        let from = |series: &CandleSeries| series.within(Span { start: time, end: i64::MAX });
        Self {
            base: from(&self.base),
            context: self.context.iter().map(from).collect(),
            peers: self.peers.iter().map(from).collect(),
            values: self.values.clone(),
            trades: self
                .trades
                .as_ref()
                .map(|trades| trades[trades.partition_point(|trade| trade.time < time)..].to_vec()),
            books: self
                .books
                .as_ref()
                .map(|books| books[books.partition_point(|book| book.time < time)..].to_vec()),
            unseen: self.unseen.iter().filter(|hole| hole.end > time).copied().collect(),
        }
    }

    /// The same `ms` later; `None` when that is off a grid of its candles.
    #[must_use]
    pub fn shifted(&self, ms: i64) -> Option<Self> {
        let candles = |series: &CandleSeries| {
            let mut shifted = CandleSeries::new(series.instrument().clone(), series.interval());
            for mut candle in series.iter() {
                candle.open_time = candle.open_time.checked_add(ms)?;
                if !series.interval().is_on_grid(candle.open_time) {
                    return None;
                }
                shifted.push(&candle).ok()?;
            }
            Some(shifted)
        };
        let mut history = Self {
            base: candles(&self.base)?,
            context: self.context.iter().map(candles).collect::<Option<_>>()?,
            peers: self.peers.iter().map(candles).collect::<Option<_>>()?,
            ..self.clone()
        };
        for value in history.values.iter_mut().flat_map(|series| &mut series.values) {
            value.time = value.time.checked_add(ms)?;
            value.known_at = value.known_at.checked_add(ms)?;
        }
        for trade in history.trades.iter_mut().flatten() {
            trade.time = trade.time.checked_add(ms)?;
        }
        for book in history.books.iter_mut().flatten() {
            book.time = book.time.checked_add(ms)?;
        }
        for hole in &mut history.unseen {
            hole.start = hole.start.checked_add(ms)?;
            hole.end = hole.end.checked_add(ms)?;
        }
        Some(history)
    }

    /// The same, but the value of each series that was known last before `time` becomes known only
    /// at `time`, too late for a decision then; `None` when no series has such a value.
    #[must_use]
    pub fn delayed(&self, time: i64) -> Option<Self> {
        let mut history = self.clone();
        let mut any = false;
        for series in &mut history.values {
            let known = series.values.partition_point(|value| value.known_at < time);
            if let Some(newest) = known.checked_sub(1) {
                series.values[newest].known_at = time;
                series.values.sort_by_key(|value| (value.known_at, value.time));
                any = true;
            }
        }
        any.then_some(history)
    }
}
