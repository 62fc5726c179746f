//! Scores, ledger and chart of a run's test forecasts.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;

use super::observe::SharedJournal;
use super::prepare::Prepared;
use crate::backtest::{self, Ledger, LedgerRow};
use crate::config::RunConfig;
use crate::event::Event;
use crate::folds::Fold;
use crate::forecast::Forecasts;
use crate::labels::DirectionThresholds;
use crate::run_folder::{ChartRow, RunFolder, write_atomic, write_chart};
use crate::scores::{
    FoldPrior, ScoreInputs, Scorecard, baseline_forecasts, class_baseline_forecasts, member_scores,
    scorecard,
};

/// What is scored.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The model's test forecasts.
    pub forecasts: &'a Forecasts,
    /// Those of each member of an ensemble; without rows for a single net.
    pub members: &'a Forecasts,
}

/// Scores what was forecast, writes `metrics.json` and `chart.parquet`, and records the scores as metrics.
/// Returns how the model compares with its baselines, a sentence each.
///
/// # Errors
/// When nothing can be scored or a file cannot be written.
pub fn evaluate(
    config: &RunConfig,
    prepared: &Prepared,
    folds: &[Fold],
    Said { forecasts, members }: &Said<'_>,
    folder: &RunFolder,
    journal: &SharedJournal,
) -> anyhow::Result<Vec<String>> {
    let priors = folds
        .iter()
        .map(|fold| {
            let thresholds = DirectionThresholds::fit(&config.labels, &prepared.labels, fold)?;
            Ok(FoldPrior::fit(fold, &prepared.labels, &thresholds)?)
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let has_candles = prepared.test_from.is_none();
    let baselines = if has_candles {
        baseline_forecasts(forecasts, &prepared.series, &priors, &config.labels)?
    } else {
        class_baseline_forecasts(forecasts, (&prepared.labels, &prepared.times), &priors)?
    };
    // The classes of meta-labels say whether a side is right, not which side; a published data set has
    // no prices to trade at.
    let traded = if has_candles
        && config.heads.direction.enabled
        && config.labels.direction.is_of_the_market()
    {
        trade(config, prepared, forecasts)?
    } else {
        Vec::new()
    };
    let ledgers: Vec<Ledger> =
        traded.iter().flat_map(|(model, hold)| [model.clone(), hold.clone()]).collect();
    let mut card = scorecard(
        &config.scores,
        &ScoreInputs { forecasts, baselines: &baselines, ledgers: &ledgers },
    )
    .context("failed to score the forecasts")?;
    if !members.rows.is_empty() {
        let (spread, verdicts) = member_scores(&config.scores, forecasts, members)
            .context("failed to score the members of the ensemble")?;
        card.members = spread;
        card.verdicts.extend(verdicts);
    }
    write_atomic(&folder.metrics(), (serde_json::to_string_pretty(&card)? + "\n").as_bytes())?;
    write_chart(&folder.chart(), &chart(prepared, folds, &traded))?;
    record(&card, journal)?;
    Ok(card.verdicts)
}

/// The model's ledger and that of buy and hold for each instrument that has forecasts.
fn trade(
    config: &RunConfig,
    prepared: &Prepared,
    forecasts: &Forecasts,
) -> anyhow::Result<Vec<(Ledger, Ledger)>> {
    let mut ledgers = Vec::new();
    for series in &prepared.series {
        let name = series.instrument().to_string();
        let own = Forecasts {
            classes: forecasts.classes,
            quantile_levels: forecasts.quantile_levels.clone(),
            rows: forecasts
                .rows
                .iter()
                .filter(|row| row.instrument.as_ref() == name)
                .cloned()
                .collect(),
        };
        if own.rows.is_empty() {
            continue;
        }
        ledgers.push((
            backtest::run(&config.backtest, &own, series)?,
            backtest::buy_and_hold(&config.backtest, &own, series)?,
        ));
    }
    Ok(ledgers)
}

fn chart(prepared: &Prepared, folds: &[Fold], ledgers: &[(Ledger, Ledger)]) -> Vec<ChartRow> {
    let mut rows = Vec::new();
    for series in &prepared.series {
        let name: Arc<str> = Arc::from(series.instrument().to_string());
        let ledger = ledgers.iter().find(|(model, _)| model.instrument == name);
        let (model, hold) =
            ledger.map(|(model, hold)| (by_time(model), by_time(hold))).unwrap_or_default();
        let interval = series.interval().ms();
        for candle in series.iter() {
            let decision = candle.open_time + interval;
            let fold = folds.iter().find(|fold| fold.test_span.contains(decision));
            let own = model.get(&candle.open_time);
            rows.push(ChartRow {
                instrument: Arc::clone(&name),
                open_time: candle.open_time,
                open: candle.open,
                high: candle.high,
                low: candle.low,
                close: candle.close,
                fold: fold.map(|fold| Arc::from(fold.name.as_str())),
                position: own.map(|row| row.position as f32),
                equity: own.map(|row| row.equity),
                buy_and_hold: hold.get(&candle.open_time).map(|row| row.equity),
            });
        }
    }
    rows
}

fn by_time(ledger: &Ledger) -> HashMap<i64, &LedgerRow> {
    ledger.rows.iter().map(|row| (row.time, row)).collect()
}

/// The model's own scores over all folds as `test/<group>/<name>`, each fold's as `test/<fold>/…`, and
/// those of an ensemble's members as `member/<model>.seed_<seed>/…`.
fn record(card: &Scorecard, journal: &SharedJournal) -> anyhow::Result<()> {
    for score in card.scores.iter().filter(|score| score.instrument == "all") {
        let Some(value) = score.value else { continue };
        let key = match (score.baseline, score.fold.as_str()) {
            (false, "all") => format!("test/{}/{}", score.group, score.name),
            (false, fold) => format!("test/{fold}/{}/{}", score.group, score.name),
            (true, "all") => format!("baseline/{}/{}/{}", score.model, score.group, score.name),
            (true, _) => continue,
        };
        journal.record(Event::Metric { key, value, step: 0 })?;
    }
    for measure in &card.members {
        for member in &measure.members {
            let Some(value) = member.value else { continue };
            let key = format!("member/{}/{}/{}", member.model, measure.group, measure.name);
            journal.record(Event::Metric { key, value, step: 0 })?;
        }
    }
    Ok(())
}
