//! Integration tests: store.

use std::fs;
use std::path::Path;

use candlewick::market::{Candle, Instrument, Interval, Market, Missing, Span};
use candlewick::store::{Source, Store, StoreError, check};
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::TinyDisk;

const MINUTE: i64 = 60_000;

pub fn instrument() -> Instrument {
    Instrument::new("test", Market::Spot, "AB").unwrap()
}

/// A plain candle of minute `minute` with a volume of its own.
pub fn candle(minute: i64, volume: f64) -> Candle {
    Candle {
        open_time: minute * MINUTE,
        open: 2.0,
        high: 3.0,
        low: 1.0,
        close: 2.5,
        volume,
        quote_volume: None,
        trades: None,
        taker_buy_volume: None,
        taker_buy_quote_volume: None,
    }
}

fn candles(minutes: &[i64]) -> Vec<Candle> {
    minutes.iter().map(|&minute| candle(minute, 1.0)).collect()
}

fn write(store: &mut Store, source: Source, missing: Option<Missing>, candles: &[Candle]) {
    store.write(&instrument(), Interval::MINUTE, source, missing, candles).unwrap();
}

fn minutes(store: &Store, span: Span) -> Vec<i64> {
    let series = store.load(&instrument(), Interval::MINUTE, span).unwrap();
    series.open_time().iter().map(|time| time / MINUTE).collect()
}

#[test]
fn candles_come_back_bit_for_bit_in_order_of_time() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let mut full = candle(3, 0.1 + 0.2);
    full.quote_volume = Some(1e-300);
    full.trades = Some(i64::MAX);
    full.taker_buy_volume = Some(0.3);
    full.taker_buy_quote_volume = Some(0.0);
    let offered = [full, candle(1, 5.0), candle(-7, 0.0)];
    write(&mut store, Source::Csv, None, &offered);
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    let series = store.load(&instrument(), Interval::MINUTE, Span::ALL).unwrap();
    assert_eq!(series.iter().collect::<Vec<_>>(), [offered[2], offered[1], offered[0]]);
}

#[test]
fn a_span_is_half_open() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    write(&mut store, Source::Csv, None, &candles(&[0, 1, 2, 3]));
    assert_eq!(minutes(&store, Span { start: MINUTE, end: 3 * MINUTE }), [1, 2]);
}

#[test]
fn absent_candles_are_filled_only_where_they_mean_no_trade() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    write(&mut store, Source::Csv, Some(Missing::Gap), &candles(&[0, 5]));
    assert_eq!(minutes(&store, Span::ALL), [0, 5]);
    write(&mut store, Source::Csv, Some(Missing::NoTrade), &candles(&[0]));
    assert_eq!(minutes(&store, Span::ALL), [0, 1, 2, 3, 4, 5]);
    // Edges of the span that lie in a hole are filled from the candle before it.
    assert_eq!(minutes(&store, Span { start: 2 * MINUTE, end: 4 * MINUTE }), [2, 3]);
    let series = store.load(&instrument(), Interval::MINUTE, Span::ALL).unwrap();
    assert_eq!(series.candle(3), Candle::no_trade(3 * MINUTE, &candle(0, 1.0)));
    let found = check(&store).unwrap();
    assert_eq!((found.series[0].no_trade_candles, found.series[0].gaps.len()), (4, 0));
}

#[test]
fn a_contradiction_keeps_the_better_source_and_both_versions() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let mut offer = |source, volume| {
        let candles = [candle(0, volume)];
        store.write(&instrument(), Interval::MINUTE, source, None, &candles).unwrap()
    };
    assert_eq!(offer(Source::Live, 1.0).inserted, 1);
    assert_eq!(offer(Source::Csv, 2.0).replaced, 1);
    assert_eq!(offer(Source::Csv, 3.0).outranked, 1, "a tie keeps the stored one");
    assert_eq!(offer(Source::Archive, 4.0).replaced, 1);
    assert_eq!(offer(Source::Rest, 5.0).outranked, 1);
    // The same quarrel again is no new row of the audit table.
    assert_eq!(offer(Source::Rest, 5.0).outranked, 1);
    assert_eq!(offer(Source::Archive, 4.0).unchanged, 1);
    let series = store.load(&instrument(), Interval::MINUTE, Span::ALL).unwrap();
    assert_eq!(series.candle(0).volume, 4.0);
    assert_eq!(check(&store).unwrap().series[0].conflicts, 4);
    drop(store);
    let audit = Connection::open(folder.path().join("market.sqlite")).unwrap();
    let mut rows = audit
        .prepare(
            "SELECT kept.name, kept_volume, lost.name, lost_volume FROM conflict \
             JOIN source AS kept ON kept.rank = kept_source \
             JOIN source AS lost ON lost.rank = lost_source ORDER BY conflict.id",
        )
        .unwrap();
    let rows: Vec<(String, f64, String, f64)> = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let row = |kept: &str, one, lost: &str, two| (kept.to_owned(), one, lost.to_owned(), two);
    assert_eq!(
        rows,
        [
            row("csv", 2.0, "live", 1.0),
            row("csv", 2.0, "csv", 3.0),
            row("archive", 4.0, "csv", 2.0),
            row("archive", 4.0, "rest", 5.0),
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn prop_writing_again_inserts_nothing(
        minutes in proptest::collection::vec(-200i64..200, 1..60),
        volumes in proptest::collection::vec(0.0f64..1e6, 60),
    ) {
        let folder = TempDir::new().unwrap();
        let mut store = Store::create(folder.path()).unwrap();
        let offered: Vec<Candle> =
            minutes.iter().zip(&volumes).map(|(&minute, &volume)| candle(minute, volume)).collect();
        let write = |store: &mut Store| {
            store.write(&instrument(), Interval::MINUTE, Source::Csv, None, &offered).unwrap()
        };
        let first = write(&mut store);
        let digest = store.digest(&instrument(), Interval::MINUTE, Span::ALL).unwrap();
        let second = write(&mut store);
        prop_assert_eq!((second.inserted, second.replaced, second.completed), (0, 0, 0));
        prop_assert_eq!(second.unchanged + second.outranked, offered.len() as u64);
        prop_assert_eq!(first.inserted, store.series().unwrap()[0].rows);
        prop_assert_eq!(digest, store.digest(&instrument(), Interval::MINUTE, Span::ALL).unwrap());
    }

    #[test]
    fn prop_gaps_and_candles_make_the_whole_span(
        minutes in proptest::collection::btree_set(0i64..300, 2..80),
    ) {
        let folder = TempDir::new().unwrap();
        let mut store = Store::create(folder.path()).unwrap();
        let minutes: Vec<i64> = minutes.into_iter().collect();
        write(&mut store, Source::Csv, None, &candles(&minutes));
        let found = check(&store).unwrap();
        let series = &found.series[0];
        let span = (series.last.0 - series.first.0) / MINUTE + 1;
        prop_assert_eq!(series.rows + series.missing_candles, span.unsigned_abs());
        for gap in &series.gaps {
            prop_assert_eq!((gap.to.0 - gap.from.0) / MINUTE + 1, gap.missing as i64);
            for minute in gap.from.0 / MINUTE..=gap.to.0 / MINUTE {
                prop_assert!(!minutes.contains(&minute));
            }
        }
    }
}

#[test]
fn a_digest_tells_one_changed_bit() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    write(&mut store, Source::Csv, None, &candles(&[0, 1]));
    let digest = |store: &Store| store.digest(&instrument(), Interval::MINUTE, Span::ALL).unwrap();
    let before = digest(&store);
    assert_eq!(before.len(), 64);
    let mut changed = candle(1, 1.0 + f64::EPSILON);
    write(&mut store, Source::Archive, None, &[changed]);
    let after = digest(&store);
    assert_ne!(before, after);
    changed.trades = Some(0);
    write(&mut store, Source::Archive, None, &[changed]);
    assert_ne!(after, digest(&store));
}

#[test]
fn sums_are_decimals_and_differences_are_named() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let three: Interval = "3m".parse().unwrap();
    // 0.1 + 0.2 + 0.3 is 0.6000000000000001 in floats and 0.6 in decimals.
    let fine = [candle(0, 0.1), candle(1, 0.2), candle(2, 0.3), candle(3, 1.0), candle(5, 1.0)];
    write(&mut store, Source::Csv, None, &fine);
    let coarse = [candle(0, 0.6), candle(3, 3.0)];
    store.write(&instrument(), three, Source::Csv, None, &coarse).unwrap();
    let found = check(&store).unwrap();
    let sums = &found.sums[0];
    assert_eq!((sums.compared, sums.uncovered, sums.exact), (1, 1, true));
    assert!(found.is_sound());

    write(&mut store, Source::Csv, None, &[candle(4, 0.999)]);
    let found = check(&store).unwrap();
    let sums = &found.sums[0];
    assert_eq!((sums.compared, sums.exact, sums.differences), (2, false, 1));
    let difference = &sums.first_differences[0];
    assert_eq!((difference.coarser.as_str(), difference.finer.as_str()), ("3", "2.999"));
    assert!(!found.is_sound());
}

#[test]
fn what_is_no_store_is_told_apart() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let told = |path: &Path| Store::open(path).unwrap_err();
    assert!(matches!(told(path), StoreError::Absent { .. }));
    assert!(told(path).to_string().contains("candlewick ingest"));
    drop(Store::create(path).unwrap());
    assert!(matches!(told(path), StoreError::Empty { .. }));
    assert!(told(path).is_data());

    let file = path.join("market.sqlite");
    let database = Connection::open(&file).unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    drop(database);
    assert!(matches!(told(path), StoreError::Newer { found: 999, .. }));
    assert!(matches!(Store::create(path).unwrap_err(), StoreError::Newer { .. }));

    fs::write(&file, "certainly not a database, but some text").unwrap();
    assert!(matches!(told(path), StoreError::Foreign { .. }));
    fs::remove_file(&file).unwrap();
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE other (x)").unwrap();
    assert!(matches!(told(path), StoreError::Foreign { .. }));
    assert!(matches!(Store::create(path).unwrap_err(), StoreError::Foreign { .. }));
}

#[test]
fn an_unknown_series_lists_the_known_ones() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    write(&mut store, Source::Csv, None, &candles(&[0]));
    let error = store.load(&instrument(), Interval::HOUR, Span::ALL).unwrap_err().to_string();
    assert!(
        error.contains("test/spot/AB 1h") && error.contains("it has test/spot/AB 1m"),
        "{error}"
    );
}

#[test]
fn impossible_candles_never_enter() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let mut wrong = candle(1, 1.0);
    wrong.close = f64::NAN;
    let offered = [candle(0, 1.0), wrong];
    let error = store.write(&instrument(), Interval::MINUTE, Source::Csv, None, &offered);
    assert!(matches!(error.unwrap_err(), StoreError::Impossible { .. }));
    drop(store);
    assert!(matches!(Store::open(folder.path()).unwrap_err(), StoreError::Empty { .. }));
    // The database itself refuses what the library would not offer.
    let database = Connection::open(folder.path().join("market.sqlite")).unwrap();
    database
        .execute_batch("INSERT INTO series VALUES (1, 'test', 'spot', 'AB', '1m', 60000, 'gap')")
        .unwrap();
    for wrong in [
        "(1, 0, 2, 1, 1, 2, 1, NULL, NULL, NULL, NULL, 1)",
        "(1, 0, 2, 3, 0, 2, 1, NULL, NULL, NULL, NULL, 1)",
        "(1, 0, 2, 9e999, 1, 2, 1, NULL, NULL, NULL, NULL, 1)",
        "(1, 0, 2, 3, 1, 2, -1, NULL, NULL, NULL, NULL, 1)",
        "(1, 0, 2, 3, 1, 2, 1, NULL, NULL, 1.5, NULL, 1)",
        "(1, 0, 2, 3, 1, 2, 1, NULL, NULL, NULL, NULL, 9)",
        "(1, 0, 'two', 3, 1, 2, 1, NULL, NULL, NULL, NULL, 1)",
        "(2, 0, 2, 3, 1, 2, 1, NULL, NULL, NULL, NULL, 1)",
    ] {
        let insert = format!("PRAGMA foreign_keys = ON; INSERT INTO candle VALUES {wrong}");
        assert!(database.execute_batch(&insert).is_err(), "{wrong}");
    }
}

#[test]
fn one_writer_at_a_time_while_others_read() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    write(&mut store, Source::Csv, None, &candles(&[0]));
    let reader = Store::open(folder.path()).unwrap();
    let mut writer = store.begin(&instrument(), Interval::MINUTE, Source::Csv, None).unwrap();
    writer.write(&candles(&[1])).unwrap();
    assert_eq!(minutes(&reader, Span::ALL), [0]);
    drop(writer);
    assert_eq!(minutes(&reader, Span::ALL), [0], "what was not committed never was");
    let mut writer = store.begin(&instrument(), Interval::MINUTE, Source::Csv, None).unwrap();
    writer.write(&candles(&[1])).unwrap();
    writer.commit().unwrap();
    assert_eq!(minutes(&reader, Span::ALL), [0, 1]);
}

#[test]
fn a_new_store_that_is_filled_ends_as_any_other() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create_to_fill(folder.path()).unwrap();
    write(&mut store, Source::Csv, None, &candles(&[0, 1]));
    store.settle_log().unwrap();
    let reader = Store::open(folder.path()).unwrap();
    let mut writer = store.begin(&instrument(), Interval::MINUTE, Source::Csv, None).unwrap();
    writer.write(&candles(&[2])).unwrap();
    // Only a write-ahead log lets others read while one writes.
    assert_eq!(minutes(&reader, Span::ALL), [0, 1]);
    writer.commit().unwrap();
    assert_eq!(minutes(&reader, Span::ALL), [0, 1, 2]);
}

#[test]
fn a_full_disk_keeps_what_was_committed_and_nothing_else() {
    let Some(disk) = TinyDisk::mount("store::a_full_disk", 1_500) else { return };
    let folder = disk.path().join("store");
    let mut store = Store::create(&folder).unwrap();
    write(&mut store, Source::Csv, None, &candles(&[0, 1, 2]));
    let many: Vec<Candle> = (3..100_000).map(|minute| candle(minute, 1.5)).collect();
    let error = store.write(&instrument(), Interval::MINUTE, Source::Csv, None, &many).unwrap_err();
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert!(error.to_string().contains("disk is full") && !error.is_data());
    drop(store);
    let store = Store::open(&folder).unwrap();
    assert_eq!(minutes(&store, Span::ALL), [0, 1, 2]);
    assert!(check(&store).unwrap().is_sound());
}

#[test]
fn a_read_only_disk_can_be_read_and_not_written() {
    let Some(disk) = TinyDisk::mount("store::a_read_only_disk", 4_000) else { return };
    let folder = disk.path().join("store");
    let mut store = Store::create(&folder).unwrap();
    write(&mut store, Source::Csv, None, &candles(&[0, 1]));
    drop(store);
    disk.make_read_only();
    assert_eq!(minutes(&Store::open(&folder).unwrap(), Span::ALL), [0, 1]);
    for folder in [folder, disk.path().join("new")] {
        let error = Store::create(&folder)
            .and_then(|mut store| {
                store.write(&instrument(), Interval::MINUTE, Source::Csv, None, &candles(&[2]))
            })
            .unwrap_err();
        assert!(matches!(error, StoreError::NotWritable { .. }), "{error}");
    }
}
