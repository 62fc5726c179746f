//! Layer normalisation with PyTorch's tensors.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::module::layer_norm;

use super::initial::InitialWeights;

/// What is added to the variance: the default of `torch.nn.LayerNorm`.
const EPSILON: f64 = 1e-5;

/// Ba, Kiros and Hinton (2016) over the last axis, as `torch.nn.LayerNorm`: the same in training and
/// after it, and no sample sees another.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// `[H]`, at first 1.
    weight: Param<Tensor<1>>,
    /// `[H]`, at first 0.
    bias: Param<Tensor<1>>,
}

impl LayerNorm {
    pub(super) fn init(width: usize, weights: &mut InitialWeights) -> Self {
        Self { weight: weights.constant([width], 1.0), bias: weights.constant([width], 0.0) }
    }

    /// `[…, H]` to the same shape.
    pub(super) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        layer_norm(x, self.weight.val(), Some(self.bias.val()), EPSILON)
    }
}
