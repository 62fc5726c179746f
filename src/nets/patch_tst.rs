//! `patch_tst`: a transformer over patches of each feature's window.
//!
//! Nie, Nguyen, Sinthong and Kalagnanam (2023), "A time series is worth 64 words: long-term
//! forecasting with transformers", in their size for small data. Every feature is a sequence of its
//! own and all go through the same encoder: `[B, T, F]` becomes B F sequences, these become N =
//! (T - patch) / stride + 2 patches (the last value is repeated `stride` times at the end), each a
//! state of D = `width` numbers.
//!
//! As in the authors' code: learned positions, batch normalisation after each sum, GELU, and attention
//! scores added to those of the layer before. Attention here has `torch.nn.MultiheadAttention`'s
//! tensors and initial weights, and its output is dropped out once (theirs: twice).
//!
//! The authors forecast each feature from its flattened states. Here the same linear layer makes S =
//! `summary` numbers of a feature, and one layer with a GELU makes H = `hidden` numbers of all
//! features' summaries: the only place where features meet.
//!
//! Parameters: `patch` D + D + N D, in each layer 4 D² + 9 D + 2 D `feed_forward` + `feed_forward`,
//! then (N D + 1) S + (F S + 1) H.

use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor, TensorData};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attention::{Attended, MultiHeadAttention};
use super::batch_norm::BatchNorm;
use super::body::{BodyConfig, Cost, InputShape};
use super::gelu::gelu;
use super::initial::InitialWeights;
use super::layers::Linear;
use super::training_pass::{TrainingPass, drop_out};

/// The authors' initial positions are uniform within this.
const POSITION_BOUND: f32 = 0.02;

/// What is added to a window's variance before its root is taken.
const EPSILON: f64 = 1e-5;

/// Size of a patch transformer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct PatchTstConfig {
    /// Rows of a patch (default 16), at most those of the window.
    #[garde(range(min = 1, max = 1024))]
    pub patch: usize,
    /// Rows from the start of a patch to the start of the next (default 8): half a patch lets them
    /// overlap, a whole one makes fewer and the net faster.
    #[garde(range(min = 1, max = 1024))]
    pub stride: usize,
    /// Numbers of a patch's state (default 16), a multiple of `heads`.
    #[garde(range(min = 1, max = 1024))]
    pub width: usize,
    /// Attention heads (default 4).
    #[garde(range(min = 1, max = 64))]
    pub heads: usize,
    /// Encoder layers (default 3).
    #[garde(range(min = 1, max = 16))]
    pub layers: usize,
    /// Hidden units between the two linear layers of an encoder layer (default 128).
    #[garde(range(min = 1, max = 4096))]
    pub feed_forward: usize,
    /// Numbers that one feature's states become before features meet (default 4).
    #[garde(range(min = 1, max = 256))]
    pub summary: usize,
    /// Numbers that the heads read (default 64).
    #[garde(range(min = 1, max = 4096))]
    pub hidden: usize,
    /// Whether each feature of a window is brought to mean 0 and variance 1 over that window
    /// (default false). The authors forecast raw prices so and put mean and variance back afterwards.
    /// Features that are already scaled say something by their level, which would be lost.
    #[garde(skip)]
    pub normalise_window: bool,
    /// Share of states set to zero in training, after the embedding and in each layer (default 0.3).
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
}

impl Default for PatchTstConfig {
    fn default() -> Self {
        Self {
            patch: 16,
            stride: 8,
            width: 16,
            heads: 4,
            layers: 3,
            feed_forward: 128,
            summary: 4,
            hidden: 64,
            normalise_window: false,
            dropout: 0.3,
        }
    }
}

impl PatchTstConfig {
    /// Patches of a window of at least one patch, the one that ends in the repeated value included.
    fn patches(&self, window: usize) -> usize {
        (window - self.patch) / self.stride + 2
    }
}

impl BodyConfig for PatchTstConfig {
    type Body = PatchTst;

    fn check(&self, input: InputShape) -> Result<(), String> {
        let Self { patch, stride, width, heads, .. } = self;
        if input.window < *patch {
            return Err(format!(
                "a window of {} rows is shorter than a patch of {patch}; lower net.patch or raise window",
                input.window
            ));
        }
        if stride > patch {
            return Err(format!(
                "patches of {patch} rows that start every {stride} leave rows unread; set net.stride \
                 to at most {patch}"
            ));
        }
        if !width.is_multiple_of(*heads) {
            return Err(format!(
                "{heads} attention heads cannot share a state of {width} numbers; make net.width a \
                 multiple of net.heads"
            ));
        }
        Ok(())
    }

    fn width(&self, _input: InputShape) -> usize {
        self.hidden
    }

    /// A layer keeps queries, keys, values, their mixture and, of each sum, its terms, dropout mask and
    /// normalised values; scores and their softmax; and four stages of the units between.
    fn cost(&self, input: InputShape) -> Cost {
        let Self { patch, width, heads, layers, feed_forward, summary, hidden, .. } = *self;
        let n = self.patches(input.window);
        let layer = n * (14 * width + 2 * heads * n + 4 * feed_forward);
        let weights = patch * width + layers * (4 * width * width + 2 * width * feed_forward);
        let attention = layers * 2 * n * n * width;
        let feature = n * weights + attention + n * width * summary;
        Cost {
            activations: input.features * (n * (patch + 2 * width) + layers * layer + summary)
                + 3 * hidden,
            flops: 2 * input.features * (feature + summary * hidden),
        }
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> PatchTst {
        let Self { patch, stride, width, summary, hidden, .. } = *self;
        let patches = self.patches(input.window);
        PatchTst {
            embedding: Linear::init(patch, width, weights),
            position: weights.uniform([patches, width], POSITION_BOUND),
            layers: (0..self.layers).map(|_| EncoderLayer::init(self, weights)).collect(),
            summary: Linear::init(patches * width, summary, weights),
            mix: Linear::init(input.features * summary, hidden, weights),
            patch,
            stride,
            normalise_window: self.normalise_window,
            dropout: self.dropout,
        }
    }
}

/// A patch transformer. Tensors: `embedding.weight`, `position`, `layers.<i>.self_attn.in_proj_weight`,
/// `layers.<i>.norm1.weight`, `layers.<i>.linear1.weight`, …, `summary.weight`, whose columns are
/// patch after patch, and `mix.weight`, whose columns are feature after feature.
#[derive(Module, Debug)]
pub struct PatchTst {
    embedding: Linear,
    /// `[N, D]`.
    position: Param<Tensor<2>>,
    layers: Vec<EncoderLayer>,
    summary: Linear,
    mix: Linear,
    #[module(skip)]
    patch: usize,
    #[module(skip)]
    stride: usize,
    #[module(skip)]
    normalise_window: bool,
    #[module(skip)]
    dropout: f64,
}

impl PatchTst {
    /// `[B, T, F]` to `[B, H]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let [batch, _, features] = x_btf.dims();
        let position = self.position.val();
        let [patches, width] = position.dims();
        let x_bft = x_btf.swap_dims(1, 2);
        let x_bft = if self.normalise_window { normalise(x_bft) } else { x_bft };
        let x = self.cut(x_bft, patches).reshape([batch * features, patches, self.patch]);
        let mut x =
            drop_out(self.embedding.forward_rows(x) + position.unsqueeze(), self.dropout, pass);
        let mut carried = None;
        for layer in &self.layers {
            let (states, scores) = layer.forward(x, carried, self.dropout, pass);
            (x, carried) = (states, Some(scores));
        }
        let summary = self.summary.forward(x.reshape([batch * features, patches * width]));
        let of_all = features * summary.dims()[1];
        gelu(self.mix.forward(summary.reshape([batch, of_all])))
    }

    /// Rows of every patch, one after the other: `[B, F, T]` to `[B, F, N patch]`.
    fn cut(&self, x_bft: Tensor<3>, patches: usize) -> Tensor<3> {
        let last = x_bft.dims()[2] - 1;
        let rows: Vec<i32> = (0..patches)
            .flat_map(|patch| (0..self.patch).map(move |row| (patch, row)))
            .map(|(patch, row)| (patch * self.stride + row).min(last) as i32)
            .collect();
        let count = rows.len();
        let rows =
            Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &x_bft.device().inner());
        x_bft.select(2, rows)
    }
}

/// Every feature of a window to mean 0 and variance 1 over it: `[B, F, T]`.
fn normalise(x_bft: Tensor<3>) -> Tensor<3> {
    let centred = x_bft.clone() - x_bft.mean_dim(2);
    let variance = (centred.clone() * centred.clone()).mean_dim(2);
    centred / (variance + EPSILON).sqrt()
}

#[derive(Module, Debug)]
struct EncoderLayer {
    self_attn: MultiHeadAttention,
    norm1: BatchNorm,
    linear1: Linear,
    linear2: Linear,
    norm2: BatchNorm,
}

impl EncoderLayer {
    fn init(config: &PatchTstConfig, weights: &mut InitialWeights) -> Self {
        let PatchTstConfig { width, heads, feed_forward, .. } = *config;
        Self {
            self_attn: MultiHeadAttention::init(width, heads, weights),
            norm1: BatchNorm::init(width, weights),
            linear1: Linear::init(width, feed_forward, weights),
            linear2: Linear::init(feed_forward, width, weights),
            norm2: BatchNorm::init(width, weights),
        }
    }

    /// States `[B F, N, D]` and the scores of the layer before to states and scores.
    fn forward(
        &self,
        x: Tensor<3>,
        carried: Option<Tensor<4>>,
        rate: f64,
        pass: &mut Option<&mut TrainingPass>,
    ) -> (Tensor<3>, Tensor<4>) {
        let shape = x.dims();
        // A patch of a sequence is a row: statistics are taken over patches, sequences and samples.
        let rows = [shape[0] * shape[1], shape[2]];
        let three = [x.clone(), x.clone(), x.clone()];
        let Attended { states, scores } = self.self_attn.forward(three, carried);
        let x = (x + drop_out(states, rate, pass)).reshape(rows);
        let x = self.norm1.forward(x, pass);
        let between = drop_out(gelu(self.linear1.forward(x.clone())), rate, pass);
        let x = x + drop_out(self.linear2.forward(between), rate, pass);
        (self.norm2.forward(x, pass).reshape(shape), scores)
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::Device;

    use super::*;

    const INPUT: InputShape = InputShape { window: 64, features: 9 };

    #[test]
    fn parameters_are_as_many_as_the_formula_says() {
        let config = PatchTstConfig::default();
        let net = config.init(INPUT, &mut InitialWeights::new(1, &Device::flex()));
        // Patches at rows 0, 8, … 48, and one more that ends in the repeated value.
        let patches = 8;
        assert_eq!(config.patches(64), patches);
        let layer = 4 * 16 * 16 + 9 * 16 + 2 * 16 * 128 + 128;
        let ends = 16 * 16 + 16 + patches * 16 + (patches * 16 + 1) * 4 + (9 * 4 + 1) * 64;
        let statistics = 3 * 4 * 16;
        assert_eq!(net.num_params(), ends + 3 * layer + statistics);
    }

    #[test]
    fn what_cannot_be_cut_or_shared_is_refused() {
        let check = |change: fn(&mut PatchTstConfig)| {
            let mut config = PatchTstConfig::default();
            change(&mut config);
            config.check(INPUT).unwrap_err()
        };
        assert!(check(|config| config.patch = 65).contains("shorter than a patch of 65"));
        assert!(check(|config| config.stride = 17).contains("at most 16"));
        assert!(check(|config| config.heads = 3).contains("multiple of net.heads"));
        assert_eq!(PatchTstConfig::default().check(INPUT), Ok(()));
    }
}
