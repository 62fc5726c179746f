//! What position a forecast asks for, and for how long.

use std::sync::Arc;

use super::BacktestError;
use crate::forecast::{Forecast, Forecasts};
use crate::market::Time;
use crate::scores::likeliest;

/// A position asked for.
pub(super) struct Signal {
    /// When it is decided, ms.
    pub decision: i64,
    /// When the label it was made for ends, ms: without a newer signal the position is closed then.
    pub until: i64,
    /// 1 long, 0 flat, -1 short.
    pub position: f64,
    /// Fold of the model.
    pub fold: Arc<str>,
}

/// The signals of forecasts with class probabilities, in the order of time: the likeliest class up
/// is long, neutral is flat, down is short, or flat where `short` is false.
pub(super) fn signals(forecasts: &Forecasts, short: bool) -> Result<Vec<Signal>, BacktestError> {
    let position = |class: u8| match class {
        2 => 1.0,
        0 if short => -1.0,
        _ => 0.0,
    };
    let signal = |row: &Forecast| {
        row.class_probability.map(|probability| Signal {
            decision: row.decision_time,
            until: row.label_end,
            position: position(likeliest(&probability)),
            fold: row.fold.clone(),
        })
    };
    let mut signals: Vec<Signal> = forecasts.rows.iter().filter_map(signal).collect();
    signals.sort_by_key(|signal| signal.decision);
    if let Some([a, b]) = signals.array_windows().find(|[a, b]| a.decision == b.decision) {
        let time = Time(a.decision);
        return Err(BacktestError::Twice(time, a.fold.to_string(), b.fold.to_string()));
    }
    Ok(signals)
}
