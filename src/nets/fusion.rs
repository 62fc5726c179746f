//! `fusion`: one recurrent encoder an interval, each on its own clock, joined by attention or gating.
//!
//! Each interval's columns are read over a window of that interval's own candles: 48 quarter-hours of
//! the base interval beside 24 hours and 14 days, not 48 repetitions of the same day. The encoders'
//! last states `z_i` `[B, H]` are joined with weights that the sample itself decides:
//!
//! - `attention`: `a = softmax(wᵀ tanh(V z_i))` over the intervals, `z = Σ a_i z_i` (Bahdanau et al.
//!   2015's score, as Yang et al. 2016 pool with);
//! - `gating`: `g_i = sigmoid(W_i [z_1 … z_n] + b_i)`, `z = [g_1 z_1 … g_n z_n]` (the gates of a gated
//!   multimodal unit, Arevalo et al. 2017).
//!
//! Parameters: those of an LSTM an interval, and `H (H + 1) + H` for attention or `n (n H² + H)` for
//! gating.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::{sigmoid, softmax};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{Cost, InputShape, ViewsConfig};
use super::initial::InitialWeights;
use super::layers::Linear;
use super::lstm_stack::{LstmStack, States};
use super::training_pass::{TrainingPass, drop_out};
use crate::windows::{ColumnKinds, View};

/// Size of a fusion net.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct FusionConfig {
    /// Hidden units of every encoder (default 48).
    #[garde(range(min = 1, max = 4096))]
    pub hidden: usize,
    /// LSTM layers of every encoder (default 1).
    #[garde(range(min = 1, max = 16))]
    pub layers: usize,
    /// Candles that the encoder of each context interval reads, from the finest interval on (default
    /// `[24]`): the last number serves all intervals beyond it. The base interval's encoder reads
    /// `window` candles. A window of n candles of an interval needs n of them without a gap before
    /// the first sample.
    #[garde(length(min = 1), inner(range(min = 1, max = 100_000)))]
    pub context_windows: Vec<usize>,
    /// `attention` (default) or `gating`: how the encoders' states are joined.
    #[garde(skip)]
    pub join: Join,
    /// Share of the encoders' states set to zero before they are joined, in training (default 0.1).
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
}

/// How the states of the intervals' encoders are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// A mean whose weights are decided by the states.
    #[default]
    Attention,
    /// All of them side by side, each unit scaled by a gate that sees all.
    Gating,
}

impl Default for FusionConfig {
    fn default() -> Self {
        Self {
            hidden: 48,
            layers: 1,
            context_windows: vec![24],
            join: Join::default(),
            dropout: 0.1,
        }
    }
}

impl ViewsConfig for FusionConfig {
    type Body = Fusion;

    fn views(&self, columns: &ColumnKinds, window: usize) -> Result<Vec<View>, String> {
        if !columns.book.is_empty() {
            return Err("the fusion net reads candles; leave features.book_levels out, or use \
                        two_branch for candles and books together"
                .to_owned());
        }
        let context = |index: usize| {
            let last = self.context_windows.len().saturating_sub(1);
            self.context_windows.get(index.min(last)).copied().unwrap_or(1)
        };
        let clocks = columns.clocks.iter().filter(|clock| !clock.columns.is_empty());
        let views: Vec<View> = clocks
            .enumerate()
            .map(|(index, clock)| View {
                window: if clock.stride == 1 { window } else { context(index.saturating_sub(1)) },
                stride: clock.stride,
                columns: clock.columns.clone(),
            })
            .collect();
        if views.len() < 2 {
            return Err("the fusion net joins several intervals and the features are of one; add \
                        data.context such as [1h, 1d] and features.context"
                .to_owned());
        }
        Ok(views)
    }

    fn check(&self, inputs: &[InputShape]) -> Result<(), String> {
        match inputs.len() {
            0 => Err("the fusion net reads at least one window".to_owned()),
            _ => Ok(()),
        }
    }

    fn width(&self, inputs: &[InputShape]) -> usize {
        match self.join {
            Join::Attention => self.hidden,
            Join::Gating => self.hidden * inputs.len(),
        }
    }

    fn cost(&self, inputs: &[InputShape]) -> Cost {
        let (hidden, count) = (self.hidden, inputs.len());
        let joined = match self.join {
            Join::Attention => count * hidden * (hidden + 1),
            Join::Gating => count * count * hidden * hidden,
        };
        let start = Cost { activations: 4 * count * hidden, flops: 2 * joined };
        inputs.iter().fold(start, |sum, &InputShape { window, features }| Cost {
            activations: sum.activations + window * (features + self.layers * hidden * 9),
            flops: sum.flops
                + 8 * window * hidden * (features + hidden + 2 * hidden * (self.layers - 1)),
        })
    }

    fn init(&self, inputs: &[InputShape], weights: &mut InitialWeights) -> Fusion {
        let (hidden, count) = (self.hidden, inputs.len());
        let encoders = inputs
            .iter()
            .map(|input| LstmStack::init(input.features, hidden, self.layers, weights))
            .collect();
        let mut fusion = Fusion {
            encoders,
            project: None,
            score: None,
            gates: Vec::new(),
            dropout: self.dropout,
        };
        match self.join {
            Join::Attention => {
                fusion.project = Some(Linear::init(hidden, hidden, weights));
                fusion.score = Some(Linear::without_bias(hidden, 1, weights));
            }
            Join::Gating => {
                let gate = |_| Linear::init(count * hidden, hidden, weights);
                fusion.gates = (0..count).map(gate).collect();
            }
        }
        fusion
    }
}

/// Encoders and their join. Tensors: `encoders.<i>.weight_ih_l0`, …, in the order of the intervals,
/// and `project.weight`, `score.weight` or `gates.<i>.weight`.
#[derive(Module, Debug)]
pub struct Fusion {
    encoders: Vec<LstmStack>,
    project: Option<Linear>,
    score: Option<Linear>,
    gates: Vec<Linear>,
    #[module(skip)]
    dropout: f64,
}

impl Fusion {
    /// `[B, T_i, F_i]` of every interval to `[B, H]`, or `[B, n H]` with gating.
    pub(super) fn forward(
        &self,
        x: Vec<Tensor<3>>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let mut states: Vec<Tensor<2>> = Vec::with_capacity(x.len());
        for (encoder, x_btf) in self.encoders.iter().zip(x) {
            let z_b1h = encoder.forward(x_btf, States::Last, self.dropout, pass);
            let [batch, _, hidden] = z_b1h.dims();
            states.push(drop_out(z_b1h.reshape([batch, hidden]), self.dropout, pass));
        }
        match (&self.project, &self.score) {
            (Some(project), Some(score)) => {
                let scored =
                    states.iter().map(|z| score.forward(project.forward(z.clone()).tanh()));
                let share_bn = softmax(Tensor::cat(scored.collect(), 1), 1);
                let z_bnh: Tensor<3> = Tensor::stack(states, 1);
                let [batch, count, hidden] = z_bnh.dims();
                (z_bnh * share_bn.reshape([batch, count, 1])).sum_dim(1).reshape([batch, hidden])
            }
            _ => {
                let all = Tensor::cat(states.clone(), 1);
                let gated = self.gates.iter().zip(states);
                let gated = gated.map(|(gate, z)| sigmoid(gate.forward(all.clone())) * z);
                Tensor::cat(gated.collect(), 1)
            }
        }
    }
}
