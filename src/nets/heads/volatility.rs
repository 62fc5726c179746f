//! The volatility head: the log of the realised volatility.

use burn::tensor::Tensor;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::row_loss::{column, huber, weighted_mean};
use crate::nets::BatchTargets;

/// Logarithms of variance ratios beyond it cost as if the exponential went on along its tangent, so
/// that one row that is off by a factor of 3000 cannot overflow a batch.
const LOG_RATIO_LIMIT: f32 = 16.0;

/// Head of the realised volatility, on the log scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct VolatilityHead {
    /// Whether the net has this head (default true).
    #[garde(skip)]
    pub enabled: bool,
    /// `squared` (default) or `huber` error of the log volatility, or `qlike`.
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
    /// Squared error of the log volatility: the forecast is about the median volatility.
    #[default]
    Squared,
    /// Huber loss of the log volatility: also a median, less moved by outliers.
    Huber,
    /// Patton's quasi-likelihood (2011), r - ln r - 1 with r the true over the forecast variance:
    /// the forecast is the root of the mean variance, which is what the score `qlike` judges.
    Qlike,
}

impl Default for VolatilityHead {
    fn default() -> Self {
        Self { enabled: true, loss: VolatilityLoss::Squared, delta: 1.0 }
    }
}

/// The loss of standardised log volatilities `[B, 1]`, as `[1]`. `log_scale` is the log volatility
/// that one unit of them stands for.
pub fn loss(
    output: &Tensor<2>,
    targets: &BatchTargets,
    head: &VolatilityHead,
    log_scale: f32,
) -> Tensor<1> {
    let error = column(output, 0) - targets.log_volatility.clone();
    let loss = match head.loss {
        VolatilityLoss::Squared => error.square(),
        VolatilityLoss::Huber => huber(error, head.delta),
        // ln r: the mean of the log volatility is in both and cancels.
        VolatilityLoss::Qlike => qlike(error * (-2.0 * log_scale)),
    };
    weighted_mean(loss, targets.volatility_weight())
}

/// r - ln r - 1 from ln r.
fn qlike(log_ratio: Tensor<1>) -> Tensor<1> {
    let inner = log_ratio.clone().clamp_max(LOG_RATIO_LIMIT);
    let beyond = log_ratio.clone() - inner.clone();
    inner.exp() * (beyond + 1.0) - log_ratio - 1.0
}
