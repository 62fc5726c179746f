//! `features inspect`: a config and a store into a page that shows features and labels.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::PipelineError;
use super::describe_run::is_simulated;
use super::prepare::{Recipe, missing, prepare};
use super::rows_of_run::needs_store;
use super::train::{instruments, split, views_of};
use crate::config::{self, Override, RunConfig};
use crate::folds::Fold;
use crate::inspection::{Inspection, InspectionSettings, Subject, inspect};
use crate::labels::DirectionThresholds;
use crate::market::Time;
use crate::report::{InspectedConfig, render_inspection};
use crate::run_folder::write_atomic;
use crate::store::Store;
use crate::windows::{eligible, reach};

/// What to look at, and where the page goes.
#[derive(Debug, Clone)]
pub struct InspectRequest {
    /// Config file.
    pub config: PathBuf,
    /// Values changed from the command line.
    pub overrides: Vec<Override>,
    /// Folder of the store.
    pub store: PathBuf,
    /// Fold whose training rows are measured; the first when absent.
    pub fold: Option<String>,
    /// First candle to draw; the end of the training rows when absent.
    pub chart_from: Option<Time>,
    /// Page to write; `<name of the config>_features.html` when absent.
    pub page: Option<PathBuf>,
}

/// The page, and what it shows.
#[derive(Debug, Clone)]
pub struct InspectOutcome {
    /// Where the page is.
    pub page: PathBuf,
    /// Every number on it.
    pub inspection: Inspection,
}

impl InspectOutcome {
    /// As one JSON object: the page's path and every measure.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        json!({ "page": self.page, "inspection": self.inspection })
    }
}

/// Builds features, labels and folds as a training does, measures one fold's training rows and
/// writes the page.
///
/// # Errors
/// When the config is wrong, the store lacks what it needs, there is no such fold, or the page cannot
/// be written.
pub fn inspect_features(request: &InspectRequest) -> anyhow::Result<InspectOutcome> {
    let config = config::load(&request.config, &request.overrides)?;
    needs_store(&config)?;
    let store = Store::open(&request.store)?;
    let instruments = instruments(&config)?;
    let recipe = Recipe {
        instruments: &instruments,
        interval: config.data.interval,
        context: &config.data.context,
        candles: config.data.candles,
        span: config.data.span(),
        features: &config.features,
        labels: &config.labels,
    };
    let prepared = prepare(&store, &recipe)?;
    let lacking = missing(&store, &recipe)?;
    let known = Some(prepared.labels.known.as_slice());
    let reach = reach(&views_of(&config, &prepared.pool)?);
    let rows = eligible(&prepared.pool, reach, known, &prepared.ledger);
    let (folds, last) = split(&config, &prepared, &rows, reach)?;
    let fold = choose(&folds, last.as_ref(), request.fold.as_deref())?;
    let thresholds = DirectionThresholds::fit(&config.labels, &prepared.labels, fold)?;
    let subject = Subject {
        names: &prepared.pool.names,
        values: &prepared.pool.values,
        open_time: &prepared.pool.open_time,
        instrument: &prepared.pool.instrument,
        interval: prepared.pool.interval,
        labels: &prepared.labels,
        thresholds: &thresholds,
        rule: &config.labels.direction,
        fold,
        series: &prepared.series,
        missing: &lacking,
    };
    let inspection = inspect(&subject, &settings(&config, request)).ok_or_else(|| {
        PipelineError::Data(format!(
            "{} has no training row to look at; load more candles",
            fold.name
        ))
    })?;
    let shown = InspectedConfig {
        name: config.name.clone(),
        file: request.config.display().to_string(),
        simulated: is_simulated(&config),
    };
    let html = render_inspection(&inspection, &shown)?;
    let page = request
        .page
        .clone()
        .unwrap_or_else(|| Path::new(&format!("{}_features.html", config.name)).to_path_buf());
    write_atomic(&page, html.as_bytes())?;
    Ok(InspectOutcome { page, inspection })
}

fn settings(config: &RunConfig, request: &InspectRequest) -> InspectionSettings {
    let usual = InspectionSettings::default();
    InspectionSettings {
        seed: config.seed,
        block: config.scores.block.map_or(usual.block, |block| block as usize),
        level: config.scores.level,
        chart_from: request.chart_from.map(|time| time.0),
        ..usual
    }
}

fn choose<'a>(
    folds: &'a [Fold],
    last: Option<&'a Fold>,
    name: Option<&str>,
) -> anyhow::Result<&'a Fold> {
    let mut all = folds.iter().chain(last);
    let found = all.find(|fold| name.is_none_or(|name| fold.name == name));
    found.ok_or_else(|| {
        let name = name.unwrap_or("at all");
        let first = folds.first().map_or("none", |fold| &fold.name);
        let newest = folds.last().map_or("none", |fold| &fold.name);
        let known = format!("{first} to {newest} and {}", last.map_or("none", |fold| &fold.name));
        PipelineError::Config(format!("there is no fold {name}; there are {known}")).into()
    })
}
