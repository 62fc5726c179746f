//! Integration tests: what features and labels look like, and the page that shows it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use candlewick::features::{self, FeatureConfig, Inputs, SeriesConfig, ValueSeries};
use candlewick::folds::{Fold, FoldConfig, RowTime, WalkForwardConfig, split};
use candlewick::inspection::{
    Inspection, InspectionSettings, Missing, MissingReason, Resampling, Subject, adf,
    autocorrelation, average_linkage, bin, clusters_at, inspect, ks, leaf_order, missing,
    mutual_information, psi, quantile_edges, rank_correlations,
};
use candlewick::labels::{self, DirectionRule, DirectionThresholds, LabelConfig, Labels};
use candlewick::market::{Candle, CandleSeries, Instrument, Interval, Market, Period, Value};
use candlewick::report::{InspectedConfig, render_inspection};
use proptest::prelude::*;
use serde::Deserialize;

use crate::features::real_candles;
use crate::support::real_data;

/// What statsmodels, `SciPy`, scikit-learn and NumPy say, `tests/reference/inspection_golden.py`.
const GOLDEN: &str = include_str!("golden/inspection.json");

#[derive(Deserialize)]
struct Golden {
    train: usize,
    columns: BTreeMap<String, Vec<f32>>,
    /// In the order of the columns in the linkage.
    of: BTreeMap<String, Of>,
    forward_return: Vec<f32>,
    linkage: Vec<(f64, f64, f64, f64)>,
    leaves: Vec<usize>,
    clusters: Vec<usize>,
    names: Vec<String>,
}

#[derive(Deserialize)]
struct Of {
    acf: Vec<f64>,
    psi: f64,
    ks: f64,
    mutual_information: f64,
    rank_correlation: f64,
    adf: Option<OfAdf>,
}

#[derive(Deserialize)]
struct OfAdf {
    statistic: f64,
    p_value: f64,
    lag: usize,
    rows: usize,
}

fn near(found: f64, expected: f64, what: &str) {
    let allowed = 1e-6 * expected.abs().max(1e-6);
    assert!((found - expected).abs() <= allowed, "{what}: {found}, expected {expected}");
}

#[test]
fn measures_equal_statsmodels_scipy_and_scikit_learn() {
    let golden: Golden = serde_json::from_str(GOLDEN).unwrap();
    let binned = |values: &[f32], count| {
        let edges = quantile_edges(values, count);
        values.iter().map(|&value| bin(&edges, value)).collect::<Vec<_>>()
    };
    let forward = &golden.forward_return[..golden.train];
    let outcome = binned(forward, 8);
    let times: Vec<i64> = (0..golden.train as i64).collect();
    let resampling = Resampling::new(&times, 24, 10, 1, 0.95);
    for (name, column) in &golden.columns {
        let of = &golden.of[name];
        let (train, test) = column.split_at(golden.train);
        let found = autocorrelation(column, 20);
        assert_eq!(found.len(), 20);
        for (lag, (&found, &expected)) in found.iter().zip(&of.acf).enumerate() {
            near(found, expected, &format!("{name} lag {}", lag + 1));
        }
        near(psi(train, test), of.psi, &format!("{name} psi"));
        near(ks(train, test), of.ks, &format!("{name} ks"));
        let found = mutual_information(&binned(train, 16), &outcome);
        near(found, of.mutual_information, &format!("{name} mutual information"));
        let ranks = (Resampling::ranks(train), Resampling::ranks(forward));
        let found = resampling.correlation(&ranks.0, &ranks.1).unwrap();
        near(found.value, of.rank_correlation, &format!("{name} rank correlation"));
        let Some(expected) = &of.adf else {
            assert_eq!(adf(column), None, "{name}");
            continue;
        };
        let found = adf(column).unwrap();
        assert_eq!((found.lag, found.rows), (expected.lag, expected.rows), "{name}");
        near(found.statistic, expected.statistic, &format!("{name} adf"));
        let difference = (found.p_value - expected.p_value).abs();
        assert!(difference <= 1e-5 * expected.p_value + 1e-300, "{name} {found:?}");
    }
}

#[test]
fn clusters_equal_scipy() {
    let golden: Golden = serde_json::from_str(GOLDEN).unwrap();
    let columns: Vec<Vec<f32>> =
        golden.names.iter().map(|name| golden.columns[name].clone()).collect();
    let correlations = rank_correlations(&columns);
    let distances: Vec<f32> = correlations.iter().map(|value| 1.0 - value.abs()).collect();
    let merges = average_linkage(&distances, columns.len());
    assert_eq!(merges.len(), golden.linkage.len());
    for (merge, &(left, right, height, size)) in merges.iter().zip(&golden.linkage) {
        let found = (merge.left as f64, merge.right as f64, merge.size as f64);
        assert_eq!(found, (left, right, size), "{merge:?}");
        // Correlations are of single precision.
        assert!((merge.height - height).abs() < 1e-6, "{merge:?} {height}");
    }
    assert_eq!(leaf_order(&merges, columns.len()), golden.leaves);
    let found = clusters_at(&merges, columns.len(), 0.6);
    for (a, &of_a) in golden.clusters.iter().enumerate() {
        for (b, &of_b) in golden.clusters.iter().enumerate() {
            assert_eq!(found[a] == found[b], of_a == of_b, "columns {a} and {b}");
        }
    }
}

const HOUR: i64 = 3_600_000;

/// A cheap sequence of numbers in [0, 1) that looks random.
fn noise(i: u64) -> f64 {
    let mut x = i.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x1234_5678);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Hourly candles of a random walk, the hours of `absent` left out.
fn walk(symbol: &str, hours: i64, absent: &[i64]) -> CandleSeries {
    let instrument = Instrument::new("simulated", Market::Spot, symbol).unwrap();
    let mut series = CandleSeries::new(instrument, Interval::HOUR);
    let seed = symbol.bytes().map(u64::from).sum::<u64>() << 32;
    let mut price = 100.0;
    for hour in 0..hours {
        let open: f64 = price;
        price *= 1.0 + 0.01 * (noise(seed + hour as u64) - 0.5);
        let volume = 1.0 + noise(seed + (hour as u64) + 1_000_000);
        if absent.contains(&hour) {
            continue;
        }
        series
            .push(&Candle {
                open_time: 1_672_531_200_000 + hour * HOUR,
                open,
                high: open.max(price) * 1.001,
                low: open.min(price) * 0.999,
                close: price,
                volume,
                quote_volume: Some(volume * price),
                trades: Some(5 + (100.0 * volume) as i64),
                taker_buy_volume: Some(volume * 0.5),
                taker_buy_quote_volume: Some(volume * price * 0.5),
            })
            .unwrap();
    }
    series
}

/// Everything that an inspection is made of.
struct Case {
    names: Vec<String>,
    values: Vec<f32>,
    open_time: Vec<i64>,
    instrument: Vec<u16>,
    labels: Labels,
    fold: Fold,
    thresholds: DirectionThresholds,
    series: Vec<CandleSeries>,
    missing: Missing,
}

impl Case {
    /// As `candlewick features inspect` makes it, of the first fold.
    fn new(series: Vec<CandleSeries>, config: &FeatureConfig, context: &[Interval]) -> Self {
        let (mut values, mut open_time, mut instrument) = (Vec::new(), Vec::new(), Vec::new());
        let (mut names, mut parts, mut lacking) = (Vec::new(), Vec::new(), Missing::default());
        let of_labels = LabelConfig::default();
        for (index, base) in series.iter().enumerate() {
            let coarse: Vec<_> =
                context.iter().map(|&to| features::resample(base, to).unwrap()).collect();
            let inputs = Inputs { context: &coarse, ..Inputs::of(base) };
            let table = features::build(config, &inputs).unwrap();
            lacking = lacking.and(&missing(config, &inputs).unwrap());
            parts.push(labels::build(&of_labels, base, &table.open_time).unwrap());
            instrument.extend(vec![index as u16; table.rows()]);
            names = table.names;
            values.extend(table.values);
            open_time.extend(table.open_time);
        }
        let labels = Labels::pooled(&parts);
        let rows: Vec<u32> =
            (0..labels.rows() as u32).filter(|&row| labels.known[row as usize]).collect();
        let times: Vec<RowTime> = labels.row_times();
        let folds = FoldConfig::WalkForward(WalkForwardConfig {
            min_train: Period::days(60),
            valid: Period::days(10),
            test: Period::days(20),
            ..WalkForwardConfig::default()
        });
        let horizon = of_labels.horizon;
        let fold = split(&folds, &rows, &times, Interval::HOUR, horizon).unwrap().swap_remove(0);
        let thresholds = DirectionThresholds::fit(&of_labels.direction, &labels, &fold).unwrap();
        let missing = lacking;
        Self { names, values, open_time, instrument, labels, fold, thresholds, series, missing }
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            names: &self.names,
            values: &self.values,
            open_time: &self.open_time,
            instrument: &self.instrument,
            interval: Interval::HOUR,
            labels: &self.labels,
            thresholds: &self.thresholds,
            rule: &DirectionRule::VolatilityScaled { multiple: 0.4 },
            fold: &self.fold,
            series: &self.series,
            missing: &self.missing,
        }
    }

    fn inspect(&self) -> Inspection {
        inspect(&self.subject(), &InspectionSettings::default()).unwrap()
    }

    /// Puts another column behind the others.
    fn with(mut self, name: &str, value: impl Fn(&Self, usize) -> f32) -> Self {
        let width = self.names.len();
        let columns: Vec<f32> = (0..self.open_time.len()).map(|row| value(&self, row)).collect();
        let rows = self.values.chunks_exact(width).zip(columns);
        self.values = rows.flat_map(|(row, more)| row.iter().copied().chain([more])).collect();
        self.names.push(name.to_owned());
        self
    }
}

fn few() -> FeatureConfig {
    let names = ["log_return_1", "rsi_14", "close_volatility_24", "sma_distance_50", "hour_sin"];
    FeatureConfig {
        include: names.map(str::to_owned).to_vec(),
        context: Some(vec!["rsi_14".to_owned()]),
        ..FeatureConfig::default()
    }
}

fn four_hours() -> Interval {
    Interval::all().find(|interval| interval.ms() == 4 * HOUR).unwrap()
}

#[test]
fn what_is_planted_stands_out_and_chance_does_not() {
    let series = vec![walk("AAA", 4000, &[]), walk("BBB", 4000, &[])];
    let mut case = Case::new(series, &few(), &[four_hours()])
        .with("planted", |case, row| {
            let outcome = case.labels.forward_return[row];
            let outcome = if outcome.is_finite() { outcome } else { 0.0 };
            outcome + 0.02 * (noise(row as u64 + 77) as f32 - 0.5)
        })
        .with("constant", |_, _| 3.0)
        .with("copy", |case, row| 2.0 * case.values[row * 8 + 1] - 1.0)
        .with("shifted", |case, row| {
            let late = case.fold.test_span.contains(case.open_time[row] + HOUR);
            noise(row as u64 + 5_000_000) as f32 + if late { 5.0 } else { 0.0 }
        });
    for index in 0..20 {
        case = case.with(&format!("noise_{index}"), |_, row| {
            noise((row + 100_000 * index) as u64 + 9_000_000) as f32
        });
    }
    let found = case.inspect();
    let of = |name: &str| found.features.iter().find(|feature| feature.name == name).unwrap();
    let planted = of("planted");
    assert!(planted.information[1].value > 3.0 * planted.information[1].level, "{planted:?}");
    assert!(planted.information[0].stands_out(), "{planted:?}");
    assert!(planted.rank_correlation.unwrap().value > 0.3);
    assert!(planted.rank_correlation.unwrap().stands_out());
    let noisy = || found.features.iter().filter(|feature| feature.name.starts_with("noise_"));
    let out = noisy().filter(|feature| feature.information[1].stands_out()).count();
    assert!(out <= 4, "{out} of 20 columns of noise stand out");
    let out = noisy().filter(|f| f.rank_correlation.unwrap().stands_out()).count();
    assert!(out <= 4, "{out} of 20 columns of noise correlate");

    let kinds = |name: &str| {
        of(name).warnings.iter().map(|warning| warning.kind.name()).collect::<Vec<_>>()
    };
    assert_eq!(kinds("constant"), ["constant"]);
    assert!(kinds("copy").contains(&"duplicate") && kinds("rsi_14").contains(&"duplicate"));
    assert!(of("copy").warnings.iter().any(|w| w.text.contains("with rsi_14")));
    assert_eq!(kinds("shifted"), ["drift"]);
    assert!(noisy().all(|feature| feature.warnings.is_empty()));
    assert_eq!(of("copy").cluster, of("rsi_14").cluster);
    assert_ne!(of("copy").cluster, of("noise_0").cluster);
    assert_eq!(found.instruments, ["simulated/spot/AAA", "simulated/spot/BBB"]);
    // Labels of horizon 4 at every hour: each has a quarter of every candle, but at the ends.
    let unique = found.labels.uniqueness.unwrap();
    assert!((0.25..0.26).contains(&unique), "{unique}");
    let shares: Vec<f64> = found.labels.balance.train.iter().copied().map(f64::from).collect();
    assert!(shares.iter().all(|share| share / shares.iter().sum::<f64>() > 0.2), "{shares:?}");
}

#[test]
fn marks_of_labels_say_what_the_labels_say() {
    let case = Case::new(vec![walk("AAA", 3000, &[])], &few(), &[four_hours()]);
    let found = case.inspect();
    let stretch = &found.stretches[0];
    assert_eq!(stretch.candles.len(), 120);
    assert!(stretch.marks.len() > 25, "{} marks", stretch.marks.len());
    for mark in &stretch.marks {
        assert_eq!(mark.end - mark.start, 4 * HOUR);
        let (lower, upper) = mark.lower.zip(mark.upper).unwrap();
        assert!(lower < mark.entry && mark.entry < upper);
        let expected = match mark.touch.1 {
            price if price < lower => 0,
            price if price > upper => 2,
            _ => 1,
        };
        assert_eq!(mark.class, expected, "{mark:?}");
        assert!(mark.end <= case.fold.train_span.end + 4 * HOUR);
    }
    assert!(stretch.marks.windows(2).all(|pair| pair[0].end <= pair[1].start));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn prop_only_drift_reads_what_is_no_training_row(seed in any::<u64>()) {
        let case = Case::new(vec![walk("AAA", 2600, &[700])], &few(), &[four_hours()]);
        let clean = case.inspect();
        let mut poisoned = Case::new(vec![walk("AAA", 2600, &[700])], &few(), &[four_hours()]);
        let train: std::collections::BTreeSet<u32> = case.fold.train.iter().copied().collect();
        let width = case.names.len();
        for row in (0..case.open_time.len()).filter(|&row| !train.contains(&(row as u32))) {
            for column in 0..width {
                let at = row * width + column;
                poisoned.values[at] = 1e6 * noise(seed.wrapping_add(at as u64)) as f32;
            }
            poisoned.labels.forward_return[row] = noise(seed ^ row as u64) as f32;
            poisoned.labels.volatility[row] = noise(seed.wrapping_mul(3) ^ row as u64) as f32;
        }
        let found = poisoned.inspect();
        let bits = |inspection: &Inspection| {
            let mut inspection = inspection.clone();
            for feature in &mut inspection.features {
                feature.drift = None;
                feature.warnings.retain(|warning| warning.kind.name() != "drift");
                if let Some(histogram) = &mut feature.histogram {
                    histogram.test.clear();
                }
            }
            inspection.labels.balance.slices.clear();
            format!("{inspection:?}")
        };
        prop_assert_eq!(bits(&clean), bits(&found));
        let drift = |i: &Inspection| i.features.iter().map(|f| f.drift.unwrap().psi).collect::<Vec<_>>();
        prop_assert_ne!(drift(&clean), drift(&found));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn prop_what_is_not_missing_has_a_row(
        absent in prop::collection::btree_set(0_i64..400, 0..5),
        coarse_absent in prop::collection::btree_set(0_usize..90, 0..3),
        known in prop::collection::btree_map(0_i64..400, 1_i64..30, 0..6),
        with_values in any::<bool>(),
    ) {
        let absent: Vec<i64> = absent.into_iter().collect();
        let base = walk("AAA", 400, &absent);
        let whole = features::resample(&walk("AAA", 400, &[]), four_hours()).unwrap();
        let mut coarse = CandleSeries::new(whole.instrument().clone(), whole.interval());
        for (_, candle) in whole.iter().enumerate().filter(|(i, _)| !coarse_absent.contains(i)) {
            coarse.push(&candle).unwrap();
        }
        let start = base.open_time()[0];
        let mut values: Vec<Value> = known
            .iter()
            .map(|(&hour, &delay)| Value {
                time: start + hour * HOUR,
                known_at: start + (hour + delay) * HOUR,
                value: hour as f64,
            })
            .collect();
        values.sort_by_key(|value| value.known_at);
        let values = [ValueSeries { name: "chain".to_owned(), values }];
        let mut config = few();
        if with_values {
            let series = SeriesConfig { max_age: Period::days(4), ..SeriesConfig::new("chain") };
            config.series = vec![series];
        }
        let context = [coarse];
        let inputs = Inputs { context: &context, values: &values, ..Inputs::of(&base) };
        let found = missing(&config, &inputs).unwrap();
        let rows = features::build(&config, &inputs).map_or(0, |table| table.rows());
        prop_assert_eq!(found.complete, rows as u64);
        prop_assert_eq!(found.candles, base.len() as u64);
        let inside = absent.iter().filter(|&&hour| {
            let time = 1_672_531_200_000 + hour * HOUR;
            time > base.open_time()[0] && time < base.open_time()[base.len() - 1]
        });
        prop_assert_eq!(found.absent, inside.count() as u64);
        // A column that lacks nothing anywhere: each candle of the data has the calendar.
        let hour = found.names.iter().position(|name| name == "hour_sin").unwrap();
        prop_assert_eq!(found.counts[hour], [0; MissingReason::ALL.len()]);
        prop_assert_eq!(found.counts.len(), found.names.len());
    }
}

fn page_of(case: &Case, name: &str) -> String {
    let config = InspectedConfig {
        name: name.to_owned(),
        file: "model_configs/test.yaml".to_owned(),
        simulated: true,
    };
    render_inspection(&case.inspect(), &config).unwrap()
}

#[test]
fn an_inspection_becomes_one_self_contained_page() {
    let case = Case::new(vec![walk("AAA", 2600, &[700, 701])], &few(), &[four_hours()])
        .with("<script>odd & column", |_, row| noise(row as u64) as f32)
        .with("constant", |_, _| 1.0);
    let html = page_of(&case, "<b>name</b>");
    let lower = html.to_lowercase();
    for outside in
        ["http://", "https://", "//cdn", "<script src", "<link", "<img", "@import", "url("]
    {
        assert!(!lower.contains(outside), "the page has `{outside}`");
    }
    assert_eq!(lower.matches("<script").count(), 1, "a name became an element");
    assert!(html.contains("SIMULATED DATA") && !html.contains("Missing:"));
    for section in
        ["glance", "table", "details", "clusters", "labels", "candles", "missing", "method"]
    {
        assert!(html.contains(&format!("<section id=\"{section}\">")), "{section}");
    }
    assert_eq!(html.matches("<details class=\"feature\"").count(), case.names.len());
    assert!(html.contains("warm-up after a gap"), "reasons are named");
    assert_eq!(html.matches("<svg ").count(), html.matches("</svg>").count());
    assert!(!html.contains("NaN"), "{}", &html[html.find("NaN").unwrap_or(0)..][..80]);
    assert_eq!(html, page_of(&case, "<b>name</b>"), "the same inspection makes the same page");
}

/// A page of real candles: every feature of the catalogue on two intervals.
fn real_page(data: &Path) -> String {
    let months = |series: CandleSeries| {
        let (first, last) = (series.open_time()[0], series.open_time()[series.len() - 1]);
        let config = FeatureConfig::default();
        let case = Case::new(vec![series], &config, &[four_hours()]);
        let found = case.inspect();
        assert!(found.features.len() > 100, "{} columns", found.features.len());
        assert!(case.missing.candles > 4000, "{first} to {last}");
        let config = InspectedConfig {
            name: "btc_1h".to_owned(),
            file: "model_configs/btc_1h.yaml".to_owned(),
            simulated: false,
        };
        render_inspection(&found, &config).unwrap()
    };
    months(real_candles(data, "BTCUSDT", Interval::HOUR, "2023-0"))
}

#[test]
fn a_browser_shows_the_inspection_without_a_complaint() {
    let name = "a_browser_shows_the_inspection_without_a_complaint";
    let browsers = ["chromium", "chromium-browser", "google-chrome"];
    let runs = |browser: &&&str| {
        Command::new(browser).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    let Some(browser) = browsers.iter().find(runs) else {
        eprintln!("SKIPPED {name}: none of {} is in PATH", browsers.join(", "));
        return;
    };
    let case = Case::new(vec![walk("AAA", 2600, &[700])], &few(), &[four_hours()]);
    let (html, columns) = match real_data(name) {
        Some(data) => (real_page(&data), None),
        None => (page_of(&case, "simulated"), Some(case.names.len())),
    };
    let root = tempfile::tempdir().unwrap();
    let page = root.path().join("features.html");
    std::fs::write(&page, &html).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--user-data-dir={}", root.path().join("profile").display()))
        .arg(format!("file://{}#f-2", page.display()))
        .output()
        .unwrap();
    let (dom, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{log}");
    // A request that the page's own policy forbids is a complaint too.
    let complaints: Vec<_> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    let all = html.matches("<tr data-name=").count();
    assert!(columns.is_none_or(|columns| columns == all));
    // What the script has done: counted the columns, and opened the one that the link names.
    assert!(dom.contains(&format!("{all} of {all} columns")), "the script did not run");
    let opened = dom.matches("<details class=\"feature\"").count();
    assert_eq!((opened, dom.matches("open=\"\"").count()), (all, 1));
    assert_eq!(dom.matches("</svg>").count(), html.matches("</svg>").count());
}

#[test]
fn nothing_to_look_at_is_nothing() {
    let mut case = Case::new(vec![walk("AAA", 2600, &[])], &few(), &[four_hours()]);
    case.fold.test.clear();
    assert!(case.inspect().features.iter().all(|feature| feature.drift.is_none()));
    assert!(!page_of(&case, "a").is_empty());
    case.fold.train.truncate(1);
    let one = case.inspect();
    assert!(one.features.iter().all(|feature| feature.stationarity.is_none()));
    assert!(!page_of(&case, "b").is_empty());
    case.fold.train.clear();
    assert!(inspect(&case.subject(), &InspectionSettings::default()).is_none());
}
