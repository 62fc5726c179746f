//! `candlewick train`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use burn::tensor::Device;

use super::device::{DeviceChoice, pick};
use super::progress::TrainingDisplay;
use crate::config::Override;
use crate::pipeline::{self, FindRateRequest, TrainOutcome, TrainRequest};

/// The exit code of a run that stopped after a checkpoint (EX_TEMPFAIL of sysexits.h).
pub const STOPPED: u8 = 75;

/// Train a config on a store, with forecasts, scores, checkpoints and a report
///
/// For each fold a net is trained on the fold's training rows, stopped early on its validation
/// rows and asked about its test rows; a last net is trained up to the end of the data for
/// `predict`. Everything goes into one run folder: both configs, checkpoints, forecasts.parquet,
/// metrics.json (each score beside its baselines, with a block-bootstrap interval), report.html and
/// the journal that a tracking server is fed from.
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
    /// Run folder to write [default: a new one under runs/]
    ///
    /// With --resume: the run folder to go on with; without a value, the newest one under runs/
    /// that is not finished.
    #[arg(long, value_name = "FOLDER")]
    run_dir: Option<PathBuf>,
    /// auto, cpu, wgpu, wgpu:N, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceChoice,
    /// Seed in place of the config's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Go on with a run that was stopped or killed, with the config it was started with
    #[arg(long, conflicts_with_all = ["config", "set", "seed"])]
    resume: bool,
    /// Sweep the learning rate in place of training, and suggest one
    ///
    /// A fresh net is trained for one pass over the first fold's training rows while the learning
    /// rate rises from 1e-7 to 10, until the loss runs away. NAME_learning_rate.html and .json in the
    /// current folder show the loss over the learning rate; no run folder is made.
    #[arg(long, conflicts_with_all = ["resume", "run_dir"])]
    find_lr: bool,
    /// Change one value of the config, such as training.epochs=3; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Override>,
}

/// Trains and prints where everything is; the exit code is 0, or 75 when it was stopped.
///
/// # Errors
/// Whatever stops the run: config, data, device or disk.
pub fn run(args: &Args, json: bool, quiet: bool) -> anyhow::Result<u8> {
    let mut display = TrainingDisplay::new(quiet).context("failed to take signals")?;
    let picked = pick(args.device)?;
    crate::pipeline::Watch::note(
        &mut display,
        &format!("device {} ({})", picked.name, picked.reason),
    );
    if args.find_lr {
        return find_rate(args, picked.device, &mut display, json);
    }
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
    let outcome = pipeline::train(&request, &mut display)?;
    print(&outcome, json)?;
    Ok(if outcome.stopped { STOPPED } else { 0 })
}

/// Sweeps the learning rate and prints what it suggests.
fn find_rate(
    args: &Args,
    device: Device,
    display: &mut TrainingDisplay,
    json: bool,
) -> anyhow::Result<u8> {
    let config = args.config.clone().context("--find-lr needs a config; name one with --config")?;
    let request = FindRateRequest {
        config,
        overrides: args.set.clone(),
        seed: args.seed,
        store: args.store.clone(),
        device,
    };
    let outcome = pipeline::find_rate(&request, display)?
        .context("stopped before the sweep was complete; nothing is written")?;
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", outcome.to_json())?;
        return Ok(0);
    }
    match (outcome.sweep.steepest, outcome.sweep.tenth_of_minimum) {
        (Some(steepest), Some(tenth)) => {
            writeln!(out, "steepest descent of the loss   {steepest:.2e}")?;
            writeln!(out, "a tenth of its minimum         {tenth:.2e}")?;
            writeln!(out, "try     --set training.learning_rate={steepest:.2e}")?;
        }
        _ => writeln!(out, "the loss falls at no learning rate")?,
    }
    writeln!(out, "page    {}", outcome.page.display())?;
    writeln!(out, "json    {}", outcome.json.display())?;
    Ok(0)
}

fn print(outcome: &TrainOutcome, json: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        return writeln!(out, "{}", outcome.to_json());
    }
    let run = outcome.run_folder.display();
    if outcome.stopped {
        writeln!(out, "stopped after a checkpoint; go on with:")?;
        return writeln!(
            out,
            "  candlewick train --resume --run-dir {run} --store {}",
            outcome.store.display()
        );
    }
    for line in &outcome.summary {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "run     {run}")?;
    writeln!(out, "report  {}", outcome.report.display())?;
    if let Some(url) = &outcome.tracking_url {
        writeln!(out, "mlflow  {url}")?;
    } else {
        writeln!(
            out,
            "mlflow  not configured; later: MLFLOW_TRACKING_URI=http://localhost:5000 candlewick sync {run}"
        )?;
    }
    if outcome.undelivered > 0 {
        writeln!(
            out,
            "warning {} events are not delivered yet: candlewick sync {run}",
            outcome.undelivered
        )?;
    }
    Ok(())
}
