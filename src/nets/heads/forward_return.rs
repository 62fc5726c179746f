//! The return head: a mean, a distribution or quantiles of the forward log return.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::row_loss::{column, huber, weighted_mean};
use super::student_t::negative_log_likelihood;
use crate::nets::BatchTargets;

/// Learned log variances of returns are held within ± this (standardised units), so that no
/// likelihood runs off on a constant stretch: standard deviations between 1/55 and 55.
pub const LOG_VARIANCE_LIMIT: f32 = 8.0;

/// Levels of the quantiles that a return head gives.
pub const QUANTILE_LEVELS: [f32; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// Place of the median in [`QUANTILE_LEVELS`].
pub const MEDIAN: usize = 2;

/// Degrees of freedom are above it, so that the variance exists.
const LEAST_DEGREES: f32 = 2.0;

/// Head of the forward log return.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct ReturnHead {
    /// Whether the net has this head (default true).
    #[garde(skip)]
    pub enabled: bool,
    /// `huber` (default, mean only), or with quantiles and an interval beside it: `gaussian`,
    /// `student_t` (fat tails) and `quantiles` (no distribution assumed).
    #[garde(skip)]
    pub loss: ReturnLoss,
    /// Errors beyond this count linearly in the Huber loss (default 1, in units of the training
    /// rows' root mean square return).
    #[garde(range(min = 1e-3, max = 1e3))]
    pub delta: f32,
    /// Degrees of freedom of `student_t`: a number such as 4, or `null` (default) to learn them row
    /// by row. Fewer are fatter tails; above 30 it is all but a normal distribution.
    #[garde(inner(range(min = 2.01, max = 1000.0)))]
    pub degrees_of_freedom: Option<f32>,
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
    /// Negative log likelihood of Student's t distribution with learned mean, scale and, unless
    /// they are given, degrees of freedom.
    StudentT,
    /// Pinball loss of the 5, 25, 50, 75 and 95 % quantiles (Koenker and Bassett 1978), which never
    /// cross. The mean that is forecast is the median.
    Quantiles,
}

impl ReturnLoss {
    /// Whether it is a likelihood with a scale of its own: it can be negative, and a learned weight
    /// on top would run off to infinity.
    #[must_use]
    pub fn is_likelihood(self) -> bool {
        matches!(self, Self::Gaussian | Self::StudentT)
    }
}

impl Default for ReturnHead {
    fn default() -> Self {
        Self { enabled: true, loss: ReturnLoss::Huber, delta: 1.0, degrees_of_freedom: None }
    }
}

impl ReturnHead {
    /// Outputs of the linear layer.
    pub(super) fn raw_outputs(&self) -> usize {
        match self.loss {
            ReturnLoss::Huber => 1,
            ReturnLoss::Gaussian => 2,
            ReturnLoss::StudentT => 2 + usize::from(self.degrees_of_freedom.is_none()),
            ReturnLoss::Quantiles => QUANTILE_LEVELS.len(),
        }
    }
}

/// What the outputs `[B, N]` of the linear layer stand for, as `HeadOutputs::return_` tells.
pub fn output(raw: Tensor<2>, head: &ReturnHead) -> Tensor<2> {
    let part = |at| raw.clone().narrow(1, at, 1);
    match head.loss {
        ReturnLoss::Huber => raw,
        ReturnLoss::Gaussian => {
            let log_variance = part(1).clamp(-LOG_VARIANCE_LIMIT, LOG_VARIANCE_LIMIT);
            Tensor::cat(vec![part(0), log_variance], 1)
        }
        ReturnLoss::StudentT => {
            let limit = LOG_VARIANCE_LIMIT / 2.0;
            let degrees = match head.degrees_of_freedom {
                Some(degrees) => part(0).zeros_like() + degrees,
                None => softplus(part(2)) + LEAST_DEGREES,
            };
            Tensor::cat(vec![part(0), part(1).clamp(-limit, limit), degrees], 1)
        }
        ReturnLoss::Quantiles => {
            // Outwards from the median by steps above 0. Adding them up one by one keeps the order
            // under rounding, and the median begins near 0.
            let mut columns = vec![part(MEDIAN); QUANTILE_LEVELS.len()];
            for at in MEDIAN + 1..columns.len() {
                columns[at] = columns[at - 1].clone() + softplus(part(at));
            }
            for at in (0..MEDIAN).rev() {
                columns[at] = columns[at + 1].clone() - softplus(part(at));
            }
            Tensor::cat(columns, 1)
        }
    }
}

/// ln(1 + exp(x)), without overflow.
fn softplus(x: Tensor<2>) -> Tensor<2> {
    log_sigmoid(x.neg()).neg()
}

/// The loss of the head's outputs, as `[1]`.
pub fn loss(output: &Tensor<2>, targets: &BatchTargets, head: &ReturnHead) -> Tensor<1> {
    let target = targets.forward_return.clone();
    let error = || column(output, 0) - target.clone();
    let loss = match head.loss {
        ReturnLoss::Huber => huber(error(), head.delta),
        ReturnLoss::Gaussian => {
            let log_variance = column(output, 1);
            (log_variance.clone() + error().square() * log_variance.neg().exp()) * 0.5
        }
        ReturnLoss::StudentT => {
            negative_log_likelihood(error(), column(output, 1), column(output, 2))
        }
        ReturnLoss::Quantiles => pinball(output, &target),
    };
    weighted_mean(loss, targets.return_weight())
}

/// Mean over the levels τ of max(τ e, (τ - 1) e) with e the target minus the quantile.
fn pinball(quantiles: &Tensor<2>, target: &Tensor<1>) -> Tensor<1> {
    let levels = QUANTILE_LEVELS.into_iter().enumerate();
    let losses = levels.map(|(at, level)| {
        let error = target.clone() - column(quantiles, at);
        // Equals both branches: |e| / 2 on either side of 0, tilted by the level.
        error.clone().abs() * 0.5 + error * (level - 0.5)
    });
    let sum = losses.reduce(|sum, loss| sum + loss);
    sum.unwrap_or_else(|| target.zeros_like()) / QUANTILE_LEVELS.len() as f32
}
