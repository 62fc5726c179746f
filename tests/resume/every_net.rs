//! Every net of the zoo is killed once and goes on bit for bit.

use candlewick::market::{BookSnapshot, Instrument, Interval, Level, Market, Price, Span};
use candlewick::nets::NetConfig;
use candlewick::store::{LiveBatch, Store};
use candlewick::windows::ColumnKinds;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::killed::{CANDLE_FEATURES, CANDLES, config, killed_equals_whole};
use crate::nets::Golden;
use crate::support::Sandbox;

const LEVELS: i64 = 3;

/// Nets that read the book itself, some of them beside candles.
const BOOK_FEATURES: &str = "
  include: [log_return_1, taker_imbalance_1]
  book_levels: 3
";

#[test]
fn every_net_is_killed_and_goes_on_bit_for_bit() {
    let sandbox = Sandbox::new();
    sandbox.simulate(CANDLES);
    add_books(&mut Store::create(&sandbox.path("store")).unwrap());
    let mut random = ChaCha8Rng::seed_from_u64(41);
    let cases = Golden::all();
    for kind in NetConfig::KINDS {
        // The golden files have a tiny size of every net.
        let net = &cases.iter().find(|case| case.net.kind() == *kind).unwrap().net;
        let features = if reads_candles(net) { CANDLE_FEATURES } else { BOOK_FEATURES };
        let mut net = serde_json::to_value(net).unwrap();
        if let Some(dropout) = net.get_mut("dropout") {
            *dropout = 0.2.into();
        }
        let config = config(&net.to_string(), features, "  ema: 0.9\n", "{}");
        let whole = killed_equals_whole(&sandbox, kind, kind, &config, &mut random);
        std::fs::remove_dir_all(whole).unwrap();
    }
}

/// Whether a net is content with candles of two intervals.
fn reads_candles(net: &NetConfig) -> bool {
    let names = ["log_return_1".to_owned(), "log_return_1@1h".to_owned()];
    let columns = ColumnKinds::of(&names, interval());
    net.views(&columns, 20).is_ok()
}

fn interval() -> Interval {
    "15m".parse().unwrap()
}

/// A book in the middle of every candle, with sizes that say nothing.
fn add_books(store: &mut Store) {
    let instrument = Instrument::new("simulated", Market::Spot, "SIMBTC").unwrap();
    let candles = store.load(&instrument, interval(), Span::ALL).unwrap();
    assert_eq!(candles.len(), CANDLES);
    let tick = Price::of_value(0.01).unwrap().0;
    let book = |open_time: i64, close: f64| {
        let best = Price::of_value((close * 100.0).round() / 100.0).unwrap().0;
        let side = |sign: i64| {
            let level = |depth: i64| Level {
                price: Price(best + sign * (1 + depth) * tick),
                quantity: 1.0 + ((open_time / interval().ms() * 7 + depth * 3) % 11) as f64,
            };
            (0..LEVELS).map(level).collect()
        };
        let time = open_time + interval().ms() / 2;
        BookSnapshot { time, update_id: time, bids: side(-1), asks: side(1) }
    };
    let shared = std::sync::Arc::new(instrument.clone());
    let books = candles.iter().map(|candle| (shared.clone(), book(candle.open_time, candle.close)));
    let batch = LiveBatch { books: books.collect(), ..LiveBatch::default() };
    let written = store.write_live(&batch).unwrap();
    assert_eq!(written.books, CANDLES as u64);
}
