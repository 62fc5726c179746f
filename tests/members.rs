//! Ensembles of one net from several seeds: each member is the run of its own seed, the forecasts are
//! their mean, and a kill changes nothing.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use candlewick::run_folder::read_forecasts;
use serde_json::Value;

use crate::support::{Sandbox, sha256};

const CONFIG: &str = "
name: members
seed: 5
data:
  venue: simulated
  symbols: [SIMBTC]
  interval: 15m
features:
  include: [log_return_1, taker_imbalance_1, relative_volume_24]
labels:
  horizon: 1
  direction: { rule: fixed, threshold: 0.001 }
folds:
  scheme: walk_forward
  min_train: 30d
  valid: 10d
  test: 30d
  max_folds: 1
window: 8
net: { kind: lstm, hidden: 12, dropout: 0.2 }
training:
  batch_size: 64
  epochs: 2
  learning_rate: 0.005
  warmup_steps: 10
  checkpoint_every_steps: 17
  log_every_steps: 5
scores: { resamples: 100 }
";

const SEEDS: [u64; 3] = [5, 6, 7];

fn train(sandbox: &Sandbox, run: &str, more: &[&str]) {
    let start = ["train", "--config", "config.yaml", "--device", "cpu", "--run-dir", run];
    sandbox.done(&[&start[..], more].concat());
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.simulate(8_000);
    sandbox.write("config.yaml", CONFIG);
    sandbox
}

fn model(run: &Path, fold: &str) -> String {
    let folder = run.join("checkpoints/lstm").join(fold);
    let best = std::fs::read_to_string(folder.join("best")).unwrap();
    sha256(&folder.join(best.trim()).join("model.safetensors"))
}

fn results(run: &Path) -> Vec<String> {
    let models = SEEDS.iter().flat_map(|seed| {
        ["fold_0", "final"].map(|fold| model(run, &format!("{fold}/seed_{seed}")))
    });
    let files = ["forecasts.parquet", "member_forecasts.parquet", "metrics.json"];
    models.chain(files.map(|file| sha256(&run.join(file)))).collect()
}

#[test]
fn members_are_runs_of_their_own_and_the_forecast_is_their_mean() {
    let sandbox = sandbox();
    train(&sandbox, "all", &["--set", "training.seeds=3"]);
    let all = sandbox.path("all");
    let mean = read_forecasts(&all.join("forecasts.parquet")).unwrap().rows;
    let members = read_forecasts(&all.join("member_forecasts.parquet")).unwrap().rows;
    assert_eq!(members.len(), 3 * mean.len());
    for (index, seed) in SEEDS.iter().enumerate() {
        let run = format!("seed-{seed}");
        train(&sandbox, &run, &["--seed", &seed.to_string()]);
        let own = sandbox.path(&run);
        for fold in ["fold_0", "final"] {
            assert_eq!(model(&all, &format!("{fold}/seed_{seed}")), model(&own, fold), "{seed}");
        }
        // A single run writes nothing of an ensemble.
        assert!(!own.join("member_forecasts.parquet").exists());
        assert!(!own.join("checkpoints/lstm/fold_0/members.json").exists());
        let rows = read_forecasts(&own.join("forecasts.parquet")).unwrap().rows;
        for (at, row) in rows.into_iter().enumerate() {
            let member = &members[index * mean.len() + at];
            assert_eq!(member.model.as_ref(), format!("lstm.seed_{seed}"));
            assert_eq!(member.class_probability, row.class_probability);
            assert_eq!(member.volatility, row.volatility);
        }
    }
    for (at, row) in mean.iter().enumerate() {
        let own = |member: usize| &members[member * mean.len() + at];
        let average = |part: &dyn Fn(usize) -> f64| (0..3).map(part).sum::<f64>() / 3.0;
        for class in 0..3 {
            let expected =
                average(&|member| f64::from(own(member).class_probability.unwrap()[class]));
            let found = f64::from(row.class_probability.unwrap()[class]);
            assert!((found - expected).abs() < 1e-6, "row {at}: {found} {expected}");
        }
        let expected = average(&|member| f64::from(own(member).return_mean.unwrap()));
        assert!((f64::from(row.return_mean.unwrap()) - expected).abs() < 1e-9);
        let log = average(&|member| f64::from(own(member).volatility.unwrap()).ln());
        let found = f64::from(row.volatility.unwrap());
        assert!((found / log.exp() - 1.0).abs() < 1e-6);
        assert_eq!(row.model.as_ref(), "lstm");
    }

    let card: Value =
        serde_json::from_str(&std::fs::read_to_string(all.join("metrics.json")).unwrap()).unwrap();
    let rows = card["members"].as_array().unwrap();
    let log_loss = rows.iter().find(|row| row["name"] == "log_loss").unwrap();
    let values: Vec<f64> = log_loss["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["value"].as_f64().unwrap())
        .collect();
    let number = |value: &Value| value.as_f64().unwrap();
    assert_eq!(values.len(), 3);
    assert!((number(&log_loss["mean"]) - values.iter().sum::<f64>() / 3.0).abs() < 1e-12);
    // The logarithm is concave: a mean of probabilities loses at most the mean of the losses.
    assert!(number(&log_loss["from_mean"]["value"]) < 0.0, "{log_loss}");
    assert!(number(&log_loss["from_mean"]["upper"]) < 0.0, "{log_loss}");
    let text = std::fs::read_to_string(all.join("report.html")).unwrap();
    assert!(text.contains("The ensemble beside its members") && text.contains("5, 6, 7"));
    let journal = std::fs::read_to_string(all.join("journal.jsonl")).unwrap();
    for seed in SEEDS {
        assert!(journal.contains(&format!("train/fold_0.seed_{seed}/loss")), "{seed}");
        assert!(journal.contains(&format!("member/lstm.seed_{seed}/direction/log_loss")), "{seed}");
    }

    sandbox.done(&["predict", "all", "--folds", "--device", "cpu"]);
    assert_eq!(
        sha256(&all.join("fold_predictions.parquet")),
        sha256(&all.join("forecasts.parquet"))
    );
    sandbox.done(&["predict", "all", "--device", "cpu", "--out", "new.parquet"]);
    let new = read_forecasts(&sandbox.path("new.parquet")).unwrap().rows;
    assert!(new.iter().all(|row| row.model.as_ref() == "lstm") && !new.is_empty());
    std::fs::remove_file(all.join("checkpoints/lstm/final/members.json")).unwrap();
    let refused = sandbox.run(&["predict", "all", "--device", "cpu"]);
    assert!(refused.err.contains("members.json"), "{}", refused.err);
}

#[test]
fn a_kill_at_any_member_and_a_resume_end_with_the_same_bits() {
    let sandbox = sandbox();
    train(&sandbox, "whole", &["--set", "training.seeds=3"]);
    let whole = sandbox.path("whole");
    let lines = |run: &Path| {
        std::fs::read_to_string(run.join("journal.jsonl")).map_or(0, |text| text.lines().count())
    };
    let total = lines(&whole);
    for part in [1, 3, 4] {
        let run = format!("killed-{part}");
        let folder = sandbox.path(&run);
        let arguments = ["train", "--config", "config.yaml", "--device", "cpu", "--run-dir", &run];
        let arguments = [&arguments[..], &["--set", "training.seeds=3"]].concat();
        let mut child = sandbox
            .command(&arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(120);
        while lines(&folder) < part * total / 6 {
            assert!(Instant::now() < deadline && child.try_wait().unwrap().is_none());
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!folder.join("metrics.json").exists(), "{run} was complete already");
        sandbox.done(&["train", "--resume", "--run-dir", &run, "--device", "cpu"]);
        assert_eq!(results(&folder), results(&whole), "{run}");
    }
}
