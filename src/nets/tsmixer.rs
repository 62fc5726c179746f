//! `tsmixer`: layers that mix the steps of each feature, then the features of each step.
//!
//! Chen, Li, Yoder, Arik and Pfister (2023), "`TSMixer`: an all-MLP architecture for time series
//! forecasting". A block is, with a residual around each half: batch normalisation, a linear layer
//! with a rectifier over the T steps that all features share; batch normalisation, two linear layers
//! with a rectifier between them over the F features that all steps share.
//!
//! As in the authors' code, batch normalisation has statistics and weights for every step of every
//! feature: T F of each. Momentum and epsilon are PyTorch's (theirs: 0.01 in PyTorch's terms, 1e-3).
//!
//! The authors end in a linear layer that makes each feature's T steps a forecast. Here it makes S =
//! `summary` numbers of each feature, and the heads read all H = F S of them, feature after feature.
//!
//! Parameters: in each block 4 T F + T² + T + 2 F `feed_forward` + `feed_forward` + F, then
//! (T + 1) S.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::batch_norm::BatchNorm;
use super::body::{BodyConfig, Cost, InputShape};
use super::initial::InitialWeights;
use super::layers::Linear;
use super::training_pass::{TrainingPass, drop_out};

/// Size of a mixer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct TsMixerConfig {
    /// Blocks (default 2).
    #[garde(range(min = 1, max = 16))]
    pub blocks: usize,
    /// Hidden units between the two layers that mix features (default 64).
    #[garde(range(min = 1, max = 4096))]
    pub feed_forward: usize,
    /// Numbers that each feature's steps become (default 4); the heads read them of all features.
    #[garde(range(min = 1, max = 256))]
    pub summary: usize,
    /// Share of activations set to zero after each linear layer of a block in training (default 0.3).
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
}

impl Default for TsMixerConfig {
    fn default() -> Self {
        Self { blocks: 2, feed_forward: 64, summary: 4, dropout: 0.3 }
    }
}

impl BodyConfig for TsMixerConfig {
    type Body = TsMixer;

    fn width(&self, input: InputShape) -> usize {
        input.features * self.summary
    }

    /// A block keeps, of every step and feature, its input, both normalised values, the copies that
    /// stand the other way, what the rectifier and dropout read and both sums.
    fn cost(&self, input: InputShape) -> Cost {
        let Self { blocks, feed_forward, summary, .. } = *self;
        let InputShape { window, features } = input;
        let block = window * (11 * features + 3 * feed_forward);
        let weights = window * features * window + 2 * window * features * feed_forward;
        Cost {
            activations: blocks * block + features * (window + summary),
            flops: 2 * (blocks * weights + window * features * summary),
        }
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> TsMixer {
        let InputShape { window, features } = input;
        let mut block = || Block {
            time_norm: BatchNorm::init(window * features, weights),
            time: Linear::init(window, window, weights),
            feature_norm: BatchNorm::init(window * features, weights),
            feature1: Linear::init(features, self.feed_forward, weights),
            feature2: Linear::init(self.feed_forward, features, weights),
        };
        TsMixer {
            blocks: (0..self.blocks).map(|_| block()).collect(),
            summary: Linear::init(window, self.summary, weights),
            dropout: self.dropout,
        }
    }
}

/// A mixer. Tensors: `blocks.<i>.time_norm.weight` (step after step), `blocks.<i>.time.weight`,
/// `blocks.<i>.feature_norm.weight`, `blocks.<i>.feature1.weight`, …, `summary.weight`.
#[derive(Module, Debug)]
pub struct TsMixer {
    blocks: Vec<Block>,
    summary: Linear,
    #[module(skip)]
    dropout: f64,
}

#[derive(Module, Debug)]
struct Block {
    time_norm: BatchNorm,
    time: Linear,
    feature_norm: BatchNorm,
    feature1: Linear,
    feature2: Linear,
}

impl TsMixer {
    /// `[B, T, F]` to `[B, F S]`.
    pub(super) fn forward(
        &self,
        mut x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        for block in &self.blocks {
            x_btf = block.forward(x_btf, self.dropout, pass);
        }
        self.summary.forward_rows(x_btf.swap_dims(1, 2)).flatten(1, 2)
    }
}

impl Block {
    fn forward(
        &self,
        x_btf: Tensor<3>,
        rate: f64,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<3> {
        let y_bft = normalise(&self.time_norm, x_btf.clone(), pass).swap_dims(1, 2);
        let y_bft = drop_out(relu(self.time.forward_rows(y_bft)), rate, pass);
        let x_btf = x_btf + y_bft.swap_dims(1, 2);
        let y_btf = normalise(&self.feature_norm, x_btf.clone(), pass);
        let between = drop_out(relu(self.feature1.forward_rows(y_btf)), rate, pass);
        x_btf + drop_out(self.feature2.forward_rows(between), rate, pass)
    }
}

/// Normalises every step of every feature by itself over the batch.
fn normalise(
    norm: &BatchNorm,
    x_btf: Tensor<3>,
    pass: &mut Option<&mut TrainingPass>,
) -> Tensor<3> {
    let shape = x_btf.dims();
    norm.forward(x_btf.flatten::<2>(1, 2), pass).reshape(shape)
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn parameters_are_as_many_as_the_formula_says() {
        let input = InputShape { window: 12, features: 7 };
        let config = TsMixerConfig { blocks: 3, feed_forward: 5, summary: 2, dropout: 0.0 };
        let net = config.init(input, &mut InitialWeights::new(1, &Device::flex()));
        let block = 4 * 12 * 7 + 12 * 12 + 12 + 2 * 7 * 5 + 5 + 7;
        // Running means and variances are tensors that no gradient moves.
        let statistics = 3 * 4 * 12 * 7;
        assert_eq!(net.num_params(), 3 * block + 13 * 2 + statistics);
        assert_eq!(config.width(input), 14);
    }
}
