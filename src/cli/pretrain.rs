//! `candlewick pretrain`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use super::device::{DeviceChoice, pick};
use super::progress::TrainingDisplay;
use super::train::STOPPED;
use crate::config::Override;
use crate::pipeline::{self, PretrainOutcome, TrainRequest, Watch};

/// Train a config's net without labels, for `training.warm_start`
///
/// For each fold the net's body learns to fill in masked spans of the windows of all symbols that the
/// config names (section pretraining), through a linear decoder that is thrown away afterwards. It sees
/// the fold's training rows alone, none at or after its validation start; the end of them is held out
/// to choose the best epoch. The loss is the mean squared error over the masked cells, shown beside that
/// of saying 0 and of saying each feature's mean.
///
/// A config for one symbol then starts from it: `training: { warm_start: RUN/checkpoints/NET }`
/// gives each fold the body of its own name.
///
/// Ctrl-C or SIGTERM finish the step, write a checkpoint and exit with 75; the same command with
/// --resume goes on where it stopped, bit for bit on the CPU, also after a crash.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Config in YAML; see model_configs/ and `candlewick schema`
    #[arg(long, short, value_name = "FILE", required_unless_present = "resume")]
    config: Option<PathBuf>,
    /// Folder of the store
    #[arg(long, value_name = "FOLDER", default_value = "store", env = "CANDLEWICK_STORE")]
    store: PathBuf,
    /// Run folder to write, or to go on with [default: a new one under runs/]
    #[arg(long, value_name = "FOLDER")]
    run_dir: Option<PathBuf>,
    /// auto, cpu, wgpu, wgpu:N, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceChoice,
    /// Seed in place of the config's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Go on with a run that was stopped or killed, with the config it was started with
    #[arg(long, requires = "run_dir", conflicts_with_all = ["config", "set", "seed"])]
    resume: bool,
    /// Change one value of the config, such as pretraining.mask=0.3; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Override>,
}

/// Trains and prints where the checkpoints are; the exit code is 0, or 75 when it was stopped.
///
/// # Errors
/// Whatever stops the run: config, data, device or disk.
pub fn run(args: &Args, json: bool, quiet: bool) -> anyhow::Result<u8> {
    let mut display = TrainingDisplay::new(quiet).context("failed to take signals")?;
    let picked = pick(args.device)?;
    display.note(&format!("device {} ({})", picked.name, picked.reason));
    let request = TrainRequest {
        config: args.config.clone(),
        overrides: args.set.clone(),
        seed: args.seed,
        store: args.store.clone(),
        run_folder: args.run_dir.clone(),
        resume: args.resume,
        device: picked.device,
        device_name: picked.name,
    };
    let outcome = pipeline::pretrain(&request, &mut display)?;
    print(&outcome, json)?;
    Ok(if outcome.stopped { STOPPED } else { 0 })
}

fn print(outcome: &PretrainOutcome, json: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        return writeln!(out, "{}", outcome.to_json());
    }
    let run = outcome.run_folder.display();
    if outcome.stopped {
        let store = outcome.store.display();
        writeln!(out, "stopped after a checkpoint; go on with:")?;
        return writeln!(out, "  candlewick pretrain --resume --run-dir {run} --store {store}");
    }
    writeln!(out, "fold       rows  held out      loss     zeros     means")?;
    for fold in &outcome.folds {
        writeln!(
            out,
            "{:<8} {:>6}  {:>8}  {:>8.4}  {:>8.4}  {:>8.4}",
            fold.name, fold.train_rows, fold.held_out_rows, fold.loss, fold.zeros, fold.means
        )?;
    }
    writeln!(out, "run     {run}")?;
    writeln!(
        out,
        "use     candlewick train --config FILE --set training.warm_start={}",
        outcome.checkpoints.display()
    )?;
    if let Some(url) = &outcome.tracking_url {
        writeln!(out, "mlflow  {url}")?;
    }
    Ok(())
}
