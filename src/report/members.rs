//! An ensemble beside its members, as the page shows it.

use serde::Serialize;

use crate::scores::{Difference, MemberScore, Scorecard};

use super::numbers::{Precision, count};
use super::tables::label;

/// The section; empty for a run of a single net.
#[derive(Serialize)]
pub(super) struct Ensemble {
    members: String,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    measure: String,
    higher_is_better: bool,
    ensemble: String,
    /// Mean and standard deviation over the members.
    mean: String,
    deviation: String,
    lowest: String,
    highest: String,
    from_mean: Cell,
    best: String,
    from_best: Cell,
}

#[derive(Serialize)]
struct Cell {
    value: String,
    /// Lower and upper end.
    interval: Option<(String, String)>,
    /// Whether the interval lies on the better side of 0.
    better: bool,
}

/// One row a measure; `None` for a single net.
pub(super) fn ensemble(card: &Scorecard) -> Option<Ensemble> {
    let first = card.members.first()?;
    let members = count(first.members.len() as u64);
    Some(Ensemble { members, rows: card.members.iter().map(row).collect() })
}

fn row(score: &MemberScore) -> Row {
    let values = || score.members.iter().filter_map(|member| member.value);
    let precision = Precision::of(values().chain(score.ensemble));
    let text = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| precision.text(v));
    Row {
        measure: format!("{} {}", label(&score.group), label(&score.name)),
        higher_is_better: score.higher_is_better,
        ensemble: text(score.ensemble),
        mean: text(score.mean),
        deviation: score
            .deviation
            .map_or_else(|| "–".to_owned(), |v| Precision::of([v].into_iter()).text(v)),
        lowest: text(values().reduce(f64::min)),
        highest: text(values().reduce(f64::max)),
        from_mean: cell(&score.from_mean, score.higher_is_better),
        best: score.best.as_deref().map_or_else(|| "–".to_owned(), label),
        from_best: cell(&score.from_best, score.higher_is_better),
    }
}

fn cell(difference: &Difference, higher_is_better: bool) -> Cell {
    let ends = difference.lower.zip(difference.upper);
    let numbers = [difference.value, difference.lower, difference.upper];
    let precision = Precision::of(numbers.into_iter().flatten());
    Cell {
        value: difference.value.map_or_else(|| "–".to_owned(), |v| precision.text(v)),
        interval: ends.map(|(lower, upper)| (precision.text(lower), precision.text(upper))),
        better: ends
            .is_some_and(|(lower, upper)| if higher_is_better { lower > 0.0 } else { upper < 0.0 }),
    }
}
