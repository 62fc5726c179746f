//! `image_cnn`: a small residual network over pictures of the window, drawn on the device.
//!
//! Every column of the window becomes one channel of a picture:
//!
//! - `gramian_sum` and `gramian_difference`: Gramian angular fields `[T, T]` (Wang and Oates 2015,
//!   "Imaging time-series to improve classification and imputation"), each column first brought to
//!   [-1, 1] by its least and largest value in the window: with x = cos φ the fields are
//!   `cos(φ_i + φ_j)` and `sin(φ_i - φ_j)`;
//! - `raster`: the column's line on a grid of `height` levels `[height, T]` between those values, a
//!   point's weight shared by the two levels beside it.
//!
//! Then a residual network as of He et al. (2016), "Deep residual learning for image recognition": a
//! 3 × 3 stem and one basic block a stage, C, 2 C, 4 C, … channels, each stage but the first at half
//! the resolution, batch normalisation after every convolution, and the mean over all positions.
//!
//! Parameters with C channels, F columns and S stages: `9 F C + 2 C`, and for stage s, from `a` to `b`
//! channels, `9 a b + 9 b² + 4 b`, and where the size changes `a b + 2 b`.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::ops::ConvOptions;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernels::Precision;

use super::batch_norm::BatchNorm;
use super::body::{BodyConfig, Cost, InputShape};
use super::initial::{InitialWeights, bound};
use super::training_pass::{TrainingPass, drop_out};

/// Spans of a column below it count as it: a constant column is a picture of one grey.
const LEAST_SPAN: f32 = 1e-6;

/// Size of a residual network over pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct ImageCnnConfig {
    /// `raster` (default), `gramian_sum` or `gramian_difference`: how a column becomes a picture.
    #[garde(skip)]
    pub picture: Picture,
    /// Levels of a raster (default 32); Gramian fields are as high as the window is long.
    #[garde(range(min = 4, max = 512))]
    pub height: usize,
    /// Channels of the first stage (default 16); each later stage has twice as many.
    #[garde(range(min = 1, max = 512))]
    pub channels: usize,
    /// Stages of one residual block (default 3).
    #[garde(range(min = 1, max = 6))]
    pub stages: usize,
    /// Share of the last vector set to zero in training (default 0.1).
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
}

/// How a column of the window becomes a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// Gramian angular summation field: the same for a window and its mirror image, so that it tells
    /// whether the market moves and not where to.
    GramianSum,
    /// Gramian angular difference field.
    GramianDifference,
    /// Its line on a grid.
    #[default]
    Raster,
}

impl Default for ImageCnnConfig {
    fn default() -> Self {
        let picture = Picture::default();
        Self { picture, height: 32, channels: 16, stages: 3, dropout: 0.1 }
    }
}

impl ImageCnnConfig {
    /// Channels of a stage.
    fn of_stage(&self, stage: usize) -> usize {
        self.channels << stage
    }

    /// Rows of a picture of a window.
    fn height_of(&self, window: usize) -> usize {
        if self.picture == Picture::Raster { self.height } else { window }
    }
}

impl BodyConfig for ImageCnnConfig {
    type Body = ImageCnn;

    fn check(&self, input: InputShape) -> Result<(), String> {
        let least = 1 << (self.stages - 1);
        if input.window.min(self.height_of(input.window)) < least {
            return Err(format!(
                "a picture of {} x {} has nothing left after {} stages, each but the first at half \
                 the size; set window >= {least} or fewer stages",
                self.height_of(input.window),
                input.window,
                self.stages
            ));
        }
        Ok(())
    }

    fn width(&self, _input: InputShape) -> usize {
        self.of_stage(self.stages - 1)
    }

    /// A convolution keeps what goes in, with its unfolded copy of nine, and what comes out;
    /// normalisation and rectifier keep one more each.
    fn cost(&self, input: InputShape) -> Cost {
        let InputShape { window, features } = input;
        let (mut height, mut width) = (self.height_of(window), window);
        let mut cost = Cost { activations: features * height * width * 2, flops: 0 };
        let mut convolve = |inputs: usize, outputs: usize, positions: usize, cells: usize| {
            cost.activations += positions * (inputs * cells + 3 * outputs);
            cost.flops += 2 * positions * inputs * outputs * cells;
        };
        convolve(features, self.channels, height * width, 9);
        for stage in 0..self.stages {
            let from = self.of_stage(stage.saturating_sub(1));
            let to = self.of_stage(stage);
            if stage > 0 {
                (height, width) = (height.div_ceil(2), width.div_ceil(2));
                convolve(from, to, height * width, 1);
            }
            convolve(from, to, height * width, 9);
            convolve(to, to, height * width, 9);
        }
        cost
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> ImageCnn {
        let channels = self.channels;
        let stem = Convolution::init(input.features, channels, 3, 1, weights);
        let block = |stage: usize| {
            let (from, to) = (self.of_stage(stage.saturating_sub(1)), self.of_stage(stage));
            let stride = if stage == 0 { 1 } else { 2 };
            Block {
                conv1: Convolution::init(from, to, 3, stride, weights),
                conv2: Convolution::init(to, to, 3, 1, weights),
                shortcut: (stage > 0).then(|| Convolution::init(from, to, 1, stride, weights)),
            }
        };
        ImageCnn {
            stem,
            blocks: (0..self.stages).map(block).collect(),
            picture: self.picture,
            height: self.height,
            dropout: self.dropout,
        }
    }
}

/// A residual network over pictures. Tensors: `stem.weight`, `stem.norm.weight`, …,
/// `blocks.<i>.conv1.weight`, `blocks.<i>.shortcut.weight`.
#[derive(Module, Debug)]
pub struct ImageCnn {
    stem: Convolution,
    blocks: Vec<Block>,
    #[module(skip)]
    picture: Picture,
    #[module(skip)]
    height: usize,
    #[module(skip)]
    dropout: f64,
}

#[derive(Module, Debug)]
struct Block {
    conv1: Convolution,
    conv2: Convolution,
    shortcut: Option<Convolution>,
}

/// A convolution without bias, zeros around the picture, and its normalisation.
#[derive(Module, Debug)]
struct Convolution {
    /// `[out, in, K, K]`.
    weight: Param<Tensor<4>>,
    norm: BatchNorm,
    #[module(skip)]
    stride: usize,
    #[module(skip)]
    precision: Precision,
}

impl Convolution {
    fn init(
        inputs: usize,
        outputs: usize,
        kernel: usize,
        stride: usize,
        weights: &mut InitialWeights,
    ) -> Self {
        let fan_in = inputs * kernel * kernel;
        let weight = weights.uniform([outputs, inputs, kernel, kernel], bound(fan_in));
        let (norm, precision) = (BatchNorm::init(outputs, weights), weights.precision());
        Self { weight, norm, stride, precision }
    }

    fn forward(&self, x: Tensor<4>, pass: &mut Option<&mut TrainingPass>) -> Tensor<4> {
        let weight = self.weight.val();
        let padding = weight.dims()[2] / 2;
        let options = ConvOptions::new([self.stride; 2], [padding; 2], [1, 1], 1);
        self.norm.forward(self.precision.conv2d(x, weight, None, options), pass)
    }
}

impl Block {
    fn forward(&self, x: Tensor<4>, pass: &mut Option<&mut TrainingPass>) -> Tensor<4> {
        let y = relu(self.conv1.forward(x.clone(), pass));
        let y = self.conv2.forward(y, pass);
        let skip = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x, pass),
            None => x,
        };
        relu(y + skip)
    }
}

impl ImageCnn {
    /// `[B, T, F]` to `[B, C 2^(S - 1)]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let picture = draw(x_btf, self.picture, self.height);
        let mut x = relu(self.stem.forward(picture, pass));
        for block in &self.blocks {
            x = block.forward(x, pass);
        }
        let [batch, channels, height, width] = x.dims();
        let mean = x.reshape([batch, channels, height * width]).mean_dim(2);
        drop_out(mean.reshape([batch, channels]), self.dropout, pass)
    }
}

/// A picture a column: `[B, T, F]` to `[B, F, rows, T]`.
fn draw(x_btf: Tensor<3>, picture: Picture, height: usize) -> Tensor<4> {
    let x_bft = x_btf.swap_dims(1, 2);
    let [batch, features, steps] = x_bft.dims();
    let least = x_bft.clone().min_dim(2);
    let span = (x_bft.clone().max_dim(2) - least.clone()).clamp_min(LEAST_SPAN);
    // In [0, 1], up to rounding.
    let level = (x_bft - least) / span;
    let column = |x: &Tensor<3>| x.clone().reshape([batch, features, steps, 1]);
    let row = |x: &Tensor<3>| x.clone().reshape([batch, features, 1, steps]);
    if picture == Picture::Raster {
        let levels = (0..height).rev().map(|level| level as f32).collect::<Vec<_>>();
        let grid = Tensor::<1>::from_floats(levels.as_slice(), &level.device());
        let distance = row(&(level * (height - 1) as f64)) - grid.reshape([1, 1, height, 1]);
        return (distance.abs().neg() + 1.0).clamp_min(0.0);
    }
    let cosine = level * 2.0 - 1.0;
    let sine = (cosine.clone().square().neg() + 1.0).clamp_min(0.0).sqrt();
    match picture {
        Picture::GramianDifference => column(&sine) * row(&cosine) - column(&cosine) * row(&sine),
        _ => column(&cosine) * row(&cosine) - column(&sine) * row(&sine),
    }
}
