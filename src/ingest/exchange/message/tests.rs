//! Messages as the documents and the recordings have them, and the law that serde reads the same.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::market::Price;

fn read(text: &str) -> (Result<Parsed<'_>, Malformed>, Levels) {
    let mut levels = Levels::default();
    let parsed = parse(text, &mut levels);
    (parsed, levels)
}

fn level(price: &str, quantity: f64) -> Level {
    Level { price: Price::parse(price).unwrap(), quantity }
}

#[test]
fn depth_of_spot_and_futures() {
    let (parsed, levels) = read(
        r#"{"stream":"bnbbtc@depth@100ms","data":{"e":"depthUpdate","E":1672515782136,"s":"BNBBTC","U":157,"u":160,"b":[["0.0024","10"]],"a":[["0.0026","100"]]}}"#,
    );
    let update = DepthUpdate {
        symbol: "BNBBTC",
        event_time: 1_672_515_782_136,
        first_id: 157,
        last_id: 160,
        previous_id: None,
    };
    assert_eq!(
        parsed,
        Ok(Parsed { stream: Some("bnbbtc@depth@100ms"), message: Message::Depth(update) })
    );
    assert_eq!(levels.bids, [level("0.0024", 10.0)]);
    assert_eq!(levels.asks, [level("0.0026", 100.0)]);

    let (parsed, levels) = read(
        r#"{"e":"depthUpdate","E":123456789,"T":123456788,"s":"BNBUSDT","U":157,"u":160,"pu":149,"b":[],"a":[["0.0026","0"]],"ps":"BTCUSDT","st":1,"new":{"x":[1,{}]}}"#,
    );
    let Message::Depth(update) = parsed.unwrap().message else { panic!("no depth") };
    assert_eq!((update.symbol, update.previous_id), ("BNBUSDT", Some(149)));
    assert_eq!(levels.asks, [level("0.0026", 0.0)]);
}

#[test]
fn quotes_with_and_without_an_event_name() {
    let spot = r#"{"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}"#;
    let Message::BookTicker(quote) = read(spot).0.unwrap().message else { panic!("no quote") };
    assert_eq!(quote.event_time, None);
    assert_eq!(quote.bid, level("25.3519", 31.21));
    let futures = r#"{"e":"bookTicker","u":400900217,"E":1568014460893,"T":1568014460891,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000","ps":"BTCUSDT","st":1}"#;
    let Message::BookTicker(quote) = read(futures).0.unwrap().message else { panic!("no quote") };
    assert_eq!(quote.event_time, Some(1_568_014_460_893));
}

#[test]
fn trades_and_candles() {
    let text = r#"{"e":"aggTrade","E":123456789,"s":"BNBUSDT","a":5933014,"p":"0.001","q":"100","nq":"100","f":100,"l":105,"T":123456785,"m":true,"st":1}"#;
    let Message::AggTrade(trade) = read(text).0.unwrap().message else { panic!("no trade") };
    assert_eq!((trade.trade.id, trade.trade.time), (5_933_014, 123_456_785));
    assert!(trade.trade.buyer_is_maker);
    let text = r#"{"e":"trade","E":1723161257687,"T":1723161257679,"s":"BTCUSD_PERP","t":849714402,"p":"61804.8","q":"4","X":"MARKET","m":false}"#;
    let Message::Trade(trade) = read(text).0.unwrap().message else { panic!("no trade") };
    assert_eq!(trade.trade.id, 849_714_402);
    let text = r#"{"e":"kline","E":1672515782136,"s":"BNBBTC","k":{"t":1672515780000,"T":1672515839999,"s":"BNBBTC","i":"1m","f":100,"L":200,"o":"0.0010","c":"0.0020","h":"0.0025","l":"0.0015","v":"1000","n":100,"x":false,"q":"1.0000","V":"500","Q":"0.500","B":"123456"}}"#;
    let Message::Kline(kline) = read(text).0.unwrap().message else { panic!("no candle") };
    assert_eq!(kline.interval, Some(Interval::MINUTE));
    assert!(!kline.is_final);
    assert_eq!((kline.candle.open, kline.candle.high, kline.candle.low), (0.001, 0.0025, 0.0015));
    assert_eq!((kline.candle.trades, kline.candle.taker_buy_volume), (Some(100), Some(500.0)));
}

#[test]
fn what_a_connection_says_of_itself() {
    let message = |text| read(text).0.unwrap().message;
    assert_eq!(message(r#"{"result":null,"id":7}"#), Message::Accepted { id: Some(7) });
    assert_eq!(
        message(r#"{"code":2,"msg":"Invalid request","id":1}"#),
        Message::Refused { code: Some("2"), text: "Invalid request" }
    );
    assert_eq!(
        message(r#"{"error":{"code":-1,"msg":"no"},"id":1}"#),
        Message::Refused { code: Some("-1"), text: "no" }
    );
    assert_eq!(
        message(r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#),
        Message::ServerShutdown
    );
    assert_eq!(
        message(r#"{"e":"forceOrder","o":{"s":"X"}}"#),
        Message::Unknown(Some("forceOrder"))
    );
    assert_eq!(message("{}"), Message::Unknown(None));
}

#[test]
fn snapshots_of_each_market() {
    let (parsed, levels) = read(
        r#"{"lastUpdateId":1027024,"E":5,"T":4,"symbol":"BTCUSD_PERP","pair":"BTCUSD","bids":[["4.00000000","431.00000000"]],"asks":[["4.00000200","12.00000000"]]}"#,
    );
    let head = SnapshotHead {
        symbol: Some("BTCUSD_PERP"),
        last_update_id: 1_027_024,
        event_time: Some(5),
    };
    assert_eq!(parsed.unwrap().message, Message::Snapshot(head));
    assert_eq!((levels.bids.len(), levels.asks.len()), (1, 1));
}

#[test]
fn malformed_texts_are_told_from_unknown_ones() {
    for wrong in [
        "",
        "[]",
        "null",
        "{",
        r#"{"e":"trade"}"#,
        r#"{"e":"depthUpdate","E":1,"s":"X","U":2,"u":1,"b":[],"a":[]}"#,
        r#"{"e":"depthUpdate","E":1,"s":"X","U":1,"u":1,"b":[["1"]],"a":[]}"#,
        r#"{"e":"depthUpdate","E":1,"s":"X","U":1,"u":1,"b":[["-1","1"]],"a":[]}"#,
        r#"{"e":"depthUpdate","E":9999999999999999,"s":"X","U":1,"u":1,"b":[],"a":[]}"#,
        r#"{"e":"depthUpdate","E":1,"s":"x'; drop","U":1,"u":1,"b":[],"a":[]}"#,
        r#"{"a":1} trailing"#,
        r#"{"a":"open"#,
        "{\"a\":\"\\",
    ] {
        assert!(read(wrong).0.is_err(), "{wrong}");
    }
    assert!(read(&"{\"x\":".repeat(100_000)).0.is_err());
    assert!(read(&format!("{{\"x\":{}", "[".repeat(100_000))).0.is_err());
}

/// The same by a parser of its own: serde's tree.
fn by_serde(text: &str) -> Option<(i64, i64, Option<i64>, Vec<(String, f64)>)> {
    let tree: Value = serde_json::from_str(text).ok()?;
    let data = tree.get("data").unwrap_or(&tree);
    let levels = ["b", "a"].into_iter().flat_map(|side| data[side].as_array().cloned().unwrap());
    let pair = |level: Value| {
        (level[0].as_str().unwrap().to_owned(), level[1].as_str().unwrap().parse().unwrap())
    };
    Some((
        data["U"].as_i64()?,
        data["u"].as_i64()?,
        data.get("pu").and_then(Value::as_i64),
        levels.map(pair).collect(),
    ))
}

prop_compose! {
    fn any_depth()(
        first in 0_i64..1 << 50,
        length in 0_i64..1000,
        previous in prop::option::of(0_i64..1 << 50),
        bids in prop::collection::vec(("[1-9][0-9]{0,8}(\\.[0-9]{1,8})?", "[0-9]{1,8}(\\.[0-9]{1,8})?"), 0..30),
        asks in prop::collection::vec(("[1-9][0-9]{0,8}(\\.[0-9]{1,8})?", "[0-9]{1,8}(\\.[0-9]{1,8})?"), 0..30),
        extra in "[a-z]{2,8}",
        wrapped in any::<bool>(),
        pretty in any::<bool>(),
    ) -> String {
        let mut data = serde_json::json!({
            "e": "depthUpdate", "E": 1, extra: [{"deep": [null, true, -1.5e3, "text"]}],
            "s": "BTCUSDT", "U": first, "u": first + length, "b": bids, "a": asks,
        });
        if let Some(previous) = previous {
            data["pu"] = previous.into();
        }
        if wrapped {
            data = serde_json::json!({ "stream": "btcusdt@depth", "data": data });
        }
        if pretty { serde_json::to_string_pretty(&data) } else { serde_json::to_string(&data) }.unwrap()
    }
}

proptest! {
    #[test]
    fn prop_reads_what_serde_reads(text in any_depth()) {
        let (parsed, levels) = read(&text);
        let Message::Depth(update) = parsed.unwrap().message else { panic!("no depth") };
        let (first, last, previous, pairs) = by_serde(&text).unwrap();
        prop_assert_eq!((update.first_id, update.last_id, update.previous_id), (first, last, previous));
        let read: Vec<_> = levels.bids.iter().chain(&levels.asks).copied().collect();
        let expected: Vec<_> =
            pairs.iter().map(|(price, quantity)| level(price, *quantity)).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn prop_a_damaged_text_never_panics(text in any_depth(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(text) = str::from_utf8(&bytes) {
            let _ = read(text);
        }
        bytes.truncate(at);
        if let Ok(text) = str::from_utf8(&bytes) {
            prop_assert!(read(text).0.is_err());
        }
    }

    #[test]
    fn prop_any_text_never_panics(text in "[\\[\\]{}\",:\\\\a-z0-9é]{0,60}") {
        let _ = read(&text);
    }
}
