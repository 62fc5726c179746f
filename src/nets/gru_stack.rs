//! Layers of gated recurrent units.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::kernels::gru::{LayerWeights, fused_layer, plain_layer};
use crate::kernels::{Precision, is_fused};

use super::initial::InitialWeights;
use super::recurrent::{Direction, Layer, StackShape, States, run_fused, run_plain};
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
        let directions = (&self.ahead, self.reverse.as_ref());
        if is_fused(&x_btf.device()) && self.ahead.precision() == Precision::F32 {
            let layer = |x, layer, last_only| fused_layer(x, kernel_weights(layer), last_only);
            run_fused(directions, layer, x_btf, wanted, rate, pass)
        } else {
            let layer = |x, layer| plain_layer(x, kernel_weights(layer));
            run_plain(directions, layer, x_btf, wanted, rate, pass)
        }
    }
}

/// One layer's weights as the kernels take them.
fn kernel_weights(layer: Layer) -> LayerWeights {
    let Layer { weight_ih, weight_hh, bias_ih, bias_hh, precision } = layer;
    LayerWeights { weight_ih, weight_hh, bias_ih, bias_hh, precision }
}
