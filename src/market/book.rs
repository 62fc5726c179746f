//! An order book: what is bid and asked at each price.

mod ladder;

use self::ladder::Ladder;
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
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    bids: Ladder,
    asks: Ladder,
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

impl Default for Book {
    fn default() -> Self {
        Self { bids: Ladder::new(false), asks: Ladder::new(true) }
    }
}

impl Book {
    /// Sets the amount at a price; zero takes the level away, and taking away one that is not known
    /// is nothing unusual.
    pub fn set(&mut self, side: Side, price: Price, quantity: f64) {
        match side {
            Side::Bid => self.bids.set(price, quantity),
            Side::Ask => self.asks.set(price, quantity),
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
        self.bids.best()
    }

    /// Lowest ask.
    #[must_use]
    pub fn best_ask(&self) -> Option<Level> {
        self.asks.best()
    }

    /// Whether the highest bid reaches the lowest ask: such a book is wrong.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        self.best_bid().zip(self.best_ask()).is_some_and(|(bid, ask)| bid.price >= ask.price)
    }

    /// Bids, highest price first.
    #[must_use]
    pub fn bids(&self) -> impl ExactSizeIterator<Item = Level> + '_ {
        self.bids.best_first()
    }

    /// Asks, lowest price first.
    #[must_use]
    pub fn asks(&self) -> impl ExactSizeIterator<Item = Level> + '_ {
        self.asks.best_first()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn pairs(levels: impl ExactSizeIterator<Item = Level>) -> (usize, Vec<(i64, f64)>) {
        (levels.len(), levels.map(|level| (level.price.0, level.quantity)).collect())
    }

    proptest! {
        /// Single levels near and far, and now and then a whole stretch taken away.
        #[test]
        fn prop_equals_a_sorted_map(updates in prop::collection::vec(
            (any::<bool>(), prop_oneof![0_i64..80, 0_i64..3_000], 0_u8..4, 0_u8..200), 0..1_500,
        )) {
            let mut book = Book::default();
            let mut maps = [BTreeMap::new(), BTreeMap::new()];
            for (number, (bid, price, quantity, sweep)) in updates.into_iter().enumerate() {
                let side = if bid { Side::Bid } else { Side::Ask };
                let map = &mut maps[usize::from(bid)];
                let (prices, quantity) =
                    if sweep == 0 { (price..price + 900, 0) } else { (price..price + 1, quantity) };
                for price in prices {
                    book.set(side, Price(price), f64::from(quantity));
                    if quantity == 0 {
                        map.remove(&price);
                    } else {
                        map.insert(price, f64::from(quantity));
                    }
                }
                let (bid, ask) = (maps[1].last_key_value(), maps[0].first_key_value());
                prop_assert_eq!(book.best_bid().map(|best| best.price.0), bid.map(|best| *best.0));
                prop_assert_eq!(book.best_ask().map(|best| best.price.0), ask.map(|best| *best.0));
                if number % 50 == 0 || sweep == 0 {
                    let asks: Vec<_> = maps[0].iter().map(|(&price, &q)| (price, q)).collect();
                    let bids: Vec<_> = maps[1].iter().rev().map(|(&price, &q)| (price, q)).collect();
                    prop_assert_eq!(pairs(book.asks()), (asks.len(), asks));
                    prop_assert_eq!(pairs(book.bids()), (bids.len(), bids));
                }
            }
        }
    }
}
