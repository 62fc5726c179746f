//! What can be wrong with peers, their config or their candles.

use thiserror::Error;

use crate::market::{Instrument, InstrumentError, Interval};

use super::FeatureError;
use super::feature::Input;

/// Why there are no features of a peer.
#[derive(Debug, PartialEq, Error)]
pub enum PeerError {
    /// A feature of two instruments where one alone is meant.
    #[error(
        "feature `{0}` is of the instrument and a peer together; list it under `pair` of a peer in \
         features.peers"
    )]
    OfPair(&'static str),
    /// A feature of one instrument where two are meant.
    #[error(
        "feature `{0}` is of one instrument alone; list it under `features` of the peer, not under \
         `pair`, which takes those of the group cross_symbol"
    )]
    NotOfPair(&'static str),
    /// A feature that a peer's own candles cannot give.
    #[error(
        "feature `{feature}` reads {input}, which a peer's own candles do not give; take it out of features.peers"
    )]
    NotOfPeer {
        /// Feature asked for.
        feature: &'static str,
        /// What it reads.
        input: Input,
    },
    /// A name that no symbol has.
    #[error("a peer of features.peers cannot be: {fault}")]
    Symbol {
        /// What is wrong with it.
        fault: InstrumentError,
    },
    /// The same peer twice.
    #[error("peer {symbol} is listed twice; list all that is wanted of it once")]
    Twice {
        /// Its symbol.
        symbol: String,
    },
    /// A peer of which nothing is wanted.
    #[error(
        "peer {symbol} names no feature and none of a pair; name some or take it out of features.peers"
    )]
    ForNothing {
        /// Its symbol.
        symbol: String,
    },
    /// A peer whose candles are not there.
    #[error(
        "there are no candles of the peer {symbol}, there are some of {known}; ingest them or take it out of features.peers"
    )]
    Unknown {
        /// Its symbol.
        symbol: String,
        /// Those there are, with commas between them.
        known: String,
    },
    /// A peer with an empty series.
    #[error(
        "the peer {symbol} has no {interval} candle; ingest some or take it out of features.peers"
    )]
    WithoutCandles {
        /// Its symbol.
        symbol: String,
        /// Interval of the base candles.
        interval: Interval,
    },
    /// A peer of another venue, market or interval.
    #[error(
        "the peer's candles are {peer} {peer_interval} and the base candles {base} {interval}; a peer \
         has the same venue, market and interval"
    )]
    Foreign {
        /// The peer.
        peer: Instrument,
        /// Interval of its candles.
        peer_interval: Interval,
        /// The instrument.
        base: Instrument,
        /// Interval of the base candles.
        interval: Interval,
    },
    /// A peer's candles lack what a feature reads.
    #[error(
        "feature `{feature}` needs {column}, which the candles of the peer {symbol} lack; take it out \
         of features.peers or ingest a source that gives {column}"
    )]
    Lacks {
        /// Symbol of the peer.
        symbol: String,
        /// Feature asked for.
        feature: &'static str,
        /// Column it reads.
        column: Input,
    },
    /// What is wrong with a peer's candles.
    #[error("of the peer {symbol}: {fault}")]
    Fault {
        /// Symbol of the peer.
        symbol: String,
        /// What is wrong.
        fault: Box<FeatureError>,
    },
    /// Columns of peers that no config gives.
    #[error(
        "no peers give exactly the columns {columns}; each gives those of its own candles, then those \
         of the pair, in the order of features.peers"
    )]
    Columns {
        /// The columns, with commas between them.
        columns: String,
    },
    /// Own and peers' candles that are never there together.
    #[error(
        "no candle has all its features: the {interval} candles of the instrument and of {peers} are \
         never all there after their warm-up; ingest them for the same time"
    )]
    NeverTogether {
        /// Interval of the base candles.
        interval: Interval,
        /// Symbols of the peers, with commas between them.
        peers: String,
    },
}

impl PeerError {
    /// Whether the config has to change, and not the data.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::OfPair(_)
                | Self::NotOfPair(_)
                | Self::NotOfPeer { .. }
                | Self::Symbol { .. }
                | Self::Twice { .. }
                | Self::ForNothing { .. }
        )
    }
}
