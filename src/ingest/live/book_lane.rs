//! One instrument's book on its way into the store: snapshots on a grid of exchange time, and the
//! stretches that are missing.

use std::sync::Arc;

use super::book_sync::{BookSync, Offered, Snapped, Turn, Update};
use super::desk::{BookConfig, BookCounts, Cadence};
use crate::market::{Book, BookSnapshot, Channel, Instrument, Level, Span};
use crate::store::{GapReason, GapState, LiveBatch, NewGap};

/// Levels on a side beyond which a book is thrown away and asked for again.
const MOST_LEVELS: usize = 100_000;

/// A book, its grid and what is known to be missing.
#[derive(Debug)]
pub(super) struct BookLane {
    instrument: Arc<Instrument>,
    sync: BookSync,
    config: BookConfig,
    grid: Grid,
    /// A snapshot was asked for and has not come.
    asked: bool,
    /// Why the next gap will have happened.
    pub(super) why: GapReason,
}

/// Which moments of the book are stored.
#[derive(Debug)]
struct Grid {
    /// Next moment of the grid; `None` while the book is out of step.
    next: Option<i64>,
    /// Time of the last update applied.
    last: Option<i64>,
    /// From when on nothing is stored, and why.
    lost: Option<(i64, GapReason)>,
    /// Snapshots up to this time are stored already.
    stored: i64,
    /// The book was crossed or grew out of bounds.
    is_wrong: bool,
}

impl BookLane {
    /// `stored`: time of the last snapshot that the store has.
    pub(super) fn new(
        instrument: Arc<Instrument>,
        config: BookConfig,
        stored: Option<i64>,
    ) -> Self {
        Self {
            instrument,
            sync: BookSync::new(config.most_held),
            config,
            grid: Grid {
                next: None,
                last: None,
                lost: stored.map(|time| (time.saturating_add(1), GapReason::Stopped)),
                stored: stored.unwrap_or(i64::MIN),
                is_wrong: false,
            },
            asked: false,
            why: GapReason::Sequence,
        }
    }

    /// Takes an update; returns whether a snapshot has to be asked for.
    pub(super) fn update(
        &mut self,
        update: &Update<'_>,
        out: &mut LiveBatch,
        counts: &mut BookCounts,
    ) -> bool {
        let Self { sync, grid, config, instrument, .. } = self;
        let offered =
            sync.update(update, &mut |turn| grid.turn(&turn, *config, instrument, out, counts));
        match offered {
            Offered::Applied => self.why = GapReason::Sequence,
            Offered::Stale => counts.stale += 1,
            Offered::Held => {}
            Offered::Missed => {
                counts.resyncs += 1;
                self.grid.break_off(self.why);
            }
        }
        self.mend(counts);
        self.sync.standing().is_none() && !std::mem::replace(&mut self.asked, true)
    }

    /// Takes a snapshot; returns whether another one has to be asked for.
    pub(super) fn snapshot(
        &mut self,
        id: i64,
        (bids, asks): (&[Level], &[Level]),
        out: &mut LiveBatch,
        counts: &mut BookCounts,
    ) -> bool {
        self.asked = false;
        let Self { sync, grid, config, instrument, .. } = self;
        let snapped = sync.snapshot(id, bids, asks, &mut |turn| {
            grid.turn(&turn, *config, instrument, out, counts);
        });
        match snapped {
            Snapped::InStep => self.why = GapReason::Sequence,
            Snapped::NotNeeded => {}
            Snapped::TooOld => {
                counts.too_old += 1;
                self.grid.break_off(self.why);
            }
        }
        self.mend(counts);
        self.sync.standing().is_none() && !std::mem::replace(&mut self.asked, true)
    }

    /// The snapshot that was asked for will not come; it is asked for with the next update.
    pub(super) fn snapshot_failed(&mut self) {
        self.asked = false;
    }

    /// Takes back what `out` has of this book: nothing is stored from there on until it is in step
    /// again.
    pub(super) fn shed(&mut self, out: &mut LiveBatch, why: GapReason) -> u64 {
        let mut since = i64::MAX;
        let before = out.books.len();
        out.books.retain(|(instrument, book)| {
            let is_other = !Arc::ptr_eq(instrument, &self.instrument);
            if !is_other {
                since = since.min(book.time);
            }
            is_other
        });
        let dropped = before - out.books.len();
        out.gaps.retain(|gap| {
            let is_other = gap.channel != Channel::Book || gap.instrument != *self.instrument;
            if !is_other {
                since = since.min(gap.span.start);
            }
            is_other
        });
        if since < i64::MAX {
            self.grid.break_off(why);
            let (start, why) = self.grid.lost.map_or((since, why), |lost| (since.min(lost.0), why));
            self.grid.lost = Some((start, why));
            self.sync.lose();
        }
        dropped as u64
    }

    pub(super) fn book(&self) -> Option<&Book> {
        self.sync.standing().map(|_| self.sync.book())
    }

    /// A book that is wrong is thrown away.
    fn mend(&mut self, counts: &mut BookCounts) {
        if std::mem::take(&mut self.grid.is_wrong) {
            counts.resyncs += 1;
            self.grid.break_off(GapReason::Sequence);
            self.sync.lose();
        }
    }
}

impl Grid {
    /// Nothing is stored from the last update on.
    fn break_off(&mut self, why: GapReason) {
        self.next = None;
        if let Some(last) = self.last.take()
            && self.lost.is_none()
        {
            self.lost = Some((last, why));
        }
    }

    fn turn(
        &mut self,
        turn: &Turn<'_>,
        config: BookConfig,
        instrument: &Arc<Instrument>,
        out: &mut LiveBatch,
        counts: &mut BookCounts,
    ) {
        if turn.is_applied {
            counts.applied += 1;
            self.last = Some(turn.time);
            if config.cadence == Cadence::EachUpdate {
                self.keep(turn, turn.time, config, instrument, out, counts);
            }
            return;
        }
        let gap = |span, reason, state| NewGap {
            instrument: (**instrument).clone(),
            channel: Channel::Book,
            span,
            ids: None,
            reason,
            state,
        };
        if let Some((start, reason)) = self.lost.take()
            && start < turn.time
        {
            counts.gaps += 1;
            let span = Span { start, end: turn.time };
            out.gaps.push(gap(span, reason, GapState::Lost));
        }
        let Cadence::Every(every) = config.cadence else { return };
        let Some(mut next) = self.next else {
            self.next = Some(ceiling(turn.time, every));
            return;
        };
        if let Some(last) = self.last
            && turn.time.saturating_sub(last) > config.longest_silence_ms
        {
            // The ids go on without a hole: the exchange itself was silent.
            counts.gaps += 1;
            let span = Span { start: last, end: turn.time };
            out.gaps.push(gap(span, GapReason::Outage, GapState::Real));
            self.next = Some(ceiling(turn.time, every));
            return;
        }
        while next < turn.time {
            self.keep(turn, next, config, instrument, out, counts);
            next += every;
        }
        self.next = Some(next);
    }

    /// Stores the book as of `time`.
    fn keep(
        &mut self,
        turn: &Turn<'_>,
        time: i64,
        config: BookConfig,
        instrument: &Arc<Instrument>,
        out: &mut LiveBatch,
        counts: &mut BookCounts,
    ) {
        let (bids, asks) = (turn.book.bids(), turn.book.asks());
        let levels = (bids.len(), asks.len());
        counts.kept += 1;
        counts.crossed += u64::from(turn.book.is_crossed());
        counts.least_levels = counts.least_levels.min(levels.0.min(levels.1) as u64);
        self.is_wrong |= turn.book.is_crossed() || levels.0.max(levels.1) > MOST_LEVELS;
        if self.is_wrong || time <= self.stored {
            return;
        }
        let snapshot = BookSnapshot {
            time,
            update_id: turn.standing.id,
            bids: bids.take(config.levels).collect(),
            asks: asks.take(config.levels).collect(),
        };
        out.books.push((Arc::clone(instrument), snapshot));
    }
}

/// The first multiple of `every` that is not before `time`.
fn ceiling(time: i64, every: i64) -> i64 {
    time + (-time).rem_euclid(every)
}
