//! How well the net does on the validation rows.

use burn::tensor::activation::softmax;
use burn::tensor::{Tensor, TensorData};

use super::batches::padded_batches;
use super::state::LOSS_COUNT;
use super::step::loss_parts;
use super::{Job, Monitor, TrainingError};
use crate::forecast::CLASSES;
use crate::nets::{BatchTargets, Net, multitask_loss};
use crate::scores::{Counts, likeliest, log_losses, mcc};
use crate::windows::gather;

/// Number of losses: total, direction, return, volatility.
const LOSSES: usize = LOSS_COUNT - 1;

/// Measures on the validation rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// Total, direction, return and volatility loss: means over batches weighted by the rows'
    /// weights; 0 for a head that is off.
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
    let mut sums = [0.0; LOSSES];
    let mut total_weight = 0.0;
    let mut probability: Vec<[f32; CLASSES]> = Vec::with_capacity(job.valid.len());
    for (rows, real) in padded_batches(job.valid, job.training.batch_size) {
        if stop_requested() {
            return Ok(None);
        }
        let outputs = net.forward(gather(job.table, &rows, job.window), None);
        let mut targets = BatchTargets::new(job.targets, &rows, job.device);
        let mut weights: Vec<f32> =
            rows.iter().map(|&row| job.targets.weight[row as usize]).collect();
        weights[real..].fill(0.0);
        let weight: f64 = weights.iter().copied().map(f64::from).sum();
        let length = weights.len();
        let device = targets.weight.device();
        targets.weight = Tensor::from_data(TensorData::new(weights, [length]), &device);
        let losses = multitask_loss(&outputs, &targets, net, job.heads, &job.class_weights);
        let losses = host(Tensor::cat(loss_parts(losses).to_vec(), 0))?;
        for (sum, loss) in sums.iter_mut().zip(losses) {
            *sum += f64::from(loss) * weight;
        }
        total_weight += weight;
        if let Some(logits_bk) = outputs.direction {
            let values = host(softmax(logits_bk, 1).reshape([length * CLASSES]))?;
            probability.extend(&values.as_chunks::<CLASSES>().0[..real]);
        }
    }
    let direction = (!probability.is_empty()).then(|| direction_scores(job, &probability));
    Ok(Some(Validation { losses: sums.map(|sum| sum / total_weight), direction }))
}

fn direction_scores(job: &Job<'_>, probability: &[[f32; CLASSES]]) -> DirectionScores {
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
