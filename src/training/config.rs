//! How a net is trained: the user's knobs.

use std::path::PathBuf;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{OptimizerConfig, ScheduleConfig};
use crate::kernels::Precision;

/// How a net is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// Samples a batch (default 256), and a step where `accumulate` is 1. Larger is faster a sample
    /// and smoother, smaller needs less memory. The samples that do not fill a step are left out of
    /// that epoch.
    #[garde(range(min = 1, max = 1_000_000))]
    pub batch_size: usize,
    /// Batches whose gradients are averaged to one step (default 1): a step sees `accumulate` ×
    /// `batch_size` samples in the memory of one batch, as Lightning's `accumulate_grad_batches`.
    /// Warm-up, schedule and checkpoints count steps.
    #[garde(range(min = 1, max = 65_536))]
    pub accumulate: usize,
    /// Nets that are trained a fold (default 1). With N the same net is trained from the seeds
    /// `seed`, `seed + 1`, … `seed + N - 1`: weights, sample order and dropout differ, the data does
    /// not. The model's forecasts are the members' mean: of probabilities, returns and quantiles as
    /// they are, of volatilities as logarithms. The report shows how the members spread and whether
    /// their mean beats them. It costs N times the training.
    #[garde(range(min = 1, max = 1000))]
    pub seeds: usize,
    /// Most passes over the training samples (default 20). The learning rate's schedule spans all
    /// of them, also when early stopping ends the training sooner.
    #[garde(range(min = 1, max = 100_000))]
    pub epochs: u32,
    /// Learning rate at the end of the warm-up (default 0.001), the highest of the schedule;
    /// `candlewick train --find-lr` suggests one.
    #[garde(range(min = 1e-9, max = 10.0))]
    pub learning_rate: f64,
    /// `f32` (default) or `bf16`: numbers in which training takes matrix products and convolutions.
    /// Weights, moments, averages, statistics, losses, checkpoints, validation and forecasts are f32
    /// whatever it is. `bf16` is for NVIDIA GPUs from the Ampere generation on, whose tensor cores
    /// take it faster; the CPU computes the same numbers, more slowly than f32; wgpu has no bf16.
    #[garde(skip)]
    pub precision: Precision,
    /// Learning rate of the last step as a fraction of the highest (default 0.05).
    #[garde(range(min = 0.0, max = 1.0))]
    pub min_learning_rate_fraction: f64,
    /// Steps over which the learning rate rises linearly from 0 to the highest (default 100). It
    /// must be fewer than the steps of the whole training.
    #[garde(range(max = 10_000_000))]
    pub warmup_steps: u64,
    /// How the learning rate moves after the warm-up (default `{ kind: cosine }`).
    #[garde(dive)]
    pub schedule: ScheduleConfig,
    /// What moves the weights (default `{ kind: adamw }`).
    #[garde(dive)]
    pub optimizer: OptimizerConfig,
    /// Decoupled weight decay (default 0.01): a step takes this times the learning rate off a weight,
    /// whatever its gradient. It acts on weight matrices and kernels,
    /// not on biases, norms and task weights.
    #[garde(range(min = 0.0, max = 10.0))]
    pub weight_decay: f64,
    /// Decay of `AdamW`'s running mean of the gradient and of its square (default `[0.9, 0.999]`).
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
    /// Share of the epochs, from the last back, whose final weights are averaged with equal weight,
    /// such as 0.25 (default `null`: off; not together with `ema`). From the first of these epochs
    /// on, the average is what is validated and saved. It pays with a learning rate that stays high,
    /// as with schedule `constant`; early stopping may end a training before: set its patience to
    /// `null` then. Running statistics of batch normalisation are averaged like weights.
    #[garde(inner(range(min = 0.001, max = 1.0)))]
    pub swa: Option<f64>,
    /// Shape α of mixup, such as 0.2 (default `null`: off). Windows and losses of a batch are mixed
    /// in pairs, λ and 1 - λ with λ drawn from Beta(α, α) each step: small α mixes little, 1 mixes
    /// evenly.
    #[garde(inner(range(min = 0.01, max = 100.0)))]
    pub mixup: Option<f64>,
    /// Standard deviation of normal noise on the scaled inputs in training (default 0: off). With the
    /// standard scaler, 0.1 is a tenth of a feature's own deviation.
    #[garde(range(min = 0.0, max = 10.0))]
    pub input_noise: f64,
    /// Share of the scaled inputs, each by itself, set to 0 in training; the rest is raised to keep
    /// the mean (default 0: off).
    #[garde(range(min = 0.0, max = 0.95))]
    pub input_dropout: f64,
    /// Probability that a feature is hidden from a whole window in training: its column is set to 0
    /// (default 0: off). It keeps a net from leaning on one feature.
    #[garde(range(min = 0.0, max = 0.95))]
    pub feature_masking: f64,
    /// Tensors that keep the values they start with, by PyTorch's name, such as `["lstm.*"]`; `*`
    /// stands for any run of characters (default `[]`: none). It is of use with `warm_start`.
    #[garde(length(max = 1000))]
    pub freeze: Vec<String>,
    /// Weights to start from in place of random ones (default `null`): a step folder, a fold's folder
    /// of checkpoints (its best one), a run's `checkpoints/<net>` (each fold starts from the best one of
    /// its own name) or a safetensors file of a PyTorch `state_dict`. Tensors of the
    /// same name and shape are taken, and the run says which. A model that has seen candles after a
    /// fold's training period makes that fold's test scores too good.
    #[garde(skip)]
    pub warm_start: Option<PathBuf>,
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
            accumulate: 1,
            seeds: 1,
            epochs: 20,
            learning_rate: 1e-3,
            precision: Precision::F32,
            min_learning_rate_fraction: 0.05,
            warmup_steps: 100,
            schedule: ScheduleConfig::default(),
            optimizer: OptimizerConfig::default(),
            weight_decay: 0.01,
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            gradient_clip: Some(1.0),
            early_stopping: EarlyStoppingConfig::default(),
            ema: None,
            swa: None,
            mixup: None,
            input_noise: 0.0,
            input_dropout: 0.0,
            feature_masking: 0.0,
            freeze: Vec::new(),
            warm_start: None,
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
