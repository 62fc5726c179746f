//! A half-open stretch of time.

use serde::{Deserialize, Serialize};

/// The half-open stretch `[start, end)` in milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First millisecond inside.
    pub start: i64,
    /// First millisecond after.
    pub end: i64,
}

impl Span {
    /// All of time.
    pub const ALL: Self = Self { start: i64::MIN, end: i64::MAX };

    /// Whether `time` lies inside.
    #[must_use]
    pub fn contains(self, time: i64) -> bool {
        self.start <= time && time < self.end
    }

    /// Whether the two share at least one millisecond.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Length in milliseconds; 0 for an empty or inverted span.
    #[must_use]
    pub fn length(self) -> i64 {
        self.end.saturating_sub(self.start).max(0)
    }

    /// The span grown by `ms` at its end.
    #[must_use]
    pub fn extended(self, ms: i64) -> Self {
        Self { start: self.start, end: self.end.saturating_add(ms) }
    }
}
