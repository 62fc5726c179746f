//! `candlewick predict`.

use std::io::Write;
use std::path::PathBuf;

use super::device::{DeviceChoice, pick};
use crate::market::Time;
use crate::pipeline::{self, PredictRequest};

/// Forecast new candles with a run's checkpoint
///
/// Needs nothing of the training data: features, scaler and thresholds come from the checkpoint.
/// One forecast a candle of the base interval, made when the candle is complete; outcomes are filled in
/// where the store already knows them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Folder of the store
    #[arg(long, value_name = "FOLDER", default_value = "store", env = "CANDLEWICK_STORE")]
    store: PathBuf,
    /// Symbol to forecast [default: every symbol of the run]
    #[arg(long, value_name = "SYMBOL")]
    symbol: Option<String>,
    /// First decision time (UTC) [default: all that the store has]
    #[arg(long, value_name = "TIME")]
    from: Option<Time>,
    /// Replay the folds' own models over their test rows instead of the final model
    #[arg(long)]
    folds: bool,
    /// File to write [default: predictions.parquet in the run folder, or fold_predictions.parquet]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// auto, cpu, wgpu, wgpu:N, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceChoice,
}

/// Forecasts and prints where the file is.
///
/// # Errors
/// When the checkpoint, the store or the device cannot be used.
pub fn run(args: &Args, json: bool) -> anyhow::Result<u8> {
    let picked = pick(args.device)?;
    let outcome = pipeline::predict(&PredictRequest {
        run_folder: args.run.clone(),
        store: args.store.clone(),
        symbol: args.symbol.clone(),
        from: args.from,
        folds: args.folds,
        out: args.out.clone(),
        device: picked.device,
    })?;
    let mut out = std::io::stdout().lock();
    if json {
        let object = serde_json::json!({
            "file": outcome.file,
            "forecasts": outcome.forecasts,
            "first": outcome.first,
            "last": outcome.last,
            "sha256": outcome.digest,
        });
        writeln!(out, "{object}")?;
    } else {
        writeln!(out, "{} forecasts in {}", outcome.forecasts, outcome.file.display())?;
        for line in &outcome.latest {
            writeln!(out, "{line}")?;
        }
    }
    Ok(0)
}
