//! A value that is no candle's: what it speaks of, when it was known, and the number.

use serde::Serialize;

/// One version of a value of an on-chain, sentiment, funding or macro series.
///
/// A revision is another version of the same `time` with a later `known_at`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Value {
    /// What it speaks of, ms.
    pub time: i64,
    /// From when on it was known, ms; not before `time`.
    pub known_at: i64,
    /// The value, finite.
    pub value: f64,
}
