//! The program's own features, labels and fitted numbers do not leak.

use candlewick::features::{FeatureConfig, FeatureGroup, PeerConfig, SeriesConfig, catalog};
use candlewick::folds::{FoldConfig, PurgedKFoldConfig, WalkForwardConfig};
use candlewick::labels::{DirectionRule, LabelConfig};
use candlewick::leaks::{
    CheckOptions, ColumnProvider, History, ProjectColumns, ProjectConfig, Report, Test, check,
};
use candlewick::market::{Interval, Period};
use candlewick::windows::ScalerConfig;

use super::world::{interval, peer, world, world_of};
use crate::features::real_candles;
use crate::support::real_data;

fn walk_forward(train: i64, test: i64) -> FoldConfig {
    FoldConfig::WalkForward(WalkForwardConfig {
        min_train: Period::days(train),
        valid: Period::days(5),
        test: Period::days(test),
        ..WalkForwardConfig::default()
    })
}

fn config(features: FeatureConfig, folds: FoldConfig) -> ProjectConfig {
    let direction = DirectionRule::Quantile { lower: 0.33, upper: 0.67 };
    let labels = LabelConfig { direction, ..LabelConfig::default() };
    ProjectConfig { features, labels, scaler: ScalerConfig::default(), folds, window: 8 }
}

fn checked(config: ProjectConfig, history: &History, points: usize) -> Report {
    let provider = ProjectColumns::new(config, history).unwrap();
    let options = CheckOptions { points, seed: 3 };
    let report = check(&provider, history, &options, &mut |_, _| {}).unwrap();
    for finding in &report.findings {
        eprintln!("{finding:?}");
    }
    assert!(report.is_clean(), "{} leaks, {:?}", report.findings.len(), report.unchecked);
    assert!(report.tests.iter().all(|count| count.comparisons > 0), "{:?}", report.tests);
    report
}

#[test]
fn no_feature_of_the_catalogue_leaks() {
    let history = world_of(2_400, 1_009);
    let features = FeatureConfig {
        series: vec![SeriesConfig::new("active_addresses")],
        ..FeatureConfig::default()
    };
    let report = checked(config(features, walk_forward(40, 15)), &history, 12);
    // All features, and those of the two folds scaled.
    assert_eq!(report.features % 3, 0);
    assert!(report.features / 3 > 100, "{}", report.features);
    assert_eq!(report.labels, 6);
    assert!(report.fitted > 2 * report.features / 3);
    assert!(report.tests.iter().any(|count| count.test == Test::Delayed));
}

#[test]
fn no_feature_of_a_pair_leaks() {
    let peers = vec![peer(1_500, 700)];
    let history = History { peers, trades: None, books: None, ..world_of(1_500, 1_009) };
    let pair = catalog().iter().filter(|info| info.group == FeatureGroup::CrossSymbol);
    let pair: Vec<String> = pair.map(|info| info.name.to_owned()).collect();
    assert!(pair.len() > 20);
    let include = vec!["log_return_1".to_owned()];
    let of_peer = PeerConfig { pair: Some(pair), ..PeerConfig::new("PEER") };
    let features = FeatureConfig {
        include,
        context: Some(vec![]),
        peers: vec![of_peer],
        ..FeatureConfig::default()
    };
    let report = checked(config(features, walk_forward(20, 10)), &history, 8);
    assert!(report.features > 3 * 40, "{}", report.features);
}

#[test]
fn a_recursive_feature_remembers_where_the_data_begins() {
    let include = ["rsi_14", "log_return_1", "close_volatility_96"].map(str::to_owned).to_vec();
    let features = FeatureConfig { include, context: Some(vec![]), ..FeatureConfig::default() };
    let report = checked(config(features, walk_forward(20, 10)), &world_of(1_500, 5_000), 2);
    let off = |name: &str| {
        report.beginnings.iter().find(|beginning| beginning.column == name).unwrap().off
    };
    // Wilder's smoothing forgets 1/14 an hour; the longest warm-up is that of 96 hours.
    let [once, twice, four_times] = off("rsi_14").map(Option::unwrap);
    assert!(once > twice && twice >= four_times && once < 1.0, "{once} {twice} {four_times}");
    assert_eq!(off("log_return_1"), [Some(0.0); 3]);
    assert_eq!(report.beginnings[0].column, "rsi_14");
}

#[test]
fn numbers_fitted_around_a_test_block_do_not_read_it() {
    let folds = FoldConfig::PurgedKFold(PurgedKFoldConfig {
        block: Period::days(20),
        valid: Period::days(5),
        ..PurgedKFoldConfig::default()
    });
    let include = vec!["rsi_14".to_owned(), "log_return_1".to_owned()];
    let features = FeatureConfig { include, ..FeatureConfig::default() };
    let history = world(2_400);
    let report = checked(config(features, folds), &history, 6);
    // A model that trains on what comes later is not checked for the future.
    assert_eq!((report.features, report.labels), (4, 4));
    // Scaler, thresholds of all and of the instrument, target units.
    assert_eq!(report.fitted, 2 * (2 * 4 + 4 + 3));
}

#[test]
fn real_candles_do_not_leak() {
    let Some(data) = real_data("real_candles_do_not_leak") else { return };
    let base = real_candles(&data, "BTCUSDT", Interval::HOUR, "2023-");
    let context = ["4h", "1d"].map(|name| real_candles(&data, "BTCUSDT", interval(name), "20"));
    let history = History { context: context.to_vec(), ..History::of(base) };
    let report = checked(config(FeatureConfig::default(), walk_forward(120, 60)), &history, 6);
    assert!(report.comparisons() > 10_000_000, "{}", report.comparisons());
}

#[test]
fn one_instrument_without_a_fold_is_told() {
    let error =
        ProjectColumns::new(config(FeatureConfig::default(), walk_forward(400, 15)), &world(600));
    assert!(error.is_err());
}

#[test]
fn the_warm_up_gives_a_row() {
    let history = world_of(1_500, 5_000);
    let columns =
        ProjectColumns::new(config(FeatureConfig::default(), walk_forward(20, 10)), &history)
            .unwrap();
    let whole = columns.columns(&history).unwrap();
    let last = *whole.decisions().last().unwrap();
    let short = history.beginning_at(last - columns.warm_up());
    assert_eq!(columns.columns(&short).unwrap().decisions().last(), Some(&last));
}
