//! One file a net; the closed enum of nets and their configs.
//!
//! Shapes in tensor names: `b` batch, `t` window (oldest step first), `f` feature, `h` hidden unit,
//! `c` channel, `k` class: `x_btf` is `[B, T, F]`.

mod cnn;
mod dropout;
mod heads;
mod initial;
mod layers;
mod lstm;
mod multitask_loss;
mod parameters;
mod pooling;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use cnn::{Cnn, CnnConfig};
pub use dropout::DropoutMasks;
pub use heads::{
    ClassWeights, DirectionHead, HeadOutputs, Heads, HeadsConfig, LOG_VARIANCE_LIMIT, ReturnHead,
    ReturnLoss, TaskWeights, VolatilityHead, VolatilityLoss,
};
pub use lstm::{Lstm, LstmConfig};
pub use multitask_loss::{BatchTargets, TaskLosses, class_weights, multitask_loss};
pub use parameters::{NetParameter, ParametersError};
pub use pooling::Pooling;

use initial::InitialWeights;

/// Which net, and its size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NetConfig {
    /// Long short-term memory over the window.
    Lstm(#[garde(dive)] LstmConfig),
    /// Causal dilated residual convolutions over the window.
    Cnn(#[garde(dive)] CnnConfig),
}

impl Default for NetConfig {
    fn default() -> Self {
        Self::Lstm(LstmConfig::default())
    }
}

impl NetConfig {
    /// Every kind, as written in a config.
    pub const KINDS: [&str; 2] = ["lstm", "cnn"];

    /// The kind, as written in a config.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Lstm(_) => Self::KINDS[0],
            Self::Cnn(_) => Self::KINDS[1],
        }
    }

    /// Floats that one sample's forward pass keeps for the backward pass.
    #[must_use]
    pub fn activations(&self, inputs: usize, window: usize) -> usize {
        match self {
            Self::Lstm(config) => config.activations(inputs, window),
            Self::Cnn(config) => config.activations(inputs, window),
        }
    }
}

/// A net with its heads.
#[derive(Module, Debug)]
pub struct Net {
    body: Body,
    heads: Heads,
    task_log_variance: Option<Param<Tensor<1>>>,
}

#[derive(Module, Debug)]
enum Body {
    Lstm(Lstm),
    Cnn(Cnn),
}

impl Net {
    /// A net of `inputs` features with PyTorch's default initial weights.
    ///
    /// They are drawn on the host from a `ChaCha8` stream of `seed`, so they are the same on every
    /// device. On an autodiff device the weights require gradients.
    #[must_use]
    pub fn init(
        config: &NetConfig,
        heads: &HeadsConfig,
        inputs: usize,
        seed: u64,
        device: &Device,
    ) -> Self {
        let mut weights = InitialWeights::new(seed, device);
        let (body, width) = match config {
            NetConfig::Lstm(config) => {
                (Body::Lstm(Lstm::init(config, inputs, &mut weights)), config.hidden)
            }
            NetConfig::Cnn(config) => {
                (Body::Cnn(Cnn::init(config, inputs, &mut weights)), config.channels)
            }
        };
        Self {
            body,
            heads: Heads::init(heads, width, &mut weights),
            task_log_variance: matches!(heads.task_weights, TaskWeights::Uncertainty)
                .then(|| weights.zeros([3])),
        }
    }

    /// What the heads say about each window.
    ///
    /// Takes windows `[B, T, F]`. `dropout` is given in training only.
    #[must_use]
    pub fn forward(&self, x_btf: Tensor<3>, dropout: Option<&mut DropoutMasks>) -> HeadOutputs {
        let z_bh = match &self.body {
            Body::Lstm(lstm) => lstm.forward(x_btf, dropout),
            Body::Cnn(cnn) => cnn.forward(x_btf, dropout),
        };
        self.heads.forward(z_bh)
    }

    /// Learned log variances of the tasks in the order direction, return, volatility: `[3]`;
    /// `None` with fixed task weights.
    #[must_use]
    pub fn task_log_variance(&self) -> Option<Tensor<1>> {
        self.task_log_variance.as_ref().map(Param::val)
    }
}
