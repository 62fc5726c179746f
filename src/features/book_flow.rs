//! What changed in the order book from one snapshot to the next inside a candle.

use crate::market::{BookSnapshot, Candle, Level};

use super::book_shape::{CandleMean, DEPTH_LEVELS, Touch};
use super::indicator::{Indicator, ratio_or};
use super::rolling::Window;

/// Order-flow imbalance of some levels, in units of the mean amount that waits at a level.
///
/// From each snapshot to the next, and from the book that stood when the candle opened to its first:
/// what was added to bids and taken from asks less the reverse, level by level (Cont, Kukanov and
/// Stoikov 2014; Xu, Gould and Howison 2019), summed over the candle and divided by the mean amount
/// of a level among the best ten of both sides over its snapshots (Cont, Cucuringu and Zhang 2023),
/// and summed over the last candles. 0 in a candle without a snapshot.
#[derive(Debug)]
pub(super) struct BookFlow {
    first: usize,
    last: usize,
    bids: Vec<Level>,
    asks: Vec<Level>,
    flow: f64,
    depth: CandleMean,
    began: bool,
    window: Window,
}

impl BookFlow {
    /// Of one level, the best being 1, over one candle.
    pub(super) fn level(level: usize) -> Self {
        Self::new(level, level, 1)
    }

    /// Of the best levels together, over the last candles.
    pub(super) fn top(levels: usize, lookback: usize) -> Self {
        Self::new(1, levels, lookback)
    }

    fn new(first: usize, last: usize, lookback: usize) -> Self {
        let (bids, asks) = (Vec::with_capacity(last), Vec::with_capacity(last));
        let (depth, window) = (CandleMean::default(), Window::new(lookback));
        Self { first, last, bids, asks, flow: 0.0, depth, began: false, window }
    }
}

impl Indicator for BookFlow {
    fn update(&mut self, _candle: &Candle) -> Option<f64> {
        let depth = self.depth.take();
        let flow = std::mem::take(&mut self.flow);
        let began = std::mem::replace(&mut self.began, !self.bids.is_empty());
        let scaled = depth.map_or(0.0, |depth| ratio_or(flow, depth, 0.0));
        (began && self.window.push(scaled)).then(|| self.window.sum())
    }

    fn book(&mut self, book: &BookSnapshot) {
        let skip = self.first - 1;
        let of_side = |before: &[Level], now: &[Level], sign: i64| -> f64 {
            before
                .iter()
                .zip(now)
                .take(self.last)
                .skip(skip)
                .map(|(b, n)| added(*b, *n, sign))
                .sum()
        };
        self.flow += of_side(&self.bids, &book.bids, 1) - of_side(&self.asks, &book.asks, -1);
        self.depth.push(mean_level(book));
        keep(&mut self.bids, &book.bids, self.last);
        keep(&mut self.asks, &book.asks, self.last);
    }
}

/// What was added to a level: all of it where the price got better (`sign` times higher), none of it
/// where it got worse, less the same of what was there before.
fn added(before: Level, now: Level, sign: i64) -> f64 {
    let better = (now.price.0 - before.price.0) * sign;
    let gained = if better >= 0 { now.quantity } else { 0.0 };
    let lost = if better <= 0 { before.quantity } else { 0.0 };
    gained - lost
}

/// Mean amount of a level among the best ten of both sides.
fn mean_level(book: &BookSnapshot) -> f64 {
    let levels = || book.bids.iter().take(DEPTH_LEVELS).chain(book.asks.iter().take(DEPTH_LEVELS));
    ratio_or(levels().map(|level| level.quantity).sum(), levels().count() as f64, 0.0)
}

fn keep(kept: &mut Vec<Level>, side: &[Level], levels: usize) {
    kept.clear();
    kept.extend(side.iter().take(levels));
}

/// Changes of the best bid and ask, from the book that stood when the candle opened on, summed over
/// the candle. 0 in a candle without a snapshot.
#[derive(Debug)]
pub(super) struct TouchChange {
    change: fn(Touch, Touch) -> f64,
    size: fn(Touch) -> f64,
    /// Of the sum, the mean size and the number of snapshots.
    finish: fn(f64, f64, f64) -> f64,
    stands: Option<Touch>,
    began: bool,
    sum: f64,
    sizes: CandleMean,
    snapshots: f64,
}

impl TouchChange {
    fn new(change: fn(Touch, Touch) -> f64, finish: fn(f64, f64, f64) -> f64) -> Self {
        let (size, sizes) = (|_: Touch| 0.0, CandleMean::default());
        Self { change, size, finish, stands: None, began: false, sum: 0.0, sizes, snapshots: 0.0 }
    }

    /// Change of the amount at the best bid while its price stood, over its mean amount.
    pub(super) fn bid_queue() -> Self {
        let change = |old: Touch, new: Touch| {
            if new.bid == old.bid { new.bid_size - old.bid_size } else { 0.0 }
        };
        let finish = |sum, size, _| ratio_or(sum, size, 0.0);
        Self { size: |touch| touch.bid_size, ..Self::new(change, finish) }
    }

    /// Change of the amount at the best ask while its price stood, over its mean amount.
    pub(super) fn ask_queue() -> Self {
        let change = |old: Touch, new: Touch| {
            if new.ask == old.ask { new.ask_size - old.ask_size } else { 0.0 }
        };
        let finish = |sum, size, _| ratio_or(sum, size, 0.0);
        Self { size: |touch| touch.ask_size, ..Self::new(change, finish) }
    }

    /// Share of the snapshots with another best bid or ask than the one before.
    pub(super) fn quotes() -> Self {
        let change =
            |old: Touch, new: Touch| f64::from(u8::from((new.bid, new.ask) != (old.bid, old.ask)));
        Self::new(change, |sum, _, snapshots| ratio_or(sum, snapshots, 0.0))
    }

    /// `ln` of the mid at the end over the mid that stood when the candle opened.
    pub(super) fn mid_return() -> Self {
        Self::new(|old, new| (new.mid() / old.mid()).ln(), |sum, _, _| sum)
    }

    /// Root of the summed squares of the mid's log returns from snapshot to snapshot.
    pub(super) fn mid_volatility() -> Self {
        Self::new(|old, new| (new.mid() / old.mid()).ln().powi(2), |sum, _, _| sum.sqrt())
    }
}

impl Indicator for TouchChange {
    fn update(&mut self, _candle: &Candle) -> Option<f64> {
        let size = self.sizes.take().unwrap_or(0.0);
        let (sum, snapshots) = (std::mem::take(&mut self.sum), std::mem::take(&mut self.snapshots));
        let began = std::mem::replace(&mut self.began, self.stands.is_some());
        began.then(|| (self.finish)(sum, size, snapshots))
    }

    fn book(&mut self, book: &BookSnapshot) {
        let Some(touch) = Touch::of(book) else { return };
        if let Some(old) = self.stands.replace(touch) {
            self.sum += (self.change)(old, touch);
        }
        self.sizes.push((self.size)(touch));
        self.snapshots += 1.0;
    }
}
