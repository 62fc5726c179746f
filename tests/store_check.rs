//! Integration tests: what `store check` finds.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use candlewick::market::{Candle, Channel, Instrument, Interval, Market, Price, Span};
use candlewick::store::{
    ArchiveFile, ClockMinute, GapReason, GapState, LiveBatch, NewGap, Source, Store, StoreCheck,
    candles_sha256, check,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::store::candle;
use crate::store_live::{book, gap, quote, spot, trades_batch};

const MINUTE: i64 = 60_000;

fn found(folder: &Path) -> StoreCheck {
    check(&Store::open(folder).unwrap()).unwrap()
}

/// Changes a store behind its back.
fn tamper(folder: &Path, sql: &str) {
    let database = Connection::open(folder.join("market.sqlite")).unwrap();
    database.execute_batch(sql).unwrap();
}

#[track_caller]
fn assert_fault(folder: &Path, words: &str) {
    let found = found(folder);
    assert!(!found.is_sound(), "{words}: nothing found");
    assert!(found.faults.iter().any(|fault| fault.contains(words)), "{:?}", found.faults);
}

#[test]
fn ids_are_stored_or_in_the_ledger_or_missing() {
    for roll in [false, true] {
        let folder = TempDir::new().unwrap();
        let mut store = Store::create(folder.path()).unwrap();
        let one = spot("ONE");
        let mut batch = trades_batch(&one, (1..=10).chain(21..=30).chain(41..=50));
        batch.gaps = vec![gap(&one, (11, 20), GapState::Lost), gap(&one, (31, 40), GapState::Open)];
        let open = store.write_live(&batch).unwrap().gaps[1].id;
        if roll {
            store.roll_segments(0, 0).unwrap();
        }
        let sound = found(folder.path());
        assert!(sound.is_sound(), "{:?}", sound.faults);
        assert_eq!((sound.channels[0].rows, sound.channels[0].missing), (30, 0));
        assert!(sound.warnings[0].contains("1 gaps are open"), "{:?}", sound.warnings);
        let counts: Vec<_> = sound.ledger.iter().map(|c| (c.state, c.reason, c.entries)).collect();
        let why = GapReason::Disconnect;
        assert_eq!(counts, [(GapState::Open, why, 1), (GapState::Lost, why, 1)]);
        // An entry that claims a repair that never was.
        store.settle_gap(open, GapState::Repaired).unwrap();
        let wrong = found(folder.path());
        let channel = &wrong.channels[0];
        assert_eq!((channel.missing, channel.missing_ids[0].ids), (10, (31, 40)));
        assert_fault(folder.path(), "10 rows are neither stored nor in the ledger");
    }
}

#[test]
fn candles_that_were_received_are_stored_or_in_the_ledger() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let one = spot("ONE");
    let row = |minute| ((*one).clone(), Interval::MINUTE, candle(minute, 1.0));
    let batch = LiveBatch {
        candles: [1, 2, 5, 9].map(row).to_vec(),
        gaps: vec![NewGap {
            channel: Channel::Candles(Interval::MINUTE),
            span: Span { start: 6 * MINUTE, end: 9 * MINUTE },
            ids: None,
            ..gap(&one, (1, 1), GapState::Real)
        }],
        ..LiveBatch::default()
    };
    store.write_live(&batch).unwrap();
    let found = found(folder.path());
    let channel = &found.channels[0];
    assert_eq!((channel.rows, channel.missing), (4, 2));
    assert_eq!(channel.missing_candles, [Span { start: 3 * MINUTE, end: 5 * MINUTE }]);
    assert!(!found.is_sound());
}

#[test]
fn books_are_neither_crossed_nor_disordered() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let one = spot("ONE");
    let mut books = [book(1, 3), book(2, 3), book(3, 3), book(4, 3)];
    books[1].bids[0].price = books[1].asks[0].price;
    books[2].asks.clear();
    books[3].bids.swap(0, 1);
    let mut quotes = [quote(1), quote(2)];
    quotes[1].ask.price = Price(1);
    let batch = LiveBatch {
        books: books.into_iter().map(|book| (Arc::clone(&one), book)).collect(),
        quotes: quotes.into_iter().map(|quote| (Arc::clone(&one), quote)).collect(),
        ..LiveBatch::default()
    };
    store.write_live(&batch).unwrap();
    let found = found(folder.path());
    let channel = |name| found.channels.iter().find(|c| c.channel == name).unwrap();
    let books = channel(Channel::Book);
    assert_eq!((books.rows, books.crossed, books.empty, books.disordered), (4, 1, 1, 1));
    assert_eq!(channel(Channel::Quotes).crossed, 1);
    assert_fault(folder.path(), "1 books are crossed");
    assert_fault(folder.path(), "1 books are not in the order of their prices");
    assert!(found.warnings.iter().any(|w| w.contains("1 books lack a side")), "{found:?}");
    assert!(found.warnings.iter().any(|w| w.contains("1 quotes are crossed")), "{found:?}");
}

/// A store with one trade a second from second 1 on and candles of 1m that hold their volume.
fn traded(folder: &Path, market: Market) -> (Store, Arc<Instrument>) {
    let one = Arc::new(Instrument::new("test", market, "ONE").unwrap());
    let mut store = Store::create(folder).unwrap();
    let mut batch = trades_batch(&one, 1..=299);
    for (_, _, trade) in &mut batch.trades {
        // 60 times 0.1 is 6 in decimals and 5.999999999999998 in floats.
        trade.quantity = 0.1;
    }
    batch.gaps = vec![NewGap {
        span: Span { start: 130_000, end: 131_000 },
        ids: None,
        ..gap(&one, (1, 1), GapState::Lost)
    }];
    let volumes = [1.0, 6.0, 1.0, 6.0, 1.0];
    let candles = volumes.iter().enumerate().map(|(minute, &v)| candle(minute as i64, v));
    batch.candles = candles.map(|c| ((*one).clone(), Interval::MINUTE, c)).collect();
    store.write_live(&batch).unwrap();
    (store, one)
}

#[test]
fn trades_sum_to_the_volume_of_candles_that_were_received_whole() {
    let folder = TempDir::new().unwrap();
    let (mut store, one) = traded(folder.path(), Market::Spot);
    // The first minute began before the first trade, a gap lies in the third, the last is not over.
    let sound = found(folder.path());
    assert!(sound.is_sound(), "{:?}", sound.faults);
    assert_eq!((sound.volumes[0].compared, sound.volumes[0].differences), (2, 0));
    store.roll_segments(0, 0).unwrap();
    assert_eq!(found(folder.path()).volumes, sound.volumes);
    let better = [candle(3, 6.5)];
    store.write(&one, Interval::MINUTE, Source::Archive, None, &better).unwrap();
    let wrong = found(folder.path());
    let difference = &wrong.volumes[0].first_differences[0];
    assert_eq!((difference.coarser.as_str(), difference.finer.as_str()), ("6.5", "6"));
    assert_fault(folder.path(), "trades sum to another volume in 1 of 2 candles");
}

#[test]
fn aggregate_trades_of_futures_may_lack_some_volume() {
    let folder = TempDir::new().unwrap();
    let (mut store, one) = traded(folder.path(), Market::UsdM);
    store.write(&one, Interval::MINUTE, Source::Archive, None, &[candle(3, 6.5)]).unwrap();
    let found = found(folder.path());
    assert!(found.is_sound() && found.volumes[0].differences == 1, "{:?}", found.faults);
    assert!(found.warnings.iter().any(|w| w.contains("another volume")), "{:?}", found.warnings);
}

#[test]
fn segments_are_whole_and_hold_nothing_twice() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let one = spot("ONE");
    store.write_live(&trades_batch(&one, 1..=100)).unwrap();
    store.roll_segments(0, 0).unwrap();
    let day = folder.path().join("segments/test/spot/ONE/agg_trades/1970-01-01");
    let file = day.join("1-100.parquet");
    fs::copy(&file, day.join("7-8.parquet")).unwrap();
    let sound = found(folder.path());
    assert!(sound.is_sound());
    assert_eq!((sound.segments.files, sound.segments.rows), (1, 100));
    assert_eq!(sound.segments.leftovers, [day.join("7-8.parquet")]);
    assert!(sound.warnings.iter().any(|w| w.contains("belong to nothing")), "{sound:?}");
    // Rows of a segment that are pending too.
    tamper(
        folder.path(),
        "INSERT INTO pending VALUES (1, 1, 'agg_trades', 2, 7, 8, 7000, 8000, \
         x'210eb036410200e1f505002102d0074000e1f50500')",
    );
    assert_fault(folder.path(), "2 rows are there twice");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    assert_fault(folder.path(), "1-100.parquet: its sha256 is");
    fs::remove_file(&file).unwrap();
    assert_fault(folder.path(), "1-100.parquet: ");
}

#[test]
fn candles_are_those_of_the_archive_file_that_they_came_from() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let one = spot("ONE");
    let candles: Vec<Candle> = (0..10).map(|minute| candle(minute, 1.0)).collect();
    // A candle of another source, in a minute that the archive lacks, is no difference.
    store.write(&one, Interval::MINUTE, Source::Live, None, &[candle(4, 9.0)]).unwrap();
    let taken: Vec<Candle> =
        candles.iter().filter(|c| c.open_time != 4 * MINUTE).copied().collect();
    let file = ArchiveFile {
        name: "ONE-1m-1970-01.zip".to_owned(),
        sha256: "a".repeat(64),
        rows: 9,
        first: 0,
        last: 9 * MINUTE,
        rows_sha256: candles_sha256(&taken),
        address: None,
    };
    let mut writer = store.begin(&one, Interval::MINUTE, Source::Archive, None).unwrap();
    writer.write(&taken).unwrap();
    writer.record_archive_file(&file).unwrap();
    writer.commit().unwrap();
    let sound = found(folder.path());
    assert!(sound.is_sound() && sound.archive.files == 1, "{:?}", sound.faults);
    tamper(folder.path(), "UPDATE candle SET volume = 1.5 WHERE open_time = 120000");
    assert_fault(folder.path(), "stored candles are not those of the file");
    tamper(folder.path(), "UPDATE candle SET volume = 1.0 WHERE open_time = 120000");
    assert!(found(folder.path()).is_sound());
    tamper(folder.path(), "DELETE FROM candle WHERE open_time = 120000");
    assert_fault(folder.path(), "stored candles are not those of the file");
}

#[test]
fn a_receivers_clock_that_drifts_is_named_and_so_is_what_is_stale() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let (one, two) = (spot("ONE"), spot("TWO"));
    let clock = |minute, least, mean, greatest| ClockMinute {
        minute: minute * MINUTE,
        messages: 10,
        least,
        mean,
        greatest,
    };
    let mut batch = trades_batch(&one, 1..=1);
    batch.trades.extend(trades_batch(&two, 1000..=1000).trades);
    batch.clocks = vec![
        (Arc::clone(&one), clock(0, 5, 20.0, 90)),
        (Arc::clone(&one), clock(1, -3, 40.0, 70)),
        (Arc::clone(&two), clock(0, -4000, -1200.0, 5)),
    ];
    store.write_live(&batch).unwrap();
    let found = found(folder.path());
    assert!(found.is_sound());
    let clocks: Vec<_> =
        found.clocks.iter().map(|c| (c.minutes, c.least, c.mean, c.greatest, c.drifting)).collect();
    assert_eq!(clocks, [(2, -3, 30.0, 90, false), (1, -4000, -1200.0, 5, true)]);
    assert!(found.warnings.iter().any(|w| w.contains("TWO") && w.contains("set the clock")));
    assert_eq!((found.channels[0].behind, found.channels[1].behind), (999_000, 0));
    let stale = "ONE agg_trades: 999 s behind the newest thing";
    assert!(found.warnings.iter().any(|w| w.contains(stale)), "{:?}", found.warnings);
}
