//! What the run was made of, as the page lists it.

use serde::Serialize;

use crate::forecast::Forecasts;
use crate::market::Span;
use crate::run_folder::{DataDigest, Manifest, ManifestFold};

use super::contents::{Contents, Part};
use super::numbers::{count, duration, time};
use super::tables::label;

/// Digits of a digest that are shown.
const DIGEST: usize = 16;

/// The summary section.
#[derive(Serialize)]
pub(super) struct Summary<'a> {
    /// Name and value.
    facts: Vec<(&'static str, String)>,
    data: Vec<Series<'a>>,
    folds: Vec<FoldRow<'a>>,
    features: &'a [String],
}

#[derive(Serialize)]
struct Series<'a> {
    name: &'a str,
    rows: String,
    first: String,
    last: String,
    digest: String,
}

#[derive(Serialize)]
struct FoldRow<'a> {
    name: &'a str,
    /// Training, validation and test: first and last time, unless empty, and the number of rows.
    parts: [(Option<(String, String)>, String); 3],
}

/// Lists what the manifest says, and what the journal and the forecasts add.
pub(super) fn summary<'a>(manifest: &'a Manifest, contents: &Contents) -> Summary<'a> {
    let mut facts = vec![
        ("Model", label(&manifest.model)),
        ("Base interval", manifest.interval.to_string()),
        ("Window", format!("{} candles", manifest.window)),
        ("Horizon", format!("{} candles", manifest.horizon)),
        ("Features", count(manifest.feature_names.len() as u64)),
        ("Device", manifest.device.clone()),
        ("Seed", manifest.seed.to_string()),
        ("Begun", format!("{} UTC", time(manifest.created))),
    ];
    if !manifest.member_seeds.is_empty() {
        let seeds: Vec<String> = manifest.member_seeds.iter().map(u64::to_string).collect();
        facts.push(("Members' seeds", seeds.join(", ")));
    }
    if let Some((first, last)) = contents.journal.as_ref().ok().and_then(|j| j.first_last) {
        facts.push(("First to last event", duration(last.saturating_sub(first))));
    }
    let dropped = &manifest.dropped;
    let (gap, unlabelled) = (count(dropped.gap), count(dropped.unlabelled));
    facts.push(("Windows left out", format!("{gap} over gaps, {unlabelled} without label")));
    facts.push(("Test forecasts", forecast_count(&contents.forecasts)));
    let commit = manifest.git_commit.as_deref().unwrap_or("not in a git working folder");
    facts.push(("Git commit", commit.to_owned()));
    facts.push(("Candlewick", manifest.candlewick_version.clone()));
    facts.push(("Run id", manifest.run_id.clone()));
    Summary {
        facts,
        data: manifest.data.iter().map(series).collect(),
        folds: manifest.folds.iter().map(fold_row).collect(),
        features: &manifest.feature_names,
    }
}

fn series(data: &DataDigest) -> Series<'_> {
    Series {
        name: &data.name,
        rows: count(data.rows),
        first: time(data.first),
        last: time(data.last),
        digest: data.digest.chars().take(DIGEST).collect(),
    }
}

fn fold_row(fold: &ManifestFold) -> FoldRow<'_> {
    let part = |span: Span, rows| {
        let ends = (span.start < span.end).then(|| (time(span.start), time(span.end)));
        (ends, count(rows))
    };
    let parts = [
        part(fold.train_span, fold.train_rows),
        part(fold.valid_span, fold.valid_rows),
        part(fold.test_span, fold.test_rows),
    ];
    FoldRow { name: &fold.name, parts }
}

fn forecast_count(forecasts: &Part<Forecasts>) -> String {
    match forecasts {
        Ok(forecasts) => {
            let known = forecasts.rows.iter().filter(|row| row.outcome.is_some()).count();
            let all = count(forecasts.rows.len() as u64);
            format!("{all}, {} with a known outcome", count(known as u64))
        }
        Err(reason) => reason.clone(),
    }
}
