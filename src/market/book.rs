//! An order book: what is bid and asked at each price.

use super::Price;

/// The amount that waits at one price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Price.
    pub price: Price,
    /// Amount, in base currency (contracts for coin-margined futures); above zero in a book.
    pub quantity: f64,
}

/// One of a book's two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What buyers offer.
    Bid,
    /// What sellers ask.
    Ask,
}

/// Every known level of one instrument.
///
/// Both sides are kept worst first, so that the levels near the best price, which change most, lie
/// at the end where an insertion moves little.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    bids: Vec<Level>,
    asks: Vec<Level>,
}

/// The best levels of a book at one moment, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct BookSnapshot {
    /// The moment, ms of the exchange's clock: the book after every update up to and including it.
    pub time: i64,
    /// The exchange's number of the last update in it.
    pub update_id: i64,
    /// Bids, highest price first.
    pub bids: Vec<Level>,
    /// Asks, lowest price first.
    pub asks: Vec<Level>,
}

impl Book {
    /// Sets the amount at a price; zero takes the level away, and taking away one that is not known
    /// is nothing unusual.
    pub fn set(&mut self, side: Side, price: Price, quantity: f64) {
        let (levels, place) = match side {
            Side::Bid => {
                let place = place(&self.bids, |level| level.price < price);
                (&mut self.bids, place)
            }
            Side::Ask => {
                let place = place(&self.asks, |level| level.price > price);
                (&mut self.asks, place)
            }
        };
        match levels.get_mut(place).filter(|level| level.price == price) {
            Some(_) if quantity == 0.0 => {
                levels.remove(place);
            }
            Some(level) => level.quantity = quantity,
            None if quantity == 0.0 => {}
            None => levels.insert(place, Level { price, quantity }),
        }
    }

    /// Takes every level away.
    pub fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    /// Highest bid.
    #[must_use]
    pub fn best_bid(&self) -> Option<Level> {
        self.bids.last().copied()
    }

    /// Lowest ask.
    #[must_use]
    pub fn best_ask(&self) -> Option<Level> {
        self.asks.last().copied()
    }

    /// Whether the highest bid reaches the lowest ask: such a book is wrong.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        self.best_bid().zip(self.best_ask()).is_some_and(|(bid, ask)| bid.price >= ask.price)
    }

    /// Bids, highest price first.
    #[must_use]
    pub fn bids(&self) -> impl ExactSizeIterator<Item = Level> + '_ {
        self.bids.iter().rev().copied()
    }

    /// Asks, lowest price first.
    #[must_use]
    pub fn asks(&self) -> impl ExactSizeIterator<Item = Level> + '_ {
        self.asks.iter().rev().copied()
    }
}

/// Where the first level stands that does not lie before `is_before`; levels at the end come first
/// in question.
fn place(levels: &[Level], is_before: impl Fn(&Level) -> bool) -> usize {
    const NEAR: usize = 16;
    let tail = levels.len().saturating_sub(NEAR);
    match levels.get(tail) {
        Some(level) if is_before(level) => {
            let near = levels[tail..].iter().rposition(&is_before).unwrap_or(0);
            tail + near + 1
        }
        _ => levels[..tail.min(levels.len())].partition_point(is_before),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_equals_a_sorted_map(updates in prop::collection::vec(
            (any::<bool>(), 0_i64..80, 0_u8..4), 0..400,
        )) {
            let mut book = Book::default();
            let mut maps = [BTreeMap::new(), BTreeMap::new()];
            for (bid, price, quantity) in updates {
                let side = if bid { Side::Bid } else { Side::Ask };
                book.set(side, Price(price), f64::from(quantity));
                let map = &mut maps[usize::from(bid)];
                if quantity == 0 { map.remove(&price); } else { map.insert(price, f64::from(quantity)); }
                let pairs = |levels: Vec<Level>| -> Vec<(i64, f64)> {
                    levels.iter().map(|level| (level.price.0, level.quantity)).collect()
                };
                let asks: Vec<_> = maps[0].iter().map(|(&price, &q)| (price, q)).collect();
                let bids: Vec<_> = maps[1].iter().rev().map(|(&price, &q)| (price, q)).collect();
                prop_assert_eq!(pairs(book.asks().collect()), asks);
                prop_assert_eq!(pairs(book.bids().collect()), bids);
            }
        }
    }
}
