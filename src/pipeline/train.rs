//! `train`: a config and a store into a run folder.

use std::path::PathBuf;

use burn::tensor::Device;
use serde_json::json;

use super::describe_run::{self, DataFacts};
use super::evaluate::{Said, evaluate};
use super::fold_job::{FoldOutcome, run_fold};
use super::observe::RunObserver;
use super::open::{Purpose, open};
use super::prepare::Prepared;
use super::rows_of_run::rows_of_run;
use super::tracked::{Run, now_ms, tracked};
use super::{PipelineError, Watch, relative};
use crate::config::{Override, RunConfig};
use crate::event::Event;
use crate::fi_2010;
use crate::folds::{self, Fold};
use crate::forecast::Forecasts;
use crate::market::Instrument;
use crate::nets::{InputShape, Net};
use crate::run_folder::{RunFolder, write_forecasts};
use crate::training::{Observer, QUANTILE_LEVELS};
use crate::windows::{
    ColumnKinds, Eligible, MemoryPlan, Pool, View, available_memory, eligible, estimate_memory,
    reach,
};

/// What to train, on what and where.
#[derive(Debug, Clone)]
pub struct TrainRequest {
    /// Config file; not needed to resume.
    pub config: Option<PathBuf>,
    /// Values changed from the command line.
    pub overrides: Vec<Override>,
    /// Seed in place of the config's.
    pub seed: Option<u64>,
    /// Folder of the store.
    pub store: PathBuf,
    /// Run folder to write or to go on with.
    pub run_folder: Option<PathBuf>,
    /// Whether to go on with a run.
    pub resume: bool,
    /// Device to train on.
    pub device: Device,
    /// What to call it.
    pub device_name: String,
}

/// What came of a training.
#[derive(Debug, Clone)]
pub struct TrainOutcome {
    /// The run folder.
    pub run_folder: PathBuf,
    /// The store it read.
    pub store: PathBuf,
    /// Whether it was stopped after a checkpoint.
    pub stopped: bool,
    /// The report; it exists unless the run was stopped.
    pub report: PathBuf,
    /// How the model compares with its baselines, a line each.
    pub summary: Vec<String>,
    /// Where the tracking server shows the run.
    pub tracking_url: Option<String>,
    /// Journal entries that are not delivered yet, when a server is configured.
    pub undelivered: u64,
}

impl TrainOutcome {
    /// The result as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        json!({
            "run_folder": self.run_folder,
            "stopped": self.stopped,
            "report": self.report,
            "summary": self.summary,
            "tracking_url": self.tracking_url,
            "undelivered": self.undelivered,
        })
    }
}

/// Trains every fold and the final model, forecasts, scores, writes the report and tracks it all.
///
/// # Errors
/// When the config, the data, the device or the disk do not allow it. The run is then marked failed.
pub fn train(request: &TrainRequest, watch: &mut dyn Watch) -> anyhow::Result<TrainOutcome> {
    let opened = open(request, Purpose::Training, now_ms())?;
    let done = tracked(&opened, true, watch, |run, observer| run_steps(request, run, observer))?;
    let folder = &opened.folder;
    Ok(TrainOutcome {
        run_folder: folder.path().to_owned(),
        store: request.store.clone(),
        stopped: done.result.is_none(),
        report: folder.report(),
        summary: done.result.unwrap_or_default(),
        tracking_url: done.tracking_url,
        undelivered: done.undelivered,
    })
}

/// The work itself; `None` when it was stopped after a checkpoint.
fn run_steps(
    request: &TrainRequest,
    run: &Run<'_>,
    observer: &mut RunObserver<'_>,
) -> anyhow::Result<Option<Vec<String>>> {
    let Run { folder, config, journal, .. } = *run;
    let LaidOut { prepared, folds, last, .. } = lay_out(request, run, observer)?;
    let mut forecasts = Forecasts {
        classes: config.labels.classes,
        quantile_levels: QUANTILE_LEVELS.to_vec(),
        rows: Vec::new(),
    };
    let mut members = forecasts.clone();
    for fold in folds.iter().chain(&last) {
        let place = checkpoint_folder(folder, config, &fold.name);
        match run_fold(config, &prepared, fold, &request.device, &place, observer)? {
            FoldOutcome::Stopped => return Ok(None),
            FoldOutcome::Finished(said) => {
                forecasts.rows.extend(said.model);
                members.rows.extend(said.members);
            }
        }
        journal.record(Event::Artifact { path: relative(folder, &place) })?;
    }

    write_forecasts(&folder.forecasts(), &forecasts)?;
    let mut written = vec![folder.forecasts(), folder.metrics(), folder.chart()];
    if !members.rows.is_empty() {
        write_forecasts(&folder.member_forecasts(), &members)?;
        written.push(folder.member_forecasts());
    }
    let said = Said { forecasts: &forecasts, members: &members };
    let summary = evaluate(config, &prepared, &folds, &said, folder, journal)?;
    for path in written {
        journal.record(Event::Artifact { path: relative(folder, &path) })?;
    }
    Ok(Some(summary))
}

/// The rows of a run and how they are cut.
pub(super) struct LaidOut {
    pub prepared: Prepared,
    pub folds: Vec<Fold>,
    /// The fold that tests nothing, where there is one.
    pub last: Option<Fold>,
    /// Rows that a sample's windows span.
    pub reach: usize,
}

/// Reads the rows that a run's config names, cuts them into folds, checks that they and the memory
/// suffice, and records what was found.
pub(super) fn lay_out(
    request: &TrainRequest,
    run: &Run<'_>,
    observer: &mut RunObserver<'_>,
) -> anyhow::Result<LaidOut> {
    let Run { folder, config, identity, journal } = *run;
    describe_run::opening(journal, folder, config, identity, &request.device_name)?;
    let prepared = rows_of_run(&request.store, config, &instruments(config)?)?;
    let known = Some(prepared.labels.known.as_slice());
    let views = views_of(config, &prepared.pool)?;
    let eligible = eligible(&prepared.pool, reach(&views), known, &prepared.ledger);
    check_windows(config, &prepared, &views, &eligible)?;
    let reach = reach(&views);
    let (folds, last) = split(config, &prepared, &eligible, reach)?;
    observer.note(&format!(
        "{} rows of {} features; {} windows, left out {} over gaps or warm-up, {} over entries of the gap ledger and {} without a known label; {} folds",
        prepared.pool.rows(),
        prepared.pool.features(),
        eligible.rows.len(),
        eligible.dropped_gap,
        eligible.dropped_by_ledger(),
        eligible.dropped_unlabelled,
        folds.len()
    ));
    check_memory(config, &prepared, observer)?;
    let facts =
        DataFacts { prepared: &prepared, eligible: &eligible, folds: &folds, last: last.as_ref() };
    describe_run::data(journal, folder, config, identity, &facts, &request.device_name)?;
    Ok(LaidOut { prepared, folds, last, reach })
}

/// The folds, and the last one that tests nothing; a published data set has its own fold alone, since
/// there is nothing after it to forecast. Windows span `reach` rows.
pub(super) fn split(
    config: &RunConfig,
    prepared: &Prepared,
    eligible: &Eligible,
    reach: usize,
) -> anyhow::Result<(Vec<Fold>, Option<Fold>)> {
    let (rows, times) = (&eligible.rows, &prepared.times);
    let (interval, horizon) = (config.data.interval, config.labels.horizon);
    if let (Some(files), Some(test_from)) = (&config.data.fi_2010, prepared.test_from) {
        let of = (times.as_slice(), prepared.pool.instrument.as_slice());
        let fold = fi_2010::split(files.valid, test_from, (rows, reach), of, horizon)?;
        return Ok((vec![fold], None));
    }
    let folds = folds::split(&config.folds, rows, times, interval, horizon)?;
    let last = folds::final_fold(&config.folds, rows, times, interval, horizon)?;
    Ok((folds, Some(last)))
}

pub(super) fn check_windows(
    config: &RunConfig,
    prepared: &Prepared,
    views: &[View],
    eligible: &Eligible,
) -> anyhow::Result<()> {
    if !eligible.rows.is_empty() {
        return Ok(());
    }
    let pool = &prepared.pool;
    let longest =
        (0..pool.rows()).map(|row| row + 1 - pool.run_start[row] as usize).max().unwrap_or(0);
    let reach = reach(views);
    let message = if longest < reach {
        format!(
            "window {reach} is longer than the longest stretch without a gap, {longest} candles after the features' warm-up; \
             set window <= {longest} (the net's windows of coarser intervals count in candles of the base), use features of \
             shorter lookback, or fill the gaps that `candlewick store check` lists"
        )
    } else {
        format!(
            "no window has a known label: the horizon of {} candles reaches past the data or over a gap everywhere; \
             load more candles or set a shorter labels.horizon",
            config.labels.horizon
        )
    };
    Err(PipelineError::Data(message).into())
}

/// Says how much memory the run needs, and refuses one that does not fit.
fn check_memory(
    config: &RunConfig,
    prepared: &Prepared,
    observer: &mut RunObserver<'_>,
) -> anyhow::Result<()> {
    let views = views_of(config, &prepared.pool)?;
    let inputs: Vec<InputShape> = views.iter().map(InputShape::from).collect();
    config.net.check(&inputs).map_err(PipelineError::Config)?;
    let labels = config.labels.shape();
    let heads = (&config.heads, labels);
    // A sample has the windows of all symbols where they attend to each other.
    let mut symbols = 1;
    if let Some(cross_symbol) = &config.cross_symbol {
        cross_symbol.check(&config.net, &inputs).map_err(PipelineError::Config)?;
        symbols = prepared.pool.instruments.len();
    }
    let need = estimate_memory(&MemoryPlan {
        rows: prepared.pool.rows(),
        features: prepared.pool.features(),
        window: symbols * views.iter().map(|view| view.window).sum::<usize>(),
        batch_size: config.training.batch_size,
        parameters: Net::for_labels(&config.net, heads, &inputs, config.seed, &Device::flex())
            .parameter_count(),
        activations: symbols * config.net.for_labels(labels).cost(&inputs).activations,
    });
    observer.note(&format!("memory needed: {need}"));
    Ok(need.check(available_memory())?)
}

/// What the config's net reads of the pool's rows.
///
/// # Errors
/// When the features lack what it reads.
pub(super) fn views_of(config: &RunConfig, pool: &Pool) -> anyhow::Result<Vec<View>> {
    let columns = ColumnKinds::of(&pool.names, pool.interval);
    Ok(config.net.views(&columns, config.window).map_err(PipelineError::Config)?)
}

/// The config's instruments.
pub(super) fn instruments(config: &RunConfig) -> anyhow::Result<Vec<Instrument>> {
    config
        .data
        .symbols
        .iter()
        .map(|symbol| Ok(Instrument::new(&config.data.venue, config.data.market, symbol)?))
        .collect()
}

/// `checkpoints/<model>/<fold>`.
pub(super) fn checkpoint_folder(folder: &RunFolder, config: &RunConfig, fold: &str) -> PathBuf {
    folder.checkpoints().join(config.net.kind()).join(fold)
}
