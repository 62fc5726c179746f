//! Forecasts, baselines and ledgers into the scorecard.

use std::collections::BTreeSet;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ScoreError;
use super::bootstrap::Bootstrap;
use super::calibration::calibration;
use super::confusion::{Counts, likeliest};
use super::ledger::Ledger;
use super::models::{Model, models};
use super::sample::{Head, directions};
use super::score_heads::score_head;
use super::score_profit::score_profit;
use super::scorecard::{Confusion, SCORECARD_VERSION, Scorecard};
use super::slice::slices;
use crate::forecast::{ByClass, Classes, Forecasts};

/// Shortest default block, in decision times.
const SHORTEST_BLOCK: usize = 24;

/// How scores are given an interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct ScoreConfig {
    /// Coverage of the intervals. Default 0.95.
    #[garde(range(min = 0.5, max = 0.999))]
    pub level: f64,
    /// Number of bootstrap resamples. Default 1000; fewer is faster and rougher.
    #[garde(range(min = 100, max = 100_000))]
    pub resamples: u32,
    /// Length of a bootstrap block in decision times. Default: twice the horizon, at least 24.
    /// Longer where forecasts or errors are alike for longer.
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    pub block: Option<u32>,
    /// Seed of the resamples. Default 0.
    #[garde(skip)]
    pub seed: u64,
}

impl Default for ScoreConfig {
    fn default() -> Self {
        Self { level: 0.95, resamples: 1000, block: None, seed: 0 }
    }
}

impl ScoreConfig {
    /// The resamples of forecasts of labels of so many candles.
    pub(super) fn bootstrap(&self, horizon: u32) -> Bootstrap {
        let own = SHORTEST_BLOCK.max(2 * horizon as usize);
        Bootstrap {
            block: self.block.map_or(own, |block| block.max(1) as usize),
            resamples: self.resamples as usize,
            seed: self.seed,
            level: self.level,
        }
    }
}

/// What is scored.
#[derive(Debug, Clone, Copy)]
pub struct ScoreInputs<'a> {
    /// Forecasts of any models, folds and instruments for one label; those without a known outcome
    /// are left out.
    pub forecasts: &'a Forecasts,
    /// The baselines' forecasts, from [`super::baseline_forecasts`].
    pub baselines: &'a Forecasts,
    /// One a model and instrument; buy and hold is recognised by its name. May be empty.
    pub ledgers: &'a [Ledger],
}

/// Scores models and baselines over all folds and instruments, each fold, and each instrument where
/// there are several; compares each model with the baselines over the forecasts that both made.
///
/// # Errors
/// When no forecast has an outcome, forecasts are of different labels or not finite, forecasts or
/// ledgers are doubled, or a model has a baseline's name.
pub fn scorecard(config: &ScoreConfig, inputs: &ScoreInputs) -> Result<Scorecard, ScoreError> {
    let (models, horizon) = models(inputs.forecasts, inputs.baselines)?;
    check_ledgers(inputs.ledgers)?;
    let bootstrap = config.bootstrap(horizon);
    let mut card = Scorecard {
        schema_version: SCORECARD_VERSION,
        classes: inputs.forecasts.classes.names().iter().map(|&name| name.to_owned()).collect(),
        level: config.level,
        block: bootstrap.block,
        resamples: bootstrap.resamples,
        forecasts: own_forecasts(&models),
        scores: Vec::new(),
        confusion: Vec::new(),
        calibration: Vec::new(),
        members: Vec::new(),
        verdicts: Vec::new(),
    };
    for slice in slices(&models) {
        for head in Head::ALL {
            score_head(&mut card, &models, &slice, head, &bootstrap);
        }
        score_profit(&mut card, inputs.ledgers, &slice, &bootstrap);
    }
    for model in models.iter().filter(|model| !model.baseline) {
        let (probability, outcome) = directions(&model.rows);
        if probability.is_empty() {
            continue;
        }
        let classes = inputs.forecasts.classes;
        card.confusion.push(confusion((model.name, classes), &probability, &outcome));
        card.calibration.extend(
            (0..classes.count()).filter_map(|class| {
                calibration(model.name, (classes, class), &probability, &outcome)
            }),
        );
    }
    Ok(card)
}

fn check_ledgers(ledgers: &[Ledger]) -> Result<(), ScoreError> {
    let mut seen = BTreeSet::new();
    match ledgers.iter().find(|ledger| !seen.insert((&ledger.model, &ledger.instrument))) {
        Some(Ledger { model, instrument, .. }) => Err(ScoreError::LedgerTwice {
            model: model.to_string(),
            instrument: instrument.to_string(),
        }),
        None => Ok(()),
    }
}

fn own_forecasts(models: &[Model]) -> usize {
    let rows = models.iter().filter(|model| !model.baseline).flat_map(|model| &model.rows);
    rows.map(|row| Model::key(row)).collect::<BTreeSet<_>>().len()
}

fn confusion(
    (model, classes): (&str, Classes),
    probability: &[ByClass<f32>],
    outcome: &[u8],
) -> Confusion {
    let class: Vec<u8> = probability.iter().map(likeliest).collect();
    let counts = Counts::of(outcome, &class, &vec![1.0; class.len()]);
    let classes = classes.count();
    let row = |row: &[f64]| row[..classes].iter().map(|&count| count as u64).collect();
    let counts = counts.0[..classes].iter().map(|counts| row(counts)).collect();
    Confusion { model: model.to_owned(), counts }
}
