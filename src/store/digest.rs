//! Digests of stored candles.

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::{Store, StoreError, read};
use crate::market::{BookSnapshot, Candle, Instrument, Interval, Span, Trade};

impl Store {
    /// Hex sha256 of the stored candles of a series that open inside `span`.
    ///
    /// The bytes are those of the name (`venue/market/symbol interval missing`, a line feed) and of
    /// each candle, oldest first: open time as i64, then nine values as f64 (trades as i64), all
    /// little-endian, an unknown value as a byte 0 and a known optional one behind a byte 1. Equal
    /// digests mean equal data, whatever the source of each candle and the order of ingest.
    ///
    /// # Errors
    /// When the series is unknown or the database fails.
    pub fn digest(
        &self,
        instrument: &Instrument,
        interval: Interval,
        span: Span,
    ) -> Result<String, StoreError> {
        let series = self.find(instrument, interval)?;
        let missing = read::missing_name(series.missing);
        let mut hash = Sha256::new();
        hash.update(format!("{instrument} {interval} {missing}\n"));
        let connection: &Connection = &self.connection;
        read::for_each_candle(connection, series.id, span, |candle| hash_candle(&mut hash, candle))
            .map_err(|error| self.failed(error))?;
        Ok(hex(&hash.finalize()))
    }
}

/// Hex sha256 of candles as [`Store::digest`] takes it, without a name: in order of open time, and of
/// several that open at once the first.
#[must_use]
pub fn candles_sha256(candles: &[Candle]) -> String {
    let mut sorted: Vec<&Candle> = candles.iter().collect();
    sorted.sort_by_key(|candle| candle.open_time);
    sorted.dedup_by_key(|candle| candle.open_time);
    let mut hash = Sha256::new();
    for candle in sorted {
        hash_candle(&mut hash, candle);
    }
    hex(&hash.finalize())
}

/// Hex sha256 of trades in their order: of each its id, time and price in hundred-millionths as i64,
/// amount as f64, all little-endian, and a byte 1 where the buyer was the maker, else 0.
#[must_use]
pub fn trades_sha256(trades: &[Trade]) -> String {
    let mut hash = Sha256::new();
    for trade in trades {
        hash.update(trade.id.to_le_bytes());
        hash.update(trade.time.to_le_bytes());
        hash.update(trade.price.0.to_le_bytes());
        hash.update(trade.quantity.to_le_bytes());
        hash.update([u8::from(trade.buyer_is_maker)]);
    }
    hex(&hash.finalize())
}

/// Hex sha256 of book snapshots in their order: of each its time and update id as i64, and of bids,
/// then asks, their number as u64, then price in hundred-millionths as i64 and amount as f64 of each,
/// all little-endian.
#[must_use]
pub fn books_sha256(books: &[BookSnapshot]) -> String {
    let mut hash = Sha256::new();
    for book in books {
        hash.update(book.time.to_le_bytes());
        hash.update(book.update_id.to_le_bytes());
        for side in [&book.bids, &book.asks] {
            hash.update((side.len() as u64).to_le_bytes());
            for level in side {
                hash.update(level.price.0.to_le_bytes());
                hash.update(level.quantity.to_le_bytes());
            }
        }
    }
    hex(&hash.finalize())
}

/// Lower-case hexadecimal digits of `bytes`.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

pub(super) fn hash_candle(hash: &mut Sha256, candle: &Candle) {
    hash.update(candle.open_time.to_le_bytes());
    for value in [candle.open, candle.high, candle.low, candle.close, candle.volume] {
        hash.update(value.to_le_bytes());
    }
    hash_optional(hash, candle.quote_volume.map(f64::to_le_bytes));
    hash_optional(hash, candle.trades.map(i64::to_le_bytes));
    hash_optional(hash, candle.taker_buy_volume.map(f64::to_le_bytes));
    hash_optional(hash, candle.taker_buy_quote_volume.map(f64::to_le_bytes));
}

fn hash_optional(hash: &mut Sha256, bytes: Option<[u8; 8]>) {
    match bytes {
        Some(bytes) => {
            hash.update([1]);
            hash.update(bytes);
        }
        None => hash.update([0]),
    }
}
