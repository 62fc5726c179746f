//! The threads that ask the exchange over REST: whole books at once, gaps one after the other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use tracing::{debug, warn};

use super::run::Event;
use super::writer::Work;
use crate::ingest::IngestError;
use crate::ingest::repair::repair_gap;
use crate::ingest::rest::RestClient;
use crate::market::Instrument;
use crate::store::GapEntry;

/// Least time between two requests for one book: what is too old needs a moment to become newer.
const PAUSE: Duration = Duration::from_millis(250);
/// Wait after a book that the exchange did not give.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Wait before a gap is asked for again that the exchange did not tell all of; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_mins(5);
const NAP: Duration = Duration::from_millis(50);

/// A gap to ask for.
#[derive(Debug)]
pub(super) struct Gap(pub(super) GapEntry);

/// Asks for whole books until nobody wants any more.
pub(super) fn ask_books(
    client: &RestClient,
    wanted: &Receiver<Arc<Instrument>>,
    to: &SyncSender<Event>,
    stop: &AtomicBool,
) {
    let mut asked: HashMap<String, Instant> = HashMap::new();
    while let Ok(instrument) = wanted.recv() {
        let symbol = instrument.symbol.clone();
        if let Some(last) = asked.get(&symbol) {
            rest(PAUSE.saturating_sub(last.elapsed()), stop);
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
        asked.insert(symbol.clone(), Instant::now());
        let answer = match client.depth(&symbol) {
            Ok(book) => Some(book),
            Err(error) if error.is_stop() => return,
            Err(error) => {
                warn!(%symbol, %error, "no book from the exchange; it is asked again");
                rest(AFTER_FAILURE, stop);
                None
            }
        };
        if to.send(Event::Book(symbol, answer)).is_err() {
            return;
        }
    }
}

/// Asks for gaps, oldest first as they come, until nobody wants any more.
pub(super) fn ask_gaps(
    client: &RestClient,
    gaps: &Receiver<Gap>,
    to: &SyncSender<Work>,
    stop: &AtomicBool,
) {
    let mut asked = Asked::default();
    loop {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        for gap in asked.due() {
            // Part of it may be there by now: the store knows what is left.
            if to.send(Work::Again(gap)).is_err() {
                return;
            }
        }
        let gap = match gaps.recv_timeout(NAP) {
            Ok(Gap(gap)) => gap,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if asked.settled.contains(&gap.id) || asked.waiting.iter().any(|(_, id)| *id == gap.id) {
            continue;
        }
        // Whoever stores pages has ended, and so has this.
        let mut store = |page| to.send(Work::Page(page)).map_err(|_| IngestError::Stopped);
        match repair_gap(client, &gap, &mut store) {
            Ok(repair) if repair.is_settled => {
                asked.settled.insert(gap.id);
                if to.send(Work::Settled).is_err() {
                    return;
                }
            }
            Ok(_) => {
                debug!(gap = gap.id, "the exchange does not tell of all of it yet");
                asked.later(gap.id);
            }
            Err(_) if stop.load(Ordering::Relaxed) => return,
            Err(error) => {
                warn!(gap = gap.id, %error, "gap not filled; it is asked for again later");
                asked.later(gap.id);
            }
        }
    }
}

/// Gaps that were asked for.
#[derive(Debug, Default)]
struct Asked {
    /// One may be queued twice.
    settled: HashSet<i64>,
    /// When to ask again.
    waiting: Vec<(Instant, i64)>,
    tries: HashMap<i64, u32>,
}

impl Asked {
    /// Asks again after a wait that doubles each time.
    fn later(&mut self, gap: i64) {
        let tries = self.tries.entry(gap).or_insert(0);
        let wait = FIRST_WAIT.saturating_mul(1 << (*tries).min(16)).min(LONGEST_WAIT);
        *tries += 1;
        self.waiting.push((Instant::now() + wait, gap));
    }

    /// Gaps whose wait is over.
    fn due(&mut self) -> Vec<i64> {
        let now = Instant::now();
        self.waiting.extract_if(.., |(due, _)| *due <= now).map(|(_, gap)| gap).collect()
    }
}

fn rest(time: Duration, stop: &AtomicBool) {
    let end = Instant::now() + time;
    while !stop.load(Ordering::Relaxed) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(NAP));
    }
}
