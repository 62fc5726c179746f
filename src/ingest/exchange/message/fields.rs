//! The fields of a message, gathered in one pass and then read as its event wants them.

use super::{
    BookTicker, DepthUpdate, Kline, Levels, Malformed, Message, SnapshotHead, TradeMessage,
};
use crate::ingest::exchange::cursor::{Cursor, Kind};
use crate::ingest::exchange::number::{decimal, whole};
use crate::market::{Candle, Level, Price, Trade};

/// Times from here on (year 2100) are no times.
pub(super) const LATEST: i64 = 4_102_444_800_000;
/// Most characters of an exchange's own text that are kept.
const LONGEST_TEXT: usize = 200;

/// The values of an object's fields as they stand in the text: those of one letter by letter.
pub(super) struct Fields<'a> {
    letters: [&'a str; 64],
    candle: Option<[&'a str; 64]>,
    has_bids: bool,
    has_asks: bool,
    previous_id: &'a str,
    pub(super) stream: Option<&'a str>,
    last_update_id: &'a str,
    symbol: &'a str,
    result: Option<&'a str>,
    code: Option<&'a str>,
    words: Option<&'a str>,
    id: &'a str,
}

impl Default for Fields<'_> {
    fn default() -> Self {
        Self {
            letters: [""; 64],
            candle: None,
            has_bids: false,
            has_asks: false,
            previous_id: "",
            stream: None,
            last_update_id: "",
            symbol: "",
            result: None,
            code: None,
            words: None,
            id: "",
        }
    }
}

impl<'a> Fields<'a> {
    /// Goes over the whole object.
    pub(super) fn read(
        &mut self,
        cursor: &mut Cursor<'a>,
        levels: &mut Levels,
    ) -> Result<(), Malformed> {
        self.read_within(cursor, levels, true)
    }

    /// `outer`: `data` of the wrapper may follow.
    fn read_within(
        &mut self,
        cursor: &mut Cursor<'a>,
        levels: &mut Levels,
        outer: bool,
    ) -> Result<(), Malformed> {
        cursor.object(|cursor, key| {
            if let &[letter] = key.as_bytes() {
                return self.letter(cursor, levels, letter);
            }
            match (key, cursor.kind()) {
                ("pu", Kind::Scalar) => self.previous_id = cursor.scalar()?,
                ("data", Kind::Object) if outer => self.read_within(cursor, levels, false)?,
                ("error", Kind::Object) => {
                    self.words = Some("");
                    self.read_within(cursor, levels, false)?;
                }
                ("stream", Kind::Scalar) => self.stream = Some(cursor.scalar()?),
                ("lastUpdateId", Kind::Scalar) => self.last_update_id = cursor.scalar()?,
                ("symbol", Kind::Scalar) => self.symbol = cursor.scalar()?,
                ("bids", Kind::Array) => {
                    read_levels(cursor, &mut levels.bids)?;
                    self.has_bids = true;
                }
                ("asks", Kind::Array) => {
                    read_levels(cursor, &mut levels.asks)?;
                    self.has_asks = true;
                }
                ("result", Kind::Scalar) => self.result = Some(cursor.scalar()?),
                ("code", Kind::Scalar) => self.code = Some(cursor.scalar()?),
                ("msg", Kind::Scalar) => self.words = Some(cursor.scalar()?),
                ("id", Kind::Scalar) => self.id = cursor.scalar()?,
                _ => cursor.skip()?,
            }
            Ok(())
        })
    }

    #[inline]
    fn letter(
        &mut self,
        cursor: &mut Cursor<'a>,
        levels: &mut Levels,
        letter: u8,
    ) -> Result<(), Malformed> {
        match (letter, cursor.kind()) {
            (_, Kind::Scalar) => {
                let value = cursor.scalar()?;
                if let Some(place) = place(letter) {
                    self.letters[place] = value;
                }
                Ok(())
            }
            (b'b', Kind::Array) => {
                self.has_bids = true;
                read_levels(cursor, &mut levels.bids)
            }
            (b'a', Kind::Array) => {
                self.has_asks = true;
                read_levels(cursor, &mut levels.asks)
            }
            (b'k', Kind::Object) => {
                let mut letters = [""; 64];
                cursor.object(|cursor, key| match (key.as_bytes(), cursor.kind()) {
                    (&[letter], Kind::Scalar) => {
                        let value = cursor.scalar()?;
                        if let Some(place) = place(letter) {
                            letters[place] = value;
                        }
                        Ok(())
                    }
                    _ => cursor.skip(),
                })?;
                self.candle = Some(letters);
                Ok(())
            }
            _ => cursor.skip(),
        }
    }

    #[inline]
    fn of(&self, letter: u8) -> &'a str {
        place(letter).map_or("", |place| self.letters[place])
    }

    /// What the fields say.
    pub(super) fn message(&self) -> Result<Message<'a>, Malformed> {
        let event = self.of(b'e');
        match event {
            "depthUpdate" => self.depth(),
            "bookTicker" => self.book_ticker(),
            "aggTrade" => self.trade("aggTrade", b'a').map(Message::AggTrade),
            "trade" => self.trade("trade", b't').map(Message::Trade),
            "kline" => self.kline(),
            "serverShutdown" => Ok(Message::ServerShutdown),
            "" if !self.last_update_id.is_empty() => self.snapshot(),
            // Spot names no event here.
            "" if !self.of(b'u').is_empty() && !self.of(b'B').is_empty() => self.book_ticker(),
            "" if self.code.is_some() || self.words.is_some() => {
                Ok(Message::Refused { code: self.code, text: short(self.words.unwrap_or("")) })
            }
            "" if self.result.is_some() => Ok(Message::Accepted { id: whole(self.id) }),
            "" => Ok(Message::Unknown(None)),
            other => Ok(Message::Unknown(Some(short(other)))),
        }
    }

    fn depth(&self) -> Result<Message<'a>, Malformed> {
        let wrong = |field| Malformed::Field { event: "depthUpdate", field };
        if !self.has_bids || !self.has_asks {
            return Err(wrong("b or a"));
        }
        let update = DepthUpdate {
            symbol: symbol(self.of(b's')).ok_or(wrong("s"))?,
            event_time: time(self.of(b'E')).ok_or(wrong("E"))?,
            first_id: whole(self.of(b'U')).ok_or(wrong("U"))?,
            last_id: whole(self.of(b'u')).ok_or(wrong("u"))?,
            previous_id: match self.previous_id {
                "" => None,
                text => Some(whole(text).ok_or(wrong("pu"))?),
            },
        };
        if update.last_id < update.first_id {
            return Err(wrong("u"));
        }
        Ok(Message::Depth(update))
    }

    fn snapshot(&self) -> Result<Message<'a>, Malformed> {
        let wrong = |field| Malformed::Field { event: "depth snapshot", field };
        if !self.has_bids || !self.has_asks {
            return Err(wrong("bids or asks"));
        }
        Ok(Message::Snapshot(SnapshotHead {
            symbol: symbol(self.symbol),
            last_update_id: whole(self.last_update_id).ok_or(wrong("lastUpdateId"))?,
            event_time: match self.of(b'E') {
                "" => None,
                text => Some(time(text).ok_or(wrong("E"))?),
            },
        }))
    }

    fn book_ticker(&self) -> Result<Message<'a>, Malformed> {
        let wrong = |field| Malformed::Field { event: "bookTicker", field };
        let price = |letter, field| Price::parse(self.of(letter)).ok_or(wrong(field));
        let quantity = |letter, field| decimal(self.of(letter)).ok_or(wrong(field));
        Ok(Message::BookTicker(BookTicker {
            symbol: symbol(self.of(b's')).ok_or(wrong("s"))?,
            event_time: match self.of(b'E') {
                "" => None,
                text => Some(time(text).ok_or(wrong("E"))?),
            },
            update_id: whole(self.of(b'u')).ok_or(wrong("u"))?,
            bid: Level { price: price(b'b', "b")?, quantity: quantity(b'B', "B")? },
            ask: Level { price: price(b'a', "a")?, quantity: quantity(b'A', "A")? },
        }))
    }

    fn trade(&self, event: &'static str, id: u8) -> Result<TradeMessage<'a>, Malformed> {
        let wrong = |field| Malformed::Field { event, field };
        let price = Price::parse(self.of(b'p')).filter(|price| price.0 > 0);
        Ok(TradeMessage {
            symbol: symbol(self.of(b's')).ok_or(wrong("s"))?,
            event_time: time(self.of(b'E')).ok_or(wrong("E"))?,
            trade: Trade {
                id: whole(self.of(id)).ok_or(wrong(if id == b'a' { "a" } else { "t" }))?,
                time: time(self.of(b'T')).ok_or(wrong("T"))?,
                price: price.ok_or(wrong("p"))?,
                quantity: decimal(self.of(b'q')).ok_or(wrong("q"))?,
                buyer_is_maker: truth(self.of(b'm')).ok_or(wrong("m"))?,
            },
        })
    }

    fn kline(&self) -> Result<Message<'a>, Malformed> {
        let wrong = |field| Malformed::Field { event: "kline", field };
        let candle = self.candle.as_ref().ok_or(wrong("k"))?;
        let of = |letter| place(letter).map_or("", |place| candle[place]);
        let number = |letter, field| decimal(of(letter)).ok_or(wrong(field));
        Ok(Message::Kline(Kline {
            symbol: symbol(self.of(b's')).ok_or(wrong("s"))?,
            event_time: time(self.of(b'E')).ok_or(wrong("E"))?,
            interval: of(b'i').parse().ok(),
            is_final: truth(of(b'x')).ok_or(wrong("x"))?,
            candle: Candle {
                open_time: time(of(b't')).ok_or(wrong("t"))?,
                open: number(b'o', "o")?,
                high: number(b'h', "h")?,
                low: number(b'l', "l")?,
                close: number(b'c', "c")?,
                volume: number(b'v', "v")?,
                quote_volume: Some(number(b'q', "q")?),
                trades: Some(whole(of(b'n')).ok_or(wrong("n"))?),
                taker_buy_volume: Some(number(b'V', "V")?),
                taker_buy_quote_volume: Some(number(b'Q', "Q")?),
            },
        }))
    }
}

#[inline]
fn place(letter: u8) -> Option<usize> {
    let place = usize::from(letter.wrapping_sub(b'A'));
    (place < 64).then_some(place)
}

#[inline]
fn read_levels(cursor: &mut Cursor<'_>, levels: &mut Vec<Level>) -> Result<(), Malformed> {
    levels.clear();
    cursor.array(|cursor| {
        cursor.expect(b'[')?;
        let price = Price::parse(cursor.scalar()?).ok_or(Malformed::Level)?;
        cursor.expect(b',')?;
        let quantity = decimal(cursor.scalar()?).ok_or(Malformed::Level)?;
        // COIN-M once sent a third element, always empty.
        while cursor.accept(b',') {
            cursor.skip()?;
        }
        cursor.expect(b']')?;
        levels.push(Level { price, quantity });
        Ok(())
    })
}

fn symbol(text: &str) -> Option<&str> {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    ((1..=32).contains(&text.len()) && text.bytes().all(fits)).then_some(text)
}

fn time(text: &str) -> Option<i64> {
    whole(text).filter(|&time| time < LATEST)
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// At most so many characters that a hostile text fills no log.
fn short(text: &str) -> &str {
    let end = text.char_indices().nth(LONGEST_TEXT).map_or(text.len(), |(end, _)| end);
    &text[..end]
}
