//! One file a net; the closed enum of nets and their configs.
//!
//! Shapes in tensor names: `b` batch, `t` window (oldest step first), `f` feature, `h` hidden unit,
//! `c` channel, `k` class: `x_btf` is `[B, T, F]`.

mod axial_attention;
mod axial_lob;
mod batch_norm;
mod bilinear_norm;
mod bin_ctabl;
mod body;
mod book_encoder;
mod c_tabl;
mod cnn;
mod constraint;
mod conv2d;
mod deep_lob;
mod deep_lob_attention;
mod heads;
mod initial;
mod layers;
mod lstm;
mod lstm_stack;
mod multitask_loss;
mod parameters;
mod pooling;
mod tabl;
mod training_pass;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use axial_lob::{AxialLob, AxialLobConfig};
pub use bin_ctabl::{BinCTabl, BinCTablConfig};
pub use body::{Cost, InputShape};
pub use c_tabl::{CTabl, CTablConfig};
pub use cnn::{Cnn, CnnConfig};
pub use deep_lob::{DeepLob, DeepLobConfig};
pub use deep_lob_attention::{DeepLobAttention, DeepLobAttentionConfig};
pub use heads::{
    ClassWeights, DirectionHead, HeadOutputs, Heads, HeadsConfig, LOG_VARIANCE_LIMIT, ReturnHead,
    ReturnLoss, TaskWeights, VolatilityHead, VolatilityLoss,
};
pub use lstm::{Lstm, LstmConfig};
pub use multitask_loss::{BatchTargets, TaskLosses, class_weights, multitask_loss};
pub use parameters::{NetParameter, ParametersError};
pub use pooling::Pooling;
pub use training_pass::TrainingPass;

use body::BodyConfig;
use initial::InitialWeights;

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

            /// Checks that the net can read windows of this shape.
            ///
            /// # Errors
            /// What is wrong with the shape, and what to change.
            pub fn check(&self, input: InputShape) -> Result<(), String> {
                match self { $(Self::$net(config) => config.check(input),)* }
            }

            /// What one sample costs the body.
            #[must_use]
            pub fn cost(&self, input: InputShape) -> Cost {
                match self { $(Self::$net(config) => config.cost(input),)* }
            }

            fn width(&self, input: InputShape) -> usize {
                match self { $(Self::$net(config) => config.width(input),)* }
            }

            fn body(&self, input: InputShape, weights: &mut InitialWeights) -> Body {
                match self { $(Self::$net(config) => Body::$net(config.init(input, weights)),)* }
            }
        }

        #[derive(Module, Debug)]
        #[allow(clippy::large_enum_variant, reason = "a program holds few nets")]
        enum Body { $($net($net),)* }

        impl Body {
            fn forward(
                &self,
                x_btf: Tensor<3>,
                pass: &mut Option<&mut TrainingPass>,
            ) -> Tensor<2> {
                match self { $(Self::$net(net) => net.forward(x_btf, pass),)* }
            }
        }
    };
}

zoo! {
    "lstm" Lstm(LstmConfig), "Long short-term memory over the window.";
    "cnn" Cnn(CnnConfig), "Causal dilated residual convolutions over the window.";
    "c_tabl" CTabl(CTablConfig), "Bilinear layers with temporal attention, for order books.";
    "bin_ctabl" BinCTabl(BinCTablConfig), "C(TABL) on bilinearly normalised windows.";
    "deep_lob" DeepLob(DeepLobConfig), "Convolutions over an order book, inception and an LSTM.";
    "deep_lob_attention" DeepLobAttention(DeepLobAttentionConfig),
        "DeepLOB's convolutions, an LSTM and a decoder that attends to its states.";
    "axial_lob" AxialLob(AxialLobConfig), "Gated attention along an order book's columns and time.";
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
}

impl Net {
    /// A net that reads windows of the shape `input`, which must have passed [`NetConfig::check`],
    /// with PyTorch's default initial weights or its paper's.
    ///
    /// They are drawn on the host from a `ChaCha8` stream of `seed`, so they are the same on every
    /// device. On an autodiff device the weights require gradients.
    #[must_use]
    pub fn init(
        config: &NetConfig,
        heads: &HeadsConfig,
        input: InputShape,
        seed: u64,
        device: &Device,
    ) -> Self {
        let mut weights = InitialWeights::new(seed, device);
        let body = config.body(input, &mut weights);
        Self {
            body,
            heads: Heads::init(heads, config.width(input), &mut weights),
            task_log_variance: matches!(heads.task_weights, TaskWeights::Uncertainty)
                .then(|| weights.constant([3], 0.0)),
        }
    }

    /// What the heads say about each window.
    ///
    /// Takes windows `[B, T, F]`. `pass` is given in training only.
    #[must_use]
    pub fn forward(&self, x_btf: Tensor<3>, mut pass: Option<&mut TrainingPass>) -> HeadOutputs {
        self.heads.forward(self.body.forward(x_btf, &mut pass))
    }

    /// Learned log variances of the tasks in the order direction, return, volatility: `[3]`;
    /// `None` with fixed task weights.
    #[must_use]
    pub fn task_log_variance(&self) -> Option<Tensor<1>> {
        self.task_log_variance.as_ref().map(Param::val)
    }
}
