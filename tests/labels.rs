//! Labels and weights against mlfinpy, pandas and NumPy: `tests/reference/labels_golden.py`.

use candlewick::folds::Fold;
use candlewick::labels::{
    Barriers, BothTouched, DirectionRule, DirectionThresholds, LabelConfig, Labels, MetaLabel,
    PrimaryRule, SpreadConfig, Touching, VerticalBarrier, average_uniqueness, build,
    estimated_spread, ewma_volatility, primary_sides, return_attribution, sequential_bootstrap,
    time_decay, trends, yang_zhang_volatility,
};
use candlewick::labels::{BootstrapConfig, LogReturns, WeightConfig, training_weights};
use candlewick::market::{Candle, CandleSeries, Instrument, Interval, Market, Span};
use serde_json::Value;

const HOUR: i64 = 3_600_000;
const HORIZON: u32 = 12;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/labels_btcusdt_1h.json")).unwrap()
}

fn floats(values: &Value) -> Vec<Option<f64>> {
    values.as_array().unwrap().iter().map(Value::as_f64).collect()
}

fn integers(values: &Value) -> Vec<i64> {
    values.as_array().unwrap().iter().map(|value| value.as_i64().unwrap()).collect()
}

fn candle(open_time: i64, [open, high, low, close]: [f64; 4]) -> Candle {
    Candle {
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
    }
}

fn series_of(symbol: &str, candles: impl IntoIterator<Item = (i64, [f64; 4])>) -> CandleSeries {
    let instrument = Instrument::new("binance", Market::Spot, symbol).unwrap();
    let mut series = CandleSeries::new(instrument, Interval::HOUR);
    for (hour, prices) in candles {
        series.push(&candle(hour * HOUR, prices)).unwrap();
    }
    series
}

fn golden_series(golden: &Value) -> CandleSeries {
    let column = |name: &str| floats(&golden[name]).into_iter().map(Option::unwrap);
    let times = integers(&golden["open_time"]);
    let prices = column("open").zip(column("high")).zip(column("low").zip(column("close")));
    series_of(
        "BTCUSDT",
        times.iter().zip(prices).map(|(time, ((o, h), (l, c)))| (time / HOUR, [o, h, l, c])),
    )
}

fn near(name: &str, found: &[Option<f64>], expected: &[Option<f64>], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    assert!(expected.iter().filter(|value| value.is_some()).count() > 50, "{name}");
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        match (found, expected) {
            (None, None) => {}
            (Some(a), Some(b)) => assert!(
                (a - b).abs() <= tolerance * b.abs().max(1e-12),
                "{name} of {at}: {a} is not {b}"
            ),
            _ => panic!("{name} of {at}: {found:?} is not {expected:?}"),
        }
    }
}

#[test]
fn volatilities_and_spreads_equal_the_papers() {
    let golden = golden();
    let series = golden_series(&golden);
    let ewma = ewma_volatility(LogReturns::of(&series).steps(), 96);
    near("ewma", &ewma, &floats(&golden["ewma"]), 1e-11);
    let found = yang_zhang_volatility(&series, 24);
    near("yang_zhang", &found, &floats(&golden["yang_zhang"]), 1e-10);
    for (name, spread) in [
        ("corwin_schultz", SpreadConfig::CorwinSchultz { lookback: 24 }),
        ("abdi_ranaldo", SpreadConfig::AbdiRanaldo { lookback: 24 }),
    ] {
        near(name, &estimated_spread(&series, &spread), &floats(&golden[name]), 1e-9);
    }
}

fn barriers(touch: Touching) -> Barriers {
    Barriers { upper: 0.8, lower: 0.5, touch, ..Barriers::default() }
}

fn labels_of(series: &CandleSeries, direction: DirectionRule) -> Labels {
    let config = LabelConfig { horizon: HORIZON, direction, ..LabelConfig::default() };
    build(&config, series, series.open_time()).unwrap()
}

/// Candles that the row's label covers.
fn ahead(labels: &Labels, row: usize) -> i64 {
    labels.span[row].length() / HOUR
}

/// Rows whose label is known whatever happens: a volatility before and the horizon behind.
fn rows(series: &CandleSeries) -> std::ops::Range<usize> {
    1..series.len() - HORIZON as usize
}

#[test]
fn first_touches_equal_mlfinpy() {
    let golden = golden();
    let series = golden_series(&golden);
    let labels = labels_of(&series, DirectionRule::TripleBarrier(barriers(Touching::Close)));
    let thresholds = DirectionThresholds::symmetric(0.5);
    let (until, outcome) = (integers(&golden["close_ahead"]), integers(&golden["close_outcome"]));
    assert_eq!(until.len(), rows(&series).len());
    for (at, row) in rows(&series).enumerate() {
        assert!(labels.known[row]);
        assert_eq!(ahead(&labels, row), until[at], "row {row}");
        assert_eq!(labels.score[row], outcome[at] as f32, "row {row}");
        assert_eq!(i64::from(thresholds.class(&labels, row)), outcome[at] + 1);
        let end = row + until[at] as usize;
        let log_return = (series.close()[end] / series.close()[row]).ln();
        assert!((f64::from(labels.forward_return[row]) - log_return).abs() < 1e-7);
    }

    let labels = labels_of(&series, DirectionRule::TripleBarrier(barriers(Touching::HighLow)));
    let (until, outcome) = (integers(&golden["inner_ahead"]), integers(&golden["inner_outcome"]));
    let returns = floats(&golden["inner_return"]);
    for (at, row) in rows(&series).enumerate() {
        assert_eq!(ahead(&labels, row), until[at], "row {row}");
        assert_eq!(labels.score[row], outcome[at] as f32, "row {row}");
        assert!((f64::from(labels.forward_return[row]) - returns[at].unwrap()).abs() < 1e-7);
    }
    let counts = [-1, 0, 1].map(|side| outcome.iter().filter(|&&found| found == side).count());
    assert!(counts.iter().all(|&count| count >= 10), "{counts:?}");
}

#[test]
fn meta_labels_equal_mlfinpy() {
    let golden = golden();
    let series = golden_series(&golden);
    for (name, primary) in [
        ("momentum", PrimaryRule::Momentum { lookback: 24 }),
        ("crossing", PrimaryRule::MovingAverageCross { fast: 6, slow: 24 }),
        ("reversion", PrimaryRule::MeanReversion { lookback: 24, entry: 1.5 }),
    ] {
        let golden = &golden["meta"][name];
        let sides = primary_sides(&series, &primary);
        let found: Vec<_> = rows(&series).map(|row| sides[row].map(f64::from)).collect();
        near(name, &found, &floats(&golden["side"]), 0.0);

        let barriers = barriers(Touching::Close);
        let labels = labels_of(&series, DirectionRule::Meta(MetaLabel { primary, barriers }));
        let taken = rows(&series).filter(|&row| sides[row].is_some_and(|side| side != 0));
        let mut expected = integers(&golden["ahead"]).into_iter().zip(integers(&golden["outcome"]));
        for row in taken {
            let (until, outcome) = expected.next().unwrap();
            assert_eq!(ahead(&labels, row), until, "{name} row {row}");
            assert_eq!(labels.score[row], outcome as f32, "{name} row {row}");
        }
        assert_eq!(expected.next(), None);
        for row in rows(&series).filter(|&row| sides[row].is_none_or(|side| side == 0)) {
            assert_eq!(labels.known[row], sides[row].is_some());
            assert!(sides[row].is_none() || labels.score[row] == 0.0);
            assert_eq!(ahead(&labels, row), i64::from(HORIZON));
        }
    }
}

#[test]
fn weights_equal_mlfinpy() {
    let golden = golden();
    let series = golden_series(&golden);
    let labels = labels_of(&series, DirectionRule::TripleBarrier(barriers(Touching::Close)));
    for (name, step) in [("all", 1), ("third", 3)] {
        let spans: Vec<Span> = rows(&series).step_by(step).map(|row| labels.span[row]).collect();
        let uniqueness = average_uniqueness(&spans, Interval::HOUR);
        let some = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
        near(name, &some(&uniqueness), &floats(&golden[name]["uniqueness"]), 1e-12);

        // mlfinpy's have mean 1.
        let mut by_return = return_attribution(&spans, &series).unwrap();
        let mean = by_return.iter().sum::<f64>() / by_return.len() as f64;
        for weight in &mut by_return {
            *weight /= mean;
        }
        near(name, &some(&by_return), &floats(&golden[name]["return_attribution"]), 1e-8);

        for (oldest, key) in [(1.0, "1.0"), (0.5, "0.5"), (0.0, "0.0"), (-0.5, "-0.5")] {
            let decay = time_decay(&uniqueness, oldest);
            near(key, &some(&decay), &floats(&golden[name]["time_decay"][key]), 1e-9);
        }
    }

    let spans: Vec<Span> = rows(&series).step_by(3).map(|row| labels.span[row]).collect();
    let mut uniforms = floats(&golden["bootstrap"]["uniforms"]).into_iter().map(Option::unwrap);
    let draws = uniforms.len();
    let drawn = sequential_bootstrap(&spans, Interval::HOUR, draws, || uniforms.next().unwrap());
    let drawn: Vec<i64> = drawn.into_iter().map(|label| label as i64).collect();
    assert_eq!(drawn, integers(&golden["bootstrap"]["drawn"]));
}

#[test]
fn trends_equal_mlfinpy() {
    let golden = golden();
    let series = golden_series(&golden);
    let found = trends(&series, 3, HORIZON);
    // mlfinpy asks for one candle more than it looks at.
    let compared = series.len() - HORIZON as usize - 1;
    let until: Vec<_> =
        found[..compared].iter().map(|trend| trend.map(|trend| f64::from(trend.horizon))).collect();
    near("horizon", &until, &floats(&golden["trend_ahead"])[..compared], 0.0);
    let t: Vec<_> = found[..compared].iter().map(|trend| trend.map(|trend| trend.t)).collect();
    near("t", &t, &floats(&golden["trend_t"])[..compared], 1e-7);
    assert!(found[compared].is_some() && found[compared + 1].is_none());
}

/// A price of 100 that does what `prices` say, an hour each.
fn after_100(prices: &[[f64; 4]]) -> CandleSeries {
    let calm = [[100.0; 4], [100.0, 101.0, 100.0, 101.0], [101.0, 101.0, 100.0, 100.0]];
    let candles = calm.into_iter().chain(prices.iter().copied());
    series_of("TEST", candles.enumerate().map(|(hour, prices)| (hour as i64, prices)))
}

#[test]
fn a_candle_that_touches_both_barriers_is_decided_by_the_config() {
    // Barriers at one expected volatility over two candles: about 1.4 % away.
    let both = [100.0, 105.0, 95.0, 100.0];
    let opens_above = [104.0, 105.0, 95.0, 100.0];
    let label = |prices: &[[f64; 4]], both, primary: Option<PrimaryRule>| {
        let series = after_100(prices);
        let barriers = Barriers { both, ..Barriers::default() };
        let direction = match primary {
            None => DirectionRule::TripleBarrier(barriers),
            Some(primary) => DirectionRule::Meta(MetaLabel { primary, barriers }),
        };
        let config = LabelConfig { horizon: 2, direction, ..LabelConfig::default() };
        let labels = build(&config, &series, &[2 * HOUR]).unwrap();
        assert!(labels.known[0]);
        (labels.score[0], ahead(&labels, 0), (labels.forward_return[0].exp() * 1000.0).round())
    };
    assert_eq!(label(&[both], BothTouched::Worse, None), (-1.0, 1, 986.0));
    assert_eq!(label(&[both], BothTouched::Neutral, None), (0.0, 1, 1000.0));
    // An open beyond a barrier comes first, and is where an order would have been filled.
    assert_eq!(label(&[opens_above], BothTouched::Worse, None), (1.0, 1, 1040.0));
    // The last move was down: the primary rule is short, and its stop lies above.
    let short = Some(PrimaryRule::Momentum { lookback: 1 });
    assert_eq!(label(&[both], BothTouched::Worse, short).0, -1.0);
    assert_eq!(label(&[opens_above], BothTouched::Worse, short), (-1.0, 1, 1040.0));
    let falls = [100.0, 100.0, 90.0, 95.0];
    assert_eq!(label(&[falls], BothTouched::Worse, short), (1.0, 1, 986.0));
}

#[test]
fn time_runs_out_as_the_config_says() {
    let quiet = [[100.0, 100.2, 99.9, 100.1], [100.1, 100.3, 100.0, 100.2]];
    let label = |vertical, prices: &[[f64; 4]]| {
        let barriers = Barriers { vertical, ..Barriers::default() };
        let direction = DirectionRule::TripleBarrier(barriers);
        let config = LabelConfig { horizon: 2, direction, ..LabelConfig::default() };
        let series = after_100(prices);
        let labels = build(&config, &series, &[2 * HOUR]).unwrap();
        (labels.known[0], labels.score[0], ahead(&labels, 0))
    };
    assert_eq!(label(VerticalBarrier::Neutral, &quiet), (true, 0.0, 2));
    assert_eq!(label(VerticalBarrier::Sign, &quiet), (true, 1.0, 2));
    let (known, _, until) = label(VerticalBarrier::Sign, &quiet[..1]);
    assert_eq!((known, until), (false, 2), "the horizon is not over");
}

#[test]
fn a_move_counts_beyond_what_it_costs() {
    let closes = [100.0, 101.0, 100.0, 100.2, 100.5, 100.0, 100.0];
    let candles = closes.map(|close| [close; 4]);
    let series = series_of("TEST", (0..).zip(candles));
    // Two fees of 10 and a spread of 4 basis points: 0.24 %.
    let rule = r#"{"rule": "cost_aware", "fee_bps": 10, "spread": {"from": "given", "bps": 4}}"#;
    let direction: DirectionRule = serde_json::from_str(rule).unwrap();
    let config = LabelConfig { horizon: 1, direction, ..LabelConfig::default() };
    let labels = build(&config, &series, series.open_time()).unwrap();
    assert!(labels.unit[1..6].iter().all(|unit| (unit - 0.0024).abs() < 1e-15));
    let thresholds = DirectionThresholds::symmetric(1.0);
    // From the second candle on: -1 %, +0.2 %, +0.3 %, -0.5 %, 0, not known.
    assert_eq!(thresholds.classes(&labels)[1..], [0, 1, 2, 0, 1, 1]);
}

#[test]
fn smoothed_moves_are_those_of_the_papers() {
    let closes = [10.0, 12.0, 11.0, 13.0, 15.0, 14.0, 10.0];
    let series = series_of("TEST", (0..).zip(closes.map(|close| [close; 4])));
    let score = |against: &str| {
        let rule = format!(
            r#"{{"rule": "smoothed_mid", "against": "{against}",
                 "threshold": {{"kind": "quantile", "lower": 0.3, "upper": 0.7}}}}"#
        );
        let direction = serde_json::from_str(&rule).unwrap();
        let config = LabelConfig { horizon: 2, direction, ..LabelConfig::default() };
        let labels = build(&config, &series, &[2 * HOUR, 4 * HOUR, 5 * HOUR]).unwrap();
        assert_eq!(labels.known, [true, true, false]);
        // The return that could be traded stays the plain one.
        assert!((labels.forward_return[0] - (15.0_f32 / 11.0).ln()).abs() < 1e-6);
        (labels.score[0], labels.score[1])
    };
    // Means of the next two: 14 and 12; of the last two: 11.5 and 14.
    assert_eq!(score("now"), (3.0 / 11.0, -3.0 / 15.0));
    assert_eq!(score("past"), (2.5 / 11.5, -2.0 / 14.0));
}

/// Candles of a walk that swings by `size`, and labels of barriers on them.
fn walk(symbol: &str, hours: i64, size: f64) -> (CandleSeries, Labels) {
    let mut price = 100.0_f64;
    let candles = (0..hours).map(|hour| {
        let open = price;
        let noise = ((hour * 7919 % 1009) as f64 / 1009.0 - 0.5) * size;
        price *= (noise + size * 0.1 * (hour as f64 * 0.05).sin()).exp();
        (hour, [open, open.max(price) * (1.0 + size * 0.1), open.min(price), price])
    });
    let series = series_of(symbol, candles);
    let labels = labels_of(&series, DirectionRule::TripleBarrier(Barriers::default()));
    (series, labels)
}

fn fold(train: Vec<u32>) -> Fold {
    let span = Span { start: 0, end: 0 };
    let (valid, test) = (Vec::new(), Vec::new());
    let name = "fold_0".to_owned();
    Fold { name, train, valid, test, train_span: span, valid_span: span, test_span: span }
}

#[test]
fn every_instrument_is_weighed_by_its_own_rows() {
    let (calm, calm_labels) = walk("CALM", 300, 0.001);
    let (wild, wild_labels) = walk("WILD", 200, 0.05);
    let pooled = Labels::pooled(&[calm_labels.clone(), wild_labels.clone()]);
    let train: Vec<u32> = (5..250).chain(305..450).collect();
    let config = WeightConfig {
        return_attribution: true,
        time_decay: Some(0.25),
        sequential_bootstrap: Some(BootstrapConfig { draws: Some(400), seed: 9 }),
        ..WeightConfig::default()
    };
    let series = [wild.clone(), calm.clone()];
    let weights = training_weights(&config, &pooled, &fold(train.clone()), &series).unwrap();
    let mean = |weights: &[f32]| weights.iter().sum::<f32>() / weights.len() as f32;
    assert!((mean(&weights[..245]) - 1.0).abs() < 1e-5);
    assert!((mean(&weights[245..]) - 1.0).abs() < 1e-5);

    // Alone, each instrument's rows weigh the same; and their order does not matter.
    let alone = |series: &CandleSeries, labels: &Labels, train: Vec<u32>| {
        training_weights(&config, labels, &fold(train), std::slice::from_ref(series)).unwrap()
    };
    assert_eq!(alone(&calm, &calm_labels, (5..250).collect()), weights[..245]);
    assert_eq!(alone(&wild, &wild_labels, (5..150).collect()), weights[245..]);
    let mut backwards = alone(&wild, &wild_labels, (5..150).rev().collect());
    backwards.reverse();
    assert_eq!(backwards, weights[245..]);

    let plain = WeightConfig::default();
    assert_eq!(training_weights(&plain, &pooled, &fold(train.clone()), &[]).unwrap(), [1.0; 390]);
    let missing = training_weights(&config, &pooled, &fold(train), &[calm]).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "there are no candles of binance/spot/WILD to weigh its labels by"
    );
    let unknown = training_weights(&config, &pooled, &fold(vec![6, 299]), &series).unwrap_err();
    assert!(unknown.to_string().contains("training row 299"), "{unknown}");
}

#[test]
fn a_price_that_never_moves_weighs_its_rows_the_same() {
    let series = series_of("STILL", (0..60).map(|hour| (hour, [5.0; 4])));
    let labels = labels_of(&series, DirectionRule::TripleBarrier(Barriers::default()));
    let config = WeightConfig { return_attribution: true, ..WeightConfig::default() };
    let train = fold((1..40).collect());
    let weights = training_weights(&config, &labels, &train, &[series]).unwrap();
    assert_eq!(weights, [1.0; 39]);
}

#[test]
#[ignore = "a measurement: prints how long weights of many rows take"]
fn weights_of_many_rows_are_quick() {
    let config = WeightConfig {
        uniqueness: true,
        time_decay: Some(0.5),
        sequential_bootstrap: Some(BootstrapConfig::default()),
        ..WeightConfig::default()
    };
    for (rows, horizon) in [(50_000, 12), (50_000, 96), (50_000, 1_000), (500_000, 96)] {
        let (series, _) = walk("LONG", i64::from(rows + horizon + 1), 0.01);
        // The longest labels there are: each lasts for the whole horizon.
        let direction = DirectionRule::Fixed { threshold: 0.01 };
        let label_config = LabelConfig { horizon, direction, ..LabelConfig::default() };
        let start = std::time::Instant::now();
        let labels = build(&label_config, &series, series.open_time()).unwrap();
        let built = start.elapsed();
        let start = std::time::Instant::now();
        let fold = fold((1..rows).collect());
        let weights = training_weights(&config, &labels, &fold, &[series]).unwrap();
        println!(
            "{} rows of {horizon}: labels {built:?}, weights {:?}",
            weights.len(),
            start.elapsed()
        );
    }
}

/// Classes of scores equal NumPy's: `tests/reference/label_classes_golden.py`.
#[test]
fn two_three_and_five_classes_equal_numpy() {
    let golden: Value = serde_json::from_str(include_str!("golden/label_classes.json")).unwrap();
    let column = |name: &str| floats(&golden[name]).into_iter().map(Option::unwrap);
    let score: Vec<f32> = column("score").map(|score| score as f32).collect();
    let rows = score.len();
    let train = golden["train"].as_u64().unwrap() as u32;
    let span = Span { start: 0, end: HOUR };
    let labels = Labels {
        horizon: 1,
        instruments: vec![Instrument::new("test", Market::Spot, "TEST").unwrap()],
        instrument: vec![0; rows],
        span: vec![span; rows],
        forward_return: score.clone(),
        volatility: vec![0.0; rows],
        scale: vec![0.0; rows],
        score,
        unit: vec![1.0; rows],
        known: vec![true; rows],
    };
    let fold = Fold {
        name: "fold_0".to_owned(),
        train: (0..train).collect(),
        valid: Vec::new(),
        test: Vec::new(),
        train_span: span,
        valid_span: span,
        test_span: span,
    };
    for case in golden["cases"].as_array().unwrap() {
        let config = LabelConfig {
            direction: serde_json::from_value(case["rule"].clone()).unwrap(),
            classes: serde_json::from_value(case["classes"].clone()).unwrap(),
            strong: golden["strong"].as_f64().unwrap(),
            ..LabelConfig::default()
        };
        let mut labels = labels.clone();
        if matches!(config.direction, DirectionRule::VolatilityScaled { .. }) {
            labels.unit = column("unit").collect();
        }
        let thresholds = DirectionThresholds::fit(&config, &labels, &fold).unwrap();
        let expected: Vec<u8> =
            integers(&case["class"]).into_iter().map(|class| class as u8).collect();
        assert_eq!(thresholds.classes(&labels), expected, "{config:?}");
        for class in 0..config.classes.count() {
            let count = expected.iter().filter(|&&found| usize::from(found) == class).count();
            assert!(count > 5, "{count} rows of class {class} of {config:?}");
        }
    }
}
