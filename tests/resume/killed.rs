//! A small training that is killed once, by SIGKILL, and goes on to the bits of one that was not.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{results, start};
use crate::support::Sandbox;

/// Kills that may come too late, when the machine is busy, before the test gives up.
const ATTEMPTS: usize = 4;

/// Candles and a fold that a tiny net goes through in a second.
pub const CANDLES: usize = 1_200;
const CONFIG: &str = "
name: killed
data:
  venue: simulated
  symbols: [SIMBTC]
  interval: 15m
  context: [1h]
labels:
  horizon: 1
  direction: { rule: fixed, threshold: 0.001 }
folds:
  scheme: walk_forward
  min_train: 6d
  valid: 2d
  test: 3d
  max_folds: 1
window: 20
scores: { resamples: 100 }
";
/// Checkpoints and metrics in mid-epoch.
const TRAINING: &str = "  batch_size: 64
  epochs: 3
  learning_rate: 0.003
  warmup_steps: 5
  checkpoint_every_steps: 4
  log_every_steps: 2
";
pub const CANDLE_FEATURES: &str = "
  include: [log_return_1, taker_imbalance_1, relative_volume_24]
  context: [log_return_1]
";

/// The text of a config; `training` has lines of two spaces of its own.
pub fn config(net: &str, features: &str, training: &str, heads: &str) -> String {
    format!(
        "{CONFIG}features:{features}net: {net}\nheads: {heads}\ntraining:\n{TRAINING}{training}"
    )
}

/// Trains once to the end, once with a kill at a random line of the journal and a resume, and wants the
/// same model, forecasts and metrics of both. Returns the folder of the whole run.
pub fn killed_equals_whole(
    sandbox: &Sandbox,
    name: &str,
    kind: &str,
    config: &str,
    random: &mut ChaCha8Rng,
) -> PathBuf {
    let config = sandbox.write(&format!("{name}.yaml"), config);
    let train = |run: &str| {
        let config = config.to_str().unwrap();
        ["train", "--config", config, "--device", "cpu", "--run-dir", run].map(str::to_owned)
    };
    let whole = format!("{name}-whole");
    let words = train(&whole);
    sandbox.done(&words.each_ref().map(String::as_str));
    let whole = sandbox.path(&whole);
    let expected = results(&whole, kind);
    let journal = std::fs::read_to_string(whole.join("journal.jsonl")).unwrap();
    let of_steps = |(_, line): &(usize, &str)| line.contains("\"key\":\"train/");
    let steps: Vec<usize> =
        journal.lines().enumerate().filter(of_steps).map(|(index, _)| index + 1).collect();

    for attempt in 0..ATTEMPTS {
        let run = format!("{name}-killed-{attempt}");
        let folder = sandbox.path(&run);
        let words = train(&run);
        let mut child = start(sandbox, &words.each_ref().map(String::as_str));
        let lines = steps[random.random_range(0..steps.len() * 3 / 4)];
        let deadline = Instant::now() + Duration::from_secs(120);
        while super::journal_lines(&folder) < lines && child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "{name} makes no progress");
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if folder.join("metrics.json").exists() {
            continue;
        }
        sandbox.done(&["train", "--resume", "--run-dir", &run, "--device", "cpu"]);
        assert_eq!(results(&folder, kind), expected, "{name} killed at journal line {lines}");
        std::fs::remove_dir_all(&folder).unwrap();
        return whole;
    }
    panic!("{name} was complete before each of {ATTEMPTS} kills");
}
