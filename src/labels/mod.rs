//! Series into outcomes with their spans, and how much each training row counts.
//!
//! A label looks at most `horizon` candles ahead of its row's decision time; its span says until
//! when, and nothing behind the span has a say in it. Thresholds that turn scores into classes, and
//! weights, are fitted on a fold's training rows only, each instrument by its own.

mod build;
mod columns;
mod config;
mod direction;
mod error;
mod forward_return;
mod given;
mod meta_label;
mod path;
mod primary;
mod rule;
mod sequential_bootstrap;
mod smoothed_mid;
mod spread;
mod trend_scanning;
mod triple_barrier;
mod uniqueness;
mod volatility;
mod weights;

pub use build::build;
pub use columns::Labels;
pub use config::{LabelConfig, VolatilityConfig};
pub use direction::{
    ClassRule, DirectionThresholds, FEWEST_ROWS, InstrumentThresholds, OuterThresholds,
};
pub use error::LabelError;
pub use forward_return::LogReturns;
pub use given::given;
pub use primary::{PrimaryRule, primary_sides};
pub use rule::{
    Against, Barriers, BothTouched, CostAware, DirectionRule, MetaLabel, SmoothedMid,
    SmoothedThreshold, SpreadConfig, Touching, TrendScanning, VerticalBarrier,
};
pub use sequential_bootstrap::sequential_bootstrap;
pub use spread::estimated_spread;
pub use trend_scanning::{MOST_T, Trend, trends};
pub use uniqueness::{average_uniqueness, concurrency};
pub use volatility::{
    VOLATILITY_FLOOR, ewma_volatility, log_volatility, realised_volatility, yang_zhang_volatility,
};
pub use weights::{
    BootstrapConfig, WeightConfig, return_attribution, time_decay, training_weights,
};
