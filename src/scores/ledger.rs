//! What a backtest did candle by candle, as plain data to be scored.

use std::sync::Arc;

use crate::market::Interval;

/// Positions and returns of one model, or baseline, on one instrument.
#[derive(Debug, Clone, PartialEq)]
pub struct Ledger {
    /// Name of the model or baseline.
    pub model: Arc<str>,
    /// `venue/market/symbol`.
    pub instrument: Arc<str>,
    /// Length of each candle.
    pub interval: Interval,
    /// One a candle, oldest first.
    pub rows: Vec<LedgerRow>,
}

/// One candle of a ledger. Returns are simple returns on the equity at the candle's open.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerRow {
    /// Open time of the candle, ms; a change of position is filled at its open.
    pub time: i64,
    /// Fold of the forecast in force; `None` where there is none and the position is flat.
    pub fold: Option<Arc<str>>,
    /// Position held from this open to the next, as a share of equity: 1 long, 0 flat, -1 short.
    pub position: f64,
    /// Units of position traded: at this open, and in the last row also at its end, where what is
    /// held is closed.
    pub turnover: f64,
    /// Return of the position before costs.
    pub gross: f64,
    /// Part of the equity paid in fees and half spreads.
    pub cost: f64,
    /// Return after costs.
    pub net: f64,
    /// Equity at the end of the candle, 1 before the first row.
    pub equity: f64,
}
