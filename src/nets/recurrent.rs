//! What stacks of recurrent layers share: weights of one direction, and the walk over layers and
//! steps from ordinary operations.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::kernels::Precision;

use super::initial::{InitialWeights, bound};
use super::training_pass::{TrainingPass, drop_out};

/// Which of a stack's outputs are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum States {
    /// Those of every step: `[B, T, H]`.
    All,
    /// The final state of each direction: `[B, 1, H]`. That is the last step's, or for the reverse
    /// direction the first step's.
    Last,
}

/// Sizes of a recurrent stack.
#[derive(Debug, Clone, Copy)]
pub(super) struct StackShape {
    pub inputs: usize,
    pub hidden: usize,
    pub layers: usize,
    /// Whether a second stack of weights reads the steps from the newest to the oldest.
    pub bidirectional: bool,
}

impl StackShape {
    /// Length of a step's output: 2H with both directions, one beside the other.
    pub(super) fn width(&self) -> usize {
        self.directions() * self.hidden
    }

    pub(super) fn directions(&self) -> usize {
        1 + usize::from(self.bidirectional)
    }

    /// Entries of the weight matrices, for cells with this many gates.
    pub(super) fn weights(&self, gates: usize) -> usize {
        let entries = |inputs| self.directions() * gates * self.hidden * (inputs + self.hidden);
        entries(self.inputs) + (self.layers - 1) * entries(self.width())
    }
}

/// Weights of one direction: of layer n `weight_ih_ln` `[G H, in]`, `weight_hh_ln` `[G H, H]`,
/// `bias_ih_ln` and `bias_hh_ln` `[G H]` for G gates, with `_reverse` behind the names of the second
/// direction.
#[derive(Module, Debug)]
pub struct Direction {
    weight_ih: Vec<Param<Tensor<2>>>,
    weight_hh: Vec<Param<Tensor<2>>>,
    bias_ih: Vec<Param<Tensor<1>>>,
    bias_hh: Vec<Param<Tensor<1>>>,
    #[module(skip)]
    precision: Precision,
}

/// Weights of one layer in one direction, and how they are multiplied.
pub(super) struct Layer {
    pub weight_ih: Tensor<2>,
    pub weight_hh: Tensor<2>,
    pub bias_ih: Tensor<1>,
    pub bias_hh: Tensor<1>,
    pub precision: Precision,
}

impl Direction {
    pub(super) fn init(gates: usize, shape: StackShape, weights: &mut InitialWeights) -> Self {
        let (rows, hidden) = (gates * shape.hidden, shape.hidden);
        let bound = bound(hidden);
        let from = |layer| if layer == 0 { shape.inputs } else { shape.width() };
        let layers = 0..shape.layers;
        Self {
            weight_ih: layers
                .clone()
                .map(|layer| weights.uniform([rows, from(layer)], bound))
                .collect(),
            weight_hh: layers.clone().map(|_| weights.uniform([rows, hidden], bound)).collect(),
            bias_ih: layers.clone().map(|_| weights.uniform([rows], bound)).collect(),
            bias_hh: layers.map(|_| weights.uniform([rows], bound)).collect(),
            precision: weights.precision(),
        }
    }

    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    pub(super) fn layers(&self) -> usize {
        self.weight_ih.len()
    }

    pub(super) fn layer(&self, layer: usize) -> Layer {
        Layer {
            weight_ih: self.weight_ih[layer].val(),
            weight_hh: self.weight_hh[layer].val(),
            bias_ih: self.bias_ih[layer].val(),
            bias_hh: self.bias_hh[layer].val(),
            precision: self.precision,
        }
    }
}

/// `[B, T, F]` to the states of the last layer, zeros before the first step: one autodiff node a layer
/// and direction.
///
/// `fused` runs one layer over `[B, T, in]`, to the states of all steps or of the last only.
pub(super) fn run_fused(
    (ahead, reverse): (&Direction, Option<&Direction>),
    fused: impl Fn(Tensor<3>, Layer, bool) -> Tensor<3>,
    x_btf: Tensor<3>,
    wanted: States,
    rate: f64,
    pass: &mut Option<&mut TrainingPass>,
) -> Tensor<3> {
    let mut x_bth = x_btf;
    for layer in 0..ahead.layers() {
        if layer > 0 {
            x_bth = drop_out(x_bth, rate, pass);
        }
        let last_only = layer + 1 == ahead.layers() && wanted == States::Last;
        x_bth = match reverse {
            Some(reverse) => {
                let back_bth = fused(x_bth.clone().flip([1]), reverse.layer(layer), last_only);
                let ahead_bth = fused(x_bth, ahead.layer(layer), last_only);
                Tensor::cat(vec![ahead_bth, back_bth.flip([1])], 2)
            }
            None => fused(x_bth, ahead.layer(layer), last_only),
        };
    }
    x_bth
}

/// The same from ordinary operations.
///
/// `cell` runs one layer in one direction: from T inputs `[B, in]` to T states `[B, H]`. Steps are
/// tensors of their own, so no gradient of one step has to pass through all of them.
pub(super) fn run_plain(
    (ahead, reverse): (&Direction, Option<&Direction>),
    cell: impl Fn(Vec<Tensor<2>>, Layer) -> Vec<Tensor<2>>,
    x_btf: Tensor<3>,
    wanted: States,
    rate: f64,
    pass: &mut Option<&mut TrainingPass>,
) -> Tensor<3> {
    let mut x = steps(x_btf);
    for layer in 0..ahead.layers() {
        if layer > 0 {
            x = drop_out_steps(x, rate, pass);
        }
        let Some(reverse) = reverse else {
            x = cell(x, ahead.layer(layer));
            continue;
        };
        let mut states = cell(x.clone(), ahead.layer(layer));
        x.reverse();
        let mut back = cell(x, reverse.layer(layer));
        if layer + 1 == ahead.layers() && wanted == States::Last {
            states.drain(..states.len() - 1);
            back.drain(..back.len() - 1);
        }
        back.reverse();
        let pairs = states.into_iter().zip(back);
        x = pairs.map(|(ahead, back)| Tensor::cat(vec![ahead, back], 1)).collect();
    }
    if wanted == States::Last {
        x.drain(..x.len() - 1);
    }
    Tensor::stack(x, 1)
}

/// Steps `[B, F]` of `[B, T, F]`.
///
/// The gradient of a slice is as large as what was sliced, so an input that has one is cut in
/// halves again and again: T log T numbers in all instead of T².
fn steps(x_btf: Tensor<3>) -> Vec<Tensor<2>> {
    let [batch, steps_left, features] = x_btf.dims();
    if steps_left > 1 && x_btf.is_tracked() {
        let half = steps_left / 2;
        let mut older = steps(x_btf.clone().narrow(1, 0, half));
        older.extend(steps(x_btf.narrow(1, half, steps_left - half)));
        return older;
    }
    (0..steps_left)
        .map(|step| x_btf.clone().narrow(1, step, 1).reshape([batch, features]))
        .collect()
}

/// Dropout with one mask for all steps' outputs.
fn drop_out_steps(
    x: Vec<Tensor<2>>,
    rate: f64,
    pass: &mut Option<&mut TrainingPass>,
) -> Vec<Tensor<2>> {
    match pass {
        Some(pass) if rate > 0.0 => {
            let [batch, width] = x[0].dims();
            let masks = steps(pass.draw([batch, x.len(), width], rate));
            x.into_iter().zip(masks).map(|(h_bh, mask)| h_bh * mask).collect()
        }
        _ => x,
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    #[test]
    fn steps_of_an_input_with_a_gradient_are_those_of_one_without() {
        let device = Device::flex();
        let values: Vec<f32> = (0..3 * 7 * 2).map(|n| n as f32).collect();
        let x_btf = Tensor::<3>::from_data(TensorData::new(values, [3, 7, 2]), &device);
        let tracked = x_btf.clone().autodiff().require_grad();
        let mut sum = Tensor::<1>::zeros([1], &device.autodiff());
        for (step, (cut, plain)) in steps(tracked.clone()).into_iter().zip(steps(x_btf)).enumerate()
        {
            assert_eq!(cut.clone().without_autodiff().into_data(), plain.into_data());
            sum = sum + cut.sum() * (step + 1) as f32;
        }
        let gradient = tracked.grad(&sum.backward()).unwrap().try_into_vec_as::<f32>().unwrap();
        let expected: Vec<f32> = (0..3 * 7 * 2).map(|n| (n / 2 % 7 + 1) as f32).collect();
        assert_eq!(gradient, expected);
    }
}
