//! A run that is killed or stopped goes on to the very same result.

mod every_net;
mod every_option;
mod killed;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::{Sandbox, sha256};

const FOLDS: &str = "
folds:
  scheme: walk_forward
  min_train: 30d
  valid: 10d
  test: 30d
  max_folds: 1
";

/// A small net with dropout and averaged weights, checkpoints in mid-epoch, a few seconds long.
fn config(net: &str) -> String {
    format!(
        "
name: resume
data:
  venue: simulated
  symbols: [SIMBTC]
  interval: 15m
  context: [1h]
features:
  include: [log_return_1, taker_imbalance_1, relative_volume_24]
  context: [log_return_1]
labels:
  horizon: 1
  direction: {{ rule: fixed, threshold: 0.001 }}
{FOLDS}
window: 16
net: {net}
training:
  batch_size: 32
  epochs: 3
  warmup_steps: 10
  ema: 0.9
  checkpoint_every_steps: 17
  log_every_steps: 5
scores: {{ resamples: 100 }}
"
    )
}

const NETS: [(&str, &str); 2] = [
    ("lstm", "{ kind: lstm, hidden: 16, layers: 2, dropout: 0.2 }"),
    ("cnn", "{ kind: cnn, channels: 8, layers: 2, kernel: 3, dropout: 0.2 }"),
];

/// Digests of the model of each fold and of the forecasts.
fn results(run: &Path, net: &str) -> Vec<String> {
    let mut digests: Vec<String> = ["fold_0", "final"]
        .iter()
        .flat_map(|fold| {
            let folder = run.join("checkpoints").join(net).join(fold);
            ["best", "last"].map(|pointer| {
                let step = std::fs::read_to_string(folder.join(pointer)).unwrap();
                format!(
                    "{} {}",
                    step.trim(),
                    sha256(&folder.join(step.trim()).join("model.safetensors"))
                )
            })
        })
        .collect();
    digests.push(sha256(&run.join("forecasts.parquet")));
    digests.push(sha256(&run.join("metrics.json")));
    digests
}

fn start(sandbox: &Sandbox, arguments: &[&str]) -> Child {
    sandbox.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Steps that the journal of a run has training metrics of.
fn journal_lines(run: &Path) -> usize {
    std::fs::read(run.join("journal.jsonl"))
        .map_or(0, |bytes| bytes.iter().filter(|&&byte| byte == b'\n').count())
}

/// Waits until the run's journal has `lines` lines; false when the run ended before.
fn wait_for_lines(child: &mut Child, run: &Path, lines: usize) -> bool {
    let deadline = Instant::now() + Duration::from_secs(120);
    while journal_lines(run) < lines {
        assert!(Instant::now() < deadline, "the run makes no progress");
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

fn metric_keys_and_steps(run: &Path) -> Vec<(String, i64, String)> {
    let file = std::fs::File::open(run.join("journal.jsonl")).unwrap();
    let mut metrics = Vec::new();
    for line in BufReader::new(file).lines() {
        let entry: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let key = entry["key"].as_str().unwrap_or_default();
        // Speed and system load are measurements of the machine, not of the net.
        if entry["event"] == "metric" && !key.starts_with("system/") && !key.contains("per_second")
        {
            let step = entry["step"].as_i64().unwrap();
            metrics.push((key.to_owned(), step, entry["value"].to_string()));
        }
    }
    metrics.sort();
    metrics
}

#[test]
fn kill_at_any_moment_and_resume_ends_with_the_same_bits() {
    let sandbox = Sandbox::new();
    sandbox.simulate(8_000);
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for (name, net) in NETS {
        let config = sandbox.write(&format!("{name}.yaml"), &config(net));
        let config = config.to_str().unwrap();
        let whole = format!("{name}-whole");
        sandbox.done(&["train", "--config", config, "--device", "cpu", "--run-dir", &whole]);
        let whole: PathBuf = sandbox.path(&whole);
        let expected = results(&whole, name);
        let total = journal_lines(&whole);

        for attempt in 0..3 {
            let run = format!("{name}-killed-{attempt}");
            let folder = sandbox.path(&run);
            let mut child = start(
                &sandbox,
                &["train", "--config", config, "--device", "cpu", "--run-dir", &run],
            );
            let lines = random.random_range(total / 5..total * 4 / 5);
            assert!(wait_for_lines(&mut child, &folder, lines), "{name} ended before the kill");
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(!folder.join("metrics.json").exists(), "{name} was complete already");

            sandbox.done(&["train", "--resume", "--run-dir", &run, "--device", "cpu"]);
            assert_eq!(results(&folder, name), expected, "{name} killed at journal line {lines}");
            assert_eq!(
                metric_keys_and_steps(&folder),
                metric_keys_and_steps(&whole),
                "{name}: each metric once, with the same values"
            );
        }
    }
}

#[test]
fn sigterm_writes_a_checkpoint_and_exits_with_75() {
    let sandbox = Sandbox::new();
    sandbox.simulate(8_000);
    let (name, net) = NETS[0];
    let config = sandbox.write("lstm.yaml", &config(net));
    let config = config.to_str().unwrap();
    sandbox.done(&["train", "--config", config, "--device", "cpu", "--run-dir", "whole"]);
    let total = journal_lines(&sandbox.path("whole"));

    let run = sandbox.path("stopped");
    let mut child =
        start(&sandbox, &["train", "--config", config, "--device", "cpu", "--run-dir", "stopped"]);
    assert!(wait_for_lines(&mut child, &run, total / 2));
    let asked = Instant::now();
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(75));
    // A step of this net takes milliseconds; the rest is the checkpoint and the farewell.
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    let journal = std::fs::read_to_string(run.join("journal.jsonl")).unwrap();
    assert!(journal.trim_end().lines().next_back().unwrap().contains("KILLED"));

    sandbox.done(&["train", "--resume", "--run-dir", "stopped", "--device", "cpu"]);
    assert_eq!(results(&run, name), results(&sandbox.path("whole"), name));
}

#[test]
fn folds_are_replayed_bit_for_bit_and_the_final_model_needs_no_training_data() {
    let sandbox = Sandbox::new();
    sandbox.simulate(8_000);
    let (_, net) = NETS[1];
    let config = sandbox.write("cnn.yaml", &config(net));
    let config = config.to_str().unwrap();
    sandbox.done(&["train", "--config", config, "--device", "cpu", "--run-dir", "run"]);

    sandbox.done(&["predict", "run", "--folds", "--device", "cpu"]);
    let run = sandbox.path("run");
    assert_eq!(
        sha256(&run.join("fold_predictions.parquet")),
        sha256(&run.join("forecasts.parquet"))
    );

    // Another store, with later candles only, and no config, manifest or forecasts.
    let start = "2024-03-10";
    sandbox.done(&[
        "ingest",
        "simulate",
        "--store",
        "new",
        "--candles",
        "600",
        "--seed",
        "5",
        "--start",
        start,
    ]);
    for file in
        ["config.yaml", "forecasts.parquet", "journal.jsonl", "metrics.json", "chart.parquet"]
    {
        std::fs::remove_file(run.join(file)).unwrap();
    }
    let out = sandbox.done(&[
        "predict",
        "run",
        "--store",
        "new",
        "--symbol",
        "SIMBTC",
        "--from",
        "2024-03-12",
        "--device",
        "cpu",
        "--out",
        "new.parquet",
        "--json",
    ]);
    let object: serde_json::Value = serde_json::from_str(out.lines().next_back().unwrap()).unwrap();
    assert!(object["forecasts"].as_u64().unwrap() > 300, "{object}");
    assert!(sandbox.path("new.parquet").is_file());
}
