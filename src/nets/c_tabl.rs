//! `c_tabl`: two bilinear layers and one with temporal attention.
//!
//! Tran, Iosifidis, Kanniainen and Gabbouj (2019), "Temporal attention-augmented bilinear network for
//! financial time-series data analysis": their topology C(TABL), in the form of the PyTorch code that
//! LOBCAST uses. A window `[F, T]` becomes `[60, 10]`, `[120, 5]` and at last `[outputs, 1]`:
//!
//! `relu(W1 X W2 + B)`, dropout, the same again, dropout, then the attention layer of `tabl.rs`
//! without an activation.
//!
//! Parameters of a layer from `[D, T]` to `[D', T']`: D D' + T T' + D' T', and T² + 1 more with
//! attention. 11,344 for a window of 10 steps and 40 features.
//!
//! **The paper's class logits are the attention layer's outputs.** Here the net's heads read them,
//! through linear layers of their own: with the direction head alone and 3 outputs the net is the
//! paper's with one more 3 × 3 linear layer, of 12 parameters. No softmax comes before the loss's
//! (LOBCAST has one). After every step each weight matrix whose norm exceeds `max_norm` is shrunk to
//! it, as the paper does.
#![expect(non_snake_case, reason = "tensors have the names that they have in that code")]

use burn::module::Module;
use burn::tensor::Tensor;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{BodyConfig, Cost, InputShape};
use super::initial::InitialWeights;
use super::tabl::{AttentionLayer, Bilinear, BilinearLayer};
use super::training_pass::{TrainingPass, drop_out};

/// Size of a C(TABL) net.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct CTablConfig {
    /// Rows (features) that the first layer makes (default 60).
    #[garde(range(min = 1, max = 4096))]
    pub features_1: usize,
    /// Columns (steps) that the first layer makes (default 10: as many as the paper's window).
    #[garde(range(min = 1, max = 4096))]
    pub steps_1: usize,
    /// Rows that the second layer makes (default 120).
    #[garde(range(min = 1, max = 4096))]
    pub features_2: usize,
    /// Columns that the second layer makes (default 5).
    #[garde(range(min = 1, max = 4096))]
    pub steps_2: usize,
    /// Outputs of the attention layer, which the heads read (default 3: the paper's class logits).
    /// More leave the heads for return and volatility more to read.
    #[garde(range(min = 1, max = 4096))]
    pub outputs: usize,
    /// Share of activations set to zero after each of the first two layers in training (default 0.1).
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// Largest norm (root of the sum of squares) of a weight matrix (default 10). It already shrinks
    /// the default net's initial weights.
    #[garde(range(min = 0.01, max = 1e6))]
    pub max_norm: f32,
}

impl Default for CTablConfig {
    fn default() -> Self {
        Self {
            features_1: 60,
            steps_1: 10,
            features_2: 120,
            steps_2: 5,
            outputs: 3,
            dropout: 0.1,
            max_norm: 10.0,
        }
    }
}

impl CTablConfig {
    fn layers(&self, input: InputShape) -> [Bilinear; 3] {
        let layer = |from: (usize, usize), to: (usize, usize)| Bilinear {
            rows: from.0,
            columns: from.1,
            rows_out: to.0,
            columns_out: to.1,
            max_norm: self.max_norm,
        };
        let first = (self.features_1, self.steps_1);
        let second = (self.features_2, self.steps_2);
        [
            layer((input.features, input.window), first),
            layer(first, second),
            layer(second, (self.outputs, 1)),
        ]
    }
}

impl BodyConfig for CTablConfig {
    type Body = CTabl;

    fn reads_book_alone(&self) -> bool {
        true
    }

    fn width(&self, _input: InputShape) -> usize {
        self.outputs
    }

    /// Each layer keeps its input, its first product, its transpose and what it makes; the attention
    /// layer six matrices more.
    fn cost(&self, input: InputShape) -> Cost {
        let layers = self.layers(input);
        let attention = layers[2];
        let kept = layers.map(|layer| {
            layer.rows * layer.columns
                + layer.rows_out * (2 * layer.columns + 4 * layer.columns_out)
        });
        let square = attention.rows_out * attention.columns;
        Cost {
            activations: kept.iter().sum::<usize>() + 6 * square,
            flops: layers.map(Bilinear::flops).iter().sum::<usize>()
                + 2 * square * attention.columns,
        }
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> CTabl {
        let [first, second, last] = self.layers(input);
        CTabl {
            BL: BilinearLayer::init(first, weights),
            BL2: BilinearLayer::init(second, weights),
            TABL: AttentionLayer::init(last, weights),
            dropout: self.dropout,
        }
    }
}

/// A C(TABL) net. Tensors: `BL.W1`, `BL.W2`, `BL.B`, `BL2.…`, `TABL.W1`, `TABL.W`, `TABL.W2`,
/// `TABL.B`, `TABL.l`.
#[derive(Module, Debug)]
pub struct CTabl {
    BL: BilinearLayer,
    BL2: BilinearLayer,
    TABL: AttentionLayer,
    #[module(skip)]
    dropout: f64,
}

impl CTabl {
    /// `[B, T, F]` to `[B, outputs]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let x = drop_out(self.BL.forward(x_btf, pass), self.dropout, pass);
        let x = drop_out(self.BL2.forward(x, pass), self.dropout, pass);
        self.TABL.forward(x, pass).squeeze_dim(1)
    }
}
