//! What features are built from.

use crate::market::{BookSnapshot, CandleSeries, Span, Trade};

use super::CandleSource;
use super::alternative::ValueSeries;
use super::feature::Input;

/// What the features of one instrument are built from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The candles whose ends are the rows.
    pub base: &'a CandleSeries,
    /// Candles of coarser intervals, of the same instrument.
    pub context: &'a [CandleSeries],
    /// Candles of other instruments of the same venue and market, of the base interval.
    pub peers: &'a [CandleSeries],
    /// Series of values that are no candles.
    pub values: &'a [ValueSeries],
    /// Trades by time, if they are there. Times are the exchange's: a live system knows a trade, and
    /// a snapshot, the delay of its network later.
    pub trades: Option<&'a [Trade]>,
    /// Snapshots of the book by time, if they are there.
    pub books: Option<&'a [BookSnapshot]>,
    /// Stretches of which trades or snapshots are missing: a base candle that touches one has no row,
    /// and all states begin anew after it.
    pub unseen: &'a [Span],
}

impl<'a> Inputs<'a> {
    /// Candles alone.
    #[must_use]
    pub fn of(base: &'a CandleSeries) -> Self {
        let (context, peers, values): (&[_], &[_], &[_]) = (&[], &[], &[]);
        Self { base, context, peers, values, trades: None, books: None, unseen: &[] }
    }

    /// What the base candles give, and the streams beside them.
    #[must_use]
    pub fn base_source(&self) -> CandleSource {
        let streams =
            [self.books.map(|_| Input::BookStream), self.trades.map(|_| Input::TradeStream)];
        CandleSource::of(self.base).with(&streams.into_iter().flatten().collect::<Vec<_>>())
    }

    /// Whether there is nothing but candles and values.
    #[must_use]
    pub fn are_candles_alone(&self) -> bool {
        let nothing_inside = self.trades.is_none() && self.books.is_none();
        nothing_inside && self.unseen.is_empty()
    }

    /// The trades and snapshots in the order of their times.
    pub(super) fn streams(&self) -> Streams<'a> {
        Streams { trades: self.trades.unwrap_or_default(), books: self.books.unwrap_or_default() }
    }
}

/// What happened inside a candle.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event<'a> {
    Trade(&'a Trade),
    Book(&'a BookSnapshot),
}

/// Trades and snapshots that were not told yet.
#[derive(Debug)]
pub(super) struct Streams<'a> {
    trades: &'a [Trade],
    books: &'a [BookSnapshot],
}

impl<'a> Streams<'a> {
    /// Leaves out what lies before `time`.
    pub(super) fn pass(&mut self, time: i64) {
        self.trades = &self.trades[self.trades.partition_point(|trade| trade.time < time)..];
        self.books = &self.books[self.books.partition_point(|book| book.time < time)..];
    }

    /// The next one before `time`; of a trade and a snapshot of one millisecond the trade.
    pub(super) fn before(&mut self, time: i64) -> Option<Event<'a>> {
        let trade = self.trades.first().filter(|trade| trade.time < time);
        let book = self.books.first().filter(|book| book.time < time);
        match (trade, book) {
            (Some(trade), book) if book.is_none_or(|book| trade.time <= book.time) => {
                self.trades = &self.trades[1..];
                Some(Event::Trade(trade))
            }
            (_, Some(book)) => {
                self.books = &self.books[1..];
                Some(Event::Book(book))
            }
            _ => None,
        }
    }
}
