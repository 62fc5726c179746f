//! An ensemble beside its members: how they spread, and whether their mean forecast beats them.

use serde::{Deserialize, Serialize};

use super::ScoreError;
use super::bootstrap::{Bootstrap, Evaluation};
use super::card::ScoreConfig;
use super::compare::Comparison;
use super::measure::Measure;
use super::models::{Model, models};
use super::sample::Head;
use super::score_heads::evaluate;
use crate::forecast::{Forecast, Forecasts};

/// Measures that a sentence is written about.
const SPOKEN: [(&str, &str); 3] =
    [("direction", "log_loss"), ("return", "rmse"), ("volatility", "qlike")];

/// One measure of an ensemble and of its members, over all folds and instruments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberScore {
    /// `direction`, `return` or `volatility`.
    pub group: String,
    /// Name of the measure, such as `log_loss`.
    pub name: String,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// Of the members' mean forecast; `None` where it is not defined.
    pub ensemble: Option<f64>,
    /// Of each member, in the order of their seeds.
    pub members: Vec<MemberValue>,
    /// Mean over the members; `None` when it is not defined for one of them.
    pub mean: Option<f64>,
    /// Standard deviation over the members (n - 1).
    pub deviation: Option<f64>,
    /// The member that is best on these very forecasts: known afterwards only.
    pub best: Option<String>,
    /// The ensemble's value less the members' mean.
    pub from_mean: Difference,
    /// The ensemble's value less the best member's.
    pub from_best: Difference,
}

/// One member's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberValue {
    /// Name of the member, such as `lstm.seed_7`.
    pub model: String,
    /// The value; `None` where it is not defined.
    pub value: Option<f64>,
}

/// A difference with the block-bootstrap interval of its paired resamples.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Difference {
    /// The difference.
    pub value: Option<f64>,
    /// Lower end of the interval.
    pub lower: Option<f64>,
    /// Upper end of the interval.
    pub upper: Option<f64>,
}

/// Scores an ensemble's forecasts beside those of its members, which are of the same rows; and one
/// sentence for each of log loss, return RMSE and QLIKE beside the mean member and beside the best.
///
/// # Errors
/// As [`super::scorecard()`].
pub fn member_scores(
    config: &ScoreConfig,
    forecasts: &Forecasts,
    members: &Forecasts,
) -> Result<(Vec<MemberScore>, Vec<String>), ScoreError> {
    let (models, horizon) = models(forecasts, members)?;
    let bootstrap = config.bootstrap(horizon);
    let (mut scores, mut verdicts) = (Vec::new(), Vec::new());
    // The members stand where the baselines stand elsewhere.
    let (members, own): (Vec<&Model>, Vec<&Model>) = models.iter().partition(|m| m.baseline);
    let Some(ensemble) = own.first() else { return Err(ScoreError::NoOutcome) };
    for head in Head::ALL {
        let all: Vec<&Model> = [*ensemble].into_iter().chain(members.iter().copied()).collect();
        let rows: Vec<Vec<&Forecast>> =
            all.iter().map(|model| model.rows_where(|row| head.is_in(row))).collect();
        if rows.iter().any(Vec::is_empty) {
            continue;
        }
        let samples: Vec<&[&Forecast]> = rows.iter().map(Vec::as_slice).collect();
        let evaluations = evaluate(head, &samples, &bootstrap);
        let names: Vec<&str> = all.iter().map(|model| model.name).collect();
        for (index, measure) in head.measures().iter().enumerate() {
            let (score, said) = score((&names, &evaluations), (index, *measure), &bootstrap);
            scores.push(score);
            verdicts.extend(said);
        }
    }
    Ok((scores, verdicts))
}

/// Measure number `index` of the ensemble, which comes first, and of its members; and what is said of it.
fn score(
    (names, evaluations): (&[&str], &[Evaluation]),
    (index, measure): (usize, Measure),
    bootstrap: &Bootstrap,
) -> (MemberScore, Vec<String>) {
    let value = |at: usize| evaluations[at].value[index].filter(|value| value.is_finite());
    let members = 1..names.len();
    let values: Option<Vec<f64>> = members.clone().map(value).collect();
    let mean = values.as_ref().map(|all| all.iter().sum::<f64>() / all.len() as f64);
    let deviation =
        values.as_ref().zip(mean).filter(|(all, _)| all.len() > 1).map(|(all, mean)| {
            let squares: f64 = all.iter().map(|value| (value - mean).powi(2)).sum();
            (squares / (all.len() - 1) as f64).sqrt()
        });
    let sign = if measure.higher_is_better { 1.0 } else { -1.0 };
    let best = members
        .clone()
        .filter_map(|at| Some((at, sign * value(at)?)))
        .reduce(|best, other| if other.1 > best.1 { other } else { best })
        .map(|(at, _)| at);

    // The mean member has the mean of the members' values in every resample.
    let mut mean_member = Evaluation {
        value: vec![None; evaluations[0].value.len()],
        draws: vec![Vec::new(); evaluations[0].draws.len()],
    };
    mean_member.value[index] = mean;
    mean_member.draws[index] = (0..evaluations[0].draws[index].len())
        .map(|draw| {
            let sum: f64 = members.clone().map(|at| evaluations[at].draws[index][draw]).sum();
            sum / members.len() as f64
        })
        .collect();
    let named = best.map(|at| format!("the best member {}", names[at]));
    let own = (names[0], &evaluations[0]);
    let with_mean =
        Comparison::of(own, ("the mean member", &mean_member), (index, measure), bootstrap);
    let with_best = best.zip(named.as_deref()).map(|(at, name)| {
        Comparison::of(own, (name, &evaluations[at]), (index, measure), bootstrap)
    });
    let mut verdicts = Vec::new();
    if SPOKEN.contains(&(measure.group, measure.name)) {
        verdicts.push(with_mean.sentence());
        verdicts.extend(with_best.as_ref().map(Comparison::sentence));
    }
    let score = MemberScore {
        group: measure.group.to_owned(),
        name: measure.name.to_owned(),
        higher_is_better: measure.higher_is_better,
        ensemble: value(0),
        members: members
            .map(|at| MemberValue { model: names[at].to_owned(), value: value(at) })
            .collect(),
        mean,
        deviation,
        best: best.map(|at| names[at].to_owned()),
        from_mean: difference(&with_mean),
        from_best: with_best.as_ref().map_or_else(Difference::default, difference),
    };
    (score, verdicts)
}

fn difference(comparison: &Comparison<'_>) -> Difference {
    let value = comparison.value.zip(comparison.baseline_value).map(|(own, other)| own - other);
    let interval = comparison.interval.filter(|_| value.is_some());
    Difference {
        value,
        lower: interval.map(|(lower, _)| lower),
        upper: interval.map(|(_, upper)| upper),
    }
}
