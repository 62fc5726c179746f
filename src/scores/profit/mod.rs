//! Measures of a ledger: one a file.

mod drawdown;
mod hit_rate;
mod net_return;
mod sharpe;
mod turnover;

pub use drawdown::max_drawdown;
pub use hit_rate::hit_rate;
pub use net_return::net_return;
pub use sharpe::sharpe;
pub use turnover::{trades, turnover};

/// One candle of one ledger, or of several held in equal parts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Step {
    /// Return after costs.
    pub net: f64,
    /// Units of position traded.
    pub turnover: f64,
    /// Number of instruments with a position.
    pub held: f64,
    /// Number of those whose position gained before costs.
    pub won: f64,
    /// Number of positions entered.
    pub entered: f64,
}
