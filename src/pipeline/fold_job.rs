//! One fold: fit thresholds, scaler and target scale on its training rows, train, forecast.

use std::path::Path;

use anyhow::Context;
use burn::tensor::Device;

use super::PipelineError;
use super::forecast_rows::forecast_rows;
use super::observe::RunObserver;
use super::prepare::Prepared;
use crate::config::RunConfig;
use crate::folds::Fold;
use crate::forecast::{ByClass, Forecast};
use crate::labels::{DirectionThresholds, training_weights};
use crate::nets::class_weights;
use crate::training::{
    self, BEST, CHECKPOINT_VERSION, CheckpointMeta, Fitted, FoldSpans, Job, Observer,
};
use crate::windows::{Scaler, Table, TargetScale, Targets, targets};

/// How a fold's training ended.
#[derive(Debug)]
pub enum FoldOutcome {
    /// Trained; the forecasts of its test rows by its best checkpoint.
    Finished(Vec<Forecast>),
    /// Stopped after a checkpoint.
    Stopped,
}

/// What a fold's net is trained on: everything in it is fitted on the fold's training rows.
#[derive(Debug)]
pub struct FoldInputs {
    meta: CheckpointMeta,
    table: Table,
    targets: Targets,
    class_weights: ByClass<f32>,
}

impl FoldInputs {
    /// Fits thresholds, scaler, units and weights on the training rows of `fold`.
    ///
    /// # Errors
    /// When something cannot be fitted.
    pub fn fit(
        config: &RunConfig,
        prepared: &Prepared,
        fold: &Fold,
        device: &Device,
    ) -> anyhow::Result<Self> {
        let meta = describe(config, prepared, fold)?;
        let views = meta.views().map_err(PipelineError::Config)?;
        let table = Table::new(&prepared.pool, &meta.scaler, views, device)?;
        let mut targets = targets(&prepared.labels, &meta.thresholds, &meta.target_scale);
        let weights =
            training_weights(&config.labels.weights, &prepared.labels, fold, &prepared.series)?;
        targets.weigh(&fold.train, &weights);
        let class_weights =
            class_weights(&config.heads.direction, config.labels.classes, &targets, &fold.train);
        Ok(Self { meta, table, targets, class_weights })
    }

    /// The fold's training, with its checkpoints in `folder`.
    pub fn job<'a>(
        &'a self,
        config: &'a RunConfig,
        fold: &'a Fold,
        device: &'a Device,
        folder: &'a Path,
    ) -> Job<'a> {
        Job {
            net: &config.net,
            heads: &config.heads,
            training: &config.training,
            seed: config.seed,
            device,
            table: &self.table,
            targets: &self.targets,
            class_weights: self.class_weights,
            train: &fold.train,
            valid: &fold.valid,
            meta: &self.meta,
            folder,
            label: &fold.name,
        }
    }
}

/// Trains the net of `fold` in `folder` (or goes on there) and forecasts the fold's test rows.
///
/// # Errors
/// When something cannot be fitted, trained or written.
pub fn run_fold(
    config: &RunConfig,
    prepared: &Prepared,
    fold: &Fold,
    device: &Device,
    folder: &Path,
    observer: &mut RunObserver<'_>,
) -> anyhow::Result<FoldOutcome> {
    let inputs = FoldInputs::fit(config, prepared, fold, device)?;
    let fitted = training::fit(&inputs.job(config, fold, device, folder), observer);
    observer.check()?;
    match fitted.with_context(|| format!("failed to train {}", fold.name))? {
        Fitted::Stopped { .. } => Ok(FoldOutcome::Stopped),
        Fitted::Finished(outcome) => {
            observer.note(&format!(
                "{}: best {} {:.4} at step {} of {}",
                fold.name,
                config.training.early_stopping.monitor.name(),
                outcome.best_score,
                outcome.best_step,
                outcome.steps
            ));
            let forecasts = replay(folder, prepared, &inputs.table, &fold.test, device)?;
            Ok(FoldOutcome::Finished(forecasts))
        }
    }
}

/// The forecasts of `rows` by the best checkpoint in `folder`.
///
/// # Errors
/// When the checkpoint is missing or damaged.
pub fn replay(
    folder: &Path,
    prepared: &Prepared,
    table: &Table,
    rows: &[u32],
    device: &Device,
) -> anyhow::Result<Vec<Forecast>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let (net, meta) = training::load(&folder.join(BEST), device)?;
    let predictions = training::predict(&net, &meta, table, rows, PREDICT_BATCH)?;
    Ok(forecast_rows(&meta, prepared, rows, &predictions))
}

/// Samples a prediction batch; the same everywhere, so that a replay is equal bit for bit.
pub const PREDICT_BATCH: usize = 512;

fn describe(
    config: &RunConfig,
    prepared: &Prepared,
    fold: &Fold,
) -> anyhow::Result<CheckpointMeta> {
    let pool = &prepared.pool;
    Ok(CheckpointMeta {
        schema_version: CHECKPOINT_VERSION,
        model: config.net.kind().to_owned(),
        net: config.net.clone(),
        heads: config.heads.clone(),
        window: config.window,
        interval: config.data.interval,
        context: config.data.context.clone(),
        candles: config.data.candles,
        instruments: pool.instruments.clone(),
        features: config.features.clone(),
        feature_names: pool.names.clone(),
        scaler: Scaler::fit(&config.scaler, pool, fold)?,
        labels: config.labels.clone(),
        classes: config.labels.classes.names().iter().map(|&name| name.to_owned()).collect(),
        thresholds: DirectionThresholds::fit(&config.labels, &prepared.labels, fold)?,
        target_scale: TargetScale::fit(&prepared.labels, fold)?,
        fold: FoldSpans {
            name: fold.name.clone(),
            train: fold.train_span,
            valid: fold.valid_span,
            test: fold.test_span,
        },
        data: prepared.data.clone(),
        seed: config.seed,
    })
}
