//! Attention of a symbol to the others that are known at its decision time.
//!
//! One body reads the windows of all symbols, and the vectors that it makes of them are a set: the
//! target's vector asks, all symbols that have data at that moment answer, itself among them, and what
//! they say is added to it before the heads, `y = z_0 + MultiHead(z_0, Z, Z)` (Vaswani et al. 2017). No
//! symbol has a place or a name of its own in it, so the net can be asked about others than it was
//! trained on.
//!
//! Parameters: `4 H² + 4 H`, whatever the number of symbols.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernels::Precision;

use super::attention::MultiHeadAttention;
use super::body::InputShape;
use super::initial::InitialWeights;
use super::training_pass::{TrainingPass, drop_out};
use super::{Net, NetConfig};

/// Added to the score of a symbol without data: its share of the softmax is exactly 0 in f32.
const ABSENT: f64 = -1e9;

/// How a symbol attends to the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct CrossSymbolConfig {
    /// Heads of the attention (default 4); they divide the length of the vector that the net's heads
    /// read, such as `hidden` of an LSTM.
    #[garde(range(min = 1, max = 64))]
    pub heads: usize,
    /// Share of what the symbols say that is set to zero in training (default 0.1).
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
}

impl Default for CrossSymbolConfig {
    fn default() -> Self {
        Self { heads: 4, dropout: 0.1 }
    }
}

impl CrossSymbolConfig {
    /// Checks that the heads divide what a net makes of windows of these shapes.
    ///
    /// # Errors
    /// What is wrong, and what to change.
    pub fn check(&self, net: &NetConfig, inputs: &[InputShape]) -> Result<(), String> {
        let width = net.width(inputs);
        if width.is_multiple_of(self.heads) {
            return Ok(());
        }
        Err(format!(
            "the {} net hands {width} numbers to its heads, which the {} heads of cross_symbol do not \
             divide; change cross_symbol.heads or the size of the net",
            net.kind(),
            self.heads
        ))
    }
}

/// Tensors: `cross_symbol.attention.in_proj_weight`, …, those of `torch.nn.MultiheadAttention`.
#[derive(Module, Debug)]
pub struct CrossSymbol {
    attention: MultiHeadAttention,
    #[module(skip)]
    dropout: f64,
}

impl CrossSymbol {
    /// Vectors of the symbols of each sample, the target first: `[B S, H]`, and 1 where a symbol has data:
    /// `[B, S, 1]`; to the target's vectors `[B, H]`.
    pub(super) fn forward(
        &self,
        z: Tensor<2>,
        present_bs1: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let [batch, symbols, _] = present_bs1.dims();
        let width = z.dims()[1];
        let all: Tensor<3> = z.reshape([batch, symbols, width]);
        let own = all.clone().narrow(1, 0, 1);
        let absent = (present_bs1.neg() + 1.0) * ABSENT;
        let absent: Tensor<4> = absent.reshape([batch, 1, 1, symbols]);
        let said = self.attention.forward([own.clone(), all.clone(), all], Some(absent)).states;
        (own + drop_out(said, self.dropout, pass)).reshape([batch, width])
    }
}

impl Net {
    /// The net with attention across symbols between its body and its heads: it takes the windows of all
    /// symbols, `[B S, T, F]` a view, and who has data, `[B, S, 1]`, behind them.
    ///
    /// The config must have passed [`CrossSymbolConfig::check`]. The other weights are those of
    /// [`Self::init`] from the same seed.
    #[must_use]
    pub fn with_cross_symbol(
        mut self,
        precision: Precision,
        config: &CrossSymbolConfig,
        (net, inputs): (&NetConfig, &[InputShape]),
        seed: u64,
        device: &Device,
    ) -> Self {
        let mut weights = InitialWeights::beside(seed, device).in_precision(precision);
        let attention = MultiHeadAttention::init(net.width(inputs), config.heads, &mut weights);
        self.cross_symbol = Some(CrossSymbol { attention, dropout: config.dropout });
        self
    }
}
