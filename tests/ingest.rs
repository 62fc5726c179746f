//! Integration tests: ingest.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use candlewick::ingest::simulated::{
    DIRECTION_THRESHOLD, SimulationConfig, best_reachable, ingest_simulated, simulate,
};
use candlewick::ingest::{
    ArchiveSource, CsvSource, IngestError, IngestReport, Progress, ingest_archive, ingest_csv,
};
use candlewick::market::{CandleSeries, Instrument, Interval, Market, Missing, Span, Time};
use candlewick::store::{Store, StoreError, check, hex};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Sandbox, TinyDisk, real_data};

const COLUMNS: &str = "open_time_ms,open,high,low,close,volume";

fn csv_source<'a>(file: &'a Path, columns: &str) -> CsvSource<'a> {
    CsvSource {
        file,
        instrument: Instrument::new("csv", Market::Spot, "AB").unwrap(),
        interval: Interval::MINUTE,
        columns: columns.parse().unwrap(),
        missing: None,
    }
}

fn csv_report(store: &mut Store, file: &Path, columns: &str) -> Result<IngestReport, IngestError> {
    ingest_csv(store, &csv_source(file, columns), &mut |_| {})
}

fn archive_report(store: &mut Store, folder: &Path) -> Result<IngestReport, IngestError> {
    let source = ArchiveSource { folder, venue: "binance", market: Market::Spot };
    let mut last = 0.0;
    ingest_archive(store, &source, &mut |Progress { done, total }| {
        let share = done as f64 / total as f64;
        assert!((last..=1.0).contains(&share));
        last = share;
    })
}

/// Writes `text` to a file beside the store.
fn file(folder: &TempDir, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

/// An archive's zip of one CSV and its checksum file.
fn archive_file(folder: &Path, symbol: &str, interval: &str, month: &str, csv: &str) -> PathBuf {
    archive_entry(folder, symbol, interval, month, &[(&format!("{symbol}.csv"), csv)])
}

fn archive_entry(
    folder: &Path,
    symbol: &str,
    interval: &str,
    month: &str,
    entries: &[(&str, &str)],
) -> PathBuf {
    let folder = folder.join(symbol).join(interval);
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{symbol}-{interval}-{month}.zip"));
    let mut zip = ZipWriter::new(fs::File::create(&path).unwrap());
    for (name, text) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    write_checksum(&path);
    path
}

fn write_checksum(zip: &Path) {
    let digest = hex(&Sha256::digest(fs::read(zip).unwrap()));
    let name = zip.file_name().unwrap().to_str().unwrap();
    fs::write(checksum_of(zip), format!("{digest}  {name}\n")).unwrap();
}

fn checksum_of(zip: &Path) -> PathBuf {
    PathBuf::from(format!("{}.CHECKSUM", zip.display()))
}

/// An archive row of minute `minute`, times in milliseconds.
fn archive_row(minute: i64) -> String {
    let open = minute * 60_000;
    format!("{open},2,3,1,2.5,10,{},25,7,4,10,0\n", open + 59_999)
}

#[test]
fn good_rows_are_kept_and_the_others_named_with_file_and_line() {
    let folder = TempDir::new().unwrap();
    let path = file(
        &folder,
        "rows.csv",
        "time,open,high,low,close,volume\n\
         0,2,3,1,2.5,10\n\
         60000,2,3,1,NaN,10\n\
         60000,2,3,1,2.5,10\n\
         60000,2,3,1,2.6,10\n\n\
         90000,2,3,1,2.5,10\n\
         120000,2,1,1,2.5,10\n\
         120000,2,3,1,2.5,-10\n\
         x,2,3,1,2.5,10\n\
         180000,2,3,1,2.5\n\
         \"180000\", 2 ,3,1,2.5,10\r\n",
    );
    let mut store = Store::create(folder.path()).unwrap();
    let report = csv_report(&mut store, &path, COLUMNS).unwrap();
    assert_eq!((report.rows, report.written.inserted, report.refused.rows), (10, 3, 7));
    let told: Vec<String> = report
        .refused
        .first
        .iter()
        .map(|refusal| {
            assert_eq!(refusal.file, path);
            format!("{}: {}", refusal.line.unwrap(), refusal.reason)
        })
        .collect();
    assert_eq!(
        told,
        [
            "3: close is not a finite number (NaN)",
            "5: open time 1970-01-01T00:01:00Z was in an earlier row already",
            "7: open time 90000 is off the 1m grid",
            "8: impossible prices: open 2, high 1, low 1, close 2.5",
            "9: volume -10 is negative",
            "10: open_time_ms `x` is not a whole number",
            "11: it has 5 fields, expected 6",
        ]
    );
}

#[test]
fn refusals_are_counted_and_the_first_told() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "rows.csv", format!("0,2,3,1,2.5,10\n{}", "?\n".repeat(1000)));
    let mut store = Store::create(folder.path()).unwrap();
    let report = csv_report(&mut store, &path, COLUMNS).unwrap();
    assert_eq!((report.refused.rows, report.refused.first.len()), (1000, 20));
}

#[test]
fn gzip_and_plain_files_give_the_same_store() {
    let folder = TempDir::new().unwrap();
    let text: String = (0..20_000i64).map(|m| format!("{},2,3,1,2.5,{m}\n", m * 60_000)).collect();
    let plain = file(&folder, "plain", &text);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = file(&folder, "gzip", gzip.finish().unwrap());
    let mut store = Store::create(folder.path()).unwrap();
    assert_eq!(csv_report(&mut store, &plain, COLUMNS).unwrap().written.inserted, 20_000);
    assert_eq!(csv_report(&mut store, &gzip, COLUMNS).unwrap().written.unchanged, 20_000);

    // A file that ends too early is an error, and nothing of it is stored.
    let bytes = fs::read(&gzip).unwrap();
    let cut = file(&folder, "cut", &bytes[..bytes.len() / 2]);
    let other = TempDir::new().unwrap();
    let mut store = Store::create(other.path()).unwrap();
    let error = csv_report(&mut store, &cut, COLUMNS).unwrap_err();
    assert!(error.is_data() && error.to_string().contains("cut"), "{error}");
    drop(store);
    assert!(matches!(Store::open(other.path()), Err(StoreError::Empty { .. })));
}

#[test]
fn a_header_that_contradicts_the_columns_stops_the_ingest() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "rows.csv", "open_time,open,close,high,low,volume\n0,2,2.5,3,1,10\n");
    let mut store = Store::create(folder.path()).unwrap();
    let error = csv_report(&mut store, &path, COLUMNS).unwrap_err();
    assert!(error.is_usage());
    assert!(error.to_string().contains("calls column 3 `close`"), "{error}");
}

#[test]
fn exit_codes_tell_usage_data_and_success_apart() {
    let sandbox = Sandbox::new();
    sandbox.write("good.csv", "0,2,3,1,2.5,10\n");
    sandbox.write("bad.csv", "0,2,3,1,2.5,10\n60000,2,3,1,NaN,10\n");
    sandbox.write("empty.csv", "");
    let csv = |file: &str, more: &[&str]| {
        let arguments = ["ingest", "csv", file, "--symbol", "AB", "--interval", "1m"];
        sandbox.run(
            &[arguments.as_slice(), &["--columns", COLUMNS, "--store", "store"], more].concat(),
        )
    };
    assert_eq!(csv("good.csv", &[]).code, Some(0));
    let again = csv("good.csv", &["--json"]);
    assert_eq!(again.code, Some(0));
    assert!(again.out.contains("0 inserted, 1 unchanged"), "{}", again.out);
    let last: serde_json::Value = serde_json::from_str(again.out.lines().last().unwrap()).unwrap();
    assert_eq!((last["inserted"].as_u64(), last["unchanged"].as_u64()), (Some(0), Some(1)));

    let bad = csv("bad.csv", &[]);
    assert_eq!(bad.code, Some(3));
    assert!(bad.out.contains("bad.csv:2: close is not a finite number (NaN)"), "{}", bad.out);
    for (finished, code, told) in [
        (csv("empty.csv", &[]), 3, "holds no candles"),
        (csv("absent.csv", &[]), 2, "cannot read absent.csv"),
        (csv("good.csv", &["--missing", "perhaps"]), 2, "no-trade"),
        (csv("good.csv", &["--venue", "Not A Venue"]), 2, "venue `Not A Venue`"),
        (sandbox.run(&["ingest", "archive", ".", "--store", "store"]), 3, "no candle archives"),
        (sandbox.run(&["store", "check", "--store", "nowhere"]), 3, "candlewick ingest"),
        (
            sandbox.run(&["ingest", "simulate", "--candles", "0", "--store", "store"]),
            2,
            "1 to 200000",
        ),
    ] {
        assert_eq!(finished.code, Some(code), "{finished:?}");
        assert!(finished.err.contains(told), "{finished:?}");
    }
}

#[test]
fn what_an_absent_candle_means_is_kept_unless_given_anew() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "rows.csv", "0,2,3,1,2.5,10\n180000,2,3,1,2.5,10\n");
    let mut store = Store::create(folder.path()).unwrap();
    let mut missing = |missing| {
        let source = CsvSource { missing, ..csv_source(&path, COLUMNS) };
        ingest_csv(&mut store, &source, &mut |_| {}).unwrap();
        store.series().unwrap()[0].missing
    };
    assert_eq!(missing(None), Missing::Gap);
    assert_eq!(missing(Some(Missing::NoTrade)), Missing::NoTrade);
    assert_eq!(missing(None), Missing::NoTrade);
}

#[test]
fn an_archive_is_read_with_or_without_header_in_either_unit() {
    let folder = TempDir::new().unwrap();
    let header = "open_time,open,high,low,close,volume,close_time,quote_volume,count,\
                  taker_buy_volume,taker_buy_quote_volume,ignore\n";
    archive_file(folder.path(), "AB", "1m", "2024-01", &format!("{header}{}", archive_row(0)));
    let micro = "1735689600000000,2,3,1,2.5,10,1735689659999999,25,7,4,10,0\n";
    archive_file(folder.path(), "AB", "1m", "2025-01", micro);
    archive_file(folder.path(), "AB", "1mo", "2025-01", micro);
    let mut store = Store::create(&folder.path().join("store")).unwrap();
    let report = archive_report(&mut store, folder.path()).unwrap();
    assert_eq!((report.files, report.written.inserted, report.ignored), (2, 2, 1));
    assert!(report.refused.is_empty(), "{report:?}");
    let instrument = Instrument::new("binance", Market::Spot, "AB").unwrap();
    let series = store.load(&instrument, Interval::MINUTE, Span::ALL).unwrap();
    assert_eq!(series.open_time(), [0, 1_735_689_600_000]);
    let candle = series.candle(1);
    assert_eq!((candle.quote_volume, candle.trades), (Some(25.0), Some(7)));
    assert_eq!((candle.taker_buy_volume, candle.taker_buy_quote_volume), (Some(4.0), Some(10.0)));
}

#[test]
fn a_file_that_fails_its_checksum_is_refused_and_the_rest_stored() {
    let folder = TempDir::new().unwrap();
    archive_file(folder.path(), "AB", "1m", "2024-01", &archive_row(0));
    let flipped = archive_file(folder.path(), "AB", "1m", "2024-02", &archive_row(1));
    let lacking = archive_file(folder.path(), "AB", "1m", "2024-03", &archive_row(2));
    let other = archive_file(folder.path(), "AB", "1m", "2024-04", &archive_row(3));
    archive_file(folder.path(), "AB", "1m", "2024-05", &archive_row(4));
    let mut bytes = fs::read(&flipped).unwrap();
    let expected = hex(&Sha256::digest(&bytes));
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let actual = hex(&Sha256::digest(&bytes));
    fs::write(&flipped, bytes).unwrap();
    fs::remove_file(checksum_of(&lacking)).unwrap();
    fs::copy(checksum_of(&flipped), checksum_of(&other)).unwrap();

    let mut store = Store::create(&folder.path().join("store")).unwrap();
    let report = archive_report(&mut store, folder.path()).unwrap();
    assert_eq!((report.written.inserted, report.refused.files), (2, 3));
    let told: Vec<(&Path, &str)> =
        report.refused.first.iter().map(|r| (r.file.as_path(), r.reason.as_str())).collect();
    assert_eq!(told[0].0, flipped);
    assert!(told[0].1.contains(&expected) && told[0].1.contains(&actual), "{}", told[0].1);
    assert_eq!(told[1].0, lacking);
    assert!(told[1].1.contains("no checksum file") && told[1].1.contains("download"));
    assert_eq!(told[2].0, other);
    assert!(told[2].1.contains("checksum of another file, AB-1m-2024-02.zip"), "{}", told[2].1);

    let finished = Sandbox::new().run(&["ingest", "archive", folder.path().to_str().unwrap()]);
    assert_eq!(finished.code, Some(3));
    assert!(finished.out.contains(&expected) && finished.out.contains(&actual), "{finished:?}");
}

#[test]
fn a_zip_holds_one_plain_csv_or_is_refused() {
    let folder = TempDir::new().unwrap();
    let row = archive_row(0);
    let entries: [(&str, &[(&str, &str)]); 6] = [
        ("2024-01", &[("../AB.csv", &row)]),
        ("2024-02", &[("folder/AB.csv", &row)]),
        ("2024-03", &[("/etc/AB.csv", &row)]),
        ("2024-04", &[("AB.csv", &row), ("CD.csv", &row)]),
        ("2024-05", &[("AB.exe", &row)]),
        ("2024-06", &[("AB.csv", "")]),
    ];
    for (month, entries) in entries {
        archive_entry(folder.path(), "AB", "1m", month, entries);
    }
    let text = folder.path().join("AB/1m/AB-1m-2024-07.zip");
    fs::write(&text, "not a zip").unwrap();
    write_checksum(&text);
    let store = TempDir::new().unwrap();
    let mut store = Store::create(store.path()).unwrap();
    let report = archive_report(&mut store, folder.path()).unwrap();
    assert_eq!((report.written.inserted, report.refused.files), (0, 7), "{report:?}");
}

#[test]
fn the_archive_outranks_a_csv_file_and_both_are_audited() {
    let folder = TempDir::new().unwrap();
    let archive = folder.path().join("archive");
    archive_file(&archive, "AB", "1m", "2024-01", &archive_row(0));
    let csv = file(&folder, "rows.csv", "0,2,3,1,2.5,11\n");
    let mut store = Store::create(&folder.path().join("store")).unwrap();
    let instrument = Instrument::new("binance", Market::Spot, "AB").unwrap();
    for round in 0..2 {
        let source = CsvSource { instrument: instrument.clone(), ..csv_source(&csv, COLUMNS) };
        let from_csv = ingest_csv(&mut store, &source, &mut |_| {}).unwrap().written;
        let from_archive = archive_report(&mut store, &archive).unwrap().written;
        let counts = [from_csv.inserted, from_csv.outranked, from_archive.replaced];
        assert_eq!(counts, if round == 0 { [1, 0, 1] } else { [0, 1, 0] });
    }
    let series = store.load(&instrument, Interval::MINUTE, Span::ALL).unwrap();
    assert_eq!(series.candle(0).volume, 10.0);
    assert_eq!(check(&store).unwrap().series[0].conflicts, 1);
}

#[test]
fn a_full_disk_stops_an_ingest_without_half_a_file() {
    let folder = TempDir::new().unwrap();
    let text: String = (0..60_000i64).map(|m| format!("{},2,3,1,2.5,{m}\n", m * 60_000)).collect();
    let path = file(&folder, "rows.csv", text);
    let create: fn(&Path) -> Result<Store, StoreError> = Store::create;
    let fill: fn(&Path) -> Result<Store, StoreError> = Store::create_to_fill;
    // Full while the schema, the candles or the settling of the log is written.
    for (kilobytes, open) in
        [(60, create), (60, fill), (400, create), (400, fill), (1_500, create), (2_500, create)]
    {
        let Some(disk) = TinyDisk::mount("ingest::a_full_disk", kilobytes) else { return };
        let store = disk.path().join("store");
        let error = open(&store)
            .map_err(IngestError::from)
            .and_then(|mut store| csv_report(&mut store, &path, COLUMNS))
            .unwrap_err();
        assert!(error.to_string().contains("disk is full"), "{kilobytes}: {error}");
        assert!(!error.is_data() && !error.is_usage());
        match Store::open(&store) {
            Ok(store) => {
                let found = check(&store).unwrap();
                assert!(found.is_sound());
                assert_eq!(found.series[0].rows, 60_000, "{kilobytes}");
            }
            Err(error) => assert!(error.is_data(), "{kilobytes}: {error}"),
        }
    }
}

#[test]
fn the_simulated_market_is_its_seed_and_nothing_else() {
    let config = SimulationConfig { candles: 3000, ..SimulationConfig::default() };
    let all = simulate(&config).unwrap();
    assert_eq!(all, simulate(&config).unwrap());
    let lengths: Vec<usize> = all.iter().map(CandleSeries::len).collect();
    assert_eq!(lengths, [3000, 750, 187]);
    let other = simulate(&SimulationConfig { seed: 2, ..config.clone() }).unwrap();
    assert_ne!(all[0], other[0]);
    // A longer simulation begins with a shorter one.
    let longer = simulate(&SimulationConfig { candles: 4000, ..config }).unwrap();
    assert_eq!(longer[0].truncated(3000), all[0]);
    for series in &all {
        assert_eq!(series.instrument().to_string(), "simulated/spot/SIMBTC");
        for candle in series.iter() {
            candle.check(series.interval()).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn prop_simulated_candles_sum_exactly(seed in any::<u64>(), signal in any::<bool>()) {
        let folder = TempDir::new().unwrap();
        let mut store = Store::create(folder.path()).unwrap();
        let config = SimulationConfig { seed, signal, candles: 400, ..SimulationConfig::default() };
        let report = ingest_simulated(&mut store, &config).unwrap();
        prop_assert_eq!(report.written.inserted, 400 + 100 + 25);
        prop_assert_eq!(ingest_simulated(&mut store, &config).unwrap().written.inserted, 0);
        let found = check(&store).unwrap();
        prop_assert!(found.is_sound());
        prop_assert_eq!(found.sums.iter().map(|sums| sums.compared).collect::<Vec<_>>(), [100, 25, 25]);
        let other = SimulationConfig { seed: seed ^ 1, ..config };
        let error = ingest_simulated(&mut store, &other).unwrap_err();
        prop_assert!(error.is_data() && error.to_string().contains("--symbol"));
    }
}

/// A forecaster that knows the planted rule but not the hidden volatility, judged on the candles
/// themselves, comes close to the best reachable accuracy and not above it; majority voting gives
/// the prior.
#[test]
fn the_best_reachable_accuracy_is_what_the_candles_allow() {
    let config = SimulationConfig { candles: 60_000, ..SimulationConfig::default() };
    let series = simulate(&config).unwrap().remove(0);
    let best = best_reachable(&config, 1, -DIRECTION_THRESHOLD, DIRECTION_THRESHOLD).unwrap();
    let mut right = 0.0;
    let mut counts = [0.0; 3];
    for row in 2..series.len() - 1 {
        let past: Vec<_> = (row - 2..=row).map(|row| series.candle(row)).collect();
        let volume: f64 = past.iter().map(|candle| candle.volume).sum();
        let bought: f64 = past.iter().map(|candle| candle.taker_buy_volume.unwrap()).sum();
        let push = (2.0 * (2.0 * bought / volume - 1.0) / 0.29).tanh();
        // Up or down is likelier than neutral from about a fifth of the full push on.
        let told = if push > 0.2 {
            2
        } else if push < -0.2 {
            0
        } else {
            1
        };
        let log_return = (series.close()[row + 1] / series.close()[row]).ln();
        let class = if log_return > DIRECTION_THRESHOLD {
            2
        } else {
            usize::from(log_return >= -DIRECTION_THRESHOLD)
        };
        counts[class] += 1.0;
        right += f64::from(u8::from(told == class));
    }
    let total: f64 = counts.iter().sum();
    let accuracy = right / total;
    let edge = best.accuracy - best.prior_accuracy;
    // The standard error of the accuracy over 60,000 candles is 0.0019.
    assert!(accuracy < best.accuracy + 0.006, "{accuracy} {best:?}");
    assert!(accuracy > best.accuracy - 0.1 * edge, "{accuracy} {best:?}");
    for (count, share) in counts.iter().zip(best.class_share) {
        assert!((count / total - share).abs() < 0.015, "{counts:?} {best:?}");
    }
    // tests/reference/planted_signal.py: best 0.7183 prior 0.3822
    assert!((best.accuracy - 0.7183).abs() < 0.002, "{best:?}");
    assert!((best.prior_accuracy - 0.3822).abs() < 0.002, "{best:?}");
}

#[test]
fn a_simulation_out_of_its_ranges_is_a_usage_error() {
    let wrong = |change: fn(&mut SimulationConfig)| {
        let mut config = SimulationConfig::default();
        change(&mut config);
        let error = simulate(&config).unwrap_err();
        assert!(error.is_usage());
        error.to_string()
    };
    assert!(wrong(|config| config.candles = 0).contains("1 to 200000"));
    assert!(wrong(|config| config.intervals.clear()).contains("no interval"));
    assert!(wrong(|config| config.start = Time(1)).contains("off the 15m grid"));
    assert!(wrong(|config| config.start = Time(i64::MAX)).contains("cannot start"));
    assert!(wrong(|config| config.symbol = Some("sim btc".to_owned())).contains("symbol"));
    let odd = |config: &mut SimulationConfig| {
        config.intervals = ["12h", "8h"].map(|name| name.parse().unwrap()).to_vec();
    };
    assert!(wrong(odd).contains("12h candles are not made of whole 8h candles"));
}

/// Row counts, gaps and sums of real archives are those that their README states.
#[test]
fn real_archives_are_stored_whole() {
    let Some(data) = real_data("ingest::real_archives") else { return };
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let archive = data.join("binance/spot/monthly/klines");
    let report = archive_report(&mut store, &archive).unwrap();
    assert!(report.refused.is_empty() && report.ignored == 0);
    let rows = store.series().unwrap();
    let rows: Vec<(String, u64)> = rows
        .iter()
        .map(|series| (format!("{} {}", series.instrument.symbol, series.interval), series.rows))
        .collect();
    let expected = [
        ("BTCUSDT", [26_400, 32_855, 17_785, 2_967]),
        ("ETHUSDT", [26_400, 32_855, 17_785, 2_967]),
        ("SOLUSDT", [26_400, 32_855, 11_261, 1_877]),
    ];
    let expected: Vec<(String, u64)> = expected
        .into_iter()
        .flat_map(|(symbol, rows)| {
            let intervals = ["15m", "1h", "4h", "1d"];
            intervals.into_iter().zip(rows).map(move |(i, rows)| (format!("{symbol} {i}"), rows))
        })
        .collect();
    assert_eq!(rows, expected);
    assert_eq!(archive_report(&mut store, &archive).unwrap().written.inserted, 0);

    let found = check(&store).unwrap();
    assert!(found.is_sound());
    for series in found.series.iter().filter(|series| series.interval == Interval::HOUR) {
        let outage: Time = "2023-03-24T13:00:00Z".parse().unwrap();
        assert_eq!(series.gaps.len(), 1);
        assert_eq!((series.gaps[0].from, series.gaps[0].missing), (outage, 1));
        assert_eq!(series.zero_volume_at, ["2023-03-24T12:00:00Z".parse().unwrap()]);
    }
    let sums = found.sums.iter().filter(|sums| sums.coarser == Interval::HOUR);
    assert_eq!(sums.map(|sums| (sums.compared, sums.exact)).collect::<Vec<_>>(), [(6600, true); 3]);
}

#[test]
fn a_real_csv_file_is_stored_whole() {
    let Some(data) = real_data("ingest::a_real_csv_file") else { return };
    let folder = TempDir::new().unwrap();
    let path = data.join("bitfinex/BTCUSD-1m-2018.csv.gz");
    let mut store = Store::create(folder.path()).unwrap();
    let columns = "open_time_ms,open,close,high,low,volume";
    let report = csv_report(&mut store, &path, columns).unwrap();
    assert_eq!((report.written.inserted, report.refused.rows), (520_499, 0));
    let series = &check(&store).unwrap().series[0];
    assert_eq!(series.missing_candles, 365 * 1440 - 520_499);
    // 3,993 stretches of candles; 68 minutes lie between the two around the longest hole.
    assert_eq!(series.gaps.len() + 1, 3_993);
    assert_eq!(series.gaps.iter().map(|gap| gap.missing + 1).max(), Some(68));
}
