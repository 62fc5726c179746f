//! `cnn`: causal dilated residual convolutions over the window.
//!
//! The temporal convolutional network of Bai, Kolter and Koltun (2018), "An empirical evaluation of
//! generic convolutional and recurrent networks for sequence modeling", without weight norm.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dropout::{DropoutMasks, drop_out};
use super::initial::InitialWeights;
use super::layers::CausalConv;
use super::pooling::{Pooling, StepScore};

/// Size of a convolutional net.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct CnnConfig {
    /// Channels of every block (default 64).
    #[garde(range(min = 1, max = 4096))]
    pub channels: usize,
    /// Residual blocks of two convolutions (default 4). Block i has dilation 2^i, so the net sees
    /// 1 + 2 (kernel - 1) (2^layers - 1) steps: 61 by default. More than the window is waste.
    #[garde(range(min = 1, max = 12))]
    pub layers: usize,
    /// Steps that one convolution sees (default 3).
    #[garde(range(min = 1, max = 31))]
    pub kernel: usize,
    /// Share of activations set to zero after each convolution in training (default 0.1).
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// `last` (default), `attention` or `mean`: how the steps become one vector.
    #[garde(skip)]
    pub pooling: Pooling,
}

impl Default for CnnConfig {
    fn default() -> Self {
        Self { channels: 64, layers: 4, kernel: 3, dropout: 0.1, pooling: Pooling::Last }
    }
}

impl CnnConfig {
    /// Floats that one sample's forward pass keeps: what goes into and out of each convolution with
    /// its unfolded copy, and of each rectifier, dropout and sum.
    pub(super) fn activations(&self, inputs: usize, window: usize) -> usize {
        let block = self.channels * (8 + 2 * self.kernel);
        window * (inputs * (1 + self.kernel) + self.layers * block)
    }
}

/// Convolutions over a window. Tensors: `blocks.<i>.conv1.weight`, …, `blocks.0.downsample.weight`
/// where features and channels differ in number.
#[derive(Module, Debug)]
pub struct Cnn {
    blocks: Vec<Block>,
    pooling: Option<StepScore>,
    #[module(skip)]
    kind: Pooling,
    #[module(skip)]
    dropout: f64,
}

#[derive(Module, Debug)]
struct Block {
    conv1: CausalConv,
    conv2: CausalConv,
    downsample: Option<CausalConv>,
}

impl Cnn {
    pub(super) fn init(config: &CnnConfig, inputs: usize, weights: &mut InitialWeights) -> Self {
        let CnnConfig { channels, kernel, .. } = *config;
        let blocks = (0..config.layers)
            .map(|layer| {
                let (from, dilation) = (if layer == 0 { inputs } else { channels }, 1 << layer);
                Block {
                    conv1: CausalConv::init(from, channels, kernel, dilation, weights),
                    conv2: CausalConv::init(channels, channels, kernel, dilation, weights),
                    downsample: (from != channels)
                        .then(|| CausalConv::init(from, channels, 1, 1, weights)),
                }
            })
            .collect();
        Self {
            blocks,
            pooling: StepScore::init(config.pooling, channels, weights),
            kind: config.pooling,
            dropout: config.dropout,
        }
    }

    /// `[B, T, F]` to `[B, C]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        mut dropout: Option<&mut DropoutMasks>,
    ) -> Tensor<2> {
        let mut x_bct = x_btf.swap_dims(1, 2);
        for block in &self.blocks {
            x_bct = block.forward(x_bct, self.dropout, &mut dropout);
        }
        let [batch, channels, steps] = x_bct.dims();
        match (&self.pooling, self.kind) {
            (Some(score), _) => score.forward(x_bct.swap_dims(1, 2)),
            (None, Pooling::Mean) => x_bct.mean_dim(2).reshape([batch, channels]),
            (None, _) => x_bct.narrow(2, steps - 1, 1).reshape([batch, channels]),
        }
    }
}

impl Block {
    fn forward(
        &self,
        x_bct: Tensor<3>,
        rate: f64,
        dropout: &mut Option<&mut DropoutMasks>,
    ) -> Tensor<3> {
        let y_bct = drop_out(relu(self.conv1.forward(x_bct.clone())), rate, dropout);
        let y_bct = drop_out(relu(self.conv2.forward(y_bct)), rate, dropout);
        let skip_bct = match &self.downsample {
            Some(conv) => conv.forward(x_bct),
            None => x_bct,
        };
        relu(y_bct + skip_bct)
    }
}
