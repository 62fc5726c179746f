//! What the newest books of a live ingest say, for its status.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::features::{BookFeatures, BookState};
use crate::market::{BookSnapshot, Instrument};

/// The features of each instrument's books, snapshot by snapshot.
#[derive(Debug)]
pub(super) struct BookStates {
    /// Milliseconds from one snapshot to the next, 0 for one after each update.
    every_ms: i64,
    lanes: BTreeMap<Instrument, Lane>,
}

#[derive(Debug, Default)]
struct Lane {
    features: BookFeatures,
    newest: Option<(i64, BookState)>,
}

/// The newest features of an instrument's book.
#[derive(Debug, Serialize)]
pub(super) struct Newest<'a> {
    #[serde(flatten)]
    instrument: &'a Instrument,
    time: i64,
    #[serde(flatten)]
    state: BookState,
}

impl BookStates {
    pub(super) fn new(every_ms: i64) -> Self {
        Self { every_ms, lanes: BTreeMap::new() }
    }

    /// Takes the next snapshot; a hole before it starts the features anew.
    pub(super) fn take(&mut self, instrument: &Instrument, book: &BookSnapshot) {
        if !self.lanes.contains_key(instrument) {
            self.lanes.insert(instrument.clone(), Lane::default());
        }
        let Some(lane) = self.lanes.get_mut(instrument) else { return };
        let follows = |last: i64| self.every_ms == 0 || book.time - last == self.every_ms;
        if lane.newest.is_some_and(|(last, _)| !follows(last)) {
            lane.features = BookFeatures::default();
        }
        lane.newest = lane.features.update(book).map(|state| (book.time, state));
    }

    /// The newest of each instrument whose last book had two sides.
    pub(super) fn newest(&self) -> Vec<Newest<'_>> {
        self.lanes
            .iter()
            .filter_map(|(instrument, lane)| {
                lane.newest.map(|(time, state)| Newest { instrument, time, state })
            })
            .collect()
    }

    /// Spread and imbalance of the first few instruments, in words.
    pub(super) fn sentence(&self) -> String {
        const SHOWN: usize = 3;
        let words = |newest: &Newest<'_>| {
            format!(
                "; {} spread {:.2} bp, imbalance {:+.2}",
                newest.instrument.symbol, newest.state.spread_bps, newest.state.imbalance_1
            )
        };
        self.newest().iter().take(SHOWN).map(words).collect()
    }
}
