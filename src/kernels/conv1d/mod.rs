//! One-dimensional convolution over the steps of sequences, with its activation.
//!
//! Sequences lie step by step, `[T, N, C]`: all N sequences of a step are one stretch of memory, so
//! that a tap of the kernel is one matrix product of shifted rows and nothing is unfolded. A
//! convolution over the columns of a book is the same with N = batch × columns.
//!
//! Shapes in tensor names: `t` step (oldest first), `n` sequence, `c` channel.

mod extension;
mod rows;

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn::tensor::activation::{leaky_relu, relu};
use burn::tensor::ops::ConvOptions;

use super::Precision;
use extension::Conv1dExtension;

/// Slope of [`Activation::LeakyRelu`] below 0.
pub const LEAK: f32 = 0.01;

/// What is done to the sums of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// max(0, x).
    Relu,
    /// x above 0, [`LEAK`] x below.
    LeakyRelu,
    /// Hyperbolic tangent.
    Tanh,
}

/// Where a convolution's taps lie, and what is done to their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv1d {
    /// Steps of zeros before the oldest step.
    pub before: usize,
    /// Steps of zeros after the newest step.
    pub after: usize,
    /// Steps from one tap to the next.
    pub dilation: usize,
    /// What is done to the sum.
    pub activation: Activation,
    /// Of the products; [`fused_conv1d`] takes them in f32.
    pub precision: Precision,
}

impl Conv1d {
    /// Sees no step after its own: as many zeros before the oldest step as the kernel reaches back.
    #[must_use]
    pub fn causal(
        kernel: usize,
        dilation: usize,
        activation: Activation,
        precision: Precision,
    ) -> Self {
        let before = kernel.saturating_sub(1) * dilation;
        Self { before, after: 0, dilation, activation, precision }
    }

    /// Steps of the output, 0 where the kernel is longer than the padded sequence.
    #[must_use]
    pub fn steps(&self, steps: usize, kernel: usize) -> usize {
        let reach = kernel.saturating_sub(1) * self.dilation;
        (steps + self.before + self.after).saturating_sub(reach)
    }
}

/// The convolution as one autodiff node: `[T, N, C]`, `[O, C, K]` as in PyTorch, `[O]` to
/// `[T', N, O]`.
///
/// Rows are split into parts of a fixed size, and sums over parts have a fixed order: results are
/// the same bits from run to run, whatever the number of threads. NaN stays NaN.
///
/// # Panics
/// When the device is not one of [`super::is_fused`], or shapes do not agree.
#[must_use]
pub fn fused_conv1d(
    x_tnc: Tensor<3>,
    weight: Tensor<3>,
    bias: Tensor<1>,
    conv: Conv1d,
) -> Tensor<3> {
    Tensor::from_dispatch(Dispatch::conv1d_steps(
        x_tnc.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        conv,
    ))
}

/// The convolution from ordinary operations. It runs on every device and is the reference of
/// [`fused_conv1d`].
#[must_use]
pub fn plain_conv1d(
    x_tnc: Tensor<3>,
    weight: Tensor<3>,
    bias: Tensor<1>,
    conv: Conv1d,
) -> Tensor<3> {
    let mut options = ConvOptions::new([1], [0], [conv.dilation], 1);
    options.padding = [(conv.before, conv.after)];
    let x_nct = x_tnc.permute([1, 2, 0]);
    let sum = conv.precision.conv1d(x_nct, weight, Some(bias), options).permute([2, 0, 1]);
    match conv.activation {
        Activation::Identity => sum,
        Activation::Relu => relu(sum),
        Activation::LeakyRelu => leaky_relu(sum, f64::from(LEAK)),
        Activation::Tanh => sum.tanh(),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};
    use proptest::prelude::*;

    use super::*;

    fn wave(count: usize, pace: f32) -> Vec<f32> {
        (0..count).map(|n| (n as f32 * pace + pace).sin()).collect()
    }

    /// Output and gradients of x, weights and bias, in that order.
    fn run(
        [steps, sequences, inputs, outputs, kernel]: [usize; 5],
        conv: Conv1d,
        fused: bool,
    ) -> Vec<Vec<f32>> {
        let device = Device::flex().autodiff();
        let leaf = |count: usize, pace| {
            Tensor::<1>::from_data(TensorData::new(wave(count, pace), [count]), &device)
                .require_grad()
        };
        let x = leaf(steps * sequences * inputs, 0.37);
        let weight = leaf(outputs * inputs * kernel, 0.71);
        let bias = leaf(outputs, 0.29);
        let convolve = if fused { fused_conv1d } else { plain_conv1d };
        let output = convolve(
            x.clone().reshape([steps, sequences, inputs]),
            weight.clone().reshape([outputs, inputs, kernel]),
            bias.clone(),
            conv,
        );
        let direction = wave(output.dims().iter().product(), 0.17);
        let direction = TensorData::new(direction, output.dims());
        let direction = Tensor::<3>::from_data(direction, &Device::flex());
        let gradients = (output.clone() * direction).sum().backward();
        let host = |tensor: Tensor<1>| tensor.try_into_vec_as::<f32>().unwrap();
        let length = output.dims().iter().product::<usize>();
        let mut results = vec![host(output.without_autodiff().reshape([length]))];
        results.extend([&x, &weight, &bias].map(|leaf| host(leaf.grad(&gradients).unwrap())));
        results
    }

    fn activation() -> impl Strategy<Value = Activation> {
        use Activation::{Identity, LeakyRelu, Relu, Tanh};
        proptest::sample::select(vec![Identity, Relu, LeakyRelu, Tanh])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn fused_equals_plain(
            (steps, kernel, dilation) in (1_usize..24, 1_usize..6, 1_usize..5),
            (sequences, inputs, outputs) in (1_usize..40, 1_usize..20, 1_usize..20),
            (before, after) in (0_usize..24, 0_usize..8),
            activation in activation(),
        ) {
            let conv = Conv1d { before, after, dilation, activation, precision: Precision::F32 };
            prop_assume!(conv.steps(steps, kernel) > 0);
            let sizes = [steps, sequences, inputs, outputs, kernel];
            let plain = run(sizes, conv, false);
            let fused = run(sizes, conv, true);
            let rows = conv.steps(steps, kernel) * sequences;
            let terms = [inputs * kernel, outputs * kernel, rows, rows];
            for ((plain, fused), terms) in plain.iter().zip(&fused).zip(terms) {
                prop_assert_eq!(plain.len(), fused.len());
                // Terms are of order 1: where n of them cancel, rounding is that of a sum of order √n.
                let size = (terms as f32).sqrt();
                let largest = plain.iter().fold(size, |most, value| most.max(value.abs()));
                for (plain, fused) in plain.iter().zip(fused) {
                    prop_assert!((plain - fused).abs() <= 1e-5 * largest, "{} {}", plain, fused);
                }
            }
        }
    }

    #[test]
    fn results_do_not_depend_on_the_number_of_threads() {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let conv = Conv1d::causal(3, 2, Activation::Relu, Precision::F32);
            pool.install(|| run([40, 150, 9, 17, 3], conv, true))
        };
        let one = with(1);
        assert_eq!(one, with(2));
        assert_eq!(one, with(3));
    }

    #[test]
    fn what_is_no_number_stays_none() {
        let device = Device::flex();
        for activation in [Activation::Identity, Activation::Relu, Activation::LeakyRelu] {
            let mut x = vec![1.0_f32; 12];
            x[5] = f32::NAN;
            let x = Tensor::<3>::from_data(TensorData::new(x, [4, 3, 1]), &device);
            let weight = Tensor::<3>::ones([1, 1, 2], &device);
            let conv = Conv1d::causal(2, 1, activation, Precision::F32);
            let y = fused_conv1d(x, weight, Tensor::zeros([1], &device), conv);
            let y = y.reshape([12]).try_into_vec_as::<f32>().unwrap();
            let unknown: Vec<usize> = (0..12).filter(|&at| y[at].is_nan()).collect();
            assert_eq!(unknown, [5, 8], "{activation:?}");
        }
    }
}
