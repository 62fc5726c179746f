//! YAML into the configuration of a run.
//!
//! A step's own settings sit beside the step; this module only composes them, so that no step can
//! read a foreign knob.

mod load;
mod locate;
mod overrides;
mod part;
mod rules;
mod suggest;

pub use load::{ConfigError, load, parse, resolved_yaml};
pub use overrides::Override;
pub use part::load_part;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backtest::BacktestConfig;
use crate::features::{CandleOrigin, FeatureConfig};
use crate::fi_2010::Fi2010Config;
use crate::folds::FoldConfig;
use crate::labels::LabelConfig;
use crate::market::{Interval, Market, Span, Time};
use crate::nets::{CrossSymbolConfig, HeadsConfig, NetConfig};
use crate::scores::ScoreConfig;
use crate::tracking::TrackingConfig;
use crate::training::{PretrainingConfig, TrainingConfig};
use crate::windows::ScalerConfig;

/// Everything that decides what a run does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Name of the run, 1 to 64 of `a-z A-Z 0-9 _ - .`; it is part of the run folder's name.
    #[garde(length(min = 1, max = 64), pattern(r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$"))]
    pub name: String,
    /// Seed of initial weights, batch order, dropout and bootstrap. Default 1.
    #[serde(default = "one")]
    #[garde(skip)]
    pub seed: u64,
    /// Which candles to train on.
    #[garde(dive)]
    pub data: DataConfig,
    /// Which features to compute from them.
    #[serde(default)]
    #[garde(dive)]
    pub features: FeatureConfig,
    /// What to forecast.
    #[serde(default)]
    #[garde(dive)]
    pub labels: LabelConfig,
    /// How time is split into training, validation and test rows.
    #[serde(default)]
    #[garde(dive)]
    pub folds: FoldConfig,
    /// Number of candles of the base interval that a net sees. Default 32.
    #[serde(default = "default_window")]
    #[garde(range(min = 1, max = 4096))]
    pub window: usize,
    /// How features are scaled; fitted on each fold's training rows only.
    #[serde(default)]
    #[garde(dive)]
    pub scaler: ScalerConfig,
    /// Which net.
    #[garde(dive)]
    pub net: NetConfig,
    /// Lets a symbol attend to the others of `data.symbols` that have data at its decision time, between
    /// the net's body and its heads (default `null`: every symbol by itself). A sample then costs as
    /// many windows as there are symbols.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub cross_symbol: Option<CrossSymbolConfig>,
    /// What the net's heads learn and how their losses are weighed.
    #[serde(default)]
    #[garde(dive)]
    pub heads: HeadsConfig,
    /// The training loop.
    #[serde(default)]
    #[garde(dive)]
    pub training: TrainingConfig,
    /// How `candlewick pretrain` masks windows; `candlewick train` does not read it. The other knobs of a
    /// pre-training are those of `training`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub pretraining: Option<PretrainingConfig>,
    /// How forecasts are traded in the plain backtest, and what that costs.
    #[serde(default)]
    #[garde(dive)]
    pub backtest: BacktestConfig,
    /// Intervals around the scores.
    #[serde(default)]
    #[garde(dive)]
    pub scores: ScoreConfig,
    /// Where run events are delivered to.
    #[serde(default)]
    #[garde(dive)]
    pub tracking: TrackingConfig,
}

/// Which candles to train on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// Venue of the instruments, such as `binance`, `simulated`. Default `binance`.
    #[serde(default = "default_venue")]
    #[garde(pattern(r"^[a-z0-9_]{1,32}$"))]
    pub venue: String,
    /// Market on that venue. Default `spot`.
    #[serde(default = "default_market")]
    #[garde(skip)]
    pub market: Market,
    /// Symbols; several are pooled into one training set, split by the same blocks of time.
    #[garde(length(min = 1, max = 1000), inner(pattern(r"^[A-Z0-9_]{1,32}$")))]
    pub symbols: Vec<String>,
    /// Base interval: one sample a candle of it.
    #[garde(skip)]
    pub interval: Interval,
    /// Coarser intervals whose features are joined as of the moment they are known.
    #[serde(default)]
    #[garde(length(max = 8))]
    pub context: Vec<Interval>,
    /// What candles come from: `stored` ones, or the stored `trades`, of which candles of any interval
    /// are made; with `trades` all features of books and trades that the store has data for are taken
    /// unless `features.include` names some. Default `stored`.
    #[serde(default)]
    #[garde(skip)]
    pub candles: CandleOrigin,
    /// Files of the FI-2010 data set in place of a store; it needs `labels.direction: { rule: given }`
    /// and heads of return and volatility that are off. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub fi_2010: Option<Fi2010Config>,
    /// First candle to use (UTC); everything the store has when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub from: Option<Time>,
    /// Candles from here on are left out (UTC); everything the store has when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub to: Option<Time>,
}

impl DataConfig {
    /// The span of open times asked for.
    #[must_use]
    pub fn span(&self) -> Span {
        Span {
            start: self.from.map_or(i64::MIN, |time| time.0),
            end: self.to.map_or(i64::MAX, |time| time.0),
        }
    }
}

/// The JSON schema of [`RunConfig`], for editors.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(RunConfig).to_value()
}

fn one() -> u64 {
    1
}

fn default_window() -> usize {
    32
}

fn default_venue() -> String {
    "binance".to_owned()
}

fn default_market() -> Market {
    Market::Spot
}
