//! `tcn`: the temporal convolutional network, with weight norm.
//!
//! Bai, Kolter and Koltun (2018), "An empirical evaluation of generic convolutional and recurrent
//! networks for sequence modeling", as in the authors' code: residual blocks of two causal dilated
//! convolutions with weight norm (Salimans and Kingma 2016), a rectifier and dropout of single numbers
//! after each. The authors pad both ends and cut what the newer one adds; here only the old end is
//! padded, which is the same. `cnn` is this net without weight norm.
//!
//! Parameters with F features, C channels, kernel k and L blocks: `C (F k + 2) + (2 L - 1) C (C k + 2)`,
//! and `C (F + 1)` more where F is not C.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernels::Precision;
use crate::kernels::conv1d::{Activation, Conv1d};

use super::body::{BodyConfig, Cost, InputShape};
use super::initial::{InitialWeights, bound};
use super::layers::{CausalConv, convolve};
use super::pooling::{Pool, Pooling};
use super::training_pass::{TrainingPass, drop_out};

/// Deviation of the authors' initial weights of `downsample`. They mean it for the convolutions too,
/// but there weight norm overwrites it with PyTorch's default, so this is what they ran.
const DOWNSAMPLE_DEVIATION: f32 = 0.01;

/// Size of a temporal convolutional network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct TcnConfig {
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
    /// Share of activations set to zero after each convolution in training (default 0.2).
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// `last` (default, as the authors), `attention` or `mean`: how the steps become one vector.
    #[garde(skip)]
    pub pooling: Pooling,
}

impl Default for TcnConfig {
    fn default() -> Self {
        Self { channels: 64, layers: 4, kernel: 3, dropout: 0.2, pooling: Pooling::Last }
    }
}

impl BodyConfig for TcnConfig {
    type Body = Tcn;

    fn width(&self, _input: InputShape) -> usize {
        self.channels
    }

    /// What goes into and out of each convolution with its unfolded copy, and of each rectifier,
    /// dropout and sum. Weights are normalised once a batch, not once a sample.
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

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> Tcn {
        let TcnConfig { channels, kernel, .. } = *self;
        let block = |layer| {
            let from = if layer == 0 { input.features } else { channels };
            let dilation = 1_usize << layer;
            Block {
                conv1: NormedConv::init(from, channels, kernel, dilation, weights),
                conv2: NormedConv::init(channels, channels, kernel, dilation, weights),
                downsample: (from != channels)
                    .then(|| CausalConv::pointwise(from, channels, DOWNSAMPLE_DEVIATION, weights)),
            }
        };
        Tcn {
            network: (0..self.layers).map(block).collect(),
            pooling: Pool::init(self.pooling, channels, weights),
            dropout: self.dropout,
        }
    }
}

/// Convolutions over a window. Tensors: `network.<i>.conv1.weight_g`, `network.<i>.conv1.weight_v`, …,
/// `network.0.downsample.weight` where features and channels differ in number.
#[derive(Module, Debug)]
pub struct Tcn {
    network: Vec<Block>,
    pooling: Pool,
    #[module(skip)]
    dropout: f64,
}

#[derive(Module, Debug)]
struct Block {
    conv1: NormedConv,
    conv2: NormedConv,
    downsample: Option<CausalConv>,
}

/// A causal convolution whose weights have a length of their own for each output channel: `g v / |v|`,
/// as `torch.nn.utils.weight_norm` with `dim=0`.
#[derive(Module, Debug)]
struct NormedConv {
    /// `[out, 1, 1]`, at first the length of `weight_v`.
    weight_g: Param<Tensor<3>>,
    /// `[out, in, kernel]`.
    weight_v: Param<Tensor<3>>,
    /// `[out]`.
    bias: Param<Tensor<1>>,
    #[module(skip)]
    dilation: usize,
    #[module(skip)]
    precision: Precision,
}

impl Tcn {
    /// `[B, T, F]` to `[B, C]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let mut x_tbc = x_btf.swap_dims(0, 1);
        for block in &self.network {
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

impl NormedConv {
    fn init(
        inputs: usize,
        outputs: usize,
        kernel: usize,
        dilation: usize,
        weights: &mut InitialWeights,
    ) -> Self {
        let bound = bound(inputs * kernel);
        let (weight_v, weight_g) = weights.uniform_with_norms([outputs, inputs, kernel], bound);
        let (bias, precision) = (weights.uniform([outputs], bound), weights.precision());
        Self { weight_g, weight_v, bias, dilation, precision }
    }

    /// `[T, B, in]` to `[T, B, out]`.
    fn forward(&self, x_tbc: Tensor<3>, activation: Activation) -> Tensor<3> {
        let v = self.weight_v.val();
        let [outputs, inputs, kernel] = v.dims();
        let v = v.reshape([outputs, inputs * kernel]);
        let length = v.clone().square().sum_dim(1).sqrt();
        let weight = v * (self.weight_g.val().reshape([outputs, 1]) / length);
        let weight = weight.reshape([outputs, inputs, kernel]);
        let conv = Conv1d::causal(kernel, self.dilation, activation, self.precision);
        convolve(x_tbc, weight, self.bias.val(), conv)
    }
}
