//! `candlewick train`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use super::device::{DeviceChoice, pick};
use super::progress::TrainingDisplay;
use crate::config::Override;
use crate::pipeline::{self, TrainOutcome, TrainRequest};

/// The exit code of a run that stopped after a checkpoint (EX_TEMPFAIL of sysexits.h).
const STOPPED: u8 = 75;

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
