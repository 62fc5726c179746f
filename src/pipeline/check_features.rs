//! `features check`: a config's features, labels and fitted numbers, looked through for look-ahead.

use std::path::PathBuf;

use anyhow::Context;

use super::prepare::{read, read_values};
use super::train::instruments;
use crate::config;
use crate::leaks::{self, CheckOptions, History, ProjectColumns, ProjectConfig, Report};
use crate::market::{Instrument, Span};
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
    let mut reports = Vec::new();
    for instrument in instruments(&config)? {
        let mut data = Vec::new();
        let span = config.data.span();
        let (base, _) = read(&store, &instrument, config.data.interval, span, &mut data)?;
        let mut context = Vec::new();
        for &interval in &config.data.context {
            // Coarse candles from before the base span warm the context up.
            let span = Span { start: i64::MIN, end: span.end };
            context.push(read(&store, &instrument, interval, span, &mut data)?.0);
        }
        let history = History { context, values: values.clone(), ..History::of(base) };
        let of = || format!("failed to check {instrument} {}", config.data.interval);
        let provider = ProjectColumns::new(columns.clone(), &history).with_context(of)?;
        let mut step = |done: usize, all: usize| progress(&instrument, done, all);
        let report = leaks::check(&provider, &history, &options, &mut step).with_context(of)?;
        reports.push(InstrumentReport { instrument, report });
    }
    Ok(reports)
}
