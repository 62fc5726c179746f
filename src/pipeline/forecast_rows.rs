//! From what a net says to forecast rows with their outcomes.

use std::sync::Arc;

use super::prepare::Prepared;
use crate::forecast::{Forecast, Outcome};
use crate::training::{CheckpointMeta, Predictions};

/// One forecast a row, in the order of `rows`.
pub fn forecast_rows(
    meta: &CheckpointMeta,
    prepared: &Prepared,
    rows: &[u32],
    predictions: &Predictions,
) -> Vec<Forecast> {
    let names: Vec<Arc<str>> = prepared
        .pool
        .instruments
        .iter()
        .map(|instrument| Arc::from(instrument.to_string()))
        .collect();
    let model: Arc<str> = Arc::from(meta.model.as_str());
    let fold: Arc<str> = Arc::from(meta.fold.name.as_str());
    let labels = &prepared.labels;
    rows.iter()
        .enumerate()
        .map(|(index, &row)| {
            let at = row as usize;
            Forecast {
                decision_time: prepared.times[at].decision,
                label_end: prepared.times[at].label.end,
                instrument: Arc::clone(&names[usize::from(prepared.pool.instrument[at])]),
                interval: meta.interval,
                horizon: meta.labels.horizon,
                model: Arc::clone(&model),
                fold: Arc::clone(&fold),
                class_probability: predictions.class_probability.as_ref().map(|all| all[index]),
                return_mean: predictions.return_mean.as_ref().map(|all| all[index]),
                return_quantiles: predictions
                    .return_quantiles
                    .as_ref()
                    .map_or_else(Vec::new, |all| all[index].to_vec()),
                volatility: predictions.volatility.as_ref().map(|all| all[index]),
                return_interval: predictions.return_interval.as_ref().map(|all| all[index]),
                conformal_set: None,
                outcome: labels.known[at].then(|| Outcome {
                    class: meta.thresholds.class(labels, at),
                    forward_return: labels.forward_return[at],
                    volatility: labels.volatility[at],
                }),
            }
        })
        .collect()
}
