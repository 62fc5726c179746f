//! `mlp_lob`: MLPLOB, perceptrons over the features of each step and over the steps of each feature.
//!
//! Berti and Kasneci (2025), "TLOB: a novel transformer model with dual attention for price trend
//! prediction with limit order book data" (arXiv 2502.15757). Bilinear normalisation, a linear layer
//! with GELU to H = `hidden` numbers a step, then pairs of perceptrons, one along the H numbers and one
//! along the T steps. The perceptrons of the last pair put out H / 4 and T / 4. What is left is laid
//! end to end and shrunk by 4, with GELU, until it has 128 numbers or fewer.
//!
//! The body ends behind the GELU of the authors' last shrinking layer; their last linear layer, from
//! there to three classes, is our direction head. Their embedding of an event's type is left out.
//!
//! Parameters, with P(n, m, o) = n m + m + m o + 3 o for a perceptron: 2 (T + F) + 2 + F H + H; in
//! each pair but the last P(H, 4 H, H) + P(T, 4 T, T); P(H, 2 H, H / 4) + P(T, 2 T, T / 4); and
//! n n / 4 + n / 4 for each shrinking layer. With the authors' T = 384, F = 144 and head of three
//! classes: 3.02 million.

use burn::module::Module;
use burn::tensor::Tensor;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bilinear_norm::BilinearNorm;
use super::body::{BodyConfig, Cost, InputShape};
use super::gelu::gelu;
use super::initial::InitialWeights;
use super::layer_norm::LayerNorm;
use super::layers::Linear;
use super::training_pass::{TrainingPass, drop_out};

/// The authors shrink no further than this.
const WIDEST: usize = 128;

/// Size of an MLPLOB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct MlpLobConfig {
    /// Numbers of a step's state (default 40, the authors').
    #[garde(range(min = 8, max = 1024))]
    pub hidden: usize,
    /// Pairs of perceptrons (default 3, the authors').
    #[garde(range(min = 1, max = 16))]
    pub layers: usize,
    /// Share of a perceptron's hidden units set to zero in training (default 0, as the authors).
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
}

impl Default for MlpLobConfig {
    fn default() -> Self {
        Self { hidden: 40, layers: 3, dropout: 0.0 }
    }
}

impl MlpLobConfig {
    /// Rows, inputs, hidden units and outputs of every perceptron, in order.
    fn sizes(&self, window: usize) -> Vec<[usize; 4]> {
        let (hidden, mut sizes) = (self.hidden, Vec::new());
        for _ in 1..self.layers {
            sizes.push([window, hidden, 4 * hidden, hidden]);
            sizes.push([hidden, window, 4 * window, window]);
        }
        sizes.push([window, hidden, 2 * hidden, hidden / 4]);
        sizes.push([hidden / 4, window, 2 * window, window / 4]);
        sizes
    }
}

impl BodyConfig for MlpLobConfig {
    type Body = MlpLob;

    fn check(&self, input: InputShape) -> Result<(), String> {
        check_book_window(input)
    }

    fn width(&self, input: InputShape) -> usize {
        Shrink::width((self.hidden / 4) * (input.window / 4))
    }

    fn cost(&self, input: InputShape) -> Cost {
        let (hidden, InputShape { window, features }) = (self.hidden, input);
        let mut cost = Shrink::cost((hidden / 4) * (window / 4));
        // The normalised window, and the first layer with its GELU.
        cost.activations += BilinearNorm::activations(input) + window * (features + 3 * hidden);
        cost.flops += 2 * window * features * hidden;
        for size in self.sizes(window) {
            let Cost { activations, flops } = Mlp::cost(size);
            cost.activations += activations;
            cost.flops += flops;
        }
        cost
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> MlpLob {
        let mlp = |[_, inputs, between, outputs]: [usize; 4], weights: &mut InitialWeights| {
            Mlp::init(inputs, between, outputs, weights)
        };
        MlpLob {
            norm_layer: BilinearNorm::init(input, weights),
            first_layer: Linear::init(input.features, self.hidden, weights),
            layers: self.sizes(input.window).into_iter().map(|size| mlp(size, weights)).collect(),
            final_layers: Shrink::init((self.hidden / 4) * (input.window / 4), weights),
            dropout: self.dropout,
        }
    }
}

/// An MLPLOB. Tensors by the authors' names: `norm_layer.l1`, …, `first_layer.weight`,
/// `layers.<i>.fc.weight`, `layers.<i>.fc2.weight`, `layers.<i>.layer_norm.weight`,
/// `final_layers.<i>.weight`; where the authors count activations too, `<i>` counts layers only.
#[derive(Module, Debug)]
pub struct MlpLob {
    norm_layer: BilinearNorm,
    first_layer: Linear,
    layers: Vec<Mlp>,
    final_layers: Shrink,
    #[module(skip)]
    dropout: f64,
}

impl MlpLob {
    /// `[B, T, F]` to `[B, W]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let mut x = gelu(self.first_layer.forward_rows(self.norm_layer.forward(x_btf, pass)));
        for layer in &self.layers {
            x = layer.forward(x, self.dropout, pass).swap_dims(1, 2);
        }
        self.final_layers.forward(x.flatten(1, 2))
    }
}

/// What MLPLOB and TLOB need of a window: deviations, and two numbers or more in a quarter of its
/// steps.
pub(super) fn check_book_window(input: InputShape) -> Result<(), String> {
    BilinearNorm::check(input)?;
    if input.window < 8 {
        return Err(format!(
            "a quarter of a window of {} rows is one number or none, of which layer normalisation \
             leaves nothing; raise window to at least 8",
            input.window
        ));
    }
    Ok(())
}

/// The authors' perceptron: two linear layers with GELU between them, a residual where the width
/// stays, layer normalisation, GELU.
#[derive(Module, Debug)]
pub(super) struct Mlp {
    fc: Linear,
    fc2: Linear,
    layer_norm: LayerNorm,
}

impl Mlp {
    pub(super) fn init(
        inputs: usize,
        between: usize,
        outputs: usize,
        weights: &mut InitialWeights,
    ) -> Self {
        Self {
            fc: Linear::init(inputs, between, weights),
            fc2: Linear::init(between, outputs, weights),
            layer_norm: LayerNorm::init(outputs, weights),
        }
    }

    /// A GELU keeps its input, the input scaled and the share; normalisation two stages.
    pub(super) fn cost([rows, inputs, between, outputs]: [usize; 4]) -> Cost {
        Cost {
            activations: rows * (inputs + 4 * between + 7 * outputs),
            flops: 2 * rows * between * (inputs + outputs),
        }
    }

    /// Along the last axis.
    pub(super) fn forward(
        &self,
        x: Tensor<3>,
        rate: f64,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<3> {
        let between = drop_out(gelu(self.fc.forward_rows(x.clone())), rate, pass);
        let y = self.fc2.forward_rows(between);
        let y = if y.dims() == x.dims() { x + y } else { y };
        gelu(self.layer_norm.forward(y))
    }
}

/// Linear layers with GELU, each to a quarter of the numbers, until at most 128 are left.
#[derive(Module, Debug)]
pub(super) struct Shrink {
    layers: Vec<Linear>,
}

impl Shrink {
    /// Inputs and outputs of every layer.
    fn sizes(mut total: usize) -> Vec<[usize; 2]> {
        let mut sizes = Vec::new();
        while total > WIDEST {
            sizes.push([total, total / 4]);
            total /= 4;
        }
        sizes
    }

    /// Numbers that are left of `total`.
    pub(super) fn width(total: usize) -> usize {
        Self::sizes(total).last().map_or(total, |[_, outputs]| *outputs)
    }

    pub(super) fn cost(total: usize) -> Cost {
        let sizes = Self::sizes(total);
        Cost {
            activations: total + sizes.iter().map(|[_, outputs]| 3 * outputs).sum::<usize>(),
            flops: sizes.iter().map(|[inputs, outputs]| 2 * inputs * outputs).sum(),
        }
    }

    pub(super) fn init(total: usize, weights: &mut InitialWeights) -> Self {
        let layer = |[inputs, outputs]: [usize; 2]| Linear::init(inputs, outputs, weights);
        Self { layers: Self::sizes(total).into_iter().map(layer).collect() }
    }

    /// `[B, total]` to `[B, W]`.
    pub(super) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.layers.iter().fold(x, |x, layer| gelu(layer.forward(x)))
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn the_authors_size_has_their_number_of_parameters() {
        let (input, config) = (InputShape { window: 384, features: 144 }, MlpLobConfig::default());
        let net = config.init(input, &mut InitialWeights::new(1, &Device::flex()));
        // 10 x 96 numbers are shrunk to 240 and 60.
        let h = net.forward(Tensor::ones([2, 384, 144], &Device::flex()), &mut None);
        assert_eq!((h.dims(), config.width(input)), ([2, 60], 60));
        assert_eq!(net.num_params() + 60 * 3 + 3, 3_016_779);
    }

    #[test]
    fn windows_of_which_nothing_would_be_left_are_refused() {
        let check =
            |window, features| MlpLobConfig::default().check(InputShape { window, features });
        assert!(check(7, 40).unwrap_err().contains("at least 8"));
        assert!(check(100, 1).unwrap_err().contains("2 or more"));
        assert_eq!(check(8, 2), Ok(()));
    }
}
