//! The losses of all heads, and their weighted sum.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::forecast::CLASSES;
use crate::windows::Targets;

use super::Net;
use super::heads::VolatilityLoss;
use super::heads::{
    ClassWeights, DirectionHead, HeadOutputs, HeadsConfig, ReturnLoss, TaskWeights,
};

/// Denominators below it count as it: a batch of weight 0 has loss 0, not NaN.
const LEAST_WEIGHT: f32 = 1e-12;

/// Targets of a batch on the device, without autodiff: all `[B]`.
#[derive(Debug, Clone)]
pub struct BatchTargets {
    /// Direction class: 0 down, 1 neutral, 2 up.
    pub class: Tensor<1, Int>,
    /// Scaled forward return.
    pub forward_return: Tensor<1>,
    /// Standardised log volatility.
    pub log_volatility: Tensor<1>,
    /// Weight of the row in every loss.
    pub weight: Tensor<1>,
}

impl BatchTargets {
    /// The targets of `rows` (pooled rows, in the order of the batch).
    #[must_use]
    pub fn new(targets: &Targets, rows: &[u32], device: &Device) -> Self {
        let device = device.clone().inner();
        let float = |values: &[f32]| {
            let values: Vec<f32> = rows.iter().map(|&row| values[row as usize]).collect();
            Tensor::<1>::from_data(TensorData::new(values, [rows.len()]), &device)
        };
        let class: Vec<i32> =
            rows.iter().map(|&row| i32::from(targets.class[row as usize])).collect();
        Self {
            class: Tensor::from_data(TensorData::new(class, [rows.len()]), &device),
            forward_return: float(&targets.forward_return),
            log_volatility: float(&targets.log_volatility),
            weight: float(&targets.weight),
        }
    }
}

/// Losses of a batch, each `[1]`; `None` where a head is switched off.
#[derive(Debug, Clone)]
pub struct TaskLosses {
    /// What is minimised.
    pub total: Tensor<1>,
    /// Cross-entropy of the direction, unweighted by task.
    pub direction: Option<Tensor<1>>,
    /// Huber loss or negative log likelihood of the return, unweighted by task.
    pub return_: Option<Tensor<1>>,
    /// Squared or Huber error of the log volatility, unweighted by task.
    pub volatility: Option<Tensor<1>>,
}

/// The losses of all heads, each the mean over rows weighted by [`BatchTargets::weight`].
///
/// * Direction: cross-entropy with class weights and label smoothing as PyTorch's
///   `CrossEntropyLoss(weight, label_smoothing)`, whose mean divides by the weights of the labels.
/// * Return: `HuberLoss(delta)`, or ½ (s + e² exp(-s)) with the learned log variance s.
/// * Volatility: squared error or `HuberLoss(delta)`.
///
/// With `task_weights: uncertainty` a task's loss L with learned log variance s enters as
/// exp(-s) L + s/2 (cross-entropy, Huber) or ½ exp(-s) L + s/2 (squared error), after Kendall, Gal
/// and Cipolla (2018). A Gaussian return head learns its own variance and enters as it is: its
/// likelihood can be negative, and a second variance on top would run off to minus infinity.
#[must_use]
pub fn multitask_loss(
    outputs: &HeadOutputs,
    targets: &BatchTargets,
    net: &Net,
    heads: &HeadsConfig,
    class_weights: &[f32; CLASSES],
) -> TaskLosses {
    let direction = outputs
        .direction
        .clone()
        .map(|logits_bk| direction_loss(logits_bk, targets, &heads.direction, class_weights));
    let return_ = outputs.return_.clone().map(|output| {
        let error = column(&output, 0) - targets.forward_return.clone();
        let loss = match heads.return_.loss {
            ReturnLoss::Huber => huber(error, heads.return_.delta),
            ReturnLoss::Gaussian => {
                let log_variance = column(&output, 1);
                (log_variance.clone() + error.square() * log_variance.neg().exp()) * 0.5
            }
        };
        weighted_mean(loss, targets.weight.clone())
    });
    let volatility = outputs.volatility.clone().map(|output| {
        let error = column(&output, 0) - targets.log_volatility.clone();
        let loss = match heads.volatility.loss {
            VolatilityLoss::Squared => error.square(),
            VolatilityLoss::Huber => huber(error, heads.volatility.delta),
        };
        weighted_mean(loss, targets.weight.clone())
    });
    let tasks = [&direction, &return_, &volatility];
    let shares = match (heads.task_weights, net.task_log_variance()) {
        (TaskWeights::Uncertainty, Some(log_variance)) => {
            uncertainty_shares(tasks, &log_variance, heads)
        }
        (TaskWeights::Uncertainty, None) => fixed_shares(tasks, [1.0; 3]),
        (TaskWeights::Fixed { direction, return_, volatility }, _) => {
            fixed_shares(tasks, [direction, return_, volatility])
        }
    };
    let zero = || Tensor::zeros([1], &targets.weight.device());
    let total = shares.into_iter().reduce(|sum, share| sum + share).unwrap_or_else(zero);
    TaskLosses { total, direction, return_, volatility }
}

/// Class weights for the loss, counted over the classes of the training rows.
///
/// Balanced weights are rows / (3 × rows of the class), as scikit-learn's; a class that never comes
/// gets 0.
#[must_use]
pub fn class_weights(head: &DirectionHead, classes: impl Iterator<Item = u8>) -> [f32; CLASSES] {
    if head.class_weights == ClassWeights::None {
        return [1.0; CLASSES];
    }
    let mut counts = [0_usize; CLASSES];
    for class in classes {
        if let Some(count) = counts.get_mut(usize::from(class)) {
            *count += 1;
        }
    }
    let rows: usize = counts.iter().sum();
    counts.map(|count| if count == 0 { 0.0 } else { rows as f32 / (CLASSES * count) as f32 })
}

fn direction_loss(
    logits_bk: Tensor<2>,
    targets: &BatchTargets,
    head: &DirectionHead,
    class_weights: &[f32; CLASSES],
) -> Tensor<1> {
    let batch = logits_bk.dims()[0];
    let weight_k = TensorData::new(class_weights.to_vec(), [CLASSES]);
    let weight_k = Tensor::<1>::from_data(weight_k, &targets.weight.device());
    let weight_b = weight_k.clone().select(0, targets.class.clone());
    let log_p_bk = log_softmax(logits_bk, 1);
    let label_b1 = targets.class.clone().reshape([batch, 1]);
    let nll_b = log_p_bk.clone().gather(1, label_b1).reshape([batch]).neg();
    let mut loss_b = nll_b * weight_b.clone();
    let smoothing = head.label_smoothing;
    if smoothing > 0.0 {
        let spread_b = (log_p_bk * weight_k.unsqueeze()).sum_dim(1).reshape([batch]).neg();
        loss_b = loss_b * (1.0 - smoothing) + spread_b * (smoothing / CLASSES as f32);
    }
    let rows_b = targets.weight.clone();
    (loss_b * rows_b.clone()).sum() / (weight_b * rows_b).sum().clamp_min(LEAST_WEIGHT)
}

fn weighted_mean(loss_b: Tensor<1>, weight_b: Tensor<1>) -> Tensor<1> {
    (loss_b * weight_b.clone()).sum() / weight_b.sum().clamp_min(LEAST_WEIGHT)
}

/// ½ e² within delta, delta (|e| - ½ delta) beyond (Huber 1964).
fn huber(error: Tensor<1>, delta: f32) -> Tensor<1> {
    let size = error.abs();
    let inner = size.clone().clamp_max(delta);
    inner.clone().square() * 0.5 + (size - inner) * delta
}

fn column(output: &Tensor<2>, column: usize) -> Tensor<1> {
    let batch = output.dims()[0];
    output.clone().narrow(1, column, 1).reshape([batch])
}

fn fixed_shares(tasks: [&Option<Tensor<1>>; 3], weights: [f32; 3]) -> Vec<Tensor<1>> {
    tasks
        .into_iter()
        .zip(weights)
        .filter_map(|(loss, weight)| loss.clone().map(|loss| loss * weight))
        .collect()
}

fn uncertainty_shares(
    tasks: [&Option<Tensor<1>>; 3],
    log_variance: &Tensor<1>,
    heads: &HeadsConfig,
) -> Vec<Tensor<1>> {
    let scales = [
        Some(1.0),
        (heads.return_.loss == ReturnLoss::Huber).then_some(1.0),
        Some(if heads.volatility.loss == VolatilityLoss::Squared { 0.5 } else { 1.0 }),
    ];
    let share = |(task, loss): (usize, Tensor<1>)| match scales[task] {
        None => loss,
        Some(scale) => {
            let log_variance = log_variance.clone().narrow(0, task, 1);
            loss * log_variance.clone().neg().exp() * scale + log_variance * 0.5
        }
    };
    let losses = tasks.into_iter().enumerate();
    losses.filter_map(|(task, loss)| loss.clone().map(|loss| share((task, loss)))).collect()
}
