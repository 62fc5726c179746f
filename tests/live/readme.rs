//! README's lines of real data, run as they are written but for the addresses.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;

/// The `candlewick ingest` and `candlewick store` lines of the README, as arguments.
fn lines() -> Vec<Vec<String>> {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    readme
        .lines()
        .filter(|line| {
            line.starts_with("candlewick ingest") || line.starts_with("candlewick store")
        })
        .map(|line| line.split('#').next().unwrap().split_whitespace().skip(1))
        .map(|words| words.map(str::to_owned).collect())
        .collect()
}

#[test]
fn the_readmes_lines_work_as_written() {
    let Some(data) = real_data("the_readmes_lines_work_as_written") else { return };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let cycle = Arc::new(made_up(12, 200, 50, 20));
    let mut listed = listing(Market::Spot, "BTCUSDT", &cycle);
    listed.intervals = vec![Interval::HOUR];
    // As of now three hours of its market have passed.
    listed.start = now - 3 * 3_600_000;
    let config = quick(Config { archive: Some(data.join("binance")), ..Config::default() });
    let exchange = Exchange::start(config, vec![listed]);
    exchange.run(true);
    wait(Duration::from_secs(40), "the present", || exchange.now() >= now);
    exchange.run(false);
    let sandbox = Sandbox::new();
    sandbox.write("exchange.yaml", &exchange.config());
    let (mut ran, mut live) = (0, 0);
    for line in lines() {
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        ran += 1;
        match line[..2] {
            ["ingest", "live"] => {
                live += 1;
                // The store's folder is given by who starts it here.
                let place = line.iter().position(|word| *word == "--store").unwrap();
                assert_eq!(line[place + 1], "store");
                let arguments = [&line[2..place], &line[place + 2..]].concat();
                let running = Live::start(&sandbox, &exchange, &arguments);
                exchange.wait_for_streams(4);
                exchange.run(true);
                let after = exchange.now() + 3_700_000;
                wait(Duration::from_secs(40), "an hour of live data", || exchange.now() > after);
                exchange.run(false);
                exchange.wait_until_read(Duration::from_secs(20));
                let finished = running.stop();
                assert_eq!(finished.code, Some(0), "{}", finished.err);
            }
            ["ingest", _] => {
                sandbox.done(&[&line[..], &["--config", "exchange.yaml"]].concat());
            }
            _ => {
                sandbox.done(&line);
            }
        }
    }
    assert!(ran >= 5 && live == 1, "the README has {ran} lines");
    let store = Store::open(&sandbox.path("store")).unwrap();
    let instrument = Instrument::new("binance", Market::Spot, "BTCUSDT").unwrap();
    let candles = store.load(&instrument, Interval::HOUR, Span::ALL).unwrap();
    // Four whole months of the archive, then what the exchange has.
    assert!(candles.len() > 2_900, "{}", candles.len());
    assert!(!store.books(&instrument, Span::ALL).unwrap().is_empty());
    assert_eq!(exchange.told().violations, Vec::<String>::new());
}
