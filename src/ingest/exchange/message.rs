//! One WebSocket text into what it says, without copying: spot, USD-M and COIN-M, old fields and new.
//!
//! Names of fields are the exchange's: `e` event, `E` event time, `s` symbol, `U` and `u` first and
//! last update id, `pu` the one before, `b` and `a` bids and asks. Unknown fields are passed over.

use thiserror::Error;

use super::cursor::Cursor;
use crate::market::{Candle, Interval, Level, Trade};

mod fields;
mod usual;

use fields::Fields;
use usual::usual;

/// A text as it came: the stream it came from when it was wrapped, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<'a> {
    /// Name of the stream in the wrapper of combined streams.
    pub stream: Option<&'a str>,
    /// What it says.
    pub message: Message<'a>,
}

/// What a text says.
#[derive(Debug, Clone, PartialEq)]
pub enum Message<'a> {
    /// Changes of a book; the levels are in the buffer given to [`parse`].
    Depth(DepthUpdate<'a>),
    /// A whole book, as REST answers; the levels are in the buffer given to [`parse`].
    Snapshot(SnapshotHead<'a>),
    /// Best bid and ask.
    BookTicker(BookTicker<'a>),
    /// Trades of one order at one price together.
    AggTrade(TradeMessage<'a>),
    /// A single trade.
    Trade(TradeMessage<'a>),
    /// A candle, final or not.
    Kline(Kline<'a>),
    /// The exchange is about to close the connection.
    ServerShutdown,
    /// A subscription was accepted.
    Accepted {
        /// Number of the request.
        id: Option<i64>,
    },
    /// The exchange refuses something.
    Refused {
        /// Its code, when it gives one.
        code: Option<&'a str>,
        /// Its words, cut short.
        text: &'a str,
    },
    /// Valid, but none of the above; with the name of the event if there is one.
    Unknown(Option<&'a str>),
}

/// Changes of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DepthUpdate<'a> {
    /// Symbol.
    pub symbol: &'a str,
    /// When it was sent, ms.
    pub event_time: i64,
    /// `U`: first update in it.
    pub first_id: i64,
    /// `u`: last update in it.
    pub last_id: i64,
    /// `pu`: last update of the message before; futures only.
    pub previous_id: Option<i64>,
}

/// What a whole book says beside its levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotHead<'a> {
    /// Symbol; COIN-M only.
    pub symbol: Option<&'a str>,
    /// Last update in it.
    pub last_update_id: i64,
    /// When it was made, ms; futures only.
    pub event_time: Option<i64>,
}

/// Best bid and ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BookTicker<'a> {
    /// Symbol.
    pub symbol: &'a str,
    /// When it was sent, ms; futures only.
    pub event_time: Option<i64>,
    /// Update of the book that made it.
    pub update_id: i64,
    /// Best bid.
    pub bid: Level,
    /// Best ask.
    pub ask: Level,
}

/// A trade of either kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TradeMessage<'a> {
    /// Symbol.
    pub symbol: &'a str,
    /// When it was sent, ms.
    pub event_time: i64,
    /// The trade.
    pub trade: Trade,
}

/// A candle as it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kline<'a> {
    /// Symbol.
    pub symbol: &'a str,
    /// When it was sent, ms.
    pub event_time: i64,
    /// Length of the candle; `None` for one that candles cannot have here, such as a month.
    pub interval: Option<Interval>,
    /// Whether it is final.
    pub is_final: bool,
    /// The candle.
    pub candle: Candle,
}

/// The levels of the message parsed last, in a buffer that is used again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Levels {
    /// Bids as they came.
    pub bids: Vec<Level>,
    /// Asks as they came.
    pub asks: Vec<Level>,
}

impl Levels {
    fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }
}

/// Why a text is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Malformed {
    /// Not JSON, or not an object.
    #[error("not a JSON object at byte {at}")]
    Syntax {
        /// Where it ends to be one.
        at: usize,
    },
    /// A field that the event must have is absent or holds something else.
    #[error("field `{field}` of a {event} message is absent or wrong")]
    Field {
        /// Event.
        event: &'static str,
        /// Field.
        field: &'static str,
    },
    /// A level that is no pair of decimals.
    #[error("a level is no pair of price and quantity")]
    Level,
}

/// Reads one text; levels go to `levels`, which is emptied first.
///
/// # Errors
/// When the text is no JSON object, or an event of a known name lacks a field or has a wrong one.
pub fn parse<'a>(text: &'a str, levels: &mut Levels) -> Result<Parsed<'a>, Malformed> {
    levels.clear();
    if let Some(parsed) = usual(text, levels) {
        return Ok(parsed);
    }
    parse_any(text, levels)
}

/// The same for a message of any form.
fn parse_any<'a>(text: &'a str, levels: &mut Levels) -> Result<Parsed<'a>, Malformed> {
    levels.clear();
    let mut cursor = Cursor::new(text);
    let mut fields = Fields::default();
    fields.read(&mut cursor, levels)?;
    cursor.end()?;
    let message = fields.message()?;
    Ok(Parsed { stream: fields.stream, message })
}

#[cfg(test)]
mod tests;
