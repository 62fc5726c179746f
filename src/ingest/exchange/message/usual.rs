//! The messages that come a thousand times a second, byte for byte as the exchange writes them.
//!
//! Only what stands exactly so is read here, in one pass from front to back; anything else (another
//! order, a space, an escape, an unknown field) gives `None` and is left to the reader of any JSON,
//! which is the measure: what is read here, it reads the same.

use super::{BookTicker, DepthUpdate, Levels, Message, Parsed, TradeMessage};
use crate::ingest::exchange::number::POWERS;
use crate::market::{Level, Price, Trade};

use super::fields::LATEST;

/// Longest symbol.
const LONGEST_SYMBOL: usize = 32;
/// Most digits of a number: so many cannot overflow.
const MOST_DIGITS: usize = 18;
/// Decimals of a price.
const DECIMALS: usize = 8;
/// Whole numbers up to here are exact in a float.
const EXACT: u64 = 1 << 53;

/// Reads a message of a usual form; `None` is no verdict, and `levels` may hold anything then.
#[inline]
pub(super) fn usual<'a>(text: &'a str, levels: &mut Levels) -> Option<Parsed<'a>> {
    let mut reader = Reader { text, at: 0 };
    if !reader.has(br#"{"stream":""#) {
        let message = reader.message(levels)?;
        return reader.ends().then_some(Parsed { stream: None, message });
    }
    let stream = reader.name(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'_'))?;
    reader.skip(br#","data":"#)?;
    let message = reader.message(levels)?;
    reader.skip(b"}")?;
    reader.ends().then_some(Parsed { stream: Some(stream), message })
}

/// A place in the text; it never lies inside a character, since only ASCII is gone over.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// A decimal: its digits as a whole number, and how many of them stand behind the point.
#[derive(Clone, Copy)]
struct Decimal {
    digits: u64,
    decimals: usize,
}

impl<'a> Reader<'a> {
    fn message(&mut self, levels: &mut Levels) -> Option<Message<'a>> {
        if self.has(br#"{"u":"#) {
            return self.book_ticker();
        }
        self.skip(br#"{"e":""#)?;
        if self.has(br#"depthUpdate","E":"#) {
            self.depth(levels)
        } else if self.has(br#"aggTrade","E":"#) {
            self.trade(b"\"a\":").map(Message::AggTrade)
        } else if self.has(br#"trade","E":"#) {
            self.trade(b"\"t\":").map(Message::Trade)
        } else if self.has(br#"bookTicker","u":"#) {
            self.book_ticker()
        } else {
            None
        }
    }

    /// From the update id on; spot names no event and no time, futures do before or behind the rest.
    fn book_ticker(&mut self) -> Option<Message<'a>> {
        let update_id = self.whole()?;
        self.has(br#","e":"bookTicker""#);
        let mut event_time = None;
        if self.has(br#","E":"#) {
            event_time = Some(self.time()?);
        }
        if self.has(br#","T":"#) {
            self.whole()?;
        }
        self.skip(br#","s":""#)?;
        let symbol = self.symbol()?;
        if self.has(br#","ps":""#) {
            self.symbol()?;
        }
        self.skip(br#","b":""#)?;
        let bid_price = self.price()?;
        self.skip(br#"","B":""#)?;
        let bid_quantity = self.quantity()?;
        self.skip(br#"","a":""#)?;
        let ask_price = self.price()?;
        self.skip(br#"","A":""#)?;
        let ask_quantity = self.quantity()?;
        self.skip(b"\"")?;
        if self.has(br#","T":"#) {
            self.whole()?;
        }
        if self.has(br#","E":"#) {
            event_time = Some(self.time()?);
        }
        self.tail()?;
        Some(Message::BookTicker(BookTicker {
            symbol,
            event_time,
            update_id,
            bid: Level { price: bid_price, quantity: bid_quantity },
            ask: Level { price: ask_price, quantity: ask_quantity },
        }))
    }

    fn depth(&mut self, levels: &mut Levels) -> Option<Message<'a>> {
        let event_time = self.time()?;
        if self.has(br#","T":"#) {
            self.whole()?;
        }
        self.skip(br#","s":""#)?;
        let symbol = self.symbol()?;
        if self.has(br#","ps":""#) {
            self.symbol()?;
        }
        self.skip(br#","U":"#)?;
        let first_id = self.whole()?;
        self.skip(br#","u":"#)?;
        let last_id = self.whole()?;
        let previous_id = if self.has(br#","pu":"#) { Some(self.whole()?) } else { None };
        self.skip(br#","b":["#)?;
        self.side(&mut levels.bids)?;
        self.skip(br#","a":["#)?;
        self.side(&mut levels.asks)?;
        self.tail()?;
        (last_id >= first_id).then_some(Message::Depth(DepthUpdate {
            symbol,
            event_time,
            first_id,
            last_id,
            previous_id,
        }))
    }

    /// The levels of a side and the bracket behind them.
    fn side(&mut self, levels: &mut Vec<Level>) -> Option<()> {
        if self.has(b"]") {
            return Some(());
        }
        loop {
            self.skip(b"[\"")?;
            let price = self.price()?;
            self.skip(b"\",\"")?;
            let quantity = self.quantity()?;
            levels.push(Level { price, quantity });
            if !self.has(b"\"],") {
                return self.skip(b"\"]]");
            }
        }
    }

    fn trade(&mut self, id_key: &[u8]) -> Option<TradeMessage<'a>> {
        let event_time = self.time()?;
        let mut time = None;
        if self.has(br#","T":"#) {
            time = Some(self.time()?);
        }
        self.skip(br#","s":""#)?;
        let symbol = self.symbol()?;
        self.skip(b",")?;
        self.skip(id_key)?;
        let id = self.whole()?;
        self.skip(br#","p":""#)?;
        let price = self.price().filter(|price| price.0 > 0)?;
        self.skip(br#"","q":""#)?;
        let quantity = self.quantity()?;
        self.skip(b"\"")?;
        if self.has(br#","nq":""#) {
            self.decimal()?;
            self.skip(b"\"")?;
        }
        if self.has(br#","f":"#) {
            self.whole()?;
            self.skip(br#","l":"#)?;
            self.whole()?;
        }
        if self.has(br#","X":""#) {
            self.symbol()?;
        }
        if self.has(br#","T":"#) {
            time = Some(self.time()?);
        }
        self.skip(br#","m":"#)?;
        let buyer_is_maker = self.truth()?;
        if self.has(br#","M":"#) {
            self.truth()?;
        }
        self.tail()?;
        let trade = Trade { id, time: time?, price, quantity, buyer_is_maker };
        Some(TradeMessage { symbol, event_time, trade })
    }

    /// Fields at the end that say nothing here, and the end of the object.
    #[inline]
    fn tail(&mut self) -> Option<()> {
        if self.has(b"}") {
            return Some(());
        }
        if self.has(br#","ps":""#) {
            self.symbol()?;
        }
        if self.has(br#","st":"#) {
            self.whole()?;
        }
        self.skip(b"}")
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn ends(&self) -> bool {
        self.at == self.text.len()
    }

    /// Goes over `wanted` when it comes next.
    #[inline]
    fn has(&mut self, wanted: &[u8]) -> bool {
        let is_next = self.rest().starts_with(wanted);
        self.at += if is_next { wanted.len() } else { 0 };
        is_next
    }

    #[inline]
    fn skip(&mut self, wanted: &[u8]) -> Option<()> {
        self.has(wanted).then_some(())
    }

    /// What stands before the next quote, which is gone over, when all of it fits.
    #[inline]
    fn name(&mut self, fits: impl Fn(u8) -> bool) -> Option<&'a str> {
        let length = self.rest().iter().position(|&byte| !fits(byte))?;
        let name = self.text.get(self.at..self.at + length)?;
        self.at += length;
        self.skip(b"\"")?;
        Some(name)
    }

    #[inline]
    fn symbol(&mut self) -> Option<&'a str> {
        let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        self.name(fits).filter(|name| (1..=LONGEST_SYMBOL).contains(&name.len()))
    }

    #[inline]
    fn truth(&mut self) -> Option<bool> {
        if self.has(b"true") {
            Some(true)
        } else {
            self.skip(b"false")?;
            Some(false)
        }
    }

    /// Digits, and how many.
    #[inline]
    fn digits(&mut self, mut number: u64) -> Option<(u64, usize)> {
        let rest = self.rest();
        let mut count = 0;
        // Prices and amounts of spot have eight decimals, ids and times more digits than that.
        if let Some(eight) = rest.first_chunk::<8>().and_then(|eight| eight_digits(*eight)) {
            number = number.checked_mul(100_000_000)?.checked_add(eight)?;
            count = 8;
        }
        for &byte in &rest[count..] {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
            count += 1;
            if count > MOST_DIGITS {
                return None;
            }
        }
        self.at += count;
        Some((number, count))
    }

    /// A whole number and not a part of something else: what follows has to be gone over next.
    #[inline]
    fn whole(&mut self) -> Option<i64> {
        let (number, count) = self.digits(0)?;
        (count > 0).then_some(number as i64)
    }

    #[inline]
    fn time(&mut self) -> Option<i64> {
        self.whole().filter(|&time| time < LATEST)
    }

    /// A decimal of at most eighteen digits with at least one before its point.
    #[inline]
    fn decimal(&mut self) -> Option<Decimal> {
        let (digits, count) = self.digits(0)?;
        if count == 0 || count > MOST_DIGITS - DECIMALS {
            return None;
        }
        if self.rest().first() != Some(&b'.') {
            return Some(Decimal { digits, decimals: 0 });
        }
        self.at += 1;
        let (digits, decimals) = self.digits(digits)?;
        (decimals <= DECIMALS).then_some(Decimal { digits, decimals })
    }

    #[inline]
    fn price(&mut self) -> Option<Price> {
        const SCALE: [u64; DECIMALS + 1] =
            [100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
        let Decimal { digits, decimals } = self.decimal()?;
        let units = digits.checked_mul(SCALE[decimals])?;
        i64::try_from(units).ok().map(Price)
    }

    #[inline]
    fn quantity(&mut self) -> Option<f64> {
        let Decimal { digits, decimals } = self.decimal()?;
        // Both numbers are exact, so that one division rounds once: the nearest float.
        (digits < EXACT).then(|| digits as f64 / POWERS[decimals])
    }
}

/// The number that eight digits are, all at once; `None` when one of them is none.
#[inline]
fn eight_digits(bytes: [u8; 8]) -> Option<u64> {
    let word = u64::from_le_bytes(bytes);
    // A digit has 3 in its upper half, and still so with 6 added.
    let high = 0xF0F0_F0F0_F0F0_F0F0_u64;
    let above = word.wrapping_add(0x0606_0606_0606_0606);
    if (word & high) | ((above & high) >> 4) != 0x3333_3333_3333_3333 {
        return None;
    }
    // Pairs, then fours, then all eight: the first digit lies lowest and counts most.
    let pairs = (word & 0x0F0F_0F0F_0F0F_0F0F).wrapping_mul(2561) >> 8;
    let fours = (pairs & 0x00FF_00FF_00FF_00FF).wrapping_mul(6_553_601) >> 16;
    let eight = (fours & 0x0000_FFFF_0000_FFFF).wrapping_mul(42_949_672_960_001) >> 32;
    Some(eight)
}

#[cfg(test)]
mod tests;
