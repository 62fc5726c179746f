//! What the whole program finds in a market whose truth is known: nearly all of a planted signal, and
//! nothing where there is nothing.

use serde_json::Value;

use crate::support::Sandbox;

const NETS: [(&str, &str); 2] = [
    ("lstm", "{ kind: lstm, hidden: 24, dropout: 0.1 }"),
    ("cnn", "{ kind: cnn, channels: 16, layers: 2, kernel: 3, dropout: 0.1 }"),
];

fn config(symbol: &str, net: &str, epochs: u32, min_train: &str, test: &str) -> String {
    format!(
        "
name: planted
data:
  venue: simulated
  symbols: [{symbol}]
  interval: 15m
features:
  include: [log_return_1, close_volatility_24, range_1, relative_volume_24, taker_imbalance_1]
labels:
  horizon: 1
  direction: {{ rule: fixed, threshold: 0.001 }}
folds:
  scheme: walk_forward
  min_train: {min_train}
  valid: 10d
  test: {test}
  max_folds: 1
window: 6
net: {net}
training:
  batch_size: 128
  epochs: {epochs}
  learning_rate: 0.004
  warmup_steps: 20
  early_stopping: {{ monitor: valid_log_loss, patience: 3 }}
scores: {{ resamples: 100 }}
"
    )
}

/// Trains and returns the score of the net (not of a baseline) over all folds.
fn score(sandbox: &Sandbox, config: &str, seed: u32, run: &str, name: &str) -> Option<f64> {
    let config = sandbox.write("config.yaml", config);
    sandbox.done(&[
        "train",
        "--config",
        config.to_str().unwrap(),
        "--seed",
        &seed.to_string(),
        "--device",
        "cpu",
        "--run-dir",
        run,
        "--quiet",
    ]);
    let text = std::fs::read_to_string(sandbox.path(run).join("metrics.json")).unwrap();
    let card: Value = serde_json::from_str(&text).unwrap();
    let scores = card["scores"].as_array().unwrap();
    let own = |score: &&Value| {
        score["name"] == name && score["baseline"] == false && score["fold"] == "all"
    };
    scores.iter().find(own).unwrap()["value"].as_f64()
}

#[test]
fn both_nets_find_nine_tenths_of_the_planted_edge() {
    let sandbox = Sandbox::new();
    let out = sandbox.done(&["ingest", "simulate", "--store", "store", "--json"]);
    let told: Value = serde_json::from_str(out.lines().next_back().unwrap()).unwrap();
    let best = told["best_reachable"]["accuracy"].as_f64().unwrap();
    let prior = told["best_reachable"]["prior_accuracy"].as_f64().unwrap();
    assert!(best > prior + 0.2, "best {best}, prior {prior}");
    for (name, net) in NETS {
        let config = config("SIMBTC", net, 10, "90d", "100d");
        let accuracy = score(&sandbox, &config, 1, name, "accuracy").unwrap();
        let share = (accuracy - prior) / (best - prior);
        println!(
            "{name}: accuracy {accuracy:.4}, best {best:.4}, prior {prior:.4}, edge found {share:.3}"
        );
        assert!(share >= 0.9, "{name} finds only {share:.3} of the planted edge");
        // More than the best reachable would be a leak; 0.02 is four standard errors of the test rows.
        assert!(accuracy <= best + 0.02, "{name} {accuracy} beats what anybody can reach, {best}");
    }
}

#[test]
fn on_noise_the_mean_correlation_is_nothing() {
    const SEEDS: u32 = 20;
    for (name, net) in NETS {
        let mut values = Vec::new();
        for seed in 1..=SEEDS {
            let sandbox = Sandbox::new();
            sandbox.done(&[
                "ingest",
                "simulate",
                "--no-signal",
                "--store",
                "store",
                "--candles",
                "5000",
                "--seed",
                &seed.to_string(),
            ]);
            let config = config("NOISE", net, 2, "25d", "15d");
            // A net that always says one class has no correlation with anything: 0, as in scikit-learn.
            values.push(score(&sandbox, &config, seed, "run", "mcc").unwrap_or(0.0));
        }
        let count = f64::from(SEEDS);
        let mean = values.iter().sum::<f64>() / count;
        let variance =
            values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let error = (variance / count).sqrt();
        println!("{name}: mean MCC {mean:.4}, standard error {error:.4}");
        assert!(mean.abs() <= 2.0 * error, "{name}: mean MCC {mean:.4} ± {error:.4} on noise");
        assert!(error > 0.0, "{name} never says anything");
    }
}
