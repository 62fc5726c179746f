//! What a live ingest says of itself.

use std::time::Duration;

use serde::Serialize;

use super::desk::Counts;

/// How a live ingest stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LiveStatus {
    /// Seconds since it began.
    pub uptime_s: f64,
    /// Messages taken since it began.
    pub messages: u64,
    /// Messages a second since the last status.
    pub messages_per_s: f64,
    /// Mean of receive time less the exchange's own since the last status, ms; `None` without messages.
    pub lag_ms: Option<i64>,
    /// Connections that are open.
    pub connections: u64,
    /// Times that a connection broke or could not be opened.
    pub reconnects: u64,
    /// Times that a connection was handed over to the next.
    pub hand_overs: u64,
    /// Entries made in the ledger.
    pub gaps_found: u64,
    /// Entries filled by asking again, or found to be the exchange's own.
    pub gaps_settled: u64,
    /// Messages that wait to be taken.
    pub queue: u64,
    /// Rows that wait to be written.
    pub rows_waiting: u64,
    /// Messages dropped because the queue was full.
    pub dropped: u64,
    /// Rows thrown away because they could not be written in time.
    pub shed: u64,
    /// Rows stored.
    pub rows: RowCounts,
    /// Books that are in step, and all.
    pub books: (u64, u64),
    /// Memory that the process holds, bytes; `None` where the system does not say.
    pub memory: Option<u64>,
    /// What the desk has met.
    pub desk: Counts,
}

/// Rows stored, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Final candles.
    pub candles: u64,
    /// Trades.
    pub trades: u64,
    /// Quotes.
    pub quotes: u64,
    /// Book snapshots.
    pub books: u64,
    /// Rows that were stored before.
    pub ignored: u64,
    /// Rows that cannot be.
    pub refused: u64,
    /// Rows that were missing and asked for again.
    pub repaired: u64,
}

/// What a live ingest did: its last status.
pub type LiveReport = LiveStatus;

/// Memory that this process holds, bytes.
pub(super) fn memory() -> Option<u64> {
    const PAGE: u64 = 4096;
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    text.split_whitespace().nth(1)?.parse::<u64>().ok().map(|pages| pages * PAGE)
}

/// How many a second.
pub(super) fn rate(count: u64, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 { (count as f64 / seconds * 10.0).round() / 10.0 } else { 0.0 }
}
