//! Where a final candle came from, and which source is believed.

use serde::{Deserialize, Serialize};

/// The origin of a final candle, best first: when two contradict each other, the lesser value wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A venue's public archive file whose checksum held.
    Archive,
    /// A venue's REST interface.
    Rest,
    /// A CSV file of any origin.
    Csv,
    /// Recorded from a venue's stream.
    Live,
    /// The simulated market.
    Simulated,
}

impl Source {
    /// Every source, best first.
    pub const ALL: [Self; 5] = [Self::Archive, Self::Rest, Self::Csv, Self::Live, Self::Simulated];

    /// The rank stored beside each candle: 1 is the best source.
    #[must_use]
    pub fn rank(self) -> i64 {
        self as i64 + 1
    }

    /// The source of a stored rank.
    #[must_use]
    pub fn of_rank(rank: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.rank() == rank)
    }
}
