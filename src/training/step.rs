//! One step of the optimiser.

use burn::tensor::Tensor;

use super::augment::augmented;
use super::ema::average;
use super::fit::Training;
use super::state::{LOSS_COUNT, LOSS_NAMES};
use super::swa::{averaged_epochs, include};
use super::{Job, TrainingError, clip_gradient, pretraining};
use crate::nets::{BatchTargets, TaskLosses, TrainingPass, multitask_loss};

/// A step's losses and gradient norm, still on the device.
#[derive(Debug)]
pub struct Pending {
    /// Number of the step, from 1.
    pub step: u64,
    /// Its learning rate.
    pub learning_rate: f64,
    /// In the order of [`LOSS_NAMES`].
    pub losses: Tensor<1>,
}

/// Makes the next step on the samples that end at `rows`, in as many micro-batches as the job asks
/// for. Their gradients are averaged; running statistics move with each of them, as in PyTorch.
pub fn step(
    job: &Job<'_>,
    training: &mut Training,
    rows: &[u32],
    learning_rate: f64,
) -> Result<Pending, TrainingError> {
    let number = training.state.step + 1;
    let mut pass = TrainingPass::new(job.seed, number, job.device);
    let parts = rows.len().div_ceil(job.batch_size());
    let mut sums: Option<(Tensor<1>, Tensor<1>)> = None;
    for (index, rows) in rows.chunks(job.batch_size()).enumerate() {
        let (gradient, losses) = micro_batch(job, training, rows, index as u64, &mut pass)?;
        sums = Some(match sums {
            None => (gradient, losses),
            Some((sum, loss)) => (sum + gradient, loss + losses),
        });
        if index + 1 < parts {
            move_statistics(training, &pass);
        }
    }
    let Some((mut gradient, mut losses)) = sums else {
        return Err(TrainingError::NoSamples { label: job.label.to_owned(), what: "training" });
    };
    if parts > 1 {
        gradient = gradient / parts as f64;
        losses = losses / parts as f64;
    }
    if let Some(frozen) = &training.frozen {
        gradient = gradient.mask_fill(frozen.clone(), 0.0);
    }
    let (gradient, norm) = clip_gradient(gradient, job.training.gradient_clip);
    let before = training.weights.clone();
    let moved =
        training.optimizer.update(job.training, before.clone(), gradient, learning_rate, number);
    let moved = training.net.constrained(moved, &pass);
    training.weights = training.keep_frozen(moved, &before);
    // No gradient moves running statistics, so their moments are 0 and the optimiser leaves them.
    if let Some(change) = training.net.flat_statistics(&pass) {
        training.weights = training.keep_frozen(training.weights.clone() + change, &before);
    }
    move_average(job, training, number);
    training.net = training.net.clone().with_flat_parameters(&training.weights);
    Ok(Pending { step: number, learning_rate, losses: Tensor::cat(vec![losses, norm], 0) })
}

/// Gradient `[P]` and losses of one micro-batch.
fn micro_batch(
    job: &Job<'_>,
    training: &Training,
    rows: &[u32],
    index: u64,
    pass: &mut TrainingPass,
) -> Result<(Tensor<1>, Tensor<1>), TrainingError> {
    let (net, place) = (&training.net, (training.state.step + 1, index));
    if let Some(config) = &job.meta.pretraining {
        return pretraining::micro_batch(job, config, net, rows, place, pass);
    }
    let (x, mix) = augmented(job, rows, place, pass)?;
    let outputs = net.forward(x, Some(pass));
    let objective = job.objective();
    let targets = BatchTargets::new(job.targets, rows, job.device);
    let own = multitask_loss(&outputs, &targets, net, &objective);
    // With mixed windows the tasks' pace is taken by the first halves' labels.
    net.balance_tasks(&outputs, &targets, &objective, pass);
    let (total, parts) = match mix {
        None => (own.total.clone(), flat(own)),
        Some(mix) => {
            let targets = BatchTargets::new(job.targets, &mix.rows, job.device);
            let (share, other) = (mix.share, multitask_loss(&outputs, &targets, net, &objective));
            let total = own.total.clone() * share + other.total.clone() * (1.0 - share);
            (total, flat(own) * share + flat(other) * (1.0 - share))
        }
    };
    Ok((net.flat_gradients(&total.backward()), parts))
}

fn flat(losses: TaskLosses) -> Tensor<1> {
    Tensor::cat(loss_parts(losses).to_vec(), 0)
}

/// Moves the running statistics of the net by what the last forward pass noted.
fn move_statistics(training: &mut Training, pass: &TrainingPass) {
    if let Some(change) = training.net.flat_statistics(pass) {
        let before = training.weights.clone();
        training.weights = training.keep_frozen(before.clone() + change, &before);
        training.net = training.net.clone().with_flat_parameters(&training.weights);
    }
}

/// Takes the weights after step number `number` into the average that is asked for.
fn move_average(job: &Job<'_>, training: &mut Training, number: u64) {
    let old = training.average.take();
    let weights = &training.weights;
    training.average = match (job.training.ema, old) {
        (Some(decay), Some(old)) => {
            Some(training.keep_frozen(average(old, weights, decay, number), weights))
        }
        (_, old) => {
            let count = averaged_epochs(job.training, number, job.steps_per_epoch());
            let ends_epoch = number.is_multiple_of(job.steps_per_epoch());
            if count > 0 && ends_epoch { Some(include(old, weights, count)) } else { old }
        }
    };
}

/// Total, direction, return and volatility loss, each `[1]` without autodiff; 0 for a head that is
/// off.
pub fn loss_parts(losses: TaskLosses) -> [Tensor<1>; LOSS_COUNT - 1] {
    let total = losses.total.inner();
    let part = |loss: Option<Tensor<1>>| loss.map_or_else(|| total.zeros_like(), Tensor::inner);
    [total.clone(), part(losses.direction), part(losses.return_), part(losses.volatility)]
}

/// Losses and gradient norms of steps on the host, in one transfer. The first that is no finite
/// number is an error, after `failed` was told its name, value and step.
pub fn read_losses(
    job: &Job<'_>,
    pending: &mut Vec<Pending>,
    mut failed: impl FnMut(&str, f64, u64),
) -> Result<Vec<[f64; LOSS_COUNT]>, TrainingError> {
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    let losses = pending.iter().map(|step| step.losses.clone()).collect();
    let values: Vec<f32> =
        Tensor::cat(losses, 0).try_into_vec_as().map_err(|error| TrainingError::device(&error))?;
    let (values, _) = values.as_chunks::<LOSS_COUNT>();
    let mut read = Vec::with_capacity(values.len());
    for (step, values) in pending.drain(..).zip(values) {
        let values = values.map(f64::from);
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            let (value, what) = (values[index], LOSS_NAMES[index]);
            failed(what, value, step.step);
            return Err(TrainingError::NotFinite {
                label: job.label.to_owned(),
                what: what.to_owned(),
                value,
                step: step.step,
                learning_rate: step.learning_rate,
            });
        }
        read.push(values);
    }
    Ok(read)
}
