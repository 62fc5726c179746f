//! Baselines of labels that came with the data, where there are no candles to make any of.

use std::collections::HashMap;
use std::sync::Arc;

use super::ScoreError;
use super::baselines::{CLASS_PRIOR, FoldPrior, PERSISTENCE, blank, certain};
use crate::folds::RowTime;
use crate::forecast::{Forecast, Forecasts};
use crate::labels::Labels;

/// `persistence` and `class_prior` for every forecast, as [`super::baseline_forecasts`] makes them,
/// from the labels themselves: the class of `horizon` rows ago, which is complete at the decision,
/// comes again. `times` and `labels` are indexed by row, an instrument's rows in the order of time.
///
/// # Errors
/// When a fold has no prior.
pub fn class_baseline_forecasts(
    forecasts: &Forecasts,
    (labels, times): (&Labels, &[RowTime]),
    priors: &[FoldPrior],
) -> Result<Forecasts, ScoreError> {
    let [persistence, class_prior]: [Arc<str>; 2] = [PERSISTENCE, CLASS_PRIOR].map(Arc::from);
    let names: Vec<String> = labels.instruments.iter().map(ToString::to_string).collect();
    let place =
        |row: usize| (names[usize::from(labels.instrument[row])].as_str(), times[row].decision);
    let rows: HashMap<(&str, i64), usize> =
        (0..labels.rows()).map(|row| (place(row), row)).collect();
    let mut baselines = Vec::with_capacity(2 * forecasts.rows.len());
    for row in &forecasts.rows {
        let prior = priors
            .iter()
            .find(|prior| *prior.fold == *row.fold)
            .ok_or_else(|| ScoreError::NoPrior { fold: row.fold.to_string() })?;
        let before = row.interval.ms().saturating_mul(i64::from(row.horizon));
        let before = row.decision_time.saturating_sub(before);
        if let Some(&last) = rows.get(&(row.instrument.as_ref(), before))
            && labels.known[last]
            && labels.span[last].end <= row.decision_time
        {
            baselines.push(Forecast {
                class_probability: Some(certain(
                    forecasts.classes,
                    prior.thresholds.class(labels, last),
                )),
                ..blank(row, &persistence)
            });
        }
        baselines.push(Forecast {
            class_probability: Some(prior.class_share),
            ..blank(row, &class_prior)
        });
    }
    Ok(Forecasts { classes: forecasts.classes, quantile_levels: Vec::new(), rows: baselines })
}
