//! `deep_lob`: convolutions over an order book's levels, an inception module and an LSTM.
//!
//! Zhang, Zohren and Roberts (2019), "DeepLOB: deep convolutional neural networks for limit order
//! books", as their PyTorch notebook has it. A window `[T, 4 · levels]` (ask price, ask amount, bid
//! price, bid amount, level by level) becomes
//!
//! | block | convolutions (steps × columns) | activation | shape for T 100, 10 levels |
//! |---|---|---|---|
//! | 1 | 1×2 apart, 4×1, 4×1 | leaky rectifier 0.01 | `[32, 94, 20]` |
//! | 2 | 1×2 apart, 4×1, 4×1 | tanh | `[32, 88, 10]` |
//! | 3 | 1×levels, 4×1, 4×1 | leaky rectifier | `[32, 82, 1]` |
//! | inception | 1×1, 3×1 and 1×1, 5×1 and max 3×1, 1×1, padded | leaky rectifier | `[192, 82]` |
//! | LSTM | | | `[64]` at the last step |
//!
//! Batch normalisation follows each activation. The convolutions of the blocks are not padded over
//! time, so 18 steps of the window go.
//!
//! For C channels, I a branch, L levels and H hidden units, without heads:
//! `(2 + 2 C + L C + 24 C + 27) C + (3 C + 8 I + 15) I + 4 H (3 I + H + 2)` parameters. With the
//! direction head alone the default net has the notebook's 143,907. The notebook feeds the softmax
//! of its logits to a loss that takes another; here, the loss's is the only one.

use burn::module::Module;
use burn::tensor::Tensor;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{BodyConfig, Cost, InputShape};
use super::book_encoder::{BookEncoder, EncoderForm, EncoderSize};
use super::initial::InitialWeights;
use super::lstm_stack::{LstmStack, States};
use super::training_pass::TrainingPass;

/// Size of a DeepLOB net.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct DeepLobConfig {
    /// Channels of the convolutions before the inception module (default 32).
    #[garde(range(min = 1, max = 1024))]
    pub channels: usize,
    /// Channels of each of the inception module's three branches (default 64).
    #[garde(range(min = 1, max = 1024))]
    pub inception: usize,
    /// Hidden units of the LSTM (default 64).
    #[garde(range(min = 1, max = 4096))]
    pub hidden: usize,
}

impl Default for DeepLobConfig {
    fn default() -> Self {
        Self { channels: 32, inception: 64, hidden: 64 }
    }
}

impl DeepLobConfig {
    fn encoder(&self) -> EncoderSize {
        let Self { channels, inception, .. } = *self;
        EncoderSize { channels, inception, form: EncoderForm::DeepLob }
    }
}

impl BodyConfig for DeepLobConfig {
    type Body = DeepLob;

    fn reads_book_alone(&self) -> bool {
        true
    }

    fn check(&self, input: InputShape) -> Result<(), String> {
        self.encoder().check("deep_lob", input)
    }

    fn width(&self, _input: InputShape) -> usize {
        self.hidden
    }

    /// The encoder's and that of an LSTM of one layer.
    fn cost(&self, input: InputShape) -> Cost {
        let encoder = self.encoder();
        let (Cost { activations, flops }, steps) =
            (encoder.cost(input), encoder.steps(input.window));
        let (inputs, hidden) = (encoder.width(), self.hidden);
        Cost {
            activations: activations + steps * (inputs + 9 * hidden),
            flops: flops + 8 * steps * hidden * (inputs + hidden),
        }
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> DeepLob {
        let encoder = self.encoder();
        DeepLob {
            rest: BookEncoder::init(encoder, input, weights),
            lstm: LstmStack::init(encoder.width(), self.hidden, 1, weights),
        }
    }
}

/// A DeepLOB net. Tensors: `conv1.0.weight`, …, `inp3.3.running_var`, `lstm.weight_ih_l0`, ….
#[derive(Module, Debug)]
pub struct DeepLob {
    rest: BookEncoder,
    lstm: LstmStack,
}

impl DeepLob {
    /// `[B, T, F]` to `[B, H]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let x_bte = self.rest.forward(x_btf, pass);
        self.lstm.forward(x_bte, States::Last, 0.0, pass).squeeze_dim(1)
    }
}
