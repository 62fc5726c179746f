//! Two-dimensional convolution with PyTorch's tensors.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;

use crate::kernels::Precision;
use crate::kernels::conv1d::{Activation, Conv1d};

use super::initial::{InitialWeights, bound};
use super::layers::convolve;

/// Channels and size of a convolution over steps (first axis) and columns (second axis).
#[derive(Debug, Clone, Copy)]
pub(super) struct Conv2dSize {
    pub inputs: usize,
    pub outputs: usize,
    pub kernel: [usize; 2],
}

impl Conv2dSize {
    /// Multiplications and additions for each position of the output.
    pub(super) fn flops(self) -> usize {
        2 * self.inputs * self.outputs * self.kernel[0] * self.kernel[1]
    }
}

/// As `torch.nn.Conv2d`, with or without padding along the steps.
#[derive(Module, Debug)]
pub struct Conv2d {
    /// `[out, in, kernel steps, kernel columns]`.
    weight: Param<Tensor<4>>,
    /// `[out]`.
    bias: Param<Tensor<1>>,
    #[module(skip)]
    columns_apart: usize,
    #[module(skip)]
    padded: bool,
    #[module(skip)]
    precision: Precision,
}

impl Conv2d {
    /// Moves one column at a time, without padding.
    pub(super) fn init(size: Conv2dSize, weights: &mut InitialWeights) -> Self {
        let Conv2dSize { inputs, outputs, kernel } = size;
        let bound = bound(inputs * kernel[0] * kernel[1]);
        Self {
            weight: weights.uniform([outputs, inputs, kernel[0], kernel[1]], bound),
            bias: weights.uniform([outputs], bound),
            columns_apart: 1,
            padded: false,
            precision: weights.precision(),
        }
    }

    /// Moves a kernel's width at a time along the columns: no two positions share one.
    pub(super) fn apart(mut self) -> Self {
        self.columns_apart = self.weight.val().dims()[3];
        self
    }

    /// Pads the steps with zeros so that there are as many after as before: `padding="same"`, which
    /// puts the larger half at the new end.
    pub(super) fn padded(mut self) -> Self {
        self.padded = true;
        self
    }

    /// `[B, in, T, columns]` to `[B, out, T', columns']`.
    pub(super) fn forward(&self, x_bctw: Tensor<4>) -> Tensor<4> {
        let weight = self.weight.val();
        let mut options = ConvOptions::new([1, self.columns_apart], [0, 0], [1, 1], 1);
        if self.padded {
            let padding = weight.dims()[2] - 1;
            options.padding = [(padding / 2, padding - padding / 2), (0, 0)];
        }
        self.precision.conv2d(x_bctw, weight, Some(self.bias.val()), options)
    }

    /// `[T, B, columns, in]` to `[T', B, columns / kernel columns, out]`, of a kernel that moves its
    /// own width at a time. The columns under it are channels of one sequence then, so it is a
    /// convolution over the steps alone.
    pub(super) fn forward_steps(&self, x_tbwc: Tensor<4>, activation: Activation) -> Tensor<4> {
        let [steps, batch, columns, inputs] = x_tbwc.dims();
        let weight = self.weight.val();
        let [outputs, _, kernel, width] = weight.dims();
        let weight = weight.permute([0, 3, 1, 2]).reshape([outputs, width * inputs, kernel]);
        let padding = if self.padded { kernel - 1 } else { 0 };
        let (before, after) = (padding / 2, padding - padding / 2);
        let positions = columns / width;
        let x = x_tbwc.reshape([steps, batch * positions, width * inputs]);
        let precision = self.precision;
        let conv = Conv1d { before, after, dilation: 1, activation, precision };
        let y = convolve(x, weight, self.bias.val(), conv);
        let steps = y.dims()[0];
        y.reshape([steps, batch, positions, outputs])
    }
}
