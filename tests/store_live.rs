//! Integration tests: what a live ingest makes durable, the gap ledger, repairs, values.

use std::sync::Arc;

use candlewick::market::{
    BookSnapshot, Candle, Channel, Instrument, Interval, Level, Market, Price, Quote, Span, Time,
    Trade,
};
use candlewick::store::{
    ArchiveFile, ClockMinute, GapReason, GapState, LiveBatch, NewGap, Source, Store, StoreError,
    Value, candles_sha256,
};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::store::candle;

const MINUTE: i64 = 60_000;

pub fn spot(symbol: &str) -> Arc<Instrument> {
    Arc::new(Instrument::new("test", Market::Spot, symbol).unwrap())
}

/// Trade `id`, one a second, with a price and an amount of its own.
pub fn trade(id: i64) -> Trade {
    Trade {
        id,
        time: id * 1000,
        price: Price(100_000_000 + id),
        quantity: id as f64 / 8.0,
        buyer_is_maker: id % 2 == 0,
    }
}

pub fn quote(id: i64) -> Quote {
    let level = |price, quantity| Level { price: Price(price), quantity };
    Quote {
        update_id: id,
        time: (id % 2 == 0).then_some(id * 1000 - 3),
        received: id * 1000,
        bid: level(200_000_000 + id, 1.5),
        ask: level(200_000_010 + id, 2.5),
    }
}

pub fn book(second: i64, levels: i64) -> BookSnapshot {
    let level = |price, quantity| Level { price: Price(price), quantity };
    BookSnapshot {
        time: second * 1000,
        update_id: second * 10,
        bids: (0..levels).map(|n| level(500_000_000 - n, 1.0 + n as f64)).collect(),
        asks: (0..levels).map(|n| level(500_000_001 + n, 2.0 + n as f64)).collect(),
    }
}

pub fn trades_batch(instrument: &Arc<Instrument>, ids: impl Iterator<Item = i64>) -> LiveBatch {
    let row = |id| (Arc::clone(instrument), Channel::AggTrades, trade(id));
    LiveBatch { trades: ids.map(row).collect(), ..LiveBatch::default() }
}

pub fn gap(instrument: &Instrument, ids: (i64, i64), state: GapState) -> NewGap {
    NewGap {
        instrument: instrument.clone(),
        channel: Channel::AggTrades,
        span: Span { start: ids.0 * 1000 - 999, end: ids.1 * 1000 + 1 },
        ids: Some(ids),
        reason: GapReason::Disconnect,
        state,
    }
}

pub fn ids(store: &Store, instrument: &Instrument) -> Vec<i64> {
    let trades = store.trades(instrument, Channel::AggTrades, Span::ALL).unwrap();
    trades.iter().map(|trade| trade.id).collect()
}

fn store() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = Store::create(folder.path()).unwrap();
    (folder, store)
}

#[test]
fn a_batch_comes_back_to_the_bit_and_advances_what_was_received() {
    let (folder, mut store) = store();
    let (one, two) = (spot("ONE"), spot("TWO"));
    let mut batch = trades_batch(&one, 1..=200);
    batch.trades.extend(trades_batch(&two, 7..=8).trades);
    batch.trades.push((Arc::clone(&one), Channel::Trades, trade(900)));
    batch.quotes = (1..=130).map(|id| (Arc::clone(&one), quote(id))).collect();
    batch.books = (1..=70).map(|second| (Arc::clone(&one), book(second, second % 4))).collect();
    batch.candles = vec![((*one).clone(), Interval::MINUTE, candle(5, 2.0))];
    batch.gaps = vec![gap(&one, (50, 60), GapState::Lost)];
    let minute = ClockMinute { minute: 0, messages: 2, least: -5, mean: 1.0, greatest: 7 };
    batch.clocks = vec![(Arc::clone(&one), minute), (Arc::clone(&one), minute)];
    let written = store.write_live(&batch).unwrap();
    assert_eq!((written.trades, written.quotes, written.books), (203, 130, 70));
    assert_eq!((written.candles.inserted, written.ignored, written.refused), (1, 0, 0));
    assert_eq!(written.gaps, store.gaps(None).unwrap());
    assert_eq!(written.gaps[0].ids, Some((50, 60)));
    drop(store);

    let store = Store::open(folder.path()).unwrap();
    let trades = store.trades(&one, Channel::AggTrades, Span::ALL).unwrap();
    assert_eq!(trades, (1..=200).map(trade).collect::<Vec<_>>());
    assert_eq!(store.trades(&one, Channel::Trades, Span::ALL).unwrap(), [trade(900)]);
    assert_eq!(ids(&store, &two), [7, 8]);
    let quotes = store.quotes(&one, Span { start: 3000, end: 5000 }).unwrap();
    assert_eq!(quotes, [quote(3), quote(4)]);
    let books = store.books(&one, Span::ALL).unwrap();
    assert_eq!(books, (1..=70).map(|second| book(second, second % 4)).collect::<Vec<_>>());
    let received = store.received(&one, Channel::AggTrades).unwrap().unwrap();
    assert_eq!(received.ids, Some((1, 200)));
    assert_eq!((received.first, received.last), (Time(1000), Time(200_000)));
    let candles = store.received(&one, Channel::Candles(Interval::MINUTE)).unwrap().unwrap();
    assert_eq!((candles.ids, candles.first), (None, Time(5 * MINUTE)));
    assert_eq!(store.received(&two, Channel::Book).unwrap(), None);
    assert_eq!(store.received(&spot("NONE"), Channel::Book).unwrap(), None);
}

#[test]
fn what_came_before_is_ignored_and_what_cannot_be_is_refused() {
    let (_folder, mut store) = store();
    let one = spot("ONE");
    store.write_live(&trades_batch(&one, 1..=5)).unwrap();
    let mut batch = trades_batch(&one, [4, 6, 6, 5, 7].into_iter());
    let wrong = |change: fn(&mut Trade)| {
        let mut wrong = trade(8);
        change(&mut wrong);
        (Arc::clone(&one), Channel::AggTrades, wrong)
    };
    batch.trades.push(wrong(|trade| trade.price = Price(0)));
    batch.trades.push(wrong(|trade| trade.quantity = f64::NAN));
    batch.trades.push(wrong(|trade| trade.quantity = -1.0));
    batch.trades.push(wrong(|trade| trade.price = Price(i64::MAX - 12_345)));
    batch.trades.push((Arc::clone(&one), Channel::Book, trade(9)));
    let mut impossible = candle(0, 1.0);
    impossible.low = 9.0;
    batch.candles = vec![((*one).clone(), Interval::MINUTE, impossible)];
    let written = store.write_live(&batch).unwrap();
    assert_eq!((written.trades, written.ignored, written.refused), (2, 3, 6));
    assert_eq!(ids(&store, &one), [1, 2, 3, 4, 5, 6, 7]);
    let books = [book(2, 1), book(1, 1), book(2, 1), book(3, 1)];
    let batch = LiveBatch {
        books: books.into_iter().map(|book| (Arc::clone(&one), book)).collect(),
        ..LiveBatch::default()
    };
    let written = store.write_live(&batch).unwrap();
    assert_eq!((written.books, written.ignored), (2, 2));
    assert_eq!(store.write_live(&batch).unwrap().ignored, 4);
}

#[test]
fn a_repair_shrinks_its_gap_page_by_page() {
    let (_folder, mut store) = store();
    let one = spot("ONE");
    let mut batch = trades_batch(&one, (1..=10).chain(31..=40));
    batch.gaps = vec![gap(&one, (11, 30), GapState::Open)];
    let id = store.write_live(&batch).unwrap().gaps[0].id;

    let page: Vec<Trade> = (11..=14).chain(17..=18).map(trade).collect();
    let left = store.repair_trades(id, &page, 20).unwrap();
    assert_eq!((left.state, left.ids), (GapState::Open, Some((21, 30))));
    assert_eq!(left.span, Span { start: 18_000, end: 30_001 });
    let real = store.gaps(Some(GapState::Real)).unwrap();
    let real: Vec<_> = real.iter().map(|entry| (entry.ids.unwrap(), entry.span)).collect();
    let (inner, tail) = (Span { start: 14_000, end: 17_000 }, Span { start: 18_000, end: 30_001 });
    assert_eq!(real, [((15, 16), inner), ((19, 20), tail)]);

    // The page before, and rows of other gaps, change nothing.
    let again = store.repair_trades(id, &page, 20).unwrap();
    assert_eq!(again, left);
    let page: Vec<Trade> = (21..=60).map(trade).collect();
    let done = store.repair_trades(id, &page, 99).unwrap();
    assert_eq!((done.state, done.ids), (GapState::Repaired, Some((11, 30))));
    assert_eq!(done.span, Span { start: 10_001, end: 30_001 });
    assert!(done.settled_at.is_some());
    let expected: Vec<i64> = (1..=14).chain(17..=18).chain(21..=40).collect();
    assert_eq!(ids(&store, &one), expected);

    let error = store.repair_trades(id, &[], 99).unwrap_err();
    assert!(matches!(error, StoreError::Ledger { .. }), "{error}");
    assert!(error.to_string().contains("repaired already"), "{error}");
    assert!(matches!(store.settle_gap(999, GapState::Lost), Err(StoreError::Ledger { .. })));
}

#[test]
fn what_the_exchange_lacks_as_well_is_real() {
    let (_folder, mut store) = store();
    let one = spot("ONE");
    let id = store.record_gap(&gap(&one, (5, 9), GapState::Open)).unwrap();
    let entry = store.repair_trades(id, &[], 9).unwrap();
    assert_eq!((entry.state, entry.ids), (GapState::Real, Some((5, 9))));
    assert_eq!(store.gaps(None).unwrap(), [entry]);
}

#[test]
fn a_gap_without_ids_takes_the_trades_of_its_span() {
    let (_folder, mut store) = store();
    let one = spot("ONE");
    let mut wanted = gap(&one, (5, 9), GapState::Open);
    wanted.ids = None;
    let id = store.record_gap(&wanted).unwrap();
    let page: Vec<Trade> = [4, 5, 7].map(trade).to_vec();
    let left = store.repair_trades(id, &page, 7).unwrap();
    assert_eq!((left.state, left.ids), (GapState::Open, Some((8, i64::MAX))));
    let page: Vec<Trade> = (8..=12).map(trade).collect();
    let done = store.repair_trades(id, &page, i64::MAX).unwrap();
    assert_eq!(done.state, GapState::Repaired);
    assert_eq!(ids(&store, &one), [5, 7, 8, 9]);
    let real = store.gaps(Some(GapState::Real)).unwrap();
    assert_eq!(real.iter().map(|entry| entry.ids).collect::<Vec<_>>(), [Some((6, 6))]);
    assert_eq!(store.received(&one, Channel::AggTrades).unwrap().unwrap().ids, Some((5, 9)));
    assert_eq!((done.ids, done.span), (Some((5, 9)), wanted.span));
}

#[test]
fn a_gap_before_what_was_received_widens_it_when_all_of_it_is_done() {
    let (_folder, mut store) = store();
    let one = spot("ONE");
    store.write_live(&trades_batch(&one, 31..=40)).unwrap();
    let id = store.record_gap(&gap(&one, (1, 30), GapState::Open)).unwrap();
    for up_to in [10, 20, 30] {
        let received = store.received(&one, Channel::AggTrades).unwrap().unwrap();
        assert_eq!(received.ids, Some((31, 40)), "before {up_to}");
        let page: Vec<Trade> = (up_to - 9..=up_to - 3).map(trade).collect();
        store.repair_trades(id, &page, up_to).unwrap();
    }
    let received = store.received(&one, Channel::AggTrades).unwrap().unwrap();
    assert_eq!((received.ids, received.first), (Some((1, 40)), Time(1)));
    // A stretch apart from it vouches for nothing in between.
    let id = store.record_gap(&gap(&one, (60, 61), GapState::Open)).unwrap();
    store.repair_trades(id, &[trade(60), trade(61)], 61).unwrap();
    assert_eq!(store.received(&one, Channel::AggTrades).unwrap().unwrap().ids, Some((1, 40)));
}

#[test]
fn candles_that_are_fetched_fill_their_gap() {
    let (_folder, mut store) = store();
    let one = spot("ONE");
    let wanted = |from: i64, to: i64| NewGap {
        channel: Channel::Candles(Interval::MINUTE),
        span: Span { start: from * MINUTE, end: to * MINUTE },
        ids: None,
        ..gap(&one, (1, 1), GapState::Open)
    };
    let id = store.record_gap(&wanted(3, 9)).unwrap();
    let offered: Vec<Candle> = [2, 3, 6, 9].map(|minute| candle(minute, 1.0)).to_vec();
    let entry = store.repair_candles(id, &offered).unwrap();
    assert_eq!(entry.state, GapState::Repaired);
    let real = store.gaps(Some(GapState::Real)).unwrap();
    let spans: Vec<_> = real.iter().map(|e| (e.span.start / MINUTE, e.span.end / MINUTE)).collect();
    assert_eq!(spans, [(4, 6), (7, 9)]);
    let series = store.load(&one, Interval::MINUTE, Span::ALL).unwrap();
    assert_eq!(series.open_time(), [3 * MINUTE, 6 * MINUTE]);

    let id = store.record_gap(&wanted(20, 22)).unwrap();
    assert_eq!(store.repair_candles(id, &[]).unwrap().state, GapState::Real);
    assert!(store.repair_trades(id, &[], 0).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn prop_every_id_of_a_repaired_gap_is_stored_or_real(
        at_exchange in prop::collection::btree_set(1i64..60, 0..60),
        pages in prop::collection::vec(1i64..25, 1..12),
    ) {
        let (_folder, mut store) = store();
        let one = spot("ONE");
        let id = store.record_gap(&gap(&one, (1, 59), GapState::Open)).unwrap();
        let mut up_to = 0;
        for page in pages.into_iter().chain([60]) {
            let from = up_to + 1;
            up_to = (up_to + page).min(59);
            let given: Vec<Trade> =
                at_exchange.iter().filter(|&&id| (from..=up_to).contains(&id)).map(|&id| trade(id)).collect();
            if store.repair_trades(id, &given, up_to).unwrap().state != GapState::Open {
                break;
            }
        }
        prop_assert_eq!(ids(&store, &one), at_exchange.iter().copied().collect::<Vec<_>>());
        let mut real: Vec<i64> = Vec::new();
        for entry in store.gaps(Some(GapState::Real)).unwrap() {
            let (first, last) = entry.ids.unwrap();
            real.extend(first..=last);
        }
        real.sort_unstable();
        let absent: Vec<i64> = (1..60).filter(|id| !at_exchange.contains(id)).collect();
        prop_assert_eq!(real, absent);
        prop_assert_eq!(store.gaps(Some(GapState::Open)).unwrap(), []);
    }
}

#[test]
fn values_keep_their_revisions_and_when_each_was_known() {
    let (folder, mut store) = store();
    let value = |time, known_at, value| Value { time, known_at, value };
    let offered = [value(0, 10, 1.0), value(5, 15, 2.0)];
    let written = store.write_values("addresses", "file", &offered, 20).unwrap();
    assert_eq!((written.inserted, written.unchanged, written.revised), (2, 0, 0));
    let before = store.values_digest("addresses", 15).unwrap();
    let offered = [value(0, 10, 1.0), value(5, 15, 3.0), value(6, 16, 4.0)];
    let written = store.write_values("addresses", "file 2", &offered, 30).unwrap();
    assert_eq!((written.inserted, written.unchanged, written.revised), (1, 1, 1));
    assert_eq!(store.values_digest("addresses", 15).unwrap(), before);
    let again = store.write_values("addresses", "file 2", &offered, 40).unwrap();
    assert_eq!((again.inserted, again.unchanged, again.revised), (0, 3, 0));
    // Times between stored ones came late, whatever they say; those before and after did not.
    let offered = [value(-2, 8, 7.0), value(3, 13, 9.0), value(8, 18, 5.0)];
    let late = store.write_values("addresses", "file 2", &offered, 50).unwrap();
    assert_eq!((late.inserted, late.late, late.revised), (2, 1, 0));
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    let all = [
        value(-2, 8, 7.0),
        value(0, 10, 1.0),
        value(5, 15, 2.0),
        value(6, 16, 4.0),
        value(8, 18, 5.0),
        value(5, 30, 3.0),
        value(3, 50, 9.0),
    ];
    assert_eq!(store.values("addresses").unwrap(), all);
    let infos = store.value_series().unwrap();
    assert_eq!((infos[0].name.as_str(), infos[0].origin.as_str()), ("addresses", "file 2"));
    assert_eq!((infos[0].rows, infos[0].first, infos[0].last), (7, -2, 8));
    let error = store.values("sentiment").unwrap_err();
    assert!(error.to_string().contains("it has addresses"), "{error}");
}

#[test]
fn values_that_cannot_be_are_refused_whole() {
    let (_folder, mut store) = store();
    let value = |time, known_at, value| Value { time, known_at, value };
    for (name, wrong) in [
        ("../up", value(0, 0, 1.0)),
        ("", value(0, 0, 1.0)),
        ("a", value(0, 0, f64::NAN)),
        ("a", value(5, 4, 1.0)),
    ] {
        let error = store.write_values(name, "x", &[value(0, 0, 1.0), wrong], 0).unwrap_err();
        assert!(matches!(error, StoreError::ImpossibleValue { .. }), "{error}");
    }
    assert_eq!(store.value_series().unwrap(), []);
    // A second revision in the same millisecond is a version of its own.
    for number in 0..3 {
        store.write_values("a", "x", &[value(0, 0, f64::from(number))], 7).unwrap();
    }
    let known: Vec<i64> = store.values("a").unwrap().iter().map(|value| value.known_at).collect();
    assert_eq!(known, [0, 7, 8]);
}

#[test]
fn archive_files_are_recorded_with_their_rows() {
    let (_folder, mut store) = store();
    let one = spot("ONE");
    let candles = [candle(1, 1.0), candle(0, 2.0)];
    let file = ArchiveFile {
        name: "ONE-1m-1970-01.zip".to_owned(),
        sha256: "0".repeat(64),
        rows: 2,
        first: 0,
        last: MINUTE,
        rows_sha256: candles_sha256(&candles),
        address: None,
    };
    let mut writer = store.begin(&one, Interval::MINUTE, Source::Archive, None).unwrap();
    writer.record_archive_file(&file).unwrap();
    writer.write(&candles).unwrap();
    writer.commit().unwrap();
    let stored = store.archive_files().unwrap();
    assert_eq!((&stored[0].file, stored[0].interval), (&file, Interval::MINUTE));
    assert_eq!(candles_sha256(&[candle(0, 2.0), candle(1, 1.0)]), file.rows_sha256);
    assert_ne!(candles_sha256(&candles[..1]), file.rows_sha256);
}

#[test]
fn a_store_of_the_first_version_is_read_as_it_is() {
    let folder = TempDir::new().unwrap();
    let database = rusqlite::Connection::open(folder.path().join("market.sqlite")).unwrap();
    database.execute_batch(include_str!("../src/store/migrations/0001_candles.sql")).unwrap();
    database.pragma_update(None, "application_id", 0x434E_4457).unwrap();
    database.pragma_update(None, "user_version", 1).unwrap();
    assert!(matches!(Store::open(folder.path()), Err(StoreError::Empty { .. })));
    database
        .execute_batch(
            "INSERT INTO series VALUES (1, 'test', 'spot', 'AB', '1m', 60000, 'gap');
             INSERT INTO candle VALUES (1, 0, 2, 3, 1, 2, 1, NULL, NULL, NULL, NULL, 1)",
        )
        .unwrap();
    drop(database);
    let store = Store::open(folder.path()).unwrap();
    let one = spot("AB");
    assert_eq!(store.load(&one, Interval::MINUTE, Span::ALL).unwrap().len(), 1);
    assert_eq!(store.gaps(None).unwrap(), []);
    assert_eq!(store.received(&one, Channel::AggTrades).unwrap(), None);
    assert_eq!(store.trades(&one, Channel::AggTrades, Span::ALL).unwrap(), []);
    assert_eq!(store.value_series().unwrap(), []);
    assert_eq!(store.archive_files().unwrap(), []);
    assert!(store.values("any").is_err());
    assert!(candlewick::store::check(&store).unwrap().is_sound());
    drop(store);
    let mut store = Store::create(folder.path()).unwrap();
    store.write_live(&trades_batch(&one, 1..=3)).unwrap();
    assert_eq!(ids(&store, &one), [1, 2, 3]);
}

/// Pending rows of the second version lie one to a row of three tables: a reader finds them there,
/// and the next writer packs them.
#[test]
fn a_store_of_the_second_version_keeps_its_pending_rows() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("market.sqlite");
    let database = rusqlite::Connection::open(&file).unwrap();
    database.execute_batch(include_str!("../src/store/migrations/0001_candles.sql")).unwrap();
    database.execute_batch(include_str!("../src/store/migrations/0002_live.sql")).unwrap();
    database.pragma_update(None, "application_id", 0x434E_4457).unwrap();
    database.pragma_update(None, "user_version", 2).unwrap();
    // A bid of 5 at 7 units and an ask of 6 at 8 units, as the second version wrote levels.
    let side = |price: i64, quantity: f64| {
        let count = 1_u16.to_le_bytes();
        [&count[..], &price.to_le_bytes(), &quantity.to_le_bytes()].concat()
    };
    let levels = [side(7, 5.0), side(8, 6.0)].concat();
    database
        .execute_batch(
            "INSERT INTO instrument VALUES (1, 'test', 'spot', 'ONE'), (2, 'test', 'spot', 'TWO');
             INSERT INTO pending_trade VALUES (1, 'agg_trades', 8, 8000, 100000008, 1.0, 1),
                (1, 'agg_trades', 9, 9000, 100000009, 1.125, 0), (1, 'trades', 3, 5, 7, 0.1, 0),
                (2, 'agg_trades', 4, 4000, 100000004, 0.5, 1);
             INSERT INTO pending_quote VALUES (1, 5, NULL, 5000, 200000005, 1.5, 200000015, 2.5);
             INSERT INTO received VALUES (1, 'agg_trades', 8, 9, 8000, 9000),
                (1, 'trades', 3, 3, 5, 5), (2, 'agg_trades', 4, 4, 4000, 4000),
                (1, 'quotes', 5, 5, 5000, 5000), (1, 'book', 11, 11, 6000, 6000);",
        )
        .unwrap();
    database.execute("INSERT INTO pending_book VALUES (1, 6000, 11, ?1)", [levels]).unwrap();
    drop(database);
    let (one, two) = (spot("ONE"), spot("TWO"));
    let level = |price, quantity| Level { price: Price(price), quantity };
    let holds_all = |store: &Store| {
        let trades = store.trades(&one, Channel::AggTrades, Span::ALL).unwrap();
        assert_eq!(trades, [trade(8), trade(9)]);
        assert_eq!(store.trades(&one, Channel::Trades, Span::ALL).unwrap()[0].quantity, 0.1);
        assert_eq!(ids(store, &two), [4]);
        assert_eq!(store.quotes(&one, Span::ALL).unwrap(), [quote(5)]);
        let books = store.books(&one, Span::ALL).unwrap();
        assert_eq!((books.len(), books[0].time, books[0].update_id), (1, 6000, 11));
        assert_eq!(
            (&books[0].bids[..], &books[0].asks[..]),
            (&[level(7, 5.0)][..], &[level(8, 6.0)][..])
        );
        assert!(candlewick::store::check(store).unwrap().is_sound());
    };
    let before = std::fs::read(&file).unwrap();
    holds_all(&Store::open(folder.path()).unwrap());
    assert_eq!(std::fs::read(&file).unwrap(), before, "a reader changes nothing");
    let mut store = Store::create(folder.path()).unwrap();
    holds_all(&store);
    assert_eq!(store.roll_segments(0, 0).unwrap(), 6);
    holds_all(&store);
    store.write_live(&trades_batch(&one, 9..=12)).unwrap();
    assert_eq!(ids(&store, &one), [8, 9, 10, 11, 12]);
    drop(store);
    let database = rusqlite::Connection::open(&file).unwrap();
    let tables =
        "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'pending_%' AND type = 'table'";
    assert_eq!(database.query_row(tables, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

/// Trades that were repaired beyond what was received are not there twice when they come live.
#[test]
fn what_is_pending_already_is_ignored() {
    let (_folder, mut store) = store();
    let one = spot("ONE");
    store.write_live(&trades_batch(&one, 1..=10)).unwrap();
    let id = store.record_gap(&gap(&one, (14, 16), GapState::Open)).unwrap();
    store.repair_trades(id, &[trade(14), trade(16)], 16).unwrap();
    let written = store.write_live(&trades_batch(&one, 11..=20)).unwrap();
    assert_eq!((written.trades, written.ignored), (8, 2));
    assert_eq!(ids(&store, &one), (1..=20).collect::<Vec<_>>());
}

#[test]
fn a_store_without_candles_opens_when_it_holds_anything() {
    let (folder, mut store) = store();
    store.record_gap(&gap(&spot("ONE"), (1, 2), GapState::Open)).unwrap();
    assert!(matches!(Store::open(folder.path()), Err(StoreError::Empty { .. })));
    store.write_live(&trades_batch(&spot("ONE"), 1..=1)).unwrap();
    let error = Store::open(folder.path())
        .unwrap()
        .load(&spot("ONE"), Interval::MINUTE, Span::ALL)
        .unwrap_err();
    assert!(error.to_string().contains("it has none at all"), "{error}");
}
