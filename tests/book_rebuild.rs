//! Books of the recorded files beside an independent rebuild in Python.

use std::collections::HashMap;
use std::process::Command;

use candlewick::market::{BookSnapshot, Instrument, Level, Market, Span};
use candlewick::store::Store;
use serde_json::Value;

use crate::support::{Sandbox, real_data};

/// Replays both days of a recording and compares the best 20 levels at 1,000 random moments, and what
/// was seen at every moment of the 100 ms grid.
fn both_days(test: &str, name: &str, market: Market, symbol: &str) {
    let Some(data) = real_data(test) else { return };
    let files = ["20240808", "20240809"].map(|day| {
        let file = data.join(format!("binance/recorded/{name}_{day}.jsonl.gz"));
        file.to_str().unwrap().to_owned()
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/book_rebuild.py");
    let python = std::env::var("CANDLEWICK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let rebuilt = Command::new(python).args([script, market.name()]).args(&files).output();
    let Ok(rebuilt) = rebuilt else {
        eprintln!("SKIPPED {test}: there is no python3 to rebuild the books with");
        return;
    };
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    let text = String::from_utf8(rebuilt.stdout).unwrap();
    let mut lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen = lines.pop().unwrap();
    assert_eq!(lines.len(), 1_000);

    let sandbox = Sandbox::new();
    let market_name = market.name();
    let arguments = ["ingest", "recorded", "--store", "store", "--market", market_name];
    let set = ["--set", "books.every_ms=100", "--set", "books.levels=20"];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    sandbox.done(&[&arguments[..], &set, &files].concat());
    let instrument = Instrument::new("binance", market, symbol).unwrap();
    let store = Store::open(&sandbox.path("store")).unwrap();
    let books = store.books(&instrument, Span::ALL).unwrap();
    let ends = (books[0].time, books[books.len() - 1].time);
    assert_eq!(
        (Value::from(ends.0), Value::from(ends.1)),
        (seen["first"].clone(), seen["last"].clone())
    );
    assert_eq!(seen["moments"], books.len());
    assert_eq!(seen["crossed"], 0);
    let books: HashMap<i64, &BookSnapshot> = books.iter().map(|book| (book.time, book)).collect();
    for line in &lines {
        let book = books[&line["time"].as_i64().unwrap()];
        assert_eq!(line["update_id"], book.update_id);
        let same = |levels: &[Level], side: &str| {
            let rebuilt = line[side].as_array().unwrap();
            assert_eq!((levels.len(), rebuilt.len()), (20, 20));
            for (level, pair) in levels.iter().zip(rebuilt) {
                let number = |place: usize| pair[place].as_str().unwrap().parse::<f64>().unwrap();
                assert_eq!((level.price.value(), level.quantity), (number(0), number(1)), "{line}");
            }
        };
        same(&book.bids, "bids");
        same(&book.asks, "asks");
    }
}

#[test]
fn spot_books_equal_an_independent_rebuild() {
    let test = "spot_books_equal_an_independent_rebuild";
    both_days(test, "spot_btcusdt", Market::Spot, "BTCUSDT");
}

#[test]
fn coin_margined_books_equal_an_independent_rebuild() {
    let test = "coin_margined_books_equal_an_independent_rebuild";
    both_days(test, "cm_btcusd_perp", Market::CoinM, "BTCUSD_PERP");
}
