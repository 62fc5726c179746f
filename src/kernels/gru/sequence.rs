//! Forward and backward pass of a layer on the host.

use super::super::matmul::{View, matmul};
use super::super::recurrent::{
    Sizes, Step, add, at_step, backward_parts, forward_parts, input_gradient, time_major,
};
use super::gates;

/// `[3H, F]`, `[3H, H]`, `[3H]` and `[3H]`, row-major.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a> {
    pub(super) weight_ih: &'a [f32],
    pub(super) weight_hh: &'a [f32],
    pub(super) bias_ih: &'a [f32],
    pub(super) bias_hh: &'a [f32],
}

/// What the forward pass keeps for the backward pass.
#[derive(Debug, Clone)]
pub(super) struct Saved {
    pub(super) sizes: Sizes,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    /// `[T, rows, 3H]`.
    gates: Vec<f32>,
    /// `[T, rows, H]`: what the reset gate is multiplied with.
    candidate: Vec<f32>,
    /// `[T, rows, H]`: the state before each step, zero before the first.
    before: Vec<f32>,
}

/// Gradients of everything that a layer is made of.
pub(super) struct LayerGradients {
    /// `[B, T, F]`; empty when not asked for.
    pub(super) x_btf: Vec<f32>,
    pub(super) weight_ih: Vec<f32>,
    pub(super) weight_hh: Vec<f32>,
    pub(super) bias_ih: Vec<f32>,
    pub(super) bias_hh: Vec<f32>,
}

impl LayerGradients {
    fn zeros(Sizes { inputs, hidden, .. }: Sizes, x_btf: Vec<f32>) -> Self {
        let gates = 3 * hidden;
        Self {
            x_btf,
            weight_ih: vec![0.0; gates * inputs],
            weight_hh: vec![0.0; gates * hidden],
            bias_ih: vec![0.0; gates],
            bias_hh: vec![0.0; gates],
        }
    }
}

/// States `[B, T, H]` (or `[B, 1, H]`) of inputs `[B, T, F]`.
pub(super) fn forward(x_btf: &[f32], weights: Weights<'_>, sizes: Sizes) -> (Vec<f32>, Saved) {
    let part = |x: &[f32], output: &mut [f32]| forward_part(x, weights, sizes, output);
    let (output, parts) = forward_parts(x_btf, sizes, part);
    (output, Saved { sizes, parts })
}

fn forward_part(x: &[f32], weights: Weights<'_>, sizes: Sizes, output: &mut [f32]) -> Part {
    let Sizes { steps, inputs, hidden, .. } = sizes;
    let rows = x.len() / (steps * inputs);
    let mut part = Part {
        gates: vec![0.0; rows * steps * 3 * hidden],
        candidate: vec![0.0; rows * steps * hidden],
        before: vec![0.0; rows * steps * hidden],
    };
    let mut recurrent = vec![0.0; rows * 3 * hidden];
    // The share of the inputs for all steps at once.
    matmul(
        (&mut part.gates, View::packed(rows * steps, 3 * hidden)),
        (&time_major(x, rows, steps), View::packed(rows * steps, inputs)),
        (weights.weight_ih, View::packed(3 * hidden, inputs).transposed()),
        false,
    );
    for step in 0..steps {
        if step > 0 {
            matmul(
                (&mut recurrent, View::packed(rows, 3 * hidden)),
                (&part.before, at_step(rows, step, hidden)),
                (weights.weight_hh, View::packed(3 * hidden, hidden).transposed()),
                false,
            );
        }
        gates::forward(
            &Step { rows, steps, step, hidden },
            &mut gates::Forward {
                gates: &mut part.gates,
                recurrent: &recurrent,
                candidate: &mut part.candidate,
                bias_ih: weights.bias_ih,
                bias_hh: weights.bias_hh,
                before: &mut part.before,
                output,
                output_step: sizes.output_step(step),
            },
        );
    }
    part
}

/// Gradients from the gradient of the output; that of the inputs only with `inputs_too`.
pub(super) fn backward(
    x_btf: &[f32],
    weights: Weights<'_>,
    saved: Saved,
    output_gradient: &[f32],
    inputs_too: bool,
) -> LayerGradients {
    let Saved { sizes, parts } = saved;
    let part = |x: &[f32], kept, output_gradient: &[f32], x_gradient: &mut [f32]| {
        backward_part(x, weights, kept, sizes, output_gradient, x_gradient)
    };
    let (x_gradient, partial) =
        backward_parts(x_btf, sizes, parts, output_gradient, inputs_too, part);
    let mut gradients = LayerGradients::zeros(sizes, x_gradient);
    for part in partial {
        add(&mut gradients.weight_ih, &part.weight_ih);
        add(&mut gradients.weight_hh, &part.weight_hh);
        add(&mut gradients.bias_ih, &part.bias_ih);
        add(&mut gradients.bias_hh, &part.bias_hh);
    }
    gradients
}

fn backward_part(
    x: &[f32],
    weights: Weights<'_>,
    mut part: Part,
    sizes: Sizes,
    output_gradient: &[f32],
    x_gradient: &mut [f32],
) -> LayerGradients {
    let Sizes { steps, inputs, hidden, .. } = sizes;
    let rows = x.len() / (steps * inputs);
    // The gates r and z get the state through two thirds of the weights, n through the last.
    let two = 2 * hidden;
    let of_new = View { offset: two * hidden, ..View::packed(hidden, hidden) };
    let of_r_and_z = |view: View| View { columns: two, ..view };
    let mut state_gradient = vec![0.0; rows * hidden];
    for step in (0..steps).rev() {
        gates::backward(
            &Step { rows, steps, step, hidden },
            &mut gates::Backward {
                gates: &mut part.gates,
                candidate: &mut part.candidate,
                before: &part.before,
                state_gradient: &mut state_gradient,
                output_gradient,
                output_step: sizes.output_step(step),
            },
        );
        if step > 0 {
            matmul(
                (&mut state_gradient, View::packed(rows, hidden)),
                (&part.gates, of_r_and_z(at_step(rows, step, 3 * hidden))),
                (weights.weight_hh, View::packed(two, hidden)),
                true,
            );
            matmul(
                (&mut state_gradient, View::packed(rows, hidden)),
                (&part.candidate, at_step(rows, step, hidden)),
                (weights.weight_hh, of_new),
                true,
            );
        }
    }
    let sums = View::packed(rows * steps, 3 * hidden);
    let of_steps = (steps, sizes.precision);
    input_gradient(x_gradient, (&part.gates, sums), weights.weight_ih, of_steps);
    let mut gradients = LayerGradients::zeros(sizes, Vec::new());
    matmul(
        (&mut gradients.weight_ih, View::packed(3 * hidden, inputs)),
        (&part.gates, sums.transposed()),
        (&time_major(x, rows, steps), View::packed(rows * steps, inputs)),
        false,
    );
    let before = (part.before.as_slice(), View::packed(rows * steps, hidden));
    matmul(
        (&mut gradients.weight_hh, View::packed(two, hidden)),
        (&part.gates, of_r_and_z(sums).transposed()),
        before,
        false,
    );
    matmul(
        (&mut gradients.weight_hh, of_new),
        (&part.candidate, View::packed(rows * steps, hidden).transposed()),
        before,
        false,
    );
    for row in part.gates.chunks_exact(3 * hidden) {
        add(&mut gradients.bias_ih, row);
    }
    gradients.bias_hh[..two].copy_from_slice(&gradients.bias_ih[..two]);
    for row in part.candidate.chunks_exact(hidden) {
        add(&mut gradients.bias_hh[two..], row);
    }
    gradients
}
