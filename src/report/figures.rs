//! The charts of each section, with their titles and notes.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::run_folder::{ChartRow, Manifest};
use crate::scores::Scorecard;

use super::ReportError;
use super::charts::{MOST_FOLDS, calibration_chart, equity_chart, folds_chart, loss_chart};
use super::contents::Part;
use super::journal::{FoldLoss, Journal};
use super::numbers::{Precision, count};
use super::tables::label;

/// Models whose calibration is drawn at most; the numbers of all are in the tables.
const MOST_MODELS: usize = 4;

/// A drawn chart and what it says, for those who do not see it.
#[derive(Serialize)]
pub(super) struct Chart {
    title: String,
    note: String,
    /// Made of numbers, fixed colours and escaped texts only.
    svg: String,
}

/// The loss section.
#[derive(Serialize)]
pub(super) struct LossFigures {
    charts: Vec<Chart>,
    /// Folds without a finite loss.
    undrawn: Vec<String>,
    /// Lines of the journal that hold no event.
    unreadable: usize,
}

/// The fold section.
#[derive(Serialize)]
pub(super) struct FoldFigures {
    charts: Vec<Chart>,
    /// Number of folds that are not drawn.
    hidden: usize,
    without_folds: bool,
}

/// Calibration curves by model; baselines are left out.
pub(super) fn calibration(card: &Scorecard) -> Result<Vec<(String, Vec<Chart>)>, ReportError> {
    let baseline = |model: &str| card.scores.iter().any(|s| s.model == model && s.baseline);
    let mut models: Vec<(String, Vec<Chart>)> = Vec::new();
    for curve in card.calibration.iter().filter(|curve| !baseline(&curve.model)) {
        let model = label(&curve.model);
        let error = Precision::Decimals(3).text(curve.error);
        let note = format!("expected calibration error {error}");
        let chart = Chart { title: curve.class.clone(), note, svg: calibration_chart(curve)? };
        match models.iter().position(|(name, _)| *name == model) {
            Some(place) => models[place].1.push(chart),
            None if models.len() < MOST_MODELS => models.push((model, vec![chart])),
            None => {}
        }
    }
    Ok(models)
}

/// Loss curves by fold.
pub(super) fn losses(journal: &Journal) -> Result<LossFigures, ReportError> {
    let mut charts = Vec::new();
    let mut undrawn = Vec::new();
    for loss in &journal.losses {
        match loss_chart(loss)? {
            Some(svg) => {
                charts.push(Chart { title: loss.fold.clone(), note: loss_note(loss), svg });
            }
            None => undrawn.push(loss.fold.clone()),
        }
    }
    Ok(LossFigures { charts, undrawn, unreadable: journal.unreadable })
}

fn loss_note(loss: &FoldLoss) -> String {
    let finite = |point: &&(f64, f64)| point.1.is_finite();
    let lowest = loss.valid.iter().filter(finite).min_by(|a, b| a.1.total_cmp(&b.1));
    let note = match lowest {
        Some(&(step, value)) => {
            let value = Precision::of([value].into_iter()).text(value);
            format!("lowest validation loss {value} at step {step}")
        }
        None => "no validation loss".to_owned(),
    };
    match loss.train.iter().chain(&loss.valid).filter(|point| !point.1.is_finite()).count() {
        0 => note,
        lost => format!("{note}; {lost} values are not finite"),
    }
}

/// Folds under the price by instrument.
pub(super) fn folds(
    rows: &[ChartRow],
    manifest: &Part<Manifest>,
) -> Result<FoldFigures, ReportError> {
    let folds = manifest.as_ref().map_or(&[][..], |manifest| &manifest.folds);
    let mut charts = Vec::new();
    for (instrument, rows) in by_instrument(rows) {
        if let Some(svg) = folds_chart(&rows, folds)? {
            let note = format!("close of {} candles", count(rows.len() as u64));
            charts.push(Chart { title: instrument.to_owned(), note, svg });
        }
    }
    let hidden = folds.len().saturating_sub(MOST_FOLDS);
    Ok(FoldFigures { charts, hidden, without_folds: folds.is_empty() })
}

/// Equity curves by instrument.
pub(super) fn equity(rows: &[ChartRow]) -> Result<Vec<Chart>, ReportError> {
    let mut charts = Vec::new();
    for (instrument, rows) in by_instrument(rows) {
        let last = |value: fn(&ChartRow) -> Option<f64>| {
            let end = rows.iter().rev().find_map(|row| value(row).filter(|v| v.is_finite()));
            end.map_or_else(|| "–".to_owned(), |v| Precision::Decimals(3).text(v))
        };
        if let Some(svg) = equity_chart(&rows)? {
            let (model, hold) = (last(|row| row.equity), last(|row| row.buy_and_hold));
            let note = format!("ends at {model} against {hold} for buy and hold");
            charts.push(Chart { title: instrument.to_owned(), note, svg });
        }
    }
    Ok(charts)
}

/// Rows by instrument, in the order of time.
fn by_instrument(rows: &[ChartRow]) -> BTreeMap<&str, Vec<&ChartRow>> {
    let mut instruments: BTreeMap<&str, Vec<&ChartRow>> = BTreeMap::new();
    for row in rows {
        instruments.entry(&row.instrument).or_default().push(row);
    }
    for rows in instruments.values_mut() {
        rows.sort_by_key(|row| row.open_time);
    }
    instruments
}
