//! One file a net; the closed enum of nets and their configs.
//!
//! Shapes in tensor names: `b` batch, `t` window (oldest step first), `f` feature, `h` hidden unit,
//! `c` channel, `k` class: `x_btf` is `[B, T, F]`.

mod attention;
mod axial_attention;
mod axial_lob;
mod batch_norm;
mod batch_targets;
mod bilinear_norm;
mod bin_ctabl;
mod body;
mod book_encoder;
mod c_tabl;
mod class_weights;
mod cnn;
mod cnn_lstm;
mod constraint;
mod conv2d;
mod cross_symbol;
mod deep_lob;
mod deep_lob_attention;
mod fusion;
mod gelu;
mod grad_norm;
mod gru;
mod gru_stack;
mod heads;
mod image_cnn;
mod inception_time;
mod initial;
mod layer_norm;
mod layers;
mod lstm;
mod lstm_stack;
mod mlp_lob;
mod multitask_loss;
mod parameters;
mod patch_tst;
mod pooling;
mod reconstruction;
mod recurrent;
mod tabl;
mod tcn;
mod tlob;
mod training_pass;
mod tsmixer;
mod two_branch;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::forecast::LabelShape;
use crate::kernels::Precision;
use crate::windows::{ColumnKinds, View};

pub use axial_lob::{AxialLob, AxialLobConfig};
pub use batch_targets::{BatchTargets, row_weights};
pub use bin_ctabl::{BinCTabl, BinCTablConfig};
pub use body::{Cost, InputShape};
pub use c_tabl::{CTabl, CTablConfig};
pub use class_weights::class_weights;
pub use cnn::{Cnn, CnnConfig};
pub use cnn_lstm::{CnnLstm, CnnLstmConfig};
pub use cross_symbol::{CrossSymbol, CrossSymbolConfig};
pub use deep_lob::{DeepLob, DeepLobConfig};
pub use deep_lob_attention::{DeepLobAttention, DeepLobAttentionConfig};
pub use fusion::{Fusion, FusionConfig, Join};
pub use gru::{Gru, GruConfig};
pub use heads::{
    ClassWeights, DirectionHead, DirectionLoss, HeadOutputs, Heads, HeadsConfig,
    LOG_VARIANCE_LIMIT, MEDIAN, QUANTILE_LEVELS, ReturnHead, ReturnLoss, TASKS, TaskWeights,
    VolatilityHead, VolatilityLoss,
};
pub use image_cnn::{ImageCnn, ImageCnnConfig, Picture};
pub use inception_time::{InceptionTime, InceptionTimeConfig};
pub use lstm::{Lstm, LstmConfig};
pub use mlp_lob::{MlpLob, MlpLobConfig};
pub use multitask_loss::{Objective, TaskLosses, multitask_loss};
pub use parameters::{NetParameter, ParametersError};
pub use patch_tst::{PatchTst, PatchTstConfig};
pub use pooling::Pooling;
pub use tcn::{Tcn, TcnConfig};
pub use tlob::{Tlob, TlobConfig};
pub use training_pass::TrainingPass;
pub use tsmixer::{TsMixer, TsMixerConfig};
pub use two_branch::{TwoBranch, TwoBranchConfig};

use body::{FromViews, ViewsConfig};
use grad_norm::GradNorm;
use initial::InitialWeights;
use layers::Linear;

/// The closed enum of nets: one line a net, in the order in which `candlewick nets list` names them.
macro_rules! zoo {
    ($($kind:literal $net:ident($config:ident), $about:literal;)*) => {
        /// Which net, and its size.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
        #[serde(tag = "kind")]
        pub enum NetConfig {
            $(#[doc = $about] #[serde(rename = $kind)] $net(#[garde(dive)] $config),)*
        }

        impl NetConfig {
            /// Every kind, as written in a config.
            pub const KINDS: &[&str] = &[$($kind),*];

            /// The kind's net at its default size; `None` for an unknown kind.
            #[must_use]
            pub fn of_kind(kind: &str) -> Option<Self> {
                match kind {
                    $($kind => Some(Self::$net($config::default())),)*
                    _ => None,
                }
            }

            /// The kind, as written in a config.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$net(_) => $kind,)* }
            }

            /// One line about the kind.
            #[must_use]
            pub fn about(&self) -> &'static str {
                match self { $(Self::$net(_) => $about,)* }
            }

            /// What the net reads of a table with these columns, `window` rows of its own clock.
            ///
            /// # Errors
            /// What is missing, and what to change.
            pub fn views(
                &self,
                columns: &ColumnKinds,
                window: usize,
            ) -> Result<Vec<View>, String> {
                match self { $(Self::$net(config) => config.views(columns, window),)* }
            }

            /// Checks that the net can read windows of these shapes, one a view.
            ///
            /// # Errors
            /// What is wrong with a shape, and what to change.
            pub fn check(&self, inputs: &[InputShape]) -> Result<(), String> {
                match self { $(Self::$net(config) => ViewsConfig::check(config, inputs),)* }
            }

            /// What one sample costs the body.
            #[must_use]
            pub fn cost(&self, inputs: &[InputShape]) -> Cost {
                match self { $(Self::$net(config) => ViewsConfig::cost(config, inputs),)* }
            }

            fn width(&self, inputs: &[InputShape]) -> usize {
                match self { $(Self::$net(config) => ViewsConfig::width(config, inputs),)* }
            }

            fn body(&self, inputs: &[InputShape], weights: &mut InitialWeights) -> Body {
                match self {
                    $(Self::$net(config) => {
                        Body::$net(ViewsConfig::init(config, inputs, weights))
                    })*
                }
            }
        }

        #[derive(Module, Debug)]
        #[allow(clippy::large_enum_variant, reason = "a program holds few nets")]
        enum Body { $($net($net),)* }

        impl Body {
            fn forward(
                &self,
                x: Vec<Tensor<3>>,
                pass: &mut Option<&mut TrainingPass>,
            ) -> Tensor<2> {
                match self {
                    $(Self::$net(net) => net.forward(FromViews::from_views(x), pass),)*
                }
            }
        }
    };
}

zoo! {
    "lstm" Lstm(LstmConfig), "Long short-term memory over the window.";
    "gru" Gru(GruConfig), "Gated recurrent units over the window.";
    "tcn" Tcn(TcnConfig), "Temporal convolutional network with weight norm.";
    "cnn" Cnn(CnnConfig), "Causal dilated residual convolutions over the window.";
    "cnn_lstm" CnnLstm(CnnLstmConfig), "Causal convolutions, then long short-term memory.";
    "patch_tst" PatchTst(PatchTstConfig), "Transformer over patches of each feature's window.";
    "tsmixer" TsMixer(TsMixerConfig), "Linear layers that mix steps, then features.";
    "inception_time" InceptionTime(InceptionTimeConfig),
        "Convolutions of several lengths side by side, with residual connections.";
    "fusion" Fusion(FusionConfig),
        "An LSTM an interval, each on its own clock, joined by attention or gating.";
    "deep_lob" DeepLob(DeepLobConfig), "Convolutions over an order book, inception and an LSTM.";
    "deep_lob_attention" DeepLobAttention(DeepLobAttentionConfig),
        "DeepLOB's convolutions, an LSTM and a decoder that attends to its states.";
    "axial_lob" AxialLob(AxialLobConfig), "Gated attention along an order book's columns and time.";
    "c_tabl" CTabl(CTablConfig), "Bilinear layers with temporal attention, for order books.";
    "bin_ctabl" BinCTabl(BinCTablConfig), "C(TABL) on bilinearly normalised windows.";
    "mlp_lob" MlpLob(MlpLobConfig), "Perceptrons over features and steps of a window of the book.";
    "tlob" Tlob(TlobConfig), "Attention over steps and features of a window of the book.";
    "image_cnn" ImageCnn(ImageCnnConfig), "A small residual network over pictures of the window.";
    "two_branch" TwoBranch(TwoBranchConfig), "Candles and order book together, an encoder for each.";
}

impl Default for NetConfig {
    fn default() -> Self {
        Self::Lstm(LstmConfig::default())
    }
}

/// A net with its heads.
#[derive(Module, Debug)]
pub struct Net {
    body: Body,
    heads: Heads,
    task_log_variance: Option<Param<Tensor<1>>>,
    grad_norm: Option<GradNorm>,
    decoder: Option<Linear>,
    cross_symbol: Option<CrossSymbol>,
}

impl NetConfig {
    /// The same net, as large as these labels make it.
    #[must_use]
    pub fn for_labels(&self, labels: LabelShape) -> Self {
        match self {
            Self::DeepLobAttention(config) => {
                Self::DeepLobAttention(DeepLobAttentionConfig { labels, ..config.clone() })
            }
            other => other.clone(),
        }
    }
}

impl Net {
    /// As [`Self::for_labels`], for three classes and one horizon.
    #[must_use]
    pub fn init(
        config: &NetConfig,
        heads: &HeadsConfig,
        inputs: &[InputShape],
        seed: u64,
        device: &Device,
    ) -> Self {
        Self::for_labels(config, (heads, LabelShape::default()), inputs, seed, device)
    }

    /// A net that reads windows of these shapes, one a view, which must have passed
    /// [`NetConfig::check`], and whose heads forecast labels of a shape, with PyTorch's default
    /// initial weights or its paper's.
    ///
    /// They are drawn on the host from a `ChaCha8` stream of `seed`, so they are the same on every
    /// device. On an autodiff device the weights require gradients.
    #[must_use]
    pub fn for_labels(
        config: &NetConfig,
        heads: (&HeadsConfig, LabelShape),
        inputs: &[InputShape],
        seed: u64,
        device: &Device,
    ) -> Self {
        Self::init_in(Precision::F32, config, heads, inputs, seed, device)
    }

    /// As [`Self::for_labels`], for products in a precision, which the device must run. The weights
    /// are f32 whatever it is, and the same.
    #[must_use]
    pub fn init_in(
        precision: Precision,
        config: &NetConfig,
        (heads, labels): (&HeadsConfig, LabelShape),
        inputs: &[InputShape],
        seed: u64,
        device: &Device,
    ) -> Self {
        let mut weights = InitialWeights::new(seed, device).in_precision(precision);
        let config = config.for_labels(labels);
        let body = config.body(inputs, &mut weights);
        Self {
            body,
            heads: Heads::init(heads, labels, config.width(inputs), &mut weights),
            task_log_variance: matches!(heads.task_weights, TaskWeights::Uncertainty)
                .then(|| weights.constant([TASKS], 0.0)),
            grad_norm: matches!(heads.task_weights, TaskWeights::GradNorm { .. })
                .then(|| GradNorm::init(&weights)),
            decoder: None,
            cross_symbol: None,
        }
    }

    /// What the heads say about each window.
    ///
    /// Takes windows `[B, T, F]`, one a view; those of all symbols and who of them has data, where the
    /// net attends across symbols ([`Self::with_cross_symbol`]). `pass` is given in training only.
    #[must_use]
    pub fn forward(
        &self,
        mut x: Vec<Tensor<3>>,
        mut pass: Option<&mut TrainingPass>,
    ) -> HeadOutputs {
        let present = if self.cross_symbol.is_some() { x.pop() } else { None };
        let mut z_bh = self.body.forward(x, &mut pass);
        if let (Some(attention), Some(present)) = (&self.cross_symbol, present) {
            z_bh = attention.forward(z_bh, present, &mut pass);
        }
        self.heads.forward(z_bh)
    }

    /// Learned log variances of the tasks in the order direction, return, volatility: `[3]`;
    /// `None` but with `task_weights: uncertainty`.
    #[must_use]
    pub fn task_log_variance(&self) -> Option<Tensor<1>> {
        self.task_log_variance.as_ref().map(Param::val)
    }

    /// Weights of the tasks by `GradNorm`, without autodiff, in the same order: `[3]`; `None` but with
    /// `task_weights: grad_norm`.
    #[must_use]
    pub fn task_weight(&self) -> Option<Tensor<1>> {
        self.grad_norm.as_ref().map(GradNorm::weight)
    }
}
