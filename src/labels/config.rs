//! What is forecast: the settings of labels.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::direction::ClassRule;
use super::rule::{DirectionRule, TrendScanning};
use super::weights::WeightConfig;
use crate::forecast::{Classes, LabelShape};

/// What is forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[garde(custom(|config: &Self, (): &()| trends_fit_the_horizon(config)))]
#[garde(custom(|config: &Self, (): &()| rule_has_the_classes(config)))]
pub struct LabelConfig {
    /// How many candles ahead the outcome lies, or lies at most where a label ends early. Default
    /// 4.
    #[garde(range(min = 1, max = 10_000))]
    pub horizon: u32,
    /// What separates down, neutral and up. Default `volatility_scaled` with multiple 0.4.
    #[garde(dive)]
    pub direction: DirectionRule,
    /// Number of direction classes: 2 (down, up), 3 (default: down, neutral, up) or 5 (`strong_down`,
    /// down, neutral, up, `strong_up`). With 2 the rule's thresholds fall together in its centre: 0, or
    /// for a quantile rule the training rows' quantile halfway between its two. A score above it is
    /// up, any other down: a price that stands still did not rise. Of meta-labels, `up` then says
    /// that acting paid and `down` everything else.
    #[garde(skip)]
    pub classes: Classes,
    /// With 5 classes: how many times as far out as the thresholds of down and up those of the strong
    /// classes lie. Default 2. For a quantile rule: the strong classes have one in so many of the
    /// rows beyond the inner quantile.
    #[garde(range(min = 1.01, max = 100.0))]
    pub strong: f64,
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
            classes: Classes::Three,
            strong: 2.0,
            volatility: VolatilityConfig::default(),
            scale_span: 96,
            weights: WeightConfig::default(),
        }
    }
}

impl LabelConfig {
    /// What of the labels shapes a net's heads.
    #[must_use]
    pub fn shape(&self) -> LabelShape {
        LabelShape { classes: self.classes, horizons: 1 }
    }

    /// What makes classes of scores.
    #[must_use]
    pub fn class_rule(&self) -> ClassRule<'_> {
        ClassRule { rule: &self.direction, classes: self.classes, strong: self.strong }
    }
}

impl<'a> From<&'a LabelConfig> for ClassRule<'a> {
    fn from(config: &'a LabelConfig) -> Self {
        config.class_rule()
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

/// Rules whose outcomes are few know no other classes than theirs.
fn rule_has_the_classes(config: &LabelConfig) -> garde::Result {
    let (kind, neutral) = match &config.direction {
        DirectionRule::TripleBarrier(barriers) => ("triple_barrier", barriers.has_neutral()),
        DirectionRule::Meta(_) => ("meta", false),
        DirectionRule::Given {} if config.classes != Classes::Three => {
            return Err(garde::Error::new("labels that the data brings along are of 3 classes"));
        }
        _ => return Ok(()),
    };
    match config.classes {
        Classes::Five => Err(garde::Error::new(format!(
            "classes 5: a barrier is touched or not, so the rule {kind} knows no strong classes; set \
             classes to 2 or 3, or take another rule, such as volatility_scaled"
        ))),
        Classes::Two if neutral => Err(garde::Error::new(
            "classes 2: with direction.vertical or direction.both `neutral` the rule triple_barrier has \
             rows that are neither down nor up; set vertical: sign and both: worse, or classes: 3",
        )),
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
    fn rules_know_their_classes() {
        let read = |text: &str| serde_json::from_str::<LabelConfig>(text).unwrap();
        let fault = |text: &str| read(text).validate().unwrap_err().to_string();
        for good in [
            r#"{"classes": 2}"#,
            r#"{"classes": 5, "strong": 3}"#,
            r#"{"classes": 2, "direction": {"rule": "triple_barrier", "vertical": "sign"}}"#,
            r#"{"classes": 2, "direction": {"rule": "meta",
                "primary": {"kind": "momentum", "lookback": 24}}}"#,
        ] {
            assert!(read(good).validate().is_ok(), "{good}");
        }
        let found = fault(r#"{"classes": 2, "direction": {"rule": "triple_barrier"}}"#);
        assert!(found.contains("set vertical: sign"), "{found}");
        let found = fault(r#"{"classes": 5, "direction": {"rule": "triple_barrier"}}"#);
        assert!(found.contains("triple_barrier knows no strong classes"), "{found}");
        assert!(fault(r#"{"classes": 5, "strong": 1}"#).contains("strong"));
        assert!(serde_json::from_str::<LabelConfig>(r#"{"classes": 4}"#).is_err());
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
