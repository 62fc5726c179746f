//! Linear and convolution layers with PyTorch's tensors.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::kernels::conv1d::{Activation, Conv1d, fused_conv1d, plain_conv1d};
use crate::kernels::{Precision, is_fused};

use super::initial::{InitialWeights, bound};

/// `y = x Wᵀ + b`, as `torch.nn.Linear`.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[out, in]`.
    weight: Param<Tensor<2>>,
    /// `[out]`, in most layers.
    bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    precision: Precision,
}

impl Linear {
    pub(super) fn init(inputs: usize, outputs: usize, weights: &mut InitialWeights) -> Self {
        Self {
            weight: weights.uniform([outputs, inputs], bound(inputs)),
            bias: Some(weights.uniform([outputs], bound(inputs))),
            precision: weights.precision(),
        }
    }

    /// As `torch.nn.Linear(inputs, outputs, bias=False)`.
    pub(super) fn without_bias(
        inputs: usize,
        outputs: usize,
        weights: &mut InitialWeights,
    ) -> Self {
        Self {
            weight: weights.uniform([outputs, inputs], bound(inputs)),
            bias: None,
            precision: weights.precision(),
        }
    }

    /// As [`Self::init`] with a bias that starts at zero, as `out_proj` of PyTorch's attention.
    pub(super) fn with_zero_bias(
        inputs: usize,
        outputs: usize,
        weights: &mut InitialWeights,
    ) -> Self {
        Self {
            weight: weights.uniform([outputs, inputs], bound(inputs)),
            bias: Some(weights.constant([outputs], 0.0)),
            precision: weights.precision(),
        }
    }

    /// `[…, in]` to `[…, out]`.
    pub(super) fn forward_rows<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let mut shape = x.dims();
        let rows = shape[..D - 1].iter().product::<usize>();
        let y = self.forward(x.reshape([rows, shape[D - 1]]));
        shape[D - 1] = y.dims()[1];
        y.reshape(shape)
    }

    /// `[B, in]` to `[B, out]`.
    pub(super) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let y = self.precision.matmul(x, self.weight.val().transpose());
        match &self.bias {
            Some(bias) => y + bias.val().unsqueeze(),
            None => y,
        }
    }
}

/// One-dimensional convolution that sees no step after its own: the sequence is padded with zeros
/// at its old end only. Tensors as `torch.nn.Conv1d`.
#[derive(Module, Debug)]
pub struct CausalConv {
    /// `[out, in, kernel]`.
    weight: Param<Tensor<3>>,
    /// `[out]`.
    bias: Param<Tensor<1>>,
    #[module(skip)]
    dilation: usize,
    #[module(skip)]
    precision: Precision,
}

impl CausalConv {
    pub(super) fn init(
        inputs: usize,
        outputs: usize,
        kernel: usize,
        dilation: usize,
        weights: &mut InitialWeights,
    ) -> Self {
        let bound = bound(inputs * kernel);
        Self {
            weight: weights.uniform([outputs, inputs, kernel], bound),
            bias: weights.uniform([outputs], bound),
            dilation,
            precision: weights.precision(),
        }
    }

    /// A convolution of length 1 with normal weights of mean 0.
    pub(super) fn pointwise(
        inputs: usize,
        outputs: usize,
        deviation: f32,
        weights: &mut InitialWeights,
    ) -> Self {
        Self {
            weight: weights.normal([outputs, inputs, 1], deviation),
            bias: weights.uniform([outputs], bound(inputs)),
            dilation: 1,
            precision: weights.precision(),
        }
    }

    /// `[T, B, in]` to `[T, B, out]`.
    pub(super) fn forward(&self, x_tbc: Tensor<3>, activation: Activation) -> Tensor<3> {
        let weight = self.weight.val();
        let conv = Conv1d::causal(weight.dims()[2], self.dilation, activation, self.precision);
        convolve(x_tbc, weight, self.bias.val(), conv)
    }
}

/// `[T, B, in]`, `[out, in, kernel]` and `[out]` to `[T', B, out]`: fused where the device has it and
/// products are taken in f32.
pub(super) fn convolve(
    x_tbc: Tensor<3>,
    weight: Tensor<3>,
    bias: Tensor<1>,
    conv: Conv1d,
) -> Tensor<3> {
    if conv.precision == Precision::F32 && is_fused(&x_tbc.device()) {
        fused_conv1d(x_tbc, weight, bias, conv)
    } else {
        plain_conv1d(x_tbc, weight, bias, conv)
    }
}

/// One-dimensional convolution without bias that sees as many steps before its own as after it, and
/// at even length one more after it. Tensor as `torch.nn.Conv1d(padding="same", bias=False)`.
#[derive(Module, Debug)]
pub struct SameConv {
    /// `[out, in, kernel]`.
    weight: Param<Tensor<3>>,
    #[module(skip)]
    precision: Precision,
}

impl SameConv {
    pub(super) fn init(
        inputs: usize,
        outputs: usize,
        kernel: usize,
        weights: &mut InitialWeights,
    ) -> Self {
        Self {
            weight: weights.uniform([outputs, inputs, kernel], bound(inputs * kernel)),
            precision: weights.precision(),
        }
    }

    /// `[T, B, in]` to `[T, B, out]`.
    pub(super) fn forward(&self, x_tbc: Tensor<3>) -> Tensor<3> {
        let weight = self.weight.val();
        let [outputs, _, kernel] = weight.dims();
        let (before, after) = ((kernel - 1) / 2, kernel / 2);
        let (activation, precision) = (Activation::Identity, self.precision);
        let conv = Conv1d { before, after, dilation: 1, activation, precision };
        let bias = Tensor::zeros([outputs], &x_tbc.device());
        convolve(x_tbc, weight, bias, conv)
    }
}
