//! The losses of all heads, and their weighted sum.

use burn::tensor::Tensor;

use crate::forecast::ByClass;

use super::Net;
use super::batch_targets::BatchTargets;
use super::heads::{HeadOutputs, HeadsConfig, TASKS, TaskWeights, VolatilityLoss, losses};

/// What is minimised, beside the outputs and the targets of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Objective<'a> {
    /// The heads, with their losses.
    pub heads: &'a HeadsConfig,
    /// Weights of the direction classes.
    pub class_weights: ByClass<f32>,
    /// Log volatility that one unit of the volatility's target stands for: what QLIKE needs to know
    /// variances by.
    pub log_volatility_scale: f32,
}

/// Losses of a batch, each `[1]`; `None` where a head is switched off.
#[derive(Debug, Clone)]
pub struct TaskLosses {
    /// What is minimised.
    pub total: Tensor<1>,
    /// Loss of the direction, unweighted by task.
    pub direction: Option<Tensor<1>>,
    /// Loss of the return, unweighted by task.
    pub return_: Option<Tensor<1>>,
    /// Loss of the volatility, unweighted by task.
    pub volatility: Option<Tensor<1>>,
}

/// The losses of all heads, each the mean over rows by their weights in [`BatchTargets`], and
/// their sum weighted by task.
///
/// With `task_weights: uncertainty` a task's loss L with learned log variance s enters as
/// exp(-s) L + s/2, or ½ exp(-s) L + s/2 for a squared error, after Kendall, Gal and Cipolla (2018).
/// A return head that is a likelihood learns its own scale and enters as it is: it can be negative,
/// and a second variance on top would run off to minus infinity.
#[must_use]
pub fn multitask_loss(
    outputs: &HeadOutputs,
    targets: &BatchTargets,
    net: &Net,
    objective: &Objective<'_>,
) -> TaskLosses {
    let heads = objective.heads;
    let losses = losses(outputs, targets, objective);
    let shares = match (heads.task_weights, net.task_log_variance(), net.task_weight()) {
        (TaskWeights::Uncertainty, Some(log_variance), _) => {
            uncertainty_shares(&losses, &log_variance, heads)
        }
        (TaskWeights::GradNorm { .. }, _, Some(weight)) => {
            shares(&losses, |task, loss| loss * weight.clone().narrow(0, task, 1))
        }
        (TaskWeights::Fixed { direction, return_, volatility }, ..) => {
            let weight = [direction, return_, volatility];
            shares(&losses, |task, loss| loss * weight[task])
        }
        // A net that was made for other task weights.
        (TaskWeights::Uncertainty | TaskWeights::GradNorm { .. }, ..) => {
            shares(&losses, |_, loss| loss)
        }
    };
    let zero = || Tensor::zeros([1], &targets.device());
    let total = shares.into_iter().reduce(|sum, share| sum + share).unwrap_or_else(zero);
    let [direction, return_, volatility] = losses;
    TaskLosses { total, direction, return_, volatility }
}

fn shares(
    losses: &[Option<Tensor<1>>; TASKS],
    share: impl Fn(usize, Tensor<1>) -> Tensor<1>,
) -> Vec<Tensor<1>> {
    let losses = losses.iter().enumerate();
    losses.filter_map(|(task, loss)| Some(share(task, loss.clone()?))).collect()
}

fn uncertainty_shares(
    losses: &[Option<Tensor<1>>; TASKS],
    log_variance: &Tensor<1>,
    heads: &HeadsConfig,
) -> Vec<Tensor<1>> {
    let scales = [
        Some(1.0),
        (!heads.return_.loss.is_likelihood()).then_some(1.0),
        Some(if heads.volatility.loss == VolatilityLoss::Squared { 0.5 } else { 1.0 }),
    ];
    shares(losses, |task, loss| match scales[task] {
        None => loss,
        Some(scale) => {
            let log_variance = log_variance.clone().narrow(0, task, 1);
            loss * log_variance.clone().neg().exp() * scale + log_variance * 0.5
        }
    })
}
