//! A local order book kept in step with the exchange: snapshot, held updates, continuity of ids.
//!
//! The exchange's rules for spot and for futures are one rule. Every update has a `prior` id, the
//! last one that its changes build on: `U - 1` on spot, `pu` on futures. A book that stands at `id`
//!
//! - has seen an update already when `last <= id`,
//! - may apply it when `prior <= id < last`, amounts being absolute,
//! - has missed something when `prior > id`, and then needs a new snapshot.
//!
//! The same holds for the first update after a snapshot. No I/O and no clock.

use std::collections::VecDeque;

use crate::market::{Book, Level, Side};

/// Changes of a book.
#[derive(Debug, Clone, Copy)]
pub struct Update<'a> {
    /// The last id that the changes build on.
    pub prior: i64,
    /// The last id in it.
    pub last: i64,
    /// When it was sent, ms of the exchange's clock.
    pub time: i64,
    /// Bids that changed.
    pub bids: &'a [Level],
    /// Asks that changed.
    pub asks: &'a [Level],
}

/// Where a book in step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Id of the last update in it.
    pub id: i64,
    /// Time of the last update applied; `None` when there was none since the snapshot.
    pub time: Option<i64>,
}

/// The book just before or just after an update is applied.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// The book.
    pub book: &'a Book,
    /// Where it stands.
    pub standing: Standing,
    /// Time of the update.
    pub time: i64,
    /// Whether the update has been applied.
    pub is_applied: bool,
}

/// What became of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// It is in the book.
    Applied,
    /// It was in the book already.
    Stale,
    /// It waits for a snapshot.
    Held,
    /// Something before it was missed: the book is out of step, and the update waits for a snapshot.
    Missed,
}

/// What became of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapped {
    /// The book is in step.
    InStep,
    /// It is older than what is held builds on: ask for another one.
    TooOld,
    /// The book was in step already.
    NotNeeded,
}

/// An order book and how it stands to the exchange's.
#[derive(Debug)]
pub struct BookSync {
    book: Book,
    standing: Option<Standing>,
    held: VecDeque<Held>,
    most_held: usize,
}

#[derive(Debug)]
struct Held {
    prior: i64,
    last: i64,
    time: i64,
    bids: Box<[Level]>,
    asks: Box<[Level]>,
}

impl BookSync {
    /// A book that waits for its first update and snapshot, holding at most `most_held` updates; of
    /// more the oldest are let go, and then only a newer snapshot will do.
    #[must_use]
    pub fn new(most_held: usize) -> Self {
        Self { book: Book::default(), standing: None, held: VecDeque::new(), most_held }
    }

    /// The book; empty while it is out of step.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Where the book stands; `None` while it waits for a snapshot.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        self.standing
    }

    /// Number of updates that wait for a snapshot.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Takes an update; `watch` sees the book before and after it is applied.
    pub fn update(&mut self, update: &Update<'_>, watch: &mut impl FnMut(Turn<'_>)) -> Offered {
        let Some(standing) = self.standing else {
            self.hold(update);
            return Offered::Held;
        };
        if update.last <= standing.id {
            return Offered::Stale;
        }
        if update.prior > standing.id {
            self.lose();
            self.hold(update);
            return Offered::Missed;
        }
        self.apply(standing, update, watch);
        Offered::Applied
    }

    /// Takes a snapshot and applies what was held and builds on it.
    pub fn snapshot(
        &mut self,
        id: i64,
        bids: &[Level],
        asks: &[Level],
        watch: &mut impl FnMut(Turn<'_>),
    ) -> Snapped {
        if self.standing.is_some() {
            return Snapped::NotNeeded;
        }
        if self.held.iter().find(|held| held.last > id).is_some_and(|held| held.prior > id) {
            return Snapped::TooOld;
        }
        self.book.clear();
        // The best level last keeps every insertion at the end of its side.
        for level in bids.iter().rev() {
            self.book.set(Side::Bid, level.price, level.quantity);
        }
        for level in asks.iter().rev() {
            self.book.set(Side::Ask, level.price, level.quantity);
        }
        self.standing = Some(Standing { id, time: None });
        while let Some(held) = self.held.pop_front() {
            let update = Update {
                prior: held.prior,
                last: held.last,
                time: held.time,
                bids: &held.bids,
                asks: &held.asks,
            };
            let Some(standing) = self.standing else { break };
            if update.last <= standing.id {
                continue;
            }
            if update.prior > standing.id {
                self.lose();
                self.held.push_front(held);
                return Snapped::TooOld;
            }
            self.apply(standing, &update, watch);
        }
        Snapped::InStep
    }

    /// Puts the book out of step: it waits for a snapshot from now on.
    pub fn lose(&mut self) {
        self.book.clear();
        self.standing = None;
    }

    fn hold(&mut self, update: &Update<'_>) {
        if self.held.len() >= self.most_held {
            self.held.pop_front();
        }
        self.held.push_back(Held {
            prior: update.prior,
            last: update.last,
            time: update.time,
            bids: update.bids.into(),
            asks: update.asks.into(),
        });
    }

    fn apply(&mut self, standing: Standing, update: &Update<'_>, watch: &mut impl FnMut(Turn<'_>)) {
        // Two connections that overlap may disagree by a little.
        let time = standing.time.map_or(update.time, |last| last.max(update.time));
        watch(Turn { book: &self.book, standing, time, is_applied: false });
        for level in update.bids {
            self.book.set(Side::Bid, level.price, level.quantity);
        }
        for level in update.asks {
            self.book.set(Side::Ask, level.price, level.quantity);
        }
        let standing = Standing { id: update.last, time: Some(time) };
        self.standing = Some(standing);
        watch(Turn { book: &self.book, standing, time, is_applied: true });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::market::Price;

    fn level(price: i64, quantity: f64) -> Level {
        Level { price: Price(price), quantity }
    }

    fn update(prior: i64, last: i64, bids: &[Level]) -> Update<'_> {
        Update { prior, last, time: last * 10, bids, asks: &[] }
    }

    fn bids(sync: &BookSync) -> Vec<(i64, f64)> {
        sync.book().bids().map(|level| (level.price.0, level.quantity)).collect()
    }

    #[test]
    fn what_is_held_is_applied_onto_the_snapshot() {
        let mut sync = BookSync::new(10);
        let watch = &mut |_: Turn<'_>| {};
        assert_eq!(sync.update(&update(4, 6, &[level(5, 1.0)]), watch), Offered::Held);
        assert_eq!(sync.update(&update(6, 9, &[level(6, 2.0)]), watch), Offered::Held);
        assert_eq!(sync.snapshot(3, &[], &[], watch), Snapped::TooOld);
        assert_eq!(sync.held(), 2);
        assert_eq!(sync.snapshot(6, &[level(4, 3.0)], &[], watch), Snapped::InStep);
        assert_eq!(bids(&sync), [(6, 2.0), (4, 3.0)]);
        assert_eq!(sync.update(&update(6, 9, &[level(6, 7.0)]), watch), Offered::Stale);
        assert_eq!(sync.update(&update(9, 10, &[level(6, 0.0)]), watch), Offered::Applied);
        assert_eq!(bids(&sync), [(4, 3.0)]);
        assert_eq!(sync.update(&update(11, 12, &[]), watch), Offered::Missed);
        assert_eq!((sync.standing(), bids(&sync).len(), sync.held()), (None, 0, 1));
    }

    #[test]
    fn no_more_is_held_than_allowed() {
        let mut sync = BookSync::new(2);
        let watch = &mut |_: Turn<'_>| {};
        for id in 0..5 {
            sync.update(&update(id, id + 1, &[]), watch);
        }
        assert_eq!(sync.held(), 2);
        assert_eq!(sync.snapshot(2, &[], &[], watch), Snapped::TooOld);
        assert_eq!(sync.snapshot(3, &[], &[], watch), Snapped::InStep);
        assert_eq!(sync.standing(), Some(Standing { id: 5, time: Some(50) }));
    }

    #[test]
    fn futures_ids_have_holes_between_updates() {
        // pu 10, U 15, u 20: a snapshot at 12 lies in the hole and is the book of 10.
        let mut sync = BookSync::new(10);
        let watch = &mut |_: Turn<'_>| {};
        sync.update(&update(10, 20, &[level(1, 1.0)]), watch);
        assert_eq!(sync.snapshot(12, &[], &[], watch), Snapped::InStep);
        assert_eq!(bids(&sync), [(1, 1.0)]);
    }

    /// One exchange: update `i` has ids `3 i + 1 ..= 3 i + 3`.
    fn exchange(changes: &[(i64, u8)], i: usize) -> (i64, i64, [Level; 1]) {
        let (price, quantity) = changes[i];
        (3 * i as i64, 3 * i as i64 + 3, [level(price, f64::from(quantity))])
    }

    fn whole(changes: &[(i64, u8)], upto: usize) -> Book {
        let mut book = Book::default();
        for &(price, quantity) in &changes[..upto] {
            book.set(Side::Bid, Price(price), f64::from(quantity));
        }
        book
    }

    proptest! {
        /// Whatever is lost, repeated or late on the way, a book in step is the exchange's book.
        #[test]
        fn prop_a_book_in_step_is_right(
            changes in prop::collection::vec((0_i64..20, 0_u8..3), 1..60),
            faults in prop::collection::vec(0_u8..8, 60),
            lag in 0_usize..6,
        ) {
            let mut sync = BookSync::new(5);
            let watch = &mut |_: Turn<'_>| {};
            let mut late = None;
            for (i, &fault) in faults[..changes.len()].iter().enumerate() {
                let mut arrivals = vec![i];
                match fault {
                    0 => arrivals.clear(),
                    1 => arrivals.push(i),
                    2 => { arrivals.clear(); late = Some(i); }
                    3 => arrivals.insert(0, i / 2),
                    _ => {}
                }
                if fault > 4 { arrivals.extend(late.take()); }
                for arrived in arrivals {
                    let (prior, last, levels) = exchange(&changes, arrived);
                    sync.update(&update(prior, last, &levels), watch);
                    if let Some(standing) = sync.standing() {
                        prop_assert_eq!(sync.book(), &whole(&changes, (standing.id / 3) as usize));
                    }
                }
                if sync.standing().is_none() && fault > 3 {
                    let at = i.saturating_sub(lag);
                    let levels: Vec<Level> = whole(&changes, at + 1).bids().collect();
                    sync.snapshot(3 * at as i64 + 3, &levels, &[], watch);
                    if let Some(standing) = sync.standing() {
                        prop_assert_eq!(sync.book(), &whole(&changes, (standing.id / 3) as usize));
                    }
                }
            }
        }
    }
}
