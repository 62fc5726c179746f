//! Features of an order book, one snapshot at a time.

use serde::Serialize;

use crate::market::{BookSnapshot, Level};

/// Levels whose order flow is summed.
pub const FLOW_LEVELS: usize = 5;

/// What one snapshot says, given the one before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BookState {
    /// Best ask less best bid over the mid price, basis points.
    pub spread_bps: f64,
    /// Microprice (bid and ask weighed by the other side's amount) less mid over mid, basis points.
    /// Source: Gatheral and Oomen 2010; Stoikov 2018 calls it the weighted mid.
    pub microprice_bps: f64,
    /// Amount bid less asked over both, at the best level: -1 to 1. Source: Cartea et al. 2018.
    pub imbalance_1: f64,
    /// The same over the best five levels.
    pub imbalance_5: f64,
    /// The same over all levels of the snapshot.
    pub imbalance_all: f64,
    /// Order-flow imbalance since the snapshot before: what was added to bids and taken from asks,
    /// less the reverse, summed over the best five levels, in base currency; `None` for the first
    /// snapshot. Source: Cont, Kukanov and Stoikov 2014; by level: Xu, Gould and Howison 2019.
    pub order_flow: Option<f64>,
}

/// The state that turns snapshots into [`BookState`]; a hole in the snapshots wants a new one.
#[derive(Debug, Clone, Default)]
pub struct BookFeatures {
    bids: Vec<Level>,
    asks: Vec<Level>,
}

impl BookFeatures {
    /// Takes the next snapshot; `None` when one side is empty, which also forgets the one before.
    pub fn update(&mut self, book: &BookSnapshot) -> Option<BookState> {
        let (Some(bid), Some(ask)) = (book.bids.first(), book.asks.first()) else {
            *self = Self::default();
            return None;
        };
        let (bid_price, ask_price) = (bid.price.value(), ask.price.value());
        let mid = f64::midpoint(bid_price, ask_price);
        let waiting = bid.quantity + ask.quantity;
        let microprice = (bid_price * ask.quantity + ask_price * bid.quantity) / waiting;
        let order_flow = (!self.bids.is_empty()).then(|| {
            side_flow(&self.bids, &book.bids, |now, before| now >= before)
                - side_flow(&self.asks, &book.asks, |now, before| now <= before)
        });
        self.bids.clear();
        self.bids.extend(book.bids.iter().take(FLOW_LEVELS));
        self.asks.clear();
        self.asks.extend(book.asks.iter().take(FLOW_LEVELS));
        Some(BookState {
            spread_bps: (ask_price - bid_price) / mid * 1e4,
            microprice_bps: (microprice - mid) / mid * 1e4,
            imbalance_1: imbalance(book, 1),
            imbalance_5: imbalance(book, 5),
            imbalance_all: imbalance(book, usize::MAX),
            order_flow,
        })
    }
}

fn imbalance(book: &BookSnapshot, levels: usize) -> f64 {
    let sum = |side: &[Level]| side.iter().take(levels).map(|level| level.quantity).sum::<f64>();
    let (bids, asks) = (sum(&book.bids), sum(&book.asks));
    (bids - asks) / (bids + asks)
}

/// What was added to one side, level by level: all of it where the price got better, none of it where
/// it got worse, and the reverse for what was there before.
fn side_flow(before: &[Level], now: &[Level], better: fn(i64, i64) -> bool) -> f64 {
    let pairs = before.iter().zip(now).take(FLOW_LEVELS);
    pairs
        .map(|(before, now)| {
            let (old, new) = (before.price.0, now.price.0);
            let added = if better(new, old) { now.quantity } else { 0.0 };
            let taken = if better(old, new) { before.quantity } else { 0.0 };
            added - taken
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Price;

    fn snapshot(bids: &[(f64, f64)], asks: &[(f64, f64)]) -> BookSnapshot {
        let side = |levels: &[(f64, f64)]| {
            levels
                .iter()
                .map(|&(price, quantity)| Level { price: Price((price * 1e8) as i64), quantity })
                .collect()
        };
        BookSnapshot { time: 0, update_id: 0, bids: side(bids), asks: side(asks) }
    }

    // import numpy as np
    // b0, a0 = np.array([[100.0, 2], [99, 5]]), np.array([[101.0, 3], [102, 1]])
    // b1, a1 = np.array([[100.5, 4], [99, 6]]), np.array([[101.0, 1], [103, 2]])
    // e = (b1[:,0] >= b0[:,0])*b1[:,1] - (b1[:,0] <= b0[:,0])*b0[:,1] \
    //   - (a1[:,0] <= a0[:,0])*a1[:,1] + (a1[:,0] >= a0[:,0])*a0[:,1]
    // mid = (100.5 + 101) / 2; micro = (100.5*1 + 101*4) / 5
    // print(e.sum(), (101-100.5)/mid*1e4, (micro-mid)/mid*1e4, (4-1)/5, (10-3)/13)
    #[test]
    fn numbers_equal_numpy() {
        let mut features = BookFeatures::default();
        let first = features
            .update(&snapshot(&[(100.0, 2.0), (99.0, 5.0)], &[(101.0, 3.0), (102.0, 1.0)]))
            .unwrap();
        assert_eq!(first.order_flow, None);
        let second = features
            .update(&snapshot(&[(100.5, 4.0), (99.0, 6.0)], &[(101.0, 1.0), (103.0, 2.0)]))
            .unwrap();
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
        near(second.order_flow.unwrap(), 8.0);
        near(second.spread_bps, 49.627_791_563_275_43);
        near(second.microprice_bps, 14.888_337_468_983_19);
        near(second.imbalance_1, 0.6);
        near(second.imbalance_5, 7.0 / 13.0);
    }

    #[test]
    fn an_empty_side_gives_nothing_and_starts_anew() {
        let mut features = BookFeatures::default();
        let book = snapshot(&[(100.0, 2.0)], &[(101.0, 3.0)]);
        assert!(features.update(&book).is_some());
        assert!(features.update(&snapshot(&[], &[(101.0, 3.0)])).is_none());
        assert_eq!(features.update(&book).unwrap().order_flow, None);
    }
}
