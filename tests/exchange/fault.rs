//! How the exchange misbehaves on command.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::message::{Item, Message};

/// What a skip or a reordering touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touched {
    Depth,
    AggTrade,
    /// Final candles.
    Candle,
    All,
}

impl Touched {
    pub fn touches(self, message: &Message) -> bool {
        match (self, &message.item) {
            (Self::All, _)
            | (Self::Depth, Item::Depth { .. })
            | (Self::AggTrade, Item::AggTrade { .. }) => true,
            (Self::Candle, Item::Candle { is_final, .. }) => *is_final,
            _ => false,
        }
    }
}

/// A fault of the REST side, met by the next calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestFault {
    /// 429 with `Retry-After` of so many seconds.
    TooMany(u64),
    /// 418 with `Retry-After` of so many seconds.
    Banned(u64),
    /// A 5xx status.
    Failing(u16),
    /// An answer that comes so many ms late.
    Slow(u64),
    /// The connection closes without an answer.
    Reset,
    /// 200 with something that is no JSON.
    Garbage,
    /// 200 with half of the answer, then the connection closes.
    Half,
    /// Depth as it was when the fault was ordered.
    StaleDepth,
    /// A checksum that is another file's.
    WrongChecksum,
}

/// One fault; those of a line strike every line that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The line drops without a word.
    Cut,
    /// The line drops in the middle of a message.
    HalfFrame,
    /// The exchange closes the line with this code.
    Close(u16),
    /// Nothing more comes over the line, which stays open; not even a ping.
    Silence,
    /// Messages wait for so many ms of the exchange's time and come at once then.
    Stall(i64),
    /// The next messages come twice: each is followed by itself.
    Duplicate(usize),
    /// The last messages come once more.
    Echo,
    /// The next messages come in another order.
    Reorder(Touched, usize),
    /// The next messages do not come.
    Skip(Touched, usize),
    /// Things that are no message.
    Malformed,
    /// Messages of kinds, symbols and fields that nobody knows.
    Unknown,
    /// `serverShutdown`, and so many ms of the exchange's time later the line closes.
    Shutdown(i64),
    /// New lines are refused with 503 for so many ms of the exchange's time, and those open drop.
    Refuse(i64),
    /// The next calls of the REST side meet a fault.
    Rest(RestFault, usize),
}

/// Faults in play at random, each kind as often as another; REST faults are ordered just before the
/// line drops, since it is then that the client asks.
///
/// Quotes of spot have no consecutive ids: nobody can see that one was skipped, so none is.
pub fn random_schedule(seed: u64, count: usize, from: i64, to: i64) -> Vec<(i64, Fault)> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut faults = Vec::new();
    for turn in 0..count {
        let at = random.random_range(from..to);
        let some = random.random_range(1..12_usize);
        let mut push = |fault| faults.push((at, fault));
        match turn % 20 {
            0 => push(Fault::Cut),
            1 => push(Fault::Skip(Touched::Depth, some)),
            2 => push(Fault::Duplicate(some * 5)),
            3 => push(Fault::Reorder(Touched::Depth, 2 + some)),
            4 => push(Fault::Malformed),
            5 => push(Fault::Close(1_001)),
            6 => push(Fault::Skip(Touched::AggTrade, some * 3)),
            7 => push(Fault::Stall(500 * some as i64)),
            8 => push(Fault::Unknown),
            9 => push(Fault::Shutdown(2_000)),
            10 => push(Fault::Echo),
            11 => push(Fault::HalfFrame),
            12 => push(Fault::Reorder(Touched::AggTrade, 2 + some)),
            13 => push(Fault::Skip(Touched::Candle, 1)),
            14 => push(Fault::Refuse(3_000)),
            15 => {
                push(Fault::Rest(RestFault::TooMany(1), 1));
                push(Fault::Cut);
            }
            16 => {
                push(Fault::Rest(RestFault::Failing(503), 2));
                push(Fault::Cut);
            }
            17 => {
                push(Fault::Rest(RestFault::StaleDepth, 1));
                push(Fault::Cut);
            }
            18 => {
                push(Fault::Rest(RestFault::Banned(1), 1));
                push(Fault::Close(1_000));
            }
            _ => {
                push(Fault::Rest(RestFault::Garbage, 1));
                push(Fault::Rest(RestFault::Slow(50), 1));
                push(Fault::Cut);
            }
        }
    }
    // Stable, so that a REST fault stays before its drop.
    faults.sort_by_key(|(at, _)| *at);
    faults
}

/// What a line carries that is no message.
pub fn malformed(symbol: &str) -> Vec<Vec<u8>> {
    let lower = symbol.to_lowercase();
    let mut all: Vec<Vec<u8>> = [
        "",
        "{",
        "null",
        "[]",
        "42",
        "\"text\"",
        "{\"stream\":5,\"data\":7}",
        "{\"stream\":\"\",\"data\":null}",
        "{\"data\":{\"e\":\"depthUpdate\"}}",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    let bodies = [
        format!(r#"{{"e":"depthUpdate","E":1,"s":"{symbol}","U":"1","u":null,"b":7,"a":[[]]}}"#),
        format!(r#"{{"e":"depthUpdate","E":1,"s":"{symbol}","U":2,"u":1,"b":[["x","y"]],"a":[]}}"#),
        format!(r#"{{"e":"depthUpdate","E":-99999999999999999999,"s":"{symbol}","U":1,"u":2}}"#),
        format!(
            r#"{{"e":"aggTrade","E":1,"s":"{symbol}","a":9223372036854775808,"p":"1","q":"1"}}"#
        ),
        format!(
            r#"{{"e":"aggTrade","E":1,"s":"{symbol}","a":1,"p":"-1","q":"1e999","T":1,"m":0}}"#
        ),
        format!(r#"{{"u":1,"s":"{symbol}","b":"","B":"NaN","a":"0","A":"-0"}}"#),
        format!(r#"{{"e":"kline","E":1,"s":"{symbol}","k":{{"t":1,"x":true,"i":"1m","o":"1"}}}}"#),
        format!(r#"{{"e":"kline","E":1,"s":"{symbol}","k":[true]}}"#),
    ];
    for (body, stream) in bodies.iter().zip([
        "depth@100ms",
        "depth@100ms",
        "depth@100ms",
        "aggTrade",
        "aggTrade",
        "bookTicker",
        "kline_1m",
        "kline_1m",
    ]) {
        all.push(format!(r#"{{"stream":"{lower}@{stream}","data":{body}}}"#).into_bytes());
    }
    all.push([b"[".repeat(5_000), b"]".repeat(5_000)].concat());
    all
}

/// Well-formed messages of what nobody knows.
pub fn unknown(symbol: &str) -> Vec<Vec<u8>> {
    let lower = symbol.to_lowercase();
    [
        format!(r#"{{"stream":"{lower}@newThing","data":{{"e":"newThing","E":1,"s":"{symbol}"}}}}"#),
        r#"{"stream":"nobody@aggTrade","data":{"e":"aggTrade","E":1,"s":"NOBODY","a":1,"p":"1","q":"1","f":1,"l":1,"T":1,"m":true}}"#.to_owned(),
        r#"{"result":null,"id":987654}"#.to_owned(),
        r#"{"e":"listenKeyExpired","E":1}"#.to_owned(),
        r#"{"code":0,"msg":"something"}"#.to_owned(),
    ]
    .map(String::into_bytes)
    .to_vec()
}
