//! What costs nothing to forecast, as forecasts like any other.
//!
//! - `persistence`: the label of `horizon` candles ago, which is complete, comes again: its class by
//!   the same thresholds, its log return, its realised volatility. Smoothed or overlapping labels make it strong
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
use crate::forecast::{ByClass, Classes, Forecast, Forecasts};
use crate::labels::{self, DirectionThresholds, LabelConfig, Labels};
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
    pub class_share: ByClass<f32>,
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
        let between = thresholds.between;
        let mut shares = ByClass::from_fn(between, |_| 0.0_f64);
        let (mut volatility, mut rows) = (0.0, 0.0);
        let classes = thresholds.classes(labels);
        for &row in &fold.train {
            let row = row as usize;
            if labels.known.get(row) != Some(&true) {
                continue;
            }
            shares[usize::from(classes[row])] += 1.0;
            volatility += f64::from(labels.volatility[row]);
            rows += 1.0;
        }
        if rows == 0.0 {
            return Err(ScoreError::NoTrainingRow { fold: fold.name.clone() });
        }
        Ok(Self {
            fold: fold.name.clone(),
            thresholds: thresholds.clone(),
            class_share: ByClass::from_fn(between, |class| (shares[class] / rows) as f32),
            mean_volatility: (volatility / rows) as f32,
        })
    }
}

/// The baselines' forecasts for every time, instrument and fold that some model forecast, with the
/// outcomes copied; made of nothing known after each decision time. Persistence has no row where the
/// label of `horizon` candles ago is not known, as over a gap.
///
/// `config` is that of the labels that were forecast.
///
/// # Errors
/// When a fold has no prior, an instrument no series of its interval, or labels cannot be built.
pub fn baseline_forecasts(
    forecasts: &Forecasts,
    series: &[CandleSeries],
    priors: &[FoldPrior],
    config: &LabelConfig,
) -> Result<Forecasts, ScoreError> {
    let priors: HashMap<&str, &FoldPrior> =
        priors.iter().map(|prior| (prior.fold.as_str(), prior)).collect();
    let mut completed = HashMap::new();
    for series in series {
        let labels = labels::build(config, series, series.open_time())?;
        completed.insert(series.instrument().to_string(), Completed { series, labels });
    }
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
        let completed = completed
            .get(row.instrument.as_ref())
            .filter(|completed| completed.series.interval() == row.interval)
            .ok_or_else(|| ScoreError::NoSeries {
                instrument: row.instrument.to_string(),
                interval: row.interval,
            })?;
        if let Some(last) = completed.before(row) {
            let labels = &completed.labels;
            rows.push(Forecast {
                class_probability: Some(certain(
                    forecasts.classes,
                    prior.thresholds.class(labels, last),
                )),
                return_mean: Some(labels.forward_return[last]),
                volatility: Some(labels.volatility[last]),
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
    Ok(Forecasts { classes: forecasts.classes, quantile_levels: Vec::new(), rows })
}

/// A series as persistence sees it: a label a candle.
struct Completed<'a> {
    series: &'a CandleSeries,
    labels: Labels,
}

impl Completed<'_> {
    /// The label of `horizon` candles before the row's decision, which is complete by then.
    fn before(&self, row: &Forecast) -> Option<usize> {
        let now = self.series.position(row.decision_time.checked_sub(row.interval.ms())?)?;
        let before = now.checked_sub(row.horizon as usize)?;
        let over = self.labels.span[before].end <= row.decision_time;
        (over && self.labels.known[before]).then_some(before)
    }
}

pub(super) fn certain(classes: Classes, class: u8) -> ByClass<f32> {
    ByClass::from_fn(classes, |index| f32::from(u8::from(index == usize::from(class))))
}

/// The row under another model's name, saying nothing.
pub(super) fn blank(row: &Forecast, model: &Arc<str>) -> Forecast {
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
