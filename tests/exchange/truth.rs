//! Everything that the exchange ever published, and what a store should hold of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use candlewick::market::{BookSnapshot, Candle, Interval, Level, Price, Trade};

use super::cycle::{Best, Deal, Levels, Pair};
use super::feed::Listing;
use super::message::{CandleText, Item, Message, trade_row};

/// Levels by price.
pub type Levels2 = [BTreeMap<Price, Pair>; 2];

/// A depth message: event time, last update id, levels.
#[derive(Debug, Clone)]
pub struct Update {
    pub event: i64,
    pub last: i64,
    pub levels: Arc<Levels>,
}

/// What was published of one listing up to now.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// The book now, bids and asks, and the last update in it.
    pub book: Levels2,
    pub update_id: i64,
    pub event: i64,
    pub trades: VecDeque<(i64, i64, Arc<Deal>)>,
    pub candles: BTreeMap<Interval, Vec<Arc<CandleText>>>,
    pub unfinished: Vec<CandleText>,
    pub updates: Vec<Update>,
    pub quotes: Vec<(i64, Arc<Best>)>,
    /// Keeps what the REST side needs and no more.
    pub forgetful: bool,
}

/// How many trades a forgetful exchange keeps.
const REMEMBERED: usize = 200_000;

pub fn apply(book: &mut Levels2, levels: &Levels) {
    for (side, levels) in book.iter_mut().zip([&levels.bids, &levels.asks]) {
        for (price, quantity) in levels {
            let key = Price::parse(price).unwrap();
            if quantity.bytes().all(|byte| byte == b'0' || byte == b'.') {
                side.remove(&key);
            } else {
                side.insert(key, (price.clone(), quantity.clone()));
            }
        }
    }
}

impl Published {
    pub fn new(listing: &Listing, forgetful: bool) -> Self {
        let mut new = Self { forgetful, ..Self::default() };
        apply(&mut new.book, &listing.cycle.book);
        (new.update_id, new.event) = (listing.cycle.first_id - 1, listing.start);
        new
    }

    pub fn take(&mut self, message: &Message) {
        match &message.item {
            Item::Depth { last, levels, .. } => {
                apply(&mut self.book, levels);
                (self.update_id, self.event) = (*last, message.event);
                if !self.forgetful {
                    let (event, levels) = (message.event, Arc::clone(levels));
                    self.updates.push(Update { event, last: *last, levels });
                }
            }
            Item::Quote { update_id, best } if !self.forgetful => {
                self.quotes.push((*update_id, Arc::clone(best)));
            }
            Item::AggTrade { id, time, deal } => {
                self.trades.push_back((*id, *time, Arc::clone(deal)));
                if self.forgetful && self.trades.len() > REMEMBERED {
                    self.trades.pop_front();
                }
            }
            Item::Candle { candle, is_final: true } => {
                self.candles.entry(candle.interval).or_default().push(Arc::clone(candle));
            }
            _ => {}
        }
    }

    /// The trades as rows.
    pub fn trade_rows(&self) -> Vec<Trade> {
        self.trades.iter().map(|(id, time, deal)| trade_row(*id, *time, deal)).collect()
    }

    /// The final candles as rows.
    pub fn candle_rows(&self, interval: Interval) -> Vec<Candle> {
        self.candles.get(&interval).into_iter().flatten().map(|candle| candle.row()).collect()
    }

    /// The best `depth` levels at every multiple of `every` ms from the first update to before the
    /// last: the book after each update of that time or earlier.
    pub fn snapshots(&self, listing: &Listing, every: i64, depth: usize) -> Vec<BookSnapshot> {
        let mut book = Levels2::default();
        apply(&mut book, &listing.cycle.book);
        let mut all: Vec<BookSnapshot> = Vec::new();
        let mut before: Option<&Update> = None;
        for update in &self.updates {
            if let Some(before) = before {
                let first = (before.event + every - 1).div_euclid(every) * every;
                if first < update.event {
                    let [bids, asks] = best_levels(&book, depth);
                    for time in (first..update.event).step_by(every as usize) {
                        let (bids, asks) = (bids.clone(), asks.clone());
                        all.push(BookSnapshot { time, update_id: before.last, bids, asks });
                    }
                }
            }
            apply(&mut book, &update.levels);
            before = Some(update);
        }
        all
    }
}

fn best_levels(book: &Levels2, depth: usize) -> [Vec<Level>; 2] {
    let level =
        |(price, pair): (&Price, &Pair)| Level { price: *price, quantity: pair.1.parse().unwrap() };
    [
        book[0].iter().rev().take(depth).map(level).collect(),
        book[1].iter().take(depth).map(level).collect(),
    ]
}
