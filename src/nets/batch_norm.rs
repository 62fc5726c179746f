//! Batch normalisation with PyTorch's tensors.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::module::{batch_norm, batch_norm_train};

use super::initial::InitialWeights;
use super::training_pass::TrainingPass;

/// Share of the old running statistic that a batch replaces, and what is added to the variance: the
/// defaults of `torch.nn.BatchNorm2d`.
const MOMENTUM: f64 = 0.1;
const EPSILON: f64 = 1e-5;

/// Ioffe and Szegedy (2015) over all axes but the second, as `torch.nn.BatchNorm1d` and `2d`: with
/// the statistics of the batch in training, else with their running means.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// `[C]`, at first 1.
    weight: Param<Tensor<1>>,
    /// `[C]`, at first 0.
    bias: Param<Tensor<1>>,
    /// `[C]`, at first 0. Not learned by gradients.
    running_mean: Param<Tensor<1>>,
    /// `[C]`, at first 1. Not learned by gradients.
    running_var: Param<Tensor<1>>,
    #[module(skip)]
    momentum: f64,
    #[module(skip)]
    epsilon: f64,
}

/// Whether a parameter of this name is a statistic that no gradient moves.
pub(super) fn is_statistic(name: &str) -> bool {
    name.ends_with(".running_mean") || name.ends_with(".running_var")
}

impl BatchNorm {
    pub(super) fn init(channels: usize, weights: &mut InitialWeights) -> Self {
        Self::with(channels, MOMENTUM, EPSILON, weights)
    }

    /// With another share of the old statistic that a batch replaces, and another addition to the
    /// variance.
    pub(super) fn with(
        channels: usize,
        momentum: f64,
        epsilon: f64,
        weights: &mut InitialWeights,
    ) -> Self {
        Self {
            momentum,
            epsilon,
            weight: weights.constant([channels], 1.0),
            bias: weights.constant([channels], 0.0),
            running_mean: weights.constant([channels], 0.0).set_require_grad(false),
            running_var: weights.constant([channels], 1.0).set_require_grad(false),
        }
    }

    /// `[B, C, …]` to the same shape.
    pub(super) fn forward<const D: usize>(
        &self,
        x: Tensor<D>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<D> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        let (mean, variance) = (self.running_mean.val(), self.running_var.val());
        let Some(pass) = pass else {
            return batch_norm(x, weight, bias, mean, variance, self.epsilon);
        };
        let dims = x.dims();
        let count = (dims.iter().product::<usize>() / dims[1]) as f64;
        let batch = batch_norm_train(x, weight, bias, self.epsilon);
        // PyTorch's running variance is the unbiased one.
        let unbiased = batch.variance.without_autodiff() * (count / (count - 1.0).max(1.0));
        let step = |new: Tensor<1>, old: Tensor<1>| (new - old.without_autodiff()) * self.momentum;
        pass.note(self.running_mean.id, step(batch.mean.without_autodiff(), mean));
        pass.note(self.running_var.id, step(unbiased, variance));
        batch.output
    }
}
