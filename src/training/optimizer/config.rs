//! Which optimiser moves the weights, and its own knobs.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which optimiser moves the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind")]
pub enum OptimizerConfig {
    /// Adam with decoupled weight decay (Loshchilov & Hutter 2019), the default: `betas`, `epsilon`
    /// and `weight_decay` stand beside it.
    #[serde(rename = "adamw")]
    AdamW(#[garde(dive)] AdamWConfig),
    /// The sign of a momentum (Chen et al. 2023): half of `AdamW`'s memory. Every weight moves by
    /// the whole learning rate in each step, so that it needs a learning rate of a third to a tenth
    /// of `AdamW`'s and a `weight_decay` as many times larger.
    #[serde(rename = "lion")]
    Lion(#[garde(dive)] LionConfig),
    /// Momentum made orthogonal for the weight matrices and kernels of the body (Jordan et al.
    /// 2024), `AdamW` for biases, norms, running statistics and the heads. Steps are scaled to the
    /// size of `AdamW`'s (Liu et al. 2025, "Muon is scalable for LLM training"), so that
    /// `learning_rate` and `weight_decay` mean the same for both parts.
    #[serde(rename = "muon")]
    Muon(#[garde(dive)] MuonConfig),
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self::AdamW(AdamWConfig::default())
    }
}

/// `AdamW` has no knobs of its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct AdamWConfig {}

/// Knobs of Lion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct LionConfig {
    /// Share of the momentum in the step's direction, and decay of the momentum (default
    /// `[0.9, 0.99]`); the training's `betas` and `epsilon` are not read.
    #[garde(inner(range(min = 0.0, max = 0.999_999)))]
    pub betas: [f64; 2],
}

impl Default for LionConfig {
    fn default() -> Self {
        Self { betas: [0.9, 0.99] }
    }
}

/// Knobs of Muon; its `AdamW` part reads the training's `betas` and `epsilon`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct MuonConfig {
    /// Decay of the running mean of the gradient (default 0.95).
    #[garde(range(min = 0.0, max = 0.999_999))]
    pub momentum: f64,
    /// Whether a step looks one step of the momentum ahead (default true).
    #[garde(skip)]
    pub nesterov: bool,
}

impl Default for MuonConfig {
    fn default() -> Self {
        Self { momentum: 0.95, nesterov: true }
    }
}
