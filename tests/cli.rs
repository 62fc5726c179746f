//! The command line as a user meets it: wrong input gives one clear error and its exit code.

use crate::support::{Finished, Sandbox, TinyDisk};

const CONFIG: &str = "
name: small
data:
  venue: simulated
  symbols: [SIMBTC]
  interval: 15m
features:
  include: [log_return_1, taker_imbalance_1]
labels:
  horizon: 1
  direction: { rule: fixed, threshold: 0.001 }
folds:
  scheme: walk_forward
  min_train: 20d
  valid: 5d
  test: 10d
  max_folds: 1
window: 8
net: { kind: lstm, hidden: 8 }
training: { batch_size: 128, epochs: 1, warmup_steps: 2 }
scores: { resamples: 100 }
";

/// A sandbox with a small store and config.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.simulate(4_000);
    sandbox.write("config.yaml", CONFIG);
    sandbox
}

fn train(sandbox: &Sandbox, more: &[&str]) -> Finished {
    let mut arguments = vec!["train", "--config", "config.yaml", "--device", "cpu"];
    arguments.extend(more);
    sandbox.run(&arguments)
}

/// One error, on stderr, with these words in it.
fn assert_refused(finished: &Finished, code: i32, words: &[&str]) {
    assert_eq!(finished.code, Some(code), "{}", finished.err);
    // Mesa's own complaint about the session is not ours.
    let own = |line: &&str| line.starts_with("error: ") && !line.contains("XDG_RUNTIME_DIR");
    assert_eq!(finished.err.lines().filter(own).count(), 1, "{}", finished.err);
    assert!(!finished.err.contains("panicked"), "{}", finished.err);
    for word in words {
        assert!(finished.err.contains(word), "no `{word}` in:\n{}", finished.err);
    }
}

#[test]
fn every_kind_of_config_mistake_is_placed_and_explained() {
    let sandbox = sandbox();
    // What is replaced by what, and what the error must say.
    let cases: [(&str, &str, &[&str]); 15] = [
        ("hidden: 8", "hiden: 8", &["hiden", "nearest known", "hidden", "config.yaml"]),
        ("batch_size: 128", "batchsize: 128", &["line 20", "batchsize", "`batch_size`"]),
        ("horizon: 1", "horizon: many", &["line 10"]),
        ("epochs: 1", "epochs: 0", &["line 20", "training.epochs"]),
        ("window: 8", "window: 8\nwindow: 9", &["window", "duplicate"]),
        ("kind: lstm", "kind: perceptron", &["perceptron", "lstm", "cnn"]),
        ("interval: 15m", "interval: 7m", &["line 6", "7m", "15m"]),
        (
            "interval: 15m",
            "interval: 15m\n  context: [5m]",
            &["line 7", "data.context", "not coarser"],
        ),
        (
            "max_folds: 1",
            "max_folds: 1\n  embargo: 0",
            &["line 18", "folds.embargo", "embargo 0 is shorter", ">= 1"],
        ),
        ("test: 10d", "test: ten", &["ten", "60d"]),
        ("symbols: [SIMBTC]", "symbols: [SIMBTC, SIMBTC]", &["line 5", "twice"]),
        ("name: small", "name: '../small'", &["line 2", "name"]),
        (
            "include: [log_return_1,",
            "include: [log_return_one,",
            &["log_return_one", "log_return_1"],
        ),
        (CONFIG, "# nothing\n", &["empty", "model_configs"]),
        ("folds:", "folds: [", &["line"]),
    ];
    for (old, new, words) in cases {
        assert!(CONFIG.contains(old));
        sandbox.write("config.yaml", &CONFIG.replacen(old, new, 1));
        let finished = train(&sandbox, &["--run-dir", "refused"]);
        assert_refused(&finished, 2, words);
        assert!(
            !sandbox.path("refused").exists(),
            "{new}: a run folder for a config that cannot run"
        );
    }
}

#[test]
fn overrides_are_checked_like_the_file() {
    let sandbox = sandbox();
    assert_refused(
        &train(&sandbox, &["--set", "training.epochs=0"]),
        2,
        &["training.epochs", "--set"],
    );
    assert_refused(&train(&sandbox, &["--set", "training.epoch=2"]), 2, &["`epochs`"]);
    let finished = train(&sandbox, &["--set", "epochs"]);
    assert_eq!(finished.code, Some(2));
    assert!(finished.err.contains("key=value"), "{}", finished.err);
    let finished = sandbox.run(&["train", "--config", "absent.yaml"]);
    assert_refused(&finished, 2, &["absent.yaml"]);
}

#[test]
fn data_that_is_missing_or_useless_is_said() {
    let sandbox = sandbox();
    assert_refused(&train(&sandbox, &["--store", "nowhere"]), 3, &["nowhere", "candlewick ingest"]);
    assert_refused(&train(&sandbox, &["--set", "data.symbols=[DOGE]"]), 3, &["DOGE", "SIMBTC"]);
    assert_refused(
        &train(&sandbox, &["--set", "data.from=2030-01-01"]),
        3,
        &["data.from", "store check"],
    );
    assert_refused(
        &train(&sandbox, &["--set", "window=4090"]),
        3,
        &["window 4090", "set window <="],
    );
    assert_refused(&train(&sandbox, &["--set", "folds.min_train=900d"]), 3, &["min_train"]);

    let row = |minute: i64, price: &str| {
        format!("{},{price},{price},{price},{price},5\n", minute * 60_000)
    };
    let columns = "open_time_ms,open,high,low,close,volume";
    let ingest = |file: &str, symbol: &str| {
        sandbox.run(&[
            "ingest",
            "csv",
            file,
            "--symbol",
            symbol,
            "--interval",
            "1m",
            "--columns",
            columns,
            "--store",
            "odd",
        ])
    };
    sandbox.write("one.csv", &row(1, "10"));
    assert_eq!(ingest("one.csv", "ONE").code, Some(0));
    let flat: String = (0..60_000).map(|minute| row(minute, "10")).collect();
    sandbox.write("flat.csv", &flat);
    assert_eq!(ingest("flat.csv", "FLAT").code, Some(0));
    sandbox.write("nan.csv", &(row(1, "10") + &row(2, "nan") + &row(3, "10")));
    let finished = ingest("nan.csv", "NAN");
    assert_eq!(finished.code, Some(3), "{}", finished.err);
    let said = finished.out + &finished.err;
    assert!(said.contains("nan.csv") && said.contains('2'), "{said}");

    for (symbol, words) in [("ONE", "candle"), ("FLAT", "constant")] {
        let symbols = format!("data.symbols=[{symbol}]");
        let finished = train(
            &sandbox,
            &[
                "--store",
                "odd",
                "--set",
                "data.venue=csv",
                "--set",
                &symbols,
                "--set",
                "data.interval=1m",
                "--set",
                "features.include=[log_return_1]",
            ],
        );
        assert_refused(&finished, 3, &[words]);
    }
}

#[test]
fn devices_that_are_not_there_are_said() {
    let sandbox = sandbox();
    let finished = sandbox.run(&["train", "--config", "config.yaml", "--device", "tpu"]);
    assert_eq!(finished.code, Some(2));
    assert!(finished.err.contains("auto, cpu, wgpu"), "{}", finished.err);
    if candlewick::cli::device::nvidia_driver().is_err() {
        let finished = sandbox.run(&["train", "--config", "config.yaml", "--device", "cuda"]);
        assert_refused(&finished, 4, &["NVIDIA driver"]);
    }
    let finished = sandbox.run(&["train", "--config", "config.yaml", "--device", "wgpu:99"]);
    assert_refused(&finished, 4, &["wgpu"]);
}

#[test]
fn a_full_or_read_only_disk_leaves_nothing_that_is_trusted() {
    let sandbox = sandbox();
    if let Some(disk) = TinyDisk::mount("a_full_disk", 120) {
        let run = disk.path().join("run");
        let finished = train(&sandbox, &["--run-dir", run.to_str().unwrap()]);
        assert_refused(&finished, 1, &["full"]);
        for trusted in ["forecasts.parquet", "metrics.json", "report.html"] {
            assert!(!run.join(trusted).exists(), "{trusted}");
        }
        let predicted = sandbox.run(&["predict", run.to_str().unwrap(), "--device", "cpu"]);
        assert_ne!(predicted.code, Some(0));
        assert!(!predicted.err.contains("panicked"), "{}", predicted.err);
    }
    if let Some(disk) = TinyDisk::mount("a_read_only_disk", 1_000) {
        disk.make_read_only();
        let run = disk.path().join("run");
        let finished = train(&sandbox, &["--run-dir", run.to_str().unwrap()]);
        assert_refused(&finished, 1, &["ead-only"]);
    }
}

#[test]
fn a_run_folder_is_not_written_twice() {
    let sandbox = sandbox();
    sandbox.done(&["train", "--config", "config.yaml", "--device", "cpu", "--run-dir", "run"]);
    assert_refused(&train(&sandbox, &["--run-dir", "run"]), 2, &["--resume", "run"]);
    let finished = sandbox.run(&["train", "--resume", "--run-dir", "nowhere", "--device", "cpu"]);
    assert_refused(&finished, 2, &["nowhere"]);
    // Going on with a finished run changes nothing and succeeds.
    sandbox.done(&["train", "--resume", "--run-dir", "run", "--device", "cpu"]);
    let finished = sandbox.run(&["train", "--resume", "--device", "cpu"]);
    assert_refused(&finished, 2, &["no unfinished run"]);
}

#[test]
fn nothing_creates_mlruns_and_data_stays_on_stdout() {
    let sandbox = sandbox();
    let finished = train(&sandbox, &["--run-dir", "run", "--json"]);
    assert_eq!(finished.code, Some(0), "{}", finished.err);
    let last = finished.out.lines().next_back().unwrap();
    let object: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(object["stopped"], false);
    assert!(!sandbox.path("mlruns").exists());
    // stderr is not a terminal here: every line of it is one JSON object.
    for line in finished.err.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    }
}

#[test]
fn the_schema_is_json_and_the_shipped_configs_load() {
    let sandbox = Sandbox::new();
    let schema: serde_json::Value = serde_json::from_str(&sandbox.done(&["schema"])).unwrap();
    assert_eq!(schema["title"], "RunConfig");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("model_configs");
    let shipped = std::fs::read_to_string(folder.join("schema.json")).unwrap();
    let shipped: serde_json::Value = serde_json::from_str(&shipped).unwrap();
    assert!(shipped == schema, "run: candlewick schema > model_configs/schema.json");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            candlewick::config::load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("# yaml-language-server: $schema="), "{}", path.display());
            count += 1;
        }
    }
    assert!(count >= 3);
}

#[test]
fn flags_of_train_are_few() {
    let sandbox = Sandbox::new();
    let help = sandbox.done(&["train", "--help"]);
    let mut flags: Vec<&str> = help
        .split_whitespace()
        .filter(|word| word.starts_with("--"))
        .map(|word| word.trim_end_matches([',', '.', ':', ';']))
        .collect();
    flags.sort_unstable();
    flags.dedup();
    // A new flag is a decision: everything else belongs into the config.
    assert_eq!(
        flags,
        [
            "--config",
            "--device",
            "--find-lr",
            "--help",
            "--json",
            "--quiet",
            "--resume",
            "--run-dir",
            "--seed",
            "--set",
            "--store",
            "--verbose",
            "--version",
        ]
    );
}

#[test]
fn features_are_inspected_into_one_page() {
    let sandbox = sandbox();
    let inspect = ["features", "inspect", "--config", "config.yaml"];
    let said = sandbox.done(&inspect);
    assert!(said.trim_end().ends_with("page  small_features.html"), "{said}");
    let page = std::fs::read_to_string(sandbox.path("small_features.html")).unwrap();
    assert!(page.contains("SIMULATED DATA") && page.contains("taker_imbalance_1"));

    let json = ["--out", "other.html", "--set", "labels.horizon=4", "--json"];
    let said = sandbox.done(&[&inspect[..], &json].concat());
    let said: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(said["page"], "other.html");
    assert_eq!(said["inspection"]["fold"], "fold_0");
    assert_eq!(said["inspection"]["labels"]["horizon"], 4);
    assert_eq!(said["inspection"]["features"][1]["name"], "taker_imbalance_1");
    assert!(sandbox.path("other.html").is_file());

    let refused = |more: &[&str]| sandbox.run(&[&inspect[..], more].concat());
    assert_refused(&refused(&["--fold", "fold_9"]), 2, &["fold_9", "fold_0", "final"]);
    assert_refused(&refused(&["--store", "nowhere"]), 3, &["nowhere"]);
}

#[test]
fn the_learning_rate_is_swept_into_a_page_and_no_run() {
    let sandbox = sandbox();
    let small = ["--find-lr", "--set", "training.batch_size=32"];
    let finished = train(&sandbox, &small);
    assert_eq!(finished.code, Some(0), "{}", finished.err);
    for word in ["steepest descent", "--set training.learning_rate=", "small_learning_rate.html"] {
        assert!(finished.out.contains(word), "no `{word}` in {}", finished.out);
    }
    let page = std::fs::read_to_string(sandbox.path("small_learning_rate.html")).unwrap();
    assert!(page.contains("SIMULATED DATA") && page.contains("fold_0"));
    let read = || std::fs::read_to_string(sandbox.path("small_learning_rate.json")).unwrap();
    let first = read();
    let content: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert!(content["points"].as_array().unwrap().len() > 20, "{first}");
    assert!(content["steepest"].as_f64().is_some());
    assert!(!sandbox.path("runs").exists());

    let again = train(&sandbox, &[&small[..], &["--json"]].concat());
    let said: serde_json::Value =
        serde_json::from_str(again.out.lines().next_back().unwrap()).unwrap();
    assert_eq!(said["steepest"], content["steepest"]);
    assert_eq!(read(), first);
    assert_eq!(train(&sandbox, &["--find-lr", "--run-dir", "x"]).code, Some(2));
    let coarse = ["--find-lr", "--set", "training.batch_size=4000"];
    assert_refused(
        &train(&sandbox, &[&coarse[..], &["--set", "training.warmup_steps=0"]].concat()),
        2,
        &["a sweep needs 20"],
    );
}

#[test]
fn options_of_training_are_checked_before_data_is_read() {
    let sandbox = sandbox();
    for (set, words) in [
        ("training.optimizer.kind=sgd", &["sgd", "adamw", "lion", "muon"][..]),
        ("training.schedule.kind=step", &["step", "one_cycle", "cosine_restarts"]),
        ("training.input_noise=-1", &["training.input_noise"]),
        ("training.swa=2", &["training.swa"]),
    ] {
        assert_refused(&train(&sandbox, &["--set", set, "--store", "nowhere"]), 2, words);
    }
    let frozen = train(&sandbox, &["--set", "training.freeze=[\"gru.*\"]"]);
    assert_refused(&frozen, 2, &["gru.*", "lstm.weight_ih_l0"]);
    let both = ["--set", "training.ema=0.9", "--set", "training.swa=0.5"];
    assert_refused(&train(&sandbox, &both), 2, &["training.ema", "training.swa"]);
}

#[test]
fn a_run_that_starts_from_weights_notes_the_file() {
    let sandbox = sandbox();
    sandbox.done(&["train", "--config", "config.yaml", "--device", "cpu", "--run-dir", "a"]);
    let set = "training.warm_start=a/checkpoints/lstm/fold_0";
    let more = ["--run-dir", "b", "--set", set];
    let finished = train(&sandbox, &more);
    assert_eq!(finished.code, Some(0), "{}", finished.err);
    assert!(finished.err.contains("tensors taken"), "{}", finished.err);
    let text = std::fs::read_to_string(sandbox.path("b/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let file = manifest["warm_start"]["path"].as_str().unwrap();
    let digest = manifest["warm_start"]["sha256"].as_str().unwrap();
    assert_eq!(crate::support::sha256(&sandbox.path(file)), digest);
    let journal = std::fs::read_to_string(sandbox.path("b/journal.jsonl")).unwrap();
    assert!(journal.contains("candlewick.warm_start.fold_0"));
    let gone = train(&sandbox, &["--set", "training.warm_start=nowhere.safetensors"]);
    assert_ne!(gone.code, Some(0));
    assert!(gone.err.contains("nowhere.safetensors"), "{}", gone.err);
}
