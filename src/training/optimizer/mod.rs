//! The optimisers, over one flat vector of parameters.

mod config;
mod muon;

pub use config::{AdamWConfig, LionConfig, MuonConfig, OptimizerConfig};

use burn::tensor::{Device, Tensor, TensorData};

use super::TrainingConfig;
use super::layout::Layout;
use muon::{Stretch, muon, stretches};

/// Added to the gradient's norm before dividing by it, as in PyTorch's `clip_grad_norm_`.
const NORM_EPSILON: f64 = 1e-6;

/// Elements that are summed in one reduction. The CPU device sums 4 Mi elements and more in an
/// order that depends on its threads' timing; shorter pieces keep every run's sum the same to the
/// bit.
const SUM_PIECE: usize = 1 << 20;

/// An optimiser and its moments.
#[derive(Debug, Clone)]
pub struct Optimizer {
    /// Running mean of the gradient, `[P]`.
    pub first: Tensor<1>,
    /// Running mean of the squared gradient, `[P]`: 0 at Muon's matrices, `None` for Lion.
    pub second: Option<Tensor<1>>,
    /// 1 where weight decay acts, `[P]`.
    decay_mask: Tensor<1>,
    /// Which stretch Muon moves; empty for the other optimisers.
    stretches: Vec<Stretch>,
}

impl Optimizer {
    /// The optimiser before its first step.
    #[must_use]
    pub fn new(config: &OptimizerConfig, layout: &Layout, device: &Device) -> Self {
        let length = layout.length();
        let mask = TensorData::new(layout.decay_mask(), [length]);
        let zeros = || Tensor::zeros([length], device);
        let muon = matches!(config, OptimizerConfig::Muon(_));
        Self {
            first: zeros(),
            second: (!matches!(config, OptimizerConfig::Lion(_))).then(zeros),
            decay_mask: Tensor::from_data(mask, device),
            stretches: if muon { stretches(layout) } else { Vec::new() },
        }
    }

    /// Makes step number `step` (from 1) with `gradient` `[P]` and returns the new weights `[P]`.
    #[must_use]
    pub fn update(
        &mut self,
        config: &TrainingConfig,
        weights: Tensor<1>,
        gradient: Tensor<1>,
        learning_rate: f64,
        step: u64,
    ) -> Tensor<1> {
        let weights = if config.weight_decay > 0.0 {
            let decay = self.decay_mask.clone() * (-learning_rate * config.weight_decay) + 1.0;
            weights * decay
        } else {
            weights
        };
        let first = self.first.clone();
        let (weights, first) = match (&config.optimizer, self.second.clone()) {
            (OptimizerConfig::Lion(lion), _) => {
                lion_step(lion, weights, gradient, first, learning_rate)
            }
            (OptimizerConfig::Muon(muon), Some(second)) => {
                let moments = (first, second);
                self.muon_step((config, muon), weights, &gradient, moments, learning_rate, step)
            }
            (_, second) => {
                let second = second.unwrap_or_else(|| first.zeros_like());
                let (weights, first, second) =
                    adamw_step(config, weights, gradient, (first, second), learning_rate, step);
                self.second = Some(second);
                (weights, first)
            }
        };
        self.first = first;
        weights
    }

    /// Muon on its matrices and `AdamW` between them.
    fn muon_step(
        &mut self,
        (config, own): (&TrainingConfig, &MuonConfig),
        weights: Tensor<1>,
        gradient: &Tensor<1>,
        (first, second): (Tensor<1>, Tensor<1>),
        learning_rate: f64,
        step: u64,
    ) -> (Tensor<1>, Tensor<1>) {
        let mut parts = [Vec::new(), Vec::new(), Vec::new()];
        for &Stretch { start, length, matrix } in &self.stretches {
            let part = |vector: &Tensor<1>| vector.clone().narrow(0, start, length);
            let (own_weights, own_gradient) = (part(&weights), part(gradient));
            let (own_first, own_second) = (part(&first), part(&second));
            let (new, first, second) = if let Some(shape) = matrix {
                let (new, momentum) =
                    muon(own, shape, own_weights, own_gradient, own_first, learning_rate);
                (new, momentum, own_second)
            } else {
                let moments = (own_first, own_second);
                adamw_step(config, own_weights, own_gradient, moments, learning_rate, step)
            };
            for (part, new) in parts.iter_mut().zip([new, first, second]) {
                part.push(new);
            }
        }
        let [weights, first, second] = parts.map(|parts| Tensor::cat(parts, 0));
        self.second = Some(second);
        (weights, first)
    }
}

/// `AdamW` (Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2; the
/// update is the one that PyTorch documents for `torch.optim.AdamW`) on weights that have decayed:
/// the new weights and moments.
fn adamw_step(
    config: &TrainingConfig,
    weights: Tensor<1>,
    gradient: Tensor<1>,
    (first, second): (Tensor<1>, Tensor<1>),
    learning_rate: f64,
    step: u64,
) -> (Tensor<1>, Tensor<1>, Tensor<1>) {
    let [beta1, beta2] = config.betas;
    let steps = step as f64;
    let correction1 = 1.0 - beta1.powf(steps);
    let correction2 = 1.0 - beta2.powf(steps);

    let squared = gradient.clone() * gradient.clone();
    let first = first * beta1 + gradient * (1.0 - beta1);
    let second = second * beta2 + squared * (1.0 - beta2);
    let root = second.clone().sqrt() / correction2.sqrt() + config.epsilon;
    let weights = weights - first.clone() / root * (learning_rate / correction1);
    (weights, first, second)
}

/// Lion (Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2) on weights
/// that have decayed: the new weights and momentum.
fn lion_step(
    config: &LionConfig,
    weights: Tensor<1>,
    gradient: Tensor<1>,
    momentum: Tensor<1>,
    learning_rate: f64,
) -> (Tensor<1>, Tensor<1>) {
    let [beta1, beta2] = config.betas;
    let direction = (momentum.clone() * beta1 + gradient.clone() * (1.0 - beta1)).sign();
    let momentum = momentum * beta2 + gradient * (1.0 - beta2);
    (weights - direction * learning_rate, momentum)
}

/// Shortens `gradient` `[P]` to norm `limit` when it is longer (Pascanu et al. 2013, section 3.2).
/// Returns it with the norm `[1]` that it had; nothing is read back from the device.
#[must_use]
pub fn clip_gradient(gradient: Tensor<1>, limit: Option<f64>) -> (Tensor<1>, Tensor<1>) {
    let norm = norm(&gradient);
    let Some(limit) = limit else { return (gradient, norm) };
    let scale = ((norm.clone() + NORM_EPSILON).recip() * limit).clamp_max(1.0);
    (gradient * scale, norm)
}

/// Euclidean norm of a vector, `[1]`, summed in the same order in every run.
fn norm(vector: &Tensor<1>) -> Tensor<1> {
    let squares = vector.clone() * vector.clone();
    let length = squares.dims()[0];
    if length <= SUM_PIECE {
        return squares.sum().sqrt();
    }
    let pieces: Vec<Tensor<1>> = squares.split(SUM_PIECE, 0).into_iter().map(Tensor::sum).collect();
    Tensor::cat(pieces, 0).sum().sqrt()
}
