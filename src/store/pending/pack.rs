//! Rows as bytes: each number as its difference from the one before, in as few bytes as it takes.
//!
//! Numbers come in pairs: a byte whose lower half says how many bytes the first number has and whose
//! upper half how many the second, then these bytes, lowest first. A difference may be negative: its
//! sign stands in the lowest bit. An amount is its number of hundred-millionths where that says it to the
//! bit, and else, with 9 for its length, the eight bytes of its float. Every row comes back to the bit.

use crate::market::{BookSnapshot, Level, Price, Quote, Trade};

/// Hundred-millionths in one.
const UNITS: f64 = 100_000_000.0;

/// Bytes that a trade or a quote mostly takes less than.
const USUAL_ROW: usize = 32;

/// Units up to here are exact in a float.
const EXACT: i64 = 1 << 53;

/// A row that can be packed.
pub(in crate::store) trait Packed: Sized {
    /// Appends the row, `before` being the one before it.
    fn pack(&self, before: Option<&Self>, to: &mut Packer);
    /// The next row; `None` when the bytes are those of no row.
    fn unpack(before: Option<&Self>, from: &mut Unpacker<'_>) -> Option<Self>;
}

/// Bytes that grow.
#[derive(Debug)]
pub(in crate::store) struct Packer(Vec<u8>);

/// Bytes that are left to read.
#[derive(Debug)]
pub(in crate::store) struct Unpacker<'a>(&'a [u8]);

/// Rows as bytes.
pub(in crate::store) fn pack<R: Packed>(rows: &[&R]) -> Vec<u8> {
    let mut to = Packer(Vec::with_capacity(USUAL_ROW * rows.len()));
    let mut before = None;
    for &row in rows {
        row.pack(before, &mut to);
        before = Some(row);
    }
    to.0
}

/// So many rows of bytes; `None` when the bytes are others.
pub(in crate::store) fn unpack<R: Packed>(bytes: &[u8], count: usize) -> Option<Vec<R>> {
    let mut from = Unpacker(bytes);
    // Each row takes a byte at least.
    let mut rows: Vec<R> = Vec::with_capacity(count.min(bytes.len()));
    for _ in 0..count {
        let row = R::unpack(rows.last(), &mut from)?;
        rows.push(row);
    }
    from.0.is_empty().then_some(rows)
}

/// A number and how many bytes it has, or which kind it is.
type Number = (u64, usize);

/// What stands for the length of a float.
const FLOAT: usize = 9;

fn whole(number: u64) -> Number {
    (number, (64 - number.leading_zeros() as usize).div_ceil(8))
}

fn step(from: i64, to: i64) -> Number {
    let step = to.wrapping_sub(from);
    whole((step << 1 ^ step >> 63).cast_unsigned())
}

fn amount(quantity: f64) -> Number {
    // Whatever the product's rounding: what is written is what is read back.
    let units = (quantity * UNITS + 0.5) as i64;
    if (0..EXACT).contains(&units) && (units as f64 / UNITS).to_bits() == quantity.to_bits() {
        whole(units.cast_unsigned())
    } else {
        (quantity.to_bits(), FLOAT)
    }
}

impl Packer {
    fn pair(&mut self, one: Number, other: Number) {
        self.0.push((one.1 | other.1 << 4) as u8);
        for (number, length) in [one, other] {
            // All eight and then the end cut off: a length that is known is no loop.
            let end = self.0.len() + length.min(8);
            self.0.extend_from_slice(&number.to_le_bytes());
            self.0.truncate(end);
        }
    }

    fn level(&mut self, before: Price, level: Level) {
        self.pair(step(before.0, level.price.0), amount(level.quantity));
    }
}

impl Unpacker<'_> {
    fn pair(&mut self) -> Option<(Number, Number)> {
        let (&lengths, rest) = self.0.split_first()?;
        self.0 = rest;
        Some((self.number(lengths & 0xF)?, self.number(lengths >> 4)?))
    }

    fn number(&mut self, length: u8) -> Option<Number> {
        let length = usize::from(length);
        let (bytes, rest) = self.0.split_at_checked(length.min(8))?;
        self.0 = rest;
        let mut number = [0; 8];
        number[..bytes.len()].copy_from_slice(bytes);
        (length <= FLOAT).then(|| (u64::from_le_bytes(number), length))
    }

    fn level(&mut self, before: Price) -> Option<Level> {
        let (price, quantity) = self.pair()?;
        Some(Level { price: Price(stepped(before.0, price)), quantity: quantity_of(quantity) })
    }
}

fn stepped(from: i64, (number, _): Number) -> i64 {
    from.wrapping_add((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

fn quantity_of((number, length): Number) -> f64 {
    if length == FLOAT { f64::from_bits(number) } else { number as f64 / UNITS }
}

impl Packed for Trade {
    fn pack(&self, before: Option<&Self>, to: &mut Packer) {
        let (id, time, price) = before.map_or((0, 0, 0), |b| (b.id, b.time, b.price.0));
        to.pair(step(id, self.id), step(time, self.time));
        to.pair(step(price, self.price.0), amount(self.quantity));
        to.pair(whole(u64::from(self.buyer_is_maker)), whole(0));
    }

    fn unpack(before: Option<&Self>, from: &mut Unpacker<'_>) -> Option<Self> {
        let (last_id, last_time, last) = before.map_or((0, 0, 0), |b| (b.id, b.time, b.price.0));
        let (id, time) = from.pair()?;
        let (price, quantity) = from.pair()?;
        let ((maker, _), _) = from.pair()?;
        Some(Self {
            id: stepped(last_id, id),
            time: stepped(last_time, time),
            price: Price(stepped(last, price)),
            quantity: quantity_of(quantity),
            buyer_is_maker: maker == 1,
        })
    }
}

/// After id and time of receipt, whether the exchange gives a time and how far that lies from the time
/// of receipt; the ask's price as how far it lies from the bid's.
impl Packed for Quote {
    fn pack(&self, before: Option<&Self>, to: &mut Packer) {
        let (id, received, bid) =
            before.map_or((0, 0, Price(0)), |b| (b.update_id, b.received, b.bid.price));
        to.pair(step(id, self.update_id), step(received, self.received));
        let time = self.time.map_or(whole(0), |time| step(self.received, time));
        to.pair(whole(u64::from(self.time.is_some())), time);
        to.level(bid, self.bid);
        to.level(self.bid.price, self.ask);
    }

    fn unpack(before: Option<&Self>, from: &mut Unpacker<'_>) -> Option<Self> {
        let (last_id, last_received, last_bid) =
            before.map_or((0, 0, Price(0)), |b| (b.update_id, b.received, b.bid.price));
        let (id, received) = from.pair()?;
        let received = stepped(last_received, received);
        let ((is_given, _), time) = from.pair()?;
        let bid = from.level(last_bid)?;
        let ask = from.level(bid.price)?;
        let time = (is_given == 1).then(|| stepped(received, time));
        Some(Self { update_id: stepped(last_id, id), time, received, bid, ask })
    }
}

/// After time and id, how many bids and asks there are, and the levels; the best bid's price as how
/// far it lies from that of the book before, the best ask's from the best bid's, and every other one's
/// from the better one's.
impl Packed for BookSnapshot {
    fn pack(&self, before: Option<&Self>, to: &mut Packer) {
        let (time, id) = before.map_or((0, 0), |before| (before.time, before.update_id));
        to.pair(step(time, self.time), step(id, self.update_id));
        to.pair(whole(self.bids.len() as u64), whole(self.asks.len() as u64));
        for (side, mut price) in
            [(&self.bids, best_bid(before)), (&self.asks, best_bid(Some(self)))]
        {
            for &level in side {
                to.level(price, level);
                price = level.price;
            }
        }
    }

    fn unpack(before: Option<&Self>, from: &mut Unpacker<'_>) -> Option<Self> {
        let (last_time, last_id) = before.map_or((0, 0), |before| (before.time, before.update_id));
        let (time, id) = from.pair()?;
        let (bids, asks) = from.pair()?;
        let mut book = Self {
            time: stepped(last_time, time),
            update_id: stepped(last_id, id),
            bids: side(from, bids, best_bid(before))?,
            asks: Vec::new(),
        };
        book.asks = side(from, asks, best_bid(Some(&book)))?;
        Some(book)
    }
}

/// Zero where there is none.
fn best_bid(book: Option<&BookSnapshot>) -> Price {
    book.and_then(|book| book.bids.first()).map_or(Price(0), |level| level.price)
}

fn side(from: &mut Unpacker<'_>, (count, _): Number, mut price: Price) -> Option<Vec<Level>> {
    let count = usize::try_from(count).ok()?;
    // Each level takes a byte at least.
    let mut levels = Vec::with_capacity(count.min(from.0.len()));
    for _ in 0..count {
        let level = from.level(price)?;
        price = level.price;
        levels.push(level);
    }
    Some(levels)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole() -> impl Strategy<Value = i64> {
        prop_oneof![any::<i64>(), -1_000_i64..1_000]
    }

    fn amount() -> impl Strategy<Value = f64> {
        let decimal = (0_u64..1 << 52, 0_i32..9).prop_map(|(n, d)| n as f64 / 10_f64.powi(d));
        prop_oneof![decimal, 0.0..1e12, Just(0.0), Just(-0.0), any::<f64>().prop_map(f64::abs)]
    }

    fn level() -> impl Strategy<Value = Level> {
        (whole(), amount()).prop_map(|(price, quantity)| Level { price: Price(price), quantity })
    }

    fn trade() -> impl Strategy<Value = Trade> {
        (whole(), whole(), level(), any::<bool>()).prop_map(|(id, time, level, buyer_is_maker)| {
            Trade { id, time, price: level.price, quantity: level.quantity, buyer_is_maker }
        })
    }

    fn quote() -> impl Strategy<Value = Quote> {
        (whole(), prop::option::of(whole()), whole(), level(), level()).prop_map(
            |(update_id, time, received, bid, ask)| Quote { update_id, time, received, bid, ask },
        )
    }

    fn book() -> impl Strategy<Value = BookSnapshot> {
        let side = || prop::collection::vec(level(), 0..30);
        (whole(), whole(), side(), side()).prop_map(|(time, update_id, bids, asks)| BookSnapshot {
            time,
            update_id,
            bids,
            asks,
        })
    }

    /// What is written the same is the same to the bit, signs of zeros and all.
    fn comes_back<R: Packed + std::fmt::Debug>(rows: &[R]) {
        let bytes = pack(&rows.iter().collect::<Vec<_>>());
        let back: Option<Vec<R>> = unpack(&bytes, rows.len());
        assert_eq!(format!("{back:?}"), format!("{:?}", Some(rows)));
        assert!(unpack::<R>(&bytes, rows.len() + 1).is_none());
        if !rows.is_empty() {
            assert!(unpack::<R>(&bytes, rows.len() - 1).is_none());
            assert!(unpack::<R>(&bytes[..bytes.len() - 1], rows.len()).is_none());
        }
    }

    proptest! {
        #[test]
        fn prop_trades_come_back(rows in prop::collection::vec(trade(), 0..20)) {
            comes_back(&rows);
        }

        #[test]
        fn prop_quotes_come_back(rows in prop::collection::vec(quote(), 0..20)) {
            comes_back(&rows);
        }

        #[test]
        fn prop_books_come_back(rows in prop::collection::vec(book(), 0..6)) {
            comes_back(&rows);
        }

        #[test]
        fn prop_any_bytes_are_read_without_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..80), count in 0_usize..1_000,
        ) {
            let _ = unpack::<Trade>(&bytes, count);
            let _ = unpack::<Quote>(&bytes, count);
            let _ = unpack::<BookSnapshot>(&bytes, count);
        }
    }

    #[test]
    fn a_usual_row_takes_few_bytes() {
        let level = |price, quantity| Level { price: Price(price), quantity };
        let quote = |n: i64| Quote {
            update_id: 50_000_000_000 + 3 * n,
            time: None,
            received: 1_700_000_000_000 + n,
            bid: level(6_183_764_000_000 + 1_000_000 * n, 0.5),
            ask: level(6_183_765_000_000 + 1_000_000 * n, 1.25),
        };
        let (one, other) = (quote(0), quote(1));
        let both = pack(&[&one, &other]).len();
        assert!(both - pack(&[&one]).len() <= 20, "{both}");
    }
}
