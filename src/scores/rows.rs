//! An evaluation as rows of the scorecard.

use super::bootstrap::{Bootstrap, Evaluation};
use super::measure::Measure;
use super::scorecard::{Score, Scorecard};
use super::slice::Slice;

/// Name of the slice of all folds or all instruments.
const ALL: &str = "all";

/// Appends one row a measure.
pub(super) fn push_scores(
    card: &mut Scorecard,
    (model, baseline): (&str, bool),
    slice: &Slice,
    measures: &[Measure],
    evaluation: &Evaluation,
    bootstrap: &Bootstrap,
) {
    for (index, measure) in measures.iter().enumerate() {
        let value = evaluation.value[index].filter(|value| value.is_finite());
        let interval = value.and_then(|_| bootstrap.interval(&evaluation.draws[index]));
        card.scores.push(Score {
            group: measure.group.to_owned(),
            name: measure.name.to_owned(),
            model: model.to_owned(),
            baseline,
            fold: slice.fold.unwrap_or(ALL).to_owned(),
            instrument: slice.instrument.unwrap_or(ALL).to_owned(),
            value,
            lower: interval.map(|(lower, _)| lower),
            upper: interval.map(|(_, upper)| upper),
            higher_is_better: measure.higher_is_better,
        });
    }
}
