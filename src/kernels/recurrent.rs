//! What the fused recurrent layers share: sizes, and how a batch is cut and laid out.
//!
//! The batch is split into parts of [`PART`] rows; each part runs through all steps on one thread.
//! Inside a part buffers are `[T, rows, …]`, so that a step is one stretch of memory. Gradients of
//! the weights are summed over parts in their order.

use rayon::prelude::*;

use super::Precision;
use super::matmul::{View, matmul};

/// Rows of a part: a constant, so that results do not depend on the number of threads.
const PART: usize = 64;

/// Sizes of a layer's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) batch: usize,
    pub(super) steps: usize,
    pub(super) inputs: usize,
    pub(super) hidden: usize,
    pub(super) last_only: bool,
    pub(super) precision: Precision,
}

impl Sizes {
    pub(super) fn output_steps(self) -> usize {
        if self.last_only { 1.min(self.steps) } else { self.steps }
    }

    /// Number of output steps and the index of `step` among them.
    pub(super) fn output_step(self, step: usize) -> Option<(usize, usize)> {
        if self.last_only {
            (step + 1 == self.steps).then_some((1, 0))
        } else {
            Some((self.steps, step))
        }
    }

    /// Inputs and outputs of a part, in numbers of the flat tensors; at least 1, as chunks must be.
    fn part_inputs(self) -> usize {
        (PART * self.steps * self.inputs).max(1)
    }

    fn part_outputs(self) -> usize {
        (PART * self.output_steps() * self.hidden).max(1)
    }
}

/// States `[B, T, H]` (or `[B, 1, H]`) of inputs `[B, T, F]`, and what each part keeps: `part` writes the
/// states of its inputs.
pub(super) fn forward_parts<P: Send>(
    x_btf: &[f32],
    sizes: Sizes,
    part: impl Fn(&[f32], &mut [f32]) -> P + Sync,
) -> (Vec<f32>, Vec<P>) {
    let mut output = vec![0.0; sizes.batch * sizes.output_steps() * sizes.hidden];
    let parts = output
        .par_chunks_mut(sizes.part_outputs())
        .zip(x_btf.par_chunks(sizes.part_inputs()))
        .map(|(output, x)| part(x, output))
        .collect();
    (output, parts)
}

/// The gradient of the inputs (empty without `inputs_too`) and what each part makes of its inputs, of
/// what it kept and of the gradient of its states: `part` writes its inputs' gradient where there is
/// room.
pub(super) fn backward_parts<P: Send, G: Send>(
    x_btf: &[f32],
    sizes: Sizes,
    parts: Vec<P>,
    output_gradient: &[f32],
    inputs_too: bool,
    part: impl Fn(&[f32], P, &[f32], &mut [f32]) -> G + Sync,
) -> (Vec<f32>, Vec<G>) {
    let mut x_gradient = vec![0.0; if inputs_too { x_btf.len() } else { 0 }];
    let mut x_gradients: Vec<&mut [f32]> = x_gradient.chunks_mut(sizes.part_inputs()).collect();
    x_gradients.resize_with(parts.len(), || &mut []);
    let gradients = parts
        .into_par_iter()
        .zip(x_gradients)
        .zip(x_btf.par_chunks(sizes.part_inputs()))
        .zip(output_gradient.par_chunks(sizes.part_outputs()))
        .map(|(((kept, x_gradient), x), output_gradient)| {
            part(x, kept, output_gradient, x_gradient)
        })
        .collect();
    (x_gradient, gradients)
}

/// One step of a part of the batch.
pub(super) struct Step {
    pub(super) rows: usize,
    pub(super) steps: usize,
    pub(super) step: usize,
    pub(super) hidden: usize,
}

/// `[rows, T, F]` as `[T, rows, F]`.
pub(super) fn time_major(x: &[f32], rows: usize, steps: usize) -> Vec<f32> {
    let inputs = x.len() / (rows * steps);
    let mut out = Vec::with_capacity(x.len());
    for step in 0..steps {
        for row in 0..rows {
            let at = (row * steps + step) * inputs;
            out.extend_from_slice(&x[at..at + inputs]);
        }
    }
    out
}

/// Gradient of a part's inputs `[rows, T, F]` from that of its gates' sums, `sums` of the `[T, rows,
/// G]` numbers in `gates`, and the input weights `[G, F]`.
pub(super) fn input_gradient(
    x_gradient: &mut [f32],
    (gates, sums): (&[f32], View),
    weight_ih: &[f32],
    (steps, precision): (usize, Precision),
) {
    if x_gradient.is_empty() {
        return;
    }
    let rows = sums.rows / steps;
    let inputs = x_gradient.len() / sums.rows;
    let mut gradient = vec![0.0; x_gradient.len()];
    matmul(
        (&mut gradient, View::packed(sums.rows, inputs)),
        (gates, sums),
        (weight_ih, View::packed(sums.columns, inputs)),
        false,
    );
    precision.round(&mut gradient);
    for (index, row) in gradient.chunks_exact(inputs).enumerate() {
        let at = (index % rows * steps + index / rows) * inputs;
        x_gradient[at..at + inputs].copy_from_slice(row);
    }
}

/// The matrix `[rows, width]` of one step inside `[T, rows, width]`.
pub(super) fn at_step(rows: usize, step: usize, width: usize) -> View {
    View { offset: step * rows * width, ..View::packed(rows, width) }
}

pub(super) fn add(sum: &mut [f32], part: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(part) {
        *sum += value;
    }
}
