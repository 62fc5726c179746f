//! Down, neutral or up: the rule, and the thresholds fitted from a fold's training rows.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LabelError, Labels};
use crate::folds::Fold;

/// Class of a fall.
const DOWN: u8 = 0;
/// Class of a move inside the thresholds.
const NEUTRAL: u8 = 1;
/// Class of a rise.
const UP: u8 = 2;

/// What separates down, neutral and up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
#[garde(custom(|rule: &Self, (): &()| lower_below_upper(rule)))]
pub enum DirectionRule {
    /// Log returns beyond plus or minus a fixed threshold.
    Fixed {
        /// Log return, such as 0.002 (20 basis points); about twice the cost of a trade is a
        /// threshold that matters.
        #[garde(range(min = 0.0, max = 10.0))]
        threshold: f64,
    },
    /// Log returns beyond a multiple of the volatility to be expected over the horizon: the causal
    /// EWMA volatility per candle × sqrt(horizon). Calm and wild times then have like class shares.
    VolatilityScaled {
        /// Multiple of the expected volatility; 0.4 makes roughly equal classes.
        #[garde(range(min = 0.0, max = 100.0))]
        multiple: f64,
    },
    /// Log returns beyond two quantiles of the training rows' forward returns.
    Quantile {
        /// Below this quantile is down, such as 0.33.
        #[garde(range(min = 0.0, max = 1.0))]
        lower: f64,
        /// Above this quantile is up, such as 0.67.
        #[garde(range(min = 0.0, max = 1.0))]
        upper: f64,
    },
}

impl Default for DirectionRule {
    fn default() -> Self {
        Self::VolatilityScaled { multiple: 0.4 }
    }
}

/// Thresholds between the classes, as fitted from a fold's training rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectionThresholds {
    /// Below it is down.
    pub lower: f64,
    /// Above it is up.
    pub upper: f64,
    /// Whether the two are multiples of `scale × sqrt(horizon)` instead of log returns.
    pub volatility_scaled: bool,
    /// Horizon of the labels, in candles.
    pub horizon: u32,
}

impl DirectionThresholds {
    /// The thresholds of `rule`, quantiles taken over the fold's training rows (linear between the
    /// two nearest ranks, NumPy's default).
    ///
    /// # Errors
    /// When a quantile is asked of no known training row, or a training row has no label.
    pub fn fit(rule: &DirectionRule, labels: &Labels, fold: &Fold) -> Result<Self, LabelError> {
        let horizon = labels.horizon;
        let symmetric = |bound: f64, volatility_scaled| Self {
            lower: -bound,
            upper: bound,
            volatility_scaled,
            horizon,
        };
        match *rule {
            DirectionRule::Fixed { threshold } => Ok(symmetric(threshold, false)),
            DirectionRule::VolatilityScaled { multiple } => Ok(symmetric(multiple, true)),
            DirectionRule::Quantile { lower, upper } => {
                let mut returns = training_returns(labels, fold)?;
                returns.sort_unstable_by(f64::total_cmp);
                let (lower, upper) = (quantile(&returns, lower), quantile(&returns, upper));
                match lower.zip(upper) {
                    Some((lower, upper)) => {
                        Ok(Self { lower, upper, volatility_scaled: false, horizon })
                    }
                    None => Err(LabelError::NoTrainingRow { fold: fold.name.clone() }),
                }
            }
        }
    }

    /// 0 down, 1 neutral, 2 up. `scale` is the causal volatility per candle at the decision time. A
    /// return on a threshold is neutral, and so is one that is not known.
    #[must_use]
    pub fn class(&self, forward_return: f32, scale: f32) -> u8 {
        let unit = if self.volatility_scaled {
            f64::from(scale) * f64::from(self.horizon).sqrt()
        } else {
            1.0
        };
        let forward_return = f64::from(forward_return);
        if forward_return < self.lower * unit {
            DOWN
        } else if forward_return > self.upper * unit {
            UP
        } else {
            NEUTRAL
        }
    }
}

fn training_returns(labels: &Labels, fold: &Fold) -> Result<Vec<f64>, LabelError> {
    let mut returns = Vec::with_capacity(fold.train.len());
    for &row in &fold.train {
        let index = row as usize;
        match labels.forward_return.get(index) {
            Some(&value) if labels.known[index] => returns.push(f64::from(value)),
            _ => return Err(LabelError::Unlabelled { fold: fold.name.clone(), row }),
        }
    }
    Ok(returns)
}

/// Quantile of sorted values, linear between the two nearest ranks; `None` of no value.
fn quantile(sorted: &[f64], level: f64) -> Option<f64> {
    let rank = level.clamp(0.0, 1.0) * (sorted.len().checked_sub(1)?) as f64;
    let below = rank.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (rank - below as f64))
}

fn lower_below_upper(rule: &DirectionRule) -> garde::Result {
    match rule {
        DirectionRule::Quantile { lower, upper } if lower >= upper => Err(garde::Error::new(
            format!("lower {lower} is not below upper {upper}; such as lower 0.33 and upper 0.67"),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Span;

    fn labels(forward_return: Vec<f32>) -> Labels {
        let rows = forward_return.len();
        Labels {
            horizon: 4,
            span: vec![Span { start: 0, end: 1 }; rows],
            volatility: vec![0.0; rows],
            scale: vec![0.01; rows],
            known: forward_return.iter().map(|r| r.is_finite()).collect(),
            forward_return,
        }
    }

    fn fold(train: Vec<u32>, test: Vec<u32>) -> Fold {
        let span = Span { start: 0, end: 0 };
        Fold {
            name: "fold_0".into(),
            train,
            valid: Vec::new(),
            test,
            train_span: span,
            valid_span: span,
            test_span: span,
        }
    }

    #[test]
    fn quantiles_come_from_training_rows_only() {
        // np.quantile([-0.02, -0.01, 0.0, 0.01, 0.04], [0.3, 0.7]) -> -0.008, 0.008
        let rule = DirectionRule::Quantile { lower: 0.3, upper: 0.7 };
        let known = labels(vec![0.01, -0.01, 0.0, -0.02, 0.04, 9.0, -9.0]);
        let fitted =
            DirectionThresholds::fit(&rule, &known, &fold((0..5).collect(), vec![5, 6])).unwrap();
        assert!((fitted.lower + 0.008).abs() < 1e-9, "{fitted:?}");
        assert!((fitted.upper - 0.008).abs() < 1e-9, "{fitted:?}");
        assert_eq!(fitted.class(-0.0081, 0.0), DOWN);
        assert_eq!(fitted.class(0.0, 0.0), NEUTRAL);
        assert_eq!(fitted.class(0.0081, 0.0), UP);
    }

    #[test]
    fn scaled_thresholds_grow_with_volatility_and_horizon() {
        let rule = DirectionRule::VolatilityScaled { multiple: 0.5 };
        let fitted =
            DirectionThresholds::fit(&rule, &labels(vec![0.0]), &fold(vec![0], vec![])).unwrap();
        // 0.5 * 0.01 * sqrt(4) = 0.01
        assert_eq!(fitted.class(0.0101, 0.01), UP);
        assert_eq!(fitted.class(0.0099, 0.01), NEUTRAL);
        assert_eq!(fitted.class(-0.0101, 0.01), DOWN);
    }

    #[test]
    fn a_constant_price_is_neutral_under_every_rule() {
        let rules = [
            DirectionRule::Fixed { threshold: 0.0 },
            DirectionRule::VolatilityScaled { multiple: 1.0 },
            DirectionRule::Quantile { lower: 0.3, upper: 0.7 },
        ];
        for rule in rules {
            let fitted = DirectionThresholds::fit(
                &rule,
                &labels(vec![0.0; 3]),
                &fold(vec![0, 1, 2], vec![]),
            )
            .unwrap();
            assert_eq!(fitted.class(0.0, 0.0), NEUTRAL, "{rule:?}");
        }
    }

    #[test]
    fn quantiles_of_nothing_are_an_error() {
        let rule = DirectionRule::Quantile { lower: 0.3, upper: 0.7 };
        let known = labels(vec![0.0, f32::NAN]);
        let fit = |train| DirectionThresholds::fit(&rule, &known, &fold(train, vec![]));
        assert_eq!(fit(vec![]), Err(LabelError::NoTrainingRow { fold: "fold_0".into() }));
        let unlabelled = LabelError::Unlabelled { fold: "fold_0".into(), row: 1 };
        assert_eq!(fit(vec![0, 1]), Err(unlabelled));
        let beyond = LabelError::Unlabelled { fold: "fold_0".into(), row: 7 };
        assert_eq!(fit(vec![7]), Err(beyond));
    }

    #[test]
    fn the_rule_is_checked() {
        let rule: DirectionRule =
            serde_json::from_str(r#"{"rule": "quantile", "lower": 0.7, "upper": 0.3}"#).unwrap();
        assert!(rule.validate().unwrap_err().to_string().contains("is not below upper"));
        assert!(DirectionRule::Fixed { threshold: -1.0 }.validate().is_err());
        assert!(DirectionRule::default().validate().is_ok());
        let wrong = serde_json::from_str::<DirectionRule>(r#"{"rule": "fixed", "treshold": 1}"#);
        assert!(wrong.is_err());
        let schema = serde_json::to_string(&schemars::schema_for!(DirectionRule)).unwrap();
        assert!(schema.contains("volatility_scaled") && schema.contains("Above this quantile"));
    }
}
