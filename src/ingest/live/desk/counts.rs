//! What a desk counts.

use serde::Serialize;

/// What the desk has met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Texts taken.
    pub messages: u64,
    /// Valid texts of a kind or symbol that was not asked for.
    pub unknown: u64,
    /// Texts that are no messages.
    pub malformed: u64,
    /// Requests that the exchange refused.
    pub refused: u64,
    /// Trades, quotes and candles that came twice or late.
    pub duplicates: u64,
    /// Entries made in the ledger, of all channels.
    pub gaps: u64,
    /// Rows thrown away because they could not be written in time.
    pub shed: u64,
    /// Books.
    pub books: BookCounts,
}

/// What became of books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BookCounts {
    /// Updates applied.
    pub applied: u64,
    /// Updates that the book had already.
    pub stale: u64,
    /// Times that a book fell out of step.
    pub resyncs: u64,
    /// Snapshots that were too old to begin with.
    pub too_old: u64,
    /// Entries made in the ledger.
    pub gaps: u64,
    /// Moments looked at for storing.
    pub kept: u64,
    /// Of these, with a bid at or above an ask.
    pub crossed: u64,
    /// Least number of levels on a side at these moments; absent before the first.
    #[serde(skip_serializing_if = "is_none_yet")]
    pub least_levels: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands a reference
fn is_none_yet(levels: &u64) -> bool {
    *levels == u64::MAX
}

impl Default for BookCounts {
    fn default() -> Self {
        Self {
            applied: 0,
            stale: 0,
            resyncs: 0,
            too_old: 0,
            gaps: 0,
            kept: 0,
            crossed: 0,
            least_levels: u64::MAX,
        }
    }
}
