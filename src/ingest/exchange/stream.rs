//! Names of streams: `btcusdt@depth@100ms` and what it carries.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::market::{Channel, Interval};

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKind {
    /// Changes of the book: `depth` at the exchange's own pace, or `depth@100ms`.
    Depth {
        /// Pace in ms; the exchange's own when absent.
        every_ms: Option<u32>,
    },
    /// Best bid and ask at each change: `bookTicker`.
    BookTicker,
    /// Trades of one order at one price together: `aggTrade`.
    AggTrade,
    /// Single trades: `trade`.
    Trade,
    /// Candles of an interval: `kline_1m`.
    Kline(Interval),
}

/// One stream of one symbol.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream {
    /// The symbol as the exchange writes it elsewhere, in upper case.
    pub symbol: String,
    /// What it carries.
    pub kind: StreamKind,
}

/// A stream that is not known.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "unknown stream `{0}`; use depth, depth@100ms, depth@250ms, depth@500ms, depth@1000ms, \
     bookTicker, aggTrade, trade or kline_INTERVAL"
)]
pub struct StreamError(String);

impl StreamKind {
    /// The channel of the store that its rows go to.
    #[must_use]
    pub fn channel(self) -> Channel {
        match self {
            Self::Depth { .. } => Channel::Book,
            Self::BookTicker => Channel::Quotes,
            Self::AggTrade => Channel::AggTrades,
            Self::Trade => Channel::Trades,
            Self::Kline(interval) => Channel::Candles(interval),
        }
    }
}

impl fmt::Display for StreamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depth { every_ms: None } => f.pad("depth"),
            Self::Depth { every_ms: Some(ms) } => f.pad(&format!("depth@{ms}ms")),
            Self::BookTicker => f.pad("bookTicker"),
            Self::AggTrade => f.pad("aggTrade"),
            Self::Trade => f.pad("trade"),
            Self::Kline(interval) => f.pad(&format!("kline_{interval}")),
        }
    }
}

impl FromStr for StreamKind {
    type Err = StreamError;

    fn from_str(text: &str) -> Result<Self, StreamError> {
        let unknown = || StreamError(text.to_owned());
        Ok(match text {
            "depth" => Self::Depth { every_ms: None },
            "bookTicker" => Self::BookTicker,
            "aggTrade" => Self::AggTrade,
            "trade" => Self::Trade,
            _ => {
                if let Some(interval) = text.strip_prefix("kline_") {
                    return interval.parse().map(Self::Kline).map_err(|_| unknown());
                }
                let pace = text.strip_prefix("depth@").and_then(|pace| pace.strip_suffix("ms"));
                match pace.and_then(|pace| pace.parse().ok()) {
                    Some(ms @ (0 | 100 | 250 | 500 | 1000)) => Self::Depth { every_ms: Some(ms) },
                    _ => return Err(unknown()),
                }
            }
        })
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.symbol.to_ascii_lowercase(), self.kind)
    }
}

impl FromStr for Stream {
    type Err = StreamError;

    fn from_str(text: &str) -> Result<Self, StreamError> {
        let (symbol, kind) = text.split_once('@').ok_or_else(|| StreamError(text.to_owned()))?;
        let kind = kind.parse().map_err(|_| StreamError(text.to_owned()))?;
        Ok(Self { symbol: symbol.to_ascii_uppercase(), kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for name in [
            "btcusdt@depth@100ms",
            "btcusd_perp@depth@0ms",
            "ethusdt@depth",
            "btcusdt@bookTicker",
            "btcusdt@aggTrade",
            "btcusdt@trade",
            "btcusdt@kline_15m",
        ] {
            assert_eq!(name.parse::<Stream>().unwrap().to_string(), name);
        }
        for wrong in ["btcusdt", "btcusdt@depth20", "btcusdt@depth@7ms", "btcusdt@kline_7x"] {
            assert!(wrong.parse::<Stream>().is_err(), "{wrong}");
        }
    }
}
