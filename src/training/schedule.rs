//! The learning rate as a pure function of the step.

use std::f64::consts::PI;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TrainingConfig;

/// How the learning rate moves over the steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind")]
pub enum ScheduleConfig {
    /// Warm-up, then half a cosine down to the floor at the last step: the default.
    #[serde(rename = "cosine")]
    Cosine(#[garde(dive)] CosineConfig),
    /// Up and down in one cycle over all steps (Smith & Topin 2018), by cosines as PyTorch's
    /// `OneCycleLR`. Its rise is its warm-up: `warmup_steps` and `min_learning_rate_fraction` are
    /// not read.
    #[serde(rename = "one_cycle")]
    OneCycle(#[garde(dive)] OneCycleConfig),
    /// Warm-up, then one half cosine after another, each from the highest learning rate towards the
    /// floor (Loshchilov & Hutter 2017, "SGDR").
    #[serde(rename = "cosine_restarts")]
    CosineRestarts(#[garde(dive)] CosineRestartsConfig),
    /// Warm-up, then the highest learning rate to the end; `min_learning_rate_fraction` is not read.
    #[serde(rename = "constant")]
    Constant(#[garde(dive)] ConstantConfig),
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self::Cosine(CosineConfig::default())
    }
}

impl ScheduleConfig {
    /// Whether it begins with `warmup_steps`.
    #[must_use]
    pub fn warms_up(&self) -> bool {
        !matches!(self, Self::OneCycle(_))
    }
}

/// A cosine has no knobs of its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct CosineConfig {}

/// A constant learning rate has no knobs of its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct ConstantConfig {}

/// Knobs of one cycle, by their names in PyTorch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct OneCycleConfig {
    /// Share of the steps in which the learning rate rises (default 0.3).
    #[garde(range(min = 0.0, max = 0.99))]
    pub pct_start: f64,
    /// The first step's learning rate is the highest divided by this (default 25).
    #[garde(range(min = 1.0, max = 1e9))]
    pub div_factor: f64,
    /// The last step's learning rate is the first's divided by this (default 10000).
    #[garde(range(min = 1.0, max = 1e9))]
    pub final_div_factor: f64,
}

impl Default for OneCycleConfig {
    fn default() -> Self {
        Self { pct_start: 0.3, div_factor: 25.0, final_div_factor: 1e4 }
    }
}

/// Knobs of restarts, by their names in PyTorch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct CosineRestartsConfig {
    /// Epochs of the first cycle (default 5).
    #[garde(range(min = 1, max = 100_000))]
    pub t_0: u32,
    /// Each cycle is this many times as long as the one before (default 2).
    #[garde(range(min = 1, max = 100))]
    pub t_mult: u32,
}

impl Default for CosineRestartsConfig {
    fn default() -> Self {
        Self { t_0: 5, t_mult: 2 }
    }
}

/// Learning rate of step `step` (counted from 0) out of `steps`, which are whole epochs.
///
/// But for one cycle, it rises linearly from 0 in [`TrainingConfig::warmup_steps`]. The cosine that
/// follows falls from [`TrainingConfig::learning_rate`] to its floor, which the last step has
/// (Loshchilov & Hutter, "SGDR", 2017, equation 5); with restarts, a cycle's last step has a little
/// more, since the floor would be the place of the next cycle's first.
#[must_use]
pub fn learning_rate(config: &TrainingConfig, step: u64, steps: u64) -> f64 {
    let peak = config.learning_rate;
    if let ScheduleConfig::OneCycle(cycle) = &config.schedule {
        return one_cycle(cycle, peak, step, steps);
    }
    if step < config.warmup_steps {
        return peak * (step + 1) as f64 / config.warmup_steps as f64;
    }
    let floor = peak * config.min_learning_rate_fraction;
    let since = step - config.warmup_steps;
    match &config.schedule {
        ScheduleConfig::CosineRestarts(restarts) => {
            let (at, length) = place_in_cycle(restarts, since, steps / u64::from(config.epochs));
            half_cosine(peak, floor, at as f64 / length as f64)
        }
        ScheduleConfig::Constant(_) => peak,
        ScheduleConfig::Cosine(_) | ScheduleConfig::OneCycle(_) => {
            let span = steps.saturating_sub(config.warmup_steps + 1).max(1);
            half_cosine(peak, floor, (since as f64 / span as f64).min(1.0))
        }
    }
}

/// From `start` at progress 0 to `end` at progress 1.
fn half_cosine(start: f64, end: f64, progress: f64) -> f64 {
    end + (start - end) * 0.5 * (1.0 + (PI * progress).cos())
}

fn one_cycle(config: &OneCycleConfig, peak: f64, step: u64, steps: u64) -> f64 {
    let first = peak / config.div_factor;
    let last = first / config.final_div_factor;
    let top = config.pct_start * steps as f64 - 1.0;
    let (step, end) = (step as f64, steps as f64 - 1.0);
    if step <= top && top > 0.0 {
        return half_cosine(first, peak, step / top);
    }
    // The top may lie half a step before the first.
    let fall = (end - top).max(1e-9);
    half_cosine(peak, last, ((step - top) / fall).clamp(0.0, 1.0))
}

/// Step inside its cycle, and the cycle's length in steps.
fn place_in_cycle(
    config: &CosineRestartsConfig,
    mut step: u64,
    steps_per_epoch: u64,
) -> (u64, u64) {
    let mut length = u64::from(config.t_0).saturating_mul(steps_per_epoch).max(1);
    if config.t_mult == 1 {
        return (step % length, length);
    }
    while step >= length {
        step -= length;
        length = length.saturating_mul(u64::from(config.t_mult));
    }
    (step, length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn config(warmup_steps: u64) -> TrainingConfig {
        TrainingConfig {
            learning_rate: 0.01,
            min_learning_rate_fraction: 0.1,
            warmup_steps,
            ..TrainingConfig::default()
        }
    }

    #[test]
    fn it_rises_then_falls_to_the_floor() {
        let config = config(10);
        assert!((learning_rate(&config, 0, 110) - 0.001).abs() < 1e-15);
        assert!((learning_rate(&config, 9, 110) - 0.01).abs() < 1e-15);
        assert!((learning_rate(&config, 10, 110) - 0.01).abs() < 1e-15);
        // Half way down the cosine stands the mean of peak and floor.
        let middle =
            f64::midpoint(learning_rate(&config, 59, 110), learning_rate(&config, 60, 110));
        assert!((middle - 0.0055).abs() < 1e-6, "{middle}");
        assert!((learning_rate(&config, 109, 110) - 0.001).abs() < 1e-15);
    }

    #[test]
    fn a_constant_stays_after_the_warm_up() {
        let schedule = ScheduleConfig::Constant(ConstantConfig {});
        let config = TrainingConfig { schedule, ..config(4) };
        let rates: Vec<f64> = (0..20).map(|step| learning_rate(&config, step, 20)).collect();
        assert!((rates[1] - 0.005).abs() < 1e-15);
        assert!(rates[3..].iter().all(|&rate| (rate - 0.01).abs() < 1e-15));
    }

    #[test]
    fn restarts_begin_after_whole_epochs() {
        let restarts = CosineRestartsConfig { t_0: 1, t_mult: 2 };
        let schedule = ScheduleConfig::CosineRestarts(restarts);
        let config = TrainingConfig { schedule, epochs: 7, ..config(0) };
        // 70 steps in 7 epochs: cycles of 10, 20 and 40 steps.
        let rate = |step| learning_rate(&config, step, 70);
        for start in [0, 10, 30] {
            assert!((rate(start) - 0.01).abs() < 1e-15, "{start}");
        }
        for end in [9, 29, 69] {
            assert!(rate(end) < 0.0013, "{end}: {}", rate(end));
        }
    }

    fn schedules() -> impl Strategy<Value = ScheduleConfig> {
        prop_oneof![
            Just(ScheduleConfig::default()),
            Just(ScheduleConfig::Constant(ConstantConfig {})),
            (0.0..0.99_f64).prop_map(|pct_start| ScheduleConfig::OneCycle(OneCycleConfig {
                pct_start,
                ..OneCycleConfig::default()
            })),
            (1_u32..9, 1_u32..4).prop_map(|(t_0, t_mult)| ScheduleConfig::CosineRestarts(
                CosineRestartsConfig { t_0, t_mult }
            )),
        ]
    }

    proptest! {
        #[test]
        fn prop_it_stays_between_zero_and_the_peak(
            schedule in schedules(), warmup in 0_u64..50, steps in 1_u64..500, step in 0_u64..500,
        ) {
            let config = TrainingConfig { schedule, ..config(warmup) };
            let rate = learning_rate(&config, step, steps);
            prop_assert!(rate > 0.0 && rate <= 0.01 * (1.0 + 1e-12), "{rate}");
        }
    }
}
