//! What separates the direction classes: the closed list of rules.
//!
//! Every rule gives each row a *score*, the number that its thresholds are compared with, and a
//! *unit*, what the thresholds are multiples of at that row. [`super::DirectionThresholds`] makes
//! classes of them.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::primary::PrimaryRule;

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
    /// volatility per candle (`labels.volatility`) × sqrt(horizon). Calm and wild times then have
    /// like class shares.
    VolatilityScaled {
        /// Multiple of the expected volatility; 0.4 makes roughly equal classes.
        #[garde(range(min = 0.0, max = 100.0))]
        multiple: f64,
    },
    /// Log returns beyond two quantiles of the training rows' forward returns, each instrument's
    /// own.
    Quantile {
        /// Below this quantile is down, such as 0.33.
        #[garde(range(min = 0.0, max = 1.0))]
        lower: f64,
        /// Above this quantile is up, such as 0.67.
        #[garde(range(min = 0.0, max = 1.0))]
        upper: f64,
    },
    /// Log returns beyond a multiple of what buying and selling again costs: two fees and one
    /// spread. Everything a trade could not earn is neutral. Where a move of the horizon is small
    /// against the cost, most rows are neutral, and that is the truth about that horizon.
    CostAware(#[garde(dive)] CostAware),
    /// The labels of the order-book papers, for comparison with them: the mean of the next closes
    /// (`labels.horizon` of them; the papers use 10, 20, 30, 50 and 100 mid-prices) against the
    /// price now or the mean of the last ones. Two flaws are known. Smoothing makes neighbouring
    /// labels share nearly all of their future and, against the past mean, a part of what is
    /// already known: repeating the last label scores well, so look at the persistence baseline.
    /// And thresholds in the papers were often chosen on the test split; here they are fixed or
    /// come from training rows. Nobody can trade at a mean price.
    SmoothedMid(#[garde(dive)] SmoothedMid),
    /// Which of three barriers the price touches first: one above, one below, and the horizon. The
    /// label ends at the touch. Down and up are what a position with a stop and a target would
    /// have met.
    TripleBarrier(#[garde(dive)] Barriers),
    /// The sign of the trend that fits best: of all horizons from `min_horizon` to
    /// `labels.horizon`, the one whose straight line through the log closes has the largest |t|.
    TrendScanning(#[garde(dive)] TrendScanning),
    /// Whether acting on a primary rule's side pays, by the triple barrier: `up` means that it paid,
    /// `down` that it lost, `neutral` that the primary rule had no side or that time ran out. The
    /// classes are no directions of the market, so no backtest is made of them.
    Meta(#[garde(dive)] MetaLabel),
    /// The classes that the data brings along, as `data.fi_2010` does; nothing is computed, and there
    /// are no returns to trade.
    // Braces, because serde takes any field beside the tag of a variant without them.
    Given {},
}

impl Default for DirectionRule {
    fn default() -> Self {
        Self::VolatilityScaled { multiple: 0.4 }
    }
}

impl DirectionRule {
    /// What the thresholds between the classes are in, as a table's header says it.
    #[must_use]
    pub fn threshold_unit(&self) -> &'static str {
        match self {
            Self::Fixed { .. } | Self::Quantile { .. } => "log return",
            Self::VolatilityScaled { .. } => "volatility × √horizon",
            Self::CostAware(_) => "round-trip cost",
            Self::SmoothedMid(_) => "log change of the smoothed price",
            Self::TripleBarrier(_) => "barrier touched: 1 upper, -1 lower",
            Self::TrendScanning(_) => "t value of the trend",
            Self::Meta(_) => "outcome of acting: 1 gain, -1 loss",
            Self::Given {} => "class of the data: 1 up, -1 down",
        }
    }

    /// Whether `up` says that the market rises; false for meta-labels, whose `up` says that a
    /// primary rule, long or short, is right.
    #[must_use]
    pub fn is_of_the_market(&self) -> bool {
        !matches!(self, Self::Meta(_))
    }
}

/// A move that pays for its trade.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct CostAware {
    /// Fee of one trade in basis points; a round trip pays it twice. Default 10.
    #[garde(range(min = 0.0, max = 1_000.0))]
    pub fee_bps: f64,
    /// Difference between ask and bid; a round trip pays it once. Default 1 basis point, given.
    #[garde(dive)]
    pub spread: SpreadConfig,
    /// How many times the cost a move must be. Default 1: it breaks even. Larger leaves something
    /// over and makes fewer moves.
    #[garde(range(min = 0.01, max = 100.0))]
    pub multiple: f64,
}

impl Default for CostAware {
    fn default() -> Self {
        Self { fee_bps: 10.0, spread: SpreadConfig::Given { bps: 1.0 }, multiple: 1.0 }
    }
}

/// Where the spread comes from. An estimate is causal: made of candles up to the decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "from", rename_all = "snake_case", deny_unknown_fields)]
pub enum SpreadConfig {
    /// Known beforehand.
    Given {
        /// Ask minus bid over their mean, in basis points.
        #[garde(range(min = 0.0, max = 1_000.0))]
        bps: f64,
    },
    /// From highs and lows of pairs of candles (Corwin and Schultz 2012). Made for daily candles of
    /// stocks; on short candles of a liquid market it is mostly a measure of noise, far above the
    /// quoted spread.
    CorwinSchultz {
        /// Pairs of neighbouring candles in the mean, such as 96.
        #[garde(range(min = 1, max = 100_000))]
        lookback: u32,
    },
    /// From closes against the middles of the ranges around them (Abdi and Ranaldo 2017). The same
    /// warning; it is 0 where it finds no bounce.
    AbdiRanaldo {
        /// Pairs of neighbouring candles in the mean, such as 96.
        #[garde(range(min = 1, max = 100_000))]
        lookback: u32,
    },
}

/// Labels of smoothed prices.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SmoothedMid {
    /// What the mean of the next closes is compared with. Default `now`.
    #[serde(default)]
    #[garde(skip)]
    pub against: Against,
    /// From which relative change on it is a move.
    #[garde(dive)]
    pub threshold: SmoothedThreshold,
}

/// What the mean of the next closes is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The close now (Ntakaris et al. 2018, the FI-2010 labels).
    #[default]
    Now,
    /// The mean of the last closes, as many as are ahead, the close now being one (Tsantekidis et
    /// al. 2017; Zhang, Zohren and Roberts 2019, DeepLOB).
    Past,
}

/// Threshold of a smoothed move.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SmoothedThreshold {
    /// Relative change beyond plus or minus this.
    Fixed {
        /// Relative change, such as 0.00002.
        #[garde(range(min = 0.0, max = 10.0))]
        value: f64,
    },
    /// Beyond two quantiles of the training rows' changes, each instrument's own.
    Quantile {
        /// Below this quantile is down, such as 0.33.
        #[garde(range(min = 0.0, max = 1.0))]
        lower: f64,
        /// Above this quantile is up, such as 0.67.
        #[garde(range(min = 0.0, max = 1.0))]
        upper: f64,
    },
}

/// Barriers around the price at the decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct Barriers {
    /// Log distance of the upper barrier in multiples of the volatility to be expected over the
    /// horizon (`labels.volatility` × sqrt(horizon)). Default 1. Nearer barriers make fewer
    /// neutral rows and shorter labels. For meta-labels: the target.
    #[garde(range(min = 0.001, max = 100.0))]
    pub upper: f64,
    /// The same below. Default 1. For meta-labels: the stop.
    #[garde(range(min = 0.001, max = 100.0))]
    pub lower: f64,
    /// Which price touches. Default `high_low`.
    #[garde(skip)]
    pub touch: Touching,
    /// When one candle touches both barriers and does not open beyond one of them. Default `worse`.
    #[garde(skip)]
    pub both: BothTouched,
    /// When neither is touched until the horizon. Default `neutral`.
    #[garde(skip)]
    pub vertical: VerticalBarrier,
}

impl Default for Barriers {
    fn default() -> Self {
        Self {
            upper: 1.0,
            lower: 1.0,
            touch: Touching::HighLow,
            both: BothTouched::Worse,
            vertical: VerticalBarrier::Neutral,
        }
    }
}

impl Barriers {
    /// Whether a row can be neither down nor up, a return of exactly 0 aside.
    pub(super) fn has_neutral(&self) -> bool {
        self.both == BothTouched::Neutral || self.vertical == VerticalBarrier::Neutral
    }
}

/// Which price touches a barrier. Exactly on it is no touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Touching {
    /// The candle's high or low, as a waiting order would be filled: the label's return is that of
    /// the barrier, or of the open where the candle opens beyond it.
    HighLow,
    /// The candle's close, as in the book: the label's return is that of the close.
    Close,
}

/// What a candle that touches both barriers counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BothTouched {
    /// The lower barrier came first; with a primary side, the stop.
    Worse,
    /// Nobody knows: neutral.
    Neutral,
}

/// What the horizon counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerticalBarrier {
    /// Neutral.
    Neutral,
    /// The sign of the return until then; with a primary side, whether it had gained.
    Sign,
}

/// The trend that fits best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct TrendScanning {
    /// Shortest horizon that is tried, in candles; at most `labels.horizon`. Default 3. Short ones
    /// find large t-values by luck.
    #[garde(range(min = 2, max = 10_000))]
    pub min_horizon: u32,
    /// |t| up to which the row is neutral. Default 2.
    #[garde(range(min = 0.0, max = 1_000_000.0))]
    pub t_threshold: f64,
}

impl Default for TrendScanning {
    fn default() -> Self {
        Self { min_horizon: 3, t_threshold: 2.0 }
    }
}

/// Whether acting on a primary rule pays.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct MetaLabel {
    /// The rule that takes a side.
    #[garde(dive)]
    pub primary: PrimaryRule,
    /// Target (`upper`), stop (`lower`) and time limit of the position it takes.
    #[serde(default)]
    #[garde(dive)]
    pub barriers: Barriers,
}

fn lower_below_upper(rule: &DirectionRule) -> garde::Result {
    match rule {
        DirectionRule::Quantile { lower, upper }
        | DirectionRule::SmoothedMid(SmoothedMid {
            threshold: SmoothedThreshold::Quantile { lower, upper },
            ..
        }) if lower >= upper => Err(garde::Error::new(format!(
            "lower {lower} is not below upper {upper}; such as lower 0.33 and upper 0.67"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> DirectionRule {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_rule_is_checked() {
        let rule = read(r#"{"rule": "quantile", "lower": 0.7, "upper": 0.3}"#);
        assert!(rule.validate().unwrap_err().to_string().contains("is not below upper"));
        let rule = read(
            r#"{"rule": "smoothed_mid", "threshold": {"kind": "quantile", "lower": 0.5, "upper": 0.5}}"#,
        );
        assert!(rule.validate().unwrap_err().to_string().contains("is not below upper"));
        assert!(DirectionRule::Fixed { threshold: -1.0 }.validate().is_err());
        assert!(DirectionRule::default().validate().is_ok());
        let wrong = serde_json::from_str::<DirectionRule>(r#"{"rule": "fixed", "treshold": 1}"#);
        assert!(wrong.is_err());
        let schema = serde_json::to_string(&schemars::schema_for!(DirectionRule)).unwrap();
        assert!(schema.contains("volatility_scaled") && schema.contains("Above this quantile"));
        assert!(schema.contains("triple_barrier") && schema.contains("Nobody can trade at a mean"));
    }

    #[test]
    fn every_rule_is_written_as_it_is_read() {
        for text in [
            r#"{"rule":"cost_aware","spread":{"from":"abdi_ranaldo","lookback":96}}"#,
            r#"{"rule":"smoothed_mid","against":"past","threshold":{"kind":"fixed","value":0.0001}}"#,
            r#"{"rule":"triple_barrier","upper":2.0,"touch":"close"}"#,
            r#"{"rule":"trend_scanning","t_threshold":3.0}"#,
            r#"{"rule":"meta","primary":{"kind":"momentum","lookback":24},"barriers":{"lower":0.5}}"#,
        ] {
            let rule = read(text);
            assert!(rule.validate().is_ok(), "{text}");
            assert_eq!(read(&serde_json::to_string(&rule).unwrap()), rule);
        }
        for wrong in [
            r#"{"rule":"triple_barrier","uper":2.0}"#,
            r#"{"rule":"meta","primary":{"kind":"momentum","lookback":24},"upper":1.0}"#,
            r#"{"rule":"meta"}"#,
            r#"{"rule":"cost_aware","fee":3}"#,
        ] {
            assert!(serde_json::from_str::<DirectionRule>(wrong).is_err(), "{wrong}");
        }
        let rule = read(r#"{"rule":"triple_barrier","lower":0.0}"#);
        assert!(rule.validate().is_err());
        assert!(
            !read(r#"{"rule":"meta","primary":{"kind":"momentum","lookback":2}}"#)
                .is_of_the_market()
        );
    }
}
