//! A market that is a pure function of symbol and time, so that a store can be held against it.

use candlewick::market::{Candle, Price, Trade};

pub const MINUTE: i64 = 60_000;

/// 2019-01-01, when the market opened.
pub const LISTED: i64 = 1_546_300_800_000;

/// Milliseconds between two trades, and the first trade's id.
pub const TRADE_EVERY: i64 = 500;

/// A hash of a symbol and a number (splitmix64).
fn chance(symbol: &str, number: i64) -> u64 {
    let seed = symbol.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
    let mut z = seed.wrapping_add((number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Whether the exchange was down at this candle: three hours in every 40 days and single minutes.
pub fn is_outage(symbol: &str, open_time: i64) -> bool {
    let minute = open_time / MINUTE;
    minute % 57_600 < 180 || chance(symbol, minute).is_multiple_of(5000)
}

/// The texts of a candle: open, high, low, close, volume, quote volume, trades, taker's parts.
pub fn texts(symbol: &str, open_time: i64) -> [String; 9] {
    let dice = chance(symbol, open_time);
    let open = 10_000 + dice % 5_000;
    let close = 10_000 + (dice >> 13) % 5_000;
    let high = open.max(close) + (dice >> 26) % 100;
    let low = open.min(close) - (dice >> 33) % 100;
    let volume = (dice >> 40) % 100_000;
    let cents = |value: u64| format!("{}.{:02}", value / 100, value % 100);
    let milli = |value: u64| format!("{}.{:03}00000", value / 1000, value % 1000);
    [
        cents(open),
        cents(high),
        cents(low),
        cents(close),
        milli(volume),
        milli(volume * 100),
        (volume % 977).to_string(),
        milli(volume / 2),
        milli(volume * 40),
    ]
}

/// A row as the exchange writes it.
pub fn row(symbol: &str, open_time: i64, interval: i64) -> String {
    let [open, high, low, close, volume, quote, trades, taker, taker_quote] =
        texts(symbol, open_time);
    let close_time = open_time + interval - 1;
    format!(
        r#"[{open_time},"{open}","{high}","{low}","{close}","{volume}",{close_time},"{quote}",{trades},"{taker}","{taker_quote}","0"]"#
    )
}

/// The candle that a store should hold.
pub fn candle(symbol: &str, open_time: i64) -> Candle {
    let texts = texts(symbol, open_time);
    let number = |place: usize| texts[place].parse::<f64>().unwrap();
    Candle {
        open_time,
        open: number(0),
        high: number(1),
        low: number(2),
        close: number(3),
        volume: number(4),
        quote_volume: Some(number(5)),
        trades: Some(texts[6].parse().unwrap()),
        taker_buy_volume: Some(number(7)),
        taker_buy_quote_volume: Some(number(8)),
    }
}

/// The trade of an id; a few ids the exchange does not have.
pub fn trade(symbol: &str, id: i64) -> Option<Trade> {
    let dice = chance(symbol, -id);
    (id >= 0 && id % 701 != 5).then(|| Trade {
        id,
        time: LISTED + id * TRADE_EVERY,
        price: Price(((10_000 + dice % 5_000) * 1_000_000) as i64),
        quantity: (dice >> 20 & 0xfff) as f64 / 8.0,
        buyer_is_maker: dice & 1 == 1,
    })
}
