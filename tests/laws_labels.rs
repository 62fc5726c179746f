//! Laws of labels, thresholds and weights: what comes behind a label's end, or behind the training
//! rows, has no say in them.

use std::io::Read;
use std::path::Path;

use candlewick::folds::Fold;
use candlewick::forecast::Classes;
use candlewick::labels::{
    Barriers, BootstrapConfig, BothTouched, CostAware, DirectionRule, DirectionThresholds,
    LabelConfig, Labels, MetaLabel, PrimaryRule, SpreadConfig, Touching, TrendScanning,
    VerticalBarrier, VolatilityConfig, WeightConfig, average_uniqueness, build, concurrency,
    sequential_bootstrap, training_weights,
};
use candlewick::market::{Candle, CandleSeries, Instrument, Interval, Market, Span};
use garde::Validate;
use proptest::prelude::*;

use super::support::real_data;

const HOUR: i64 = 3_600_000;

fn rule(text: &str) -> DirectionRule {
    serde_json::from_str(text).unwrap()
}

fn any_barriers() -> impl Strategy<Value = Barriers> {
    (0.1_f64..3.0, 0.1_f64..3.0, any::<[bool; 3]>()).prop_map(
        |(upper, lower, [close, worse, sign])| Barriers {
            upper,
            lower,
            touch: if close { Touching::Close } else { Touching::HighLow },
            both: if worse { BothTouched::Worse } else { BothTouched::Neutral },
            vertical: if sign { VerticalBarrier::Sign } else { VerticalBarrier::Neutral },
        },
    )
}

fn any_primary() -> impl Strategy<Value = PrimaryRule> {
    prop_oneof![
        (1_u32..8).prop_map(|lookback| PrimaryRule::Momentum { lookback }),
        (1_u32..4, 1_u32..6)
            .prop_map(|(fast, more)| PrimaryRule::MovingAverageCross { fast, slow: fast + more }),
        (3_u32..9, 0.0_f64..1.5)
            .prop_map(|(lookback, entry)| PrimaryRule::MeanReversion { lookback, entry }),
    ]
}

/// Every rule; of the horizon that it gets, trends try those from 2 on.
fn any_rule() -> impl Strategy<Value = DirectionRule> {
    let spread = prop_oneof![
        (0.0_f64..50.0).prop_map(|bps| SpreadConfig::Given { bps }),
        (1_u32..6).prop_map(|lookback| SpreadConfig::CorwinSchultz { lookback }),
        (1_u32..6).prop_map(|lookback| SpreadConfig::AbdiRanaldo { lookback }),
    ];
    prop_oneof![
        (0.0_f64..0.1).prop_map(|threshold| DirectionRule::Fixed { threshold }),
        (0.0_f64..2.0).prop_map(|multiple| DirectionRule::VolatilityScaled { multiple }),
        Just(DirectionRule::Quantile { lower: 0.3137, upper: 0.6863 }),
        (0.0_f64..100.0, spread, 0.1_f64..3.0).prop_map(|(fee_bps, spread, multiple)| {
            DirectionRule::CostAware(CostAware { fee_bps, spread, multiple })
        }),
        Just(rule(r#"{"rule": "smoothed_mid", "threshold": {"kind": "fixed", "value": 0.01}}"#)),
        Just(rule(
            r#"{"rule": "smoothed_mid", "against": "past",
                "threshold": {"kind": "quantile", "lower": 0.2, "upper": 0.9}}"#
        )),
        any_barriers().prop_map(DirectionRule::TripleBarrier),
        (0.0_f64..5.0).prop_map(|t_threshold| {
            DirectionRule::TrendScanning(TrendScanning { min_horizon: 2, t_threshold })
        }),
        (any_primary(), any_barriers())
            .prop_map(|(primary, barriers)| DirectionRule::Meta(MetaLabel { primary, barriers })),
    ]
}

fn any_config() -> impl Strategy<Value = LabelConfig> {
    let volatility = prop_oneof![
        Just(VolatilityConfig::Ewma {}),
        (2_u32..6).prop_map(|lookback| VolatilityConfig::YangZhang { lookback }),
    ];
    let classes = proptest::sample::select(&Classes::ALL[..]);
    (2_u32..12, any_rule(), volatility, classes, 1.1_f64..4.0).prop_map(
        |(horizon, direction, volatility, classes, strong)| {
            let config =
                LabelConfig { horizon, direction, volatility, strong, ..LabelConfig::default() };
            // Some rules know three classes alone.
            let more = LabelConfig { classes, ..config.clone() };
            if more.validate().is_ok() { more } else { config }
        },
    )
}

/// Log moves from open to open and to the extremes, and whether the hour is missing.
fn any_candles() -> impl Strategy<Value = Vec<([f64; 4], bool)>> {
    let step = prop_oneof![
        4 => -0.05_f64..0.05,
        1 => Just(0.0),
    ];
    let candle = (step, [0.0_f64..0.03, 0.0_f64..0.03], -0.01_f64..0.01, 0_u8..30);
    let candle =
        candle.prop_map(|(body, [up, down], jump, missing)| ([body, up, down, jump], missing == 0));
    prop::collection::vec(candle, 20..120)
}

fn series(steps: &[([f64; 4], bool)]) -> CandleSeries {
    let instrument = Instrument::new("simulated", Market::Spot, "TEST").unwrap();
    let mut series = CandleSeries::new(instrument, Interval::HOUR);
    let mut log_price = 4.0_f64;
    for (hour, &([body, up, down, jump], missing)) in steps.iter().enumerate() {
        let open = log_price + if body == 0.0 { 0.0 } else { jump };
        log_price = open + body;
        if missing {
            continue;
        }
        let (high, low) = (open.max(log_price) + up, open.min(log_price) - down);
        push(&mut series, hour as i64 * HOUR, [open, high, low, log_price].map(f64::exp));
    }
    series
}

fn push(series: &mut CandleSeries, open_time: i64, [open, high, low, close]: [f64; 4]) {
    let candle = Candle {
        open_time,
        open,
        high,
        low,
        close,
        volume: 1.0,
        quote_volume: None,
        trades: None,
        taker_buy_volume: None,
        taker_buy_quote_volume: None,
    };
    series.push(&candle).unwrap();
}

/// Every price as what one unit of quote currency buys.
fn mirrored(series: &CandleSeries) -> CandleSeries {
    let mut mirror = CandleSeries::new(series.instrument().clone(), series.interval());
    for c in series.iter() {
        push(&mut mirror, c.open_time, [1.0 / c.open, 1.0 / c.low, 1.0 / c.high, 1.0 / c.close]);
    }
    mirror
}

/// The series with every candle from `time` on replaced by nonsense.
fn poisoned(series: &CandleSeries, time: i64) -> CandleSeries {
    let mut other = CandleSeries::new(series.instrument().clone(), series.interval());
    for (index, c) in series.iter().enumerate() {
        let prices = if c.open_time < time {
            [c.open, c.high, c.low, c.close]
        } else {
            let close = if index % 2 == 0 { 1e-3 } else { 1e6 };
            [close, 1e7, 1e-4, close]
        };
        push(&mut other, c.open_time, prices);
    }
    other
}

fn labelled(config: &LabelConfig, series: &CandleSeries) -> Labels {
    build(config, series, series.open_time()).unwrap()
}

fn fold(train: Vec<u32>) -> Fold {
    let span = Span { start: 0, end: 0 };
    let (valid, test) = (Vec::new(), Vec::new());
    let name = "fold_0".to_owned();
    Fold { name, train, valid, test, train_span: span, valid_span: span, test_span: span }
}

/// Rows with a known label that is over by `time`.
fn over_by(labels: &Labels, time: i64) -> Vec<u32> {
    let over = |row: &usize| labels.known[*row] && labels.span[*row].end <= time;
    (0..labels.rows()).filter(over).map(|row| row as u32).collect()
}

fn bits(labels: &Labels, row: usize) -> (Span, [u32; 4], u64, bool) {
    let columns = [&labels.forward_return, &labels.volatility, &labels.scale, &labels.score];
    let (span, unit) = (labels.span[row], labels.unit[row].to_bits());
    (span, columns.map(|column| column[row].to_bits()), unit, labels.known[row])
}

/// What is known by the end of the first `length` candles is what the whole series says.
fn check_prefix(config: &LabelConfig, series: &CandleSeries, labels: &Labels, length: usize) {
    let past = series.truncated(length);
    let earlier = labelled(config, &past);
    let now = past.open_time().last().map_or(i64::MIN, |last| last + HOUR);
    for row in 0..earlier.rows() {
        let over = labels.known[row] && labels.span[row].end <= now;
        assert_eq!(earlier.known[row], over, "row {row} of {config:?}");
        assert_eq!(earlier.scale[row].to_bits(), labels.scale[row].to_bits());
        if over {
            assert_eq!(bits(&earlier, row), bits(labels, row), "row {row} of {config:?}");
        }
    }
}

/// A known label has every candle that it covers, numbers in all columns, and ends by the horizon.
fn check_known(config: &LabelConfig, series: &CandleSeries, labels: &Labels) {
    for row in 0..labels.rows() {
        let span = labels.span[row];
        let candles = span.length() / HOUR;
        assert_eq!(span.start, series.open_time()[row] + HOUR);
        assert!(candles >= 1 && candles <= i64::from(config.horizon));
        let numbers = [labels.forward_return[row], labels.volatility[row], labels.score[row]];
        let complete =
            numbers.iter().all(|value| value.is_finite()) && labels.unit[row].is_finite();
        assert_eq!(complete, labels.known[row], "row {row} of {config:?}");
        assert!(labels.scale[row].is_finite());
        if labels.known[row] {
            let covered = series.within(span);
            assert_eq!(covered.len() as i64, candles, "row {row} spans a gap: {config:?}");
        }
    }
}

fn every_weight() -> [WeightConfig; 5] {
    let of = |change: fn(&mut WeightConfig)| {
        let mut config = WeightConfig::default();
        change(&mut config);
        config
    };
    [
        of(|config| config.uniqueness = true),
        of(|config| config.return_attribution = true),
        of(|config| config.time_decay = Some(-0.3)),
        of(|config| {
            config.sequential_bootstrap = Some(BootstrapConfig { draws: None, seed: 4 });
        }),
        of(|config| {
            config.uniqueness = true;
            config.time_decay = Some(0.5);
            config.sequential_bootstrap = Some(BootstrapConfig { draws: Some(17), seed: 5 });
        }),
    ]
}

/// Thresholds and weights of rows that are over by `time` know nothing of later candles.
fn check_fits(config: &LabelConfig, series: &CandleSeries, labels: &Labels, time: i64) {
    let other = poisoned(series, time);
    let other_labels = labelled(config, &other);
    let train = over_by(labels, time);
    if train.is_empty() {
        return;
    }
    assert_eq!(over_by(&other_labels, time), train);
    let fold = fold(train);
    let fit = |labels| DirectionThresholds::fit(config, labels, &fold).unwrap();
    let (thresholds, other_thresholds) = (fit(labels), fit(&other_labels));
    assert_eq!(thresholds, other_thresholds);
    for &row in &fold.train {
        let row = row as usize;
        let class = thresholds.class(labels, row);
        assert_eq!(class, other_thresholds.class(&other_labels, row));
        assert_eq!(class, thresholds.classes(labels)[row]);
    }
    for weights in every_weight() {
        let of = |labels, series: &CandleSeries| {
            training_weights(&weights, labels, &fold, std::slice::from_ref(series)).unwrap()
        };
        let found = of(labels, series);
        assert_eq!(found, of(&other_labels, &other), "{weights:?} of {config:?}");
        assert!(found.iter().all(|weight| weight.is_finite() && *weight >= 0.0), "{weights:?}");
        let mean = found.iter().copied().map(f64::from).sum::<f64>() / found.len() as f64;
        assert!((mean - 1.0).abs() < 1e-5, "{weights:?} have mean {mean}");
    }
}

/// Whether a rule says of a mirrored market the mirror image of what it says of the market.
fn has_mirror(rule: &DirectionRule) -> Option<bool> {
    match rule {
        DirectionRule::Fixed { .. }
        | DirectionRule::VolatilityScaled { .. }
        | DirectionRule::Quantile { .. }
        | DirectionRule::CostAware(_)
        | DirectionRule::TrendScanning(_) => Some(true),
        DirectionRule::TripleBarrier(barriers) => {
            // What is worse is above in the mirror.
            (barriers.touch == Touching::Close || barriers.both == BothTouched::Neutral)
                .then_some(true)
        }
        // Whether acting pays does not depend on which currency the price is counted in.
        DirectionRule::Meta(_) => Some(false),
        // Nothing is made of candles.
        DirectionRule::Given {} => None,
        // A mean of prices is no mean of their reciprocals.
        DirectionRule::SmoothedMid(_) => None,
    }
}

/// The rule for the mirrored market.
fn mirrored_rule(rule: DirectionRule) -> DirectionRule {
    match rule {
        DirectionRule::TripleBarrier(barriers) => DirectionRule::TripleBarrier(Barriers {
            upper: barriers.lower,
            lower: barriers.upper,
            ..barriers
        }),
        other => other,
    }
}

/// Each draw by all probabilities anew, as the book does it.
fn plain_bootstrap(spans: &[Span], draws: usize, mut uniform: impl FnMut() -> f64) -> Vec<usize> {
    let hours = |span: &Span| (span.start / HOUR) as usize..(span.end / HOUR) as usize;
    let mut drawn_over = vec![0.0; spans.iter().map(|span| hours(span).end).max().unwrap_or(0)];
    let mut drawn = Vec::new();
    for _ in 0..draws {
        let uniqueness: Vec<f64> = spans
            .iter()
            .map(|span| {
                let own = &drawn_over[hours(span)];
                own.iter().map(|count| 1.0 / (1.0 + count)).sum::<f64>() / own.len() as f64
            })
            .collect();
        let share = uniform() * uniqueness.iter().sum::<f64>();
        let mut sum = 0.0;
        let label = uniqueness.iter().position(|value| {
            sum += value;
            sum > share
        });
        let label = label.unwrap_or(spans.len() - 1);
        drawn.push(label);
        drawn_over[hours(&spans[label])].iter_mut().for_each(|count| *count += 1.0);
    }
    drawn
}

fn any_spans() -> impl Strategy<Value = Vec<Span>> {
    prop::collection::vec((0_i64..60, 1_i64..15), 1..50).prop_map(|spans| {
        let mut spans: Vec<Span> = spans
            .into_iter()
            .map(|(start, length)| Span { start: start * HOUR, end: (start + length) * HOUR })
            .collect();
        spans.sort();
        spans
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn prop_labels_know_nothing_behind_their_end(
        steps in any_candles(),
        config in any_config(),
        cut in 0.0_f64..1.0,
    ) {
        let series = series(&steps);
        let labels = labelled(&config, &series);
        check_known(&config, &series, &labels);
        check_prefix(&config, &series, &labels, (series.len() as f64 * cut) as usize);
    }

    #[test]
    fn prop_thresholds_and_weights_come_from_training_rows(
        steps in any_candles(),
        config in any_config(),
        cut in 0.2_f64..1.0,
    ) {
        let series = series(&steps);
        let labels = labelled(&config, &series);
        let time = (steps.len() as f64 * cut) as i64 * HOUR;
        check_fits(&config, &series, &labels, time);
    }

    #[test]
    fn prop_a_mirrored_market_has_mirrored_classes(
        steps in any_candles(),
        config in any_config(),
    ) {
        let Some(turned) = has_mirror(&config.direction) else { return Ok(()) };
        let series = series(&steps);
        let other = mirrored(&series);
        let other_config =
            LabelConfig { direction: mirrored_rule(config.direction), ..config.clone() };
        let (labels, other) = (labelled(&config, &series), labelled(&other_config, &other));
        prop_assert_eq!(&labels.known, &other.known);
        let train = over_by(&labels, i64::MAX);
        prop_assume!(!train.is_empty());
        let fold = fold(train);
        let fit = |config: &LabelConfig, labels| {
            DirectionThresholds::fit(config, labels, &fold).unwrap()
        };
        let (fitted, other_fitted) = (fit(&config, &labels), fit(&other_config, &other));
        let (classes, others) = (fitted.classes(&labels), other_fitted.classes(&other));
        let last = config.classes.count() as u8 - 1;
        for row in 0..labels.rows() {
            // Of two classes what lies on the threshold, or is not known, is down on either side.
            let (_, centre) = fitted.scores(&labels, row);
            let on_it = f64::from(labels.score[row]) == centre || !labels.known[row];
            if config.classes == Classes::Two && on_it {
                prop_assert_eq!(classes[row], 0);
                continue;
            }
            let expected = if turned { last - classes[row] } else { classes[row] };
            prop_assert_eq!(others[row], expected, "row {} of {:?}", row, &config);
            prop_assert_eq!(labels.span[row], other.span[row]);
            if labels.known[row] {
                let sum = labels.forward_return[row] + other.forward_return[row];
                prop_assert!(sum.abs() < 1e-6);
            }
        }
    }

    #[test]
    fn prop_shares_of_candles_add_up(spans in any_spans()) {
        let counts = concurrency(&spans, Interval::HOUR);
        let candles: i64 = spans.iter().map(|span| span.length() / HOUR).sum();
        prop_assert_eq!(counts.iter().copied().map(i64::from).sum::<i64>(), candles);
        let uniqueness = average_uniqueness(&spans, Interval::HOUR);
        prop_assert!(uniqueness.iter().all(|&share| share > 0.0 && share <= 1.0));
        // Each covered candle is shared out whole.
        let shared: f64 = uniqueness
            .iter()
            .zip(&spans)
            .map(|(share, span)| share * (span.length() / HOUR) as f64)
            .sum();
        prop_assert!((shared - counts.len() as f64).abs() < 1e-9);
        prop_assert!(counts.iter().all(|&count| count >= 1));
    }

    #[test]
    fn prop_a_bootstrap_draws_what_the_books_would(
        spans in any_spans(),
        uniforms in prop::collection::vec(0.0_f64..1.0, 1..60),
    ) {
        let draw = || {
            let mut given = uniforms.iter().copied();
            move || given.next().unwrap()
        };
        let quick = sequential_bootstrap(&spans, Interval::HOUR, uniforms.len(), draw());
        prop_assert_eq!(quick, plain_bootstrap(&spans, uniforms.len(), draw()));
    }
}

/// Configs of every rule, for real candles.
fn real_configs() -> Vec<LabelConfig> {
    let rules = [
        r#"{"rule": "fixed", "threshold": 0.004}"#,
        r#"{"rule": "quantile", "lower": 0.3, "upper": 0.7}"#,
        r#"{"rule": "volatility_scaled", "multiple": 0.5}"#,
        r#"{"rule": "cost_aware", "spread": {"from": "corwin_schultz", "lookback": 48}}"#,
        r#"{"rule": "cost_aware", "spread": {"from": "abdi_ranaldo", "lookback": 48}}"#,
        r#"{"rule": "smoothed_mid", "against": "past",
            "threshold": {"kind": "quantile", "lower": 0.33, "upper": 0.67}}"#,
        r#"{"rule": "triple_barrier"}"#,
        r#"{"rule": "triple_barrier", "touch": "close", "vertical": "sign"}"#,
        r#"{"rule": "trend_scanning"}"#,
        r#"{"rule": "meta", "primary": {"kind": "momentum", "lookback": 24}}"#,
        r#"{"rule": "meta", "primary": {"kind": "moving_average_cross", "fast": 12, "slow": 48}}"#,
        r#"{"rule": "meta", "primary": {"kind": "mean_reversion", "lookback": 48, "entry": 1.5}}"#,
    ];
    let volatilities = [VolatilityConfig::Ewma {}, VolatilityConfig::YangZhang { lookback: 48 }];
    let mut configs: Vec<LabelConfig> = rules
        .iter()
        .zip(volatilities.into_iter().cycle())
        .map(|(text, volatility)| LabelConfig {
            horizon: 20,
            direction: rule(text),
            volatility,
            ..LabelConfig::default()
        })
        .collect();
    for (rule, classes) in
        [(1, Classes::Two), (1, Classes::Five), (2, Classes::Two), (2, Classes::Five)]
    {
        configs.push(LabelConfig { classes, ..configs[rule].clone() });
    }
    configs
}

#[test]
fn labels_of_real_candles_know_no_future() {
    let Some(data) = real_data("labels_of_real_candles_know_no_future") else { return };
    for symbol in ["BTCUSDT", "SOLUSDT"] {
        // Sixteen months, the outage of 2023-03-24 among them.
        let folder = data.join("binance/spot/monthly/klines").join(symbol).join("1h");
        let series = archive(&folder, symbol, 16);
        assert!(series.len() > 11_000, "{} candles in {}", series.len(), folder.display());
        for config in real_configs() {
            let labels = labelled(&config, &series);
            check_known(&config, &series, &labels);
            for length in [1, 60, 777, 10_700, series.len() - 1] {
                check_prefix(&config, &series, &labels, length);
            }
            let fitted = over_by(&labels, series.open_time()[6_000]);
            let thresholds = DirectionThresholds::fit(&config, &labels, &fold(fitted)).unwrap();
            check_fits(&config, &series, &labels, series.open_time()[2_000]);

            // Every rule finds its classes in a real market; a sign is hardly ever 0.
            let signs = r#""vertical":"sign""#;
            let of_sign = serde_json::to_string(&config).unwrap().contains(signs);
            let mut counts = vec![0; config.classes.count()];
            for row in (0..labels.rows()).filter(|&row| labels.known[row]) {
                counts[usize::from(thresholds.class(&labels, row))] += 1;
            }
            for (class, &count) in counts.iter().enumerate() {
                let of_sign = of_sign && counts.len() == 3 && class == 1;
                assert!(count > 100 || of_sign, "{counts:?} of {config:?}");
            }
        }
    }
}

/// The first `months` files of an archive folder, all before the archive counts microseconds.
fn archive(folder: &Path, symbol: &str, months: usize) -> CandleSeries {
    let instrument = Instrument::new("binance", Market::Spot, symbol).unwrap();
    let mut series = CandleSeries::new(instrument, Interval::HOUR);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "zip"))
        .collect();
    files.sort();
    for path in files.iter().take(months) {
        let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
        let mut text = String::new();
        zip.by_index(0).unwrap().read_to_string(&mut text).unwrap();
        for line in text.lines() {
            let fields: Vec<&str> = line.split(',').collect();
            let prices = [1, 2, 3, 4].map(|column| fields[column].parse().unwrap());
            push(&mut series, fields[0].parse().unwrap(), prices);
        }
    }
    series
}
