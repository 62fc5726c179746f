//! Layers of gated recurrent units.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

use super::initial::InitialWeights;
use super::recurrent::{Direction, Layer, StackShape, States, run_plain};
use super::training_pass::TrainingPass;

/// Gates of a cell.
pub(super) const GATES: usize = 3;

/// Cho et al. (2014) in the form of `torch.nn.GRU`: gates in the order reset, update, new, two bias
/// vectors a layer, dropout between layers.
///
/// ```text
/// r = sigmoid(W_r x + b_r + U_r h + c_r)       z = sigmoid(W_z x + b_z + U_z h + c_z)
/// n = tanh(W_n x + b_n + r * (U_n h + c_n))    h' = (1 - z) * n + z * h
/// ```
///
/// The reset gate works on the product `U_n h` with its bias, so the bias vectors of gate n cannot
/// be added up beforehand. Tensors of layer n: `weight_ih_ln` `[3H, in]` holds W, `weight_hh_ln`
/// `[3H, H]` U, `bias_ih_ln` `[3H]` b and `bias_hh_ln` `[3H]` c, and with both directions the same
/// again with `_reverse`.
#[derive(Module, Debug)]
pub struct GruStack {
    ahead: Direction,
    reverse: Option<Direction>,
}

impl GruStack {
    pub(super) fn init(shape: StackShape, weights: &mut InitialWeights) -> Self {
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
        run_plain((&self.ahead, self.reverse.as_ref()), run_layer, x_btf, wanted, rate, pass)
    }
}

/// One layer, one step after another: T inputs `[B, in]` to T states `[B, H]`.
///
/// Weights are sliced once a layer, into those of gates r and z together and those of gate n, so
/// that a step cuts no more than r from z.
fn run_layer(x: Vec<Tensor<2>>, layer: Layer) -> Vec<Tensor<2>> {
    let Layer { weight_ih, weight_hh, bias_ih, bias_hh, precision } = layer;
    let hidden = weight_hh.dims()[1];
    let gates = |weight: &Tensor<2>, first: usize, count: usize| {
        weight.clone().narrow(0, first * hidden, count * hidden).transpose()
    };
    let bias_rz: Tensor<2> =
        (bias_ih.clone() + bias_hh.clone()).narrow(0, 0, 2 * hidden).unsqueeze();
    let bias_n: Tensor<2> = bias_ih.narrow(0, 2 * hidden, hidden).unsqueeze();
    let bias_hn: Tensor<2> = bias_hh.narrow(0, 2 * hidden, hidden).unsqueeze();
    let (weight_rz, weight_n) = (gates(&weight_ih, 0, 2), gates(&weight_ih, 2, 1));
    let (weight_hrz, weight_hn) = (gates(&weight_hh, 0, 2), gates(&weight_hh, 2, 1));
    let mut states: Vec<Tensor<2>> = Vec::with_capacity(x.len());
    for x_bf in x {
        let before = states.last().cloned();
        let mut rz = precision.matmul(x_bf.clone(), weight_rz.clone()) + bias_rz.clone();
        let mut new_h = bias_hn.clone();
        if let Some(h_bh) = &before {
            rz = rz + precision.matmul(h_bh.clone(), weight_hrz.clone());
            new_h = new_h + precision.matmul(h_bh.clone(), weight_hn.clone());
        }
        let rz = sigmoid(rz);
        let (r_bh, z_bh) = (rz.clone().narrow(1, 0, hidden), rz.narrow(1, hidden, hidden));
        let new_x = precision.matmul(x_bf, weight_n.clone()) + bias_n.clone();
        let n_bh = (new_x + r_bh * new_h).tanh();
        // (1 - z) n + z h, with one product less.
        states.push(match before {
            Some(h_bh) => n_bh.clone() + z_bh * (h_bh - n_bh),
            None => n_bh.clone() - z_bh * n_bh,
        });
    }
    states
}
