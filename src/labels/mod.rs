//! Series into outcomes with their spans.
//!
//! A label looks `horizon` candles ahead of its row's decision time and nowhere else; its span says
//! so. Thresholds that turn returns into classes are fitted on a fold's training rows only.

mod build;
mod direction;
mod forward_return;
mod volatility;

pub use build::{LabelConfig, LabelError, Labels, build};
pub use direction::{DirectionRule, DirectionThresholds};
pub use forward_return::LogReturns;
pub use volatility::{VOLATILITY_FLOOR, ewma_volatility, log_volatility, realised_volatility};
