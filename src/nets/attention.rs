//! Multi-head attention with PyTorch's tensors.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use crate::kernels::Precision;

use super::initial::InitialWeights;
use super::layers::Linear;

/// Scaled dot-product attention in several heads (Vaswani et al. 2017), as
/// `torch.nn.MultiheadAttention` with `batch_first`: every step looks at every step of its window.
///
/// Parameters: 4 E² + 4 E for states of E numbers, whatever the number of heads.
#[derive(Module, Debug)]
pub struct MultiHeadAttention {
    /// Of queries, keys and values, one below the other: `[3 E, E]`.
    in_proj_weight: Param<Tensor<2>>,
    /// `[3 E]`.
    in_proj_bias: Param<Tensor<1>>,
    /// `[E, E]` and `[E]`.
    out_proj: Linear,
    #[module(skip)]
    heads: usize,
    #[module(skip)]
    precision: Precision,
}

/// What attention hands on.
pub(super) struct Attended {
    /// `[B, T, E]`.
    pub states: Tensor<3>,
    /// How much each step looks at each, before the softmax: `[B, heads, T, T]`.
    pub scores: Tensor<4>,
}

impl MultiHeadAttention {
    /// For states of `width` numbers, which `heads` must divide.
    pub(super) fn init(width: usize, heads: usize, weights: &mut InitialWeights) -> Self {
        // Glorot and Bengio's uniform distribution over the three projections as one matrix.
        let bound = (6.0 / (4 * width) as f32).sqrt();
        Self {
            in_proj_weight: weights.uniform([3 * width, width], bound),
            in_proj_bias: weights.constant([3 * width], 0.0),
            out_proj: Linear::with_zero_bias(width, width, weights),
            heads,
            precision: weights.precision(),
        }
    }

    /// Queries, keys and values `[B, T, E]` to `[B, T, E]`. `carried` is added to the scores:
    /// `[B, heads, T, T]`.
    pub(super) fn forward(
        &self,
        [query, key, value]: [Tensor<3>; 3],
        carried: Option<Tensor<4>>,
    ) -> Attended {
        let shape = query.dims();
        let depth = shape[2] / self.heads;
        let query = self.project(0, query) * (1.0 / (depth as f64).sqrt());
        let scores = self.precision.matmul(query, self.project(1, key).transpose());
        let scores = match carried {
            Some(carried) => scores + carried,
            None => scores,
        };
        let share = softmax(scores.clone(), 3);
        let heads = self.precision.matmul(share, self.project(2, value));
        let states = self.out_proj.forward_rows(heads.swap_dims(1, 2).reshape(shape));
        Attended { states, scores }
    }

    /// The queries, keys or values (`part` 0, 1, 2) of every head: `[B, T, E]` to
    /// `[B, heads, T, E / heads]`.
    fn project(&self, part: usize, x: Tensor<3>) -> Tensor<4> {
        let [batch, steps, width] = x.dims();
        // The small matrix is cut, not its large product: a cut's gradient is as large as the whole.
        let weight = self.in_proj_weight.val().narrow(0, part * width, width);
        let bias = self.in_proj_bias.val().narrow(0, part * width, width);
        let x = x.reshape([batch * steps, width]);
        let y = self.precision.matmul(x, weight.transpose()) + bias.unsqueeze();
        y.reshape([batch, steps, self.heads, width / self.heads]).swap_dims(1, 2)
    }
}
