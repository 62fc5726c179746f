//! `two_branch`: candles and order book together, an encoder for each.
//!
//! The candles' columns go through an LSTM; the book's columns (`features.book_levels`) through
//! convolutions that first join price and size of a level, then bid and ask, as the first block of
//! DeepLOB does (Zhang, Zohren and Roberts 2019), then through an LSTM of their own. Both last states
//! stand side by side for the heads, so that either task can read either branch.
//!
//! Parameters: two LSTMs, `C (2 + 1)` and `C (2 C + 1)` of the convolutions over the columns, and
//! `C (C K + 1)` of the causal convolution over the steps, with C channels and K steps.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::leaky_relu;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernels::conv1d::{Activation, LEAK};

use super::body::{Cost, InputShape, ViewsConfig};
use super::initial::InitialWeights;
use super::layers::{CausalConv, Linear};
use super::lstm_stack::{LstmStack, States};
use super::training_pass::{TrainingPass, drop_out};
use crate::windows::{ColumnKinds, View};

/// Columns of a level: price and size of its ask and its bid.
const LEVEL: usize = 4;

/// Size of a two-branch net.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct TwoBranchConfig {
    /// Hidden units of the candles' encoder (default 48).
    #[garde(range(min = 1, max = 4096))]
    pub hidden: usize,
    /// Hidden units of the book's encoder (default 32).
    #[garde(range(min = 1, max = 4096))]
    pub book_hidden: usize,
    /// Channels of the convolutions over the book's columns (default 16).
    #[garde(range(min = 1, max = 1024))]
    pub channels: usize,
    /// Steps that the convolution over the book's time sees (default 4).
    #[garde(range(min = 1, max = 31))]
    pub kernel: usize,
    /// Rows of the book that are read (default: `window`).
    #[garde(inner(range(min = 1, max = 100_000)))]
    pub book_window: Option<usize>,
    /// Share of both encoders' states set to zero in training (default 0.1).
    #[garde(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
}

impl Default for TwoBranchConfig {
    fn default() -> Self {
        Self {
            hidden: 48,
            book_hidden: 32,
            channels: 16,
            kernel: 4,
            book_window: None,
            dropout: 0.1,
        }
    }
}

impl ViewsConfig for TwoBranchConfig {
    type Body = TwoBranch;

    fn views(&self, columns: &ColumnKinds, window: usize) -> Result<Vec<View>, String> {
        let mut candles: Vec<u32> =
            columns.clocks.iter().flat_map(|clock| clock.columns.iter().copied()).collect();
        candles.sort_unstable();
        if columns.book.is_empty() || candles.is_empty() {
            let missing = if candles.is_empty() {
                "features.include"
            } else {
                "features.book_levels, such as 10"
            };
            return Err(format!(
                "the two-branch net reads candles and the book's levels together; add {missing}"
            ));
        }
        let book_window = self.book_window.unwrap_or(window);
        Ok(vec![
            View { window, stride: 1, columns: candles },
            View { window: book_window, stride: 1, columns: columns.book.clone() },
        ])
    }

    fn check(&self, inputs: &[InputShape]) -> Result<(), String> {
        let [_, book] = inputs else {
            return Err(
                "the two-branch net reads two windows, of candles and of the book".to_owned()
            );
        };
        if book.features == 0 || !book.features.is_multiple_of(LEVEL) {
            return Err(format!(
                "the book's window has {} columns, which is no multiple of {LEVEL}: price and size \
                 of ask and bid of each level",
                book.features
            ));
        }
        Ok(())
    }

    fn width(&self, _inputs: &[InputShape]) -> usize {
        self.hidden + self.book_hidden
    }

    fn cost(&self, inputs: &[InputShape]) -> Cost {
        let lstm = |window: usize, features: usize, hidden: usize| Cost {
            activations: window * (features + 9 * hidden),
            flops: 8 * window * hidden * (features + hidden),
        };
        let (candles, book) = (inputs[0], inputs[1]);
        let levels = book.features / LEVEL;
        let (channels, steps) = (self.channels, book.window);
        let first = lstm(candles.window, candles.features, self.hidden);
        let second = lstm(steps, channels * levels, self.book_hidden);
        let convolutions = 2 * levels * 2 * channels
            + levels * 2 * channels * channels
            + levels * channels * channels * self.kernel;
        Cost {
            activations: first.activations
                + second.activations
                + steps * levels * channels * (6 + self.kernel),
            flops: first.flops + second.flops + 2 * steps * convolutions,
        }
    }

    fn init(&self, inputs: &[InputShape], weights: &mut InitialWeights) -> TwoBranch {
        let channels = self.channels;
        let levels = inputs[1].features / LEVEL;
        TwoBranch {
            candles: LstmStack::init(inputs[0].features, self.hidden, 1, weights),
            side: Linear::init(2, channels, weights),
            level: Linear::init(2 * channels, channels, weights),
            time: CausalConv::init(channels, channels, self.kernel, 1, weights),
            book: LstmStack::init(channels * levels, self.book_hidden, 1, weights),
            dropout: self.dropout,
        }
    }
}

/// Both branches. Tensors: `candles.weight_ih_l0`, …, `side.weight` `[C, 2]`, `level.weight` `[C, 2C]`,
/// `time.weight` `[C, C, K]`, `book.weight_ih_l0`, ….
#[derive(Module, Debug)]
pub struct TwoBranch {
    candles: LstmStack,
    side: Linear,
    level: Linear,
    time: CausalConv,
    book: LstmStack,
    #[module(skip)]
    dropout: f64,
}

impl TwoBranch {
    /// `[B, T, F]` of the candles and `[B, T', 4 L]` of the book to `[B, H + H']`.
    pub(super) fn forward(
        &self,
        x: Vec<Tensor<3>>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let mut x = x.into_iter();
        let (Some(candles), Some(book)) = (x.next(), x.next()) else {
            // Two views were checked when the net was made.
            unreachable!("the two-branch net is given two windows")
        };
        let state = |z_b1h: Tensor<3>, pass: &mut Option<&mut TrainingPass>| {
            let [batch, _, hidden] = z_b1h.dims();
            drop_out(z_b1h.reshape([batch, hidden]), self.dropout, pass)
        };
        let candles = state(self.candles.forward(candles, States::Last, 0.0, pass), pass);
        let read = self.read_book(book);
        let book = state(self.book.forward(read, States::Last, 0.0, pass), pass);
        Tensor::cat(vec![candles, book], 1)
    }

    /// `[B, T, 4 L]` to `[B, T, L C]`. A convolution with a kernel as long as its stride is a linear
    /// layer over the columns in groups.
    fn read_book(&self, book: Tensor<3>) -> Tensor<3> {
        let [batch, steps, columns] = book.dims();
        let (levels, rows) = (columns / LEVEL, batch * steps * columns / LEVEL);
        let side = leaky_relu(self.side.forward(book.reshape([2 * rows, 2])), f64::from(LEAK));
        let channels = side.dims()[1];
        let level =
            leaky_relu(self.level.forward(side.reshape([rows, 2 * channels])), f64::from(LEAK));
        // Each level's series of steps: [T, B L, C].
        let series = level.reshape([batch, steps, levels, channels]).permute([1, 0, 2, 3]);
        let series = series.reshape([steps, batch * levels, channels]);
        let series = self.time.forward(series, Activation::LeakyRelu);
        series.reshape([steps, batch, levels * channels]).swap_dims(0, 1)
    }
}
