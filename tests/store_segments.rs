//! Integration tests: pending rows into Parquet segments and out again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candlewick::market::{Channel, Level, Price, Span};
use candlewick::store::{GapState, LiveBatch, Store, StoreError};
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::store_live::{book, gap, ids, quote, spot, trade, trades_batch};
use crate::support::TinyDisk;

/// Every file below `segments/` of a store, sorted.
fn files(store: &Path) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&store.join("segments"), &mut found);
    found.sort();
    found
}

/// Rows that are pending.
fn pending(store: &Path) -> i64 {
    let database = Connection::open(store.join("market.sqlite")).unwrap();
    let count = "SELECT coalesce(sum(rows), 0) FROM pending";
    database.query_row(count, [], |row| row.get(0)).unwrap()
}

#[test]
fn rows_come_back_from_segments_to_the_bit() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let one = spot("ONE");
    // Two days, and prices of every size that a float holds.
    let mut batch = trades_batch(&one, (1..=300).chain(86_390..=86_410));
    for (n, (_, _, trade)) in batch.trades.iter_mut().enumerate() {
        trade.price = Price(match n % 3 {
            0 => n as i64 + 1,
            1 => 6_183_764_000_000 + n as i64,
            _ => 162_345_678_925_000_000 + 1_000_000 * n as i64,
        });
    }
    batch.quotes = (1..=130).map(|id| (Arc::clone(&one), quote(id))).collect();
    batch.books = (1..=70).map(|second| (Arc::clone(&one), book(second, second % 5))).collect();
    // A book with one side only.
    batch.books[5].1.asks.clear();
    store.write_live(&batch).unwrap();
    let everything = |store: &Store| {
        let trades = store.trades(&one, Channel::AggTrades, Span::ALL).unwrap();
        (trades, store.quotes(&one, Span::ALL).unwrap(), store.books(&one, Span::ALL).unwrap())
    };
    let before = everything(&store);
    assert_eq!(before.0.len(), 321);
    assert_eq!(store.roll_segments(0, 0).unwrap(), 321 + 130 + 70);
    assert_eq!(everything(&store), before);
    assert_eq!(pending(folder.path()), 0);
    let names: Vec<String> = files(folder.path())
        .iter()
        .map(|file| file.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "segments/test/spot/ONE/agg_trades/1970-01-01/1-86399.parquet",
            "segments/test/spot/ONE/agg_trades/1970-01-02/86400-86410.parquet",
            "segments/test/spot/ONE/book/1970-01-01/1000-70000.parquet",
            "segments/test/spot/ONE/quotes/1970-01-01/1-130.parquet",
        ]
    );
    let span = Span { start: 299_000, end: 86_392_000 };
    let inside = store.trades(&one, Channel::AggTrades, span).unwrap();
    assert_eq!(inside.iter().map(|t| t.id).collect::<Vec<_>>(), [299, 300, 86_390, 86_391]);
    assert_eq!(store.roll_segments(0, 0).unwrap(), 0);
    // Later rows, and those of a reader that opened the store before.
    let reader = Store::open(folder.path()).unwrap();
    store.write_live(&trades_batch(&one, 86_405..=86_420)).unwrap();
    assert_eq!(ids(&reader, &one).last(), Some(&86_420));
    store.roll_segments(0, 0).unwrap();
    assert_eq!(ids(&reader, &one).len(), 331);
}

#[test]
fn segments_are_rolled_when_they_are_due() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let (one, two) = (spot("ONE"), spot("TWO"));
    store.write_live(&trades_batch(&one, 1..=10)).unwrap();
    store.write_live(&trades_batch(&two, 50..=59)).unwrap();
    assert_eq!(store.roll_segments(11, 60_000).unwrap(), 0);
    // The newest trade, number 59, is 58 seconds after the first of ONE.
    assert_eq!(store.roll_segments(11, 58_000).unwrap(), 10);
    assert_eq!(store.roll_segments(11, 58_000).unwrap(), 0);
    assert_eq!(store.roll_segments(10, 58_000).unwrap(), 10);
    assert_eq!((ids(&store, &one).len(), ids(&store, &two).len()), (10, 10));
}

#[test]
fn large_segments_are_split() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let one = spot("ONE");
    let mut batch = trades_batch(&one, 1..=260_000);
    batch.trades.iter_mut().for_each(|(_, _, trade)| trade.time = trade.id);
    store.write_live(&batch).unwrap();
    assert_eq!(store.roll_segments(0, 0).unwrap(), 260_000);
    let names: Vec<String> = files(folder.path())
        .iter()
        .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["1-250000.parquet", "250001-260000.parquet"]);
    assert_eq!(ids(&store, &one), (1..=260_000).collect::<Vec<_>>());
}

#[test]
fn repaired_trades_lie_beside_the_segment_around_them() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let one = spot("ONE");
    let mut batch = trades_batch(&one, (1..=10).chain(21..=30));
    batch.gaps = vec![gap(&one, (11, 20), GapState::Open)];
    let id = store.write_live(&batch).unwrap().gaps[0].id;
    store.roll_segments(0, 0).unwrap();
    let page: Vec<_> = (8..=25).map(trade).collect();
    store.repair_trades(id, &page, 25).unwrap();
    assert_eq!(pending(folder.path()), 10);
    assert_eq!(ids(&store, &one), (1..=30).collect::<Vec<_>>());
    // A gap that claims what is stored adds nothing.
    let id = store.record_gap(&gap(&one, (5, 15), GapState::Open)).unwrap();
    let page: Vec<_> = (5..=15).map(trade).collect();
    store.repair_trades(id, &page, 15).unwrap();
    assert_eq!(pending(folder.path()), 10);
    store.roll_segments(0, 0).unwrap();
    assert_eq!(ids(&store, &one), (1..=30).collect::<Vec<_>>());
}

#[test]
fn a_changed_segment_is_told_and_never_read() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let one = spot("ONE");
    store.write_live(&trades_batch(&one, 1..=100)).unwrap();
    store.roll_segments(0, 0).unwrap();
    let file = &files(folder.path())[0];
    let whole = fs::read(file).unwrap();
    let told = |store: &Store| {
        let error = store.trades(&one, Channel::AggTrades, Span::ALL).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("1-100.parquet"), "{error}");
    };
    for at in [0, 40, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(file, bytes).unwrap();
        told(&store);
    }
    fs::remove_file(file).unwrap();
    told(&store);
    fs::write(file, whole).unwrap();
    assert_eq!(ids(&store, &one).len(), 100);
}

#[test]
fn what_a_killed_process_left_is_removed_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let one = spot("ONE");
    store.write_live(&trades_batch(&one, 1..=100)).unwrap();
    store.roll_segments(0, 0).unwrap();
    store.write_live(&trades_batch(&one, 101..=200)).unwrap();
    let kept = files(folder.path());
    let day = kept[0].parent().unwrap();
    // The file was renamed and the process killed before it committed.
    fs::copy(&kept[0], day.join("101-200.parquet")).unwrap();
    fs::write(day.join(".101-200.parquet.Ab12Cd.partial"), b"half").unwrap();
    fs::write(day.join("notes.txt"), b"the user's").unwrap();
    drop(store);
    // Reading changes nothing.
    drop(Store::open(folder.path()).unwrap());
    assert_eq!(files(folder.path()).len(), 4);
    let mut store = Store::create(folder.path()).unwrap();
    assert_eq!(files(folder.path()).len(), 2);
    assert!(kept[0].is_file() && day.join("notes.txt").is_file());
    assert_eq!(ids(&store, &one), (1..=200).collect::<Vec<_>>());
    // A leftover of the same name is replaced by the segment that is written now.
    fs::write(day.join("101-200.parquet"), b"old").unwrap();
    store.roll_segments(0, 0).unwrap();
    assert_eq!(ids(&store, &one), (1..=200).collect::<Vec<_>>());
}

#[test]
fn a_full_disk_leaves_rows_where_they_were() {
    let Some(disk) = TinyDisk::mount("store_segments::a_full_disk", 2_600) else { return };
    let folder = disk.path().join("store");
    let mut store = Store::create(&folder).unwrap();
    let one = spot("ONE");
    store.write_live(&trades_batch(&one, 1..=20_000)).unwrap();
    store.settle_log().unwrap();
    let left = 2_600 * 1024 - fs::metadata(folder.join("market.sqlite")).unwrap().len();
    fs::write(disk.path().join("ballast"), vec![7; left as usize - 150_000]).unwrap();
    let error = store.roll_segments(0, 0).unwrap_err();
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    fs::remove_file(disk.path().join("ballast")).unwrap();
    assert_eq!(ids(&store, &one), (1..=20_000).collect::<Vec<_>>());
    drop(store);
    let mut store = Store::create(&folder).unwrap();
    assert_eq!(files(&folder), Vec::<PathBuf>::new());
    store.roll_segments(0, 0).unwrap();
    assert_eq!(ids(&store, &one), (1..=20_000).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn prop_any_order_of_writes_and_rolls_gives_the_same_rows(
        steps in prop::collection::vec((0usize..40, any::<bool>()), 1..12),
        levels in prop::collection::vec((0i64..2_000_000_000_000_000, 0.0f64..1e9), 0..6),
    ) {
        let folder = TempDir::new().unwrap();
        let mut store = Store::create(folder.path()).unwrap();
        let one = spot("ONE");
        let (mut next, mut books) = (1i64, Vec::new());
        for (count, roll) in steps {
            let ids = next..next + count as i64;
            next = ids.end;
            let mut batch = trades_batch(&one, ids.clone());
            for id in ids {
                let mut book = book(id, 0);
                let level = |&(price, quantity)| Level { price: Price(price), quantity };
                book.bids = levels.iter().map(level).take(id as usize % 7).collect();
                book.asks = levels.iter().map(level).skip(id as usize % 3).collect();
                books.push(book.clone());
                batch.books.push((Arc::clone(&one), book));
            }
            // Times that go back over midnight now and then.
            for (_, _, trade) in &mut batch.trades {
                trade.time = 86_400_000 + (trade.id * 7_919) % 2_000 - 1_000;
            }
            store.write_live(&LiveBatch { ..batch }).unwrap();
            if roll {
                store.roll_segments(0, 0).unwrap();
            }
        }
        prop_assert_eq!(ids(&store, &one), (1..next).collect::<Vec<_>>());
        prop_assert_eq!(store.books(&one, Span::ALL).unwrap(), books);
    }
}
