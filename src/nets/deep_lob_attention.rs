//! `deep_lob_attention`: DeepLOB's convolutions, then an LSTM that looks back by attention.
//!
//! Zhang and Zohren (2021), "Multi-horizon forecasting for limit order books: novel deep learning
//! approaches and hardware acceleration using intelligent processing units": their decoder with
//! Luong attention. An encoder LSTM makes a state h(t) for every step of the window; a decoder
//! LSTM starts from its last states and makes one step after another, the first from
//! `[1, 0, 0, h(T)]`:
//!
//! - its output o meets every state: weights `softmax over t of o · h(t)`, context c = their mean;
//! - c is batch normalised, and `[c, o]` is what the step says;
//! - the next step reads `[softmax(fc1 [c, o]), c]`.
//!
//! In the authors' `TensorFlow` notebook each of five steps forecasts a horizon of its own. This
//! trainer has one horizon, so the heads read `[c, o]` of the last step. As in the notebook: padded
//! convolutions with leaky rectifiers alone and no batch normalisation between them, the start, the
//! dot products, the batch normalisation of c (one each step, momentum 0.6 in Keras's count, epsilon
//! 1e-3) and what the next step reads. With `steps: 1`, which is the default, and the direction head
//! alone, the net is the notebook's as far as its first horizon; fc1 is then not there. Otherwise:
//! the last step's classes come from the head, where the notebook has fc1 for every step; no loss
//! looks at the steps before it; LSTMs have PyTorch's two bias vectors and initial weights; and the
//! running variance that batch normalisation learns is PyTorch's unbiased one.
//!
//! For C channels, I a branch, L levels, H hidden units and S steps, without heads:
//! `(2 + 2 C + L C + 24 C + 9) C + (3 C + 8 I + 5) I + 4 H (3 I + H + 2)` of the encoder,
//! `4 H (2 H + K + 2) + 2 H S` and, with more than one step, `2 H K + K` parameters for K classes.

use burn::module::{Module, Param};
use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Tensor, TensorData};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::forecast::LabelShape;
use crate::kernels::Precision;

use super::batch_norm::BatchNorm;
use super::body::{BodyConfig, Cost, InputShape};
use super::book_encoder::{BookEncoder, EncoderForm, EncoderSize};
use super::initial::{InitialWeights, bound};
use super::layers::Linear;
use super::lstm_stack::{LstmStack, States};
use super::training_pass::TrainingPass;

/// Keras's momentum of 0.6 is PyTorch's of 0.4.
const MOMENTUM: f64 = 0.4;
const EPSILON: f64 = 1e-3;

/// Size of a DeepLOB net with attention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct DeepLobAttentionConfig {
    /// Channels of the convolutions before the inception module (default 32).
    #[garde(range(min = 1, max = 1024))]
    pub channels: usize,
    /// Channels of each of the inception module's three branches (default 64).
    #[garde(range(min = 1, max = 1024))]
    pub inception: usize,
    /// Hidden units of the encoder's and of the decoder's LSTM (default 64).
    #[garde(range(min = 1, max = 4096))]
    pub hidden: usize,
    /// Steps of the decoder (default 1). The paper has five, each with a horizon of its own; here
    /// the last one's alone is read.
    #[garde(range(min = 1, max = 64))]
    pub steps: usize,
    /// What it forecasts: a step reads the probabilities that the one before it gave the classes.
    #[serde(skip)]
    #[garde(skip)]
    pub(super) labels: LabelShape,
}

impl Default for DeepLobAttentionConfig {
    fn default() -> Self {
        Self { channels: 32, inception: 64, hidden: 64, steps: 1, labels: LabelShape::default() }
    }
}

impl DeepLobAttentionConfig {
    fn classes(&self) -> usize {
        self.labels.classes.count()
    }

    fn encoder(&self) -> EncoderSize {
        let Self { channels, inception, .. } = *self;
        EncoderSize { channels, inception, form: EncoderForm::Padded }
    }
}

impl BodyConfig for DeepLobAttentionConfig {
    type Body = DeepLobAttention;

    fn reads_book_alone(&self) -> bool {
        true
    }

    fn check(&self, input: InputShape) -> Result<(), String> {
        self.encoder().check("deep_lob_attention", input)
    }

    fn width(&self, _input: InputShape) -> usize {
        2 * self.hidden
    }

    /// The encoder's, that of its LSTM, and of each step of the decoder cell, attention and context.
    fn cost(&self, input: InputShape) -> Cost {
        let (encoder, window) = (self.encoder(), input.window);
        let Cost { activations, flops } = encoder.cost(input);
        let (inputs, hidden) = (encoder.width(), self.hidden);
        let decoded = self.classes() + 2 * hidden;
        Cost {
            activations: activations
                + window * (inputs + 9 * hidden)
                + self.steps * (decoded + 16 * hidden + 2 * window),
            flops: flops
                + 8 * window * hidden * (inputs + hidden)
                + self.steps * (8 * hidden * decoded + 4 * window * hidden)
                + (self.steps - 1) * 4 * hidden * self.classes(),
        }
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> DeepLobAttention {
        let (encoder, hidden, classes) = (self.encoder(), self.hidden, self.classes());
        let several = self.steps > 1;
        DeepLobAttention {
            rest: BookEncoder::init(encoder, input, weights),
            lstm: LstmStack::init(encoder.width(), hidden, 1, weights),
            decoder: DecoderCell::init(classes + hidden, hidden, weights),
            norms: (0..self.steps)
                .map(|_| BatchNorm::with(hidden, MOMENTUM, EPSILON, weights))
                .collect(),
            fc1: several.then(|| Linear::init(2 * hidden, classes, weights)),
            classes,
            precision: weights.precision(),
        }
    }
}

/// A DeepLOB net with attention. Tensors: `conv1.0.weight`, …, `lstm.weight_ih_l0`, …,
/// `decoder.weight_ih`, …, `norms.0.weight`, …, and `fc1.weight` where there are several steps.
#[derive(Module, Debug)]
pub struct DeepLobAttention {
    rest: BookEncoder,
    lstm: LstmStack,
    decoder: DecoderCell,
    norms: Vec<BatchNorm>,
    fc1: Option<Linear>,
    #[module(skip)]
    precision: Precision,
    #[module(skip)]
    classes: usize,
}

impl DeepLobAttention {
    /// `[B, T, F]` to `[B, 2 H]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let x_bte = self.rest.forward(x_btf, pass);
        let states_bth = self.lstm.forward(x_bte.clone(), States::All, 0.0, pass);
        let mut cell_bh = self.lstm.last_cell(x_bte, states_bth.clone());
        let [batch, window, hidden] = states_bth.dims();
        let last_bh = states_bth.clone().narrow(1, window - 1, 1).squeeze_dim::<2>(1);
        let mut state_bh = last_bh.clone();
        let mut input_bi =
            Tensor::cat(vec![first_class([batch, self.classes], &last_bh), last_bh], 1);
        let mut said_bh = state_bh.clone();
        for (step, norm) in self.norms.iter().enumerate() {
            (state_bh, cell_bh) = self.decoder.forward(input_bi.clone(), state_bh, cell_bh);
            let state_bh1 = state_bh.clone().unsqueeze_dim::<3>(2);
            let score_bt1 = self.precision.matmul(states_bth.clone(), state_bh1);
            let share_b1t = softmax(score_bt1, 1).swap_dims(1, 2);
            let context_b1h = self.precision.matmul(share_b1t, states_bth.clone());
            let context_bh = context_b1h.reshape([batch, hidden]);
            let context_bh = norm.forward(context_bh, pass);
            said_bh = Tensor::cat(vec![context_bh.clone(), state_bh.clone()], 1);
            if let Some(fc1) = &self.fc1
                && step + 1 < self.norms.len()
            {
                let classes_bk = softmax(fc1.forward(said_bh.clone()), 1);
                input_bi = Tensor::cat(vec![classes_bk, context_bh], 1);
            }
        }
        said_bh
    }
}

/// The certain first class, `[1, 0, 0]` of three, for every sample of a batch on `like`'s device.
fn first_class([batch, classes]: [usize; 2], like: &Tensor<2>) -> Tensor<2> {
    let mut values = vec![0.0_f32; batch * classes];
    for value in values.iter_mut().step_by(classes) {
        *value = 1.0;
    }
    Tensor::from_data(TensorData::new(values, [batch, classes]), &like.device().inner())
}

/// One step of an LSTM from given states, as `torch.nn.LSTMCell`.
#[derive(Module, Debug)]
struct DecoderCell {
    /// `[4H, in]`.
    weight_ih: Param<Tensor<2>>,
    /// `[4H, H]`.
    weight_hh: Param<Tensor<2>>,
    /// `[4H]`.
    bias_ih: Param<Tensor<1>>,
    /// `[4H]`.
    bias_hh: Param<Tensor<1>>,
    #[module(skip)]
    precision: Precision,
}

impl DecoderCell {
    fn init(inputs: usize, hidden: usize, weights: &mut InitialWeights) -> Self {
        let bound = bound(hidden);
        Self {
            weight_ih: weights.uniform([4 * hidden, inputs], bound),
            weight_hh: weights.uniform([4 * hidden, hidden], bound),
            bias_ih: weights.uniform([4 * hidden], bound),
            bias_hh: weights.uniform([4 * hidden], bound),
            precision: weights.precision(),
        }
    }

    /// The next hidden state and cell: both `[B, H]`.
    fn forward(&self, x: Tensor<2>, h_bh: Tensor<2>, c_bh: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let hidden = h_bh.dims()[1];
        let bias = self.bias_ih.val() + self.bias_hh.val();
        let gates_bg = self.precision.matmul(x, self.weight_ih.val().transpose())
            + self.precision.matmul(h_bh, self.weight_hh.val().transpose())
            + bias.unsqueeze();
        let gate = |index: usize| gates_bg.clone().narrow(1, index * hidden, hidden);
        let c_bh = sigmoid(gate(1)) * c_bh + sigmoid(gate(0)) * gate(2).tanh();
        (sigmoid(gate(3)) * c_bh.clone().tanh(), c_bh)
    }
}
