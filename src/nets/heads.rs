//! Heads: direction, return and volatility of the same window.

use burn::module::Module;
use burn::tensor::Tensor;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::forecast::CLASSES;

use super::initial::InitialWeights;
use super::layers::Linear;

/// Learned log variances of returns are held within ± this (standardised units), so that no
/// likelihood runs off on a constant stretch: standard deviations between 1/55 and 55.
pub const LOG_VARIANCE_LIMIT: f32 = 8.0;

/// What a net forecasts, and how its tasks are weighed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct HeadsConfig {
    /// Direction class: down, neutral, up.
    #[garde(dive, custom(any_enabled(self)))]
    pub direction: DirectionHead,
    /// Forward log return.
    #[serde(rename = "return")]
    #[garde(dive)]
    pub return_: ReturnHead,
    /// Realised volatility.
    #[garde(dive)]
    pub volatility: VolatilityHead,
    /// How the tasks' losses are added up.
    #[garde(dive)]
    pub task_weights: TaskWeights,
}

/// Head of the direction class, trained with cross-entropy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct DirectionHead {
    /// Whether the net has this head (default true).
    #[garde(skip)]
    pub enabled: bool,
    /// `none` (default) or `balanced`: weight of a class in the loss. Balanced classes make a rare
    /// class count as much as a common one and shift the probabilities away from their frequencies.
    #[garde(skip)]
    pub class_weights: ClassWeights,
    /// Share of a label spread evenly over all classes (default 0), as in PyTorch.
    #[garde(range(min = 0.0, max = 0.99))]
    pub label_smoothing: f32,
}

/// Weights of the direction classes in the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// All 1.
    #[default]
    None,
    /// Rows / (3 × rows of the class), counted over training rows.
    Balanced,
}

/// Head of the forward log return.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct ReturnHead {
    /// Whether the net has this head (default true).
    #[garde(skip)]
    pub enabled: bool,
    /// `huber` (default, mean only) or `gaussian` (mean and variance by likelihood).
    #[garde(skip)]
    pub loss: ReturnLoss,
    /// Errors beyond this count linearly in the Huber loss (default 1, in units of the training
    /// rows' root mean square return).
    #[garde(range(min = 1e-3, max = 1e3))]
    pub delta: f32,
}

/// Loss of the return head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnLoss {
    /// Huber loss of the mean.
    #[default]
    Huber,
    /// Negative log likelihood of a normal distribution with learned mean and variance.
    Gaussian,
}

/// Head of the realised volatility, on the log scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct VolatilityHead {
    /// Whether the net has this head (default true).
    #[garde(skip)]
    pub enabled: bool,
    /// `squared` (default) or `huber` error of the log volatility.
    #[garde(skip)]
    pub loss: VolatilityLoss,
    /// Errors beyond this count linearly in the Huber loss (default 1, in standard deviations of the
    /// training rows' log volatility).
    #[garde(range(min = 1e-3, max = 1e3))]
    pub delta: f32,
}

/// Loss of the volatility head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VolatilityLoss {
    /// Squared error.
    #[default]
    Squared,
    /// Huber loss.
    Huber,
}

/// How the losses of the tasks are added up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum TaskWeights {
    /// Weights as given.
    Fixed {
        /// Weight of the direction loss (default 1).
        #[serde(default = "one")]
        #[garde(range(min = 0.0, max = 1e3))]
        direction: f32,
        /// Weight of the return loss (default 1).
        #[serde(default = "one", rename = "return")]
        #[garde(range(min = 0.0, max = 1e3))]
        return_: f32,
        /// Weight of the volatility loss (default 1).
        #[serde(default = "one")]
        #[garde(range(min = 0.0, max = 1e3))]
        volatility: f32,
    },
    /// Weights learned by homoscedastic uncertainty (Kendall, Gal and Cipolla 2018): one log
    /// variance a task is a parameter of the net.
    Uncertainty,
}

fn one() -> f32 {
    1.0
}

impl Default for DirectionHead {
    fn default() -> Self {
        Self { enabled: true, class_weights: ClassWeights::None, label_smoothing: 0.0 }
    }
}

impl Default for ReturnHead {
    fn default() -> Self {
        Self { enabled: true, loss: ReturnLoss::Huber, delta: 1.0 }
    }
}

impl Default for VolatilityHead {
    fn default() -> Self {
        Self { enabled: true, loss: VolatilityLoss::Squared, delta: 1.0 }
    }
}

impl Default for TaskWeights {
    fn default() -> Self {
        Self::Fixed { direction: 1.0, return_: 1.0, volatility: 1.0 }
    }
}

fn any_enabled(heads: &HeadsConfig) -> impl FnOnce(&DirectionHead, &()) -> garde::Result {
    let none = !heads.direction.enabled && !heads.return_.enabled && !heads.volatility.enabled;
    move |_, ()| {
        if none {
            return Err(garde::Error::new(
                "every head is switched off; enable direction, return or volatility",
            ));
        }
        Ok(())
    }
}

/// The heads of a net: linear layers `heads.direction` (3 outputs), `heads.return` (1, or 2 with a
/// Gaussian likelihood) and `heads.volatility` (1).
#[derive(Module, Debug)]
pub struct Heads {
    direction: Option<Linear>,
    return_: Option<Linear>,
    volatility: Option<Linear>,
}

/// What the heads say about a batch; `None` where a head is switched off.
#[derive(Debug, Clone)]
pub struct HeadOutputs {
    /// Logits of down, neutral, up: `[B, 3]`.
    pub direction: Option<Tensor<2>>,
    /// Scaled forward return: `[B, 1]` mean, or `[B, 2]` mean and log variance (within
    /// ± [`LOG_VARIANCE_LIMIT`]).
    pub return_: Option<Tensor<2>>,
    /// Standardised log volatility: `[B, 1]`.
    pub volatility: Option<Tensor<2>>,
}

impl Heads {
    pub(super) fn init(config: &HeadsConfig, width: usize, weights: &mut InitialWeights) -> Self {
        let outputs = if config.return_.loss == ReturnLoss::Gaussian { 2 } else { 1 };
        Self {
            direction: config.direction.enabled.then(|| Linear::init(width, CLASSES, weights)),
            return_: config.return_.enabled.then(|| Linear::init(width, outputs, weights)),
            volatility: config.volatility.enabled.then(|| Linear::init(width, 1, weights)),
        }
    }

    /// From `[B, H]`.
    pub(super) fn forward(&self, z_bh: Tensor<2>) -> HeadOutputs {
        let output = |head: &Option<Linear>| head.as_ref().map(|head| head.forward(z_bh.clone()));
        HeadOutputs {
            direction: output(&self.direction),
            return_: output(&self.return_).map(limit_log_variance),
            volatility: output(&self.volatility),
        }
    }
}

fn limit_log_variance(output: Tensor<2>) -> Tensor<2> {
    if output.dims()[1] < 2 {
        return output;
    }
    let log_variance = output.clone().narrow(1, 1, 1);
    let log_variance = log_variance.clamp(-LOG_VARIANCE_LIMIT, LOG_VARIANCE_LIMIT);
    Tensor::cat(vec![output.narrow(1, 0, 1), log_variance], 1)
}
