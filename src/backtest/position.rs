//! What position a forecast asks for, and for how long.

use std::sync::Arc;

use super::BacktestError;
use crate::forecast::{ByClass, Forecast, Forecasts, Sides};
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

/// The signals of forecasts with class probabilities, in the order of time: the likeliest side up
/// is long, neutral is flat, down is short, or flat where `short` is false. A side's probability is
/// the sum of its classes': of five, up and strong up are one. Of two classes the likelier counts, and
/// even odds are flat.
pub(super) fn signals(forecasts: &Forecasts, short: bool) -> Result<Vec<Signal>, BacktestError> {
    let signal = |row: &Forecast| {
        row.class_probability.map(|probability| Signal {
            decision: row.decision_time,
            until: row.label_end,
            position: position(&probability, short),
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

fn position(probability: &ByClass<f32>, short: bool) -> f64 {
    let Sides { down, neutral, up } = Sides::of(probability);
    match likeliest([down, neutral, up]) {
        _ if probability.len() == 2 && down == up => 0.0,
        2 => 1.0,
        0 if short => -1.0,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_weighed_whatever_the_number_of_classes() {
        for (probability, expected) in [
            (ByClass::from([0.6, 0.4]), -1.0),
            (ByClass::from([0.4, 0.6]), 1.0),
            (ByClass::from([0.5, 0.5]), 0.0),
            (ByClass::from([0.5, 0.0, 0.5]), -1.0),
            (ByClass::from([0.2, 0.5, 0.3]), 0.0),
            // No class is likelier than neutral, but the rise in sum is.
            (ByClass::from([0.1, 0.1, 0.3, 0.25, 0.25]), 1.0),
            (ByClass::from([0.2, 0.25, 0.35, 0.1, 0.1]), -1.0),
            (ByClass::from([0.1, 0.2, 0.4, 0.2, 0.1]), 0.0),
        ] {
            assert_eq!(position(&probability, true), expected, "{probability:?}");
            assert_eq!(position(&probability, false), f64::max(expected, 0.0), "{probability:?}");
        }
    }
}
