//! The labels of a table's rows.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::direction::DirectionRule;
use super::forward_return::LogReturns;
use super::volatility::{ewma_volatility, realised_volatility};
use crate::folds::RowTime;
use crate::market::{CandleSeries, Span, Time};

/// What is forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct LabelConfig {
    /// How many candles ahead the outcome lies. Default 4.
    #[garde(range(min = 1, max = 10_000))]
    pub horizon: u32,
    /// What separates down, neutral and up. Default `volatility_scaled` with multiple 0.4.
    #[garde(dive)]
    pub direction: DirectionRule,
    /// Span in candles of the EWMA volatility that `volatility_scaled` multiplies. Default 96.
    /// Longer is steadier, shorter follows a change of mood faster.
    #[garde(range(min = 2, max = 100_000))]
    pub scale_span: u32,
}

impl Default for LabelConfig {
    fn default() -> Self {
        Self { horizon: 4, direction: DirectionRule::default(), scale_span: 96 }
    }
}

/// Labels row by row, aligned with the table whose decision candles they were built for.
///
/// Where `known` is false, `forward_return` and `volatility` are NaN, so that a use by mistake
/// shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Length of every label, in candles.
    pub horizon: u32,
    /// From the decision time until the outcome is known.
    pub span: Vec<Span>,
    /// Log return from the decision candle's close to the close `horizon` candles later.
    pub forward_return: Vec<f32>,
    /// Realised volatility over the same candles: root of the sum of squared one-candle log
    /// returns, not annualised.
    pub volatility: Vec<f32>,
    /// Causal EWMA volatility per candle at the decision time; 0 before the first return.
    pub scale: Vec<f32>,
    /// False where the horizon reaches past the data or over a gap, or where no volatility is known
    /// at the decision time yet.
    pub known: Vec<bool>,
}

/// Why labels cannot be built or thresholds not fitted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LabelError {
    /// A horizon of nothing.
    #[error("labels.horizon is 0; set it to at least 1 candle")]
    NoHorizon,
    /// A row of a candle that is not in the series.
    #[error(
        "row {row} is decided on the candle that opens at {open_time}, which is not among the \
         {candles} candles of the series; build features and labels from the same series"
    )]
    UnknownCandle {
        /// Row of the table.
        row: usize,
        /// Open time of its candle.
        open_time: Time,
        /// Number of candles in the series.
        candles: usize,
    },
    /// Quantiles of no value.
    #[error(
        "{fold} has no training row to fit quantile thresholds on; use a longer training period"
    )]
    NoTrainingRow {
        /// Name of the fold.
        fold: String,
    },
    /// A training row without label.
    #[error("training row {row} of {fold} has no known label; make folds of labelled rows only")]
    Unlabelled {
        /// Name of the fold.
        fold: String,
        /// The row.
        row: u32,
    },
}

/// Labels for the rows whose decision candles open at `decision_candles`.
///
/// # Errors
/// When the horizon is 0 or a decision candle is not in `base`.
pub fn build(
    config: &LabelConfig,
    base: &CandleSeries,
    decision_candles: &[i64],
) -> Result<Labels, LabelError> {
    if config.horizon == 0 {
        return Err(LabelError::NoHorizon);
    }
    let returns = LogReturns::of(base);
    let scale = ewma_volatility(returns.steps(), config.scale_span);
    let interval = base.interval().ms();
    let ahead = config.horizon as usize;
    let mut labels = Labels::empty(config.horizon, decision_candles.len());
    for (row, &open_time) in decision_candles.iter().enumerate() {
        let index = base.position(open_time).ok_or_else(|| LabelError::UnknownCandle {
            row,
            open_time: Time(open_time),
            candles: base.len(),
        })?;
        let start = open_time.saturating_add(interval);
        let span =
            Span { start, end: start }.extended(interval.saturating_mul(i64::from(config.horizon)));
        let end = index.saturating_add(ahead);
        let outcome = scale[index].and_then(|_| {
            returns.between(index, end).zip(realised_volatility(&returns, index, end))
        });
        labels.push(span, scale[index], outcome);
    }
    Ok(labels)
}

impl Labels {
    fn empty(horizon: u32, rows: usize) -> Self {
        Self {
            horizon,
            span: Vec::with_capacity(rows),
            forward_return: Vec::with_capacity(rows),
            volatility: Vec::with_capacity(rows),
            scale: Vec::with_capacity(rows),
            known: Vec::with_capacity(rows),
        }
    }

    fn push(&mut self, span: Span, scale: Option<f64>, outcome: Option<(f64, f64)>) {
        let (forward_return, volatility) = outcome.unwrap_or((f64::NAN, f64::NAN));
        self.span.push(span);
        self.forward_return.push(forward_return as f32);
        self.volatility.push(volatility as f32);
        self.scale.push(scale.unwrap_or(0.0) as f32);
        self.known.push(outcome.is_some());
    }

    /// Takes back the labels whose span overlaps one of `gaps`: an outcome over a stretch that was not
    /// seen is no fact.
    pub fn forget_over(&mut self, gaps: &[Span]) {
        for gap in gaps.iter().filter(|gap| gap.length() > 0) {
            // Spans of one instrument begin in the order of its rows, all of one length.
            let from = self.span.partition_point(|span| span.end <= gap.start);
            let to = self.span.partition_point(|span| span.start < gap.end).max(from);
            self.forward_return[from..to].fill(f32::NAN);
            self.volatility[from..to].fill(f32::NAN);
            self.known[from..to].fill(false);
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.span.len()
    }

    /// The labels of several instruments one after another, as their tables are pooled. The parts
    /// share a horizon; of no part it is 0.
    #[must_use]
    pub fn pooled(parts: &[Self]) -> Self {
        let mut pooled = Self::empty(
            parts.first().map_or(0, |part| part.horizon),
            parts.iter().map(Self::rows).sum(),
        );
        for part in parts {
            pooled.span.extend_from_slice(&part.span);
            pooled.forward_return.extend_from_slice(&part.forward_return);
            pooled.volatility.extend_from_slice(&part.volatility);
            pooled.scale.extend_from_slice(&part.scale);
            pooled.known.extend_from_slice(&part.known);
        }
        pooled
    }

    /// The times that folds are cut by, row by row.
    #[must_use]
    pub fn row_times(&self) -> Vec<RowTime> {
        self.span.iter().map(|&label| RowTime { decision: label.start, label }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Candle, Instrument, Interval, Market};

    const HOUR: i64 = 3_600_000;

    fn series(closes: &[(i64, f64)]) -> CandleSeries {
        let instrument = Instrument::new("simulated", Market::Spot, "TEST").unwrap();
        let mut series = CandleSeries::new(instrument, Interval::HOUR);
        for &(hour, close) in closes {
            let candle = Candle {
                open_time: hour * HOUR,
                open: close,
                high: close,
                low: close,
                close,
                volume: 1.0,
                quote_volume: None,
                trades: None,
                taker_buy_volume: None,
                taker_buy_quote_volume: None,
            };
            series.push(&candle).unwrap();
        }
        series
    }

    fn config(horizon: u32) -> LabelConfig {
        LabelConfig { horizon, ..LabelConfig::default() }
    }

    #[test]
    fn a_label_looks_ahead_by_its_span() {
        let series = series(&[(0, 100.0), (1, 110.0), (2, 99.0), (3, 99.0), (4, 120.0)]);
        let labels = build(&config(2), &series, &[HOUR, 2 * HOUR, 3 * HOUR]).unwrap();
        assert_eq!(labels.span[0], Span { start: 2 * HOUR, end: 4 * HOUR });
        assert_eq!(labels.known, [true, true, false]);
        // math.log(99 / 110) -> -0.10536051565782628, and the candle after it stands still.
        assert!((labels.forward_return[0] + 0.105_360_515).abs() < 1e-7);
        assert!((labels.volatility[0] - 0.105_360_515).abs() < 1e-7);
        // math.log(120 / 99) -> 0.19237189264745614
        assert!((labels.forward_return[1] - 0.192_371_9).abs() < 1e-7);
        assert!(labels.forward_return[2].is_nan() && labels.volatility[2].is_nan());
    }

    #[test]
    fn a_horizon_over_a_gap_is_not_known() {
        let series = series(&[(0, 1.0), (1, 1.1), (2, 1.2), (4, 1.3), (5, 1.4), (6, 1.5)]);
        let rows: Vec<i64> = [0, 1, 2, 4, 5, 6].map(|hour| hour * HOUR).to_vec();
        let labels = build(&config(1), &series, &rows).unwrap();
        assert_eq!(labels.known, [false, true, false, true, true, false]);
        let far = build(&config(10_000), &series, &rows).unwrap();
        assert_eq!(far.known, [false; 6]);
    }

    #[test]
    fn one_candle_and_constant_prices_do_not_panic() {
        let one = build(&config(1), &series(&[(0, 1.0)]), &[0]).unwrap();
        assert_eq!(one.known, [false]);
        let still: Vec<(i64, f64)> = (0..5).map(|hour| (hour, 7.0)).collect();
        let labels = build(&config(2), &series(&still), &[HOUR]).unwrap();
        assert_eq!((labels.forward_return[0], labels.volatility[0]), (0.0, 0.0));
        assert_eq!((labels.scale[0], labels.known[0]), (0.0, true));
        assert_eq!(build(&config(1), &series(&[]), &[]).unwrap().rows(), 0);
    }

    #[test]
    fn an_outcome_over_a_gap_of_the_ledger_is_forgotten() {
        let closes: Vec<(i64, f64)> = (0..10).map(|hour| (hour, 7.0 + hour as f64)).collect();
        let rows: Vec<i64> = (0..10).map(|hour| hour * HOUR).collect();
        let mut labels = build(&config(2), &series(&closes), &rows).unwrap();
        let before = labels.known.clone();
        labels.forget_over(&[Span { start: 5 * HOUR, end: 6 * HOUR }, Span { start: 0, end: 0 }]);
        // The label of row r spans hours [r + 1, r + 3): rows 3 and 4 look over hour 5.
        let after: Vec<bool> =
            before.iter().enumerate().map(|(row, &known)| known && row != 3 && row != 4).collect();
        assert_eq!(labels.known, after);
        assert!(labels.forward_return[3].is_nan() && labels.volatility[4].is_nan());
    }

    #[test]
    fn what_cannot_be_built_is_an_error() {
        let series = series(&[(0, 1.0), (1, 1.0)]);
        assert_eq!(build(&config(0), &series, &[]), Err(LabelError::NoHorizon));
        let unknown = build(&config(1), &series, &[5 * HOUR]).unwrap_err().to_string();
        assert!(unknown.contains("1970-01-01T05:00:00Z"), "{unknown}");
        assert!(config(0).validate().is_err());
    }

    #[test]
    fn pooled_labels_follow_one_another() {
        let series = series(&[(0, 1.0), (1, 1.1), (2, 1.2)]);
        let labels = build(&config(1), &series, &[HOUR]).unwrap();
        let pooled = Labels::pooled(&[labels.clone(), labels.clone()]);
        assert_eq!((pooled.rows(), pooled.horizon), (2, 1));
        assert_eq!(pooled.row_times()[1].decision, 2 * HOUR);
        assert_eq!(pooled.forward_return[1], labels.forward_return[0]);
    }
}
