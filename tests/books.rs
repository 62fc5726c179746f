//! Recorded messages rebuilt into books: never crossed, deep enough, and every moment there.

use std::path::PathBuf;

use candlewick::ingest::exchange::message::{Levels, Message, parse};
use candlewick::ingest::live::desk::{BookSettings, Desk, Taken};
use candlewick::ingest::recorded::{RecordedConfig, RecordedReport, ingest_recorded};
use candlewick::market::{Channel, Instrument, Market, Span};
use candlewick::store::{GapState, Store};

use crate::support;

fn replay(store: &mut Store, files: &[PathBuf], market: Market) -> RecordedReport {
    let books = BookSettings { every_ms: 100, ..BookSettings::default() };
    let config = RecordedConfig { venue: "binance".into(), market, books };
    ingest_recorded(store, files, &config, &mut |_| {}, &mut |_, _| {}).unwrap()
}

/// Both days of a recording; expected: rows, moments of the 100 ms grid between first and last update.
fn both_days(test: &str, name: &str, market: Market, symbol: &str, least: u64) {
    let Some(data) = support::real_data(test) else { return };
    let files = ["20240808", "20240809"]
        .map(|day| data.join(format!("binance/recorded/{name}_{day}.jsonl.gz")));
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let report = replay(&mut store, &files, market);
    let desk = &report.desks[0];
    assert_eq!((desk.counts.malformed, desk.counts.unknown, report.skipped), (0, 0, 0));
    assert_eq!((desk.counts.books.crossed, desk.counts.books.resyncs), (0, 0));
    assert_eq!((desk.counts.books.kept, report.gaps), (report.books, 0));
    assert!(desk.counts.books.least_levels >= least, "{}", desk.counts.books.least_levels);
    let instrument = Instrument::new("binance", market, symbol).unwrap();
    let books = store.books(&instrument, Span::ALL).unwrap();
    assert_eq!(books.len() as u64, report.books);
    for pair in books.windows(2) {
        assert_eq!(pair[1].time - pair[0].time, 100);
    }
    for book in &books {
        assert_eq!((book.bids.len(), book.asks.len()), (20, 20));
        assert!(book.bids[0].price < book.asks[0].price);
    }
    let again = replay(&mut store, &files, market);
    assert_eq!((again.trades, again.quotes, again.books, again.gaps), (0, 0, 0, 0));
    let trades = store.trades(&instrument, Channel::Trades, Span::ALL).unwrap();
    assert_eq!(trades.len() as u64, report.trades);
}

#[test]
fn spot_days_are_never_crossed() {
    // 765 bids at 2024-08-08T23:58:35.5: what tests/reference/book_rebuild.py finds too.
    both_days("spot_days_are_never_crossed", "spot_btcusdt", Market::Spot, "BTCUSDT", 765);
}

#[test]
fn coin_margined_days_are_never_crossed() {
    let test = "coin_margined_days_are_never_crossed";
    both_days(test, "cm_btcusd_perp", Market::CoinM, "BTCUSD_PERP", 771);
}

#[test]
fn short_files_with_answers_of_their_own() {
    let Some(data) = support::real_data("short_files_with_answers_of_their_own") else { return };
    let short = |name: &str| data.join(format!("binance/recorded/short/{name}.txt"));
    for (name, market) in [("BINANCE_FUTURES", Market::UsdM), ("BINANCE", Market::Spot)] {
        let files = [short(&format!("{name}.ws.1.0")), short(&format!("{name}.http.0.0"))];
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create(folder.path()).unwrap();
        // The header names the market, whatever the command line says.
        let report = replay(&mut store, &files, Market::CoinM);
        let desk = &report.desks[0];
        assert_eq!((desk.market, desk.in_step.len(), desk.out_of_step.len()), (market, 4, 0));
        assert_eq!((desk.counts.malformed, desk.counts.unknown, report.skipped), (0, 0, 0));
        assert_eq!((desk.counts.books.crossed, desk.counts.books.resyncs), (0, 0));
        assert!(report.books > 500, "{}", report.books);
        // Trades and quotes of 30 s: whatever is missing is in the ledger and nothing is lost.
        let gaps = store.gaps(Some(GapState::Lost)).unwrap();
        assert!(gaps.is_empty(), "{gaps:?}");
    }
}

#[test]
#[ignore = "a measurement: prints how many recorded lines a second are parsed and put into books"]
fn lines_a_second_without_a_store() {
    use std::io::Read;

    let Some(data) = support::real_data("lines_a_second_without_a_store") else { return };
    for (name, market) in [("spot_btcusdt", Market::Spot), ("cm_btcusd_perp", Market::CoinM)] {
        let file = data.join(format!("binance/recorded/{name}_20240808.jsonl.gz"));
        let mut text = String::new();
        let file = std::fs::File::open(file).unwrap();
        flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
        let lines: Vec<&str> =
            text.lines().filter_map(|line| Some(line.split_once(' ')?.1)).collect();
        let mut levels = Levels::default();
        let mut best = [f64::MAX; 2];
        let mut rows = 0;
        for _ in 0..5 {
            let start = std::time::Instant::now();
            for line in &lines {
                let _ = std::hint::black_box(parse(line, &mut levels));
            }
            best[0] = best[0].min(start.elapsed().as_secs_f64());
            let config = BookSettings { every_ms: 100, ..BookSettings::default() }.config();
            let mut desk = Desk::new("binance", market, config, true);
            let start = std::time::Instant::now();
            for line in &lines {
                if line.starts_with("{\"lastUpdateId\"") {
                    let head = parse(line, &mut levels).unwrap();
                    let Message::Snapshot(head) = head.message else { panic!("no book") };
                    let symbol = desk.sole_book().unwrap().symbol.clone();
                    desk.snapshot(&symbol, head.last_update_id, &levels.bids, &levels.asks);
                } else if let Taken::Closed(instrument, channel) = desk.take(line, 0) {
                    desk.open(&instrument, channel, None);
                    desk.take(line, 0);
                }
            }
            best[1] = best[1].min(start.elapsed().as_secs_f64());
            rows = desk.hand_over().rows();
        }
        let rate = best.map(|seconds| lines.len() as f64 / seconds);
        println!(
            "{name}: parsed {:.0} lines/s, with books and rows {:.0} ({rows})",
            rate[0], rate[1]
        );
    }
}
