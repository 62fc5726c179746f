//! Series of values: files into the store, and as features that know nothing too early.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use candlewick::features::{
    AsOf, CandleSource, FeatureBuilder, FeatureConfig, FeatureTable, SeriesConfig, ValueSeries,
};
use candlewick::ingest::alternative::{KnownBy, SeriesFile, SeriesReport, ingest_series_file};
use candlewick::market::{Candle, CandleSeries, Interval, Time, Value};
use candlewick::store::Store;
use garde::Validate;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use crate::features::{build, config, interval, series};
use crate::support::{Sandbox, real_data};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// First hour of 2022, ms.
const START: i64 = 1_640_995_200_000;

/// Candles whose price wanders a little; `log_return_1` has a value from the second on.
fn candles(interval: Interval, count: usize) -> CandleSeries {
    let candles: Vec<Candle> = (0..count)
        .map(|index| {
            let price = 100.0 + (index as f64 * 0.7).sin();
            Candle {
                open_time: START + index as i64 * interval.ms(),
                open: price,
                high: price,
                low: price,
                close: price,
                volume: 1.0,
                quote_volume: None,
                trades: None,
                taker_buy_volume: None,
                taker_buy_quote_volume: None,
            }
        })
        .collect();
    series(interval, &candles)
}

/// `log_return_1` and the series `x`, used for so long.
fn with_series(max_age: &str) -> FeatureConfig {
    let x = SeriesConfig { max_age: max_age.parse().unwrap(), ..SeriesConfig::new("x") };
    FeatureConfig { series: vec![x], ..config(&["log_return_1"], None) }
}

fn named(values: &[Value]) -> Vec<ValueSeries> {
    vec![ValueSeries { name: "x".to_owned(), values: values.to_vec() }]
}

/// Rows by decision time; none where no candle has all its features.
fn rows(config: &FeatureConfig, base: &CandleSeries, values: &[Value]) -> Vec<(i64, Vec<u32>)> {
    let Ok(table) = build(config, base, &[], &named(values)) else { return vec![] };
    rows_of(&table)
}

fn rows_of(table: &FeatureTable) -> Vec<(i64, Vec<u32>)> {
    (0..table.rows())
        .map(|row| {
            let bits = table.row(row).iter().map(|value| value.to_bits()).collect();
            (table.decision_time(row), bits)
        })
        .collect()
}

/// Versions of values of the first days of 2022, each with a number of its own, in the order in which
/// they become known.
fn versions() -> impl Strategy<Value = Vec<Value>> {
    let one = (-3i64..12, 0i64..100);
    prop::collection::vec(one, 0..40).prop_map(|drawn| {
        let version = |(index, (day, delay)): (usize, (i64, i64))| {
            let time = START + day * DAY;
            Value { time, known_at: time + delay * HOUR / 2, value: index as f64 }
        };
        let mut values: Vec<Value> = drawn.into_iter().enumerate().map(version).collect();
        values.sort_by_key(|value| (value.known_at, value.time));
        values.dedup_by_key(|value| (value.known_at, value.time));
        values
    })
}

/// What is known at a decision, looked for among all versions.
fn looked_up(values: &[Value], decision: i64, max_age: i64) -> Option<(f64, i64)> {
    let newest = values
        .iter()
        .filter(|value| value.known_at < decision)
        .max_by_key(|value| (value.time, value.known_at))?;
    let age = decision - newest.time;
    (age <= max_age).then_some((newest.value, age))
}

proptest! {
    #[test]
    fn prop_the_newest_known_value_counts(values in versions(), days in 1i64..9) {
        let base = candles(Interval::HOUR, 240);
        let config = with_series(&format!("{days}d"));
        let found = rows(&config, &base, &values);
        let expected: Vec<(i64, [u32; 2])> = (1..240)
            .map(|index| START + (index + 1) * HOUR)
            .filter_map(|decision| {
                let (value, age) = looked_up(&values, decision, days * DAY)?;
                let age = (age as f64 / DAY as f64) as f32;
                Some((decision, [(value as f32).to_bits(), age.to_bits()]))
            })
            .collect();
        let found: Vec<_> = found.into_iter().map(|(at, row)| (at, [row[1], row[2]])).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn prop_what_comes_later_changes_no_earlier_row(values in versions(), cut in 2usize..240) {
        let config = with_series("7d");
        let whole = rows(&config, &candles(Interval::HOUR, 240), &values);
        let end = START + cut as i64 * HOUR;
        let known: Vec<Value> =
            values.iter().copied().filter(|value| value.known_at < end).collect();
        let part = rows(&config, &candles(Interval::HOUR, cut), &known);
        let before: Vec<_> = whole.into_iter().filter(|(decision, _)| *decision <= end).collect();
        prop_assert_eq!(part, before);
    }

    #[test]
    fn prop_a_day_s_value_waits_for_its_delay(
        day in 0i64..8,
        delay in 1i64..60,
        length in prop::sample::select(vec!["15m", "1h", "4h"]),
    ) {
        let interval = interval(length);
        let time = START + day * DAY;
        let values = [Value { time, known_at: time + delay * HOUR, value: 7.0 }];
        let base = candles(interval, (12 * DAY / interval.ms()) as usize);
        let found = rows(&with_series("30d"), &base, &values);
        let known_at = time + delay * HOUR;
        // The first candle gives no return.
        let first = (interval.floor(known_at) + interval.ms()).max(START + 2 * interval.ms());
        prop_assert_eq!(found[0].0, first);
        prop_assert!(found.iter().all(|(decision, _)| *decision > known_at));
    }

    #[test]
    fn prop_a_revision_changes_no_row_before_it_was_known(
        values in versions(),
        day in 0i64..10,
        noticed in 0i64..240,
    ) {
        let (config, base) = (with_series("7d"), candles(Interval::HOUR, 240));
        let before = rows(&config, &base, &values);
        let time = START + day * DAY;
        let known_at = (START + noticed * HOUR).max(time);
        let mut revised = values.clone();
        revised.push(Value { time, known_at, value: -1.0 });
        revised.sort_by_key(|value| value.known_at);
        let after = rows(&config, &base, &revised);
        let until = |rows: &[(i64, Vec<u32>)]| {
            rows.iter().filter(|(decision, _)| *decision <= known_at).cloned().collect::<Vec<_>>()
        };
        prop_assert_eq!(until(&before), until(&after));
    }

    #[test]
    fn prop_streaming_and_batch_agree(values in versions()) {
        let (config, base) = (with_series("3d"), candles(Interval::HOUR, 240));
        let mut builder = FeatureBuilder::new(&config, &CandleSource::of(&base), &[]).unwrap();
        let mut waiting = values.iter().copied().peekable();
        let mut streamed = Vec::new();
        for candle in base.iter() {
            let decision = candle.open_time + HOUR;
            // As a live source would: each value at its time, and not before.
            while let Some(value) = waiting.next_if(|value| value.known_at < decision) {
                builder.push_value("x", value).unwrap();
            }
            if let Some(row) = builder.push_base(&candle).unwrap() {
                streamed.push((decision, row.iter().map(|value| value.to_bits()).collect()));
            }
        }
        prop_assert_eq!(streamed, rows(&config, &base, &values));
    }
}

/// A file of the test's own, ingested as known a day later.
fn ingest(store: &mut Store, path: &Path, columns: [&str; 2], noticed_at: i64) -> SeriesReport {
    let known = KnownBy::After { delay: "24h".parse().unwrap(), noticed_at: Time(noticed_at) };
    try_ingest(store, path, columns, known).unwrap()
}

fn try_ingest(
    store: &mut Store,
    path: &Path,
    [time_column, value_column]: [&str; 2],
    known: KnownBy,
) -> Result<SeriesReport, candlewick::ingest::IngestError> {
    let source = SeriesFile { path, name: "x", origin: "a test", time_column, value_column, known };
    ingest_series_file(store, &source)
}

#[test]
fn a_stored_day_touches_rows_after_the_next_day_has_ended() {
    let sandbox = Sandbox::new();
    let mut store = Store::create(&sandbox.path("store")).unwrap();
    let file = sandbox.write("x.csv", "time,value\n2022-01-02,5\n2022-01-03,6\n");
    let report = ingest(&mut store, &file, ["time", "value"], START + 30 * DAY);
    assert_eq!((report.rows, report.written.inserted), (2, 2));
    let base = candles(Interval::HOUR, 6 * 24);
    let config = with_series("7d");
    let first = rows(&config, &base, &store.values("x").unwrap());
    // The candle that ends with 2022-01-02 is decided when the value becomes known: not after it.
    assert_eq!(first[0].0, START + 2 * DAY + HOUR);
    let five = |row: &(i64, Vec<u32>)| f32::from_bits(row.1[1]) == 5.0;
    assert_eq!(first.iter().filter(|row| five(row)).count(), 24);
    assert_eq!(f32::from_bits(first[0].1[2]), (25.0f64 / 24.0) as f32);

    // The source corrects 2022-01-03, which is noticed in the evening of 2022-01-05.
    let noticed = START + 4 * DAY + 20 * HOUR;
    let file = sandbox.write("x.csv", "time,value\n2022-01-02,5\n2022-01-03,9\n");
    let report = ingest(&mut store, &file, ["time", "value"], noticed);
    assert_eq!((report.written.unchanged, report.written.revised), (1, 1));
    let second = rows(&config, &base, &store.values("x").unwrap());
    assert_eq!(first.len(), second.len());
    for (old, new) in first.iter().zip(&second) {
        assert_eq!(old == new, new.0 <= noticed, "{}", Time(new.0));
    }
}

#[test]
fn a_history_of_versions_is_kept_as_it_was() {
    let sandbox = Sandbox::new();
    let mut store = Store::create(&sandbox.path("store")).unwrap();
    let text = "of,known,v\n2022-01-02,2022-01-03T06:00:00Z,5\n2022-01-02,2022-01-09,6\n\
                2022-01-02,2022-01-08,5\n2022-01-03,2022-01-02,1\n2022-01-02,2022-01-09,7\n";
    let file = sandbox.write("x.csv", text);
    let known = || KnownBy::Column("known".to_owned());
    let report = try_ingest(&mut store, &file, ["of", "v"], known()).unwrap();
    assert_eq!((report.written.inserted, report.written.revised), (1, 1));
    assert_eq!((report.written.unchanged, report.refused.rows), (1, 2));
    let reasons: Vec<_> = report.refused.first.iter().map(|refusal| &*refusal.reason).collect();
    assert!(reasons[0].contains("known at 2022-01-02, before"), "{reasons:?}");
    assert!(reasons[1].contains("was known at 2022-01-09 too"), "{reasons:?}");
    let time = START + DAY;
    let expected = [
        Value { time, known_at: START + 2 * DAY + 6 * HOUR, value: 5.0 },
        Value { time, known_at: START + 8 * DAY, value: 6.0 },
    ];
    assert_eq!(store.values("x").unwrap(), expected);
    // The same history once more is nothing new.
    let report = try_ingest(&mut store, &file, ["of", "v"], known()).unwrap();
    assert_eq!(
        (report.written.inserted, report.written.revised, report.written.unchanged),
        (0, 0, 3)
    );
    assert_eq!(store.values("x").unwrap(), expected);
    // Another number under a time at which it was known already is no history.
    let file = sandbox.write("y.csv", "of,known,v\n2022-01-02,2022-01-09,8\n");
    let error = try_ingest(&mut store, &file, ["of", "v"], known()).unwrap_err().to_string();
    assert!(error.contains("stored as 6 and offered as 8"), "{error}");
}

#[test]
fn rows_that_are_no_values_are_refused_with_their_line() {
    let sandbox = Sandbox::new();
    let mut store = Store::create(&sandbox.path("store")).unwrap();
    let mut text = b"time,\"value\",note\n2022-01-01,1,\"a, b\"\n2022-01-02,,\n20220103,3,\n\
                     2022-01-04,soon,\n2022-01-01,2,\n2022-01-06,6\n2022-01-07,inf,\n2022-01-08,NaN,\n\
                     ,9,\n1641686400,10,\n\n"
        .to_vec();
    text.extend(b"2022-01-11,\xff,\n");
    let path = sandbox.path("x.csv.gz");
    let mut gz = flate2::write::GzEncoder::new(
        std::fs::File::create(&path).unwrap(),
        flate2::Compression::default(),
    );
    gz.write_all(&text).unwrap();
    gz.finish().unwrap();
    let report = ingest(&mut store, &path, ["time", "value"], 0);
    assert_eq!((report.rows, report.empty, report.written.inserted), (11, 2, 2));
    assert_eq!(store.values("x").unwrap()[1].time, 1_641_686_400_000);
    let refused: Vec<(u64, &str)> = report
        .refused
        .first
        .iter()
        .map(|refusal| (refusal.line.unwrap(), &*refusal.reason))
        .collect();
    let expected = [
        (4, "time `20220103` is no time"),
        (5, "value `soon` is no finite number"),
        (6, "an earlier row speaks of 2022-01-01 too"),
        (7, "it has 2 fields and the header has 3"),
        (8, "value `inf` is no finite number"),
        (10, "time `` is no time"),
        (13, "the line is not UTF-8"),
    ];
    assert_eq!(refused.len(), expected.len(), "{refused:?}");
    for ((line, reason), (wanted, part)) in refused.iter().zip(expected) {
        assert!(*line == wanted && reason.contains(part), "{line} {reason}");
    }
}

#[test]
fn a_file_that_gives_no_series_is_an_error() {
    let sandbox = Sandbox::new();
    let mut store = Store::create(&sandbox.path("store")).unwrap();
    let mut error = |text: &str, columns: [&str; 2]| {
        let file = sandbox.write("x.csv", text);
        let known = KnownBy::After { delay: "1h".parse().unwrap(), noticed_at: Time(0) };
        let error = try_ingest(&mut store, &file, columns, known).unwrap_err();
        (error.to_string(), error.is_usage(), error.is_data())
    };
    let (text, usage, _) = error("date,fng\n2022-01-01,1\n", ["time", "fng"]);
    assert!(usage && text.contains("no column `time`; it has date, fng"), "{text}");
    let (text, ..) = error("t,v,v\n2022-01-01,1,2\n", ["t", "v"]);
    assert!(text.contains("two columns `v`"), "{text}");
    let (text, _, data) = error("t,v\nfirst,1\n2022-01-01,\n", ["t", "v"]);
    assert!(
        data && text.contains("2 rows, 1 of them empty and 1 refused (line 2: t `first`"),
        "{text}"
    );
    let (text, _, data) = error("", ["t", "v"]);
    assert!(data && text.contains("holds no value of `v`"), "{text}");
    let (text, _, data) = error("PAR1 and no more", ["t", "v"]);
    assert!(data && text.contains("as Parquet"), "{text}");
    assert_eq!(store.value_series().unwrap(), []);
}

#[test]
fn the_command_says_what_it_did_by_its_exit_code() {
    let sandbox = Sandbox::new();
    sandbox.write("good.csv", "time,v\n2022-01-01,1\n2022-01-02,2\n");
    sandbox.write("bad.csv", "time,v\n2022-01-01,1\n2022-01-02,x\n");
    let run = |file: &str, more: &[&str]| {
        let mut words = vec!["ingest", "series", file, "--name", "x", "--value-column", "v"];
        words.extend(more);
        sandbox.run(&words)
    };
    let after = ["--time-column", "time", "--known-after", "24h"];
    let good = run("good.csv", &[&after[..], &["--json"]].concat());
    assert_eq!(good.code, Some(0), "{}", good.err);
    assert!(good.out.contains("x: 2 inserted, 0 unchanged"), "{}", good.out);
    let told: serde_json::Value = serde_json::from_str(good.out.lines().last().unwrap()).unwrap();
    assert_eq!((&told["inserted"], &told["rows"]), (&2.into(), &2.into()));
    let bad = run("bad.csv", &after);
    assert_eq!(bad.code, Some(3), "{}", bad.err);
    assert!(bad.out.contains("bad.csv:3: v `x` is no finite number"), "{}", bad.out);
    let unknown = run("good.csv", &["--time-column", "date", "--known-after", "24h"]);
    assert_eq!(unknown.code, Some(2), "{}", unknown.err);
    assert!(unknown.err.contains("it has time, v"), "{}", unknown.err);
    assert_eq!(run("good.csv", &["--time-column", "time"]).code, Some(2));
    assert_eq!(run("absent.csv", &after).code, Some(2));
}

/// Every column of the real daily files: as many values as the file has cells that are not empty.
#[test]
fn the_real_files_load_whole() {
    let Some(data) = real_data("the_real_files_load_whole") else { return };
    let sandbox = Sandbox::new();
    let mut columns = 0;
    for file in ["btc_onchain_daily", "fear_greed_daily", "btc_funding_daily"] {
        let path = data.join(format!("onchain/{file}.csv"));
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap().split(',').collect();
        let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
        for (place, column) in header.iter().enumerate().skip(1) {
            if *column == "asset" {
                continue;
            }
            let mut store = Store::create(&sandbox.path(&format!("{file}{place}"))).unwrap();
            let report = ingest(&mut store, &path, [header[0], column], START);
            let filled = rows.iter().filter(|row| !row[place].is_empty()).count();
            assert_eq!(report.rows as usize, rows.len(), "{file} {column}");
            assert_eq!(report.written.inserted as usize, filled, "{file} {column}");
            assert_eq!(report.empty as usize, rows.len() - filled, "{file} {column}");
            assert!(report.refused.is_empty(), "{file} {column}");
            let values = store.values("x").unwrap();
            let cells = rows.iter().map(|row| row[place]).filter(|cell| !cell.is_empty());
            for (value, cell) in values.iter().zip(cells) {
                assert_eq!(value.value, cell.parse::<f64>().unwrap());
                assert_eq!(value.known_at, value.time + DAY);
            }
            assert_eq!(values.len(), filled);
            columns += 1;
        }
    }
    assert_eq!(columns, 13 + 1 + 2);
}

#[test]
fn series_are_named_once_and_unlike_features() {
    let base = candles(Interval::HOUR, 48);
    let error = |names: &[&str], values: &[ValueSeries]| {
        let series = names.iter().map(|name| SeriesConfig::new(name)).collect();
        let config = FeatureConfig { series, ..config(&["log_return_1"], None) };
        build(&config, &base, &[], values).unwrap_err().to_string()
    };
    assert!(error(&["rsi_14"], &[]).contains("`rsi_14`, which is a feature of the candles"));
    assert!(error(&["a@1h"], &[]).contains("series `a@1h` cannot be"));
    assert!(error(&["x", "x"], &[]).contains("are called `x`;"));
    assert!(error(&["x", "x_age"], &[]).contains("are called `x_age`;"));
    assert!(error(&["y"], &named(&[])).contains("no series of values `y`, there is x;"));
    assert!(error(&["y"], &[]).contains("there is none at all"));
    let never = error(&["x"], &named(&[]));
    assert!(never.contains("known of x, or never as many"), "{never}");

    let yaml = "series: [{name: x}, {name: y, max_age: 30d}]";
    let given: FeatureConfig = serde_saphyr::from_str(yaml).unwrap();
    given.validate().unwrap();
    assert_eq!(given.series[0], SeriesConfig::new("x"));
    assert_eq!(given.series[0].max_age.to_string(), "1w");
    for wrong in
        ["series: [{name: x}, {name: x}]", "series: [{name: rsi_14}]", "series: [{name: ''}]"]
    {
        assert!(serde_saphyr::from_str::<FeatureConfig>(wrong).unwrap().validate().is_err());
    }
    assert!(serde_saphyr::from_str::<FeatureConfig>("series: [{name: x, age: 1d}]").is_err());
}

#[test]
fn a_config_asks_for_the_columns_of_a_table_by_name() {
    let (config, base) = (with_series("30d"), candles(Interval::HOUR, 96));
    let values = [Value { time: START, known_at: START + DAY, value: 3.0 }];
    let table = build(&config, &base, &[], &named(&values)).unwrap();
    assert_eq!(table.names, ["log_return_1", "x", "x_age"]);
    let wanted = config.for_columns(&table.names).unwrap();
    assert_eq!(wanted.series, config.series);
    assert_eq!(build(&wanted, &base, &[], &named(&values)).unwrap(), table);
    let candles_only = config.for_columns(&table.names[..1]).unwrap();
    assert_eq!(candles_only.series, []);
    let half = config.for_columns(&table.names[..2]).unwrap_err().to_string();
    assert!(half.contains("exactly the columns x;"), "{half}");
    let other = FeatureConfig::default().for_columns(&table.names).unwrap_err().to_string();
    assert!(other.contains("unknown feature `x`"), "{other}");
}

#[test]
fn a_state_refuses_what_it_cannot_place() {
    let mut state = AsOf::new(SeriesConfig::new("x"));
    let mut push = |time, known_at, value| {
        state.push(Value { time, known_at, value }).map_err(|error| error.to_string())
    };
    assert_eq!(push(START, START + HOUR, 1.0), Ok(()));
    assert!(push(START, START + HOUR - 1, 2.0).unwrap_err().contains("one that was known later"));
    assert!(push(START + 1, START, 2.0).unwrap_err().contains("before the time that it is of"));
    assert!(push(START, START + HOUR, 1e39).unwrap_err().contains("32-bit floats"));
    assert_eq!(push(START, START + HOUR, f64::from(f32::MAX)), Ok(()));
    assert_eq!(state.at(START + HOUR), None);
    assert_eq!(state.at(START + HOUR + 1).map(|row| row[0]), Some(f32::MAX));
    assert!(state.at(START + 7 * DAY).is_some());
    assert_eq!(state.at(START + 7 * DAY + 1), None);
}

/// A Parquet file of three rows on two days: `2024-01-01`, nothing, `2024-01-02` with values 1, 2, 3.
fn parquet_file(path: &Path, time: &str, unit: Option<i64>, compression: Compression) {
    let message = format!(
        "message m {{ optional {time}; required double v; required group g {{ optional int32 u; }} }}"
    );
    let schema = Arc::new(parse_message_type(&message).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let file = std::fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let levels = Some(&[1i16, 0, 1][..]);
    match unit {
        None => {
            // Days since 1970: date -d 2024-01-01 +%s divided by 86,400.
            column.typed::<Int32Type>().write_batch(&[19_723, 19_724], levels, None).unwrap();
        }
        Some(unit) => {
            let times = [1_704_067_200 * unit, 1_704_153_600 * unit];
            column.typed::<Int64Type>().write_batch(&times, levels, None).unwrap();
        }
    }
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<DoubleType>().write_batch(&[1.0, 2.0, 3.0], None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int32Type>().write_batch(&[7], Some(&[0, 1, 0]), None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn parquet_times_are_taken_by_their_unit() {
    let sandbox = Sandbox::new();
    let cases = [
        ("int32 t (DATE)", None, Compression::UNCOMPRESSED),
        ("int64 t (TIMESTAMP(MILLIS,true))", Some(1_000), Compression::SNAPPY),
        ("int64 t (TIMESTAMP(MICROS,true))", Some(1_000_000), Compression::LZ4_RAW),
        (
            "int64 t (TIMESTAMP(NANOS,false))",
            Some(1_000_000_000),
            Compression::ZSTD(ZstdLevel::default()),
        ),
        ("int64 t (TIMESTAMP_MILLIS)", Some(1_000), Compression::SNAPPY),
        ("int64 t", Some(1), Compression::SNAPPY),
    ];
    for (index, (time, unit, compression)) in cases.into_iter().enumerate() {
        let path = sandbox.path(&format!("{index}.parquet"));
        parquet_file(&path, time, unit, compression);
        let mut store = Store::create(&sandbox.path(&format!("store{index}"))).unwrap();
        let report = ingest(&mut store, &path, ["t", "v"], 0);
        assert_eq!((report.rows, report.refused.rows), (3, 1), "{time}");
        assert_eq!(report.refused.first[0].line, Some(2));
        let values = store.values("x").unwrap();
        let found: Vec<_> = values.iter().map(|value| (value.time, value.value)).collect();
        assert_eq!(found, [(1_704_067_200_000, 1.0), (1_704_153_600_000, 3.0)], "{time}");
    }
    let path = sandbox.path("0.parquet");
    let mut store = Store::create(&sandbox.path("store")).unwrap();
    let known = || KnownBy::After { delay: "1h".parse().unwrap(), noticed_at: Time(0) };
    let error = try_ingest(&mut store, &path, ["t", "u"], known()).unwrap_err();
    assert!(error.is_usage() && error.to_string().contains("it has t, v, g.u"), "{error}");
    // Inside of a group, and absent where the group's member is.
    parquet_file(&path, "int32 t (TIME_MILLIS)", None, Compression::SNAPPY);
    let error = try_ingest(&mut store, &path, ["t", "v"], known()).unwrap_err();
    assert!(error.is_data() && error.to_string().contains("no time and no number"), "{error}");
}

/// A damaged file is an error or other values, never the end of the process.
#[test]
fn a_damaged_parquet_file_is_no_more_than_an_error() {
    let sandbox = Sandbox::new();
    let mut store = Store::create(&sandbox.path("store")).unwrap();
    let path = sandbox.path("x.parquet");
    parquet_file(&path, "int64 t (TIMESTAMP(MILLIS,true))", Some(1_000), Compression::SNAPPY);
    let whole = std::fs::read(&path).unwrap();
    let mut failed = 0;
    for at in 4..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        std::fs::write(&path, &damaged).unwrap();
        let known = KnownBy::After { delay: "1h".parse().unwrap(), noticed_at: Time(0) };
        failed += usize::from(try_ingest(&mut store, &path, ["t", "v"], known).is_err());
    }
    assert!(failed > whole.len() / 4, "{failed} of {}", whole.len());
}
