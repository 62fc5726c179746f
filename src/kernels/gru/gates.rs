//! The pointwise part of a step, compiled for the widest vector instructions the processor has.

use super::super::activation::{multiply_add, sigmoid, tanh};
use super::super::recurrent::Step;
use super::super::vectors::widest;

/// Buffers of the forward step.
pub(super) struct Forward<'a> {
    /// `[T, rows, 3H]`: the inputs' sums at `step`, replaced by the gates.
    pub(super) gates: &'a mut [f32],
    /// `[rows, 3H]`: the state's sums; not read at the first step, whose state is zero.
    pub(super) recurrent: &'a [f32],
    /// `[T, rows, H]`: what the reset gate is multiplied with, written at `step`.
    pub(super) candidate: &'a mut [f32],
    /// `[3H]`: the inputs' bias.
    pub(super) bias_ih: &'a [f32],
    /// `[3H]`: the state's bias.
    pub(super) bias_hh: &'a [f32],
    /// `[T, rows, H]`: the state before each step, read at `step` and written at `step + 1`.
    pub(super) before: &'a mut [f32],
    /// `[rows, out steps, H]`: states, written where `output_step` says.
    pub(super) output: &'a mut [f32],
    /// Number of output steps, and the one to write.
    pub(super) output_step: Option<(usize, usize)>,
}

/// Buffers of the backward step.
pub(super) struct Backward<'a> {
    /// `[T, rows, 3H]`: gates at `step`, replaced by the gradients of the inputs' sums.
    pub(super) gates: &'a mut [f32],
    /// `[T, rows, H]`: the candidates, replaced by the gradients of the state's third sums.
    pub(super) candidate: &'a mut [f32],
    /// `[T, rows, H]`.
    pub(super) before: &'a [f32],
    /// `[rows, H]`: gradient that reaches the state from the step after; replaced by what of it and
    /// of that from above passes straight on to the state before.
    pub(super) state_gradient: &'a mut [f32],
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
    let [of_r, of_z, of_n] = thirds(buffers.bias_ih, hidden);
    let [state_r, state_z, state_n] = thirds(buffers.bias_hh, hidden);
    for row in 0..rows {
        let at = step * rows + row;
        let [r, z, n] = thirds_mut(&mut buffers.gates[at * 3 * hidden..][..3 * hidden], hidden);
        let candidate = &mut buffers.candidate[at * hidden..][..hidden];
        candidate.copy_from_slice(state_n);
        if step > 0 {
            let sums = &buffers.recurrent[row * 3 * hidden..][..3 * hidden];
            let [sum_r, sum_z, sum_n] = thirds(sums, hidden);
            add(r, sum_r);
            add(z, sum_z);
            add(candidate, sum_n);
        }
        add_sigmoid::<FUSED>(r, of_r, state_r);
        add_sigmoid::<FUSED>(z, of_z, state_z);
        add_new::<FUSED>(n, of_n, r, candidate);
        let (past, later) =
            buffers.before.split_at_mut(((at + rows) * hidden).min(steps * rows * hidden));
        let before = &past[at * hidden..][..hidden];
        let output = buffers.output_step.map(|(count, index)| (row * count + index) * hidden);
        if step + 1 < steps {
            let state = &mut later[..hidden];
            mix::<FUSED>(state, before, z, n);
            if let Some(output) = output {
                buffers.output[output..][..hidden].copy_from_slice(state);
            }
        } else if let Some(output) = output {
            mix::<FUSED>(&mut buffers.output[output..][..hidden], before, z, n);
        }
    }
}

// One loop a function: its arguments do not alias, which lets the loop become vector instructions.

#[inline(always)]
fn add(sum: &mut [f32], part: &[f32]) {
    for (sum, part) in sum.iter_mut().zip(part) {
        *sum += part;
    }
}

#[inline(always)]
fn add_sigmoid<const FUSED: bool>(gate: &mut [f32], of_input: &[f32], of_state: &[f32]) {
    for ((gate, input), state) in gate.iter_mut().zip(of_input).zip(of_state) {
        *gate = sigmoid::<FUSED>(*gate + (input + state));
    }
}

#[inline(always)]
fn add_new<const FUSED: bool>(n: &mut [f32], bias: &[f32], r: &[f32], candidate: &[f32]) {
    for ((n, bias), (r, candidate)) in n.iter_mut().zip(bias).zip(r.iter().zip(candidate)) {
        *n = tanh::<FUSED>(multiply_add::<FUSED>(*r, *candidate, *n + bias));
    }
}

/// `n + z (before - n)`.
#[inline(always)]
fn mix<const FUSED: bool>(state: &mut [f32], before: &[f32], z: &[f32], n: &[f32]) {
    for ((state, before), (z, n)) in state.iter_mut().zip(before).zip(z.iter().zip(n)) {
        *state = multiply_add::<FUSED>(*z, before - n, *n);
    }
}

#[inline(always)]
fn backward_rows<const FUSED: bool>(step: &Step, buffers: &mut Backward<'_>) {
    let Step { rows, step, hidden, .. } = *step;
    for row in 0..rows {
        let at = step * rows + row;
        let [r, z, n] = thirds_mut(&mut buffers.gates[at * 3 * hidden..][..3 * hidden], hidden);
        let candidate = &mut buffers.candidate[at * hidden..][..hidden];
        let before = &buffers.before[at * hidden..][..hidden];
        let gradient = &mut buffers.state_gradient[row * hidden..][..hidden];
        if let Some((count, index)) = buffers.output_step {
            add(gradient, &buffers.output_gradient[(row * count + index) * hidden..][..hidden]);
        }
        mix_gradients::<FUSED>(z, n, before, gradient);
        new_gradients(r, n, candidate);
    }
}

/// Through `n + z (before - n)`: z and n become the gradients of their sums, the state's gradient
/// what goes to the state before.
#[inline(always)]
fn mix_gradients<const FUSED: bool>(
    z: &mut [f32],
    n: &mut [f32],
    before: &[f32],
    gradient: &mut [f32],
) {
    let gates = z.iter_mut().zip(n);
    for ((z, n), (before, gradient)) in gates.zip(before.iter().zip(gradient)) {
        let (update, new) = (*z, *n);
        *z = *gradient * (before - new) * update * (1.0 - update);
        *n = *gradient * (1.0 - update) * multiply_add::<FUSED>(-new, new, 1.0);
        *gradient *= update;
    }
}

/// Through `n = tanh(… + r candidate)`, given the gradient of n's sum.
#[inline(always)]
fn new_gradients(r: &mut [f32], n: &[f32], candidate: &mut [f32]) {
    for ((r, n), candidate) in r.iter_mut().zip(n).zip(candidate) {
        let reset = *r;
        *r = n * *candidate * reset * (1.0 - reset);
        *candidate = n * reset;
    }
}

/// The three gates of a row; equal lengths in plain sight let the loops over them lose their checks.
#[inline(always)]
fn thirds(row: &[f32], hidden: usize) -> [&[f32]; 3] {
    std::array::from_fn(|gate| &row[gate * hidden..][..hidden])
}

/// The same, to write.
#[inline(always)]
fn thirds_mut(row: &mut [f32], hidden: usize) -> [&mut [f32]; 3] {
    let (r, rest) = row.split_at_mut(hidden);
    let (z, n) = rest.split_at_mut(hidden);
    [r, z, &mut n[..hidden]]
}
