//! Settings of a live ingest, as they stand in its config file.

use std::time::Duration;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::desk::BookSettings;
use crate::ingest::exchange::{ExchangeConfig, StreamKind};
use crate::market::Market;

/// What a live ingest may be told in YAML; everything has a default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct LiveSettings {
    /// Addresses and limits of the exchange.
    #[garde(dive)]
    pub exchange: ExchangeConfig,
    /// How books are kept and stored.
    #[garde(dive)]
    pub books: BookSettings,
    /// Connections.
    #[garde(dive)]
    pub connection: ConnectionSettings,
    /// Writing.
    #[garde(dive)]
    pub writer: WriterSettings,
}

/// How connections are kept up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionSettings {
    /// Time without a message after which a connection is given up, ms. Default 60,000.
    #[garde(range(min = 100, max = 3_600_000))]
    pub stall_ms: u64,
    /// Age at which a connection is handed over to a new one, ms; the exchange ends it at 24 h. Default 23 h.
    #[garde(range(min = 100, max = 86_400_000))]
    pub hand_over_ms: u64,
    /// How long old and new connection run side by side, ms. Default 2,000.
    #[garde(range(min = 1, max = 600_000))]
    pub overlap_ms: u64,
    /// Wait before the first new attempt, ms; it doubles with each that fails. Default 250.
    #[garde(range(min = 1, max = 600_000))]
    pub backoff_ms: u64,
    /// Longest such wait, ms. Default 30,000.
    #[garde(range(min = 1, max = 3_600_000))]
    pub longest_backoff_ms: u64,
    /// Most attempts to connect in five minutes. Default 250; the exchange allows 300.
    #[garde(range(min = 1, max = 300))]
    pub attempts: usize,
    /// Longest wait for a connection to open, ms. Default 10,000.
    #[garde(range(min = 10, max = 600_000))]
    pub open_ms: u64,
    /// Most messages that wait to be taken. Default 65,536.
    #[garde(range(min = 1, max = 10_000_000))]
    pub queue: usize,
    /// How long nothing is read while so many wait, ms; then messages are dropped. Default 1,000.
    #[garde(range(min = 0, max = 10_000))]
    pub patience_ms: u64,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct WriterSettings {
    /// Longest time between transactions while there are rows, ms. Default 250.
    #[garde(range(min = 1, max = 60_000))]
    pub batch_ms: u64,
    /// Rows that make a transaction due earlier. Default 4,000.
    #[garde(range(min = 1, max = 1_000_000))]
    pub batch_rows: usize,
    /// Rows that may wait; of more, books and quotes are thrown away, and of twice as many, trades.
    /// Default 50,000.
    #[garde(range(min = 1, max = 10_000_000))]
    pub most_rows: usize,
    /// Rows of a channel that make a segment. Default 100,000.
    #[garde(range(min = 1, max = 100_000_000))]
    pub segment_rows: u64,
    /// Age of a row, ms, at which a segment is made whatever its size. Default one day.
    #[garde(range(min = 1, max = 31_536_000_000_i64))]
    pub segment_age_ms: i64,
}

/// What a live ingest is asked to do.
#[derive(Debug, Clone)]
pub struct LiveConfig {
    /// Name of the exchange in the store.
    pub venue: String,
    /// Market.
    pub market: Market,
    /// Symbols, in upper case.
    pub symbols: Vec<String>,
    /// Streams of each symbol.
    pub streams: Vec<StreamKind>,
    /// Settings.
    pub settings: LiveSettings,
    /// How long to run; until it is stopped when absent.
    pub duration: Option<Duration>,
    /// Time between two statuses.
    pub status_every: Duration,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        Self {
            stall_ms: 60_000,
            hand_over_ms: 23 * 3_600_000,
            overlap_ms: 2_000,
            backoff_ms: 250,
            longest_backoff_ms: 30_000,
            attempts: 250,
            open_ms: 10_000,
            queue: 65_536,
            patience_ms: 1_000,
        }
    }
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self {
            batch_ms: 250,
            batch_rows: 4_000,
            most_rows: 50_000,
            segment_rows: 100_000,
            segment_age_ms: 86_400_000,
        }
    }
}
