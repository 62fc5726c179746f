//! The page: everything that the template shows, and the template.

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use crate::event::Status;
use crate::scores::Scorecard;

use super::ReportError;
use super::contents::{Contents, Part};
use super::figures::{Chart, FoldFigures, LossFigures, calibration, equity, folds, losses};
use super::journal::Journal;
use super::members::{Ensemble, ensemble};
use super::numbers::{Precision, count};
use super::summary::{Summary, summary};
use super::tables::{Group, Matrix, groups, label, matrices};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// Names in the template.
#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    name: &'a str,
    folder: &'a str,
    version: &'static str,
    simulated: bool,
    /// Class and text.
    status: Option<(&'static str, &'static str)>,
    manifest: Section<Summary<'a>>,
    scores: Section<Scores<'a>>,
    calibration: Section<Vec<(String, Vec<Chart>)>>,
    losses: Section<LossFigures>,
    folds: Section<FoldFigures>,
    equity: Section<Vec<Chart>>,
}

/// What a section shows, or why it shows nothing.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Section<T> {
    Content(T),
    Missing(String),
}

impl<T> Section<T> {
    fn of<'a, P>(
        part: &'a Part<P>,
        content: impl FnOnce(&'a P) -> Result<T, ReportError>,
    ) -> Result<Self, ReportError> {
        match part {
            Ok(part) => content(part).map(Self::Content),
            Err(reason) => Ok(Self::Missing(reason.clone())),
        }
    }
}

#[derive(Serialize)]
struct Scores<'a> {
    verdicts: &'a [String],
    groups: Vec<Group>,
    matrices: Vec<Matrix>,
    ensemble: Option<Ensemble>,
    classes: Vec<String>,
    level: String,
    block: usize,
    resamples: String,
    forecasts: String,
}

/// Lays out the page.
pub(super) fn render(contents: &Contents) -> Result<String, ReportError> {
    let mut templates = Environment::new();
    // The file's extension turns escaping on.
    templates.add_template("page.html", TEMPLATE)?;
    let manifest = contents.manifest.as_ref().ok();
    let page = Page {
        style: STYLE,
        name: manifest.map_or(&contents.folder, |manifest| &manifest.name),
        folder: &contents.folder,
        version: env!("CARGO_PKG_VERSION"),
        simulated: manifest.is_some_and(|manifest| manifest.simulated),
        status: status(&contents.journal),
        manifest: Section::of(&contents.manifest, |m| Ok(summary(m, contents)))?,
        scores: Section::of(&contents.scorecard, |card| Ok(scores(card)))?,
        calibration: Section::of(&contents.scorecard, calibration)?,
        losses: Section::of(&contents.journal, losses)?,
        folds: Section::of(&contents.chart, |rows| folds(rows, &contents.manifest))?,
        equity: Section::of(&contents.chart, |rows| equity(rows))?,
    };
    Ok(templates.get_template("page.html")?.render(Serde(&page))?)
}

fn status(journal: &Part<Journal>) -> Option<(&'static str, &'static str)> {
    match journal.as_ref().ok()?.status? {
        Status::Running => Some(("running", "not finished")),
        Status::Finished => Some(("finished", "finished")),
        Status::Failed => Some(("failed", "failed")),
        Status::Killed => Some(("killed", "stopped before its end")),
    }
}

fn scores(card: &Scorecard) -> Scores<'_> {
    Scores {
        verdicts: &card.verdicts,
        groups: groups(card),
        matrices: matrices(&card.confusion, &card.classes),
        ensemble: ensemble(card),
        classes: card.classes.iter().map(|name| label(name)).collect(),
        level: format!("{}%", Precision::of([100.0].into_iter()).text(100.0 * card.level)),
        block: card.block,
        resamples: count(card.resamples as u64),
        forecasts: count(card.forecasts as u64),
    }
}
