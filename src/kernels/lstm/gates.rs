//! The pointwise part of a step, compiled for the widest vector instructions the processor has.

use super::super::activation::{multiply_add, sigmoid, tanh};
use super::super::recurrent::Step;
use super::super::vectors::widest;

/// Buffers of the forward step.
pub(super) struct Forward<'a> {
    /// `[T, rows, 4H]`: sums of inputs and states at `step`, replaced by the gates.
    pub(super) gates: &'a mut [f32],
    /// `[4H]`.
    pub(super) bias: &'a [f32],
    /// `[T, rows, H]`: cells, read at `step - 1`, written at `step`.
    pub(super) cells: &'a mut [f32],
    /// `[T, rows, H]`: the state before each step, written at `step + 1`.
    pub(super) before: &'a mut [f32],
    /// `[rows, out steps, H]`: states, written where `output_step` says.
    pub(super) output: &'a mut [f32],
    /// Number of output steps, and the one to write.
    pub(super) output_step: Option<(usize, usize)>,
}

/// Buffers of the backward step.
pub(super) struct Backward<'a> {
    /// `[T, rows, 4H]`: gates at `step`, replaced by the gradients of their sums.
    pub(super) gates: &'a mut [f32],
    /// `[T, rows, H]`.
    pub(super) cells: &'a [f32],
    /// `[rows, H]`: gradient that reaches the state from the step after; that from above is added.
    pub(super) state_gradient: &'a mut [f32],
    /// `[rows, H]`: gradient of the cell, updated to that of the cell before.
    pub(super) cell_gradient: &'a mut [f32],
    /// `[rows, out steps, H]`: gradient from above.
    pub(super) output_gradient: &'a [f32],
    /// Number of output steps, and the one that is this step.
    pub(super) output_step: Option<(usize, usize)>,
}

widest! {
    fn forward(step: &Step, buffers: &mut Forward<'_>) = forward_rows
}

widest! {
    fn backward(step: &Step, buffers: &mut Backward<'_>) = backward_rows
}

#[inline(always)]
fn forward_rows<const FUSED: bool>(step: &Step, buffers: &mut Forward<'_>) {
    let Step { rows, steps, step, hidden } = *step;
    let bias = quarters(buffers.bias, hidden);
    for row in 0..rows {
        let at = step * rows + row;
        let [gate_i, gate_f, gate_g, gate_o] =
            quarters_mut(&mut buffers.gates[at * 4 * hidden..][..4 * hidden], hidden);
        let (past, cells) = buffers.cells.split_at_mut(at * hidden);
        let cell = &mut cells[..hidden];
        add_sigmoid::<FUSED>(gate_i, bias[0]);
        add_sigmoid::<FUSED>(gate_f, bias[1]);
        add_tanh::<FUSED>(gate_g, bias[2]);
        add_sigmoid::<FUSED>(gate_o, bias[3]);
        match at.checked_sub(rows) {
            Some(before) => {
                let cell_before = &past[before * hidden..][..hidden];
                next_cell::<FUSED>(cell, cell_before, [gate_i, gate_f, gate_g]);
            }
            None => first_cell(cell, gate_i, gate_g),
        }
        let output = buffers.output_step.map(|(count, index)| (row * count + index) * hidden);
        if step + 1 < steps {
            let state = &mut buffers.before[(at + rows) * hidden..][..hidden];
            squash::<FUSED>(cell, gate_o, state);
            if let Some(output) = output {
                buffers.output[output..][..hidden].copy_from_slice(state);
            }
        } else if let Some(output) = output {
            squash::<FUSED>(cell, gate_o, &mut buffers.output[output..][..hidden]);
        }
    }
}

// One loop a function: its arguments do not alias, which lets the loop become vector instructions.

#[inline(always)]
fn add_sigmoid<const FUSED: bool>(gate: &mut [f32], bias: &[f32]) {
    for (gate, bias) in gate.iter_mut().zip(bias) {
        *gate = sigmoid::<FUSED>(*gate + bias);
    }
}

#[inline(always)]
fn add_tanh<const FUSED: bool>(gate: &mut [f32], bias: &[f32]) {
    for (gate, bias) in gate.iter_mut().zip(bias) {
        *gate = tanh::<FUSED>(*gate + bias);
    }
}

#[inline(always)]
fn first_cell(cell: &mut [f32], gate_i: &[f32], gate_g: &[f32]) {
    for ((cell, i), g) in cell.iter_mut().zip(gate_i).zip(gate_g) {
        *cell = i * g;
    }
}

#[inline(always)]
fn next_cell<const FUSED: bool>(cell: &mut [f32], before: &[f32], gates: [&[f32]; 3]) {
    let [gate_i, gate_f, gate_g] = gates;
    let gates = gate_i.iter().zip(gate_f).zip(gate_g);
    for ((cell, before), ((i, f), g)) in cell.iter_mut().zip(before).zip(gates) {
        *cell = multiply_add::<FUSED>(*f, *before, i * g);
    }
}

#[inline(always)]
fn squash<const FUSED: bool>(cell: &[f32], gate_o: &[f32], state: &mut [f32]) {
    for ((state, cell), gate_o) in state.iter_mut().zip(cell).zip(gate_o) {
        *state = gate_o * tanh::<FUSED>(*cell);
    }
}

#[inline(always)]
fn backward_rows<const FUSED: bool>(step: &Step, buffers: &mut Backward<'_>) {
    let Step { rows, step, hidden, .. } = *step;
    let zeros = vec![0.0_f32; hidden];
    for row in 0..rows {
        let at = step * rows + row;
        let [gate_i, gate_f, gate_g, gate_o] =
            quarters_mut(&mut buffers.gates[at * 4 * hidden..][..4 * hidden], hidden);
        let cell = &buffers.cells[at * hidden..][..hidden];
        let cell_before = match at.checked_sub(rows) {
            Some(before) => &buffers.cells[before * hidden..][..hidden],
            None => &zeros[..hidden],
        };
        let from_above = match buffers.output_step {
            Some((count, index)) => {
                &buffers.output_gradient[(row * count + index) * hidden..][..hidden]
            }
            None => &zeros[..hidden],
        };
        let state_gradient = &mut buffers.state_gradient[row * hidden..][..hidden];
        let cell_gradient = &mut buffers.cell_gradient[row * hidden..][..hidden];
        add(state_gradient, from_above);
        output_gradients::<FUSED>(gate_o, cell, state_gradient, cell_gradient);
        input_gradients::<FUSED>(gate_i, gate_f, gate_g, cell_before, cell_gradient);
    }
}

#[inline(always)]
fn add(sum: &mut [f32], part: &[f32]) {
    for (sum, part) in sum.iter_mut().zip(part) {
        *sum += part;
    }
}

/// Through `state = o tanh(cell)`.
#[inline(always)]
fn output_gradients<const FUSED: bool>(
    gate_o: &mut [f32],
    cell: &[f32],
    state_gradient: &[f32],
    cell_gradient: &mut [f32],
) {
    let gradients = state_gradient.iter().zip(cell_gradient);
    for ((o, cell), (from_state, of_cell)) in gate_o.iter_mut().zip(cell).zip(gradients) {
        let squashed = tanh::<FUSED>(*cell);
        let slope = multiply_add::<FUSED>(-squashed, squashed, 1.0);
        *of_cell = multiply_add::<FUSED>(from_state * *o, slope, *of_cell);
        *o = from_state * squashed * *o * (1.0 - *o);
    }
}

/// Through `cell = i g + f cell_before`; the cell's gradient becomes that of the cell before.
#[inline(always)]
fn input_gradients<const FUSED: bool>(
    gate_i: &mut [f32],
    gate_f: &mut [f32],
    gate_g: &mut [f32],
    cell_before: &[f32],
    cell_gradient: &mut [f32],
) {
    let gates = gate_i.iter_mut().zip(gate_f).zip(gate_g);
    for (((i, f), g), (before, gradient)) in gates.zip(cell_before.iter().zip(cell_gradient)) {
        let (input, candidate) = (*i, *g);
        *i = *gradient * candidate * input * (1.0 - input);
        *g = *gradient * input * multiply_add::<FUSED>(-candidate, candidate, 1.0);
        let next = *gradient * *f;
        *f = *gradient * before * *f * (1.0 - *f);
        *gradient = next;
    }
}

/// The four gates of a row; equal lengths in plain sight let the loops over them lose their checks.
#[inline(always)]
fn quarters(row: &[f32], hidden: usize) -> [&[f32]; 4] {
    std::array::from_fn(|gate| &row[gate * hidden..][..hidden])
}

/// The same, to write.
#[inline(always)]
fn quarters_mut(row: &mut [f32], hidden: usize) -> [&mut [f32]; 4] {
    let (i, rest) = row.split_at_mut(hidden);
    let (f, rest) = rest.split_at_mut(hidden);
    let (g, o) = rest.split_at_mut(hidden);
    [i, f, g, &mut o[..hidden]]
}
