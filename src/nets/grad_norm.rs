//! `GradNorm`: task weights by the lengths of the tasks' gradients.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::batch_targets::BatchTargets;
use super::heads::{HeadOutputs, TASKS, TaskWeights, losses};
use super::initial::InitialWeights;
use super::multitask_loss::Objective;
use super::{Net, TrainingPass};

/// No weight falls below it: a task of weight 0 would have no gradient to come back by.
const LEAST_WEIGHT: f32 = 1e-3;

/// Denominators below it count as it.
const LEAST_LOSS: f32 = 1e-12;

/// What `GradNorm` learns by its own rule. Both are part of the net's flat vector and move as running
/// statistics do, so checkpoints hold them and a resumed training goes on with the same bits.
#[derive(Module, Debug)]
pub struct GradNorm {
    /// Weights of direction, return and volatility, `[3]`; they sum to the number of heads.
    weight: Param<Tensor<1>>,
    /// The tasks' losses in the first step, `[3]`; 0 before it.
    first_loss: Param<Tensor<1>>,
}

/// Whether a parameter of this name is one that no gradient moves.
pub(super) fn is_grad_norm(name: &str) -> bool {
    name.starts_with("grad_norm.")
}

impl GradNorm {
    pub(super) fn init(weights: &InitialWeights) -> Self {
        let constant = |value| weights.constant([TASKS], value).set_require_grad(false);
        Self { weight: constant(1.0), first_loss: constant(0.0) }
    }

    pub(super) fn weight(&self) -> Tensor<1> {
        self.weight.val().without_autodiff()
    }
}

impl Net {
    /// One step of the task weights by `GradNorm` (Chen, Badrinarayanan, Lee and Rabinovich 2018,
    /// algorithm 1), noted in `pass`; nothing with other task weights.
    ///
    /// With gⱼ the length of the gradient of task j's loss and wⱼ its weight, wⱼ gⱼ is to become the
    /// mean of all w g, times (rⱼ)^alpha: rⱼ is the task's loss over its first, relative to the mean of
    /// these. The absolute differences are lessened by one gradient step over w, where the aims
    /// count as constants, and the weights are scaled to sum to the number of heads. Gradients are
    /// taken by the body's output, not by the weights of its last layer as in the paper: that costs
    /// no pass through the body, and the two differ by what that layer reads, alike for all tasks.
    pub fn balance_tasks(
        &self,
        outputs: &HeadOutputs,
        targets: &BatchTargets,
        objective: &Objective<'_>,
        pass: &mut TrainingPass,
    ) {
        let (Some(state), TaskWeights::GradNorm { alpha, learning_rate }) =
            (&self.grad_norm, objective.heads.task_weights)
        else {
            return;
        };
        let enabled = objective.heads.enabled();
        let tasks: Vec<usize> = (0..TASKS).filter(|&task| enabled[task]).collect();
        // The heads anew on a body output cut off from the body, so that no gradient goes further.
        let heads = self.heads.clone().valid();
        let body = outputs.body.clone().without_autodiff();
        let (mut loss, mut length) = (Vec::new(), Vec::new());
        for &task in &tasks {
            let leaf = body.clone().autodiff().require_grad();
            let own = losses(&heads.forward(leaf.clone()), targets, objective);
            let Some(own) = own[task].clone() else { continue };
            let gradient = leaf.grad(&own.backward());
            let gradient = gradient.unwrap_or_else(|| body.zeros_like()).without_autodiff();
            length.push(gradient.square().sum().sqrt());
            loss.push(own.without_autodiff());
        }
        let count = tasks.len() as f32;
        let (loss, length) = (Tensor::cat(loss, 0), Tensor::cat(length, 0));
        let of_tasks = |all: Tensor<1>| {
            Tensor::cat(tasks.iter().map(|&task| all.clone().narrow(0, task, 1)).collect(), 0)
        };
        let weight = of_tasks(state.weight());
        let old_first = of_tasks(state.first_loss.val().without_autodiff());
        let unset = old_first.clone().equal_elem(0.0);
        let first = old_first.clone().mask_where(unset, loss.clone());

        let pace = loss / first.clone().clamp_min(LEAST_LOSS);
        let pace = pace.clone() / pace.mean().clamp_min(LEAST_LOSS);
        let weighted = weight.clone() * length.clone();
        let aim = weighted.clone().mean() * pace.powf_scalar(alpha);
        let moved = weight.clone() - (weighted - aim).sign() * length * learning_rate;
        let moved = moved.clamp_min(LEAST_WEIGHT);
        let moved = moved.clone() / moved.sum() * count;

        let of_all = |change: Tensor<1>| {
            let mut at = 0;
            let part = |enabled: bool| {
                at += usize::from(enabled);
                if enabled {
                    change.clone().narrow(0, at - 1, 1)
                } else {
                    Tensor::zeros([1], &change.device())
                }
            };
            Tensor::cat(enabled.map(part).to_vec(), 0)
        };
        pass.note(state.weight.id, of_all(moved - weight));
        pass.note(state.first_loss.id, of_all(first - old_first));
    }
}
