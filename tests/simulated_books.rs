//! The simulated order book: its laws, what can be told from it at best, and a net that tells it.

use candlewick::ingest::simulated::{
    BOOK_DIRECTION_THRESHOLD, SimulationConfig, best_reachable, ingest_simulated, simulate,
    simulate_books,
};
use candlewick::market::{BookSnapshot, Interval, Level, Span};
use candlewick::store::{Store, check};
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::Sandbox;

fn config(seed: u64, candles: u32, signal: bool) -> SimulationConfig {
    let second: Interval = "1s".parse().unwrap();
    SimulationConfig {
        seed,
        candles,
        signal,
        intervals: vec![second],
        books: true,
        ..SimulationConfig::default()
    }
}

/// `(bid - ask) / (bid + ask)` of all amounts.
fn imbalance(book: &BookSnapshot) -> f64 {
    let sum = |side: &[Level]| side.iter().map(|level| level.quantity).sum::<f64>();
    let (bids, asks) = (sum(&book.bids), sum(&book.asks));
    (bids - asks) / (bids + asks)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn prop_books_are_sound_and_their_seed_and_nothing_else(
        seed in any::<u64>(),
        signal in any::<bool>(),
    ) {
        let config = config(seed, 500, signal);
        let (series, books) = (simulate(&config).unwrap().remove(0), simulate_books(&config).unwrap());
        prop_assert_eq!((series.len(), books.len()), (500, 500));
        for (row, book) in books.iter().enumerate() {
            let candle = series.candle(row);
            prop_assert!(candle.check(series.interval()).is_ok());
            prop_assert_eq!(book.time, candle.open_time + 999);
            prop_assert_eq!((book.bids.len(), book.asks.len()), (10, 10));
            let (bid, ask) = (book.bids[0].price.0, book.asks[0].price.0);
            prop_assert!(bid < ask);
            prop_assert_eq!((bid + ask) as f64 / 2e8, candle.close);
            prop_assert!(book.bids.is_sorted_by(|one, next| one.price > next.price));
            prop_assert!(book.asks.is_sorted_by(|one, next| one.price < next.price));
            for level in book.bids.iter().chain(&book.asks) {
                prop_assert!(level.price.0 > 0 && level.price.0 % 1_000_000 == 0);
                prop_assert!(level.quantity > 0.0);
            }
        }
        prop_assert_eq!(&books, &simulate_books(&config).unwrap());
        let longer = SimulationConfig { candles: 700, ..config.clone() };
        prop_assert_eq!(&simulate_books(&longer).unwrap()[..500], &books[..]);
        let other = SimulationConfig { seed: seed ^ 1, ..config };
        prop_assert_ne!(&simulate_books(&other).unwrap(), &books);
    }
}

#[test]
fn a_simulated_book_is_stored_once_and_goes_on() {
    let folder = TempDir::new().unwrap();
    let mut store = Store::create(folder.path()).unwrap();
    let config = config(3, 600, true);
    let report = ingest_simulated(&mut store, &config).unwrap();
    assert_eq!((report.written.inserted, report.books), (600, 600));
    let again = ingest_simulated(&mut store, &config).unwrap();
    assert_eq!((again.written.inserted, again.books), (0, 0));
    let longer = SimulationConfig { candles: 900, ..config.clone() };
    assert_eq!(ingest_simulated(&mut store, &longer).unwrap().books, 300);
    let instrument = config.instrument().unwrap();
    assert_eq!(instrument.to_string(), "simulated/spot/SIMBOOK");
    assert_eq!(store.books(&instrument, Span::ALL).unwrap(), simulate_books(&longer).unwrap());
    assert!(check(&store).unwrap().is_sound());
    let other = SimulationConfig { seed: 4, ..config };
    let error = ingest_simulated(&mut store, &other).unwrap_err();
    assert!(error.is_data() && error.to_string().contains("--symbol"), "{error}");
    assert_eq!(store.books(&instrument, Span::ALL).unwrap().len(), 900);
}

/// A forecaster that knows the rule but not the hidden volatility, judged on the books and candles
/// themselves, comes close to the best reachable accuracy and not above it.
#[test]
fn the_best_reachable_accuracy_is_what_the_books_allow() {
    let config = config(1, 100_000, true);
    let (series, books) = (simulate(&config).unwrap().remove(0), simulate_books(&config).unwrap());
    let threshold = BOOK_DIRECTION_THRESHOLD;
    let best = best_reachable(&config, 1, -threshold, threshold).unwrap();
    let imbalances: Vec<f64> = books.iter().map(imbalance).collect();
    let (mut right, mut counts) = (0.0, [0.0; 3]);
    for row in 2..series.len() - 1 {
        let recent = imbalances[row - 2..=row].iter().sum::<f64>() / 3.0;
        let push = (2.0 * recent / 0.45).tanh();
        let told = if push.abs() <= 0.2 { 1 } else { 2 * usize::from(push > 0.0) };
        let log_return = (series.close()[row + 1] / series.close()[row]).ln();
        let beyond = |bound: f64| usize::from(log_return > bound);
        let class = beyond(-threshold) + beyond(threshold);
        counts[class] += 1.0;
        right += f64::from(u8::from(told == class));
    }
    let total: f64 = counts.iter().sum();
    let accuracy = right / total;
    let edge = best.accuracy - best.prior_accuracy;
    // Standard errors over 100,000 snapshots of which twenty are alike: 0.006 at most.
    assert!(accuracy < best.accuracy + 0.01, "{accuracy} {best:?}");
    assert!(accuracy > best.accuracy - 0.1 * edge, "{accuracy} {best:?}");
    for (count, share) in counts.iter().zip(best.class_share) {
        assert!((count / total - share).abs() < 0.02, "{counts:?} {best:?}");
    }
    // tests/reference/planted_book.py: best 0.7029 prior 0.3776
    assert!((best.accuracy - 0.7029).abs() < 0.004, "{best:?}");
    assert!((best.prior_accuracy - 0.3776).abs() < 0.004, "{best:?}");
}

#[test]
fn without_a_signal_the_books_tell_nothing() {
    let config = config(5, 100_000, false);
    let (series, books) = (simulate(&config).unwrap().remove(0), simulate_books(&config).unwrap());
    let threshold = BOOK_DIRECTION_THRESHOLD;
    let best = best_reachable(&config, 1, -threshold, threshold).unwrap();
    assert!((best.accuracy - best.prior_accuracy).abs() < 1e-9, "{best:?}");
    let returns: Vec<f64> = series.close().windows(2).map(|two| (two[1] / two[0]).ln()).collect();
    let width = |book: &BookSnapshot| (book.asks[9].price.0 - book.bids[9].price.0) as f64;
    let size = |book: &BookSnapshot| book.asks[0].quantity.ln();
    for (name, told) in [
        ("imbalance", books.iter().map(imbalance).collect::<Vec<f64>>()),
        ("width", books.iter().map(width).collect()),
        ("size", books.iter().map(size).collect()),
    ] {
        for (what, outcome) in [
            ("return", returns.clone()),
            ("size of the return", returns.iter().map(|value| value.abs()).collect()),
        ] {
            let correlation = correlation(&told[..outcome.len()], &outcome);
            // Four standard errors.
            assert!(
                correlation.abs() < 4.0 / 100_000_f64.sqrt(),
                "{name} and {what}: {correlation}"
            );
        }
    }
}

fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (one_mean, other_mean) = (mean(one), mean(other));
    let sum = |value: &dyn Fn(f64, f64) -> f64| {
        one.iter().zip(other).map(|(a, b)| value(a - one_mean, b - other_mean)).sum::<f64>()
    };
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

#[test]
fn a_book_net_finds_most_of_the_planted_edge() {
    let sandbox = Sandbox::new();
    let ingest =
        ["ingest", "simulate", "--books", "--candles", "12000", "--store", "store", "--json"];
    let out = sandbox.done(&ingest);
    let told: Value = serde_json::from_str(out.lines().next_back().unwrap()).unwrap();
    assert_eq!(told["books"], 12_000);
    let best = told["best_reachable"]["accuracy"].as_f64().unwrap();
    let prior = told["best_reachable"]["prior_accuracy"].as_f64().unwrap();
    assert!(best > prior + 0.25, "best {best}, prior {prior}");
    let config = sandbox.write(
        "config.yaml",
        "
name: planted-book
data: { venue: simulated, symbols: [SIMBOOK], interval: 1s }
features: { include: [log_return_1], book_levels: 10 }
labels: { horizon: 1, direction: { rule: fixed, threshold: 0.0001 } }
folds: { scheme: walk_forward, min_train: 6000s, valid: 1000s, test: 4900s, max_folds: 1 }
window: 10
net: { kind: bin_ctabl }
training:
  batch_size: 64
  epochs: 6
  learning_rate: 0.002
  warmup_steps: 20
  early_stopping: { monitor: valid_log_loss, patience: 3 }
backtest: { costs: { fee: 0.001, half_spread: 0.0000001 }, short: false }
scores: { resamples: 100 }
",
    );
    let config = config.to_str().unwrap();
    sandbox.done(&["train", "--config", config, "--device", "cpu", "--run-dir", "run", "--quiet"]);
    let text = std::fs::read_to_string(sandbox.path("run").join("metrics.json")).unwrap();
    let card: Value = serde_json::from_str(&text).unwrap();
    let own = |score: &&Value| {
        score["name"] == "accuracy" && score["baseline"] == false && score["fold"] == "all"
    };
    let score = card["scores"].as_array().unwrap().iter().find(own).unwrap();
    let accuracy = score["value"].as_f64().unwrap();
    let share = (accuracy - prior) / (best - prior);
    println!("accuracy {accuracy:.4}, best {best:.4}, prior {prior:.4}, edge found {share:.3}");
    assert!(share >= 0.8, "{share:.3} of the planted edge");
    // More than the best reachable would be a leak; neighbouring snapshots are alike, so that the
    // standard error over the test rows is about 0.01.
    assert!(accuracy <= best + 0.03, "{accuracy} beats what anybody can reach, {best}");
}
