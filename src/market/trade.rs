//! One trade, or several of one order at one price that an exchange reports as one.

use super::Price;

/// A trade as an exchange reports it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trade {
    /// The exchange's number of it: consecutive in its channel.
    pub id: i64,
    /// When it happened, ms.
    pub time: i64,
    /// Price.
    pub price: Price,
    /// Amount, in base currency (contracts for coin-margined futures).
    pub quantity: f64,
    /// Whether the buyer was the maker, which is to say that the taker sold.
    pub buyer_is_maker: bool,
}
