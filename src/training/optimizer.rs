//! `AdamW` over one flat vector of parameters.

use burn::tensor::{Device, Tensor, TensorData};

use super::TrainingConfig;
use super::layout::Layout;

/// Added to the gradient's norm before dividing by it, as in PyTorch's `clip_grad_norm_`.
const NORM_EPSILON: f64 = 1e-6;

/// Elements that are summed in one reduction. The CPU device sums 4 Mi elements and more in an
/// order that depends on its threads' timing; shorter pieces keep every run's sum the same to the
/// bit.
const SUM_PIECE: usize = 1 << 20;

/// The moments of `AdamW` (Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019,
/// algorithm 2; the update is the one that PyTorch documents for `torch.optim.AdamW`).
#[derive(Debug, Clone)]
pub struct AdamW {
    /// Running mean of the gradient, `[P]`.
    pub first: Tensor<1>,
    /// Running mean of the squared gradient, `[P]`.
    pub second: Tensor<1>,
    /// 1 where weight decay acts, `[P]`.
    decay_mask: Tensor<1>,
}

impl AdamW {
    /// The optimiser before its first step.
    #[must_use]
    pub fn new(layout: &Layout, device: &Device) -> Self {
        let length = layout.length();
        let mask = TensorData::new(layout.decay_mask(), [length]);
        Self {
            first: Tensor::zeros([length], device),
            second: Tensor::zeros([length], device),
            decay_mask: Tensor::from_data(mask, device),
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
        let [beta1, beta2] = config.betas;
        let steps = step as f64;
        let correction1 = 1.0 - beta1.powf(steps);
        let correction2 = 1.0 - beta2.powf(steps);

        let squared = gradient.clone() * gradient.clone();
        self.first = self.first.clone() * beta1 + gradient * (1.0 - beta1);
        self.second = self.second.clone() * beta2 + squared * (1.0 - beta2);

        let weights = if config.weight_decay > 0.0 {
            let decay = self.decay_mask.clone() * (-learning_rate * config.weight_decay) + 1.0;
            weights * decay
        } else {
            weights
        };
        let root = self.second.clone().sqrt() / correction2.sqrt() + config.epsilon;
        weights - self.first.clone() / root * (learning_rate / correction1)
    }
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
