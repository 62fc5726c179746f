//! What DeepLOB and its successor with attention share: convolutions that merge an order book's
//! columns, and an inception module over time.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;

use crate::kernels::conv1d::Activation;

use super::batch_norm::BatchNorm;
use super::body::{Cost, InputShape};
use super::conv2d::{Conv2d, Conv2dSize};
use super::initial::InitialWeights;
use super::training_pass::TrainingPass;

/// Steps that a convolution over time sees in the blocks, and in the inception's two branches.
const BLOCK_STEPS: usize = 4;
const INCEPTION_STEPS: [usize; 2] = [3, 5];
/// Convolutions over time in a block.
const DEPTH: usize = 2;

/// Sizes and form of an encoder.
#[derive(Debug, Clone, Copy)]
pub(super) struct EncoderSize {
    /// Channels of the blocks.
    pub channels: usize,
    /// Channels of each of the inception's three branches.
    pub inception: usize,
    pub form: EncoderForm,
}

/// The two forms in which the authors published it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EncoderForm {
    /// No padding in the blocks, tanh in the second one, batch normalisation after each activation.
    DeepLob,
    /// Padding that keeps every step, leaky rectifiers only, no batch normalisation.
    Padded,
}

/// Columns of a book: price and amount of ask and bid at each level.
pub(super) const COLUMNS_PER_LEVEL: usize = 4;

impl EncoderSize {
    /// Says what is wrong with an input that is no order book or too short.
    pub(super) fn check(self, kind: &str, input: InputShape) -> Result<(), String> {
        check_book(kind, input)?;
        if self.steps(input.window) == 0 {
            let least = 3 * DEPTH * (BLOCK_STEPS - 1) + 1;
            return Err(format!(
                "{kind}'s convolutions use up {} steps of a window, which has {}; set window to \
                 {least} or more",
                least - 1,
                input.window
            ));
        }
        Ok(())
    }

    /// Length of a step's vector after the encoder.
    pub(super) fn width(self) -> usize {
        3 * self.inception
    }

    /// Steps that are left of a window; 0 where it is too short.
    pub(super) fn steps(self, window: usize) -> usize {
        match self.form {
            EncoderForm::DeepLob => window.saturating_sub(3 * DEPTH * (BLOCK_STEPS - 1)),
            EncoderForm::Padded => window,
        }
    }

    /// What goes into and out of each convolution and activation, with batch normalisation where
    /// there is some.
    pub(super) fn cost(self, input: InputShape) -> Cost {
        let made = if self.form == EncoderForm::DeepLob { 3 } else { 2 };
        let mut cost = Cost { activations: input.window * input.features, flops: 0 };
        let mut add = |size: Conv2dSize, positions: usize| {
            cost.flops += size.flops() * positions;
            cost.activations += made * size.outputs * positions;
        };
        let mut steps = input.window;
        let mut columns = input.features;
        for (block, [merge, over_time]) in self.blocks(input).into_iter().enumerate() {
            columns = if block < 2 { columns / 2 } else { 1 };
            add(merge, steps * columns);
            for _ in 0..DEPTH {
                if self.form == EncoderForm::DeepLob {
                    steps -= BLOCK_STEPS - 1;
                }
                add(over_time, steps * columns);
            }
        }
        let (channels, inception) = (self.channels, self.inception);
        for kernel in INCEPTION_STEPS {
            add(one_step(channels, inception), steps);
            add(Conv2dSize { inputs: inception, outputs: inception, kernel: [kernel, 1] }, steps);
        }
        add(one_step(channels, inception), steps);
        cost
    }

    /// Of each block the convolution that merges columns and those over time.
    fn blocks(self, input: InputShape) -> [[Conv2dSize; 2]; 3] {
        let Self { channels, .. } = self;
        let levels = input.features / COLUMNS_PER_LEVEL;
        let size = |inputs, kernel| Conv2dSize { inputs, outputs: channels, kernel };
        [(1, 2), (channels, 2), (channels, levels)]
            .map(|(inputs, columns)| [size(inputs, [1, columns]), size(channels, [BLOCK_STEPS, 1])])
    }
}

/// Says what is wrong with features that are not an order book's columns and nothing else.
pub(super) fn check_book(kind: &str, input: InputShape) -> Result<(), String> {
    if input.features == 0 || !input.features.is_multiple_of(COLUMNS_PER_LEVEL) {
        return Err(format!(
            "{kind} reads the columns of an order book, {COLUMNS_PER_LEVEL} a level, and there are \
             {} features; set features.book_levels (10 in the paper)",
            input.features
        ));
    }
    Ok(())
}

fn one_step(inputs: usize, outputs: usize) -> Conv2dSize {
    Conv2dSize { inputs, outputs, kernel: [1, 1] }
}

/// The encoder. Tensors: `conv1.0.weight`, … as the places in the authors' `nn.Sequential` blocks,
/// with three places a convolution (itself, its activation, its batch normalisation).
#[derive(Module, Debug)]
pub struct BookEncoder {
    conv1: Block,
    conv2: Block,
    conv3: Block,
    inp1: Block,
    inp2: Block,
    inp3: PooledBlock,
    #[module(skip)]
    second_is_tanh: bool,
}

#[derive(Module, Debug)]
struct Block {
    sequential: Vec<Stage>,
}

/// A block that begins with a maximum over three steps, which takes a place of its own.
#[derive(Module, Debug)]
struct PooledBlock {
    pooled: Vec<Stage>,
}

#[derive(Module, Debug)]
struct Stage {
    conv: Conv2d,
    norm: Option<BatchNorm>,
}

impl BookEncoder {
    pub(super) fn init(size: EncoderSize, input: InputShape, weights: &mut InitialWeights) -> Self {
        let normalised = size.form == EncoderForm::DeepLob;
        let [first, second, third] = size.blocks(input);
        let mut stage = |size: Conv2dSize, form: fn(Conv2d) -> Conv2d| Stage {
            conv: form(Conv2d::init(size, weights)),
            norm: normalised.then(|| BatchNorm::init(size.outputs, weights)),
        };
        let over_time = if normalised { |conv| conv } else { Conv2d::padded };
        let mut block = |[merge, steps]: [Conv2dSize; 2]| {
            let mut sequential = vec![stage(merge, Conv2d::apart)];
            sequential.extend((0..DEPTH).map(|_| stage(steps, over_time)));
            Block { sequential }
        };
        let [conv1, conv2, conv3] = [block(first), block(second), block(third)];
        let (channels, inception) = (size.channels, size.inception);
        let mut branch = |kernel| {
            let steps = Conv2dSize { inputs: inception, outputs: inception, kernel: [kernel, 1] };
            let one = stage(one_step(channels, inception), |conv| conv);
            Block { sequential: vec![one, stage(steps, Conv2d::padded)] }
        };
        let [inp1, inp2] = INCEPTION_STEPS.map(&mut branch);
        let inp3 = PooledBlock { pooled: vec![stage(one_step(channels, inception), |conv| conv)] };
        Self { conv1, conv2, conv3, inp1, inp2, inp3, second_is_tanh: normalised }
    }

    /// `[B, T, F]` to `[B, T', 3 · inception]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<3> {
        let leaky = Activation::LeakyRelu;
        let second = if self.second_is_tanh { Activation::Tanh } else { leaky };
        let x_tbwc = x_btf.swap_dims(0, 1).unsqueeze_dim(3);
        let x_tbwc = run(&self.conv1.sequential, x_tbwc, leaky, pass);
        let x_tbwc = run(&self.conv2.sequential, x_tbwc, second, pass);
        let x_tbwc = run(&self.conv3.sequential, x_tbwc, leaky, pass);
        let pooled = max_over_three_steps(x_tbwc.clone());
        let branches = vec![
            run(&self.inp1.sequential, x_tbwc.clone(), leaky, pass),
            run(&self.inp2.sequential, x_tbwc, leaky, pass),
            run(&self.inp3.pooled, pooled, leaky, pass),
        ];
        Tensor::cat(branches, 3).squeeze_dim::<3>(2).swap_dims(0, 1)
    }
}

fn run(
    stages: &[Stage],
    x_tbwc: Tensor<4>,
    activation: Activation,
    pass: &mut Option<&mut TrainingPass>,
) -> Tensor<4> {
    stages.iter().fold(x_tbwc, |x_tbwc, stage| {
        let y_tbwc = stage.conv.forward_steps(x_tbwc, activation);
        let Some(norm) = &stage.norm else { return y_tbwc };
        let [steps, batch, columns, channels] = y_tbwc.dims();
        let rows = y_tbwc.reshape([steps * batch * columns, channels]);
        norm.forward(rows, pass).reshape([steps, batch, columns, channels])
    })
}

/// The largest of a step and its two neighbours.
fn max_over_three_steps(x_tbwc: Tensor<4>) -> Tensor<4> {
    let options = MaxPoolOptions::new([3, 1]).with_stride([1, 1]).with_padding([1, 0]);
    max_pool2d(x_tbwc.permute([1, 3, 0, 2]), options).permute([2, 0, 3, 1])
}
