//! Integration tests: live ingest against a local exchange that misbehaves.

#[path = "live/compare.rs"]
mod compare;
#[path = "live/readme.rs"]
mod readme;
#[path = "live/run.rs"]
mod run;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use candlewick::market::{Channel, Instrument, Interval, Market, Span};
use candlewick::store::{GapReason, GapState, Store};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;

use self::compare::{Expected, Missing, has_overload};
use self::run::{Live, check};
use crate::exchange::{
    Config, Exchange, Fault, RestFault, Touched, listing, made_up, random_schedule, spot_cycle,
    wait,
};
use crate::support::{Sandbox, real_data};

const STREAMS: &str = "kline_1m,kline_15m,aggTrade,depth@100ms,bookTicker";

const SPOT: [&str; 8] = [
    "--symbols",
    "BTCUSDT",
    "--streams",
    STREAMS,
    "--set",
    "books.every_ms=100",
    // A second of the wall clock is a minute of the exchange's.
    "--set",
    "connection.longest_backoff_ms=400",
];

fn expected(exchange: &Exchange) -> Expected<'_> {
    Expected { exchange, index: 0, every: 100, levels: 20, intervals: &["1m", "15m"] }
}

/// An exchange whose budget is wide, since its minutes are short.
fn quick(config: Config) -> Config {
    Config {
        weight_per_minute: 1_000_000,
        ping_every: Duration::from_millis(200),
        pong_within: Duration::from_secs(10),
        ..config
    }
}

/// Plays all, waits until it is read and repaired, and ends the ingest.
fn play(exchange: &Exchange, mut live: Live<'_>, streams: usize) {
    exchange.wait_for_streams(streams);
    exchange.run(true);
    exchange.wait_until_over(Duration::from_secs(100));
    exchange.wait_until_read(Duration::from_secs(20));
    live.wait_for_repairs(exchange);
    let finished = live.stop();
    assert_eq!(finished.code, Some(0), "{}", finished.err);
    assert_eq!(exchange.told().violations, Vec::<String>::new());
}

/// Thirty minutes of the exchange's time with 60 faults: whatever the exchange can give again is there
/// as if nothing had happened, and the ledger names exactly the rest.
#[test]
fn sixty_faults_in_thirty_minutes_leave_no_row_unaccounted_for() {
    const MINUTES: i64 = 30 * 60_000;
    let data = real_data("sixty_faults_in_thirty_minutes_leave_no_row_unaccounted_for");
    let faults = random_schedule(20_260_000, 60, MINUTES / 50, MINUTES * 19 / 20);
    let planned = faults.len();
    // The last candle that a fault took is missed when the next one ends: that of a quarter of an hour.
    let duration = MINUTES + 8 * 60_000;
    let config = quick(Config { ratio: Some(60.0), duration, faults, ..Config::default() });
    let exchange = Exchange::start(
        config,
        vec![listing(Market::Spot, "BTCUSDT", &spot_cycle(data.as_deref()))],
    );
    let sandbox = Sandbox::new();
    let live = Live::start(&sandbox, &exchange, &SPOT);
    play(&exchange, live, 5);
    let told = exchange.told();
    assert!(told.struck.len() == planned && planned >= 60, "{} struck", told.struck.len());
    let missing = expected(&exchange).compare(&sandbox.path("store"));
    assert!(missing.repaired > 5 && missing.books > 0 && missing.quotes > 0, "{missing:?}");
    check(&sandbox);
}

/// Without faults nothing is missing and the ledger is empty.
#[test]
fn a_faultless_exchange_leaves_an_empty_ledger() {
    let cycle = Arc::new(made_up(3, 200, 300, 20));
    let config = quick(Config { duration: 390_000, ..Config::default() });
    let exchange = Exchange::start(config, vec![listing(Market::Spot, "BTCUSDT", &cycle)]);
    let sandbox = Sandbox::new();
    play(&exchange, Live::start(&sandbox, &exchange, &SPOT), 5);
    let missing = expected(&exchange).compare(&sandbox.path("store"));
    assert_eq!(missing, Missing::default());
    check(&sandbox);
}

/// The three futures lines: books by `pu`, and the split addresses of USD-M.
#[test]
fn futures_markets_are_kept_by_their_own_rules() {
    let cycle = Arc::new(made_up(4, 200, 300, 20));
    for (market, symbol) in [(Market::UsdM, "BTCUSDT"), (Market::CoinM, "BTCUSD_PERP")] {
        let faults = vec![
            (30_000, Fault::Skip(Touched::Depth, 2)),
            (60_000, Fault::Cut),
            (90_000, Fault::Skip(Touched::AggTrade, 4)),
            (120_000, Fault::Skip(Touched::Candle, 1)),
            (200_000, Fault::Reorder(Touched::All, 5)),
        ];
        let config =
            quick(Config { ratio: Some(60.0), duration: 300_000, faults, ..Config::default() });
        let exchange = Exchange::start(config, vec![listing(market, symbol, &cycle)]);
        let sandbox = Sandbox::new();
        let market = market.name();
        let arguments = [&SPOT[2..], &["--symbols", symbol, "--market", market]].concat();
        play(&exchange, Live::start(&sandbox, &exchange, &arguments), 5);
        let missing = expected(&exchange).compare(&sandbox.path("store"));
        assert!(missing.repaired >= 2 && missing.books > 0, "{missing:?}");
        check(&sandbox);
    }
}

/// `kill -9` at 20 random points: the store is sound each time, keeps what was committed, and ends
/// with nothing twice and nothing missing that the exchange can give.
#[test]
fn killed_at_twenty_points_it_loses_nothing_that_was_committed() {
    let data = real_data("killed_at_twenty_points_it_loses_nothing_that_was_committed");
    let config = quick(Config { ratio: Some(60.0), duration: 40 * 60_000, ..Config::default() });
    let exchange = Exchange::start(
        config,
        vec![listing(Market::Spot, "BTCUSDT", &spot_cycle(data.as_deref()))],
    );
    let sandbox = Sandbox::new();
    let (store, mut random) = (sandbox.path("store"), ChaCha8Rng::seed_from_u64(9));
    for turn in 0..20 {
        let live = Live::start(&sandbox, &exchange, &SPOT);
        exchange.wait_for_streams(5);
        exchange.run(true);
        let before = committed(&store);
        wait(Duration::from_secs(20), "the first rows", || committed(&store) != before);
        std::thread::sleep(Duration::from_millis(random.random_range(0..400)));
        let counted = committed(&store);
        live.kill();
        check(&sandbox);
        let after = committed(&store);
        let kept = counted.iter().zip(&after).all(|(before, after)| before <= after);
        assert!(kept, "turn {turn}: {counted:?} rows before, {after:?} after");
    }
    let live = Live::start(&sandbox, &exchange, &SPOT);
    exchange.wait_for_streams(5);
    // What ended while nobody listened is missed when the next one of its kind comes.
    let rows = committed(&store);
    wait(Duration::from_secs(20), "a new candle", || committed(&store)[0] > rows[0]);
    exchange.run(false);
    let mut live = live;
    exchange.wait_until_read(Duration::from_secs(20));
    live.wait_for_repairs(&exchange);
    assert_eq!(live.stop().code, Some(0));
    let missing = expected(&exchange).compare(&store);
    let stopped = missing.reasons.get(GapReason::Stopped.name()).copied().unwrap_or(0);
    assert!(stopped >= 20, "{missing:?}");
    check(&sandbox);
}

/// Rows that can be read: candles, trades, quotes, books.
fn committed(folder: &Path) -> [usize; 4] {
    let Ok(store) = Store::open(folder) else { return [0; 4] };
    let instrument = Instrument::new("binance", Market::Spot, "BTCUSDT").unwrap();
    let candles = store.load(&instrument, Interval::MINUTE, Span::ALL).map_or(0, |all| all.len());
    [
        candles,
        store.trades(&instrument, Channel::AggTrades, Span::ALL).unwrap().len(),
        store.quotes(&instrument, Span::ALL).unwrap().len(),
        store.books(&instrument, Span::ALL).unwrap().len(),
    ]
}

/// Connections that live two seconds are handed over in time: nothing is missed and nothing told.
#[test]
fn a_planned_hand_over_misses_nothing() {
    let cycle = Arc::new(made_up(5, 200, 300, 20));
    let config = quick(Config {
        ratio: Some(40.0),
        duration: 320_000,
        life: Some(Duration::from_secs(4)),
        ..Config::default()
    });
    let exchange = Exchange::start(config, vec![listing(Market::Spot, "BTCUSDT", &cycle)]);
    let sandbox = Sandbox::new();
    let arguments = [
        &SPOT[..],
        &["--set", "connection.hand_over_ms=1500", "--set", "connection.overlap_ms=300"],
    ]
    .concat();
    play(&exchange, Live::start(&sandbox, &exchange, &arguments), 5);
    let told = exchange.told();
    assert!(told.attempts >= 3 && told.outlived == 0, "{told:?}");
    let missing = expected(&exchange).compare(&sandbox.path("store"));
    assert_eq!(missing, Missing::default());
}

/// An exchange without trades for some minutes has no candles of them: they are asked for once.
#[test]
fn an_outage_of_the_exchange_is_real_and_asked_for_once() {
    let cycle = Arc::new(made_up(6, 500, 100, 20));
    let minute = Interval::MINUTE.floor(cycle.start) + 3 * 60_000;
    let mut out = listing(Market::Spot, "BTCUSDT", &cycle);
    out.outage = Some(Span { start: minute, end: minute + 2 * 60_000 });
    let config = quick(Config { ratio: Some(60.0), duration: 480_000, ..Config::default() });
    let exchange = Exchange::start(config, vec![out]);
    let sandbox = Sandbox::new();
    play(&exchange, Live::start(&sandbox, &exchange, &SPOT), 5);
    let missing = expected(&exchange).compare(&sandbox.path("store"));
    assert_eq!((missing.candles, missing.books), (2, 0), "{missing:?}");
    let asked = exchange.told().calls.iter().filter(|call| call.contains("/klines")).count();
    assert!((1..=2).contains(&asked), "{:?}", exchange.told().calls);
}

/// While the disk refuses, memory stays bounded; the ledger calls what was thrown away an overload.
#[test]
fn a_disk_that_cannot_keep_up_costs_books_and_not_memory() {
    let cycle = Arc::new(made_up(8, 300, 500, 50));
    let config = quick(Config { ratio: Some(300.0), duration: 50 * 60_000, ..Config::default() });
    let exchange = Exchange::start(config, vec![listing(Market::Spot, "BTCUSDT", &cycle)]);
    let sandbox = Sandbox::new();
    let live = Live::start(&sandbox, &exchange, &SPOT);
    exchange.wait_for_streams(5);
    exchange.run(true);
    let store = sandbox.path("store");
    wait(Duration::from_secs(20), "the first rows", || committed(&store)[1] > 0);
    let before = live.peak_memory();
    let lock = Connection::open(store.join("market.sqlite")).unwrap();
    lock.busy_timeout(Duration::from_secs(10)).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    std::thread::sleep(Duration::from_secs(4));
    let during = live.peak_memory();
    lock.execute_batch("ROLLBACK").unwrap();
    drop(lock);
    assert!(during < before + 200, "{before} MB before, {during} MB while the disk refused");
    exchange.wait_until_over(Duration::from_secs(60));
    let mut live = live;
    exchange.wait_until_read(Duration::from_secs(20));
    live.wait_for_repairs(&exchange);
    assert_eq!(live.stop().code, Some(0));
    assert!(has_overload(&store));
    expected(&exchange).compare(&store);
    check(&sandbox);
}

/// More streams than one connection carries are spread over several.
#[test]
fn more_than_1024_streams_take_several_connections() {
    let cycle = Arc::new(made_up(2, 70, 5, 1));
    let symbols: Vec<String> = (0..300).map(|number| format!("S{number}USDT")).collect();
    let listings =
        symbols.iter().map(|symbol| listing(Market::Spot, symbol, &cycle)).collect::<Vec<_>>();
    let config = quick(Config { duration: 66_000, ..Config::default() });
    let exchange = Exchange::start(config, listings);
    let sandbox = Sandbox::new();
    let symbols = symbols.join(",");
    let arguments = ["--symbols", &symbols, "--streams", "aggTrade,bookTicker,kline_1m,kline_15m"];
    play(&exchange, Live::start(&sandbox, &exchange, &arguments), 1_200);
    let told = exchange.told();
    assert!(told.attempts >= 2 && told.most_streams <= 1_024, "{told:?}");
    for index in [0, 150, 299] {
        Expected { index, ..expected(&exchange) }.compare(&sandbox.path("store"));
    }
}

/// A line that falls silent without closing is given up, and a ban of the REST side is waited out.
#[test]
fn silence_and_a_ban_are_survived() {
    let cycle = Arc::new(made_up(10, 200, 300, 20));
    let faults = vec![
        (20_000, Fault::Rest(RestFault::Banned(2), 1)),
        (20_000, Fault::Silence),
        (150_000, Fault::Rest(RestFault::TooMany(1), 1)),
        (150_000, Fault::Rest(RestFault::Half, 1)),
        (150_000, Fault::Rest(RestFault::Reset, 2)),
        (150_000, Fault::Skip(Touched::Depth, 1)),
    ];
    let config =
        quick(Config { ratio: Some(40.0), duration: 500_000, faults, ..Config::default() });
    let exchange = Exchange::start(config, vec![listing(Market::Spot, "BTCUSDT", &cycle)]);
    let sandbox = Sandbox::new();
    let arguments = [&SPOT[..], &["--set", "connection.stall_ms=1500"]].concat();
    play(&exchange, Live::start(&sandbox, &exchange, &arguments), 5);
    let missing = expected(&exchange).compare(&sandbox.path("store"));
    assert!(missing.books > 0 && missing.repaired > 0, "{missing:?}");
    let store = Store::open(&sandbox.path("store")).unwrap();
    assert!(store.gaps(Some(GapState::Lost)).unwrap().len() >= 2);
}
