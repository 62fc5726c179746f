//! What is made of a series of values: columns over its own steps, of what was known.

use std::collections::HashMap;
use std::path::Path;

use candlewick::features::{
    AsOf, CandleSource, FeatureBuilder, FeatureConfig, FeatureError, Inputs, SeriesColumn,
    SeriesConfig, ValueSeries, build, series_catalog,
};
use candlewick::market::{Candle, CandleSeries, Interval, Time, Value};
use garde::Validate;
use proptest::prelude::*;

use crate::features::{config, series};
use crate::support::real_data;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// First hour of 2022, ms.
const START: i64 = 1_640_995_200_000;

fn candles(count: usize) -> CandleSeries {
    let candle = |index: usize| {
        let price = 100.0 + (index as f64 * 0.7).sin();
        Candle {
            open_time: START + index as i64 * HOUR,
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
    };
    series(Interval::HOUR, &(0..count).map(candle).collect::<Vec<_>>())
}

fn column(name: &str) -> SeriesColumn {
    serde_json::from_value(name.into()).unwrap()
}

/// The series `x` with these columns, its values used for so long.
fn of_series(columns: &[SeriesColumn], max_age: &str) -> SeriesConfig {
    let max_age = max_age.parse().unwrap();
    SeriesConfig { max_age, columns: columns.to_vec(), ..SeriesConfig::new("x") }
}

fn with_series(columns: &[SeriesColumn], max_age: &str) -> FeatureConfig {
    let series = vec![of_series(columns, max_age)];
    FeatureConfig { series, ..config(&["log_return_1"], None) }
}

/// Rows by decision time; none where no candle has all its features.
fn rows(config: &FeatureConfig, base: &CandleSeries, values: &[Value]) -> Vec<(i64, Vec<u32>)> {
    let values = [ValueSeries { name: "x".to_owned(), values: values.to_vec() }];
    match build(config, &Inputs { values: &values, ..Inputs::of(base) }) {
        Ok(table) => (0..table.rows())
            .map(|row| {
                let bits = table.row(row)[1..].iter().map(|value| value.to_bits()).collect();
                (table.decision_time(row), bits)
            })
            .collect(),
        Err(FeatureError::NoValues { .. } | FeatureError::TooShort { .. }) => vec![],
        Err(error) => panic!("{error}"),
    }
}

/// Versions of positive values from 50 days before 2022 to the tenth day of it, in the order in
/// which they become known; some known late, some revised.
fn versions() -> impl Strategy<Value = Vec<Value>> {
    let daily = prop::collection::vec((0i64..100, 0u8..10, 1u8..20), 60);
    let revised = prop::collection::vec((-50i64..10, 0i64..200, 1u8..20), 0..20);
    (daily, revised).prop_map(|(daily, revised)| {
        let daily = daily.into_iter().enumerate().filter(|(_, (_, gap, _))| *gap > 0);
        let daily = daily.map(|(day, (delay, _, value))| (day as i64 - 50, delay, value));
        let version = |(day, delay, value): (i64, i64, u8)| {
            let time = START + day * DAY;
            Value { time, known_at: time + delay * HOUR / 2, value: f64::from(value) }
        };
        let mut values: Vec<Value> = daily.chain(revised).map(version).collect();
        values.sort_by_key(|value| (value.known_at, value.time));
        values.dedup_by_key(|value| (value.known_at, value.time));
        values
    })
}

/// What is known at a decision, looked for among all versions: one value a time, oldest first.
fn known(values: &[Value], decision: i64) -> Vec<Value> {
    let mut newest: HashMap<i64, Value> = HashMap::new();
    for value in values.iter().filter(|value| value.known_at < decision) {
        let kept = newest.entry(value.time).or_insert(*value);
        if value.known_at >= kept.known_at {
            *kept = *value;
        }
    }
    let mut known: Vec<Value> = newest.into_values().collect();
    known.sort_by_key(|value| value.time);
    known
}

/// One column of what is known, by its formula; none where there is too little.
fn by_formula(name: &str, known: &[Value], decision: i64) -> Option<f64> {
    let x: Vec<f64> = known.iter().map(|value| value.value).collect();
    let (kind, steps) = name.rsplit_once('_').unwrap_or((name, "0"));
    let n: usize = steps.parse().unwrap_or(0);
    let newest = *x.last()?;
    let before = || x.len().checked_sub(n + 1).map(|place| x[place]);
    let last = || x.len().checked_sub(n).map(|place| &x[place..]);
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let deviation = |x: &[f64]| {
        let squares: Vec<f64> = x.iter().map(|value| (value - mean(x)).powi(2)).collect();
        mean(&squares).sqrt()
    };
    match kind {
        "value" => Some(newest),
        "age" => Some((decision - known.last()?.time) as f64 / DAY as f64),
        "change" => before().map(|before| newest - before),
        "log_change" => before().map(|before| newest.ln() - before.ln()),
        "lag" => before(),
        "mean" => last().map(mean),
        "deviation" => last().map(deviation),
        "z" => last().map(|x| match deviation(x) {
            d if d < 1e-9 => 0.0,
            d => (newest - mean(x)) / d,
        }),
        "percentile" => last().map(|x| {
            let mut sorted = x.to_vec();
            sorted.sort_by(f64::total_cmp);
            let ranks: Vec<f64> = (0..sorted.len())
                .filter(|&rank| sorted[rank] == newest)
                .map(|rank| (rank + 1) as f64)
                .collect();
            mean(&ranks) / n as f64
        }),
        _ => panic!("no formula of {name}"),
    }
}

/// The columns that need no more than 31 values, all of them in one table.
fn short() -> Vec<SeriesColumn> {
    let long = ["z_90", "z_365", "percentile_90", "percentile_365"].map(column);
    SeriesColumn::ALL.iter().copied().filter(|column| !long.contains(column)).collect()
}

fn name(column: SeriesColumn) -> String {
    serde_json::to_value(column).unwrap().as_str().unwrap().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn prop_columns_equal_a_search_among_all_versions(values in versions(), days in 1i64..9) {
        for columns in [vec![column("value"), column("change_1")], short()] {
            let found = rows(&with_series(&columns, &format!("{days}d")), &candles(240), &values);
            let mut expected = Vec::new();
            for decision in (1..240).map(|index| START + (index + 1) * HOUR) {
                let known = known(&values, decision);
                if known.last().is_none_or(|value| decision - value.time > days * DAY) {
                    continue;
                }
                let row: Option<Vec<f64>> = columns
                    .iter()
                    .map(|&column| by_formula(&name(column), &known, decision))
                    .collect();
                expected.extend(row.map(|row| (decision, row)));
            }
            prop_assert_eq!(found.len(), expected.len());
            for ((at, row), (decision, wanted)) in found.iter().zip(&expected) {
                prop_assert_eq!(at, decision);
                for ((bits, wanted), column) in row.iter().zip(wanted).zip(&columns) {
                    let found = f64::from(f32::from_bits(*bits));
                    let near = (found - wanted).abs() <= 1e-6 * wanted.abs().max(1.0);
                    prop_assert!(near, "{:?} {} {}", column, found, wanted);
                }
            }
        }
    }

    #[test]
    fn prop_what_comes_later_changes_no_earlier_row(values in versions(), cut in 2usize..240) {
        let config = with_series(&short(), "7d");
        let whole = rows(&config, &candles(240), &values);
        let end = START + cut as i64 * HOUR;
        let known: Vec<Value> = values.iter().copied().filter(|v| v.known_at < end).collect();
        let part = rows(&config, &candles(cut), &known);
        let before: Vec<_> = whole.into_iter().filter(|(decision, _)| *decision <= end).collect();
        prop_assert_eq!(part, before);
    }

    #[test]
    fn prop_a_revision_changes_no_row_before_it_was_known(
        values in versions(), day in -40i64..10, noticed in 0i64..240,
    ) {
        let config = with_series(&short(), "7d");
        let time = START + day * DAY;
        let known_at = (START + noticed * HOUR).max(time);
        let mut revised = values.clone();
        revised.push(Value { time, known_at, value: 99.0 });
        revised.sort_by_key(|value| value.known_at);
        let (before, after) =
            (rows(&config, &candles(240), &values), rows(&config, &candles(240), &revised));
        let until = |rows: &[(i64, Vec<u32>)]| {
            rows.iter().filter(|(decision, _)| *decision <= known_at).cloned().collect::<Vec<_>>()
        };
        prop_assert_eq!(until(&before), until(&after));
    }

    #[test]
    fn prop_streaming_and_batch_agree(values in versions()) {
        let (config, base) = (with_series(&short(), "3d"), candles(240));
        let mut builder = FeatureBuilder::new(&config, &CandleSource::of(&base), &[]).unwrap();
        let mut waiting = values.iter().copied().peekable();
        let mut streamed = Vec::new();
        for candle in base.iter() {
            let decision = candle.open_time + HOUR;
            while let Some(value) = waiting.next_if(|value| value.known_at < decision) {
                builder.push_value("x", value).unwrap();
            }
            if let Some(row) = builder.push_base(&candle).unwrap() {
                let bits: Vec<u32> = row[1..].iter().map(|value| value.to_bits()).collect();
                streamed.push((decision, bits));
            }
        }
        prop_assert_eq!(streamed, rows(&config, &base, &values));
    }
}

/// Golden values: `tests/reference/series_columns_golden.py` (pandas 3.1.1), on the daily files.
#[test]
fn columns_equal_pandas() {
    let Some(data) = real_data("columns_equal_pandas") else { return };
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/series_columns.csv");
    let mut reader = csv::Reader::from_path(golden).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().skip(2).map(str::to_owned).collect();
    assert_eq!(names.len(), SeriesColumn::ALL.len(), "every column has golden values");
    let golden: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let files = [
        ("btc_onchain_daily.csv", "time", "AdrActCnt"),
        ("btc_onchain_daily.csv", "time", "FeeTotNtv"),
        ("fear_greed_daily.csv", "date", "fng"),
        ("btc_funding_daily.csv", "date", "funding_mean"),
    ];
    let mut compared = 0;
    for (file, time, value) in files {
        let mut reader = csv::Reader::from_path(data.join("onchain").join(file)).unwrap();
        let header = reader.headers().unwrap().clone();
        let place = |name: &str| header.iter().position(|column| column == name).unwrap();
        let (time, value_place) = (place(time), place(value));
        let mut values: Vec<Value> = reader
            .records()
            .map(Result::unwrap)
            .filter(|row| !row[value_place].is_empty())
            .map(|row| {
                let time = row[time].parse::<Time>().unwrap().0;
                let value = row[value_place].parse().unwrap();
                Value { time, known_at: time + DAY, value }
            })
            .collect();
        values.sort_by_key(|value| value.time);
        let positive = values.iter().all(|value| value.value > 0.0);
        let columns: Vec<SeriesColumn> = names
            .iter()
            .filter(|name| positive || !name.starts_with("log"))
            .map(|name| column(name))
            .collect();
        let mut state = AsOf::new(of_series(&columns, "7d"));
        values.iter().for_each(|value| state.push(*value).unwrap());
        for row in golden.iter().filter(|row| row[0] == *value) {
            let decision: i64 = row[1].parse().unwrap();
            let found = state.at(decision).unwrap_or_else(|| panic!("{value} {decision}"));
            let theirs = row.iter().skip(2).filter(|cell| !cell.is_empty());
            assert_eq!(theirs.clone().count(), found.len());
            for ((theirs, found), column) in theirs.zip(found).zip(&columns) {
                let theirs: f64 = theirs.parse().unwrap();
                let apart = (f64::from(*found) - theirs).abs();
                assert!(
                    apart <= 1e-6 * theirs.abs().max(1e-6),
                    "{value} {column:?} {found} {theirs}"
                );
            }
            compared += 1;
        }
    }
    assert_eq!(compared, golden.len());
}

#[test]
fn columns_are_named_after_the_series() {
    let yaml = "series: [{name: fees, max_age: 3d, columns: [z_30, value, log_change_7, lag_1]}]";
    let mut given: FeatureConfig = serde_saphyr::from_str(yaml).unwrap();
    given.validate().unwrap();
    given.include = vec!["log_return_1".to_owned()];
    let names = ["fees_z_30", "fees", "fees_log_change_7", "fees_lag_1"];
    assert_eq!(given.series[0].columns(), names);
    let value = |day: i64| Value {
        time: START + (day - 40) * DAY,
        known_at: START + (day - 39) * DAY,
        value: 1.0 + (day % 7) as f64,
    };
    let values = [ValueSeries { name: "fees".to_owned(), values: (0..45).map(value).collect() }];
    let base = candles(48);
    let inputs = Inputs { values: &values, ..Inputs::of(&base) };
    let table = build(&given, &inputs).unwrap();
    assert_eq!(table.names[1..], names);
    let named = given.for_columns(&table.names).unwrap();
    assert_eq!(named.series, given.series);
    assert_eq!(build(&named, &inputs).unwrap(), table);
    let half = given.for_columns(&table.names[..3]).unwrap_err().to_string();
    assert!(half.contains("exactly the columns fees_z_30, fees;"), "{half}");

    // The text of a config that names no columns is what it was.
    let plain = serde_json::to_string(&SeriesConfig::new("x")).unwrap();
    assert_eq!(plain, r#"{"name":"x","max_age":"1w"}"#);
    assert_eq!(SeriesConfig::new("x").columns(), ["x", "x_age"]);
    assert_eq!(series_catalog().len(), SeriesColumn::ALL.len());
    for (info, column) in series_catalog().iter().zip(SeriesColumn::ALL) {
        assert_eq!(of_series(&[*column], "1d").columns()[0].replacen('x', "SERIES", 1), info.name);
    }
}

#[test]
fn wrong_columns_are_refused() {
    let refuse = |yaml: &str| {
        let mut config: FeatureConfig = serde_saphyr::from_str(yaml).unwrap();
        assert!(config.validate().is_err(), "{yaml}");
        config.include = vec!["log_return_1".to_owned()];
        build(&config, &Inputs::of(&candles(48))).unwrap_err().to_string()
    };
    let none = refuse("series: [{name: x, columns: []}]");
    assert!(none.contains("series `x` lists no column"), "{none}");
    let twice = refuse("series: [{name: x, columns: [z_30, z_30]}]");
    assert!(twice.contains("are called `x_z_30`"), "{twice}");
    let alike = refuse("series: [{name: x, columns: [z_30]}, {name: x_z_30}]");
    assert!(alike.contains("are called `x_z_30`"), "{alike}");
    let unknown = serde_saphyr::from_str::<FeatureConfig>("series: [{name: x, columns: [z_31]}]");
    let unknown = unknown.unwrap_err().to_string();
    assert!(unknown.contains("z_31") && unknown.contains("z_30"), "{unknown}");

    let mut state = AsOf::new(of_series(&[column("log_change_1")], "7d"));
    let error = state.push(Value { time: START, known_at: START, value: 0.0 }).unwrap_err();
    assert!(error.to_string().contains("is not positive, which a column log_change needs"));
    let mut state = AsOf::new(of_series(&[column("change_1")], "7d"));
    for (day, value) in [(0, f64::from(f32::MIN)), (1, f64::from(f32::MAX))] {
        state.push(Value { time: START + day * DAY, known_at: START + day * DAY, value }).unwrap();
    }
    assert_eq!(state.at(START + 2 * DAY), Some(&[f32::MAX][..]));
}
