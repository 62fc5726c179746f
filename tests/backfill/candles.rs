//! Candles: equal to the source, within the budget, whatever happens on the way.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use candlewick::ingest::backfill::backfill;
use candlewick::ingest::rest::RestClient;
use candlewick::market::{Channel, Instrument, Interval, Market, Span, Time};
use candlewick::store::{GapReason, GapState, NewGap, Store};
use tempfile::TempDir;

use super::exchange::{Exchange, Fault, Rules};
use super::source::{self, LISTED, MINUTE};
use super::{FROM, SYMBOLS, TO, config, insist_on_source, instrument, rules, run};
use crate::support::Sandbox;

#[test]
fn a_store_ends_equal_to_the_source_within_the_budget_and_asks_no_more() {
    let exchange = Exchange::start(rules(26));
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let config = config(&SYMBOLS, FROM, Some(TO));
    let report = run(&mut store, &exchange, &config).unwrap();
    for symbol in SYMBOLS {
        insist_on_source(&store, symbol, FROM, TO);
    }
    assert_eq!(report.written.inserted + report.real, 3 * 3 * 1440);
    assert!(report.real > 3 * 180 - 9 && report.refused.is_empty(), "{report:?}");
    assert_eq!(exchange.windows_over(), 0);
    let before = exchange.calls("/api/v3/klines").len();
    let again = run(&mut store, &exchange, &config).unwrap();
    assert_eq!((again.pages, again.written.inserted, again.real), (0, 0, 0));
    assert_eq!(exchange.calls("/api/v3/klines").len(), before);
}

#[test]
fn what_others_spend_at_the_address_is_allowed_for() {
    // Two of a window's thirty weights are left when others have spent theirs.
    let exchange = Exchange::start(Rules { others: 4, ..rules(30) });
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let mut config = config(&SYMBOLS[..2], FROM, Some(TO));
    config.threads = 1;
    run(&mut store, &exchange, &config).unwrap();
    insist_on_source(&store, SYMBOLS[1], FROM, TO);
    let refused = exchange.calls("/api/v3/klines").iter().filter(|it| it.status == 429).count();
    // Only a window's first request can meet others that no answer has told of yet.
    assert!(refused <= 1, "{refused} refused");
}

#[test]
fn a_ban_is_sat_out_by_every_thread() {
    let exchange = Exchange::start(rules(2000));
    exchange.set_faults(&[
        (3, Fault::Barred { status: 418, seconds: 1 }),
        (4, Fault::Barred { status: 429, seconds: 1 }),
    ]);
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let config = config(&SYMBOLS, FROM, Some(TO));
    run(&mut store, &exchange, &config).unwrap();
    for symbol in SYMBOLS {
        insist_on_source(&store, symbol, FROM, TO);
    }
    // Those under way when a bar falls: at most one of each other thread.
    let most = 2 * (config.threads - 1);
    assert!(exchange.barred_calls() <= most, "{} calls while barred", exchange.barred_calls());

    let exchange = Exchange::start(rules(2000));
    exchange.set_faults(&[(3, Fault::Barred { status: 418, seconds: 1 })]);
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let alone = super::BackfillConfig { threads: 1, ..config };
    run(&mut store, &exchange, &alone).unwrap();
    assert_eq!(exchange.barred_calls(), 0);
}

#[test]
fn passing_faults_pass_and_a_long_ban_is_told_in_words() {
    let exchange = Exchange::start(rules(2000));
    exchange.set_faults(&[
        (0, Fault::Status(503)),
        (0, Fault::Reset),
        (2, Fault::Garbage),
        (1, Fault::Status(500)),
    ]);
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let config = config(&SYMBOLS[..1], FROM, Some(TO));
    run(&mut store, &exchange, &config).unwrap();
    insist_on_source(&store, SYMBOLS[0], FROM, TO);

    let later = super::config(&SYMBOLS[1..2], FROM, Some(TO));
    exchange.set_faults(&[(1, Fault::Barred { status: 418, seconds: 7200 })]);
    let error = run(&mut store, &exchange, &later).unwrap_err().to_string();
    assert!(error.contains("banned") && error.contains("until 20"), "{error}");
    let exchange = Exchange::start(rules(2000));
    exchange.set_faults(&[(0, Fault::Status(403))]);
    let error = run(&mut store, &exchange, &later).unwrap_err().to_string();
    assert!(error.contains("firewall") && error.contains(&exchange.rest), "{error}");
}

#[test]
fn candles_before_the_listing_cost_one_request_and_unfinished_ones_are_left() {
    let now = LISTED + 3000 * MINUTE + 30_000;
    let exchange = Exchange::start(Rules { now, ..rules(2000) });
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let from = LISTED - 1000 * 1440 * MINUTE;
    run(&mut store, &exchange, &config(&SYMBOLS[..1], from, None)).unwrap();
    let over = LISTED + 3000 * MINUTE;
    let stored = store.absent_candles(
        &instrument(SYMBOLS[0]),
        Interval::MINUTE,
        Span { start: over, end: over + 100 * MINUTE },
    );
    // The test would have to take half a minute for the next candle to be over.
    let took = exchange.begun.elapsed() > Duration::from_secs(29);
    assert!(took || stored.unwrap()[0].start == over);
    insist_on_source(&store, SYMBOLS[0], from, over);
    assert!(exchange.calls("/api/v3/klines").len() <= 9, "{:?}", exchange.calls("/api/v3/klines"));
}

#[test]
fn futures_are_asked_their_own_way_with_their_own_weights() {
    for (market, root) in [(Market::UsdM, "/fapi/v1"), (Market::CoinM, "/dapi/v1")] {
        let exchange = Exchange::start(rules(40));
        let client = RestClient::new(&exchange.rest, market).unwrap();
        let book = client.depth("BTCUSDT").unwrap();
        assert_eq!((book.last_update_id, book.event_time, book.bids.len()), (7, Some(9), 1));
        let folder = TempDir::new().unwrap();
        let mut store = Store::create(folder.path()).unwrap();
        let mut config = config(&[], FROM, Some(TO));
        let traded = Instrument::new("binance", market, "BTCUSDT").unwrap();
        config.instruments = vec![traded.clone()];
        let report = backfill(&mut store, &client, &config, &mut |_| {}).unwrap();
        assert_eq!(report.written.inserted + report.real, 3 * 1440);
        let stored = store.load(&traded, Interval::MINUTE, Span { start: FROM, end: TO }).unwrap();
        assert!(stored.iter().all(|it| it == source::candle("BTCUSDT", it.open_time)));
        assert_eq!(exchange.windows_over(), 0);
        let calls = exchange.calls(&format!("{root}/klines"));
        assert!(calls.len() >= 9 && calls.iter().all(|call| call.status == 200));
    }
    let exchange = Exchange::start(rules(300));
    let book = RestClient::new(&exchange.rest, Market::Spot).unwrap().depth("BTCUSDT").unwrap();
    assert_eq!((book.event_time, book.asks[0].quantity), (None, 2.0));
    // What can never be sent is not waited for.
    let exchange = Exchange::start(rules(100));
    let error = RestClient::new(&exchange.rest, Market::Spot).unwrap().depth("BTCUSDT");
    let error = error.unwrap_err().to_string();
    assert!(error.contains("weighs 250") && error.contains("100"), "{error}");
}

#[test]
fn open_gaps_of_the_ledger_are_repaired() {
    let exchange = Exchange::start(rules(2000));
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let span = Span { start: FROM, end: TO };
    let gap = |symbol: &str| NewGap {
        instrument: instrument(symbol),
        channel: Channel::Candles(Interval::MINUTE),
        span,
        ids: None,
        reason: GapReason::Stopped,
        state: GapState::Open,
    };
    store.record_gap(&gap(SYMBOLS[0])).unwrap();
    store.record_gap(&gap(SYMBOLS[1])).unwrap();
    let mut config = config(&SYMBOLS[..1], FROM, Some(TO));
    config.intervals = Vec::new();
    let report = run(&mut store, &exchange, &config).unwrap();
    assert_eq!((report.gaps_settled, report.gaps_left, report.written.inserted), (1, 0, 0));
    insist_on_source(&store, SYMBOLS[0], FROM, TO);
    let open = store.gaps(Some(GapState::Open)).unwrap();
    assert_eq!(open.iter().map(|gap| &gap.instrument.symbol).collect::<Vec<_>>(), [SYMBOLS[1]]);
    let outages = (FROM..TO).step_by(MINUTE as usize);
    let outages = outages.filter(|&time| source::is_outage(SYMBOLS[0], time)).count();
    assert_eq!(report.gap_rows as usize, 3 * 1440 - outages);
}

#[test]
fn a_backfill_goes_on_after_kill_9_and_tells_wrong_symbols_apart() {
    kill_and_resume(FROM, TO, 24, &[4, 9, 5]);
    let exchange = Exchange::start(rules(2000));
    let sandbox = Sandbox::new();
    let set = format!("exchange.spot.rest={}", exchange.rest);
    let finished = sandbox.run(&[
        "ingest",
        "backfill",
        "--symbols",
        "NOSUCH",
        "--intervals",
        "1m",
        "--from",
        "2020-01-01",
        "--set",
        &set,
    ]);
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(
        finished.err.contains("-1121") && finished.err.contains("check the symbol"),
        "{finished:?}"
    );
}

/// Kills the program after so many pages each time and lets it end at last.
fn kill_and_resume(from: i64, to: i64, weight_a_second: u64, kills: &[usize]) {
    let now = to + 3_600_000;
    let exchange = Exchange::start(Rules { now, ..rules(weight_a_second) });
    let sandbox = Sandbox::new();
    let set = format!("exchange.spot.rest={}", exchange.rest);
    let (symbols, first, last) = (SYMBOLS.join(","), Time(from).to_string(), Time(to).to_string());
    let arguments = [
        "ingest",
        "backfill",
        "--symbols",
        &symbols,
        "--intervals",
        "1m",
        "--from",
        &first,
        "--to",
        &last,
        "--set",
        &set,
        "--store",
        "store",
    ];
    for &pages in kills {
        let before = exchange.calls("/api/v3/klines").len();
        let mut child = sandbox.command(&arguments).stderr(Stdio::null()).spawn().unwrap();
        while exchange.calls("/api/v3/klines").len() < before + pages {
            assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
            thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // The exchange's window of the killed process must be over: nobody else could know of it.
        thread::sleep(Duration::from_millis(1001));
    }
    let told = sandbox.done(&arguments);
    let store = Store::open(&sandbox.path("store")).unwrap();
    for symbol in SYMBOLS {
        insist_on_source(&store, symbol, from, to);
    }
    assert_eq!(exchange.windows_over(), 0, "{told}");
    let calls = exchange.calls("/api/v3/klines");
    assert!(calls.iter().all(|call| call.status == 200));
    let pages = 3 * ((to - from) / MINUTE) as usize / 1000 + 3;
    // Pages with an outage are made sure of, each start looks for the first candle, and a kill loses
    // what was on its way.
    assert!(calls.len() <= 2 * pages + 20 * (kills.len() + 1), "{} calls", calls.len());
    assert!(fs::metadata(sandbox.path("store/market.sqlite")).is_ok());
}

#[test]
#[ignore = "5 years of 1m candles of 3 symbols: two minutes and more"]
fn five_years_obey_the_budget_survive_bans_and_kills_and_end_equal() {
    let to = LISTED + 5 * 365 * 1440 * MINUTE;
    let begun = std::time::Instant::now();
    kill_and_resume(LISTED, to, 1200, &[1000, 2500]);
    eprintln!("three symbols, five years, two kills: {:?}", begun.elapsed());
    let exchange = Exchange::start(Rules { now: to + 3_600_000, ..rules(1200) });
    exchange.set_faults(&[
        (500, Fault::Barred { status: 418, seconds: 3 }),
        (2000, Fault::Barred { status: 429, seconds: 2 }),
        (1000, Fault::Status(503)),
    ]);
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let begun = std::time::Instant::now();
    let report = run(&mut store, &exchange, &config(&SYMBOLS, LISTED, Some(to))).unwrap();
    eprintln!("with a ban, without a kill: {:?} {report:?}", begun.elapsed());
    for symbol in SYMBOLS {
        insist_on_source(&store, symbol, LISTED, to);
    }
    assert_eq!(exchange.windows_over(), 0);
    assert!(exchange.barred_calls() <= 6);
}
