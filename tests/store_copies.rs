//! Integration tests: a store exported, backed up, and its ledger listed.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use candlewick::market::{Channel, Interval, Price, Span};
use candlewick::store::{
    ExportRequest, GapState, Source, Store, StoreError, Value, backup, check, export,
};
use serde_json::json;
use tempfile::TempDir;

use crate::store::candle;
use crate::store_live::{book, gap, ids, quote, spot, trades_batch};
use crate::support::{Sandbox, sha256};

const ALL: ExportRequest = ExportRequest { span: Span::ALL, symbols: None };

/// A store with some of everything, in segments and pending, over two months.
fn full_store(folder: &Path) -> Store {
    let mut store = Store::create(folder).unwrap();
    let (one, two) = (spot("ONE"), spot("TWO"));
    // Trade number n is of second n; February 1970 begins at second 2,678,400.
    let mut batch = trades_batch(&one, (1..=300).chain(2_678_390..=2_678_409));
    batch.trades.extend(trades_batch(&two, 5..=6).trades);
    for (_, _, trade) in &mut batch.trades {
        trade.price = Price(3 * trade.id);
    }
    batch.quotes = (1..=9).map(|id| (Arc::clone(&one), quote(id))).collect();
    batch.books = (1..=9).map(|second| (Arc::clone(&one), book(second, 2))).collect();
    batch.gaps = vec![gap(&one, (301, 2_678_389), GapState::Lost)];
    store.write_live(&batch).unwrap();
    store.roll_segments(0, 0).unwrap();
    store.write_live(&trades_batch(&one, 2_678_410..=2_678_419)).unwrap();
    let candles: Vec<_> = (0..50_000).map(|minute| candle(minute, 1.0)).collect();
    // The trades of TWO cover no candle, whose volume they would have to sum to.
    store.write(&two, Interval::MINUTE, Source::Csv, None, &candles).unwrap();
    let value =
        |day: i64, value| Value { time: day * 86_400_000, known_at: day * 86_400_000, value };
    let values: Vec<_> = (0..40).map(|day| value(day, day as f64)).collect();
    store.write_values("addresses", "file", &values, 0).unwrap();
    store
}

#[test]
fn an_export_names_every_file_of_every_month() {
    let folder = TempDir::new().unwrap();
    let store = full_store(&folder.path().join("store"));
    let to = folder.path().join("export");
    let manifest = export(&store, &to, &ALL).unwrap();
    let files: Vec<_> = manifest.files.iter().map(|f| (f.path.as_str(), f.rows)).collect();
    let of =
        |kind: &str, rest: &str| format!("{kind}/venue=test/market=spot/symbol={rest}.parquet");
    let expected = [
        (of("candles", "TWO/interval=1m/1970-01"), 44_640),
        (of("candles", "TWO/interval=1m/1970-02"), 5_360),
        (of("trades", "ONE/channel=agg_trades/1970-01"), 310),
        (of("trades", "ONE/channel=agg_trades/1970-02"), 20),
        (of("quotes", "ONE/1970-01"), 9),
        (of("books", "ONE/1970-01"), 9),
        (of("trades", "TWO/channel=agg_trades/1970-01"), 2),
        ("values/name=addresses/1970-01.parquet".to_owned(), 31),
        ("values/name=addresses/1970-02.parquet".to_owned(), 9),
    ];
    assert_eq!(files, expected.iter().map(|(p, n)| (p.as_str(), *n)).collect::<Vec<_>>());
    for file in &manifest.files {
        assert_eq!(sha256(&to.join(&file.path)), file.sha256, "{}", file.path);
    }
    let written: serde_json::Value =
        serde_json::from_slice(&fs::read(to.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(written, serde_json::to_value(&manifest).unwrap());
    assert!(matches!(export(&store, &to, &ALL), Err(StoreError::NotEmpty { .. })));

    let part = ExportRequest {
        span: Span { start: 299_000, end: 2_678_392_000 },
        symbols: Some(vec!["ONE".to_owned(), "TWO".to_owned()]),
    };
    let manifest = export(&store, &folder.path().join("part"), &part).unwrap();
    let files: Vec<_> = manifest.files.iter().map(|f| (f.path.as_str(), f.rows)).collect();
    let expected = [
        (of("candles", "TWO/interval=1m/1970-01"), 44_635),
        (of("trades", "ONE/channel=agg_trades/1970-01"), 4),
    ];
    assert_eq!(files, expected.iter().map(|(p, n)| (p.as_str(), *n)).collect::<Vec<_>>());
}

#[test]
fn python_reads_an_export() {
    let Some(python) = std::env::var_os("CANDLEWICK_PYTHON") else {
        eprintln!(
            "SKIPPED python_reads_an_export: CANDLEWICK_PYTHON (a python with pyarrow and pandas) \
             is unset"
        );
        return;
    };
    let folder = TempDir::new().unwrap();
    let store = full_store(&folder.path().join("store"));
    let to = folder.path().join("export");
    export(&store, &to, &ALL).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/read_export.py");
    let output = Command::new(python).arg(script).arg(&to).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let sum: i64 = (1..=300).chain(2_678_390..=2_678_419).chain(5..=6).sum();
    assert_eq!(
        found["trades"],
        json!({
            "rows": 332, "sum": sum as f64,
            "of": ["test/spot/ONE/agg_trades", "test/spot/TWO/agg_trades"],
            "prices": [3e-8, 6e-8, 9e-8],
        })
    );
    assert_eq!(
        found["candles"],
        json!({ "rows": 50_000, "sum": 50_000.0, "of": ["test/spot/TWO/1m"] })
    );
    assert_eq!(found["quotes"]["sum"], json!(45.0));
    assert_eq!(found["values"], json!({ "rows": 40, "sum": 780.0, "of": ["addresses"] }));
    let columns = ["bid_price_1", "bid_quantity_1", "ask_price_1", "ask_quantity_1"];
    let columns: Vec<String> =
        columns.iter().map(|&c| c.to_owned()).chain(columns.map(|c| c.replace('1', "2"))).collect();
    assert_eq!(found["books"]["columns"], json!(columns));
}

#[test]
fn a_backup_is_a_store_of_its_own() {
    let folder = TempDir::new().unwrap();
    let from = folder.path().join("store");
    let mut store = full_store(&from);
    let to = folder.path().join("backup");
    let made = backup(&store, &to).unwrap();
    // Three days of ONE, one of TWO, quotes and books.
    assert_eq!(made.segments, 6);
    let one = spot("ONE");
    store.write_live(&trades_batch(&one, 2_678_420..=2_678_430)).unwrap();
    let copy = Store::open(&to).unwrap();
    assert_eq!(ids(&copy, &one).len(), 330);
    assert_eq!(copy.gaps(None).unwrap(), store.gaps(None).unwrap());
    let digest = |store: &Store| store.digest(&spot("TWO"), Interval::MINUTE, Span::ALL).unwrap();
    assert_eq!(digest(&copy), digest(&store));
    let found = check(&copy).unwrap();
    assert!(found.is_sound(), "{:?}", found.faults);
    // The copy can be written on.
    let mut copy = Store::create(&to).unwrap();
    copy.write_live(&trades_batch(&one, 2_678_420..=2_678_421)).unwrap();
    assert!(matches!(backup(&store, &to), Err(StoreError::NotEmpty { .. })));

    // A store that is not whole makes no backup.
    let segment = from.join("segments/test/spot/TWO/agg_trades/1970-01-01/5-6.parquet");
    fs::write(&segment, b"other").unwrap();
    let broken = folder.path().join("broken");
    let error = backup(&store, &broken).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(matches!(Store::open(&broken), Err(StoreError::Absent { .. })));
}

#[test]
fn a_backup_under_load_is_of_one_moment() {
    let folder = TempDir::new().unwrap();
    let from = folder.path().join("store");
    let one = spot("ONE");
    let mut store = Store::create(&from).unwrap();
    store.write_live(&trades_batch(&one, 1..=5_000)).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut next = 5_001;
            while !stop.load(Ordering::Relaxed) {
                store.write_live(&trades_batch(&one, next..next + 100)).unwrap();
                next += 100;
                if next % 1_000 == 1 {
                    store.roll_segments(0, 0).unwrap();
                }
            }
            next
        });
        for number in 0..4 {
            let to = folder.path().join(format!("backup{number}"));
            backup(&Store::open(&from).unwrap(), &to).unwrap();
            let copy = Store::open(&to).unwrap();
            let last = copy.received(&one, Channel::AggTrades).unwrap().unwrap().ids.unwrap().1;
            assert_eq!(ids(&copy, &one), (1..=last).collect::<Vec<_>>());
            let found = check(&copy).unwrap();
            assert!(found.is_sound() && found.segments.leftovers.is_empty(), "{found:?}");
        }
        stop.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() > 5_001);
    });
}

#[test]
fn the_command_line_lists_exports_and_copies() {
    let sandbox = Sandbox::new();
    let store = full_store(&sandbox.path("store"));
    drop(store);
    let lost = sandbox.done(&["store", "gaps"]);
    assert!(
        lost.contains("test/spot/ONE agg_trades") && lost.contains("lost (disconnect)"),
        "{lost}"
    );
    assert!(lost.contains("ids 301 to 2678389") && lost.ends_with("1 entries\n"), "{lost}");
    let open = sandbox.done(&["store", "gaps", "--state", "open", "--json"]);
    assert_eq!(open, "{\"gaps\":[]}\n");
    let all: serde_json::Value =
        serde_json::from_str(&sandbox.done(&["store", "gaps", "--json"])).unwrap();
    let entry = &all["gaps"][0];
    assert_eq!((&entry["symbol"], &entry["channel"]), (&json!("ONE"), &json!("agg_trades")));
    assert_eq!((&entry["ids"], &entry["state"]), (&json!([301, 2_678_389]), &json!("lost")));
    assert_eq!(sandbox.run(&["store", "gaps", "--state", "none"]).code, Some(2));

    let told = sandbox.done(&["store", "export", "out", "--symbols", "TWO", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["files"], &told["rows"]), (&json!(3), &json!(50_002)));
    assert!(sandbox.path("out/manifest.json").is_file());
    let told = sandbox.done(&["store", "backup", "copy"]);
    assert!(told.contains("a verified copy, 6 segments"), "{told}");
    let told = sandbox.done(&["store", "check", "--store", "copy"]);
    assert!(told.contains("6 segments with") && !told.contains("fault"), "{told}");
    let told = sandbox.done(&["store", "check", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["faults"], &told["segments"]["files"]), (&json!([]), &json!(6)));
    let segment = sandbox.path("store/segments/test/spot/TWO/agg_trades/1970-01-01/5-6.parquet");
    fs::remove_file(segment).unwrap();
    let finished = sandbox.run(&["store", "check"]);
    assert_eq!(finished.code, Some(3));
    assert!(finished.out.contains("fault: segments/test/spot/TWO"), "{}", finished.out);
}
