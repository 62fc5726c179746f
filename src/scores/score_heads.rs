//! Scores of directions, returns and volatilities.

use std::collections::BTreeSet;

use super::bootstrap::{Bootstrap, Evaluation};
use super::compare::{Comparison, rivals};
use super::models::Model;
use super::rows::push_scores;
use super::sample::{Head, Sample};
use super::scorecard::Scorecard;
use super::slice::Slice;
use crate::forecast::Forecast;

/// The rows of a model that say something of a head, and what they score.
struct Part<'a> {
    model: &'a Model<'a>,
    rows: Vec<&'a Forecast>,
}

/// Scores one head of every model and baseline over a slice; over the whole, compares each model
/// with the baselines.
pub(super) fn score_head(
    card: &mut Scorecard,
    models: &[Model],
    slice: &Slice,
    head: Head,
    bootstrap: &Bootstrap,
) {
    let part = |model| {
        let rows = Model::rows_where(model, |row| slice.holds(row) && head.is_in(row));
        Part { model, rows }
    };
    let parts: Vec<Part> =
        models.iter().map(part).filter(|part: &Part| !part.rows.is_empty()).collect();
    let samples: Vec<&[&Forecast]> = parts.iter().map(|part| part.rows.as_slice()).collect();
    let evaluations = evaluate(head, &samples, bootstrap);
    for (Part { model, .. }, evaluation) in parts.iter().zip(&evaluations) {
        let named = (model.name, model.baseline);
        push_scores(card, named, slice, head.measures(), evaluation, bootstrap);
    }
    if *slice != Slice::WHOLE {
        return;
    }
    for (part, evaluation) in parts.iter().zip(&evaluations).filter(|(p, _)| !p.model.baseline) {
        for (rival, rival_evaluation) in parts.iter().zip(&evaluations) {
            let sides = [(part, evaluation), (rival, rival_evaluation)];
            card.verdicts.extend(verdicts(sides, head, bootstrap));
        }
    }
}

/// One sentence for each measure by which the first side, a model, is compared with the second, if
/// that is a baseline; over the forecasts that both made.
fn verdicts(
    [(part, evaluation), (rival, rival_evaluation)]: [(&Part, &Evaluation); 2],
    head: Head,
    bootstrap: &Bootstrap,
) -> Vec<String> {
    let measures = rivals(head.measures(), rival.model.name);
    if measures.is_empty() {
        return Vec::new();
    }
    let own: BTreeSet<_> = part.rows.iter().map(|row| Model::key(row)).collect();
    let theirs: BTreeSet<_> = rival.rows.iter().map(|row| Model::key(row)).collect();
    let shared;
    let (evaluation, rival_evaluation) = if own == theirs {
        (evaluation, rival_evaluation)
    } else {
        let rows = Model::rows_where(part.model, |row| {
            own.contains(&Model::key(row)) && theirs.contains(&Model::key(row))
        });
        let rival_rows = Model::rows_where(rival.model, |row| {
            own.contains(&Model::key(row)) && theirs.contains(&Model::key(row))
        });
        if rows.is_empty() {
            return Vec::new();
        }
        shared = evaluate(head, &[&rows, &rival_rows], bootstrap);
        (&shared[0], &shared[1])
    };
    let compare = |measure| {
        let (value, rival_value) =
            ((part.model.name, evaluation), (rival.model.name, rival_evaluation));
        Comparison::of(value, rival_value, measure, bootstrap).sentence()
    };
    measures.into_iter().map(compare).collect()
}

/// Evaluations of one head over the times at which any of the samples has a forecast.
pub(super) fn evaluate(
    head: Head,
    samples: &[&[&Forecast]],
    bootstrap: &Bootstrap,
) -> Vec<Evaluation> {
    let times: BTreeSet<i64> =
        samples.iter().flat_map(|rows| rows.iter().map(|row| row.decision_time)).collect();
    let times: Vec<i64> = times.into_iter().collect();
    let samples: Vec<Sample> = samples.iter().map(|rows| Sample::of(head, rows, &times)).collect();
    bootstrap.evaluate(&samples, times.len(), Sample::measure)
}
