//! Linear and convolution layers with PyTorch's tensors.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;

use crate::kernels::Precision;

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

    /// `[B, in, T]` to `[B, out, T]`.
    pub(super) fn forward(&self, x_bct: Tensor<3>) -> Tensor<3> {
        causal_conv(x_bct, self.weight.val(), self.bias.val(), (self.dilation, self.precision))
    }
}

/// `[B, in, T]` to `[B, out, T]`, with zeros before the oldest step.
pub(super) fn causal_conv(
    x_bct: Tensor<3>,
    weight: Tensor<3>,
    bias: Tensor<1>,
    (dilation, precision): (usize, Precision),
) -> Tensor<3> {
    let past = (weight.dims()[2] - 1) * dilation;
    let mut options = ConvOptions::new([1], [0], [dilation], 1);
    options.padding = [(past, 0)];
    precision.conv1d(x_bct, weight, Some(bias), options)
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

    /// `[B, in, T]` to `[B, out, T]`.
    pub(super) fn forward(&self, x_bct: Tensor<3>) -> Tensor<3> {
        let weight = self.weight.val();
        let others = weight.dims()[2] - 1;
        let mut options = ConvOptions::new([1], [0], [1], 1);
        options.padding = [(others / 2, others.div_ceil(2))];
        self.precision.conv1d(x_bct, weight, None, options)
    }
}
