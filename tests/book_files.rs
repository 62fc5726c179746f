//! LOBSTER's files and CSV files of books into the store.

use std::io::Write;

use candlewick::market::{BookSnapshot, Channel, Instrument, Level, Market, Price, Span, Trade};
use candlewick::store::{Store, check};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::{Finished, Sandbox};

const MESSAGES: &str = "\
34200.004241176,1,16113575,18,5853300,1
34200.025551909,4,16113584,10,5859400,-1
34200.189607670,5,0,7,5853400,1
34200.301,3,16113575,18,5853300,1
34201.5,x,1,1,5853300,1
";
const BOOKS: &str = "\
5859400,200,5853300,18,5859800,200,5853000,150
5859400,190,5853300,18,5859800,200,5853000,150
5859400,190,5853300,11,9999999999,0,5853000,150
5859400,190,5853000,150,5859800,200,-9999999999,0
5859400,190,5853000,150,5859800,200,-9999999999,0
";

fn level(price: &str, quantity: f64) -> Level {
    Level { price: Price::parse(price).unwrap(), quantity }
}

fn lobster(sandbox: &Sandbox, midnight: &str) -> Finished {
    sandbox.run(&[
        "ingest",
        "lobster",
        "m.csv",
        "b.csv",
        "--symbol",
        "AMZN",
        "--midnight",
        midnight,
        "--store",
        "store",
        "--json",
    ])
}

#[test]
fn a_day_of_lobster_gives_books_and_trades_once() {
    let sandbox = Sandbox::new();
    sandbox.write("m.csv", MESSAGES);
    sandbox.write("b.csv", BOOKS);
    let done = lobster(&sandbox, "2012-06-21T04:00:00Z");
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.out.contains("m.csv:5: type `x` is none of 1 to 7"), "{done:?}");
    let told: Value = serde_json::from_str(done.out.lines().next_back().unwrap()).unwrap();
    assert_eq!((&told["books"], &told["trades"]), (&Value::from(3), &Value::from(2)));

    let store = Store::open(&sandbox.path("store")).unwrap();
    let instrument = Instrument::new("nasdaq", Market::Spot, "AMZN").unwrap();
    let books = store.books(&instrument, Span::ALL).unwrap();
    // 2012-06-21T13:30:00Z; of the first tenth of a second the second book is the last.
    let open = 1_340_285_400_000;
    let times: Vec<i64> = books.iter().map(|book| book.time - open).collect();
    assert_eq!(times, [25, 189, 301]);
    let second = BookSnapshot {
        time: open + 189,
        update_id: books[1].update_id,
        bids: vec![level("585.33", 11.0), level("585.3", 150.0)],
        asks: vec![level("585.94", 190.0)],
    };
    assert_eq!(books[1], second);
    let trades = store.trades(&instrument, Channel::Trades, Span::ALL).unwrap();
    let price = |text: &str| Price::parse(text).unwrap();
    let [first, hidden] = trades[..] else { panic!("{trades:?}") };
    let expected = |id, time, price, quantity, buyer_is_maker| Trade {
        id,
        time: open + time,
        price,
        quantity,
        buyer_is_maker,
    };
    assert_eq!(first, expected(first.id, 25, price("585.94"), 10.0, false));
    assert_eq!(hidden, expected(first.id + 1, 189, price("585.34"), 7.0, true));
    assert!(check(&store).unwrap().is_sound());
    drop(store);

    let again = lobster(&sandbox, "2012-06-21T04:00:00Z");
    let told: Value = serde_json::from_str(again.out.lines().next_back().unwrap()).unwrap();
    assert_eq!((&told["books"], &told["trades"]), (&Value::from(0), &Value::from(0)));
    // The day before cannot come after it.
    let earlier = lobster(&sandbox, "2012-06-20T04:00:00Z");
    assert_eq!(earlier.code, Some(3), "{earlier:?}");
    assert!(earlier.err.contains("order of time"), "{earlier:?}");
    sandbox.write("b.csv", BOOKS.split_once('\n').unwrap().1);
    let halves = lobster(&sandbox, "2012-06-22T04:00:00Z");
    assert!(halves.code == Some(3) && halves.err.contains("more rows than"), "{halves:?}");
}

#[test]
fn books_of_any_csv_are_stored_and_bad_rows_refused() {
    let sandbox = Sandbox::new();
    let text = "ts,u,bp,bq,ap,aq\n\
                1673302660000,1,100.5,2,101,1\n\
                1673302660200,2,101.5,2,101,1\n\
                1673302660400,3,100.25,3,100.75,0.5\n\
                1673302660300,4,100.25,3,100.75,0.5\n\
                1673302660600,5,100.25,3\n";
    let file = std::fs::File::create(sandbox.path("books.csv.gz")).unwrap();
    let mut file = GzEncoder::new(file, Compression::fast());
    file.write_all(text.as_bytes()).unwrap();
    file.finish().unwrap();
    let columns = "time_ms_or_us,update_id,bid_price,bid_size,ask_price,ask_size";
    let arguments =
        ["ingest", "book-csv", "books.csv.gz", "--symbol", "BTCUSDT", "--market", "usd_m"];
    let rest = ["--columns", columns, "--store", "store", "--json"];
    let done = sandbox.run(&[&arguments[..], &rest].concat());
    assert_eq!(done.code, Some(3), "{done:?}");
    for told in [
        "books.csv.gz:3: its best bid 101.5 reaches its best ask 101",
        "books.csv.gz:5: it lies before the row before it",
        "books.csv.gz:6: it has 4 fields, expected 6",
    ] {
        assert!(done.out.contains(told), "{told} {done:?}");
    }
    let store = Store::open(&sandbox.path("store")).unwrap();
    let instrument = Instrument::new("binance", Market::UsdM, "BTCUSDT").unwrap();
    let books = store.books(&instrument, Span::ALL).unwrap();
    assert_eq!(books.len(), 2);
    assert_eq!(books[1].bids, [level("100.25", 3.0)]);
    assert_eq!(books[1].update_id, 3);
    let wrong = sandbox.run(&["ingest", "book-csv", "a", "--symbol", "A", "--columns", "time,ask"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.err.contains("unknown column `ask`"), "{wrong:?}");
}
