//! Forecasts and series into a ledger.

mod costs;
mod engine;
mod error;
mod position;

pub use crate::scores::{Ledger, LedgerRow};
pub use costs::CostConfig;
pub use engine::{BacktestConfig, buy_and_hold, run};
pub use error::BacktestError;
