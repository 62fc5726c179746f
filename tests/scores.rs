//! Integration tests: scores and backtest against independent implementations.

use std::sync::Arc;

use candlewick::backtest::{BacktestConfig, CostConfig, buy_and_hold, run};
use candlewick::forecast::{ByClass, Forecast, Forecasts, Outcome};
use candlewick::market::{Candle, CandleSeries, Instrument, Interval, Market};
use candlewick::scores::{
    self, Counts, FoldPrior, Ranking, ScoreConfig, ScoreError, ScoreInputs, Scorecard,
    baseline_forecasts, scorecard,
};
use proptest::prelude::{prop, prop_assert, prop_assert_eq, proptest};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

const HOUR: i64 = 3_600_000;

fn golden(name: &str) -> Value {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn narrow(value: &Value) -> Vec<f32> {
    floats(value).into_iter().map(|number| number as f32).collect()
}

fn near(value: Option<f64>, expected: &Value, name: &str) {
    let (value, expected) = (value.unwrap(), expected.as_f64().unwrap());
    assert!(
        (value - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        "{name}: {value} {expected}"
    );
}

#[test]
fn measures_equal_scikit_learn() {
    for (name, classes) in
        [("scores_measures.json", 3), ("scores_measures_2.json", 2), ("scores_measures_5.json", 5)]
    {
        measures_equal(&golden(name), classes);
    }
}

fn measures_equal(golden: &Value, classes: usize) {
    let outcome: Vec<u8> =
        floats(&golden["outcome"]).into_iter().map(|class| class as u8).collect();
    let probability: Vec<ByClass<f32>> = golden["probability"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| ByClass::of(&narrow(row)).unwrap())
        .collect();
    let class: Vec<u8> = probability.iter().map(scores::likeliest).collect();
    let rankings: Vec<Ranking> = (0..classes)
        .map(|class| Ranking::of(&probability.iter().map(|p| p[class]).collect::<Vec<f32>>()))
        .collect();
    let [forecast, outcome_return] =
        ["return_forecast", "forward_return"].map(|name| narrow(&golden[name]));
    let [wide_forecast, wide_return] =
        ["return_forecast", "forward_return"].map(|name| floats(&golden[name]));
    let losses = scores::log_losses(&probability, &outcome).unwrap();
    let briers = scores::brier_scores(&probability, &outcome);
    let qlikes = scores::qlike_losses(&narrow(&golden["volatility"]), &narrow(&golden["realised"]));
    let errors = scores::squared_errors(&wide_forecast, &wide_return);

    let ones = vec![1.0; outcome.len()];
    for (weight, expected) in
        [(ones, &golden["plain"]), (floats(&golden["count"]), &golden["counted"])]
    {
        let counts = Counts::of(&outcome, &class, &weight);
        let confusion: Vec<Vec<f64>> =
            expected["confusion"].as_array().unwrap().iter().map(floats).collect();
        let rows = counts.0[..classes].iter().map(|row| row[..classes].to_vec());
        assert_eq!(rows.collect::<Vec<_>>(), confusion);
        assert_eq!(counts.total(), weight.iter().sum::<f64>());
        let ic = scores::pearson(&wide_forecast, &wide_return, &weight);
        let rank_ic =
            scores::spearman(&Ranking::of(&forecast), &Ranking::of(&outcome_return), &weight);
        for (name, value) in [
            ("accuracy", scores::accuracy(&counts)),
            ("macro_f1", scores::macro_f1(&counts)),
            ("weighted_f1", scores::weighted_f1(&counts)),
            ("mcc", scores::mcc(&counts)),
            ("log_loss", scores::weighted_mean(&losses, &weight)),
            ("brier", scores::weighted_mean(&briers, &weight)),
            ("auc", scores::auc(&rankings, &outcome, &weight)),
            ("ic", ic),
            ("rank_ic", rank_ic),
            ("rmse", scores::rmse(&errors, &weight)),
            ("qlike", scores::weighted_mean(&qlikes, &weight)),
        ] {
            near(value, &expected[name], name);
        }
    }
}

fn series(candles: impl IntoIterator<Item = (i64, f64, f64)>) -> CandleSeries {
    let instrument = Instrument::new("simulated", Market::Spot, "TEST").unwrap();
    let mut series = CandleSeries::new(instrument, Interval::HOUR);
    for (hour, open, close) in candles {
        series
            .push(&Candle {
                open_time: hour * HOUR,
                open,
                high: open.max(close),
                low: open.min(close),
                close,
                volume: 1.0,
                quote_volume: None,
                trades: None,
                taker_buy_volume: None,
                taker_buy_quote_volume: None,
            })
            .unwrap();
    }
    series
}

fn forecast(hour: i64, horizon: u32) -> Forecast {
    Forecast {
        decision_time: hour * HOUR,
        label_end: (hour + i64::from(horizon)) * HOUR,
        instrument: Arc::from("simulated/spot/TEST"),
        interval: Interval::HOUR,
        horizon,
        model: Arc::from("lstm"),
        fold: Arc::from("fold_0"),
        class_probability: None,
        return_mean: None,
        return_quantiles: Vec::new(),
        volatility: None,
        return_interval: None,
        conformal_set: None,
        outcome: None,
    }
}

fn certain(class: usize) -> Option<ByClass<f32>> {
    let mut probability = [0.0; 3];
    probability[class] = 1.0;
    Some(probability.into())
}

#[test]
fn the_backtest_equals_its_transcription_in_numpy() {
    let golden = golden("scores_backtest.json");
    let hours = floats(&golden["hours"]);
    let opens = floats(&golden["opens"]);
    let last = golden["last_close"].as_f64().unwrap();
    let closes = opens[1..].iter().copied().chain([last]);
    let candles = hours.iter().zip(&opens).zip(closes);
    let series = series(candles.map(|((&hour, &open), close)| (hour as i64, open, close)));
    let horizon = golden["horizon"].as_u64().unwrap() as u32;
    let rows = floats(&golden["decisions"])
        .into_iter()
        .zip(floats(&golden["classes"]))
        .map(|(hour, class)| Forecast {
            class_probability: certain(class as usize),
            ..forecast(hour as i64, horizon)
        })
        .collect();
    let forecasts = Forecasts { rows, ..Forecasts::default() };
    let [fee, half_spread] = ["fee", "half_spread"].map(|name| golden[name].as_f64().unwrap());

    for (name, short) in [("long_short", true), ("long_only", false)] {
        let config = BacktestConfig { costs: CostConfig { fee, half_spread }, short };
        let ledger = run(&config, &forecasts, &series).unwrap();
        let expected = &golden[name];
        let column =
            |of: fn(&scores::LedgerRow) -> f64| ledger.rows.iter().map(of).collect::<Vec<_>>();
        for (column, expected) in [
            (column(|row| row.position), &expected["position"]),
            (column(|row| row.turnover), &expected["turnover"]),
            (column(|row| row.net), &expected["net"]),
            (column(|row| row.equity), &expected["equity"]),
        ] {
            let expected = floats(expected);
            assert_eq!(column.len(), expected.len());
            for (value, expected) in column.iter().zip(expected) {
                assert!((value - expected).abs() < 1e-12, "{name}: {value} is not {expected}");
            }
        }
        assert!(ledger.rows.iter().all(|row| (row.gross - row.cost - row.net).abs() < 1e-15));

        let card = scorecard(
            &ScoreConfig::default(),
            &ScoreInputs {
                forecasts: &with_outcomes(&forecasts),
                baselines: &Forecasts::default(),
                ledgers: &[ledger],
            },
        )
        .unwrap();
        for (measure, expected) in [
            ("net_return", &expected["net_return"]),
            ("sharpe", &expected["sharpe"]),
            ("max_drawdown", &expected["max_drawdown"]),
            ("hit_rate", &expected["hit_rate"]),
            ("turnover", &expected["turnover_per_year"]),
            ("trades", &expected["trades"]),
        ] {
            near(value(&card, "profit", measure, "lstm"), expected, measure);
        }
    }
}

fn with_outcomes(forecasts: &Forecasts) -> Forecasts {
    let outcome = Some(Outcome { class: 1, forward_return: 0.0, volatility: 0.0 });
    let rows = forecasts.rows.iter().map(|row| Forecast { outcome, ..row.clone() }).collect();
    Forecasts { rows, ..Forecasts::default() }
}

fn value(card: &Scorecard, group: &str, name: &str, model: &str) -> Option<f64> {
    let found = card.scores.iter().find(|score| {
        (score.group.as_str(), score.name.as_str(), score.model.as_str()) == (group, name, model)
            && score.fold == "all"
            && score.instrument == "all"
    });
    found.unwrap_or_else(|| panic!("no {group} {name} of {model}")).value
}

#[test]
fn buy_and_hold_pays_twice() {
    let series = series((0..10).map(|hour| (hour, 100.0 + hour as f64, 100.5 + hour as f64)));
    let rows = (2..7)
        .map(|hour| Forecast { class_probability: certain(0), ..forecast(hour, 2) })
        .collect();
    let forecasts = Forecasts { rows, ..Forecasts::default() };
    let config = BacktestConfig { costs: CostConfig { fee: 0.01, half_spread: 0.0 }, short: true };
    let ledger = buy_and_hold(&config, &forecasts, &series).unwrap();
    // Bought at the open of hour 2 (102), sold at the open of hour 8 (108).
    assert_eq!(ledger.rows.len(), 6);
    let equity = ledger.rows.last().unwrap().equity;
    assert!((equity - 0.99 * 108.0 / 102.0 * 0.99).abs() < 1e-12, "{equity}");

    let short = run(&config, &forecasts, &series).unwrap();
    assert!(short.rows.iter().all(|row| row.position == -1.0));
    let flat = run(&BacktestConfig { short: false, ..config }, &forecasts, &series).unwrap();
    assert!(flat.rows.iter().all(|row| row.equity == 1.0 && row.turnover == 0.0));
}

#[test]
fn a_short_position_cannot_lose_more_than_there_is() {
    let series = series([(0, 1.0, 1.0), (1, 1.0, 3.0), (2, 3.0, 9.0), (3, 9.0, 9.0)]);
    let rows = (0..4)
        .map(|hour| Forecast { class_probability: certain(0), ..forecast(hour, 1) })
        .collect();
    let forecasts = Forecasts { rows, ..Forecasts::default() };
    let config = BacktestConfig { short: true, ..BacktestConfig::default() };
    let ledger = run(&config, &forecasts, &series).unwrap();
    let equity: Vec<f64> = ledger.rows.iter().map(|row| row.equity).collect();
    assert_eq!(equity[1..], [0.0, 0.0, 0.0]);
    assert_eq!(ledger.rows[3].position, 0.0);
}

#[test]
fn what_cannot_be_traded_is_an_error() {
    let series = series((0..5).map(|hour| (hour, 1.0, 1.0)));
    let config = BacktestConfig::default();
    let of = |rows: Vec<Forecast>| {
        let forecasts = Forecasts { rows, ..Forecasts::default() };
        run(&config, &forecasts, &series).map(|_| ()).unwrap_err().to_string()
    };
    let said = |hour| Forecast { class_probability: certain(2), ..forecast(hour, 1) };
    assert!(of(vec![]).contains("no forecast with class probabilities"));
    assert!(of(vec![forecast(1, 1)]).contains("no forecast with class probabilities"));
    assert!(of(vec![said(1), said(1)]).contains("two forecasts are made at"));
    let other = Forecast { model: Arc::from("cnn"), ..said(2) };
    assert!(of(vec![said(1), other]).contains("are mixed"));
    let elsewhere = Forecast { instrument: Arc::from("a/spot/B"), ..said(1) };
    assert!(of(vec![elsewhere]).contains("forecasts are of a/spot/B"));
}

/// Forecasts of a random walk by a model that sees a part of the move, with baselines and ledgers.
struct Walk {
    forecasts: Forecasts,
    baselines: Forecasts,
    series: CandleSeries,
}

fn label_config(horizon: u32) -> candlewick::labels::LabelConfig {
    candlewick::labels::LabelConfig {
        horizon,
        direction: candlewick::labels::DirectionRule::VolatilityScaled { multiple: 0.4 },
        ..Default::default()
    }
}

fn walk(hours: i64, horizon: u32, skill: f64, seed: u64) -> Walk {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut noise = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    let mut price = 100.0_f64;
    let series = series((0..hours).map(|hour| {
        let open = price;
        price *= (noise() * 0.01).exp();
        (hour, open, price)
    }));
    let config = label_config(horizon);
    let labels = candlewick::labels::build(&config, &series, series.open_time()).unwrap();
    let fold = |name: &str, train: std::ops::Range<u32>| candlewick::folds::Fold {
        name: name.into(),
        train: train.filter(|&row| labels.known[row as usize]).collect(),
        valid: Vec::new(),
        test: Vec::new(),
        train_span: candlewick::market::Span::ALL,
        valid_span: candlewick::market::Span::ALL,
        test_span: candlewick::market::Span::ALL,
    };
    let half = (hours / 2) as u32;
    let mut priors = Vec::new();
    let mut rows = Vec::new();
    for (name, from, to) in [("fold_0", half / 2, half), ("fold_1", half, hours as u32)] {
        let fold = fold(name, 0..from);
        let thresholds =
            candlewick::labels::DirectionThresholds::fit(&config.direction, &labels, &fold)
                .unwrap();
        priors.push(FoldPrior::fit(&fold, &labels, &thresholds).unwrap());
        for row in (from..to).map(|row| row as usize).filter(|&row| labels.known[row]) {
            let class = thresholds.class(&labels, row);
            let score = [-1.0, 0.0, 1.0].map(|class| {
                (class * (skill * f64::from(labels.forward_return[row]) * 50.0 + noise())).exp()
            });
            let sum: f64 = score.iter().sum();
            rows.push(Forecast {
                fold: Arc::from(name),
                class_probability: Some(score.map(|score| (score / sum) as f32).into()),
                return_mean: Some((skill * f64::from(labels.forward_return[row])) as f32),
                volatility: Some(0.01 * (horizon as f32).sqrt()),
                outcome: Some(Outcome {
                    class,
                    forward_return: labels.forward_return[row],
                    volatility: labels.volatility[row],
                }),
                ..forecast(row as i64 + 1, horizon)
            });
        }
    }
    let forecasts = Forecasts { rows, ..Forecasts::default() };
    let baselines =
        baseline_forecasts(&forecasts, std::slice::from_ref(&series), &priors, &config).unwrap();
    Walk { forecasts, baselines, series }
}

fn card(walk: &Walk, resamples: u32) -> Scorecard {
    let config = BacktestConfig { short: true, ..BacktestConfig::default() };
    let ledgers = [
        run(&config, &walk.forecasts, &walk.series).unwrap(),
        buy_and_hold(&config, &walk.forecasts, &walk.series).unwrap(),
    ];
    let config = ScoreConfig { resamples, ..ScoreConfig::default() };
    let inputs =
        ScoreInputs { forecasts: &walk.forecasts, baselines: &walk.baselines, ledgers: &ledgers };
    scorecard(&config, &inputs).unwrap()
}

#[test]
fn a_card_holds_every_measure_beside_its_baselines() {
    let walk = walk(2_000, 4, 0.5, 3);
    let card = card(&walk, 200);
    assert_eq!(card.block, 24);
    assert_eq!(card.forecasts, walk.forecasts.rows.len());
    for model in ["lstm", "persistence", "class_prior"] {
        for name in ["accuracy", "macro_f1", "weighted_f1", "brier"] {
            assert!(value(&card, "direction", name, model).is_some(), "{name} of {model}");
        }
    }
    assert_eq!(value(&card, "direction", "log_loss", "persistence"), None);
    assert_eq!(value(&card, "return", "ic", "zero"), None);
    assert!(value(&card, "volatility", "qlike", "mean_volatility").is_some());
    assert!(value(&card, "profit", "sharpe", "buy_and_hold").is_some());
    assert!(card.scores.iter().all(|score| score.instrument == "all"));
    assert!(["all", "fold_0", "fold_1"].iter().all(|fold| {
        card.scores.iter().any(|score| score.fold == *fold && score.lower.is_some())
    }));
    assert_eq!(card.confusion.len(), 1);
    assert_eq!(card.confusion[0].counts.iter().flatten().sum::<u64>() as usize, card.forecasts);
    assert_eq!(card.calibration.len(), 3);

    let inside = card.scores.iter().filter_map(|score| Some((score, score.lower?, score.upper?)));
    for (score, lower, upper) in inside {
        assert!(lower <= upper, "{score:?}");
    }
    let has = |text: &str| card.verdicts.iter().any(|verdict| verdict.contains(text));
    assert!(has("lstm's log loss") && has("is better than class_prior's"), "{:#?}", card.verdicts);
    assert!(has("lstm's accuracy") && has("is better than persistence's"), "{:#?}", card.verdicts);
    assert!(has("lstm's net return"), "{:#?}", card.verdicts);

    assert_eq!(self::card(&walk, 200), card, "the same inputs make the same card");
}

#[test]
fn a_model_without_skill_is_not_called_better() {
    let clearly = (0..10)
        .filter(|&seed| {
            let card = card(&walk(1_200, 4, 0.0, seed), 200);
            card.verdicts.iter().any(|verdict| {
                verdict.contains("accuracy") && verdict.contains("is better than class_prior")
            })
        })
        .count();
    assert!(clearly <= 1, "{clearly} of 10 models without skill were called better");
}

#[test]
fn persistence_is_the_label_of_one_horizon_ago() {
    let walk = walk(600, 4, 0.5, 5);
    let outcome_at = |time: i64| {
        let row = walk.forecasts.rows.iter().find(|row| row.decision_time == time)?;
        row.outcome
    };
    let mut compared = 0;
    let persistence = walk.baselines.rows.iter().filter(|row| row.model.as_ref() == "persistence");
    for row in persistence {
        // Thresholds of this rule do not differ from fold to fold.
        let Some(before) = outcome_at(row.decision_time - 4 * HOUR) else { continue };
        assert_eq!(row.class_probability, certain(usize::from(before.class)));
        assert_eq!(row.return_mean, Some(before.forward_return));
        assert_eq!(row.volatility, Some(before.volatility));
        compared += 1;
    }
    assert!(compared > 400, "{compared}");
}

#[test]
fn what_cannot_be_scored_is_an_error() {
    let fine = walk(200, 2, 0.5, 1);
    let broken = |change: fn(&mut Vec<Forecast>)| {
        let mut forecasts = fine.forecasts.clone();
        change(&mut forecasts.rows);
        let inputs =
            ScoreInputs { forecasts: &forecasts, baselines: &fine.baselines, ledgers: &[] };
        scorecard(&ScoreConfig::default(), &inputs).unwrap_err()
    };
    assert_eq!(broken(Vec::clear), ScoreError::NoOutcome);
    let twice = broken(|rows| rows.push(rows[0].clone()));
    assert!(matches!(twice, ScoreError::Twice { .. }), "{twice}");
    let nan = broken(|rows| rows[3].return_mean = Some(f32::NAN));
    assert!(nan.to_string().contains("lstm's return forecast at"), "{nan}");
    let class = broken(|rows| {
        let outcome = Outcome { class: 3, ..rows[0].outcome.unwrap() };
        rows[0].outcome = Some(outcome);
    });
    assert!(matches!(class, ScoreError::UnknownClass { class: 3, .. }), "{class}");
    let mixed = broken(|rows| rows[1].horizon = 3);
    assert!(matches!(mixed, ScoreError::MixedLabels { horizon: 3, .. }), "{mixed}");
    let named = broken(|rows| rows[0].model = Arc::from("zero"));
    assert_eq!(named, ScoreError::NameTaken("zero".into()));

    let hold = buy_and_hold(&BacktestConfig::default(), &fine.forecasts, &fine.series).unwrap();
    let inputs = ScoreInputs {
        forecasts: &fine.forecasts,
        baselines: &fine.baselines,
        ledgers: &[hold.clone(), hold],
    };
    let twice = scorecard(&ScoreConfig::default(), &inputs).unwrap_err();
    assert!(matches!(twice, ScoreError::LedgerTwice { .. }), "{twice}");

    let no_prior = baseline_forecasts(&fine.forecasts, &[], &[], &label_config(2)).unwrap_err();
    assert_eq!(no_prior, ScoreError::NoPrior { fold: "fold_0".into() });
}

#[test]
#[ignore = "a measurement: prints how long a large card takes"]
fn a_large_card_is_quick() {
    let mut walk = walk(26_000, 4, 0.5, 9);
    let second = walk.forecasts.rows.clone().into_iter();
    walk.forecasts.rows.extend(second.map(|row| Forecast { model: Arc::from("cnn"), ..row }));
    let inputs =
        ScoreInputs { forecasts: &walk.forecasts, baselines: &walk.baselines, ledgers: &[] };
    let start = std::time::Instant::now();
    let card = scorecard(&ScoreConfig::default(), &inputs).unwrap();
    let took = start.elapsed();
    println!("{} forecasts of 2 models and 4 baselines in {took:?}", card.forecasts);
}

/// Rows decided at or before `time`.
fn until(forecasts: &Forecasts, time: i64) -> Forecasts {
    let rows = forecasts.rows.iter().filter(|row| row.decision_time <= time).cloned().collect();
    Forecasts { rows, ..Forecasts::default() }
}

#[test]
fn baselines_and_positions_know_no_future() {
    let walk = walk(600, 4, 0.5, 11);
    let thresholds = candlewick::labels::DirectionThresholds::symmetric(0.4);
    let config_of_labels = label_config(4);
    let priors = ["fold_0", "fold_1"].map(|fold| FoldPrior {
        fold: fold.into(),
        thresholds: thresholds.clone(),
        class_share: [0.3, 0.4, 0.3].into(),
        mean_volatility: 0.02,
    });
    let config = BacktestConfig { short: true, ..BacktestConfig::default() };
    let all = baseline_forecasts(
        &walk.forecasts,
        std::slice::from_ref(&walk.series),
        &priors,
        &config_of_labels,
    );
    let ledger = run(&config, &walk.forecasts, &walk.series).unwrap();
    for length in [200, 333, 451] {
        let past = walk.series.truncated(length);
        let now = past.open_time()[length - 1] + HOUR;
        let known = until(&walk.forecasts, now);
        let then =
            baseline_forecasts(&known, std::slice::from_ref(&past), &priors, &config_of_labels)
                .unwrap();
        assert_eq!(then, until(all.as_ref().unwrap(), now));

        let then = run(&config, &known, &past).unwrap();
        // The last candle's exit is its close and what is held is sold there: no future either.
        let rows = then.rows.len() - 1;
        assert_eq!(then.rows[..rows], ledger.rows[..rows]);
        assert_eq!(then.rows[rows].position, ledger.rows[rows].position);
    }
}

proptest! {
    #[test]
    fn prop_measures_stay_in_their_range(
        rows in prop::collection::vec((0_u8..3, [0.0_f32..1.0, 0.0..1.0, 0.0..1.0], 0_u8..3), 0..40),
    ) {
        let outcome: Vec<u8> = rows.iter().map(|row| row.0).collect();
        // Coarse probabilities, so that there are ties.
        let probability: Vec<[f32; 3]> =
            rows.iter().map(|row| row.1.map(|p| (p * 8.0).round() / 8.0)).collect();
        let weight: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
        let class: Vec<u8> = probability.iter().map(scores::likeliest).collect();
        let counts = Counts::of(&outcome, &class, &weight);
        let column = |class: usize| probability.iter().map(|p| p[class]).collect::<Vec<f32>>();
        let rankings: [Ranking; 3] = std::array::from_fn(|class| Ranking::of(&column(class)));
        let briers = scores::brier_scores(&probability, &outcome);
        for (value, from, to) in [
            (scores::accuracy(&counts), 0.0, 1.0),
            (scores::macro_f1(&counts), 0.0, 1.0),
            (scores::weighted_f1(&counts), 0.0, 1.0),
            (scores::mcc(&counts), -1.0, 1.0),
            (scores::auc(&rankings, &outcome, &weight), 0.0, 1.0),
            (scores::spearman(&rankings[0], &rankings[1], &weight), -1.0, 1.0),
            (scores::weighted_mean(&briers, &weight), 0.0, 3.0),
        ] {
            prop_assert!(value.is_none_or(|value| (from - 1e-9..=to + 1e-9).contains(&value)));
        }
        let total: f64 = weight.iter().sum();
        prop_assert_eq!(scores::accuracy(&counts).is_some(), total > 0.0);
        // Ranks of weighted values sum to 1 + 2 + … + total.
        let ranks = rankings[0].ranks(&weight);
        let sum: f64 = ranks.iter().zip(&weight).map(|(rank, weight)| rank * weight).sum();
        prop_assert!((sum - total * (total + 1.0) / 2.0).abs() < 1e-6);
    }
}
