//! Scores of ledgers.

use std::collections::BTreeSet;

use super::baselines::BUY_AND_HOLD;
use super::bootstrap::Bootstrap;
use super::compare::{Comparison, rivals};
use super::ledger::Ledger;
use super::measure;
use super::rows::push_scores;
use super::scorecard::Scorecard;
use super::slice::Slice;
use super::steps;

/// Scores every model's ledgers over a slice; over the whole, compares each with buy and hold.
pub(super) fn score_profit(
    card: &mut Scorecard,
    ledgers: &[Ledger],
    slice: &Slice,
    bootstrap: &Bootstrap,
) {
    let kept: Vec<&Ledger> = ledgers
        .iter()
        .filter(|ledger| slice.instrument.is_none_or(|name| name == ledger.instrument.as_ref()))
        .collect();
    let times: BTreeSet<i64> = kept
        .iter()
        .flat_map(|ledger| ledger.rows.iter().filter(|row| slice.holds_step(row)))
        .map(|row| row.time)
        .collect();
    let times: Vec<i64> = times.into_iter().collect();
    let Some(per_year) = kept.first().map(|ledger| ledger.interval.per_year()) else { return };
    if times.is_empty() {
        return;
    }
    let mut names: Vec<&str> = Vec::new();
    for ledger in &kept {
        if !names.contains(&ledger.model.as_ref()) {
            names.push(&ledger.model);
        }
    }
    names.sort_by_key(|name| *name == BUY_AND_HOLD);
    let held: Vec<_> = names
        .iter()
        .map(|name| {
            let own: Vec<&Ledger> =
                kept.iter().copied().filter(|ledger| ledger.model.as_ref() == *name).collect();
            steps::steps(&own, &times, |row| slice.holds_step(row))
        })
        .collect();
    let evaluations =
        bootstrap.evaluate(&held, times.len(), |steps, draw| steps::measure(steps, per_year, draw));
    for (name, evaluation) in names.iter().zip(&evaluations) {
        let model = (*name, *name == BUY_AND_HOLD);
        push_scores(card, model, slice, &measure::PROFIT, evaluation, bootstrap);
    }
    let Some(baseline) = evaluations.last().filter(|_| names.last() == Some(&BUY_AND_HOLD)) else {
        return;
    };
    for (name, evaluation) in names.iter().zip(&evaluations) {
        if *slice != Slice::WHOLE || *name == BUY_AND_HOLD {
            continue;
        }
        for measure in rivals(&measure::PROFIT, BUY_AND_HOLD) {
            let rival = (BUY_AND_HOLD, baseline);
            let comparison = Comparison::of((name, evaluation), rival, measure, bootstrap);
            card.verdicts.push(comparison.sentence());
        }
    }
}
