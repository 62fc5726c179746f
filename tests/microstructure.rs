//! Features of books and trades, and candles made of trades.

use std::path::Path;

use candlewick::features::{
    CandleOrigin, Feature, FeatureBuilder, FeatureConfig, FeatureError, Inputs, candles_of_trades,
};
use candlewick::features::{CandleSource, Input, build};
use candlewick::ingest::live::desk::BookSettings;
use candlewick::ingest::recorded::{RecordedConfig, ingest_recorded};
use candlewick::market::{
    BookSnapshot, Candle, CandleSeries, Channel, Interval, Level, Market, Price, Span, Trade,
};
use candlewick::store::Store;

use crate::features::{config, instrument, interval, series};
use crate::streams::Streams;
use crate::support::real_data;

const SECOND: i64 = 1_000;

fn trade(time: i64, price: f64, signed: f64) -> Trade {
    let price = Price::of_value(price).unwrap();
    Trade { id: time, time, price, quantity: signed.abs(), buyer_is_maker: signed < 0.0 }
}

fn book(time: i64, bids: &[(f64, f64)], asks: &[(f64, f64)]) -> BookSnapshot {
    let side = |levels: &[(f64, f64)]| {
        let level = |&(price, quantity): &(f64, f64)| Level {
            price: Price::of_value(price).unwrap(),
            quantity,
        };
        levels.iter().map(level).collect()
    };
    BookSnapshot { time, update_id: 0, bids: side(bids), asks: side(asks) }
}

fn still(seconds: std::ops::Range<i64>) -> CandleSeries {
    let candle = |second: i64| Candle {
        open_time: second * SECOND,
        open: 100.0,
        high: 100.0,
        low: 100.0,
        close: 100.0,
        volume: 0.0,
        quote_volume: Some(0.0),
        trades: Some(0),
        taker_buy_volume: Some(0.0),
        taker_buy_quote_volume: Some(0.0),
    };
    series(interval("1s"), &seconds.map(candle).collect::<Vec<_>>())
}

/// Trades and books of the recorded spot day, books every 100 ms.
fn recorded(data: &Path) -> Streams {
    let files = ["20240808", "20240809"]
        .map(|day| data.join(format!("binance/recorded/spot_btcusdt_{day}.jsonl.gz")));
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let books = BookSettings { every_ms: 100, ..BookSettings::default() };
    let config = RecordedConfig { venue: "binance".into(), market: Market::Spot, books };
    let report = ingest_recorded(&mut store, &files, &config, &mut |_| {}, &mut |_, _| {}).unwrap();
    assert_eq!((report.refused, report.gaps), (0, 0));
    let (trades, books) = (Channel::Trades, Span::ALL);
    Streams {
        trades: store.trades(&instrument(), trades, Span::ALL).unwrap(),
        books: store.books(&instrument(), books).unwrap(),
    }
}

/// Golden values: `tests/reference/microstructure_golden.py` from the raw lines.
#[test]
fn values_equal_numpy_on_the_recorded_day() {
    let Some(data) = real_data("values_equal_numpy_on_the_recorded_day") else { return };
    let streams = recorded(&data);
    let candles = candles_of_trades(&instrument(), interval("1s"), &streams.trades, &[]).unwrap();
    let golden =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/microstructure_btcusdt_1s.csv");
    let mut reader = csv::Reader::from_path(golden).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().skip(1).map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let ours = Feature::ALL.iter().filter(|feature| feature.info().reads_inside()).count();
    assert_eq!(names.len(), ours, "every feature of books and trades has golden values");
    let mut wrong = Vec::new();
    for (column, name) in names.iter().enumerate() {
        let mut state = name.parse::<Feature>().unwrap().state();
        let values: Vec<Option<f64>> = candles
            .iter()
            .map(|candle| streams.tell(&mut *state, &candle, interval("1s")))
            .collect();
        let (mut worst, mut compared): (f64, usize) = (0.0, 0);
        for row in &rows {
            let index = candles.position(row[0].parse().unwrap()).unwrap();
            let theirs: Option<f64> = row[column + 1].parse().ok();
            match (values[index], theirs) {
                (Some(ours), Some(theirs)) => {
                    // Where the truth is 0 both sides differ by the rounding of their terms.
                    worst = worst.max((ours - theirs).abs() / theirs.abs().max(1e-6));
                    compared += 1;
                }
                (None, None) => {}
                (ours, theirs) => wrong.push(format!("{name} at {}: {ours:?} {theirs:?}", &row[0])),
            }
        }
        assert!(compared >= 40, "{name}: {compared} rows");
        if worst > 1e-6 {
            wrong.push(format!("{name}: {worst:e}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Without trades and with a book that stands, every feature has its neutral value.
#[test]
fn silence_is_defined() {
    let candles = still(0..150);
    let stands = [book(10, &[(99.0, 2.0), (98.0, 1.0)], &[(101.0, 2.0), (102.0, 1.0)])];
    let (trades, books) = (Some(&[][..]), Some(&stands[..]));
    let inputs = Inputs { trades, books, ..Inputs::of(&candles) };
    let table = build(&FeatureConfig::default(), &inputs).unwrap();
    let not_zero = [
        ("book_spread", 200.0),
        ("book_spread_mean", 200.0),
        ("near_depth_5bp_24", 1.0),
        ("near_depth_10bp_24", 1.0),
        ("near_depth_25bp_24", 1.0),
        ("bid_slope", 1.0 / 300.0),
        ("ask_slope", 1.0 / 300.0),
        ("arrival_ratio_6_24", 1.0),
        ("hawkes_ratio_1_24", 1.0),
    ];
    for &feature in Feature::ALL.iter().filter(|feature| feature.info().reads_inside()) {
        let expected = not_zero.iter().find(|(name, _)| *name == feature.name());
        let expected = expected.map_or(0.0, |&(_, value)| value);
        let column = table.column(feature.name()).unwrap();
        for row in 0..table.rows() {
            let found = f64::from(table.row(row)[column]);
            assert!((found - expected).abs() < 1e-6, "{feature} is {found}");
        }
    }
}

/// A snapshot stands until the next one; of a stretch that was not seen nothing is known after it.
#[test]
fn the_book_stands_until_it_changes_or_is_not_seen() {
    let candles = still(0..8);
    let first = book(10, &[(99.0, 3.0)], &[(101.0, 1.0)]);
    let second = book(5_500, &[(99.0, 1.0)], &[(101.0, 1.0)]);
    let books = [first.clone(), second.clone()];
    let of = |books: &[BookSnapshot], unseen: &[Span]| {
        let inputs = Inputs { books: Some(books), unseen, ..Inputs::of(&candles) };
        let table = build(&config(&["book_imbalance_top1"], None), &inputs).unwrap();
        let seconds: Vec<i64> = table.open_time.iter().map(|time| time / SECOND).collect();
        (seconds, table.values)
    };
    let stands = of(&books, &[]);
    assert_eq!(stands.0, (0..8).collect::<Vec<_>>());
    assert_eq!(stands.1, [0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0]);
    let unseen = [Span { start: 2_999, end: 3_000 }];
    assert_eq!(of(&books, &unseen), (vec![0, 1, 5, 6, 7], vec![0.5, 0.5, 0.0, 0.0, 0.0]));
    // A moment without length still hides what happened then.
    let moment = [Span { start: 2_500, end: 2_500 }];
    assert_eq!(of(&books, &moment).0, [0, 1, 5, 6, 7]);
    // Neither does a book with an empty side, or one that is crossed, stand for the one before.
    for broken in [book(3_100, &[], &[(101.0, 1.0)]), book(3_100, &[(102.0, 1.0)], &[(101.0, 1.0)])]
    {
        let books = [first.clone(), broken, second.clone()];
        assert_eq!(of(&books, &[]).0, [0, 1, 2, 5, 6, 7]);
    }
    let late = FeatureBuilder::new(
        &config(&["book_spread"], None),
        &CandleSource::of(&candles).with(&[Input::BookStream]),
        &[],
    );
    let mut late = late.unwrap();
    late.push_base(&candles.candle(0)).unwrap();
    let refused = late.push_unseen(Span { start: 500, end: 2_000 });
    assert!(matches!(refused, Err(FeatureError::Late { time: 500, .. })));
}

#[test]
fn the_book_s_levels_are_columns() {
    let candles = still(0..3);
    let books = [book(10, &[(99.0, 2.0), (98.0, 1.0)], &[(101.0, 4.0), (102.0, 1.0)])];
    let inputs = Inputs { books: Some(&books), ..Inputs::of(&candles) };
    let wanted = FeatureConfig { book_levels: 2, ..config(&["body_1"], None) };
    let table = build(&wanted, &inputs).unwrap();
    assert_eq!(table.names[..3], ["body_1", "book_ask_price_1", "book_ask_size_1"]);
    assert_eq!(table.names.len(), 9);
    let expected =
        [0.0, 100.0, 2.0_f32.ln(), -100.0, 0.0, 200.0, 0.5_f32.ln(), -200.0, 0.5_f32.ln()];
    for (found, expected) in table.row(2).iter().zip(expected) {
        assert!((found - expected).abs() < 1e-4, "{:?}", table.row(2));
    }
    let named = wanted.for_columns(&table.names).unwrap();
    assert_eq!(build(&named, &inputs).unwrap(), table);
    let deep = FeatureConfig { book_levels: 3, ..wanted.clone() };
    let message = build(&deep, &inputs).unwrap_err().to_string();
    assert!(message.contains("set features.book_levels to 2 or less"), "{message}");
    let message = build(&wanted, &Inputs::of(&candles)).unwrap_err().to_string();
    assert!(message.contains("`book_levels` needs book_stream"), "{message}");
}

#[test]
fn candles_are_made_of_trades() {
    let trades = [
        trade(1_500, 100.0, 1.0),
        trade(2_100, 101.0, 2.0),
        trade(2_100, 99.0, -1.0),
        trade(2_900, 100.5, 0.5),
        trade(5_000, 102.0, -4.0),
        trade(8_999, 103.0, 1.0),
        trade(9_100, 104.0, 1.0),
    ];
    let of = |trades: &[Trade], unseen: &[Span]| {
        candles_of_trades(&instrument(), interval("1s"), trades, unseen).unwrap()
    };
    let whole = of(&trades, &[]);
    assert_eq!(whole.open_time(), [2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000]);
    let first = whole.candle(0);
    assert_eq!((first.open, first.high, first.low, first.close), (101.0, 101.0, 99.0, 100.5));
    assert_eq!((first.volume, first.trades), (3.5, Some(3)));
    assert_eq!(first.taker_buy_volume, Some(2.5));
    assert_eq!(first.quote_volume, Some(202.0 + 99.0 + 50.25));
    assert_eq!(first.taker_buy_quote_volume, Some(202.0 + 50.25));
    let silent = whole.candle(1);
    assert_eq!(
        (silent.open, silent.close, silent.volume, silent.trades),
        (100.5, 100.5, 0.0, Some(0))
    );
    assert!(whole.iter().all(|candle| candle.check(interval("1s")).is_ok()));
    // The hole takes the candle that it touches, and those after it until a trade tells the price.
    let holed = of(&trades, &[Span { start: 3_500, end: 3_501 }]);
    assert_eq!(holed.open_time(), [2_000, 5_000, 6_000, 7_000, 8_000]);
    // More trades only add candles at the end.
    for count in 0..trades.len() {
        let part = of(&trades[..count], &[]);
        assert_eq!(whole.truncated(part.len()), part);
    }
    assert!(of(&[], &[]).is_empty());
    let late = [trades[4], trades[0]];
    assert!(candles_of_trades(&instrument(), interval("1s"), &late, &[]).is_err());
    let mut odd = trades;
    odd[1].quantity = f64::NAN;
    let message = candles_of_trades(&instrument(), interval("1s"), &odd, &[]).unwrap_err();
    assert!(message.to_string().contains("beyond all reason"), "{message}");
    assert_eq!(serde_json::to_value(CandleOrigin::Trades).unwrap(), "trades");
}

/// One-second candles of the recorded trades are the minutes' own when summed.
#[test]
fn seconds_of_the_recorded_day_sum_to_its_minutes() {
    let Some(data) = real_data("seconds_of_the_recorded_day_sum_to_its_minutes") else { return };
    let trades = recorded(&data).trades;
    let seconds = candles_of_trades(&instrument(), interval("1s"), &trades, &[]).unwrap();
    let minutes = candles_of_trades(&instrument(), Interval::MINUTE, &trades, &[]).unwrap();
    assert!(seconds.len() > 600 && minutes.len() >= 9, "{} {}", seconds.len(), minutes.len());
    let sums = candlewick::features::resample(&seconds, Interval::MINUTE).unwrap();
    assert_eq!(sums.open_time(), minutes.open_time());
    for (sum, minute) in sums.iter().zip(minutes.iter()) {
        assert_eq!((sum.open, sum.high, sum.low), (minute.open, minute.high, minute.low));
        assert_eq!((sum.close, sum.trades), (minute.close, minute.trades));
        assert!((sum.volume - minute.volume).abs() < 1e-9 * minute.volume);
    }
}
