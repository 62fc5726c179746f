//! How a net is trained: the user's knobs.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a net is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// Samples a step (default 256). Larger is faster a sample and smoother, smaller needs less
    /// memory. The samples that do not fill a batch are left out of that epoch.
    #[garde(range(min = 1, max = 1_000_000))]
    pub batch_size: usize,
    /// Most passes over the training samples (default 20). The learning rate's schedule spans all
    /// of them, also when early stopping ends the training sooner.
    #[garde(range(min = 1, max = 100_000))]
    pub epochs: u32,
    /// Learning rate at the end of the warm-up (default 0.001), the highest of the schedule.
    #[garde(range(min = 1e-9, max = 10.0))]
    pub learning_rate: f64,
    /// Learning rate of the last step as a fraction of the highest (default 0.05).
    #[garde(range(min = 0.0, max = 1.0))]
    pub min_learning_rate_fraction: f64,
    /// Steps over which the learning rate rises linearly from 0 to the highest (default 100). It
    /// must be fewer than the steps of the whole training.
    #[garde(range(max = 10_000_000))]
    pub warmup_steps: u64,
    /// Decoupled weight decay of `AdamW` (default 0.01). It acts on weight matrices and kernels,
    /// not on biases, norms and task weights.
    #[garde(range(min = 0.0, max = 10.0))]
    pub weight_decay: f64,
    /// Decay of the running mean of the gradient and of its square (default `[0.9, 0.999]`).
    #[garde(inner(range(min = 0.0, max = 0.999_999)))]
    pub betas: [f64; 2],
    /// Added to the root of the second moment (default 1e-8).
    #[garde(range(min = 1e-16, max = 1.0))]
    pub epsilon: f64,
    /// Largest norm of the gradient over all parameters (default 1); a longer gradient is shortened
    /// to it. `null` turns clipping off.
    #[garde(inner(range(min = 1e-6, max = 1e6)))]
    pub gradient_clip: Option<f64>,
    /// Which epoch is the best, and when to stop before the last.
    #[garde(dive)]
    pub early_stopping: EarlyStoppingConfig,
    /// Decay of the exponential average of the weights, such as 0.999 (default `null`: off). With
    /// it, the average is what is validated and saved as the model.
    #[garde(inner(range(min = 0.0, max = 0.999_999)))]
    pub ema: Option<f64>,
    /// Steps between checkpoints inside an epoch (default 500). One more is written at the end of
    /// every epoch and when a stop is asked for.
    #[garde(range(min = 1, max = 1_000_000_000))]
    pub checkpoint_every_steps: u64,
    /// Steps between training metrics (default 20). The losses of the steps between are averaged.
    #[garde(range(min = 1, max = 1_000_000))]
    pub log_every_steps: u64,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            batch_size: 256,
            epochs: 20,
            learning_rate: 1e-3,
            min_learning_rate_fraction: 0.05,
            warmup_steps: 100,
            weight_decay: 0.01,
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            gradient_clip: Some(1.0),
            early_stopping: EarlyStoppingConfig::default(),
            ema: None,
            checkpoint_every_steps: 500,
            log_every_steps: 20,
        }
    }
}

/// Which epoch is the best, and when to stop before the last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct EarlyStoppingConfig {
    /// Measure on the validation rows that picks the best checkpoint (default `valid_loss`).
    #[garde(skip)]
    pub monitor: Monitor,
    /// Epochs in a row without a new best after which training stops (default 5); `null` never
    /// stops early.
    #[garde(inner(range(min = 1, max = 100_000)))]
    pub patience: Option<u32>,
    /// By how much an epoch must beat the best to become it (default 0), in units of the monitor.
    #[garde(range(min = 0.0, max = 1e6))]
    pub min_delta: f64,
}

impl Default for EarlyStoppingConfig {
    fn default() -> Self {
        Self { monitor: Monitor::ValidLoss, patience: Some(5), min_delta: 0.0 }
    }
}

/// A measure on the validation rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// The training loss over all heads, lower is better.
    ValidLoss,
    /// Log loss of the direction head without class weights, lower is better.
    ValidLogLoss,
    /// Share of directions that came true, higher is better.
    ValidAccuracy,
    /// Matthews correlation of the direction (0 where it is not defined), higher is better.
    ValidMcc,
}

impl Monitor {
    /// Whether more is better.
    #[must_use]
    pub fn higher_is_better(self) -> bool {
        matches!(self, Self::ValidAccuracy | Self::ValidMcc)
    }

    /// Whether it is measured on the direction head.
    #[must_use]
    pub fn needs_direction(self) -> bool {
        self != Self::ValidLoss
    }

    /// Name in configs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ValidLoss => "valid_loss",
            Self::ValidLogLoss => "valid_log_loss",
            Self::ValidAccuracy => "valid_accuracy",
            Self::ValidMcc => "valid_mcc",
        }
    }
}
