//! A sequence of states into one vector.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::softmax;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::initial::InitialWeights;
use super::layers::Linear;

/// How the states of a window's steps become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The state of the last step.
    #[default]
    Last,
    /// The mean over all steps, weighted by the softmax of a learned linear score of each step
    /// (Yang et al. 2016, "Hierarchical attention networks", without the inner tanh layer).
    Attention,
    /// The plain mean over all steps.
    Mean,
}

/// A learned score of each step: tensor `pooling.score.weight` `[1, H]`. A bias would not change the
/// softmax.
#[derive(Module, Debug)]
pub struct StepScore {
    score: Linear,
}

impl StepScore {
    /// The score, when the pooling needs one.
    pub(super) fn init(
        pooling: Pooling,
        width: usize,
        weights: &mut InitialWeights,
    ) -> Option<Self> {
        (pooling == Pooling::Attention)
            .then(|| Self { score: Linear::without_bias(width, 1, weights) })
    }

    /// `[B, T, H]` to `[B, H]`.
    pub(super) fn forward(&self, h_bth: Tensor<3>) -> Tensor<2> {
        let [batch, steps, width] = h_bth.dims();
        let score_bt = self
            .score
            .forward(h_bth.clone().reshape([batch * steps, width]))
            .reshape([batch, steps]);
        let share_bt1 = softmax(score_bt, 1).reshape([batch, steps, 1]);
        (h_bth * share_bt1).sum_dim(1).reshape([batch, width])
    }
}
