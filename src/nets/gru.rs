//! `gru`: gated recurrent units over the window.
//!
//! Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder for statistical
//! machine translation", in the form of `torch.nn.GRU`: an LSTM's memory with three gates instead of
//! four and no cell beside the state.
//!
//! Parameters of the stack with F features: `3 H (F + H + 2)` in the first layer and `3 H (2 H + 2)` in
//! each further one. With both directions it is twice `3 H (F + H + 2)` and twice `3 H (3 H + 2)`.

use burn::module::Module;
use burn::tensor::Tensor;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{BodyConfig, Cost, InputShape};
use super::gru_stack::{GATES, GruStack};
use super::initial::InitialWeights;
use super::pooling::{Pool, Pooling};
use super::recurrent::{StackShape, States};
use super::training_pass::TrainingPass;

/// Size of a GRU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct GruConfig {
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

impl Default for GruConfig {
    fn default() -> Self {
        Self { hidden: 64, layers: 2, dropout: 0.1, pooling: Pooling::Last, bidirectional: false }
    }
}

impl GruConfig {
    fn stack(&self, features: usize) -> StackShape {
        let Self { hidden, layers, bidirectional, .. } = *self;
        StackShape { inputs: features, hidden, layers, bidirectional }
    }
}

impl BodyConfig for GruConfig {
    type Body = Gru;

    fn width(&self, input: InputShape) -> usize {
        self.stack(input.features).width()
    }

    /// Each layer keeps three gates, both parts of the new gate, the differences that the update
    /// gate mixes, output and dropout mask.
    fn cost(&self, input: InputShape) -> Cost {
        let stack = self.stack(input.features);
        Cost {
            activations: input.window * (input.features + self.layers * stack.width() * 9),
            flops: 2 * input.window * stack.weights(GATES),
        }
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> Gru {
        let stack = self.stack(input.features);
        Gru {
            gru: GruStack::init(stack, weights),
            pooling: Pool::init(self.pooling, stack.width(), weights),
            dropout: self.dropout,
        }
    }
}

/// A GRU over a window. Tensors: `gru.weight_ih_l0`, …, `gru.weight_ih_l0_reverse`, …,
/// `pooling.score.weight`.
#[derive(Module, Debug)]
pub struct Gru {
    gru: GruStack,
    pooling: Pool,
    #[module(skip)]
    dropout: f64,
}

impl Gru {
    /// `[B, T, F]` to `[B, H]`, or to `[B, 2H]` with both directions.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let wanted = if self.pooling.reads_last_only() { States::Last } else { States::All };
        self.pooling.forward(self.gru.forward(x_btf, wanted, self.dropout, pass))
    }
}
