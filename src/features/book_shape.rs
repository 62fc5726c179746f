//! What a snapshot of the order book says: as it stands at a candle's end, or on average inside it.

use crate::market::{BookSnapshot, Candle, Level};

use super::indicator::{Indicator, ratio_or};
use super::rolling::Window;

/// Parts of one in a basis point's hundred: what a share is multiplied with to give basis points.
pub(super) const BASIS_POINTS: f64 = 1e4;

/// Levels of a side over which depth is measured.
pub(super) const DEPTH_LEVELS: usize = 10;

/// The best bid and ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Touch {
    pub bid: f64,
    pub ask: f64,
    pub bid_size: f64,
    pub ask_size: f64,
}

impl Touch {
    /// `None` when a side is empty.
    pub(super) fn of(book: &BookSnapshot) -> Option<Self> {
        let (bid, ask) = (book.bids.first()?, book.asks.first()?);
        Some(Self {
            bid: bid.price.value(),
            ask: ask.price.value(),
            bid_size: bid.quantity,
            ask_size: ask.quantity,
        })
    }

    pub(super) fn mid(self) -> f64 {
        f64::midpoint(self.bid, self.ask)
    }
}

/// A number that a snapshot gives, as it stands at the candle's end or as the mean over the candle's
/// snapshots. The book stands until the next snapshot: a candle without one has the value of the
/// last one before.
#[derive(Debug)]
pub(super) struct OfBook {
    value: fn(&BookSnapshot, Touch) -> f64,
    is_mean: bool,
    stands: Option<f64>,
    mean: CandleMean,
}

impl OfBook {
    /// As it stands at the candle's end.
    pub(super) fn end(value: fn(&BookSnapshot, Touch) -> f64) -> Self {
        Self { value, is_mean: false, stands: None, mean: CandleMean::default() }
    }

    /// The mean over the candle's snapshots.
    pub(super) fn mean(value: fn(&BookSnapshot, Touch) -> f64) -> Self {
        Self { is_mean: true, ..Self::end(value) }
    }
}

impl Indicator for OfBook {
    fn update(&mut self, _candle: &Candle) -> Option<f64> {
        let mean = self.mean.take();
        if self.is_mean { mean.or(self.stands) } else { self.stands }
    }

    fn book(&mut self, book: &BookSnapshot) {
        let Some(touch) = Touch::of(book) else { return };
        let value = (self.value)(book, touch);
        self.stands = Some(value);
        self.mean.push(value);
    }
}

/// The same at the candle's end as a z-score or a ratio among those of the last candles.
#[derive(Debug)]
pub(super) struct AmongLast {
    book: OfBook,
    window: Window,
    relate: fn(&Window, f64) -> f64,
}

impl AmongLast {
    /// `(X - mean X) / std X`; 0 when the X are equal.
    pub(super) fn z_score(lookback: usize, value: fn(&BookSnapshot, Touch) -> f64) -> Self {
        let (book, window) = (OfBook::end(value), Window::new(lookback));
        Self { book, window, relate: Window::z_score }
    }

    /// `X / mean X`; 1 when all X are 0.
    pub(super) fn ratio(lookback: usize, value: fn(&BookSnapshot, Touch) -> f64) -> Self {
        let relate = |window: &Window, value| ratio_or(value, window.mean(), 1.0);
        Self { relate, ..Self::z_score(lookback, value) }
    }
}

impl Indicator for AmongLast {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let value = self.book.update(candle)?;
        self.window.push(value).then(|| (self.relate)(&self.window, value))
    }

    fn book(&mut self, book: &BookSnapshot) {
        self.book.book(book);
    }
}

/// A mean that begins anew with every candle, exact for values that are all the same.
#[derive(Debug, Default)]
pub(super) struct CandleMean {
    first: f64,
    excess: f64,
    count: usize,
}

impl CandleMean {
    pub(super) fn push(&mut self, value: f64) {
        if self.count == 0 {
            self.first = value;
        }
        self.excess += value - self.first;
        self.count += 1;
    }

    /// The mean, unless there was no value; and begins anew.
    pub(super) fn take(&mut self) -> Option<f64> {
        let Self { first, excess, count } = std::mem::take(self);
        (count > 0).then(|| first + excess / count as f64)
    }
}

/// `(a - b) / m` in basis points.
pub(super) fn spread(_book: &BookSnapshot, touch: Touch) -> f64 {
    (touch.ask - touch.bid) / touch.mid() * BASIS_POINTS
}

/// `(w - m) / m` in basis points, `w = (b qa + a qb) / (qa + qb)`.
///
/// Source: Gatheral and Oomen 2010, Zero-intelligence realized variance estimation.
pub(super) fn microprice(_book: &BookSnapshot, touch: Touch) -> f64 {
    let Touch { bid, ask, bid_size, ask_size } = touch;
    // w - m = (a - b) (qb - qa) / (2 (qa + qb)), without the difference of two near numbers.
    let lean = (bid_size - ask_size) / (bid_size + ask_size);
    (ask - bid) / 2.0 * lean / touch.mid() * BASIS_POINTS
}

/// Amount bid less asked over both, over the best levels: -1 to 1.
pub(super) fn imbalance(book: &BookSnapshot, levels: usize) -> f64 {
    let sum = |side: &[Level]| side.iter().take(levels).map(|level| level.quantity).sum::<f64>();
    let (bids, asks) = (sum(&book.bids), sum(&book.asks));
    ratio_or(bids - asks, bids + asks, 0.0)
}

/// Amounts within so many basis points of the mid: of bids and of asks.
pub(super) fn near(book: &BookSnapshot, touch: Touch, basis_points: f64) -> (f64, f64) {
    let mid = touch.mid();
    let sum = |side: &[Level]| {
        side.iter()
            .take_while(|level| distance(level, mid) <= basis_points)
            .map(|level| level.quantity)
            .sum::<f64>()
    };
    (sum(&book.bids), sum(&book.asks))
}

/// Amount within so many basis points, both sides together.
pub(super) fn near_depth(book: &BookSnapshot, touch: Touch, basis_points: f64) -> f64 {
    let (bids, asks) = near(book, touch, basis_points);
    bids + asks
}

/// Amount bid less asked over both within so many basis points; 0 when there is none.
pub(super) fn near_imbalance(book: &BookSnapshot, touch: Touch, basis_points: f64) -> f64 {
    let (bids, asks) = near(book, touch, basis_points);
    ratio_or(bids - asks, bids + asks, 0.0)
}

/// Least-squares slope of the share of the best ten levels' amount that waits at a level or better on
/// the level's distance from the mid in basis points; 0 when there is one level.
pub(super) fn depth_slope(side: &[Level], touch: Touch) -> f64 {
    let side = &side[..side.len().min(DEPTH_LEVELS)];
    let total: f64 = side.iter().map(|level| level.quantity).sum();
    let mid = touch.mid();
    let (mut distances, mut shares) = (Window::new(side.len()), Window::new(side.len()));
    let mut waiting = 0.0;
    for level in side {
        waiting += level.quantity;
        distances.push(distance(level, mid));
        shares.push(waiting / total);
    }
    super::rolling::slope(&distances, &shares)
}

/// The best ten levels' imbalance, each level's amount divided by its distance from the mid.
pub(super) fn pressure(book: &BookSnapshot, touch: Touch) -> f64 {
    let mid = touch.mid();
    let sum = |side: &[Level]| {
        let levels = side.iter().take(DEPTH_LEVELS);
        levels.map(|level| level.quantity / distance(level, mid)).sum::<f64>()
    };
    let (bids, asks) = (sum(&book.bids), sum(&book.asks));
    ratio_or(bids - asks, bids + asks, 0.0)
}

/// How far a level lies from the mid, basis points.
fn distance(level: &Level, mid: f64) -> f64 {
    (level.price.value() - mid).abs() / mid * BASIS_POINTS
}

/// Whether features can be computed of a snapshot: both sides are there, best first and not crossed,
/// with prices and amounts above zero and within reason.
pub(super) fn is_whole(book: &BookSnapshot) -> bool {
    let (Some(bid), Some(ask)) = (book.bids.first(), book.asks.first()) else { return false };
    let falls = |a: &Level, b: &Level| a.price > b.price;
    let rises = |a: &Level, b: &Level| a.price < b.price;
    let is_real = |level: &Level| level.price.0 > 0 && (1e-18..=1e24).contains(&level.quantity);
    bid.price < ask.price
        && book.bids.is_sorted_by(falls)
        && book.asks.is_sorted_by(rises)
        && book.bids.iter().chain(&book.asks).all(is_real)
}
