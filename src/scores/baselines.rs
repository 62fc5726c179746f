//! What costs nothing to forecast, as forecasts like any other.
//!
//! - `persistence`: the last completed move of the label's own length goes on: its class by the same
//!   thresholds and the volatility scale of its own start (that is, the label of `horizon` candles
//!   ago), its log return, its realised volatility. Smoothed or overlapping labels make it strong
//!   (Lee 2024, arXiv 2409.14157).
//! - `class_prior`: the class shares of the fold's training rows, always.
//! - `zero`: a forward log return of 0, always.
//! - `mean_volatility`: the mean realised volatility of the fold's training rows, always.
//!
//! Buy and hold is a ledger: [`crate::backtest::buy_and_hold`].

use std::collections::HashMap;
use std::sync::Arc;

use super::ScoreError;
use crate::folds::Fold;
use crate::forecast::{CLASSES, Forecast, Forecasts};
use crate::labels::{
    DirectionThresholds, Labels, LogReturns, ewma_volatility, realised_volatility,
};
use crate::market::CandleSeries;

/// Name of the baseline that repeats the last move.
pub const PERSISTENCE: &str = "persistence";
/// Name of the baseline that says the training class shares.
pub const CLASS_PRIOR: &str = "class_prior";
/// Name of the baseline that says a return of 0.
pub const ZERO: &str = "zero";
/// Name of the baseline that says the mean training volatility.
pub const MEAN_VOLATILITY: &str = "mean_volatility";
/// Name of the baseline that buys at the first candle and sells at the last.
pub const BUY_AND_HOLD: &str = "buy_and_hold";

/// Names of all baselines.
pub const BASELINES: [&str; 5] = [PERSISTENCE, CLASS_PRIOR, ZERO, MEAN_VOLATILITY, BUY_AND_HOLD];

/// What the baselines know of a fold: its training rows only.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldPrior {
    /// Name of the fold.
    pub fold: String,
    /// Thresholds of its classes.
    pub thresholds: DirectionThresholds,
    /// Share of each class among its training rows.
    pub class_share: [f32; CLASSES],
    /// Mean realised volatility of its training labels.
    pub mean_volatility: f32,
}

impl FoldPrior {
    /// Class shares and mean volatility of the fold's training rows.
    ///
    /// # Errors
    /// When no training row has a known label.
    pub fn fit(
        fold: &Fold,
        labels: &Labels,
        thresholds: &DirectionThresholds,
    ) -> Result<Self, ScoreError> {
        let (mut shares, mut volatility, mut rows) = ([0.0_f64; CLASSES], 0.0, 0.0);
        for &row in &fold.train {
            let row = row as usize;
            if labels.known.get(row) != Some(&true) {
                continue;
            }
            let class = thresholds.class(labels.forward_return[row], labels.scale[row]);
            shares[usize::from(class)] += 1.0;
            volatility += f64::from(labels.volatility[row]);
            rows += 1.0;
        }
        if rows == 0.0 {
            return Err(ScoreError::NoTrainingRow { fold: fold.name.clone() });
        }
        Ok(Self {
            fold: fold.name.clone(),
            thresholds: *thresholds,
            class_share: shares.map(|share| (share / rows) as f32),
            mean_volatility: (volatility / rows) as f32,
        })
    }
}

/// The baselines' forecasts for every time, instrument and fold that some model forecast, with the
/// outcomes copied; made of nothing known after each decision time. Persistence has no row where the
/// `horizon` candles before the decision hold a gap.
///
/// `scale_span` is the labels' own ([`crate::labels::LabelConfig::scale_span`]).
///
/// # Errors
/// When a fold has no prior, or an instrument no series of its interval.
pub fn baseline_forecasts(
    forecasts: &Forecasts,
    series: &[CandleSeries],
    priors: &[FoldPrior],
    scale_span: u32,
) -> Result<Forecasts, ScoreError> {
    let priors: HashMap<&str, &FoldPrior> =
        priors.iter().map(|prior| (prior.fold.as_str(), prior)).collect();
    let moves: HashMap<String, Moves> = series
        .iter()
        .map(|series| (series.instrument().to_string(), Moves::of(series, scale_span)))
        .collect();
    let [persistence, class_prior, zero, mean_volatility]: [Arc<str>; 4] =
        [PERSISTENCE, CLASS_PRIOR, ZERO, MEAN_VOLATILITY].map(Arc::from);

    let mut seen = std::collections::HashSet::new();
    let mut rows = Vec::new();
    for row in &forecasts.rows {
        if !seen.insert((row.decision_time, row.instrument.as_ref(), row.fold.as_ref())) {
            continue;
        }
        let prior = priors
            .get(row.fold.as_ref())
            .ok_or_else(|| ScoreError::NoPrior { fold: row.fold.to_string() })?;
        let moves = moves
            .get(row.instrument.as_ref())
            .filter(|moves| moves.series.interval() == row.interval)
            .ok_or_else(|| ScoreError::NoSeries {
                instrument: row.instrument.to_string(),
                interval: row.interval,
            })?;
        if let Some(last) = moves.last(row, &prior.thresholds) {
            rows.push(Forecast {
                class_probability: Some(certain(last.class)),
                return_mean: Some(last.log_return as f32),
                volatility: Some(last.volatility as f32),
                ..blank(row, &persistence)
            });
        }
        rows.push(Forecast {
            class_probability: Some(prior.class_share),
            ..blank(row, &class_prior)
        });
        rows.push(Forecast { return_mean: Some(0.0), ..blank(row, &zero) });
        rows.push(Forecast {
            volatility: Some(prior.mean_volatility),
            ..blank(row, &mean_volatility)
        });
    }
    Ok(Forecasts { quantile_levels: Vec::new(), rows })
}

/// A series as persistence sees it.
struct Moves<'a> {
    series: &'a CandleSeries,
    returns: LogReturns,
    scale: Vec<Option<f64>>,
}

/// A completed move of a label's length.
struct Move {
    class: u8,
    log_return: f64,
    volatility: f64,
}

impl<'a> Moves<'a> {
    fn of(series: &'a CandleSeries, scale_span: u32) -> Self {
        let returns = LogReturns::of(series);
        let scale = ewma_volatility(returns.steps(), scale_span);
        Self { series, returns, scale }
    }

    /// The move of `horizon` candles that is complete at the row's decision time.
    fn last(&self, row: &Forecast, thresholds: &DirectionThresholds) -> Option<Move> {
        let to = self.series.position(row.decision_time.checked_sub(row.interval.ms())?)?;
        let from = to.checked_sub(row.horizon as usize)?;
        let log_return = self.returns.between(from, to)?;
        let volatility = realised_volatility(&self.returns, from, to)?;
        let class = thresholds.class(log_return as f32, self.scale[from]? as f32);
        Some(Move { class, log_return, volatility })
    }
}

fn certain(class: u8) -> [f32; CLASSES] {
    std::array::from_fn(|index| f32::from(u8::from(index == usize::from(class))))
}

/// The row under another model's name, saying nothing.
fn blank(row: &Forecast, model: &Arc<str>) -> Forecast {
    Forecast {
        model: model.clone(),
        class_probability: None,
        return_mean: None,
        return_quantiles: Vec::new(),
        volatility: None,
        return_interval: None,
        conformal_set: None,
        ..row.clone()
    }
}
