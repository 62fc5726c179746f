//! The endless order of an exchange's messages: cycles again and again with shifted ids and times,
//! candles counted from the trades.

use std::collections::VecDeque;
use std::sync::Arc;

use candlewick::market::{Interval, Market, Price, Span};

use super::cycle::{Cycle, Deal, Happening};
use super::message::{CandleText, Item, Message, Name};

/// How long after its end a candle is sent at the latest, ms.
const CANDLE_DELAY: i64 = 100;
/// How often a candle that is not final is sent, ms.
const CANDLE_EVERY: i64 = 2_000;

/// One symbol of an exchange.
#[derive(Debug, Clone)]
pub struct Listing {
    pub name: Name,
    pub cycle: Arc<Cycle>,
    /// When its messages begin, ms of the exchange's clock.
    pub start: i64,
    /// Intervals of the candles that it counts.
    pub intervals: Vec<Interval>,
    /// A stretch in which the exchange itself is out: no trades, and so no candles.
    pub outage: Option<Span>,
    /// Id of the first trade.
    pub first_trade: i64,
}

/// The messages of one listing in order.
pub struct Feed {
    listing: Listing,
    index: usize,
    turn: i64,
    place: usize,
    previous: i64,
    trade: i64,
    candles: Vec<Option<(CandleText, i64)>>,
    /// How long after it happened a trade of the cycle is told at the latest, ms.
    latest: i64,
    ready: VecDeque<Message>,
}

impl Feed {
    pub fn new(listing: &Listing, index: usize) -> Self {
        Self {
            listing: listing.clone(),
            index,
            turn: 0,
            place: 0,
            previous: listing.cycle.first_id - 1,
            trade: listing.first_trade,
            candles: vec![None; listing.intervals.len()],
            latest: latest(&listing.cycle),
            ready: VecDeque::new(),
        }
    }

    /// When the next message is sent.
    pub fn next_at(&mut self) -> i64 {
        while self.ready.is_empty() {
            self.advance();
        }
        self.ready[0].at
    }

    pub fn next(&mut self) -> Message {
        self.next_at();
        self.ready.pop_front().unwrap()
    }

    fn say(&mut self, at: i64, event: i64, item: Item) {
        self.ready.push_back(Message { at, listing: self.index, event, item });
    }

    fn advance(&mut self) {
        let cycle = Arc::clone(&self.listing.cycle);
        let time = self.listing.start + self.turn * cycle.length;
        let ids = cycle.first_id + self.turn * cycle.ids;
        let (at, happening) = &cycle.happenings[self.place];
        self.place += 1;
        if self.place == cycle.happenings.len() {
            (self.place, self.turn) = (0, self.turn + 1);
        }
        let at = time + at;
        // A candle that ended before its last trade was told would be counted twice.
        self.end_candles(at - CANDLE_DELAY.max(self.latest), at);
        match happening {
            Happening::Depth { event, first, last, levels } => {
                let (first, last, previous) = (ids + first, ids + last, self.previous);
                self.previous = last;
                let levels = Arc::clone(levels);
                self.say(at, time + event, Item::Depth { first, last, previous, levels });
            }
            Happening::Quote { event, update_id, best } => {
                let item = Item::Quote { update_id: ids + update_id, best: Arc::clone(best) };
                self.say(at, time + event, item);
            }
            Happening::Trade { event, time: traded, deal } => {
                self.trade(at, time + event, time + traded, deal);
            }
        }
    }

    fn trade(&mut self, at: i64, event: i64, time: i64, deal: &Arc<Deal>) {
        if self.listing.outage.is_some_and(|span| span.contains(time)) {
            return;
        }
        let id = self.trade;
        self.trade += 1;
        self.end_candles(time, at);
        self.say(at, event, Item::Trade { id, time, deal: Arc::clone(deal) });
        self.say(at, event, Item::AggTrade { id, time, deal: Arc::clone(deal) });
        for place in 0..self.candles.len() {
            let interval = self.listing.intervals[place];
            let market = self.listing.name.market;
            let counted = self.candles[place].take();
            let (mut candle, sent) = counted.unwrap_or_else(|| (empty(interval, time, id), at));
            count(&mut candle, market, id, deal);
            let due = at - sent >= CANDLE_EVERY;
            if due {
                let item = Item::Candle { candle: Arc::new(candle.clone()), is_final: false };
                self.say(at, event, item);
            }
            self.candles[place] = Some((candle, if due { at } else { sent }));
        }
    }

    /// Sends the final candles that end at `until` or before.
    fn end_candles(&mut self, until: i64, at: i64) {
        for place in 0..self.candles.len() {
            let end = |candle: &CandleText| candle.open_time + candle.interval.ms();
            if let Some((candle, _)) =
                self.candles[place].take_if(|(candle, _)| end(candle) <= until)
            {
                let event = at.max(end(&candle));
                let item = Item::Candle { candle: Arc::new(candle), is_final: true };
                self.say(at, event, item);
            }
        }
    }

    /// The candles that are not final yet.
    pub fn unfinished(&self) -> impl Iterator<Item = &CandleText> {
        self.candles.iter().flatten().map(|(candle, _)| candle)
    }
}

fn latest(cycle: &Cycle) -> i64 {
    let late = cycle.happenings.iter().map(|(at, happening)| match happening {
        Happening::Trade { time, .. } => at - time + 1,
        _ => 0,
    });
    late.max().unwrap_or(0)
}

fn empty(interval: Interval, time: i64, id: i64) -> CandleText {
    CandleText {
        interval,
        open_time: interval.floor(time),
        prices: [0; 4],
        volumes: [0; 4],
        trades: 0,
        ids: (id, id),
    }
}

fn count(candle: &mut CandleText, market: Market, id: i64, deal: &Deal) {
    let (price, quantity) =
        (Price::parse(&deal.price).unwrap().0, Price::parse(&deal.quantity).unwrap().0);
    let wide = i128::from(quantity);
    // A coin-margined contract is 100 US dollars, and its quote volume is counted in coins.
    let quote = if market == Market::CoinM {
        wide * 100 * 100_000_000 / i128::from(price)
    } else {
        wide * i128::from(price) / 100_000_000
    };
    let quote = i64::try_from(quote).unwrap();
    if candle.trades == 0 {
        candle.prices = [price; 4];
    }
    let [_, high, low, close] = &mut candle.prices;
    (*high, *low, *close) = (price.max(*high), price.min(*low), price);
    candle.volumes[0] += quantity;
    candle.volumes[1] += quote;
    if !deal.buyer_is_maker {
        candle.volumes[2] += quantity;
        candle.volumes[3] += quote;
    }
    (candle.trades, candle.ids.1) = (candle.trades + 1, id);
}
