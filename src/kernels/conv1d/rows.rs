//! The convolution on the host: every tap is a matrix product of shifted rows.
//!
//! `[T, N, C]` is a matrix of T·N rows; a tap that lies s steps before reads the row s·N before. Rows
//! are split into parts of a constant size, and gradients of the weights are summed over parts in
//! their order: the number of threads has no say in any sum.

use rayon::prelude::*;

use super::super::activation::tanh;
use super::super::matmul::{View, matmul};
use super::super::vectors::widest;
use super::{Activation, Conv1d, LEAK};

/// Rows of a part of the output: 128 KiB of 64 channels, so that the taps add to what is in cache.
const PART: usize = 512;
/// Rows whose share of the weights' gradient is summed before it is added to that of other parts.
const WEIGHT_PART: usize = 2048;
/// Rows of one product of that sum.
const WEIGHT_ROWS: usize = 256;

/// Sizes of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) steps: usize,
    pub(super) sequences: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) kernel: usize,
}

impl Sizes {
    fn input_rows(self) -> usize {
        self.steps * self.sequences
    }
}

/// Gradients of everything that goes into a convolution.
pub(super) struct Gradients {
    /// `[T, N, C]`; empty when not asked for.
    pub(super) x_tnc: Vec<f32>,
    /// `[O, C, K]`.
    pub(super) weight: Vec<f32>,
    /// `[O]`.
    pub(super) bias: Vec<f32>,
}

/// `[T, N, C]`, `[O, C, K]` and `[O]` to `[T', N, O]`.
pub(super) fn forward(
    x_tnc: &[f32],
    weight: &[f32],
    bias: &[f32],
    sizes: Sizes,
    conv: Conv1d,
) -> Vec<f32> {
    let Sizes { inputs, outputs, kernel, .. } = sizes;
    let weight_kco = taps_first(weight, outputs, inputs, kernel, false);
    let rows = conv.steps(sizes.steps, kernel) * sizes.sequences;
    let shifts = shifts(sizes, conv);
    let input = Rows { values: x_tnc, rows: sizes.input_rows(), width: inputs };
    let mut output = vec![0.0; rows * outputs];
    output.par_chunks_mut((PART * outputs).max(1)).enumerate().for_each(|(part, output)| {
        for row in output.chunks_exact_mut(outputs) {
            row.copy_from_slice(bias);
        }
        add_taps(output, outputs, part * PART, input, &weight_kco, &shifts);
        activate(output, conv.activation);
    });
    output
}

/// Gradients from `y` = the output and `output_gradient`, both `[T', N, O]`.
pub(super) fn backward(
    (x_tnc, weight, y): (&[f32], &[f32], &[f32]),
    mut output_gradient: Vec<f32>,
    sizes: Sizes,
    conv: Conv1d,
    inputs_too: bool,
) -> Gradients {
    let Sizes { inputs, outputs, kernel, .. } = sizes;
    undo_activation(&mut output_gradient, y, conv.activation);
    let shifts = shifts(sizes, conv);
    let gradient = Rows {
        values: &output_gradient,
        rows: conv.steps(sizes.steps, kernel) * sizes.sequences,
        width: outputs,
    };
    let mut x_gradient = Vec::new();
    if inputs_too {
        let weight_koc = taps_first(weight, outputs, inputs, kernel, true);
        let back: Vec<isize> = shifts.iter().map(|shift| -shift).collect();
        x_gradient = vec![0.0; sizes.input_rows() * inputs];
        x_gradient.par_chunks_mut((PART * inputs).max(1)).enumerate().for_each(|(part, rows)| {
            add_taps(rows, inputs, part * PART, gradient, &weight_koc, &back);
        });
    }
    let (weight, bias) = weight_gradient(x_tnc, gradient, sizes, &shifts);
    Gradients { x_tnc: x_gradient, weight, bias }
}

/// By how many rows each tap lies before the output's row (after it: negative).
fn shifts(sizes: Sizes, conv: Conv1d) -> Vec<isize> {
    let (before, dilation) = (conv.before as isize, conv.dilation as isize);
    (0..sizes.kernel as isize)
        .map(|tap| (before - tap * dilation) * sizes.sequences as isize)
        .collect()
}

/// Weights `[O, C, K]` as `[K, C, O]`, or as `[K, O, C]` with `outputs_first`.
fn taps_first(
    weight: &[f32],
    outputs: usize,
    inputs: usize,
    kernel: usize,
    outputs_first: bool,
) -> Vec<f32> {
    let mut packed = vec![0.0; weight.len()];
    for (at, &value) in weight.iter().enumerate() {
        let (output, input, tap) = (at / kernel / inputs, at / kernel % inputs, at % kernel);
        let inside = if outputs_first { output * inputs + input } else { input * outputs + output };
        packed[tap * inputs * outputs + inside] = value;
    }
    packed
}

/// A matrix of whole rows.
#[derive(Clone, Copy)]
struct Rows<'a> {
    values: &'a [f32],
    rows: usize,
    width: usize,
}

impl Rows<'_> {
    fn view(self, from: usize, rows: usize) -> View {
        View { offset: from * self.width, ..View::packed(rows, self.width) }
    }
}

/// Adds to the rows of `output` from `first` on, for each tap, the rows of `input` that lie its shift
/// before, times its weights.
fn add_taps(
    output: &mut [f32],
    width: usize,
    first: usize,
    input: Rows<'_>,
    weights: &[f32],
    shifts: &[isize],
) {
    let rows = output.len() / width;
    for (tap, &shift) in shifts.iter().enumerate() {
        let Some((from, to)) = overlap(first, rows, shift, input.rows) else { continue };
        let weight = View { offset: tap * input.width * width, ..View::packed(input.width, width) };
        matmul(
            (output, View { offset: (from - first) * width, ..View::packed(to - from, width) }),
            (input.values, input.view(from.wrapping_add_signed(-shift), to - from)),
            (weights, weight),
            true,
        );
    }
}

/// Which of `rows` rows from `first` on have a row of the other matrix `shift` before them.
fn overlap(first: usize, rows: usize, shift: isize, others: usize) -> Option<(usize, usize)> {
    let from = (first as isize).max(shift);
    let to = ((first + rows) as isize).min(others as isize + shift);
    (from < to).then_some((from as usize, to as usize))
}

/// Gradients of weights `[O, C, K]` and bias `[O]`.
fn weight_gradient(
    x_tnc: &[f32],
    gradient: Rows<'_>,
    sizes: Sizes,
    shifts: &[isize],
) -> (Vec<f32>, Vec<f32>) {
    let Sizes { inputs, outputs, kernel, .. } = sizes;
    let input = Rows { values: x_tnc, rows: sizes.input_rows(), width: inputs };
    let parts: Vec<(Vec<f32>, Vec<f32>)> = (0..gradient.rows.div_ceil(WEIGHT_PART))
        .into_par_iter()
        .map(|part| {
            let mut weight_kco = vec![0.0; kernel * inputs * outputs];
            let mut bias = vec![0.0; outputs];
            let end = gradient.rows.min((part + 1) * WEIGHT_PART);
            for first in (part * WEIGHT_PART..end).step_by(WEIGHT_ROWS) {
                let rows = WEIGHT_ROWS.min(end - first);
                for row in gradient.values[first * outputs..].chunks_exact(outputs).take(rows) {
                    for (sum, value) in bias.iter_mut().zip(row) {
                        *sum += value;
                    }
                }
                for (tap, &shift) in shifts.iter().enumerate() {
                    let Some((from, to)) = overlap(first, rows, shift, input.rows) else {
                        continue;
                    };
                    let at = tap * inputs * outputs;
                    let x = input.view(from.wrapping_add_signed(-shift), to - from);
                    matmul(
                        (&mut weight_kco, View { offset: at, ..View::packed(inputs, outputs) }),
                        (x_tnc, x.transposed()),
                        (gradient.values, gradient.view(from, to - from)),
                        true,
                    );
                }
            }
            (weight_kco, bias)
        })
        .collect();
    let mut weight = vec![0.0; outputs * inputs * kernel];
    let mut bias = vec![0.0; outputs];
    for (part_kco, part_bias) in &parts {
        for (at, value) in part_kco.iter().enumerate() {
            let (tap, input, output) = (at / outputs / inputs, at / outputs % inputs, at % outputs);
            weight[(output * inputs + input) * kernel + tap] += value;
        }
        for (sum, value) in bias.iter_mut().zip(part_bias) {
            *sum += value;
        }
    }
    (weight, bias)
}

widest! {
    fn activate(values: &mut [f32], activation: Activation) = activate_plain
}

#[inline(always)]
fn activate_plain<const FUSED: bool>(values: &mut [f32], activation: Activation) {
    // Comparisons leave NaN as it is, which `max` would not.
    match activation {
        Activation::Identity => {}
        Activation::Relu => each(values, |x| if x < 0.0 { 0.0 } else { x }),
        Activation::LeakyRelu => each(values, |x| if x < 0.0 { LEAK * x } else { x }),
        Activation::Tanh => each(values, tanh::<FUSED>),
    }
}

#[inline(always)]
fn each(values: &mut [f32], to: impl Fn(f32) -> f32) {
    for value in values {
        *value = to(*value);
    }
}

/// Turns the gradient of the activation's output `y` into that of its input.
fn undo_activation(gradient: &mut [f32], y: &[f32], activation: Activation) {
    match activation {
        Activation::Identity => {}
        Activation::Relu => multiply(gradient, y, |y| if y <= 0.0 { 0.0 } else { 1.0 }),
        Activation::LeakyRelu => multiply(gradient, y, |y| if y <= 0.0 { LEAK } else { 1.0 }),
        Activation::Tanh => multiply(gradient, y, |y| 1.0 - y * y),
    }
}

fn multiply(gradient: &mut [f32], y: &[f32], slope: impl Fn(f32) -> f32 + Sync) {
    gradient.par_chunks_mut(PART * 64).zip(y.par_chunks(PART * 64)).for_each(|(gradient, y)| {
        for (gradient, &y) in gradient.iter_mut().zip(y) {
            *gradient *= slope(y);
        }
    });
}
