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

use crate::kernels::conv1d::Activation;

use super::body::{BodyConfig, Cost, InputShape};
use super::initial::InitialWeights;
use super::layers::CausalConv;
use super::pooling::{Pool, Pooling};
use super::training_pass::{TrainingPass, drop_out};

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

impl BodyConfig for CnnConfig {
    type Body = Cnn;

    fn width(&self, _input: InputShape) -> usize {
        self.channels
    }

    /// What goes into and out of each convolution with its unfolded copy, and of each rectifier,
    /// dropout and sum.
    fn cost(&self, input: InputShape) -> Cost {
        let (Self { channels, layers, kernel, .. }, InputShape { window, features }) =
            (self, input);
        let block = channels * (8 + 2 * kernel);
        let downsample = if features == *channels { 0 } else { features * channels };
        let weights =
            features * channels * kernel + (2 * layers - 1) * channels * channels * kernel;
        Cost {
            activations: window * (features * (1 + kernel) + layers * block),
            flops: 2 * window * (weights + downsample),
        }
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> Cnn {
        let CnnConfig { channels, kernel, .. } = *self;
        let block = |layer| {
            let from = if layer == 0 { input.features } else { channels };
            Block {
                conv1: CausalConv::init(from, channels, kernel, 1_usize << layer, weights),
                conv2: CausalConv::init(channels, channels, kernel, 1_usize << layer, weights),
                downsample: (from != channels)
                    .then(|| CausalConv::init(from, channels, 1, 1, weights)),
            }
        };
        Cnn {
            blocks: (0..self.layers).map(block).collect(),
            pooling: Pool::init(self.pooling, channels, weights),
            dropout: self.dropout,
        }
    }
}

/// Convolutions over a window. Tensors: `blocks.<i>.conv1.weight`, …, `blocks.0.downsample.weight`
/// where features and channels differ in number.
#[derive(Module, Debug)]
pub struct Cnn {
    blocks: Vec<Block>,
    pooling: Pool,
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
    /// `[B, T, F]` to `[B, C]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let mut x_tbc = x_btf.swap_dims(0, 1);
        for block in &self.blocks {
            x_tbc = block.forward(x_tbc, self.dropout, pass);
        }
        self.pooling.forward(x_tbc.swap_dims(0, 1))
    }
}

impl Block {
    fn forward(
        &self,
        x_tbc: Tensor<3>,
        rate: f64,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<3> {
        let y_tbc = drop_out(self.conv1.forward(x_tbc.clone(), Activation::Relu), rate, pass);
        let y_tbc = drop_out(self.conv2.forward(y_tbc, Activation::Relu), rate, pass);
        let skip_tbc = match &self.downsample {
            Some(conv) => conv.forward(x_tbc, Activation::Identity),
            None => x_tbc,
        };
        relu(y_tbc + skip_tbc)
    }
}
