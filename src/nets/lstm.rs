//! `lstm`: long short-term memory over the window.
//!
//! Hochreiter and Schmidhuber (1997) with forget gates, as `torch.nn.LSTM`: gates in the order
//! input, forget, cell, output, two bias vectors a layer, dropout between layers.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernels::lstm::{LayerWeights, fused_layer, is_fused, plain_layer};

use super::dropout::{DropoutMasks, drop_out};
use super::initial::{InitialWeights, bound};
use super::pooling::{Pooling, StepScore};

/// Size of an LSTM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct LstmConfig {
    /// Hidden units of every layer (default 64).
    #[garde(range(min = 1, max = 4096))]
    pub hidden: usize,
    /// Layers (default 2).
    #[garde(range(min = 1, max = 16))]
    pub layers: usize,
    /// Share of a layer's outputs set to zero before the next layer in training (default 0.1);
    /// without effect in a net of one layer.
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// `last` (default), `attention` or `mean`: how the steps become one vector.
    #[garde(skip)]
    pub pooling: Pooling,
}

impl Default for LstmConfig {
    fn default() -> Self {
        Self { hidden: 64, layers: 2, dropout: 0.1, pooling: Pooling::Last }
    }
}

impl LstmConfig {
    /// Floats that one sample's forward pass keeps: each layer's four gates, cell, tanh of the cell,
    /// output and dropout mask, and the window itself.
    pub(super) fn activations(&self, inputs: usize, window: usize) -> usize {
        window * (inputs + self.layers * self.hidden * 9)
    }
}

/// An LSTM over a window. Tensors of layer n: `lstm.weight_ih_ln` `[4H, in]`, `lstm.weight_hh_ln`
/// `[4H, H]`, `lstm.bias_ih_ln` and `lstm.bias_hh_ln` `[4H]`.
#[derive(Module, Debug)]
pub struct Lstm {
    weight_ih: Vec<Param<Tensor<2>>>,
    weight_hh: Vec<Param<Tensor<2>>>,
    bias_ih: Vec<Param<Tensor<1>>>,
    bias_hh: Vec<Param<Tensor<1>>>,
    pooling: Option<StepScore>,
    #[module(skip)]
    kind: Pooling,
    #[module(skip)]
    dropout: f64,
}

impl Lstm {
    pub(super) fn init(config: &LstmConfig, inputs: usize, weights: &mut InitialWeights) -> Self {
        let (hidden, bound) = (config.hidden, bound(config.hidden));
        let from = |layer| if layer == 0 { inputs } else { hidden };
        let layers = 0..config.layers;
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
            pooling: StepScore::init(config.pooling, hidden, weights),
            kind: config.pooling,
            dropout: config.dropout,
        }
    }

    /// `[B, T, F]` to `[B, H]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        dropout: Option<&mut DropoutMasks>,
    ) -> Tensor<2> {
        if is_fused(&x_btf.device()) {
            self.forward_fused(x_btf, dropout)
        } else {
            self.forward_plain(x_btf, dropout)
        }
    }

    /// One autodiff node a layer.
    fn forward_fused(&self, x_btf: Tensor<3>, mut dropout: Option<&mut DropoutMasks>) -> Tensor<2> {
        let mut x_bth = x_btf;
        for layer in 0..self.layers() {
            if layer > 0 {
                x_bth = drop_out(x_bth, self.dropout, &mut dropout);
            }
            // The last layer's earlier states are needed by pooling over steps only.
            let last_only = layer + 1 == self.layers() && self.kind == Pooling::Last;
            x_bth = fused_layer(x_bth, self.layer(layer), last_only);
        }
        let [batch, _, hidden] = x_bth.dims();
        match (&self.pooling, self.kind) {
            (Some(score), _) => score.forward(x_bth),
            (None, Pooling::Mean) => x_bth.mean_dim(1).reshape([batch, hidden]),
            (None, _) => x_bth.reshape([batch, hidden]),
        }
    }

    /// Steps as tensors of their own: nothing is sliced out of a tensor that has a gradient.
    fn forward_plain(&self, x_btf: Tensor<3>, mut dropout: Option<&mut DropoutMasks>) -> Tensor<2> {
        let [batch, steps, features] = x_btf.dims();
        let x_btf = x_btf.without_autodiff();
        let mut x: Vec<Tensor<2>> = (0..steps)
            .map(|step| x_btf.clone().narrow(1, step, 1).reshape([batch, features]))
            .collect();
        for layer in 0..self.layers() {
            if layer > 0
                && self.dropout > 0.0
                && let Some(masks) = dropout.as_mut()
            {
                let hidden = x[0].dims()[1];
                let mask_bth = masks.draw([batch, steps, hidden], self.dropout);
                x = x
                    .into_iter()
                    .enumerate()
                    .map(|(step, h_bh)| {
                        h_bh * mask_bth.clone().narrow(1, step, 1).reshape([batch, hidden])
                    })
                    .collect();
            }
            x = plain_layer(x, self.layer(layer));
        }
        match (&self.pooling, self.kind) {
            (None, Pooling::Last) => x.swap_remove(steps - 1),
            (Some(score), _) => score.forward(Tensor::stack(x, 1)),
            (None, _) => {
                let h_bth: Tensor<3> = Tensor::stack(x, 1);
                let [batch, _, hidden] = h_bth.dims();
                h_bth.mean_dim(1).reshape([batch, hidden])
            }
        }
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
        for pooling in [Pooling::Last, Pooling::Attention, Pooling::Mean] {
            let config = LstmConfig { hidden: 6, layers: 3, dropout: 0.3, pooling };
            let lstm = Lstm::init(&config, 5, &mut InitialWeights::new(4, &device));
            let values = (0..9 * 7 * 5).map(|n| (n as f32 * 0.61).sin()).collect::<Vec<_>>();
            let x_btf = Tensor::<3>::from_data(TensorData::new(values, [9, 7, 5]), &device);
            let masks = || DropoutMasks::new(1, 2, &device);
            let plain = lstm.forward_plain(x_btf.clone(), Some(&mut masks()));
            let fused = lstm.forward_fused(x_btf.clone(), Some(&mut masks()));
            let still = lstm.forward_fused(x_btf, None);
            let distance =
                |other: Tensor<2>| (other - fused.clone()).abs().max().into_scalar::<f32>();
            assert!(distance(plain) < 1e-6, "{pooling:?}");
            assert!(distance(still) > 1e-3, "{pooling:?}");
        }
    }
}
