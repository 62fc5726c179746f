//! `pretrain`: a config and a store into bodies that were trained without labels, one a fold.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::fold_job::FoldInputs;
use super::members::members;
use super::observe::RunObserver;
use super::open::{Purpose, open};
use super::prepare::Prepared;
use super::tracked::{Run, now_ms, tracked};
use super::train::{LaidOut, TrainRequest, checkpoint_folder, lay_out};
use super::{PipelineError, Watch, relative};
use crate::config::RunConfig;
use crate::event::Event;
use crate::folds::{Fold, FoldConfig};
use crate::market::Span;
use crate::nets::HeadsConfig;
use crate::run_folder::write_atomic;
use crate::training::{
    self, Fitted, Monitor, Observer, PretrainingConfig, ReconstructionLosses,
    reconstruction_baselines,
};

/// Version of the layout of `pretraining.json`.
const PRETRAINING_VERSION: u32 = 1;

/// What came of a pre-training.
#[derive(Debug, Clone)]
pub struct PretrainOutcome {
    /// The run folder.
    pub run_folder: PathBuf,
    /// The store it read.
    pub store: PathBuf,
    /// `checkpoints/<net>`, what `training.warm_start` of a fine-tuning names.
    pub checkpoints: PathBuf,
    /// Whether it was stopped after a checkpoint.
    pub stopped: bool,
    /// One a fold; empty when it was stopped.
    pub folds: Vec<PretrainedFold>,
    /// Where the tracking server shows the run.
    pub tracking_url: Option<String>,
}

impl PretrainOutcome {
    /// The result as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        json!({
            "run_folder": self.run_folder,
            "checkpoints": self.checkpoints,
            "stopped": self.stopped,
            "folds": self.folds,
            "tracking_url": self.tracking_url,
        })
    }
}

/// One fold of `pretraining.json`. Losses are mean squared errors over the masked cells of the held-out
/// rows, in units of the scaled features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PretrainedFold {
    /// Name of the fold.
    pub name: String,
    /// Rows that were trained on.
    pub train_rows: u64,
    /// Held-out rows.
    pub held_out_rows: u64,
    /// Steps made.
    pub steps: u64,
    /// Epochs made.
    pub epochs: u32,
    /// Loss of the best checkpoint.
    pub loss: f64,
    /// Loss of saying 0 of every cell.
    pub zeros: f64,
    /// Loss of saying each feature's mean over the training rows.
    pub means: f64,
}

/// Content of `pretraining.json`: by it a run folder is known to be a pre-training's; it names the folds
/// when all of them are done.
#[derive(Debug, Serialize)]
struct Pretraining<'a> {
    schema_version: u32,
    folds: &'a [PretrainedFold],
}

/// Trains the config's net to fill in masked spans of its windows, for each fold on the fold's training
/// rows of all symbols, and writes a checkpoint a fold for `training.warm_start`.
///
/// # Errors
/// When the config, the data, the device or the disk do not allow it. The run is then marked failed.
pub fn pretrain(request: &TrainRequest, watch: &mut dyn Watch) -> anyhow::Result<PretrainOutcome> {
    let opened = open(request, Purpose::Pretraining, now_ms())?;
    if !request.resume {
        write_folds(&opened.folder.pretraining(), &[])?;
    }
    let checkpoints = opened.folder.checkpoints().join(opened.config.net.kind());
    let done = tracked(&opened, false, watch, |run, observer| run_steps(request, run, observer))?;
    Ok(PretrainOutcome {
        run_folder: opened.folder.path().to_owned(),
        store: request.store.clone(),
        checkpoints,
        stopped: done.result.is_none(),
        folds: done.result.unwrap_or_default(),
        tracking_url: done.tracking_url,
    })
}

/// The work itself; `None` when it was stopped after a checkpoint.
fn run_steps(
    request: &TrainRequest,
    run: &Run<'_>,
    observer: &mut RunObserver<'_>,
) -> anyhow::Result<Option<Vec<PretrainedFold>>> {
    let Run { folder, config, journal, .. } = *run;
    check_config(config)?;
    let LaidOut { prepared, folds, last, reach } = lay_out(request, run, observer)?;

    let masks = config.pretraining.clone().unwrap_or_default();
    let mut done = Vec::new();
    for fold in folds.iter().chain(&last) {
        let rows = held_out(&prepared, fold, masks.held_out, reach)?;
        let place = checkpoint_folder(folder, config, &fold.name);
        let Some(fold) = run_fold(request, run, (&prepared, &rows, &place), &masks, observer)?
        else {
            return Ok(None);
        };
        done.push(fold);
        journal.record(Event::Artifact { path: relative(folder, &place) })?;
    }
    write_folds(&folder.pretraining(), &done)?;
    journal.record(Event::Artifact { path: relative(folder, &folder.pretraining()) })?;
    Ok(Some(done))
}

/// Trains the body of one fold, or goes on with it.
fn run_fold(
    request: &TrainRequest,
    run: &Run<'_>,
    (prepared, fold, place): (&Prepared, &Fold, &Path),
    masks: &PretrainingConfig,
    observer: &mut RunObserver<'_>,
) -> anyhow::Result<Option<PretrainedFold>> {
    let mut config = run.config.clone();
    config.training.seeds = 1;
    // The only measure there is without labels.
    config.training.early_stopping.monitor = Monitor::ValidLoss;
    let device = &request.device;
    let member = members(&config, &fold.name, place).swap_remove(0);
    let mut inputs = FoldInputs::fit(&config, prepared, fold, device)?.masked(masks.clone());
    let heads = HeadsConfig::none();
    let job = training::Job { heads: &heads, ..inputs.job(&member, fold, device) };
    let fitted = training::fit(&job, observer);
    observer.check()?;
    let Fitted::Finished(outcome) =
        fitted.with_context(|| format!("failed to pre-train {}", fold.name))?
    else {
        return Ok(None);
    };
    let ReconstructionLosses { zeros, means } = reconstruction_baselines(&job)?;
    let done = PretrainedFold {
        name: fold.name.clone(),
        train_rows: fold.train.len() as u64,
        held_out_rows: fold.valid.len() as u64,
        steps: outcome.steps,
        epochs: outcome.epochs,
        loss: outcome.best_score,
        zeros,
        means,
    };
    observer.note(&format!(
        "{}: masked cells cost {:.4} at step {} of {}, {zeros:.4} of zeros and {means:.4} of each feature's mean",
        done.name, done.loss, outcome.best_step, outcome.steps
    ));
    for (name, value) in [("loss", done.loss), ("zeros", zeros), ("means", means)] {
        let key = format!("pretraining/{}/{name}", done.name);
        run.journal.record(Event::Metric { key, value, step: 0 })?;
    }
    Ok(Some(done))
}

/// The fold's training rows alone: trained on but for the end of their period, which chooses the epoch.
/// No window of the one part reaches into the other, and neither part has a row at or after the fold's
/// validation start.
fn held_out(prepared: &Prepared, fold: &Fold, share: f64, reach: usize) -> anyhow::Result<Fold> {
    let decision = |row: u32| prepared.times[row as usize].decision;
    let before: Vec<u32> =
        fold.train.iter().copied().filter(|&row| decision(row) < fold.valid_span.start).collect();
    let mut times: Vec<i64> = before.iter().map(|&row| decision(row)).collect();
    times.sort_unstable();
    times.dedup();
    let at = (times.len() as f64 * (1.0 - share)).floor() as usize;
    let few = || {
        PipelineError::Data(format!(
            "the training period of {} is too short to hold out a share of {share} of it for pre-training; \
             give folds.min_train more, shorten the window or change pretraining.held_out",
            fold.name
        ))
    };
    let cut = *times.get(at).ok_or_else(few)?;
    let end = times.last().copied().unwrap_or(cut) + 1;
    let first = cut - (reach.max(1) as i64 - 1) * prepared.pool.interval.ms();
    let (mut train, mut valid) = (Vec::new(), Vec::new());
    for row in before {
        let time = decision(row);
        if time >= cut {
            valid.push(row);
        } else if time < first {
            train.push(row);
        }
    }
    if train.is_empty() || valid.is_empty() {
        return Err(few().into());
    }
    Ok(Fold {
        name: fold.name.clone(),
        train,
        valid,
        test: Vec::new(),
        train_span: Span { start: fold.train_span.start, end: first },
        valid_span: Span { start: cut, end },
        test_span: Span { start: end, end },
    })
}

/// What a pre-training cannot do.
fn check_config(config: &RunConfig) -> anyhow::Result<()> {
    let wrong = |text: &str| Err(PipelineError::Config(text.to_owned()).into());
    if !matches!(config.folds, FoldConfig::WalkForward(_)) {
        return wrong(
            "pre-training takes the rows before a fold's validation period, and folds of purged_k_fold train on \
             later ones; set folds.scheme to walk_forward",
        );
    }
    if config.training.mixup.is_some() {
        return wrong(
            "training.mixup mixes windows, and pre-training fills in whole ones; set it to null",
        );
    }
    Ok(())
}

fn write_folds(path: &Path, folds: &[PretrainedFold]) -> anyhow::Result<()> {
    let content = Pretraining { schema_version: PRETRAINING_VERSION, folds };
    Ok(write_atomic(path, (serde_json::to_string_pretty(&content)? + "\n").as_bytes())?)
}
