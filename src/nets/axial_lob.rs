//! `axial_lob`: gated axial attention over an order book's columns and over time.
//!
//! Kisiel and Gorse (2022), "Axial-LOB: high-frequency trading with axial attention". A window of T
//! steps and F columns is an image of one channel. Each of two stages lets every place of it attend
//! to its row (the other columns of its step), then to its column (the other steps):
//!
//! - `y = relu(N(CNN_in x))`, along columns, along time, plus `relu(N(CNN_res1 x))`;
//! - `z` = the same attentions of `y` again, `relu(N(CNN_out z)) + relu(N(CNN_res2 y))`;
//!
//! with 1 × 1 convolutions and batch normalisation N. At last each level's four columns are averaged,
//! and the vector of all channels, steps and levels (1,600 by default, for 40 steps and 10 levels)
//! goes to the heads: the direction head alone is the paper's last layer.
//!
//! For C channels, D at the end and G heads: `8 C + 2 D (C + 3)` parameters and in each of the four
//! attentions `2 C² + 8 C + 6 G + 4 + (2 C / G)(2 L - 1)`, L being F or T: 14,920 by default for 40
//! steps and 10 levels, without heads.
//!
//! LOBCAST's code, whose names most tensors have, was read; the paper's text was not at hand. It differs in three
//! places: it normalises queries, keys and values twice in a row, it lets no gradient through the
//! second skip connection, and its gate of the values starts at 0.5 (here at 1, as where the gates
//! come from).
#![expect(non_snake_case, reason = "tensors have the names that they have in LOBCAST's code")]

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::axial_attention::{AxialAttention, AxialSize};
use super::batch_norm::BatchNorm;
use super::body::{BodyConfig, Cost, InputShape};
use super::book_encoder::{COLUMNS_PER_LEVEL, check_book};
use super::conv2d::{Conv2d, Conv2dSize};
use super::initial::InitialWeights;
use super::training_pass::TrainingPass;

/// Size of an Axial-LOB net.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct AxialLobConfig {
    /// Channels of the attentions (default 32), a multiple of twice the heads.
    #[garde(range(min = 2, max = 1024))]
    pub channels: usize,
    /// Heads of each attention (default 4).
    #[garde(range(min = 1, max = 64))]
    pub heads: usize,
    /// Channels at the end (default 4). The heads read this times window times levels.
    #[garde(range(min = 1, max = 1024))]
    pub final_channels: usize,
}

impl Default for AxialLobConfig {
    fn default() -> Self {
        Self { channels: 32, heads: 4, final_channels: 4 }
    }
}

impl AxialLobConfig {
    fn along(&self, length: usize) -> AxialSize {
        AxialSize { channels: self.channels, heads: self.heads, length }
    }
}

impl BodyConfig for AxialLobConfig {
    type Body = AxialLob;

    fn reads_book_alone(&self) -> bool {
        true
    }

    fn check(&self, input: InputShape) -> Result<(), String> {
        let Self { channels, heads, .. } = self;
        if !channels.is_multiple_of(2 * heads) {
            return Err(format!(
                "axial_lob's {channels} channels cannot be split into values, and queries of half \
                 their size, of {heads} heads; set net.channels to a multiple of {}",
                2 * heads
            ));
        }
        check_book("axial_lob", input)
    }

    fn width(&self, input: InputShape) -> usize {
        self.final_channels * input.window * input.features / COLUMNS_PER_LEVEL
    }

    /// What each convolution, normalisation and rectifier makes, and the attentions'.
    fn cost(&self, input: InputShape) -> Cost {
        let Self { channels, final_channels, .. } = *self;
        let places = input.window * input.features;
        let attentions = [self.along(input.features), self.along(input.window)];
        let sum = |of: fn(AxialSize) -> usize| 2 * attentions.map(of).iter().sum::<usize>();
        Cost {
            activations: places
                * (1 + 7 * (channels + final_channels) + sum(AxialSize::activations)),
            flops: places * (4 * channels * (1 + final_channels) + sum(AxialSize::flops)),
        }
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> AxialLob {
        let Self { channels, final_channels, .. } = *self;
        let InputShape { window, features } = input;
        let attention = |length, weights: &mut _| AxialAttention::init(self.along(length), weights);
        let conv = |inputs, outputs, weights: &mut _| {
            Conv2d::init(Conv2dSize { inputs, outputs, kernel: [1, 1] }, weights)
        };
        AxialLob {
            CNN_in: conv(1, channels, weights),
            CNN_out: conv(channels, final_channels, weights),
            CNN_res2: conv(channels, final_channels, weights),
            CNN_res1: conv(1, channels, weights),
            norm: BatchNorm::init(channels, weights),
            res_norm2: BatchNorm::init(final_channels, weights),
            res_norm1: BatchNorm::init(channels, weights),
            norm2: BatchNorm::init(final_channels, weights),
            axial_width_1: attention(features, weights),
            axial_height_1: attention(window, weights),
            axial_width_2: attention(features, weights),
            axial_height_2: attention(window, weights),
        }
    }
}

/// An Axial-LOB net. Tensors: `CNN_in.weight`, `norm.weight`, `axial_width_1.relative`, ….
#[derive(Module, Debug)]
pub struct AxialLob {
    CNN_in: Conv2d,
    CNN_out: Conv2d,
    CNN_res2: Conv2d,
    CNN_res1: Conv2d,
    norm: BatchNorm,
    res_norm2: BatchNorm,
    res_norm1: BatchNorm,
    norm2: BatchNorm,
    axial_width_1: AxialAttention,
    axial_height_1: AxialAttention,
    axial_width_2: AxialAttention,
    axial_height_2: AxialAttention,
}

impl AxialLob {
    /// `[B, T, F]` to `[B, D T F / 4]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let x_bctf = x_btf.unsqueeze_dim::<4>(1);
        let y_bctf = point(&self.CNN_in, &self.norm, x_bctf.clone(), pass);
        let y_bctf = self.axial_width_1.along_last(y_bctf, pass);
        let y_bctf = self.axial_height_1.along_third(y_bctf, pass);
        let y_bctf = y_bctf + point(&self.CNN_res1, &self.res_norm1, x_bctf, pass);

        let z_bctf = self.axial_width_2.along_last(y_bctf.clone(), pass);
        let z_bctf = self.axial_height_2.along_third(z_bctf, pass);
        let z_bctf = point(&self.CNN_out, &self.res_norm2, z_bctf, pass)
            + point(&self.CNN_res2, &self.norm2, y_bctf, pass);

        let [batch, channels, window, features] = z_bctf.dims();
        let levels = features / COLUMNS_PER_LEVEL;
        z_bctf
            .reshape([batch, channels * window * levels, COLUMNS_PER_LEVEL])
            .mean_dim(2)
            .squeeze_dim(2)
    }
}

fn point(
    conv: &Conv2d,
    norm: &BatchNorm,
    x: Tensor<4>,
    pass: &mut Option<&mut TrainingPass>,
) -> Tensor<4> {
    relu(norm.forward(conv.forward(x), pass))
}
