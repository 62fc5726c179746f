//! Pre-training by masked windows: it learns, it sees nothing from the validation start on, it goes on
//! bit for bit, and a training starts from it.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use candlewick::market::{Instrument, Market, Span};
use candlewick::store::Store;
use candlewick::training::{TensorFile, decode};
use serde_json::Value;

use crate::support::{Sandbox, sha256};

const CONFIG: &str = "
name: pretraining
data:
  venue: simulated
  symbols: [SIMA, SIMB]
  interval: 15m
features:
  include: [log_return_1, close_volatility_24, range_1, relative_volume_24, taker_imbalance_1]
labels:
  horizon: 1
  direction: { rule: fixed, threshold: 0.001 }
folds:
  scheme: walk_forward
  min_train: 30d
  valid: 10d
  test: 10d
  max_folds: 1
window: 8
net: { kind: lstm, hidden: 16, dropout: 0.1 }
pretraining: { mask: 0.25, span: 2 }
training:
  batch_size: 64
  epochs: 4
  learning_rate: 0.005
  warmup_steps: 10
  checkpoint_every_steps: 17
  log_every_steps: 5
scores: { resamples: 100 }
";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for (seed, symbol) in [("1", "SIMA"), ("2", "SIMB")] {
        sandbox.done(&[
            "ingest",
            "simulate",
            "--store",
            "store",
            "--candles",
            "6000",
            "--seed",
            seed,
            "--symbol",
            symbol,
        ]);
    }
    sandbox.write("config.yaml", CONFIG);
    sandbox
}

fn pretrain(sandbox: &Sandbox, run: &str, more: &[&str]) {
    let start = ["pretrain", "--config", "config.yaml", "--device", "cpu", "--run-dir", run];
    sandbox.done(&[&start[..], more].concat());
}

fn folds(run: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(run.join("pretraining.json")).unwrap();
    let content: Value = serde_json::from_str(&text).unwrap();
    content["folds"].as_array().unwrap().clone()
}

fn model(run: &Path, net: &str, fold: &str) -> std::path::PathBuf {
    let folder = run.join("checkpoints").join(net).join(fold);
    let best = std::fs::read_to_string(folder.join("best")).unwrap();
    folder.join(best.trim()).join("model.safetensors")
}

fn tensors(path: &Path) -> TensorFile {
    decode(path, &std::fs::read(path).unwrap()).unwrap()
}

/// A net that reads its windows fills in masked cells better than zeros or each feature's mean, and what
/// it learned is what a training starts from.
#[test]
fn masked_cells_are_told_better_than_by_their_mean_and_a_training_starts_from_it() {
    let sandbox = sandbox();
    pretrain(&sandbox, "pre", &[]);
    let pre = sandbox.path("pre");
    let done = folds(&pre);
    assert_eq!(done.len(), 2);
    for fold in &done {
        let number = |key: &str| fold[key].as_f64().unwrap();
        println!("{fold}");
        assert!(number("loss") < 0.97 * number("means").min(number("zeros")), "{fold}");
        assert!(number("zeros") > 0.0 && number("means") > 0.0);
    }

    let body = |file: &TensorFile| {
        let names = file.tensors.keys().filter(|name| name.starts_with("lstm."));
        names.cloned().collect::<Vec<_>>()
    };
    let first = tensors(&model(&pre, "lstm", "fold_0"));
    assert!(first.tensors.contains_key("decoder.weight") && !body(&first).is_empty());
    let taken = format!("{} tensors taken", body(&first).len());
    let fine = [
        "train",
        "--config",
        "config.yaml",
        "--device",
        "cpu",
        "--run-dir",
        "fine",
        "--set",
        "data.symbols=[SIMA]",
        "--set",
        "training.warm_start=pre/checkpoints/lstm",
        "--set",
        "training.freeze=[lstm.*]",
    ];
    let finished = sandbox.run(&fine);
    assert_eq!(finished.code, Some(0), "{}", finished.err);
    for (fold, missing) in [("fold_0", "heads."), ("final", "heads.")] {
        let told = format!("{fold} starts from");
        let line = finished.err.lines().find(|line| line.contains(&told)).unwrap();
        assert!(line.contains(&format!("/{fold}/")), "{line}");
        assert!(line.contains(&taken), "{line}");
        assert!(line.contains("2 of the file unused (decoder.bias, decoder.weight)"), "{line}");
        let list = line.split("missing in the file (").nth(1).unwrap().split(')').next().unwrap();
        assert!(list.split(", ").all(|name| name.starts_with(missing) || name.starts_with("task")));
        // Frozen as they are, all of the body's tensors are the pre-training's.
        let (own, start) = (
            tensors(&model(&sandbox.path("fine"), "lstm", fold)),
            tensors(&model(&pre, "lstm", fold)),
        );
        for name in body(&own) {
            assert_eq!(own.tensors[&name], start.tensors[&name], "{fold} {name}");
        }
    }
    let refused = sandbox.run(&["predict", "pre", "--device", "cpu"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("which forecasts nothing"), "{}", refused.err);
    let refused = sandbox.run(&["train", "--resume", "--run-dir", "pre", "--device", "cpu"]);
    assert!(refused.err.contains("pretrain --resume"), "{}", refused.err);
}

/// Every net that reads candles can be pre-trained.
#[test]
fn every_net_of_candles_learns_to_fill_in() {
    let sandbox = sandbox();
    let small = [
        ("gru", "{ kind: gru, hidden: 8 }"),
        ("tcn", "{ kind: tcn, channels: 8, layers: 2 }"),
        ("cnn", "{ kind: cnn, channels: 8, layers: 2 }"),
        ("cnn_lstm", "{ kind: cnn_lstm, channels: 8, hidden: 8 }"),
        ("patch_tst", "{ kind: patch_tst }"),
        ("tsmixer", "{ kind: tsmixer }"),
        ("inception_time", "{ kind: inception_time }"),
        ("image_cnn", "{ kind: image_cnn }"),
        ("fusion", "{ kind: fusion, hidden: 8, context_windows: [6] }"),
    ];
    for (kind, net) in small {
        let net = format!("net={net}");
        let mut more = vec![
            "--set",
            &net,
            "--set",
            "training.epochs=3",
            "--set",
            "data.symbols=[SIMA]",
            "--set",
            "window=16",
            "--set",
            "data.to=2024-02-20",
            "--set",
            "folds.min_train=20d",
        ];
        if kind == "fusion" {
            more.extend(["--set", "data.context=[1h]"]);
            more.extend(["--set", "features.context=[log_return_1]"]);
        }
        pretrain(&sandbox, kind, &more);
        let run = sandbox.path(kind);
        for fold in folds(&run) {
            let name = fold["name"].as_str().unwrap();
            let losses = held_out_losses(&run, name);
            println!("{kind} {name} {losses:?}");
            assert!(losses.iter().all(|loss| loss.is_finite()) && losses.len() == 3, "{kind}");
            // So few steps are not enough for all of them to beat a feature's mean; they are on the way.
            assert!(fold["loss"].as_f64().unwrap() < losses[0], "{kind} {fold}");
        }
    }
}

/// Loss of the held-out rows after each epoch.
fn held_out_losses(run: &Path, fold: &str) -> Vec<f64> {
    let journal = std::fs::read_to_string(run.join("journal.jsonl")).unwrap();
    let entries = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let key = format!("valid/{fold}/loss");
    entries
        .filter(|entry| entry["key"] == key.as_str())
        .map(|entry| entry["value"].as_f64().unwrap())
        .collect()
}

/// The candles of SIMA as CSV, from `changed` on those of another market.
fn csv(sandbox: &Sandbox, changed: i64) -> String {
    let store = Store::open(&sandbox.path("store")).unwrap();
    let instrument = Instrument::new("simulated", Market::Spot, "SIMA").unwrap();
    let interval = "15m".parse().unwrap();
    let series = store.load(&instrument, interval, Span::ALL).unwrap();
    let mut text = String::new();
    for (row, candle) in series.iter().enumerate() {
        let other = if candle.open_time >= changed { 1.5 + (row % 7) as f64 / 10.0 } else { 1.0 };
        let prices = [candle.open, candle.high, candle.low, candle.close].map(|p| p * other);
        let taker = candle.taker_buy_volume.unwrap() * other;
        let [open, high, low, close] = prices;
        let volume = candle.volume * other;
        text += &format!(
            "{},{open:?},{high:?},{low:?},{close:?},{volume:?},{taker:?}\n",
            candle.open_time
        );
    }
    text
}

/// No row at or after a fold's validation start has a part in what its body learns.
#[test]
fn what_comes_from_the_validation_start_on_changes_nothing() {
    let sandbox = sandbox();
    let train = |name: &str, changed: i64| {
        sandbox.write(&format!("{name}.csv"), &csv(&sandbox, changed));
        sandbox.done(&[
            "ingest",
            "csv",
            &format!("{name}.csv"),
            "--store",
            &format!("{name}-store"),
            "--symbol",
            "SIMA",
            "--interval",
            "15m",
            "--columns",
            "open_time_ms,open,high,low,close,volume,taker_buy_volume",
        ]);
        pretrain(
            &sandbox,
            name,
            &[
                "--store",
                &format!("{name}-store"),
                "--set",
                "data.venue=csv",
                "--set",
                "data.symbols=[SIMA]",
                "--set",
                "training.epochs=2",
            ],
        );
        sandbox.path(name)
    };
    let whole = train("whole", i64::MAX);
    let text = std::fs::read_to_string(whole.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    // The candle that is decided on at the start opens before it.
    let start = manifest["folds"][0]["valid_span"]["start"].as_i64().unwrap() - 15 * 60_000;
    let changed = train("changed", start);
    let weights = |run: &Path, fold: &str| tensors(&model(run, "lstm", fold)).tensors;
    assert_eq!(weights(&whole, "fold_0"), weights(&changed, "fold_0"));
    // The last fold's training rows do reach into what was changed.
    assert_ne!(weights(&whole, "final"), weights(&changed, "final"));
}

#[test]
fn a_kill_and_a_resume_end_with_the_same_bits() {
    let sandbox = sandbox();
    pretrain(&sandbox, "whole", &[]);
    let whole = sandbox.path("whole");
    let lines = |run: &Path| {
        std::fs::read_to_string(run.join("journal.jsonl")).map_or(0, |text| text.lines().count())
    };
    let total = lines(&whole);
    let results = |run: &Path| {
        let models = ["fold_0", "final"].map(|fold| sha256(&model(run, "lstm", fold)));
        (models, sha256(&run.join("pretraining.json")))
    };
    for part in [2, 4] {
        let run = format!("killed-{part}");
        let folder = sandbox.path(&run);
        let mut child = sandbox
            .command(&["pretrain", "--config", "config.yaml", "--device", "cpu", "--run-dir", &run])
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
        assert!(folds(&folder).is_empty(), "{run} was complete already");
        let refused = sandbox.run(&["train", "--resume", "--run-dir", &run, "--device", "cpu"]);
        assert_eq!(refused.code, Some(2), "{}", refused.err);
        sandbox.done(&["pretrain", "--resume", "--run-dir", &run, "--device", "cpu"]);
        assert_eq!(results(&folder), results(&whole), "{run}");
    }
}
