//! `cnn_lstm`: causal convolutions, then long short-term memory over what they found.
//!
//! After Sainath et al. (2015), "Convolutional, long short-term memory, fully connected deep neural
//! networks", and Lu et al. (2020), "A CNN-LSTM-based model to forecast stock prices": convolutions
//! name short patterns, and the LSTM remembers their order. With `max_pool` each convolution is
//! followed by the largest of every two steps, so the LSTM has fewer and longer steps to read.
//! Dropout sets single numbers to zero, after each convolution and between layers of the LSTM.
//!
//! Parameters with F features, C channels, kernel k, n convolutions and H hidden units:
//! `C (F k + 1) + (n - 1) C (C k + 1)`, `4 H (C + H + 2)` and `4 H (2 H + 2)` for each further layer.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::module::max_pool1d;
use burn::tensor::ops::MaxPoolOptions;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernels::conv1d::Activation;

use super::body::{BodyConfig, Cost, InputShape};
use super::initial::InitialWeights;
use super::layers::CausalConv;
use super::lstm_stack::{GATES, LstmStack, States};
use super::pooling::{Pool, Pooling};
use super::recurrent::StackShape;
use super::training_pass::{TrainingPass, drop_out};

/// Size of a net of convolutions and an LSTM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct CnnLstmConfig {
    /// Channels of every convolution (default 32).
    #[garde(range(min = 1, max = 4096))]
    pub channels: usize,
    /// Convolutions, one after another (default 2).
    #[garde(range(min = 1, max = 8))]
    pub convolutions: usize,
    /// Steps that one convolution sees, none of them newer than its own (default 3).
    #[garde(range(min = 1, max = 31))]
    pub kernel: usize,
    /// Whether the larger of every two steps is kept after each convolution (default false). Pairs
    /// are counted from the newest step, so it always has a partner; an odd oldest step stays alone.
    #[garde(skip)]
    pub max_pool: bool,
    /// Hidden units of every layer of the LSTM (default 64).
    #[garde(range(min = 1, max = 4096))]
    pub hidden: usize,
    /// Layers of the LSTM (default 1).
    #[garde(range(min = 1, max = 16))]
    pub layers: usize,
    /// Share of activations set to zero in training, after each convolution and between layers of
    /// the LSTM (default 0.1).
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// `last` (default), `attention` or `mean`: how the LSTM's steps become one vector.
    #[garde(skip)]
    pub pooling: Pooling,
}

impl Default for CnnLstmConfig {
    fn default() -> Self {
        Self {
            channels: 32,
            convolutions: 2,
            kernel: 3,
            max_pool: false,
            hidden: 64,
            layers: 1,
            dropout: 0.1,
            pooling: Pooling::Last,
        }
    }
}

impl BodyConfig for CnnLstmConfig {
    type Body = CnnLstm;

    fn check(&self, input: InputShape) -> Result<(), String> {
        let least = 1 << self.convolutions;
        if self.max_pool && input.window < least {
            return Err(format!(
                "window {} has less than the {least} steps that {} poolings of two steps leave one of; \
                 set window >= {least}, fewer net.convolutions, or net.max_pool: false",
                input.window, self.convolutions
            ));
        }
        Ok(())
    }

    fn width(&self, _input: InputShape) -> usize {
        self.hidden
    }

    /// What goes into and out of each convolution with its unfolded copy, rectifier, dropout and
    /// pooling with its indices; then as `lstm`.
    fn cost(&self, input: InputShape) -> Cost {
        let Self { channels, kernel, .. } = *self;
        let mut steps = input.window;
        let mut cost = Cost { activations: steps * input.features, flops: 0 };
        for layer in 0..self.convolutions {
            let from = if layer == 0 { input.features } else { channels };
            cost.activations += steps * (from * kernel + 4 * channels);
            cost.flops += 2 * steps * from * channels * kernel;
            if self.max_pool {
                steps = steps.div_ceil(2);
                cost.activations += 2 * steps * channels;
            }
        }
        let Self { hidden, layers, .. } = *self;
        let stack = StackShape { inputs: channels, hidden, layers, bidirectional: false };
        cost.activations += steps * layers * hidden * 9;
        cost.flops += 2 * steps * stack.weights(GATES);
        cost
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> CnnLstm {
        let CnnLstmConfig { channels, kernel, .. } = *self;
        let conv = |layer| {
            let from = if layer == 0 { input.features } else { channels };
            CausalConv::init(from, channels, kernel, 1, weights)
        };
        CnnLstm {
            convs: (0..self.convolutions).map(conv).collect(),
            lstm: LstmStack::init(channels, self.hidden, self.layers, weights),
            pooling: Pool::init(self.pooling, self.hidden, weights),
            max_pool: self.max_pool,
            dropout: self.dropout,
        }
    }
}

/// Convolutions and an LSTM over a window. Tensors: `convs.<i>.weight`, …, `lstm.weight_ih_l0`, ….
#[derive(Module, Debug)]
pub struct CnnLstm {
    convs: Vec<CausalConv>,
    lstm: LstmStack,
    pooling: Pool,
    #[module(skip)]
    max_pool: bool,
    #[module(skip)]
    dropout: f64,
}

impl CnnLstm {
    /// `[B, T, F]` to `[B, H]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let mut x_tbc = x_btf.swap_dims(0, 1);
        for conv in &self.convs {
            x_tbc = conv.forward(x_tbc, Activation::Relu);
            if self.max_pool {
                x_tbc = halved(x_tbc.permute([1, 2, 0])).permute([2, 0, 1]);
            }
            x_tbc = drop_out(x_tbc, self.dropout, pass);
        }
        let wanted = if self.pooling.reads_last_only() { States::Last } else { States::All };
        let h_bth = self.lstm.forward(x_tbc.swap_dims(0, 1), wanted, self.dropout, pass);
        self.pooling.forward(h_bth)
    }
}

/// The larger of every two steps, counted from the newest: `[B, C, T]` to `[B, C, T / 2]`, rounded up.
fn halved(x_bct: Tensor<3>) -> Tensor<3> {
    let [_, _, steps] = x_bct.dims();
    let mut options = MaxPoolOptions::new([2]);
    options.padding = [(steps % 2, 0)];
    max_pool1d(x_bct, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_too_short_for_the_poolings_is_refused() {
        let config = CnnLstmConfig { max_pool: true, convolutions: 3, ..CnnLstmConfig::default() };
        let input = |window| InputShape { window, features: 2 };
        assert_eq!(config.check(input(8)), Ok(()));
        let error = config.check(input(7)).unwrap_err();
        assert!(error.contains("window 7") && error.contains("window >= 8"), "{error}");
        assert_eq!(CnnLstmConfig { max_pool: false, ..config }.check(input(1)), Ok(()));
    }
}
