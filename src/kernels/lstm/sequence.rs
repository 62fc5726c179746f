//! Forward and backward pass of a layer on the host.

use std::borrow::Cow;

use super::super::Precision;
use super::super::matmul::{View, matmul};
use super::super::recurrent::{
    Sizes, Step, add, at_step, backward_parts, forward_parts, input_gradient, time_major,
};
use super::gates;

/// `[4H, F]`, `[4H, H]` and `[4H]`, row-major.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a> {
    pub(super) weight_ih: &'a [f32],
    pub(super) weight_hh: &'a [f32],
    pub(super) bias: &'a [f32],
}

/// What the forward pass keeps for the backward pass.
#[derive(Debug, Clone)]
pub(super) struct Saved {
    pub(super) sizes: Sizes,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    /// `[T, rows, 4H]`.
    gates: Vec<f32>,
    /// `[T, rows, H]`.
    cells: Vec<f32>,
    /// `[T, rows, H]`: the state before each step, zero before the first.
    before: Vec<f32>,
}

/// Gradients of everything that a layer is made of.
pub(super) struct LayerGradients {
    /// `[B, T, F]`; empty when not asked for.
    pub(super) x_btf: Vec<f32>,
    pub(super) weight_ih: Vec<f32>,
    pub(super) weight_hh: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

impl LayerGradients {
    fn zeros(Sizes { inputs, hidden, .. }: Sizes, x_btf: Vec<f32>) -> Self {
        let gates = 4 * hidden;
        Self {
            x_btf,
            weight_ih: vec![0.0; gates * inputs],
            weight_hh: vec![0.0; gates * hidden],
            bias: vec![0.0; gates],
        }
    }
}

/// States `[B, T, H]` (or `[B, 1, H]`) of inputs `[B, T, F]`.
pub(super) fn forward(x_btf: &[f32], weights: Weights<'_>, sizes: Sizes) -> (Vec<f32>, Saved) {
    let precision = sizes.precision;
    let (weight_ih, weight_hh) =
        (operand(weights.weight_ih, precision), operand(weights.weight_hh, precision));
    let weights = Weights { weight_ih: &weight_ih, weight_hh: &weight_hh, ..weights };
    let part = |x: &[f32], output: &mut [f32]| forward_part(x, weights, sizes, output);
    let (output, parts) = forward_parts(x_btf, sizes, part);
    (output, Saved { sizes, parts })
}

fn forward_part(x: &[f32], weights: Weights<'_>, sizes: Sizes, output: &mut [f32]) -> Part {
    let Sizes { steps, inputs, hidden, precision, .. } = sizes;
    let rows = x.len() / (steps * inputs);
    let mut part = Part {
        gates: vec![0.0; rows * steps * 4 * hidden],
        cells: vec![0.0; rows * steps * hidden],
        before: vec![0.0; rows * steps * hidden],
    };
    // The share of the inputs for all steps at once.
    matmul(
        (&mut part.gates, View::packed(rows * steps, 4 * hidden)),
        (&operand(&time_major(x, rows, steps), precision), View::packed(rows * steps, inputs)),
        (weights.weight_ih, View::packed(4 * hidden, inputs).transposed()),
        false,
    );
    precision.round(&mut part.gates);
    for step in 0..steps {
        if step > 0 {
            add_states(&mut part, weights.weight_hh, (rows, step, hidden), precision);
        }
        gates::forward(
            &Step { rows, steps, step, hidden },
            &mut gates::Forward {
                gates: &mut part.gates,
                bias: weights.bias,
                cells: &mut part.cells,
                before: &mut part.before,
                output,
                output_step: sizes.output_step(step),
            },
        );
    }
    part
}

/// Adds the share of the states before a step to its gates.
fn add_states(
    part: &mut Part,
    weight_hh: &[f32],
    (rows, step, hidden): (usize, usize, usize),
    precision: Precision,
) {
    let weight = (weight_hh, View::packed(4 * hidden, hidden).transposed());
    let (gates, before) = (at_step(rows, step, 4 * hidden), at_step(rows, step, hidden));
    match precision {
        Precision::F32 => matmul((&mut part.gates, gates), (&part.before, before), weight, true),
        Precision::Bf16 => {
            // As operands they are rounded for good: the states that the layer hands out are copies.
            precision.round(&mut part.before[before.offset..][..rows * hidden]);
            let mut share = vec![0.0; rows * 4 * hidden];
            let packed = View::packed(rows, 4 * hidden);
            matmul((&mut share, packed), (&part.before, before), weight, false);
            precision.round(&mut share);
            add(&mut part.gates[gates.offset..][..share.len()], &share);
        }
    }
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
    let precision = sizes.precision;
    let (weight_ih, weight_hh) =
        (operand(weights.weight_ih, precision), operand(weights.weight_hh, precision));
    let weights = Weights { weight_ih: &weight_ih, weight_hh: &weight_hh, ..weights };
    let part = |x: &[f32], kept, output_gradient: &[f32], x_gradient: &mut [f32]| {
        backward_part(x, weights, kept, sizes, output_gradient, x_gradient)
    };
    let (x_gradient, partial) =
        backward_parts(x_btf, sizes, parts, output_gradient, inputs_too, part);
    let mut gradients = LayerGradients::zeros(sizes, x_gradient);
    for part in partial {
        add(&mut gradients.weight_ih, &part.weight_ih);
        add(&mut gradients.weight_hh, &part.weight_hh);
        add(&mut gradients.bias, &part.bias);
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
    let Sizes { steps, inputs, hidden, precision, .. } = sizes;
    let rows = x.len() / (steps * inputs);
    let mut state_gradient = vec![0.0; rows * hidden];
    let mut cell_gradient = vec![0.0; rows * hidden];
    for step in (0..steps).rev() {
        gates::backward(
            &Step { rows, steps, step, hidden },
            &mut gates::Backward {
                gates: &mut part.gates,
                cells: &part.cells,
                state_gradient: &mut state_gradient,
                cell_gradient: &mut cell_gradient,
                output_gradient,
                output_step: sizes.output_step(step),
            },
        );
        if step > 0 {
            let gates = &part.gates[step * rows * 4 * hidden..][..rows * 4 * hidden];
            matmul(
                (&mut state_gradient, View::packed(rows, hidden)),
                (&operand(gates, precision), View::packed(rows, 4 * hidden)),
                (weights.weight_hh, View::packed(4 * hidden, hidden)),
                false,
            );
            precision.round(&mut state_gradient);
        }
    }
    let mut gradients = LayerGradients::zeros(sizes, Vec::new());
    for row in part.gates.chunks_exact(4 * hidden) {
        add(&mut gradients.bias, row);
    }
    precision.round(&mut part.gates);
    let gates = View::packed(rows * steps, 4 * hidden);
    let sums = (part.gates.as_slice(), gates);
    input_gradient(x_gradient, sums, weights.weight_ih, (steps, precision));
    matmul(
        (&mut gradients.weight_ih, View::packed(4 * hidden, inputs)),
        (&part.gates, gates.transposed()),
        (&operand(&time_major(x, rows, steps), precision), View::packed(rows * steps, inputs)),
        false,
    );
    matmul(
        (&mut gradients.weight_hh, View::packed(4 * hidden, hidden)),
        (&part.gates, gates.transposed()),
        (&part.before, View::packed(rows * steps, hidden)),
        false,
    );
    precision.round(&mut gradients.weight_ih);
    precision.round(&mut gradients.weight_hh);
    gradients
}

/// An operand of a product.
fn operand(values: &[f32], precision: Precision) -> Cow<'_, [f32]> {
    match precision {
        Precision::F32 => Cow::Borrowed(values),
        Precision::Bf16 => {
            let mut values = values.to_vec();
            precision.round(&mut values);
            Cow::Owned(values)
        }
    }
}
