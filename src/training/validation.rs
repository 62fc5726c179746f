//! How well the net does on the validation rows.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use super::batches::padded_batches;
use super::pretraining::reconstruction_loss;
use super::state::LOSS_COUNT;
use super::step::loss_parts;
use super::{Job, Monitor, TrainingError};
use crate::forecast::ByClass;
use crate::nets::{BatchTargets, Net, TASKS, multitask_loss, row_weights};
use crate::scores::{Counts, likeliest, log_losses, mcc};
use crate::windows::gather;

/// Number of losses: total, direction, return, volatility.
const LOSSES: usize = LOSS_COUNT - 1;

/// Measures on the validation rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// Total, direction, return and volatility loss: means over batches weighted by the rows'
    /// weights, for a task's loss by those of the rows that have its label; 0 for a head that is off.
    pub losses: [f64; LOSSES],
    /// Measures of the direction head, every row counted once; `None` without one.
    pub direction: Option<DirectionScores>,
}

/// Measures of the direction head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DirectionScores {
    /// Mean of `-ln p` of the class that came.
    pub log_loss: f64,
    /// Share of rows whose likeliest class came.
    pub accuracy: f64,
    /// Matthews correlation; `None` when all outcomes or all forecasts are of one class.
    pub mcc: Option<f64>,
}

impl Validation {
    /// The monitor's value.
    #[must_use]
    pub fn score(&self, monitor: Monitor) -> f64 {
        let direction =
            |value: fn(&DirectionScores) -> f64| self.direction.as_ref().map_or(f64::NAN, value);
        match monitor {
            Monitor::ValidLoss => self.losses[0],
            Monitor::ValidLogLoss => direction(|scores| scores.log_loss),
            Monitor::ValidAccuracy => direction(|scores| scores.accuracy),
            Monitor::ValidMcc => direction(|scores| scores.mcc.unwrap_or(0.0)),
        }
    }
}

/// Measures `net` (without autodiff) on the job's validation rows; `None` when a stop was asked for
/// on the way.
pub fn validate(
    job: &Job<'_>,
    net: &Net,
    stop_requested: &dyn Fn() -> bool,
) -> Result<Option<Validation>, TrainingError> {
    if job.meta.pretraining.is_some() {
        let loss = reconstruction_loss(job, net, stop_requested)?;
        return Ok(loss.map(|loss| Validation { losses: [loss, 0.0, 0.0, 0.0], direction: None }));
    }
    let mut sums = [0.0_f64; LOSSES];
    let mut weights = [0.0_f64; LOSSES];
    let mut probability: Vec<ByClass<f32>> = Vec::with_capacity(job.valid.len());
    for (rows, real) in padded_batches(job.valid, job.training.batch_size) {
        if stop_requested() {
            return Ok(None);
        }
        let outputs = net.forward(gather(job.table, &rows), None);
        let targets = BatchTargets::counting(job.targets, &rows, real, job.device);
        let losses = multitask_loss(&outputs, &targets, net, &job.objective());
        let losses = host(Tensor::cat(loss_parts(losses).to_vec(), 0))?;
        let batch_weights = batch_weights(job, &rows[..real]);
        for (at, weight) in batch_weights.into_iter().enumerate() {
            sums[at] += f64::from(losses[at]) * weight;
            weights[at] += weight;
        }
        if let Some(logits_bk) = outputs.direction {
            let [batch, classes] = logits_bk.dims();
            let values = host(softmax(logits_bk, 1).reshape([batch * classes]))?;
            probability.extend(values.chunks_exact(classes).take(real).filter_map(ByClass::of));
        }
    }
    let direction = (!probability.is_empty()).then(|| direction_scores(job, &probability));
    // A task without any label has weight 0, and no loss to speak of.
    let mean = |at: usize| if at > 0 && weights[at] == 0.0 { 0.0 } else { sums[at] / weights[at] };
    Ok(Some(Validation { losses: std::array::from_fn(mean), direction }))
}

/// Weight of a batch in the means of the total and of each task's loss.
fn batch_weights(job: &Job<'_>, rows: &[u32]) -> [f64; LOSSES] {
    let mut weights = [0.0; LOSSES];
    for &row in rows {
        weights[0] += f64::from(job.targets.weight[row as usize]);
        let by_task: [f32; TASKS] = row_weights(job.targets, row);
        for (sum, weight) in weights[1..].iter_mut().zip(by_task) {
            *sum += f64::from(weight);
        }
    }
    weights
}

fn direction_scores(job: &Job<'_>, probability: &[ByClass<f32>]) -> DirectionScores {
    let outcome: Vec<u8> = job.valid.iter().map(|&row| job.targets.class[row as usize]).collect();
    let class: Vec<u8> = probability.iter().map(likeliest).collect();
    let counts = Counts::of(&outcome, &class, &vec![1.0; outcome.len()]);
    let losses = log_losses(probability, &outcome);
    let mean = |losses: Vec<f64>| losses.iter().sum::<f64>() / losses.len() as f64;
    DirectionScores {
        log_loss: losses.map_or(f64::INFINITY, mean),
        accuracy: counts.hits() / counts.total(),
        mcc: mcc(&counts),
    }
}

fn host(tensor: Tensor<1>) -> Result<Vec<f32>, TrainingError> {
    tensor.try_into_vec_as().map_err(|error| TrainingError::device(&error))
}
