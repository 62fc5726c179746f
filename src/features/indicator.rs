//! What every feature's state is: a value a candle, fed one candle at a time.

use std::fmt::Debug;

use crate::market::{BookSnapshot, Candle, Trade};

use super::source::{Columns, Source};

/// The state of one feature. The batch form is a fold of its methods, nothing else.
///
/// What happened inside a candle is told before the candle: its trades, snapshots of the book and
/// the peer's candle, in the order of their times.
pub trait Indicator: Debug + Send + Sync {
    /// Takes the next candle of a stretch without a gap.
    ///
    /// Gives `None` while the state warms up, and then a value for every candle. A candle that
    /// lacks a column the feature reads gives `None` too; the builder refuses such a candle first.
    fn update(&mut self, candle: &Candle) -> Option<f64>;

    /// Takes a snapshot of the book that was taken inside the candle to come.
    fn book(&mut self, _book: &BookSnapshot) {}

    /// Takes a trade inside the candle to come.
    fn trade(&mut self, _trade: &Trade) {}

    /// Takes the other instrument's candle that covers the same time as the candle to come.
    fn peer(&mut self, _candle: &Candle) {}

    /// The numbers of candles that [`Self::fold`] takes beside the candles.
    fn sources(&self) -> &[Source] {
        &[]
    }

    /// Takes candles of one stretch and writes the value of each, [`NO_VALUE`] while the state warms
    /// up and [`NOT_FINITE`] for what is no 32-bit float. Many updates for one call through a table
    /// of methods.
    fn fold(&mut self, columns: &Columns<'_>, values: &mut [f32]) {
        for (candle, value) in columns.candles().iter().zip(values) {
            *value = marked(self.update(candle));
        }
    }
}

/// Stands in a column where there is no value yet.
pub const NO_VALUE: f32 = f32::NAN;

/// Stands in a column where the value is not a finite 32-bit float.
pub const NOT_FINITE: f32 = f32::INFINITY;

/// A value as it stands in a column.
#[inline]
pub(super) fn marked(value: Option<f64>) -> f32 {
    let value = value.map(|value| value as f32);
    match value {
        Some(value) if value.is_finite() => value,
        Some(_) => NOT_FINITE,
        None => NO_VALUE,
    }
}

/// Log returns from one close to the next.
#[derive(Debug, Default)]
pub(super) struct CloseReturn {
    last: Option<f64>,
}

impl CloseReturn {
    /// `ln(C / C[-1])`, from the second candle on.
    pub(super) fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(candle.close)?;
        Some((candle.close / last).ln())
    }

    /// The same of candles whose [`Source::Return`] was asked for.
    pub(super) fn fold<'a>(
        &mut self,
        columns: &Columns<'a>,
    ) -> impl Iterator<Item = Option<f64>> + use<'a> {
        let first = self.last.is_none();
        self.last = columns.candles().last().map_or(self.last, |candle| Some(candle.close));
        let returns = columns.of(Source::Return).iter().enumerate();
        returns.map(move |(at, value)| (at > 0 || !first).then_some(*value))
    }
}

/// Mean of high, low and close.
pub(super) fn typical_price(candle: &Candle) -> f64 {
    (candle.high + candle.low + candle.close) / 3.0
}

/// True range of a candle that follows a close: `max(H - L, |H - C[-1]|, |L - C[-1]|)`.
///
/// Source: Wilder 1978, New Concepts in Technical Trading Systems.
pub(super) fn true_range(candle: &Candle, last_close: f64) -> f64 {
    (candle.high - candle.low)
        .max((candle.high - last_close).abs())
        .max((candle.low - last_close).abs())
}

/// `numerator / denominator`, or `otherwise` when there is nothing to divide by.
pub(super) fn ratio_or(numerator: f64, denominator: f64, otherwise: f64) -> f64 {
    if denominator == 0.0 { otherwise } else { numerator / denominator }
}

/// `value`, or 0 where rounding left what cannot be negative just below it.
pub(super) fn not_negative(value: f64) -> f64 {
    if value < 0.0 { 0.0 } else { value }
}

/// `price`, held inside the candle's range.
pub(super) fn inside_range(price: f64, candle: &Candle) -> f64 {
    price.max(candle.low).min(candle.high)
}
