//! `tlob`: TLOB, attention over the steps of a window and over its features in turn.
//!
//! Berti and Kasneci (2025), "TLOB: a novel transformer model with dual attention for price trend
//! prediction with limit order book data" (arXiv 2502.15757). Bilinear normalisation, a linear layer
//! to H = `hidden` numbers a step plus sinusoidal positions, then pairs of transformer layers: one
//! over T steps of H numbers, one over H features of T numbers. The layers of the last pair put out
//! H / 4 and T / 4. What is left is laid end to end and shrunk by 4, with GELU, until it has 128
//! numbers or fewer.
//!
//! The body ends behind the GELU of the authors' last shrinking layer; their last linear layer, from
//! there to three classes, is our direction head. Their embedding of an event's type is left out.
//! As in their code, attention has one head, and linear layers stand before and after PyTorch's
//! attention, which has its own.
//!
//! Parameters, with L(n, o) = 16 n² + 17 n for a layer that keeps its n numbers and
//! 12 n² + 14 n + 4 n o + 3 o for one that puts out o: 2 (T + F) + 2 + F H + H; in each pair but the
//! last L(H) + L(T); L(H, H / 4) + L(T, T / 4); and n n / 4 + n / 4 for each shrinking layer. With the
//! authors' T = 128, F = 144 and head of three classes: 1.14 million.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attention::MultiHeadAttention;
use super::bilinear_norm::BilinearNorm;
use super::body::{BodyConfig, Cost, InputShape};
use super::initial::InitialWeights;
use super::layer_norm::LayerNorm;
use super::layers::Linear;
use super::mlp_lob::{Mlp, Shrink, check_book_window};
use super::training_pass::{TrainingPass, drop_out};

/// Size of a TLOB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct TlobConfig {
    /// Numbers of a step's state (default 40, the authors'), an even number.
    #[garde(range(min = 8, max = 1024))]
    pub hidden: usize,
    /// Pairs of layers, over steps and over features (default 4, the authors').
    #[garde(range(min = 1, max = 16))]
    pub layers: usize,
    /// Share set to zero in training of what attention puts out and of a perceptron's hidden units
    /// (default 0, as the authors).
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
}

impl Default for TlobConfig {
    fn default() -> Self {
        Self { hidden: 40, layers: 4, dropout: 0.0 }
    }
}

impl TlobConfig {
    /// Rows, inputs and outputs of every layer, in order.
    fn sizes(&self, window: usize) -> Vec<[usize; 3]> {
        let (hidden, mut sizes) = (self.hidden, Vec::new());
        for _ in 1..self.layers {
            sizes.push([window, hidden, hidden]);
            sizes.push([hidden, window, window]);
        }
        sizes.push([window, hidden, hidden / 4]);
        sizes.push([hidden / 4, window, window / 4]);
        sizes
    }
}

impl BodyConfig for TlobConfig {
    type Body = Tlob;

    fn check(&self, input: InputShape) -> Result<(), String> {
        check_book_window(input)?;
        if self.hidden.is_multiple_of(2) {
            Ok(())
        } else {
            Err(format!(
                "sines and cosines take turns in a state of {} numbers; make net.hidden even",
                self.hidden
            ))
        }
    }

    fn width(&self, input: InputShape) -> usize {
        Shrink::width((self.hidden / 4) * (input.window / 4))
    }

    fn cost(&self, input: InputShape) -> Cost {
        let (hidden, InputShape { window, features }) = (self.hidden, input);
        let mut cost = Shrink::cost((hidden / 4) * (window / 4));
        // The normalised window, and the embedding with its positions.
        cost.activations += BilinearNorm::activations(input) + window * (features + hidden);
        cost.flops += 2 * window * features * hidden;
        for size in self.sizes(window) {
            let Cost { activations, flops } = TransformerLayer::cost(size);
            cost.activations += activations;
            cost.flops += flops;
        }
        cost
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> Tlob {
        let layer = |[_, inputs, outputs]: [usize; 3], weights: &mut InitialWeights| {
            TransformerLayer::init(inputs, outputs, weights)
        };
        Tlob {
            norm_layer: BilinearNorm::init(input, weights),
            emb_layer: Linear::init(input.features, self.hidden, weights),
            layers: self.sizes(input.window).into_iter().map(|size| layer(size, weights)).collect(),
            final_layers: Shrink::init((self.hidden / 4) * (input.window / 4), weights),
            dropout: self.dropout,
        }
    }
}

/// A TLOB. Tensors by the authors' names: `norm_layer.l1`, …, `emb_layer.weight`,
/// `layers.<i>.qkv.q.weight`, `layers.<i>.attention.in_proj_weight`, `layers.<i>.w0.weight`,
/// `layers.<i>.norm.weight`, `layers.<i>.mlp.fc.weight`, …, `final_layers.<i>.weight`, where `<i>`
/// counts layers only and the authors count activations too.
#[derive(Module, Debug)]
pub struct Tlob {
    norm_layer: BilinearNorm,
    emb_layer: Linear,
    /// Over steps and over features in turn.
    layers: Vec<TransformerLayer>,
    final_layers: Shrink,
    #[module(skip)]
    dropout: f64,
}

impl Tlob {
    /// `[B, T, F]` to `[B, W]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let x_bth = self.emb_layer.forward_rows(self.norm_layer.forward(x_btf, pass));
        let [_, steps, hidden] = x_bth.dims();
        let positions = sinusoids(steps, hidden, &x_bth.device().inner());
        let mut x = x_bth + positions.unsqueeze();
        for layer in &self.layers {
            x = layer.forward(x, self.dropout, pass).swap_dims(1, 2);
        }
        // Feature after feature, as the authors lay it.
        self.final_layers.forward(x.swap_dims(1, 2).flatten(1, 2))
    }
}

/// Sinusoidal positions (Vaswani et al. 2017), sines in even places and cosines in odd ones:
/// `[T, H]`.
fn sinusoids(steps: usize, hidden: usize, device: &Device) -> Tensor<2> {
    let value = |step: usize, place: usize| {
        let frequency = 10_000_f64.powf(-((place - place % 2) as f64) / hidden as f64);
        let angle = step as f64 * frequency;
        (if place.is_multiple_of(2) { angle.sin() } else { angle.cos() }) as f32
    };
    let values = (0..steps * hidden).map(|at| value(at / hidden, at % hidden)).collect::<Vec<_>>();
    Tensor::from_data(TensorData::new(values, [steps, hidden]), device)
}

/// The authors' transformer layer over n numbers a row: attention, residual, layer normalisation,
/// perceptron, and a residual again where the width stays.
#[derive(Module, Debug)]
struct TransformerLayer {
    norm: LayerNorm,
    qkv: Projections,
    attention: MultiHeadAttention,
    w0: Linear,
    mlp: Mlp,
}

#[derive(Module, Debug)]
struct Projections {
    q: Linear,
    k: Linear,
    v: Linear,
}

impl TransformerLayer {
    fn init(inputs: usize, outputs: usize, weights: &mut InitialWeights) -> Self {
        Self {
            norm: LayerNorm::init(inputs, weights),
            qkv: Projections {
                q: Linear::init(inputs, inputs, weights),
                k: Linear::init(inputs, inputs, weights),
                v: Linear::init(inputs, inputs, weights),
            },
            attention: MultiHeadAttention::init(inputs, 1, weights),
            w0: Linear::init(inputs, inputs, weights),
            mlp: Mlp::init(inputs, 4 * inputs, outputs, weights),
        }
    }

    /// Each of eight linear layers keeps its output; scores, their softmax and its sum are kept too.
    fn cost([rows, inputs, outputs]: [usize; 3]) -> Cost {
        let mlp = Mlp::cost([rows, inputs, 4 * inputs, outputs]);
        let projections = 8 * inputs * inputs;
        Cost {
            activations: mlp.activations + rows * (13 * inputs + 3 * rows),
            flops: mlp.flops + 2 * rows * (projections + 2 * rows * inputs),
        }
    }

    /// `[B, rows, n]` to `[B, rows, outputs]`.
    fn forward(&self, x: Tensor<3>, rate: f64, pass: &mut Option<&mut TrainingPass>) -> Tensor<3> {
        let Projections { q, k, v } = &self.qkv;
        let qkv = [q, k, v].map(|projection| projection.forward_rows(x.clone()));
        let attended = self.w0.forward_rows(self.attention.forward(qkv, None).states);
        let y = self.norm.forward(drop_out(attended, rate, pass) + x.clone());
        let y = self.mlp.forward(y, rate, pass);
        if y.dims() == x.dims() { x + y } else { y }
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;

    use super::*;

    #[test]
    fn the_authors_size_has_their_number_of_parameters() {
        let (input, config) = (InputShape { window: 128, features: 144 }, TlobConfig::default());
        let net = config.init(input, &mut InitialWeights::new(1, &Device::flex()));
        // 10 x 32 numbers are shrunk to 80.
        let h = net.forward(Tensor::ones([2, 128, 144], &Device::flex()), &mut None);
        assert_eq!((h.dims(), config.width(input)), ([2, 80], 80));
        assert_eq!(net.num_params() + 80 * 3 + 3, 1_140_339);
    }

    #[test]
    fn an_odd_state_is_refused() {
        let config = TlobConfig { hidden: 41, ..TlobConfig::default() };
        let error = config.check(InputShape { window: 128, features: 40 }).unwrap_err();
        assert!(error.contains("make net.hidden even"), "{error}");
    }
}
