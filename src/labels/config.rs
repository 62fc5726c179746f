//! What is forecast: the settings of labels.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::{DirectionRule, TrendScanning};
use super::weights::WeightConfig;

/// What is forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[garde(custom(|config: &Self, (): &()| trends_fit_the_horizon(config)))]
pub struct LabelConfig {
    /// How many candles ahead the outcome lies, or lies at most where a label ends early. Default
    /// 4.
    #[garde(range(min = 1, max = 10_000))]
    pub horizon: u32,
    /// What separates down, neutral and up. Default `volatility_scaled` with multiple 0.4.
    #[garde(dive)]
    pub direction: DirectionRule,
    /// The causal volatility per candle that `volatility_scaled` and barriers multiply. Default
    /// `ewma`.
    #[garde(dive)]
    pub volatility: VolatilityConfig,
    /// Span in candles of the `ewma` volatility. Default 96. Longer is steadier, shorter follows a
    /// change of mood faster.
    #[garde(range(min = 2, max = 100_000))]
    pub scale_span: u32,
    /// How much each training row counts. Default: all the same.
    #[garde(dive)]
    pub weights: WeightConfig,
}

impl Default for LabelConfig {
    fn default() -> Self {
        Self {
            horizon: 4,
            direction: DirectionRule::default(),
            volatility: VolatilityConfig::default(),
            scale_span: 96,
            weights: WeightConfig::default(),
        }
    }
}

/// A causal volatility per candle.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "estimator", rename_all = "snake_case", deny_unknown_fields)]
pub enum VolatilityConfig {
    /// Root of the exponentially weighted mean of squared log returns from close to close, over
    /// `labels.scale_span`. Known from the second candle on; a gap keeps the last value.
    // Braces, because serde takes any field beside the tag of a variant without them.
    Ewma {},
    /// Yang and Zhang 2000: open, high, low and close of the last candles. Less noisy for the same
    /// lookback, but each candle counts the same until it drops out; behind a gap it starts anew.
    YangZhang {
        /// Candles, such as 48.
        #[garde(range(min = 2, max = 100_000))]
        lookback: u32,
    },
}

impl Default for VolatilityConfig {
    fn default() -> Self {
        Self::Ewma {}
    }
}

fn trends_fit_the_horizon(config: &LabelConfig) -> garde::Result {
    match config.direction {
        DirectionRule::TrendScanning(TrendScanning { min_horizon, .. })
            if min_horizon > config.horizon =>
        {
            Err(garde::Error::new(format!(
                "direction.min_horizon {min_horizon} is longer than horizon {}; set a longer \
                 horizon, such as {}",
                config.horizon,
                min_horizon.saturating_mul(4)
            )))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_before_are_still_read() {
        let before = r#"{"horizon": 6, "direction": {"rule": "volatility_scaled", "multiple": 0.5},
            "scale_span": 96}"#;
        let config: LabelConfig = serde_json::from_str(before).unwrap();
        assert_eq!(config.volatility, VolatilityConfig::Ewma {});
        assert_eq!(config.weights, WeightConfig::default());
        assert!(config.validate().is_ok());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(LabelConfig { horizon: 0, ..LabelConfig::default() }.validate().is_err());
        let direction = DirectionRule::TrendScanning(TrendScanning::default());
        let config = LabelConfig { horizon: 2, direction, ..LabelConfig::default() };
        let text = config.validate().unwrap_err().to_string();
        assert!(text.contains("min_horizon 3 is longer than horizon 2"), "{text}");
        assert!(LabelConfig { horizon: 3, ..config }.validate().is_ok());
        let volatility = VolatilityConfig::YangZhang { lookback: 1 };
        assert!(LabelConfig { volatility, ..LabelConfig::default() }.validate().is_err());
        for wrong in [
            r#"{"volatility": {"estimator": "arch"}}"#,
            r#"{"volatility": {"estimator": "ewma", "lookback": 48}}"#,
            r#"{"volatility": {"estimator": "yang_zhang"}}"#,
            r#"{"weights": {"uniquenes": true}}"#,
        ] {
            assert!(serde_json::from_str::<LabelConfig>(wrong).is_err(), "{wrong}");
        }
    }
}
