//! Heads: direction, return and volatility of the same window, one file each with its config and
//! its loss.

mod direction;
mod forward_return;
mod row_loss;
mod student_t;
mod task_weights;
mod volatility;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::forecast::LabelShape;

use super::batch_targets::BatchTargets;
use super::initial::InitialWeights;
use super::layers::Linear;
use super::multitask_loss::Objective;

pub use direction::{ClassWeights, DirectionHead, DirectionLoss};
pub use forward_return::{LOG_VARIANCE_LIMIT, MEDIAN, QUANTILE_LEVELS, ReturnHead, ReturnLoss};
pub use task_weights::TaskWeights;
pub use volatility::{VolatilityHead, VolatilityLoss};

/// What a net forecasts, and how its tasks are weighed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct HeadsConfig {
    /// Direction class: of as many as `labels.classes` says.
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
    #[garde(dive, custom(no_likelihood_in_grad_norm(self)))]
    pub task_weights: TaskWeights,
}

impl HeadsConfig {
    /// No head at all: what a body is trained with before it has a task. No config is like it.
    #[must_use]
    pub fn none() -> Self {
        let mut heads = Self::default();
        heads.direction.enabled = false;
        heads.return_.enabled = false;
        heads.volatility.enabled = false;
        heads
    }

    /// Which heads are on: direction, return, volatility.
    #[must_use]
    pub fn enabled(&self) -> [bool; TASKS] {
        [self.direction.enabled, self.return_.enabled, self.volatility.enabled]
    }
}

/// Number of tasks: direction, return, volatility.
pub const TASKS: usize = 3;

fn any_enabled(heads: &HeadsConfig) -> impl FnOnce(&DirectionHead, &()) -> garde::Result {
    let none = heads.enabled() == [false; TASKS];
    move |_, ()| {
        if none {
            return Err(garde::Error::new(
                "every head is switched off; enable direction, return or volatility",
            ));
        }
        Ok(())
    }
}

fn no_likelihood_in_grad_norm(
    heads: &HeadsConfig,
) -> impl FnOnce(&TaskWeights, &()) -> garde::Result {
    let likelihood = heads.return_.enabled && heads.return_.loss.is_likelihood();
    move |weights, ()| {
        if likelihood && matches!(weights, TaskWeights::GradNorm { .. }) {
            return Err(garde::Error::new(
                "grad_norm compares losses with what they were at first, and the likelihood of a \
                 gaussian or student_t return can be 0 or negative; take huber or quantiles, or \
                 other task weights",
            ));
        }
        Ok(())
    }
}

/// The heads of a net: linear layers `heads.direction` (an output a class; ordinal: one, without bias,
/// and `heads.direction_thresholds`, one fewer than classes), `heads.return` (as many as its loss takes) and `heads.volatility`
/// (1).
#[derive(Module, Debug)]
pub struct Heads {
    direction: Option<Linear>,
    return_: Option<Linear>,
    volatility: Option<Linear>,
    direction_thresholds: Option<Param<Tensor<1>>>,
    #[module(skip)]
    return_head: ReturnHead,
}

/// What the heads say about a batch; `None` where a head is switched off.
#[derive(Debug, Clone)]
pub struct HeadOutputs {
    /// Logits of the K classes: `[B, K]`.
    pub direction: Option<Tensor<2>>,
    /// Scaled forward return, `[B, N]` by its loss: the mean (Huber); mean and log variance
    /// within ± [`LOG_VARIANCE_LIMIT`] (Gaussian); mean, log scale within half of that, and degrees
    /// of freedom (Student's t); the quantiles at [`QUANTILE_LEVELS`], in order.
    pub return_: Option<Tensor<2>>,
    /// Standardised log volatility: `[B, 1]`.
    pub volatility: Option<Tensor<2>>,
    /// What the heads read, the body's output: `[B, H]`.
    pub body: Tensor<2>,
}

impl Heads {
    pub(super) fn init(
        config: &HeadsConfig,
        labels: LabelShape,
        width: usize,
        weights: &mut InitialWeights,
    ) -> Self {
        let head = &config.direction;
        let direction = head.enabled.then(|| {
            if head.ordinal {
                Linear::without_bias(width, 1, weights)
            } else {
                Linear::init(width, labels.classes.count(), weights)
            }
        });
        let return_ = config
            .return_
            .enabled
            .then(|| Linear::init(width, config.return_.raw_outputs(), weights));
        Self {
            direction,
            return_,
            volatility: config.volatility.enabled.then(|| Linear::init(width, 1, weights)),
            direction_thresholds: (head.enabled && head.ordinal)
                .then(|| direction::initial_thresholds(labels.classes, weights)),
            return_head: config.return_.clone(),
        }
    }

    /// From `[B, H]`.
    pub(super) fn forward(&self, z_bh: Tensor<2>) -> HeadOutputs {
        let output = |head: &Option<Linear>| head.as_ref().map(|head| head.forward(z_bh.clone()));
        let direction = output(&self.direction).map(|output| match &self.direction_thresholds {
            Some(thresholds) => direction::ordered_log_probabilities(&output, &thresholds.val()),
            None => output,
        });
        let return_ =
            output(&self.return_).map(|raw| forward_return::output(raw, &self.return_head));
        HeadOutputs { direction, return_, volatility: output(&self.volatility), body: z_bh }
    }
}

/// Losses of direction, return and volatility, each the mean over rows by their weights in that
/// task, as `[1]`; `None` where a head is switched off.
pub(super) fn losses(
    outputs: &HeadOutputs,
    targets: &BatchTargets,
    objective: &Objective<'_>,
) -> [Option<Tensor<1>>; TASKS] {
    let heads = objective.heads;
    [
        outputs.direction.clone().map(|logits_bk| {
            direction::loss(logits_bk, targets, &heads.direction, &objective.class_weights)
        }),
        outputs.return_.as_ref().map(|out| forward_return::loss(out, targets, &heads.return_)),
        outputs.volatility.as_ref().map(|out| {
            volatility::loss(out, targets, &heads.volatility, objective.log_volatility_scale)
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named() {
        let heads = |text: &str| serde_json::from_str::<HeadsConfig>(text).unwrap();
        let fault = |text: &str| heads(text).validate().unwrap_err().to_string();
        for good in [
            r"{}",
            r#"{"direction": {"loss": "focal", "ordinal": true, "class_weights": "effective"}}"#,
            r#"{"return": {"loss": "student_t", "degrees_of_freedom": 4}}"#,
            r#"{"return": {"loss": "quantiles"}, "task_weights": {"kind": "grad_norm"}}"#,
            r#"{"return": {"loss": "gaussian", "enabled": false},
                "task_weights": {"kind": "grad_norm"}}"#,
        ] {
            assert!(heads(good).validate().is_ok(), "{good}");
        }
        let found =
            fault(r#"{"return": {"loss": "student_t"}, "task_weights": {"kind": "grad_norm"}}"#);
        assert!(found.contains("task_weights: grad_norm compares losses"), "{found}");
        let found = fault(r#"{"return": {"degrees_of_freedom": 2}}"#);
        assert!(found.contains("return_.degrees_of_freedom"), "{found}");
        assert!(fault(r#"{"direction": {"beta": 1.0}}"#).contains("direction.beta"));
    }
}
