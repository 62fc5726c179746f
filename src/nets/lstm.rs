//! `lstm`: long short-term memory over the window.
//!
//! Hochreiter and Schmidhuber (1997), "Long short-term memory", with forget gates, as `torch.nn.LSTM`.

use burn::module::Module;
use burn::tensor::Tensor;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{BodyConfig, Cost, InputShape};
use super::initial::InitialWeights;
use super::lstm_stack::{LstmStack, States};
use super::pooling::{Pool, Pooling};
use super::training_pass::TrainingPass;

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

impl BodyConfig for LstmConfig {
    type Body = Lstm;

    fn width(&self, _input: InputShape) -> usize {
        self.hidden
    }

    /// Each layer keeps four gates, cell, tanh of the cell, output and dropout mask.
    fn cost(&self, input: InputShape) -> Cost {
        let InputShape { window, features } = input;
        let weights = 4 * self.hidden * (features + self.hidden)
            + (self.layers - 1) * 8 * self.hidden * self.hidden;
        Cost {
            activations: window * (features + self.layers * self.hidden * 9),
            flops: 2 * window * weights,
        }
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> Lstm {
        Lstm {
            lstm: LstmStack::init(input.features, self.hidden, self.layers, weights),
            pooling: Pool::init(self.pooling, self.hidden, weights),
            dropout: self.dropout,
        }
    }
}

/// An LSTM over a window. Tensors: `lstm.weight_ih_l0`, …, `pooling.score.weight`.
#[derive(Module, Debug)]
pub struct Lstm {
    lstm: LstmStack,
    pooling: Pool,
    #[module(skip)]
    dropout: f64,
}

impl Lstm {
    /// `[B, T, F]` to `[B, H]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let wanted = if self.pooling.reads_last_only() { States::Last } else { States::All };
        self.pooling.forward(self.lstm.forward(x_btf, wanted, self.dropout, pass))
    }
}
