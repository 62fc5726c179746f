//! How the rows are cut into folds.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::market::{Period, Time};

/// How the rows are cut into folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "scheme", rename_all = "snake_case")]
pub enum FoldConfig {
    /// Train on the past, test on the period after it, move on: the way a model would have been
    /// used. The default.
    WalkForward(#[garde(dive)] WalkForwardConfig),
    /// Test each block once, train on everything around it: more data for each model, but models
    /// that have seen what came after their test period.
    #[serde(rename = "purged_k_fold")]
    PurgedKFold(#[garde(dive)] PurgedKFoldConfig),
}

/// Walk-forward folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct WalkForwardConfig {
    /// Start of the first test period, such as 2023-01-01. Default: the first row's day, plus
    /// `min_train`, plus `valid`. Set it to compare runs whose data start at different times.
    #[garde(skip)]
    pub first_test: Option<Time>,
    /// Least time to train on before the first validation period, counted from the first row's
    /// day; not used when `first_test` is set. Default 180d.
    #[garde(skip)]
    pub min_train: Period,
    /// Length of each test period and the step from fold to fold. Default 30d. Longer means fewer
    /// models to train and older ones at each period's end.
    #[garde(skip)]
    pub test: Period,
    /// Length of the validation period right before each test period. Default 30d.
    #[garde(skip)]
    pub valid: Period,
    /// How far back training reaches. Default expanding.
    #[garde(skip)]
    pub train: TrainSpan,
    /// Keep only the earliest so many folds. Default: all that the data allows.
    #[garde(inner(range(min = 1)))]
    pub max_folds: Option<u32>,
    /// Candles left out between a part's last label and the next part, beyond the label's own span;
    /// at least the label's horizon, which is the default.
    #[garde(inner(range(max = 1_000_000)))]
    pub embargo: Option<u32>,
}

/// How far back training reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum TrainSpan {
    /// To the first row.
    Expanding,
    /// A fixed length before the validation period: for markets whose old years mislead.
    Sliding {
        /// Length, such as 365d.
        length: Period,
    },
}

/// Purged k-fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct PurgedKFoldConfig {
    /// Length of each test block, counted from the first row's day. Default 60d.
    #[garde(skip)]
    pub block: Period,
    /// Length of the validation period right before each test block; a block without validation
    /// rows before it, such as the first, is not tested. Default 30d.
    #[garde(skip)]
    pub valid: Period,
    /// Keep only the earliest so many folds. Default: all that the data allows.
    #[garde(inner(range(min = 1)))]
    pub max_folds: Option<u32>,
    /// Candles left out between a part's last label and the next part, beyond the label's own span;
    /// at least the label's horizon, which is the default.
    #[garde(inner(range(max = 1_000_000)))]
    pub embargo: Option<u32>,
}

impl FoldConfig {
    /// Candles of embargo, if the config says so.
    #[must_use]
    pub fn embargo(&self) -> Option<u32> {
        match self {
            Self::WalkForward(config) => config.embargo,
            Self::PurgedKFold(config) => config.embargo,
        }
    }

    /// Length of the validation period.
    #[must_use]
    pub fn valid(&self) -> Period {
        match self {
            Self::WalkForward(config) => config.valid,
            Self::PurgedKFold(config) => config.valid,
        }
    }

    /// How far back training reaches; k-fold trains on all there is.
    #[must_use]
    pub fn train(&self) -> TrainSpan {
        match self {
            Self::WalkForward(config) => config.train,
            Self::PurgedKFold(_) => TrainSpan::Expanding,
        }
    }
}

impl Default for FoldConfig {
    fn default() -> Self {
        Self::WalkForward(WalkForwardConfig::default())
    }
}

impl Default for WalkForwardConfig {
    fn default() -> Self {
        Self {
            first_test: None,
            min_train: Period::days(180),
            test: Period::days(30),
            valid: Period::days(30),
            train: TrainSpan::Expanding,
            max_folds: None,
            embargo: None,
        }
    }
}

impl Default for PurgedKFoldConfig {
    fn default() -> Self {
        Self { block: Period::days(60), valid: Period::days(30), max_folds: None, embargo: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemes_are_written_the_same_way() {
        let walk: FoldConfig = serde_json::from_str(
            r#"{"scheme": "walk_forward", "first_test": "2023-01-01", "test": "60d",
                "train": {"kind": "sliding", "length": "365d"}, "embargo": 4}"#,
        )
        .unwrap();
        let FoldConfig::WalkForward(config) = &walk else { panic!("{walk:?}") };
        assert_eq!(config.train, TrainSpan::Sliding { length: Period::days(365) });
        assert_eq!(config.valid, Period::days(30));
        assert!(walk.validate().is_ok());

        let blocks: FoldConfig =
            serde_json::from_str(r#"{"scheme": "purged_k_fold", "block": "90d"}"#).unwrap();
        assert_eq!(blocks.valid(), Period::days(30));
    }

    #[test]
    fn unknown_fields_and_wrong_ranges_are_refused() {
        let unknown =
            serde_json::from_str::<FoldConfig>(r#"{"scheme": "walk_forward", "tests": "60d"}"#);
        assert!(unknown.unwrap_err().to_string().contains("unknown field `tests`"));
        let none: FoldConfig =
            serde_json::from_str(r#"{"scheme": "walk_forward", "max_folds": 0}"#).unwrap();
        assert!(none.validate().is_err());
        let schema = serde_json::to_string(&schemars::schema_for!(FoldConfig)).unwrap();
        assert!(schema.contains("purged_k_fold") && schema.contains("Length of each test block"));
    }
}
