//! What is traded where: venue, market and symbol.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The kind of market on a venue; spot and futures of one symbol are two instruments.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Market {
    /// Spot.
    Spot,
    /// Futures margined in a stable coin (Binance USD-M).
    UsdM,
    /// Futures margined in the base coin (Binance COIN-M).
    CoinM,
}

impl Market {
    /// Every market.
    pub const ALL: [Self; 3] = [Self::Spot, Self::UsdM, Self::CoinM];

    /// The name used in the store, in configs and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Spot => "spot",
            Self::UsdM => "usd_m",
            Self::CoinM => "coin_m",
        }
    }
}

impl fmt::Display for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Market {
    type Err = InstrumentError;

    fn from_str(text: &str) -> Result<Self, InstrumentError> {
        Self::ALL
            .into_iter()
            .find(|market| market.name() == text)
            .ok_or_else(|| InstrumentError::Market(text.to_owned()))
    }
}

/// One traded thing: `binance/spot/BTCUSDT`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Instrument {
    /// Lower-case name of the venue, `[a-z0-9_]{1,32}`; `simulated` is the simulated market.
    pub venue: String,
    /// Market on that venue.
    pub market: Market,
    /// The venue's own symbol, `[A-Z0-9_]{1,32}`.
    pub symbol: String,
}

/// A name that no instrument can have.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InstrumentError {
    /// Unknown market.
    #[error("unknown market `{0}`; use one of spot, usd_m, coin_m")]
    Market(String),
    /// Malformed venue.
    #[error("venue `{0}` is not made of 1 to 32 of a-z, 0-9 and _")]
    Venue(String),
    /// Malformed symbol.
    #[error("symbol `{0}` is not made of 1 to 32 of A-Z, 0-9 and _")]
    Symbol(String),
}

impl Instrument {
    /// Checks the names and builds the instrument.
    ///
    /// # Errors
    /// When venue or symbol hold other characters than theirs.
    pub fn new(venue: &str, market: Market, symbol: &str) -> Result<Self, InstrumentError> {
        let fits = |text: &str, letter: fn(&u8) -> bool| {
            (1..=32).contains(&text.len())
                && text.bytes().all(|b| letter(&b) || b.is_ascii_digit() || b == b'_')
        };
        if !fits(venue, u8::is_ascii_lowercase) {
            return Err(InstrumentError::Venue(venue.to_owned()));
        }
        if !fits(symbol, u8::is_ascii_uppercase) {
            return Err(InstrumentError::Symbol(symbol.to_owned()));
        }
        Ok(Self { venue: venue.to_owned(), market, symbol: symbol.to_owned() })
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.venue, self.market, self.symbol)
    }
}
