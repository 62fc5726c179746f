//! The law that a usual message is read as the reader of any JSON reads it.

use proptest::prelude::*;

use super::*;
use crate::ingest::exchange::message::parse_any;

/// What is read here; insists that the other reader reads the same.
fn read(text: &str) -> Option<(Parsed<'_>, Levels)> {
    let (mut found, mut expected) = (Levels::default(), Levels::default());
    let parsed = usual(text, &mut found)?;
    assert_eq!(Ok(parsed.clone()), parse_any(text, &mut expected), "{text}");
    assert_eq!(found, expected, "{text}");
    Some((parsed, found))
}

#[test]
fn messages_of_every_market_are_usual() {
    for text in [
        r#"{"u":50093239225,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.92853000"}"#,
        r#"{"stream":"btcusdt@bookTicker","data":{"u":50093239225,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.92853000"}}"#,
        r#"{"e":"bookTicker","u":400900217,"E":1568014460893,"T":1568014460891,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000","ps":"BTCUSDT","st":1}"#,
        r#"{"e":"bookTicker","u":17242169,"E":1568014460893,"T":1568014460891,"s":"BTCUSD_200626","ps":"BTCUSD","b":"9548.1","B":"52","a":"9548.5","A":"11"}"#,
        r#"{"stream":"btcusd_perp@bookTicker","data":{"u":1007198632021,"e":"bookTicker","s":"BTCUSD_PERP","ps":"BTCUSD","b":"61804.7","B":"35","a":"61804.8","A":"1645","T":1723161257465,"E":1723161257476}}"#,
        r#"{"e":"depthUpdate","E":1723161255408,"s":"BTCUSDT","U":50093239208,"u":50093239224,"b":[["61837.63000000","3.78826000"],["61820.99000000","0.00000000"]],"a":[]}"#,
        r#"{"stream":"btcusd_perp@depth@100ms","data":{"e":"depthUpdate","E":1723161255408,"T":1723161255400,"s":"BTCUSD_PERP","ps":"BTCUSD","U":1,"u":9,"pu":0,"b":[],"a":[["61837.6","4"]]}}"#,
        r#"{"e":"depthUpdate","E":123456789,"T":123456788,"s":"BNBUSDT","U":157,"u":160,"pu":149,"b":[],"a":[["0.0026","0"]],"ps":"BTCUSDT","st":1}"#,
        r#"{"e":"aggTrade","E":1723161255619,"s":"BTCUSDT","a":3000001,"p":"61837.63000000","q":"0.04800000","f":3000001,"l":3000001,"T":1723161255617,"m":true,"M":true}"#,
        r#"{"e":"aggTrade","E":123456789,"s":"BNBUSDT","a":5933014,"p":"0.001","q":"100","nq":"100","f":100,"l":105,"T":123456785,"m":true,"st":1}"#,
        r#"{"e":"trade","E":1723161257687,"s":"BTCUSDT","t":3725213407,"p":"61824.00000000","q":"0.00014000","T":1723161257686,"m":false,"M":true}"#,
        r#"{"e":"trade","E":1723161257687,"T":1723161257679,"s":"BTCUSD_PERP","t":849714402,"p":"61804.8","q":"4","X":"MARKET","m":false}"#,
    ] {
        assert!(read(text).is_some(), "{text}");
    }
}

#[test]
fn what_is_not_quite_usual_is_left_to_the_other_reader() {
    for text in [
        "",
        "{",
        "{}",
        "é",
        r#"{"u":1,"s":"é","b":"1","B":"1","a":"1","A":"1"}"#,
        r#"{"u":1,"s":"X","b":"1","B":"1","a":"1","A":"1"} "#,
        r#"{"u":1,"s":"X","b":"1","B":"1","a":"1","A":"1"}}"#,
        r#"{"u":1,"s":"X","b":"1","B":"1","a":"1","A":"1"#,
        r#"{"u":-1,"s":"X","b":"1","B":"1","a":"1","A":"1"}"#,
        r#"{"u":1.0,"s":"X","b":"1","B":"1","a":"1","A":"1"}"#,
        r#"{"u":1234567890123456789,"s":"X","b":"1","B":"1","a":"1","A":"1"}"#,
        r#"{"u":1,"s":"X","b":"","B":"1","a":"1","A":"1"}"#,
        r#"{"u":1,"s":"X","b":"1e5","B":"1","a":"1","A":"1"}"#,
        r#"{"u":1,"s":"X","b":"99999999999","B":"1","a":"1","A":"1"}"#,
        r#"{"u":1,"s":"X","b":"1","B":"9999999999.99999999","a":"1","A":"1"}"#,
        r#"{"e":"trade","E":1,"s":"X","t":1,"p":"0","q":"1","T":1,"m":true}"#,
        r#"{"e":"trade","E":1,"s":"X","t":1,"p":"1","q":"1","m":true}"#,
        r#"{"e":"trade","E":9999999999999999,"s":"X","t":1,"p":"1","q":"1","T":1,"m":true}"#,
        r#"{"e":"depthUpdate","E":1,"s":"X","U":2,"u":1,"b":[],"a":[]}"#,
        r#"{"e":"depthUpdate","E":1,"s":"X","U":1,"u":1,"b":[["1","1"],],"a":[]}"#,
    ] {
        assert!(read(text).is_none(), "{text}");
    }
}

prop_compose! {
    fn any_usual()(
        kind in 0_usize..4,
        ids in (0_u64..1 << 58, 0_u64..10_000, 0_u64..1 << 40),
        event in 0_u64..5_000_000_000_000,
        decimals in prop::collection::vec("[0-9]{1,11}(\\.[0-9]{0,9})?", 8),
        pairs in prop::collection::vec(("[0-9]{1,6}\\.[0-9]{8}", "[0-9]{1,4}(\\.[0-9]{1,8})?"), 0..9),
        symbol in "[A-Z0-9_]{1,33}",
        wrapped in any::<bool>(),
        futures in any::<bool>(),
        maker in any::<bool>(),
    ) -> String {
        let (first, last, prior) = (ids.0, ids.0 + ids.1, ids.2);
        let side = |from: usize| {
            let pairs: Vec<String> =
                pairs[from.min(pairs.len())..].iter().map(|(p, q)| format!(r#"["{p}","{q}"]"#)).collect();
            pairs.join(",")
        };
        let times = if futures { format!(r#""E":{event},"T":{event},"#) } else { format!(r#""E":{event},"#) };
        let [a, b, c, d] = [&decimals[0], &decimals[1], &decimals[2], &decimals[3]];
        let data = match kind {
            0 if futures => format!(r#"{{"e":"bookTicker","u":{first},{times}"s":"{symbol}","b":"{a}","B":"{b}","a":"{c}","A":"{d}"}}"#),
            0 => format!(r#"{{"u":{first},"s":"{symbol}","b":"{a}","B":"{b}","a":"{c}","A":"{d}"}}"#),
            1 => {
                let prior = if futures { format!(r#","pu":{prior}"#) } else { String::new() };
                format!(r#"{{"e":"depthUpdate",{times}"s":"{symbol}","U":{first},"u":{last}{prior},"b":[{}],"a":[{}]}}"#, side(0), side(4))
            }
            2 => format!(r#"{{"e":"aggTrade","E":{event},"s":"{symbol}","a":{first},"p":"{a}","q":"{b}","f":1,"l":2,"T":{event},"m":{maker},"M":true}}"#),
            _ => format!(r#"{{"e":"trade",{times}"s":"{symbol}","t":{first},"p":"{a}","q":"{b}","T":{event},"m":{maker}}}"#),
        };
        if wrapped { format!(r#"{{"stream":"x@y_z","data":{data}}}"#) } else { data }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn prop_reads_what_the_other_reader_reads(text in any_usual()) {
        read(&text);
    }

    #[test]
    fn prop_a_damaged_text_is_read_the_same_or_not_at_all(
        text in any_usual(),
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(b"0159.\"',:[]{}eE-x \\\xC3".to_vec()),
        how in 0_u8..4,
    ) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        match how {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 => { bytes.remove(at); }
            _ => bytes.truncate(at),
        }
        if let Ok(text) = str::from_utf8(&bytes) {
            read(text);
        }
    }

    #[test]
    fn prop_eight_digits_are_what_the_standard_reads(bytes in any::<[u8; 8]>(), number in 0_u64..100_000_000) {
        let expected = str::from_utf8(&bytes).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        prop_assert_eq!(eight_digits(bytes), expected.and_then(|text| text.parse().ok()));
        let text = format!("{number:08}");
        prop_assert_eq!(eight_digits(text.as_bytes().try_into().unwrap()), Some(number));
    }
}

/// Recorded lines: nearly all of them are usual.
#[test]
fn recorded_lines_are_usual() {
    use std::io::{BufRead, BufReader};
    let Some(folder) = std::env::var_os("CANDLEWICK_DATA") else {
        #[allow(clippy::print_stderr)] // Whoever reads the tests' output has to know.
        {
            eprintln!("SKIPPED recorded_lines_are_usual: CANDLEWICK_DATA is unset");
        }
        return;
    };
    let folder = std::path::Path::new(&folder).join("binance/recorded");
    for name in ["spot_btcusdt_20240808", "cm_btcusd_perp_20240808"] {
        let file = std::fs::File::open(folder.join(format!("{name}.jsonl.gz"))).unwrap();
        let (mut lines, mut seen) = (0, 0);
        for line in BufReader::new(flate2::read::GzDecoder::new(file)).lines().take(20_000) {
            let line = line.unwrap();
            let (_, text) = line.split_once(' ').unwrap();
            lines += 1;
            seen += usize::from(read(text).is_some());
        }
        assert!(lines > 1_000 && seen * 100 > lines * 95, "{name}: {seen} of {lines}");
    }
}
