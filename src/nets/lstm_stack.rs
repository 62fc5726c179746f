//! Layers of long short-term memory, for every net that has some.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, sigmoid};

use crate::kernels::is_fused;
use crate::kernels::lstm::{LayerWeights, fused_layer, plain_layer};

use super::initial::InitialWeights;
pub(super) use super::recurrent::States;
use super::recurrent::{Direction, Layer, StackShape, run_fused, run_plain};
use super::training_pass::TrainingPass;

/// Gates of a cell.
pub(super) const GATES: usize = 4;

/// Hochreiter and Schmidhuber (1997) with forget gates, as `torch.nn.LSTM`: gates in the order
/// input, forget, cell, output, two bias vectors a layer, dropout between layers.
///
/// Tensors of layer n: `weight_ih_ln` `[4H, in]`, `weight_hh_ln` `[4H, H]`, `bias_ih_ln` and
/// `bias_hh_ln` `[4H]`, and with both directions the same again with `_reverse`.
#[derive(Module, Debug)]
pub struct LstmStack {
    ahead: Direction,
    reverse: Option<Direction>,
}

impl LstmStack {
    /// A stack that reads from the oldest step to the newest.
    pub(super) fn init(
        inputs: usize,
        hidden: usize,
        layers: usize,
        weights: &mut InitialWeights,
    ) -> Self {
        Self::of_shape(StackShape { inputs, hidden, layers, bidirectional: false }, weights)
    }

    pub(super) fn of_shape(shape: StackShape, weights: &mut InitialWeights) -> Self {
        Self {
            ahead: Direction::init(GATES, shape, weights),
            reverse: shape.bidirectional.then(|| Direction::init(GATES, shape, weights)),
        }
    }

    /// `[B, T, F]` to the hidden states of the last layer, zeros before the first step.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        wanted: States,
        rate: f64,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<3> {
        if is_fused(&x_btf.device()) {
            self.forward_fused(x_btf, wanted, rate, pass)
        } else {
            self.forward_plain(x_btf, wanted, rate, pass)
        }
    }

    fn forward_fused(
        &self,
        x_btf: Tensor<3>,
        wanted: States,
        rate: f64,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<3> {
        let layer = |x, layer, last_only| fused_layer(x, kernel_weights(layer), last_only);
        run_fused((&self.ahead, self.reverse.as_ref()), layer, x_btf, wanted, rate, pass)
    }

    fn forward_plain(
        &self,
        x_btf: Tensor<3>,
        wanted: States,
        rate: f64,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<3> {
        let cell = |x, layer| plain_layer(x, kernel_weights(layer));
        run_plain((&self.ahead, self.reverse.as_ref()), cell, x_btf, wanted, rate, pass)
    }

    /// The cell `[B, H]` after the last step of a stack of one layer, from what it read and all the
    /// states that it made of it.
    ///
    /// The fused layer hands out states only. Given them, the gates of all steps are one product, and
    /// the last cell is the sum of what each step let in, times what the steps after it let pass.
    pub(super) fn last_cell(&self, x_btf: Tensor<3>, states_bth: Tensor<3>) -> Tensor<2> {
        let ([batch, steps, features], [_, _, hidden]) = (x_btf.dims(), states_bth.dims());
        let LayerWeights { weight_ih, weight_hh, bias, precision } =
            kernel_weights(self.ahead.layer(0));
        let start_b1h = states_bth.clone().without_autodiff().narrow(1, 0, 1).zeros_like();
        let before_bth = Tensor::cat(vec![start_b1h, states_bth], 1).narrow(1, 0, steps);
        let (x, before) =
            (x_btf.reshape([batch * steps, features]), before_bth.reshape([batch * steps, hidden]));
        let gates = precision.matmul(x, weight_ih.transpose())
            + precision.matmul(before, weight_hh.transpose())
            + bias.unsqueeze();
        let gate = |index: usize| {
            gates.clone().narrow(1, index * hidden, hidden).reshape([batch, steps, hidden])
        };
        let let_in_bth = sigmoid(gate(0)) * gate(2).tanh();
        // A product of shares as the sum of their logarithms: none is above 0, so none overflows. This
        // sum, which only happens to be a matrix product, is taken in full precision.
        let later = Tensor::<2>::ones([steps, steps], &gates.device().inner()).triu(1);
        let passed_bth = later.unsqueeze_dim::<3>(0).matmul(log_sigmoid(gate(1))).exp();
        (let_in_bth * passed_bth).sum_dim(1).squeeze_dim(1)
    }
}

/// Both bias vectors are always added, so the kernels take their sum.
fn kernel_weights(layer: Layer) -> LayerWeights {
    let Layer { weight_ih, weight_hh, bias_ih, bias_hh, precision } = layer;
    LayerWeights { weight_ih, weight_hh, bias: bias_ih + bias_hh, precision }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    #[test]
    fn plain_and_fused_forms_agree_with_the_same_dropout() {
        let device = Device::flex();
        for (wanted, bidirectional) in
            [(States::Last, false), (States::All, false), (States::Last, true), (States::All, true)]
        {
            let shape = StackShape { inputs: 5, hidden: 6, layers: 3, bidirectional };
            let stack = LstmStack::of_shape(shape, &mut InitialWeights::new(4, &device));
            let values = (0..9 * 7 * 5).map(|n| (n as f32 * 0.61).sin()).collect::<Vec<_>>();
            let x_btf = Tensor::<3>::from_data(TensorData::new(values, [9, 7, 5]), &device);
            let pass = || TrainingPass::new(1, 2, &device);
            let plain = stack.forward_plain(x_btf.clone(), wanted, 0.3, &mut Some(&mut pass()));
            let fused = stack.forward_fused(x_btf.clone(), wanted, 0.3, &mut Some(&mut pass()));
            let still = stack.forward_fused(x_btf, wanted, 0.3, &mut None);
            let distance =
                |other: Tensor<3>| (other - fused.clone()).abs().max().into_scalar::<f32>();
            assert!(distance(plain) < 1e-6, "{wanted:?} {bidirectional}");
            assert!(distance(still) > 1e-3, "{wanted:?} {bidirectional}");
        }
    }
}
