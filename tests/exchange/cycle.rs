//! A stretch of recorded or made-up market data that can be played again and again.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use candlewick::market::{Price, Side};
use flate2::read::GzDecoder;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// A price and an amount as the exchange writes them.
pub type Pair = (String, String);

/// Levels that a depth message sets.
#[derive(Debug, Default)]
pub struct Levels {
    pub bids: Vec<Pair>,
    pub asks: Vec<Pair>,
}

/// Best bid and ask.
#[derive(Debug)]
pub struct Best {
    pub bid: Pair,
    pub ask: Pair,
}

/// A trade, without its number.
#[derive(Debug)]
pub struct Deal {
    pub price: String,
    pub quantity: String,
    pub buyer_is_maker: bool,
}

/// What happens; update ids and times count from the start of the cycle.
#[derive(Debug, Clone)]
pub enum Happening {
    Depth { event: i64, first: i64, last: i64, levels: Arc<Levels> },
    Quote { event: i64, update_id: i64, best: Arc<Best> },
    Trade { event: i64, time: i64, deal: Arc<Deal> },
}

/// The stretch; its last depth message turns the book at the end into the book at the start, so that
/// it can follow itself.
#[derive(Debug)]
pub struct Cycle {
    /// Time at which it begins, ms.
    pub start: i64,
    /// Length, ms: a multiple of 100, so that messages keep their phase.
    pub length: i64,
    /// Update ids that one turn uses up.
    pub ids: i64,
    /// First update id of the first turn.
    pub first_id: i64,
    /// Book before the first message.
    pub book: Levels,
    /// When it is sent, ms from the start, and what; in order.
    pub happenings: Vec<(i64, Happening)>,
}

/// Every level by price, amounts as text.
type Side2 = [BTreeMap<Price, Pair>; 2];

fn set(book: &mut Side2, side: Side, level: &Pair) {
    let (levels, price) =
        (&mut book[usize::from(side == Side::Ask)], Price::parse(&level.0).unwrap());
    if level.1.parse::<f64>().unwrap() == 0.0 {
        levels.remove(&price);
    } else {
        levels.insert(price, level.clone());
    }
}

fn set_all(book: &mut Side2, levels: &Levels) {
    levels.bids.iter().for_each(|level| set(book, Side::Bid, level));
    levels.asks.iter().for_each(|level| set(book, Side::Ask, level));
}

/// The levels that turn `from` into `to`.
fn difference(from: &Side2, to: &Side2) -> Levels {
    let side = |index: usize| {
        let (from, to): (&BTreeMap<_, _>, &BTreeMap<_, _>) = (&from[index], &to[index]);
        let gone = from.iter().filter(|(price, _)| !to.contains_key(price));
        let gone = gone.map(|(_, (price, _))| (price.clone(), "0.00000000".to_owned()));
        let set =
            to.iter().filter(|(price, level)| from.get(price).is_none_or(|was| was.1 != level.1));
        gone.chain(set.map(|(_, level)| level.clone())).collect()
    };
    Levels { bids: side(0), asks: side(1) }
}

/// Ends the cycle with the seam and makes its numbers count from its start.
fn close(start: i64, first_id: i64, book: Levels, happenings: Vec<(i64, Happening)>) -> Cycle {
    let mut begin = Side2::default();
    set_all(&mut begin, &book);
    let (mut end, mut sent, mut last, mut highest) = (Side2::default(), 0, 0, 0);
    set_all(&mut end, &book);
    let mut relative = Vec::with_capacity(happenings.len() + 2);
    for (at, happening) in happenings {
        sent = sent.max(at - start);
        let happening = match happening {
            Happening::Depth { event, first, last: until, levels } => {
                set_all(&mut end, &levels);
                (last, highest) = (until - first_id, highest.max(until - first_id));
                Happening::Depth { event: event - start, first: first - first_id, last, levels }
            }
            Happening::Quote { event, update_id, best } => {
                highest = highest.max(update_id - first_id);
                Happening::Quote { event: event - start, update_id: update_id - first_id, best }
            }
            Happening::Trade { event, time, deal } => {
                Happening::Trade { event: event - start, time: time - start, deal }
            }
        };
        relative.push((sent, happening));
    }
    let (event, levels) = (sent + 1, difference(&end, &begin));
    let seam = highest + 1 + (levels.bids.len() + levels.asks.len()) as i64;
    let best = Best {
        bid: begin[0].last_key_value().unwrap().1.clone(),
        ask: begin[1].first_key_value().unwrap().1.clone(),
    };
    let depth = Happening::Depth { event, first: last + 1, last: seam, levels: Arc::new(levels) };
    relative.push((event, Happening::Quote { event, update_id: seam, best: Arc::new(best) }));
    relative.push((event, depth));
    let length = (event / 100 + 1) * 100;
    Cycle { start, length, ids: seam + 1, first_id, book, happenings: relative }
}

fn pairs(value: &Value) -> Vec<Pair> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    value.as_array().unwrap().iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

/// Reads recorded files that follow each other, the first of them with a REST snapshot of the book:
/// the cycle begins at the first update that reaches beyond the snapshot.
pub fn recorded(files: &[&Path]) -> Cycle {
    let (mut snapshot, mut begun) = (None, None);
    let (mut waiting, mut happenings) = (Vec::new(), Vec::new());
    for line in files
        .iter()
        .flat_map(|file| BufReader::new(GzDecoder::new(std::fs::File::open(file).unwrap())).lines())
    {
        let line = line.unwrap();
        let (received, json) = line.split_once(' ').unwrap();
        let received = received.parse::<i64>().unwrap() / 1_000_000;
        let value: Value = serde_json::from_str(json).unwrap();
        if value.get("lastUpdateId").is_some() {
            snapshot = Some(value);
        } else {
            waiting.push((received, value));
        }
        let Some(snapshot) = &snapshot else { continue };
        for (received, value) in waiting.drain(..) {
            read(received, &value["data"], snapshot, &mut begun, &mut happenings);
        }
    }
    let snapshot = snapshot.unwrap();
    let book = Levels { bids: pairs(&snapshot["bids"]), asks: pairs(&snapshot["asks"]) };
    let (start, first_id) = begun.unwrap();
    close(start, first_id, book, happenings)
}

/// How far the exchange's clock was before the receiver's in the recordings, ms.
const AHEAD: i64 = 1_266;

fn read(
    received: i64,
    data: &Value,
    snapshot: &Value,
    begun: &mut Option<(i64, i64)>,
    happenings: &mut Vec<(i64, Happening)>,
) {
    let number = |name: &str| data[name].as_i64().unwrap();
    let text = |name: &str| data[name].as_str().unwrap().to_owned();
    let event = data["E"].as_i64().unwrap_or(received + AHEAD);
    let kind = data["e"].as_str().unwrap_or("bookTicker");
    if begun.is_none() {
        if kind != "depthUpdate" || number("u") <= snapshot["lastUpdateId"].as_i64().unwrap() {
            return;
        }
        *begun = Some((event, number("U")));
    }
    let happening = match kind {
        "depthUpdate" => {
            let levels = Levels { bids: pairs(&data["b"]), asks: pairs(&data["a"]) };
            Happening::Depth {
                event,
                first: number("U"),
                last: number("u"),
                levels: Arc::new(levels),
            }
        }
        "bookTicker" => {
            let best = Best { bid: (text("b"), text("B")), ask: (text("a"), text("A")) };
            Happening::Quote { event, update_id: number("u"), best: Arc::new(best) }
        }
        "trade" => {
            let deal = Deal {
                price: text("p"),
                quantity: text("q"),
                buyer_is_maker: data["m"].as_bool().unwrap(),
            };
            Happening::Trade { event, time: number("T"), deal: Arc::new(deal) }
        }
        other => panic!("unknown recorded message {other}"),
    };
    happenings.push((event, happening));
}

/// A made-up market: a book of some levels that walks, a quote at each change of the best and
/// `trades` trades a second.
pub fn made_up(seed: u64, seconds: i64, levels: i64, trades: i64) -> Cycle {
    const START: i64 = 1_723_161_255_208;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let price = |ticks: i64| format!("{}.{:02}000000", ticks / 100, ticks % 100);
    let amount = |units: i64| format!("{}.{:05}000", units / 100_000, units % 100_000);
    let mut middle = 6_000_000_i64;
    let mut book = Levels::default();
    for away in 1..=levels {
        book.bids.push((price(middle - away), amount(random.random_range(1..900_000))));
        book.asks.push((price(middle + away), amount(random.random_range(1..900_000))));
    }
    let (mut happenings, mut id) = (Vec::new(), 50_000_000_000_i64);
    let first_id = id + 1;
    for step in 1..seconds * 10 {
        let event = START + step * 100 + random.random_range(0..3);
        let turn = random.random_range(-1..=1_i64);
        let mut changed = Levels::default();
        let zero = "0.00000000".to_owned();
        // The walk takes away the level that the other side reaches, and sets one at each end.
        match turn {
            1 => {
                changed.asks.push((price(middle + 1), zero.clone()));
                changed.bids.push((price(middle), amount(random.random_range(1..900_000))));
                changed.bids.push((price(middle - levels), zero));
                changed
                    .asks
                    .push((price(middle + 1 + levels), amount(random.random_range(1..900_000))));
            }
            -1 => {
                changed.bids.push((price(middle - 1), zero.clone()));
                changed.asks.push((price(middle), amount(random.random_range(1..900_000))));
                changed.asks.push((price(middle + levels), zero));
                changed
                    .bids
                    .push((price(middle - 1 - levels), amount(random.random_range(1..900_000))));
            }
            _ => {}
        }
        middle += turn;
        let best =
            (amount(random.random_range(1..900_000)), amount(random.random_range(1..900_000)));
        changed.bids.push((price(middle - 1), best.0.clone()));
        changed.asks.push((price(middle + 1), best.1.clone()));
        let first = id + 1;
        id += (changed.bids.len() + changed.asks.len()) as i64;
        let quote = Best { bid: (price(middle - 1), best.0), ask: (price(middle + 1), best.1) };
        happenings.push((
            event - 20,
            Happening::Quote { event: event - 20, update_id: id, best: Arc::new(quote) },
        ));
        if random.random_range(0..10) < trades.min(10) {
            for _ in 0..(trades / 10).max(1) {
                let buyer_is_maker = random.random_range(0..2) == 0;
                let at = if buyer_is_maker { middle - 1 } else { middle + 1 };
                let quantity = amount(random.random_range(1..50_000));
                let deal = Deal { price: price(at), quantity, buyer_is_maker };
                let happening =
                    Happening::Trade { event: event - 10, time: event - 11, deal: Arc::new(deal) };
                happenings.push((event - 10, happening));
            }
        }
        happenings
            .push((event, Happening::Depth { event, first, last: id, levels: Arc::new(changed) }));
    }
    close(START, first_id, book, happenings)
}
