//! Positions from forecasts, filled at the next open, candle by candle.

use std::sync::Arc;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::position::{Signal, signals};
use super::{BacktestError, CostConfig};
use crate::forecast::Forecasts;
use crate::market::{CandleSeries, Time};
use crate::scores::{BUY_AND_HOLD, Ledger, LedgerRow};

/// How forecasts are traded.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct BacktestConfig {
    /// What a trade costs.
    #[garde(dive)]
    pub costs: CostConfig,
    /// Whether `down` is a short position instead of none. Default false: a spot market cannot be
    /// sold short, and what borrowing or funding costs is not charged.
    #[garde(skip)]
    pub short: bool,
}

/// Trades the forecasts of one model on one instrument.
///
/// A forecast's likeliest class decides the position at its decision time, filled at the open of
/// the candle that opens then, or of the next one there is. The position is held until the next
/// decision, at the longest until the forecast's label ends, then flat. It is a constant share of
/// equity: a held position is not charged for keeping it so. Returns run from open to open, over a
/// gap too, since a position cannot be closed in one. What is held after the last candle is closed
/// at the next open, or at the last close where the series ends.
///
/// # Errors
/// When no forecast has class probabilities, models, instruments or series are mixed, two forecasts
/// share a time, or a price is not usable.
pub fn run(
    config: &BacktestConfig,
    forecasts: &Forecasts,
    series: &CandleSeries,
) -> Result<Ledger, BacktestError> {
    check_one(forecasts, series)?;
    let signals = signals(forecasts, config.short)?;
    let model = forecasts.rows.first().map_or_else(|| Arc::from(""), |row| row.model.clone());
    trade(&config.costs, &signals, series, model)
}

/// Buys when the forecasts' first candle opens and holds while any of them is in force, at the same
/// costs: over folds that follow one another without a pause that is one purchase and one sale.
///
/// # Errors
/// As [`run`].
pub fn buy_and_hold(
    config: &BacktestConfig,
    forecasts: &Forecasts,
    series: &CandleSeries,
) -> Result<Ledger, BacktestError> {
    check_one(forecasts, series)?;
    let mut signals = signals(forecasts, config.short)?;
    for signal in &mut signals {
        signal.position = 1.0;
    }
    trade(&config.costs, &signals, series, Arc::from(BUY_AND_HOLD))
}

fn check_one(forecasts: &Forecasts, series: &CandleSeries) -> Result<(), BacktestError> {
    let Some(first) = forecasts.rows.first() else { return Err(BacktestError::NoDirection) };
    for row in &forecasts.rows {
        if (&row.model, &row.instrument) != (&first.model, &first.instrument) {
            return Err(BacktestError::Mixed {
                first: format!("{} on {}", first.model, first.instrument),
                other: format!("{} on {}", row.model, row.instrument),
            });
        }
    }
    let found = series.instrument().to_string();
    if found != first.instrument.as_ref() || series.interval() != first.interval {
        return Err(BacktestError::WrongSeries {
            expected: format!("{} {}", first.instrument, first.interval),
            found,
            interval: series.interval(),
        });
    }
    Ok(())
}

fn trade(
    costs: &CostConfig,
    signals: &[Signal],
    series: &CandleSeries,
    model: Arc<str>,
) -> Result<Ledger, BacktestError> {
    let (Some(first), Some(end)) =
        (signals.first(), signals.iter().map(|signal| signal.until).max())
    else {
        return Err(BacktestError::NoDirection);
    };
    let open_time = series.open_time();
    let from = open_time.partition_point(|&time| time < first.decision);
    let to = open_time.partition_point(|&time| time < end).max(from);

    let mut rows = Vec::with_capacity(to - from);
    let mut upcoming = signals.iter().peekable();
    let mut latest: Option<&Signal> = None;
    let (mut held, mut equity) = (0.0_f64, 1.0_f64);
    for (index, &time) in open_time.iter().enumerate().take(to).skip(from) {
        while let Some(signal) = upcoming.next_if(|signal| signal.decision <= time) {
            latest = Some(signal);
        }
        let in_force = latest.filter(|signal| time < signal.until);
        let bankrupt = equity <= 0.0;
        let position = in_force.map_or(0.0, |signal| if bankrupt { 0.0 } else { signal.position });
        let opened = if bankrupt { 0.0 } else { (position - held).abs() };
        let closed = if index + 1 == to { position.abs() } else { 0.0 };

        // A short position can lose more than there is; nobody lends it.
        let gross = (position * price_change(series, index)?).max(-1.0);
        let kept = (1.0 - costs.paid(opened)) * (1.0 + gross) * (1.0 - costs.paid(closed));
        let net = kept.max(0.0) - 1.0;
        equity *= 1.0 + net;
        held = position;
        rows.push(LedgerRow {
            time,
            fold: in_force.map(|signal| signal.fold.clone()),
            position,
            turnover: opened + closed,
            gross,
            cost: gross - net,
            net,
            equity,
        });
    }
    Ok(Ledger {
        model,
        instrument: Arc::from(series.instrument().to_string()),
        interval: series.interval(),
        rows,
    })
}

/// Simple return from a candle's open to the next open, or to its own close if it is the last.
fn price_change(series: &CandleSeries, index: usize) -> Result<f64, BacktestError> {
    let open = series.open()[index];
    let exit = series.open().get(index + 1).copied().unwrap_or(series.close()[index]);
    let change = exit / open - 1.0;
    if change.is_finite() && open > 0.0 && exit > 0.0 {
        Ok(change)
    } else {
        Err(BacktestError::Price(Time(series.open_time()[index])))
    }
}
