//! Labels that the data brings along.

use super::columns::{Labels, Outcome};
use crate::market::{Instrument, Interval, Span};

/// Labels of one instrument's rows from each one's open time and class (0 down, 1 neutral, 2 up;
/// `None` where it is not known), made of the next `horizon` candles.
///
/// The data says nothing of returns and volatility: both are NaN, for known classes too. The rule
/// that goes with it is [`super::DirectionRule::Given`].
#[must_use]
pub fn given(
    instrument: Instrument,
    horizon: u32,
    interval: Interval,
    rows: &[(i64, Option<u8>)],
) -> Labels {
    let mut labels = Labels::empty(horizon, rows.len());
    labels.instruments.push(instrument);
    for &(open_time, class) in rows {
        let start = open_time.saturating_add(interval.ms());
        let span =
            Span { start, end: start }.extended(interval.ms().saturating_mul(i64::from(horizon)));
        let outcome = class.map(|class| Outcome {
            forward_return: f64::NAN,
            volatility: f64::NAN,
            score: f64::from(class) - 1.0,
            unit: 1.0,
        });
        labels.push(span, None, outcome);
    }
    labels
}
