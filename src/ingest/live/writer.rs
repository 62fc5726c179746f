//! The thread that owns the store: batches and repairs in, one transaction each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::asker::Gap;
use super::settings::WriterSettings;
use super::status::RowCounts;
use crate::ingest::IngestError;
use crate::ingest::repair::Page;
use crate::market::{Instrument, Market};
use crate::store::{GapEntry, GapState, LiveBatch, Store};

/// How often open gaps are looked up, and rows moved into segments.
const ROUND: Duration = Duration::from_secs(30);

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Work {
    /// Rows and gaps.
    Batch(LiveBatch),
    /// A page of a repair.
    Page(Page),
    /// A gap has been asked for and is settled.
    Settled,
    /// What is left of this gap is to be asked for again.
    Again(i64),
    /// Nothing more comes.
    End,
}

/// What the writer tells of its work.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Batches handed over and not written yet.
    pub(super) waiting: AtomicU64,
    pub(super) settled: AtomicU64,
    rows: Mutex<RowCounts>,
}

impl Written {
    pub(super) fn rows(&self) -> RowCounts {
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose gaps are asked for again.
#[derive(Debug, Clone)]
pub(super) struct Ours {
    pub(super) venue: String,
    pub(super) market: Market,
    pub(super) symbols: Vec<String>,
}

impl Ours {
    fn has(&self, gap: &GapEntry) -> bool {
        let Instrument { venue, market, symbol } = &gap.instrument;
        gap.channel.is_repeatable()
            && *venue == self.venue
            && *market == self.market
            && self.symbols.contains(symbol)
    }
}

/// Writes until [`Work::End`] or until the store fails; batches that are written go to `spent`.
pub(super) fn write(
    mut store: Store,
    work: &Receiver<Work>,
    (gaps, spent): (&SyncSender<Gap>, &SyncSender<LiveBatch>),
    ours: &Ours,
    settings: &WriterSettings,
    written: &Arc<Written>,
) -> Result<(), IngestError> {
    // Gaps of earlier times first: they are asked for again as soon as the exchange answers.
    ask_again(&store, gaps, &|gap| ours.has(gap))?;
    let mut round = Instant::now();
    loop {
        match work.recv_timeout(ROUND) {
            Ok(Work::Batch(batch)) => {
                let told = store.write_live(&batch)?;
                let mut rows = written.rows.lock().unwrap_or_else(PoisonError::into_inner);
                rows.candles += told.candles.inserted;
                rows.trades += told.trades;
                rows.quotes += told.quotes;
                rows.books += told.books;
                rows.ignored += told.ignored;
                rows.refused += told.refused;
                drop(rows);
                // Whoever made it takes it apart: its memory and its shared names are near there.
                let _ = spent.try_send(batch);
                written.waiting.fetch_sub(1, Ordering::Relaxed);
                for gap in told.gaps {
                    info!(
                        instrument = %gap.instrument, channel = %gap.channel,
                        reason = gap.reason.name(), state = gap.state.name(), "gap in the ledger"
                    );
                    if gap.state == GapState::Open && ours.has(&gap) {
                        // When the queue is full it is found in the next round.
                        let _ = gaps.try_send(Gap(gap));
                    }
                }
            }
            Ok(Work::Page(page)) => {
                page.store(&mut store)?;
                let mut rows = written.rows.lock().unwrap_or_else(PoisonError::into_inner);
                rows.repaired += page.rows() as u64;
            }
            Ok(Work::Settled) => {
                written.settled.fetch_add(1, Ordering::Relaxed);
            }
            Ok(Work::Again(id)) => {
                ask_again(&store, gaps, &|gap| gap.id == id && ours.has(gap))?;
            }
            Ok(Work::End) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if round.elapsed() >= ROUND {
            round = Instant::now();
            ask_again(&store, gaps, &|gap| ours.has(gap))?;
            roll(&mut store, settings);
        }
    }
}

/// Rows into segments; a disk that is full now may not be later, and the rows stay where they are.
fn roll(store: &mut Store, settings: &WriterSettings) {
    match store.roll_segments(settings.segment_rows, settings.segment_age_ms) {
        Ok(0) => {}
        Ok(segments) => info!(segments, "rows moved into segments"),
        Err(error) => warn!(%error, "cannot move rows into a segment"),
    }
}

fn ask_again(
    store: &Store,
    gaps: &SyncSender<Gap>,
    is_wanted: &dyn Fn(&GapEntry) -> bool,
) -> Result<(), IngestError> {
    for gap in store.gaps(Some(GapState::Open))? {
        if is_wanted(&gap) && gaps.try_send(Gap(gap)).is_err() {
            break;
        }
    }
    Ok(())
}
