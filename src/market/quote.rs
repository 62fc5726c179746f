//! The best bid and ask after a change of either.

use super::Level;

/// Best bid and ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quote {
    /// The exchange's number of the book update that made it; grows, with holes.
    pub update_id: i64,
    /// When the exchange sent it, ms; spot does not say.
    pub time: Option<i64>,
    /// When it was received, ms of this machine's clock.
    pub received: i64,
    /// Best bid.
    pub bid: Level,
    /// Best ask.
    pub ask: Level,
}
