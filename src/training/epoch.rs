//! Steps of an epoch, and what follows its last one.

use std::time::Instant;

use tracing::info;

use super::fit::Training;
use super::order::epoch_order;
use super::schedule::learning_rate;
use super::state::{Ending, LOSS_NAMES, LossSums};
use super::step::{Pending, read_losses, step};
use super::validation::{Validation, validate};
use super::{Job, Observer, Progress, TrainingError};
use crate::event::Event;
use crate::kernels::Precision;

/// How an epoch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochEnd {
    /// All steps and validation were made.
    Complete,
    /// A stop was asked for; a checkpoint is written.
    Stopped,
}

/// Makes the steps of the epoch at work that are not made yet, validates, and writes checkpoints.
pub fn run_epoch(
    job: &Job<'_>,
    training: &mut Training,
    observer: &mut dyn Observer,
) -> Result<EpochEnd, TrainingError> {
    let order = epoch_order(job.train, job.seed, &job.meta.fold.name, training.state.epoch);
    let samples = job.step_samples();
    let steps = job.steps_per_epoch();
    let began = Instant::now();
    let first = training.state.step_in_epoch;
    let mut pending = Vec::new();
    let mut last_loss = None;
    while training.state.step_in_epoch < steps {
        let start = training.state.step_in_epoch as usize * samples;
        let rate = learning_rate(job.training, training.state.step, job.steps());
        pending.push(step(job, training, &order[start..start + samples], rate)?);
        training.state.step += 1;
        training.state.step_in_epoch += 1;

        let made = training.state.step;
        let at_end = training.state.step_in_epoch == steps;
        let logs = made.is_multiple_of(job.training.log_every_steps);
        if logs || at_end {
            read_back(job, training, &mut pending, observer)?;
        }
        if logs {
            last_loss = emit_interval(job, training, observer).or(last_loss);
        }
        let seen = (training.state.step_in_epoch - first) as f64 * samples as f64;
        observer.progress(&Progress {
            label: job.label,
            epoch: training.state.epoch + 1,
            epochs: job.training.epochs,
            step_in_epoch: training.state.step_in_epoch,
            steps_per_epoch: steps,
            step: made,
            steps: job.steps(),
            loss: last_loss,
            learning_rate: learning_rate(job.training, made - 1, job.steps()),
            samples_per_second: seen / began.elapsed().as_secs_f64().max(1e-9),
            best_score: training.state.best.checkpoint.map(|best| best.score),
        });
        let stops = observer.stop_requested();
        if stops || (!at_end && made.is_multiple_of(job.training.checkpoint_every_steps)) {
            // A checkpoint holds the sums of all its steps, and none is written after a NaN.
            read_back(job, training, &mut pending, observer)?;
            training.save(job)?;
        }
        if stops {
            return Ok(EpochEnd::Stopped);
        }
    }
    finish_epoch(job, training, observer)
}

/// Adds the losses of the steps since the last reading to the sums.
fn read_back(
    job: &Job<'_>,
    training: &mut Training,
    pending: &mut Vec<Pending>,
    observer: &mut dyn Observer,
) -> Result<(), TrainingError> {
    let failed = |what: &str, value, step| {
        metric(observer, &format!("train/{}/{what}", job.label), value, step);
    };
    for losses in read_losses(job, pending, failed)? {
        training.state.epoch_losses.add(&losses);
        training.state.interval_losses.add(&losses);
    }
    Ok(())
}

/// Emits the mean losses since the last time and returns the mean total.
fn emit_interval(
    job: &Job<'_>,
    training: &mut Training,
    observer: &mut dyn Observer,
) -> Option<f64> {
    let sums = std::mem::take(&mut training.state.interval_losses);
    let means = sums.means()?;
    let step = training.state.step;
    for (name, mean) in active(job).zip(means).filter_map(|(name, mean)| Some((name?, mean))) {
        metric(observer, &format!("train/{}/{name}", job.label), mean, step);
    }
    let rate = learning_rate(job.training, step - 1, job.steps());
    metric(observer, &format!("train/{}/learning_rate", job.label), rate, step);
    Some(means[0])
}

/// Names of the losses, `None` for a head that is off.
fn active(job: &Job<'_>) -> impl Iterator<Item = Option<&'static str>> {
    let heads = job.heads;
    let on = [true, heads.direction.enabled, heads.return_.enabled, heads.volatility.enabled, true];
    LOSS_NAMES.into_iter().zip(on).map(|(name, on)| on.then_some(name))
}

/// Validates, notes the best epoch and writes the checkpoint at an epoch's end.
fn finish_epoch(
    job: &Job<'_>,
    training: &mut Training,
    observer: &mut dyn Observer,
) -> Result<EpochEnd, TrainingError> {
    let weights = training.average.as_ref().unwrap_or(&training.weights);
    // Measured as forecasts are made: in full precision.
    let net = job.new_net(Precision::F32, &job.device.clone().inner());
    let net = net.with_flat_parameters(weights);
    let Some(validation) = validate(job, &net, &|| observer.stop_requested())? else {
        training.save(job)?;
        return Ok(EpochEnd::Stopped);
    };
    let state = &mut training.state;
    let means = state.epoch_losses.means().unwrap_or_default();
    emit_epoch(job, state.step, state.epoch + 1, means[0], &validation, observer);
    if !validation.losses[0].is_finite() {
        return Err(TrainingError::NotFinite {
            label: job.label.to_owned(),
            what: "validation loss".to_owned(),
            value: validation.losses[0],
            step: state.step,
            learning_rate: learning_rate(job.training, state.step - 1, job.steps()),
        });
    }
    let stopping = &job.training.early_stopping;
    let score = validation.score(stopping.monitor);
    let best = state.best.observe(stopping, state.step, score);
    state.epoch += 1;
    state.step_in_epoch = 0;
    state.epoch_losses = LossSums::default();
    state.finished = if state.epoch >= job.training.epochs {
        Some(Ending::AllEpochs)
    } else {
        state.best.exhausted(stopping).then_some(Ending::EarlyStopping)
    };
    info!(
        "{} epoch {}: loss {:.5}, {} {score:.5}{}",
        job.label,
        state.epoch,
        means[0],
        stopping.monitor.name(),
        if best { ", the best so far" } else { "" }
    );
    training.save(job)?;
    Ok(EpochEnd::Complete)
}

fn emit_epoch(
    job: &Job<'_>,
    step: u64,
    epoch: u32,
    train_loss: f64,
    validation: &Validation,
    observer: &mut dyn Observer,
) {
    let label = job.label;
    metric(observer, &format!("train/{label}/epoch"), f64::from(epoch), step);
    metric(observer, &format!("train/{label}/epoch_loss"), train_loss, step);
    for (name, loss) in active(job).zip(validation.losses) {
        if let Some(name) = name {
            metric(observer, &format!("valid/{label}/{name}"), loss, step);
        }
    }
    if let Some(direction) = &validation.direction {
        metric(observer, &format!("valid/{label}/log_loss"), direction.log_loss, step);
        metric(observer, &format!("valid/{label}/accuracy"), direction.accuracy, step);
        if let Some(mcc) = direction.mcc {
            metric(observer, &format!("valid/{label}/mcc"), mcc, step);
        }
    }
}

fn metric(observer: &mut dyn Observer, key: &str, value: f64, step: u64) {
    observer.event(Event::Metric { key: key.to_owned(), value, step: step as i64 });
}
