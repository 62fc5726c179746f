//! One fold: fit thresholds, scaler and target scale on its training rows, train, forecast.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use burn::tensor::Device;

use super::PipelineError;
use super::forecast_rows::forecast_rows;
use super::members::{Member, members};
use super::observe::RunObserver;
use super::prepare::Prepared;
use crate::config::RunConfig;
use crate::ensemble::average;
use crate::folds::Fold;
use crate::forecast::{ByClass, Forecast};
use crate::labels::{DirectionThresholds, training_weights};
use crate::nets::class_weights;
use crate::run_folder::{member_name, read_members, write_members};
use crate::training::{
    self, BEST, CHECKPOINT_VERSION, CheckpointMeta, Fitted, FoldSpans, Job, Observer,
    PretrainingConfig,
};
use crate::windows::{Scaler, Table, TargetScale, Targets, targets};

/// How a fold's training ended.
#[derive(Debug)]
pub enum FoldOutcome {
    /// Trained; the forecasts of its test rows by its best checkpoint, or by those of its members.
    Finished(FoldForecasts),
    /// Stopped after a checkpoint.
    Stopped,
}

/// What a fold's models say about rows.
#[derive(Debug, Default)]
pub struct FoldForecasts {
    /// The model's forecasts: a net's own, or the mean of an ensemble's members.
    pub model: Vec<Forecast>,
    /// Those of each member of an ensemble, one member after another; empty for a single net.
    pub members: Vec<Forecast>,
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
        let table = table_of(&meta, prepared, device)?;
        let mut targets = targets(&prepared.labels, &meta.thresholds, &meta.target_scale);
        let weights =
            training_weights(&config.labels.weights, &prepared.labels, fold, &prepared.series)?;
        targets.weigh(&fold.train, &weights);
        let class_weights =
            class_weights(&config.heads.direction, config.labels.classes, &targets, &fold.train);
        Ok(Self { meta, table, targets, class_weights })
    }

    /// For a pre-training with these masks.
    #[must_use]
    pub fn masked(mut self, masks: PretrainingConfig) -> Self {
        self.meta.pretraining = Some(masks);
        // A body is trained on one window at a time.
        self.meta.cross_symbol = None;
        self.table.symbols = None;
        self
    }

    /// The training of a member of the fold, with its checkpoints in the member's folder.
    pub fn job<'a>(
        &'a mut self,
        member: &'a Member,
        fold: &'a Fold,
        device: &'a Device,
    ) -> Job<'a> {
        let config = &member.config;
        self.meta.seed = config.seed;
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
            folder: &member.folder,
            label: &member.label,
        }
    }
}

/// The rows of `prepared` as the net of `meta` reads them.
///
/// # Errors
/// When they lack something that it reads.
pub fn table_of(
    meta: &CheckpointMeta,
    prepared: &Prepared,
    device: &Device,
) -> anyhow::Result<Table> {
    let views = meta.views().map_err(PipelineError::Config)?;
    let table = Table::new(&prepared.pool, &meta.scaler, views, device)?;
    Ok(match meta.cross_symbol {
        Some(_) => table.with_symbols(&prepared.pool, &prepared.ledger),
        None => table,
    })
}

/// Trains the net of `fold` in `folder` (or goes on there), or all members of an ensemble one after
/// another, and forecasts the fold's test rows.
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
    let mut inputs = FoldInputs::fit(config, prepared, fold, device)?;
    let members = members(config, &fold.name, folder);
    for (index, member) in members.iter().enumerate() {
        observer.member(index + 1, members.len());
        let fitted = training::fit(&inputs.job(member, fold, device), observer);
        observer.check()?;
        match fitted.with_context(|| format!("failed to train {}", member.label))? {
            Fitted::Stopped { .. } => return Ok(FoldOutcome::Stopped),
            Fitted::Finished(outcome) => observer.note(&format!(
                "{}: best {} {:.4} at step {} of {}",
                member.label,
                config.training.early_stopping.monitor.name(),
                outcome.best_score,
                outcome.best_step,
                outcome.steps
            )),
        }
    }
    if members.len() > 1 {
        let names = members.iter().map(|member| member_name(member.config.seed)).collect();
        write_members(folder, names)?;
    }
    Ok(FoldOutcome::Finished(replay(folder, prepared, &inputs.table, &fold.test, device)?))
}

/// The forecasts of `rows` by the best checkpoint in `folder`, or by those of an ensemble's members.
///
/// # Errors
/// When a checkpoint is missing or damaged, or a member is not trained.
pub fn replay(
    folder: &Path,
    prepared: &Prepared,
    table: &Table,
    rows: &[u32],
    device: &Device,
) -> anyhow::Result<FoldForecasts> {
    if rows.is_empty() {
        return Ok(FoldForecasts::default());
    }
    let forecast = |folder: &Path| {
        let (net, meta) = training::load(&folder.join(BEST), device)?;
        let predictions = training::predict(&net, &meta, table, rows, PREDICT_BATCH)?;
        anyhow::Ok((forecast_rows(&meta, prepared, rows, &predictions), meta.model))
    };
    let Some(members) = read_members(folder)? else {
        return Ok(FoldForecasts { model: forecast(folder)?.0, members: Vec::new() });
    };
    let (mut all, mut model) = (Vec::new(), String::new());
    for (name, folder) in members {
        let (mut rows, own) = forecast(&folder)?;
        let named: Arc<str> = Arc::from(format!("{own}.{name}"));
        for row in &mut rows {
            row.model = Arc::clone(&named);
        }
        all.push(rows);
        model = own;
    }
    let mean = average(&all, &Arc::from(model))
        .with_context(|| format!("failed to average the members in {}", folder.display()))?;
    Ok(FoldForecasts { model: mean, members: all.into_iter().flatten().collect() })
}

/// What the fold's model in `folder` says about itself: of an ensemble, what its first member says.
///
/// # Errors
/// When there is no intact checkpoint.
pub fn read_meta(folder: &Path, device: &Device) -> anyhow::Result<CheckpointMeta> {
    let members = read_members(folder)?.unwrap_or_default();
    let folder = members.first().map_or(folder, |(_, folder)| folder);
    let meta = training::load(&folder.join(BEST), device)?.1;
    if meta.pretraining.is_some() {
        return Err(PipelineError::Config(format!(
            "{} holds a body of a pre-training, which forecasts nothing; train a config whose \
             training.warm_start names the folder above it",
            folder.display()
        ))
        .into());
    }
    Ok(meta)
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
        cross_symbol: config.cross_symbol.clone(),
        pretraining: None,
    })
}
