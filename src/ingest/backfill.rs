//! What a store lacks of candles and trades, asked of the exchange page by page.
//!
//! The store itself says what is absent, so that a backfill that was ended in any way goes on where
//! it was: each page is a transaction, and what the exchange does not have is in the ledger.

mod candles;
mod trades;

use serde::Serialize;

use super::error::IngestError;
use super::refusal::Refusals;
use super::repair::repair_gap;
use super::rest::RestClient;
use crate::market::{Channel, Instrument, Interval, Time};
use crate::store::{GapEntry, GapState, Store, Written};

/// What to fill.
#[derive(Debug, Clone)]
pub struct BackfillConfig {
    /// What is traded, all of the client's market.
    pub instruments: Vec<Instrument>,
    /// Lengths of candles; none for trades alone.
    pub intervals: Vec<Interval>,
    /// Open time of the first candle, and time of the first trade.
    pub from: Time,
    /// End of what is asked for; now unless given.
    pub to: Option<Time>,
    /// Whether to fill aggregate trades too.
    pub trades: bool,
    /// Pages that are asked for at once.
    pub threads: usize,
}

/// What a backfill is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackfillPhase {
    /// Open gaps of the ledger.
    Gaps,
    /// Candles.
    Candles,
    /// Trades.
    Trades,
}

/// How far a backfill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackfillProgress {
    /// What it is at.
    pub phase: BackfillPhase,
    /// Pages done of the phase.
    pub done: u64,
    /// Pages of the phase in all.
    pub total: u64,
}

/// What a backfill did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BackfillReport {
    /// Pages stored.
    pub pages: u64,
    /// What became of the candles asked for; those of gaps are in `gap_rows`.
    #[serde(flatten)]
    pub written: Written,
    /// Candles that the exchange does not have; each stretch is a `real` entry of the ledger.
    pub real: u64,
    /// Rows that cannot be candles.
    pub refused: Refusals,
    /// Open entries of the ledger that are settled now.
    pub gaps_settled: u64,
    /// Open entries that the exchange has not told all of; the next backfill asks again.
    pub gaps_left: u64,
    /// Candles and trades that were stored for entries of the ledger.
    pub gap_rows: u64,
    /// Whether it was asked to end before it was done.
    pub is_stopped: bool,
}

/// Fills what the store lacks: first every open gap of the instruments, then candles, then trades.
///
/// What the exchange does not have becomes a `real` entry of the ledger and is never asked for again.
/// Candles that are not final by the exchange's clock are never stored.
///
/// # Errors
/// When the exchange refuses, or does not answer after a bounded number of tries, or the store
/// fails; the pages before stay stored, and the same call goes on after them. A client that was asked
/// to stop is no error.
pub fn backfill(
    store: &mut Store,
    client: &RestClient,
    config: &BackfillConfig,
    progress: &mut dyn FnMut(BackfillProgress),
) -> Result<BackfillReport, IngestError> {
    let mut report = BackfillReport::default();
    match fill(store, client, config, progress, &mut report) {
        Err(IngestError::Rest(error)) if error.is_stop() => report.is_stopped = true,
        filled => filled?,
    }
    store.settle_log()?;
    Ok(report)
}

fn fill(
    store: &mut Store,
    client: &RestClient,
    config: &BackfillConfig,
    progress: &mut dyn FnMut(BackfillProgress),
    report: &mut BackfillReport,
) -> Result<(), IngestError> {
    let open = open_gaps(store, config, |_| true)?;
    repair(
        store,
        client,
        &open,
        &mut |done, total| {
            progress(BackfillProgress { phase: BackfillPhase::Gaps, done, total });
        },
        report,
    )?;
    candles::fill(store, client, config, progress, report)?;
    if config.trades {
        for instrument in &config.instruments {
            trades::declare(store, client, config, instrument)?;
        }
        let open = open_gaps(store, config, |gap| gap.channel == Channel::AggTrades)?;
        repair(
            store,
            client,
            &open,
            &mut |done, total| {
                progress(BackfillProgress { phase: BackfillPhase::Trades, done, total });
            },
            report,
        )?;
    }
    Ok(())
}

/// Open entries of the instruments that can be asked for again.
fn open_gaps(
    store: &Store,
    config: &BackfillConfig,
    wanted: impl Fn(&GapEntry) -> bool,
) -> Result<Vec<GapEntry>, IngestError> {
    let mut gaps = store.gaps(Some(GapState::Open))?;
    gaps.retain(|gap| {
        config.instruments.contains(&gap.instrument) && gap.channel.is_repeatable() && wanted(gap)
    });
    Ok(gaps)
}

/// Repairs gaps one after the other.
fn repair(
    store: &mut Store,
    client: &RestClient,
    gaps: &[GapEntry],
    progress: &mut dyn FnMut(u64, u64),
    report: &mut BackfillReport,
) -> Result<(), IngestError> {
    let pages = |gap: &GapEntry| match (gap.channel, gap.ids) {
        (Channel::Candles(interval), _) => {
            gap.span.length() / interval.ms() / client.candles_per_page(interval) + 1
        }
        (_, Some((first, last))) => last.saturating_sub(first) / 1000 + 1,
        _ => 1,
    };
    let total = gaps.iter().map(|gap| pages(gap).unsigned_abs()).sum();
    let mut done = 0;
    for gap in gaps {
        let before = done;
        let repair = repair_gap(client, gap, &mut |page| {
            page.store(store)?;
            report.pages += 1;
            report.gap_rows += page.rows() as u64;
            done += 1;
            progress(done, total);
            Ok(())
        })?;
        report.refused.rows += repair.refused;
        if repair.is_settled {
            report.gaps_settled += 1;
        } else {
            report.gaps_left += 1;
        }
        done = before + pages(gap).unsigned_abs();
        progress(done, total);
    }
    Ok(())
}
