//! `features check`: a config's features, labels and fitted numbers, looked through for look-ahead.

use std::path::PathBuf;

use anyhow::Context;

use super::prepare::{Recipe, read_instrument, read_peers, read_values};
use super::rows_of_run::needs_store;
use super::train::instruments;
use crate::config;
use crate::leaks::{self, CheckOptions, History, ProjectColumns, ProjectConfig, Report};
use crate::market::Instrument;
use crate::store::Store;

/// What to check.
#[derive(Debug, Clone)]
pub struct CheckFeaturesRequest {
    /// Config file.
    pub config: PathBuf,
    /// Folder of the store.
    pub store: PathBuf,
    /// Random decision times to look at.
    pub points: usize,
    /// Seed of the check in place of the config's.
    pub seed: Option<u64>,
}

/// What was found in one instrument's columns.
#[derive(Debug, Clone)]
pub struct InstrumentReport {
    /// What is traded.
    pub instrument: Instrument,
    /// What was compared and found.
    pub report: Report,
}

/// Checks the columns of each instrument; `progress` is told of which one how many of how many
/// computations are done.
///
/// # Errors
/// When the config is wrong, the store lacks what it needs, or features, labels or folds cannot be
/// made of it. What leaks is no error but in the report.
pub fn check_features(
    request: &CheckFeaturesRequest,
    progress: &mut dyn FnMut(&Instrument, usize, usize),
) -> anyhow::Result<Vec<InstrumentReport>> {
    let config = config::load(&request.config, &[])?;
    needs_store(&config)?;
    let store = Store::open(&request.store)?;
    let values = read_values(&store, &config.features)?;
    let options =
        CheckOptions { points: request.points, seed: request.seed.unwrap_or(config.seed) };
    let columns = ProjectConfig {
        features: config.features.clone(),
        labels: config.labels.clone(),
        scaler: config.scaler.clone(),
        folds: config.folds.clone(),
        window: config.window,
    };
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
    let entries = store.gaps(None)?;
    // What was read goes into no manifest.
    let mut data = Vec::new();
    let (peers, _) = read_peers(&store, &recipe, &mut data)?;
    let mut reports = Vec::new();
    for instrument in &instruments {
        let read = read_instrument(&store, &recipe, instrument, &entries, &mut data)?;
        let history = History {
            context: read.context,
            peers: peers.clone(),
            values: values.clone(),
            trades: read.streams.trades,
            books: read.streams.books,
            unseen: read.inside,
            ..History::of(read.base)
        };
        let of = || format!("failed to check {instrument} {}", config.data.interval);
        let provider = ProjectColumns::new(columns.clone(), &history).with_context(of)?;
        let mut step = |done: usize, all: usize| progress(instrument, done, all);
        let report = leaks::check(&provider, &history, &options, &mut step).with_context(of)?;
        reports.push(InstrumentReport { instrument: instrument.clone(), report });
    }
    Ok(reports)
}
