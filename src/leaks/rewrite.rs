//! Another future for the same past: huge, shuffled or full of holes.

use std::fmt;

use rand::RngExt as _;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::History;
use crate::market::{BookSnapshot, Candle, CandleSeries, Interval, Level, Price, Trade, Value};

/// What becomes of all that was not known at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewrite {
    /// Possible, but huge and wild: prices and amounts times something between 10 and 1000.
    Poison,
    /// The same numbers at each other's times.
    Shuffle,
    /// The first and about half of the rest are missing.
    Remove,
}

/// A part of what a run reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The base candles.
    Base,
    /// Candles of a coarser interval.
    Context(Interval),
    /// Candles of another instrument.
    Peer(String),
    /// A series of values.
    Values(String),
    /// Trades.
    Trades,
    /// Snapshots of the book.
    Books,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base => f.write_str("base candles"),
            Self::Context(interval) => write!(f, "{interval} candles"),
            Self::Peer(symbol) => write!(f, "candles of {symbol}"),
            Self::Values(name) => write!(f, "values {name}"),
            Self::Trades => f.write_str("trades"),
            Self::Books => f.write_str("book snapshots"),
        }
    }
}

impl History {
    /// What there is to read, base candles first.
    #[must_use]
    pub fn sources(&self) -> Vec<Source> {
        let context = self.context.iter().map(|series| Source::Context(series.interval()));
        let peers = self.peers.iter().map(|series| Source::Peer(symbol(series)));
        let values = self.values.iter().map(|series| Source::Values(series.name.clone()));
        let trades = self.trades.as_ref().map(|_| Source::Trades);
        let books = self.books.as_ref().map(|_| Source::Books);
        std::iter::once(Source::Base)
            .chain(context)
            .chain(peers)
            .chain(values)
            .chain(trades)
            .chain(books)
            .collect()
    }

    /// The same up to what was known at `time`, and another future: of one source, or of all.
    #[must_use]
    pub fn rewritten(
        &self,
        time: i64,
        how: Rewrite,
        only: Option<&Source>,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let asked = |source: &Source| only.is_none_or(|only| only == source);
        let mut history = self.clone();
        if asked(&Source::Base) {
            history.base = candles(&self.base, time, how, rng);
        }
        for series in &mut history.context {
            if asked(&Source::Context(series.interval())) {
                *series = candles(series, time, how, rng);
            }
        }
        for series in &mut history.peers {
            if asked(&Source::Peer(symbol(series))) {
                *series = candles(series, time, how, rng);
            }
        }
        for series in &mut history.values {
            if asked(&Source::Values(series.name.clone())) {
                let from = series.values.partition_point(|value| value.known_at < time);
                future(&mut series.values, from, how, rng, &VALUE);
            }
        }
        if let Some(trades) = history.trades.as_mut().filter(|_| asked(&Source::Trades)) {
            let from = trades.partition_point(|trade| trade.time < time);
            future(trades, from, how, rng, &TRADE);
        }
        if let Some(books) = history.books.as_mut().filter(|_| asked(&Source::Books)) {
            let from = books.partition_point(|book| book.time < time);
            future(books, from, how, rng, &BOOK);
        }
        history
    }
}

fn symbol(series: &CandleSeries) -> String {
    series.instrument().symbol.clone()
}

/// How one kind of record is poisoned, and how it takes over another's content at its own time.
struct Record<T> {
    poison: fn(&mut T, &mut ChaCha8Rng),
    swap: fn(&mut T, &T),
}

const CANDLE: Record<Candle> = Record {
    poison: poison_candle,
    swap: |to, from| *to = Candle { open_time: to.open_time, ..*from },
};

const VALUE: Record<Value> = Record {
    poison: |value, rng| value.value = wild(value.value, rng),
    swap: |to, from| to.value = from.value,
};

const TRADE: Record<Trade> = Record {
    poison: |trade, rng| {
        trade.price = scaled(trade.price, rng.random_range(10..1_000));
        trade.quantity *= factor(rng);
        trade.buyer_is_maker = rng.random();
    },
    swap: |to, from| *to = Trade { id: to.id, time: to.time, ..*from },
};

const BOOK: Record<BookSnapshot> = Record {
    poison: |book, rng| {
        let times = rng.random_range(10..1_000);
        for Level { price, quantity } in book.bids.iter_mut().chain(&mut book.asks) {
            *price = scaled(*price, times);
            *quantity *= factor(rng);
        }
    },
    swap: |to, from| {
        to.bids.clone_from(&from.bids);
        to.asks.clone_from(&from.asks);
    },
};

fn candles(series: &CandleSeries, time: i64, how: Rewrite, rng: &mut ChaCha8Rng) -> CandleSeries {
    let interval = series.interval();
    let known = |open: &i64| open.saturating_add(interval.ms()) <= time;
    let from = series.open_time().partition_point(known);
    let mut all: Vec<Candle> = series.iter().collect();
    future(&mut all, from, how, rng, &CANDLE);
    let mut rewritten = series.truncated(from);
    for candle in &all[from..] {
        // They keep their order, so none is refused.
        let _ = rewritten.push(candle);
    }
    rewritten
}

fn future<T: Clone>(
    all: &mut Vec<T>,
    from: usize,
    how: Rewrite,
    rng: &mut ChaCha8Rng,
    record: &Record<T>,
) {
    match how {
        Rewrite::Poison => all[from..].iter_mut().for_each(|one| (record.poison)(one, rng)),
        Rewrite::Shuffle => {
            let mut others = all[from..].to_vec();
            others.shuffle(rng);
            all[from..].iter_mut().zip(&others).for_each(|(to, other)| (record.swap)(to, other));
        }
        Rewrite::Remove => {
            let mut index = 0;
            all.retain(|_| {
                index += 1;
                index <= from || (index > from + 1 && rng.random())
            });
        }
    }
}

fn factor(rng: &mut ChaCha8Rng) -> f64 {
    rng.random_range(10.0..1_000.0)
}

/// A number of its own kind, far from what it was.
fn wild(value: f64, rng: &mut ChaCha8Rng) -> f64 {
    let far = (value.abs() + 1.0) * factor(rng);
    // 32-bit floats must still hold it.
    if far < 1e30 { far } else { 1.0 / factor(rng) }
}

fn scaled(price: Price, times: i64) -> Price {
    Price(price.0.checked_mul(times).unwrap_or(price.0))
}

/// Turned upside down and huge; every price by one factor, so that it stays possible.
fn poison_candle(candle: &mut Candle, rng: &mut ChaCha8Rng) {
    // Beyond this size features refuse prices; a future may as well be tiny.
    let prices = if candle.high < 1e12 { factor(rng) } else { 1.0 / factor(rng) };
    let amounts = if candle.volume < 1e15 { factor(rng) } else { 1.0 / factor(rng) };
    (candle.open, candle.close) = (candle.close * prices, candle.open * prices);
    candle.high *= prices;
    candle.low *= prices;
    candle.volume = if candle.volume > 0.0 { candle.volume * amounts } else { amounts };
    let quote = candle.volume * candle.close;
    candle.quote_volume = candle.quote_volume.map(|_| quote);
    candle.trades = candle.trades.map(|_| rng.random_range(100_000..10_000_000));
    let bought: f64 = rng.random();
    candle.taker_buy_volume = candle.taker_buy_volume.map(|_| candle.volume * bought);
    candle.taker_buy_quote_volume = candle.taker_buy_quote_volume.map(|_| quote * bought);
}
