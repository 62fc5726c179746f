//! `lstm`: long short-term memory over the window.
//!
//! Hochreiter and Schmidhuber (1997), "Long short-term memory", with forget gates, as `torch.nn.LSTM`;
//! with both directions that of Schuster and Paliwal (1997), "Bidirectional recurrent neural networks".
//!
//! Parameters of the stack with F features: `4 H (F + H + 2)` in the first layer and `4 H (2 H + 2)` in
//! each further one. With both directions it is twice `4 H (F + H + 2)` and twice `4 H (3 H + 2)`.

use burn::module::Module;
use burn::tensor::Tensor;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{BodyConfig, Cost, InputShape};
use super::initial::InitialWeights;
use super::lstm_stack::{GATES, LstmStack, States};
use super::pooling::{Pool, Pooling};
use super::recurrent::StackShape;
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
    /// Whether a second net reads the window from its newest step to its oldest (default false).
    /// That is no look-ahead: the window is closed, and ends at the decision time. A step's output
    /// has twice the length then, and `last` pooling takes the state in which each direction ends.
    #[garde(skip)]
    pub bidirectional: bool,
}

impl LstmConfig {
    fn stack(&self, features: usize) -> StackShape {
        let Self { hidden, layers, bidirectional, .. } = *self;
        StackShape { inputs: features, hidden, layers, bidirectional }
    }
}

impl Default for LstmConfig {
    fn default() -> Self {
        Self { hidden: 64, layers: 2, dropout: 0.1, pooling: Pooling::Last, bidirectional: false }
    }
}

impl BodyConfig for LstmConfig {
    type Body = Lstm;

    fn width(&self, input: InputShape) -> usize {
        self.stack(input.features).width()
    }

    /// Each layer keeps four gates, cell, tanh of the cell, output and dropout mask.
    fn cost(&self, input: InputShape) -> Cost {
        let stack = self.stack(input.features);
        Cost {
            activations: input.window * (input.features + self.layers * stack.width() * 9),
            flops: 2 * input.window * stack.weights(GATES),
        }
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> Lstm {
        let stack = self.stack(input.features);
        Lstm {
            lstm: LstmStack::of_shape(stack, weights),
            pooling: Pool::init(self.pooling, stack.width(), weights),
            dropout: self.dropout,
        }
    }
}

/// An LSTM over a window. Tensors: `lstm.weight_ih_l0`, …, `lstm.weight_ih_l0_reverse`, …,
/// `pooling.score.weight`.
#[derive(Module, Debug)]
pub struct Lstm {
    lstm: LstmStack,
    pooling: Pool,
    #[module(skip)]
    dropout: f64,
}

impl Lstm {
    /// `[B, T, F]` to `[B, H]`, or to `[B, 2H]` with both directions.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let wanted = if self.pooling.reads_last_only() { States::Last } else { States::All };
        self.pooling.forward(self.lstm.forward(x_btf, wanted, self.dropout, pass))
    }
}
