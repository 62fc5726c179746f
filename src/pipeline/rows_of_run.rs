//! The rows that a run's config names: of a store, or of a published data set's files.

use std::path::Path;

use super::PipelineError;
use super::prepare::{Prepared, Recipe, prepare};
use crate::config::RunConfig;
use crate::fi_2010::{self, Fi2010Config};
use crate::folds::RowTime;
use crate::labels::Labels;
use crate::market::Instrument;
use crate::run_folder::DataDigest;
use crate::store::Store;
use crate::windows::Pool;

/// Reads what `config` names; `store` is opened only where its candles are.
///
/// # Errors
/// As [`prepare`] and [`fi_2010::load`].
pub(super) fn rows_of_run(
    store: &Path,
    config: &RunConfig,
    instruments: &[Instrument],
) -> anyhow::Result<Prepared> {
    if let Some(files) = &config.data.fi_2010 {
        return of_fi_2010(files, config, instruments);
    }
    prepare(
        &Store::open(store)?,
        &Recipe {
            instruments,
            interval: config.data.interval,
            context: &config.data.context,
            candles: config.data.candles,
            span: config.data.span(),
            features: &config.features,
            labels: &config.labels,
        },
    )
}

/// Refuses a config whose features are not made of a store's data.
///
/// # Errors
/// When the data brings them along.
pub(super) fn needs_store(config: &RunConfig) -> anyhow::Result<()> {
    match &config.data.fi_2010 {
        Some(_) => Err(PipelineError::Config(
            "the files of data.fi_2010 bring their features along, and no feature is made of a store; \
             train on them or name another config"
                .to_owned(),
        )
        .into()),
        None => Ok(()),
    }
}

fn of_fi_2010(
    files: &Fi2010Config,
    config: &RunConfig,
    stocks: &[Instrument],
) -> anyhow::Result<Prepared> {
    let rows = fi_2010::load(files, stocks, config.data.interval, config.labels.horizon)?;
    let data = rows.files.iter().map(|file| DataDigest {
        name: file.name.clone(),
        digest: file.sha256.clone(),
        rows: file.events,
        first: file.ends.0.0,
        last: file.ends.1.0,
    });
    let pool = Pool::new(rows.tables)?;
    let labels = Labels::pooled(&rows.labels);
    let times = (0..pool.rows() as u32)
        .map(|row| RowTime { decision: pool.decision_time(row), label: labels.span[row as usize] })
        .collect();
    Ok(Prepared {
        pool,
        labels,
        times,
        series: Vec::new(),
        data: data.collect(),
        ledger: Vec::new(),
        test_from: Some(rows.test_from),
    })
}
