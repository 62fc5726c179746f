//! Where the exchange is asked: the addresses of each market, all of them in the config.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stream::StreamKind;
use crate::market::Market;

/// Addresses of the exchange's three markets and of its archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct ExchangeConfig {
    /// Spot. The hosts `data-stream.binance.vision` and `data-api.binance.vision` serve market data only.
    #[garde(dive)]
    pub spot: Addresses,
    /// Futures margined in a stable coin.
    #[garde(dive)]
    pub usd_m: Addresses,
    /// Futures margined in the base coin.
    #[garde(dive)]
    pub coin_m: Addresses,
    /// Public archive of candle and trade files.
    #[garde(pattern(r"^https?://"))]
    pub archive: String,
}

/// Addresses and limits of one market.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    /// Streams, without `/ws` or `/stream`.
    #[garde(dive)]
    pub stream: StreamAddresses,
    /// REST, without a path.
    #[garde(pattern(r"^https?://"))]
    pub rest: String,
    /// Most streams that one connection carries.
    #[garde(range(min = 1, max = 1024))]
    pub streams_per_connection: usize,
    /// Most messages a second that a connection may send.
    #[garde(range(min = 1, max = 100))]
    pub sent_per_second: u32,
}

/// One address for every stream, or one a group where the exchange splits them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(untagged)]
pub enum StreamAddresses {
    /// Every stream at one address.
    One(
        #[garde(pattern(r"^wss?://"))]
        String,
    ),
    /// Books and quotes at one address, trades and candles at another.
    Split {
        /// Books and quotes.
        #[garde(pattern(r"^wss?://"))]
        public: String,
        /// Trades and candles.
        #[garde(pattern(r"^wss?://"))]
        market: String,
    },
}

/// Streams that may share a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Books and quotes.
    Public,
    /// Trades and candles.
    Market,
}

impl Default for ExchangeConfig {
    fn default() -> Self {
        Self {
            spot: Addresses {
                stream: StreamAddresses::One("wss://stream.binance.com:9443".into()),
                rest: "https://api.binance.com".into(),
                streams_per_connection: 1024,
                sent_per_second: 5,
            },
            usd_m: Addresses {
                stream: StreamAddresses::Split {
                    public: "wss://fstream.binance.com/public".into(),
                    market: "wss://fstream.binance.com/market".into(),
                },
                rest: "https://fapi.binance.com".into(),
                streams_per_connection: 1024,
                sent_per_second: 10,
            },
            coin_m: Addresses {
                stream: StreamAddresses::One("wss://dstream.binance.com".into()),
                rest: "https://dapi.binance.com".into(),
                // The documentation of this market still says 200.
                streams_per_connection: 200,
                sent_per_second: 10,
            },
            archive: "https://data.binance.vision".into(),
        }
    }
}

impl ExchangeConfig {
    /// The addresses of a market.
    #[must_use]
    pub fn of(&self, market: Market) -> &Addresses {
        match market {
            Market::Spot => &self.spot,
            Market::UsdM => &self.usd_m,
            Market::CoinM => &self.coin_m,
        }
    }
}

impl StreamAddresses {
    /// The address that serves a kind of stream, and the group it shares a connection with.
    #[must_use]
    pub fn of(&self, kind: StreamKind) -> (Group, &str) {
        let group = match kind {
            StreamKind::Depth { .. } | StreamKind::BookTicker => Group::Public,
            StreamKind::AggTrade | StreamKind::Trade | StreamKind::Kline(_) => Group::Market,
        };
        match (self, group) {
            (Self::One(address), _) => (Group::Public, address.trim_end_matches('/')),
            (Self::Split { public, .. }, Group::Public) => (group, public.trim_end_matches('/')),
            (Self::Split { market, .. }, Group::Market) => (group, market.trim_end_matches('/')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Interval;

    #[test]
    fn futures_streams_are_split_into_two_groups() {
        let config = ExchangeConfig::default();
        config.validate().unwrap();
        let address = |market, kind| config.of(market).stream.of(kind);
        let depth = StreamKind::Depth { every_ms: Some(100) };
        let candles = StreamKind::Kline(Interval::MINUTE);
        assert_eq!(
            address(Market::UsdM, depth),
            (Group::Public, "wss://fstream.binance.com/public")
        );
        assert_eq!(
            address(Market::UsdM, candles),
            (Group::Market, "wss://fstream.binance.com/market")
        );
        assert_eq!(address(Market::Spot, depth), address(Market::Spot, candles));
        let given: StreamAddresses = serde_saphyr::from_str("ws://127.0.0.1:1/").unwrap();
        assert_eq!(given.of(candles).1, "ws://127.0.0.1:1");
    }
}
