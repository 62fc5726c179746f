//! The learning rate as a pure function of the step.

use super::TrainingConfig;

/// Learning rate of step `step` (counted from 0) out of `steps`: linear warm-up from 0, then half a
/// cosine from [`TrainingConfig::learning_rate`] down to its floor, which the last step has
/// (Loshchilov & Hutter, "SGDR", 2017, equation 5 without restarts).
#[must_use]
pub fn learning_rate(config: &TrainingConfig, step: u64, steps: u64) -> f64 {
    let peak = config.learning_rate;
    if step < config.warmup_steps {
        return peak * (step + 1) as f64 / config.warmup_steps as f64;
    }
    let floor = peak * config.min_learning_rate_fraction;
    let span = steps.saturating_sub(config.warmup_steps + 1).max(1);
    let progress = ((step - config.warmup_steps) as f64 / span as f64).min(1.0);
    floor + (peak - floor) * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
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

    proptest! {
        #[test]
        fn prop_it_stays_between_zero_and_the_peak(
            warmup in 0_u64..50, steps in 1_u64..500, step in 0_u64..500,
        ) {
            let rate = learning_rate(&config(warmup), step, steps);
            prop_assert!(rate > 0.0 && rate <= 0.01 * (1.0 + 1e-12), "{rate}");
        }
    }
}
