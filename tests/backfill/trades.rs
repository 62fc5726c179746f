//! Trades: declared as a gap and repaired page by page.

use candlewick::market::{Channel, Span, Trade};
use candlewick::store::{GapState, Store};
use tempfile::TempDir;

use super::exchange::{Exchange, Fault, Rules};
use super::source::{self, LISTED, TRADE_EVERY};
use super::{SYMBOLS, config, instrument, rules, run};

#[test]
fn trades_from_a_moment_on_end_equal_to_the_source() {
    let now = LISTED + 10_000 * TRADE_EVERY;
    let exchange = Exchange::start(Rules { now, ..rules(2000) });
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let (from, to) = (LISTED + 4_000 * TRADE_EVERY - 3, LISTED + 9_000 * TRADE_EVERY);
    let mut config = config(&SYMBOLS[..1], from, Some(to));
    config.intervals = Vec::new();
    config.trades = true;
    exchange.set_faults(&[(4, Fault::Status(403))]);
    assert!(run(&mut store, &exchange, &config).is_err());
    let open = store.gaps(Some(GapState::Open)).unwrap();
    assert_eq!((open.len(), open[0].ids.unwrap().1), (1, 8_999));
    assert!(open[0].ids.unwrap().0 > 4_000, "a page was stored before: {open:?}");
    insist_on_trades(&store, 4_000, open[0].ids.unwrap().0);

    let report = run(&mut store, &exchange, &config).unwrap();
    assert_eq!((report.gaps_settled, report.gaps_left), (1, 0));
    insist_on_trades(&store, 4_000, 9_000);
    let calls = exchange.calls("/api/v3/aggTrades").len();
    let again = run(&mut store, &exchange, &config).unwrap();
    assert_eq!((again.gap_rows, again.gaps_settled), (0, 0));
    assert_eq!(exchange.calls("/api/v3/aggTrades").len(), calls + 1);

    // Earlier ones are put before those that are there, and the ledger knows what is the exchange's.
    config.from.0 = LISTED + 500 * TRADE_EVERY;
    run(&mut store, &exchange, &config).unwrap();
    insist_on_trades(&store, 500, 9_000);
    let calls = exchange.calls("/api/v3/aggTrades").len();
    run(&mut store, &exchange, &config).unwrap();
    assert_eq!(exchange.calls("/api/v3/aggTrades").len(), calls + 1);
    let real = store.gaps(Some(GapState::Real)).unwrap();
    let ids: Vec<i64> =
        real.iter().flat_map(|gap| gap.ids.unwrap().0..=gap.ids.unwrap().1).collect();
    let expected: Vec<i64> =
        (500..9_000).filter(|&id| source::trade(SYMBOLS[0], id).is_none()).collect();
    assert_eq!(ids, expected);
}

fn insist_on_trades(store: &Store, first: i64, end: i64) {
    let stored = store.trades(&instrument(SYMBOLS[0]), Channel::AggTrades, Span::ALL).unwrap();
    let expected: Vec<Trade> =
        (first..end).filter_map(|id| source::trade(SYMBOLS[0], id)).collect();
    assert_eq!(stored.len(), expected.len());
    assert!(stored == expected);
}
