//! What a trade costs.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a trade costs, as shares of what is traded. Slippage beyond the half spread, funding and
/// borrowing are not charged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct CostConfig {
    /// Fee of one side. Default 0.001 (10 basis points), a taker's at a large spot exchange without
    /// discounts.
    #[garde(range(min = 0.0, max = 0.1))]
    pub fee: f64,
    /// Half of the distance between best bid and best ask. Default 0.0001 (1 basis point); candles
    /// do not hold it, so set what the market has.
    #[garde(range(min = 0.0, max = 0.1))]
    pub half_spread: f64,
}

impl Default for CostConfig {
    fn default() -> Self {
        Self { fee: 0.001, half_spread: 0.0001 }
    }
}

impl CostConfig {
    /// Share of the equity paid for trading so many units of position.
    #[must_use]
    pub fn paid(&self, turnover: f64) -> f64 {
        (self.fee + self.half_spread) * turnover
    }
}
