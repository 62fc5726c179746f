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

/// A pooling with its weights: tensor `score.weight` `[1, H]` where it is by attention. A bias would
/// not change the softmax.
#[derive(Module, Debug)]
pub struct Pool {
    score: Option<Linear>,
    #[module(skip)]
    kind: Pooling,
}

impl Pool {
    pub(super) fn init(kind: Pooling, width: usize, weights: &mut InitialWeights) -> Self {
        let score = kind == Pooling::Attention;
        Self { score: score.then(|| Linear::without_bias(width, 1, weights)), kind }
    }

    /// Whether no step but the last is read.
    pub(super) fn reads_last_only(&self) -> bool {
        self.kind == Pooling::Last
    }

    /// `[B, T, H]` to `[B, H]`.
    pub(super) fn forward(&self, h_bth: Tensor<3>) -> Tensor<2> {
        let [batch, steps, width] = h_bth.dims();
        match (&self.score, self.kind) {
            (Some(score), _) => {
                let flat = h_bth.clone().reshape([batch * steps, width]);
                let score_bt = score.forward(flat).reshape([batch, steps]);
                let share_bt1 = softmax(score_bt, 1).reshape([batch, steps, 1]);
                (h_bth * share_bt1).sum_dim(1).reshape([batch, width])
            }
            (None, Pooling::Mean) => h_bth.mean_dim(1).reshape([batch, width]),
            (None, _) => h_bth.narrow(1, steps - 1, 1).reshape([batch, width]),
        }
    }
}
