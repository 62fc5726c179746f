//! Layers of long short-term memory, for every net that has some.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, sigmoid};

use crate::kernels::lstm::{LayerWeights, fused_layer, is_fused, plain_layer};

use super::initial::{InitialWeights, bound};
use super::training_pass::{TrainingPass, drop_out};

/// Hochreiter and Schmidhuber (1997) with forget gates, as `torch.nn.LSTM`: gates in the order
/// input, forget, cell, output, two bias vectors a layer, dropout between layers.
///
/// Tensors of layer n: `weight_ih_ln` `[4H, in]`, `weight_hh_ln` `[4H, H]`, `bias_ih_ln` and
/// `bias_hh_ln` `[4H]`.
#[derive(Module, Debug)]
pub struct LstmStack {
    weight_ih: Vec<Param<Tensor<2>>>,
    weight_hh: Vec<Param<Tensor<2>>>,
    bias_ih: Vec<Param<Tensor<1>>>,
    bias_hh: Vec<Param<Tensor<1>>>,
}

/// Which of a stack's outputs are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum States {
    /// Those of every step: `[B, T, H]`.
    All,
    /// That of the last step: `[B, 1, H]`.
    Last,
}

impl LstmStack {
    pub(super) fn init(
        inputs: usize,
        hidden: usize,
        layers: usize,
        weights: &mut InitialWeights,
    ) -> Self {
        let bound = bound(hidden);
        let from = |layer| if layer == 0 { inputs } else { hidden };
        let layers = 0..layers;
        Self {
            weight_ih: layers
                .clone()
                .map(|layer| weights.uniform([4 * hidden, from(layer)], bound))
                .collect(),
            weight_hh: layers
                .clone()
                .map(|_| weights.uniform([4 * hidden, hidden], bound))
                .collect(),
            bias_ih: layers.clone().map(|_| weights.uniform([4 * hidden], bound)).collect(),
            bias_hh: layers.map(|_| weights.uniform([4 * hidden], bound)).collect(),
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

    /// One autodiff node a layer.
    fn forward_fused(
        &self,
        x_btf: Tensor<3>,
        wanted: States,
        rate: f64,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<3> {
        let mut x_bth = x_btf;
        for layer in 0..self.layers() {
            if layer > 0 {
                x_bth = drop_out(x_bth, rate, pass);
            }
            let last_only = layer + 1 == self.layers() && wanted == States::Last;
            x_bth = fused_layer(x_bth, self.layer(layer), last_only);
        }
        x_bth
    }

    /// Steps as tensors of their own: nothing is sliced out of a tensor that has a gradient, but for
    /// the first layer's input.
    fn forward_plain(
        &self,
        x_btf: Tensor<3>,
        wanted: States,
        rate: f64,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<3> {
        let [batch, steps, features] = x_btf.dims();
        let mut x: Vec<Tensor<2>> = (0..steps)
            .map(|step| x_btf.clone().narrow(1, step, 1).reshape([batch, features]))
            .collect();
        for layer in 0..self.layers() {
            if layer > 0
                && rate > 0.0
                && let Some(pass) = pass.as_mut()
            {
                let hidden = x[0].dims()[1];
                let mask_bth = pass.draw([batch, steps, hidden], rate);
                let mask = |step| mask_bth.clone().narrow(1, step, 1).reshape([batch, hidden]);
                x = x.into_iter().enumerate().map(|(step, h_bh)| h_bh * mask(step)).collect();
            }
            x = plain_layer(x, self.layer(layer));
        }
        match wanted {
            States::All => Tensor::stack(x, 1),
            States::Last => Tensor::stack(vec![x.swap_remove(steps - 1)], 1),
        }
    }

    /// The cell `[B, H]` after the last step of a stack of one layer, from what it read and all the
    /// states that it made of it.
    ///
    /// The fused layer hands out states only. Given them, the gates of all steps are one product, and
    /// the last cell is the sum of what each step let in, times what the steps after it let pass.
    pub(super) fn last_cell(&self, x_btf: Tensor<3>, states_bth: Tensor<3>) -> Tensor<2> {
        let ([batch, steps, features], [_, _, hidden]) = (x_btf.dims(), states_bth.dims());
        let LayerWeights { weight_ih, weight_hh, bias } = self.layer(0);
        let start_b1h = states_bth.clone().without_autodiff().narrow(1, 0, 1).zeros_like();
        let before_bth = Tensor::cat(vec![start_b1h, states_bth], 1).narrow(1, 0, steps);
        let gates = x_btf.reshape([batch * steps, features]).matmul(weight_ih.transpose())
            + before_bth.reshape([batch * steps, hidden]).matmul(weight_hh.transpose())
            + bias.unsqueeze();
        let gate = |index: usize| {
            gates.clone().narrow(1, index * hidden, hidden).reshape([batch, steps, hidden])
        };
        let let_in_bth = sigmoid(gate(0)) * gate(2).tanh();
        // A product of shares as the sum of their logarithms: none is above 0, so none overflows.
        let later = Tensor::<2>::ones([steps, steps], &gates.device().inner()).triu(1);
        let passed_bth = later.unsqueeze_dim::<3>(0).matmul(log_sigmoid(gate(1))).exp();
        (let_in_bth * passed_bth).sum_dim(1).squeeze_dim(1)
    }

    fn layers(&self) -> usize {
        self.weight_ih.len()
    }

    fn layer(&self, layer: usize) -> LayerWeights {
        LayerWeights {
            weight_ih: self.weight_ih[layer].val(),
            weight_hh: self.weight_hh[layer].val(),
            bias: self.bias_ih[layer].val() + self.bias_hh[layer].val(),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    #[test]
    fn plain_and_fused_forms_agree_with_the_same_dropout() {
        let device = Device::flex();
        for wanted in [States::Last, States::All] {
            let stack = LstmStack::init(5, 6, 3, &mut InitialWeights::new(4, &device));
            let values = (0..9 * 7 * 5).map(|n| (n as f32 * 0.61).sin()).collect::<Vec<_>>();
            let x_btf = Tensor::<3>::from_data(TensorData::new(values, [9, 7, 5]), &device);
            let pass = || TrainingPass::new(1, 2, &device);
            let plain = stack.forward_plain(x_btf.clone(), wanted, 0.3, &mut Some(&mut pass()));
            let fused = stack.forward_fused(x_btf.clone(), wanted, 0.3, &mut Some(&mut pass()));
            let still = stack.forward_fused(x_btf, wanted, 0.3, &mut None);
            let distance =
                |other: Tensor<3>| (other - fused.clone()).abs().max().into_scalar::<f32>();
            assert!(distance(plain) < 1e-6, "{wanted:?}");
            assert!(distance(still) > 1e-3, "{wanted:?}");
        }
    }
}
