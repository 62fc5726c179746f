//! `predict`: forecasts for candles by a run's checkpoints alone.

use std::path::{Path, PathBuf};

use anyhow::Context;
use burn::tensor::Device;

use super::PipelineError;
use super::fold_job::{read_meta, replay, table_of};
use super::prepare::{PEER, Prepared, Recipe, VALUES, prepare};
use crate::forecast::{Classes, Forecast, Forecasts};
use crate::market::{Instrument, Span, Time};
use crate::run_folder::{RunFolder, sha256_file, write_forecasts};
use crate::store::Store;
use crate::training::{CheckpointMeta, QUANTILE_LEVELS};
use crate::windows::{eligible, reach};

/// What to forecast with which run.
#[derive(Debug, Clone)]
pub struct PredictRequest {
    /// The run folder.
    pub run_folder: PathBuf,
    /// Folder of the store with the candles.
    pub store: PathBuf,
    /// One symbol instead of all that the model was trained on.
    pub symbol: Option<String>,
    /// First decision time.
    pub from: Option<Time>,
    /// Whether to replay the folds' models over their test rows.
    pub folds: bool,
    /// File to write.
    pub out: Option<PathBuf>,
    /// Device to run on.
    pub device: Device,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct PredictOutcome {
    /// The Parquet file.
    pub file: PathBuf,
    /// Number of forecasts.
    pub forecasts: usize,
    /// First decision time, ms.
    pub first: Option<i64>,
    /// Last decision time, ms.
    pub last: Option<i64>,
    /// Hex sha256 of the file.
    pub digest: String,
    /// The newest forecast of each instrument in words.
    pub latest: Vec<String>,
}

/// Reads the checkpoints of a run and forecasts what the store holds.
///
/// # Errors
/// When the run has no intact checkpoint, or the store lacks what the model needs.
pub fn predict(request: &PredictRequest) -> anyhow::Result<PredictOutcome> {
    let run = RunFolder::open(&request.run_folder)?;
    let store = Store::open(&request.store)?;
    let mut forecasts =
        Forecasts { quantile_levels: QUANTILE_LEVELS.to_vec(), ..Forecasts::default() };
    let fallback = if request.folds {
        for folder in fold_folders(&run)? {
            let rows;
            (forecasts.classes, rows) = replay_fold(&store, &folder, request)?;
            forecasts.rows.extend(rows);
        }
        "fold_predictions.parquet"
    } else {
        let folder = model_folder(&run)?.join("final");
        (forecasts.classes, forecasts.rows) = forecast_new(&store, &folder, request)?;
        "predictions.parquet"
    };
    let file = request.out.clone().unwrap_or_else(|| run.path().join(fallback));
    write_forecasts(&file, &forecasts)?;
    Ok(PredictOutcome {
        forecasts: forecasts.rows.len(),
        first: forecasts.rows.iter().map(|row| row.decision_time).min(),
        last: forecasts.rows.iter().map(|row| row.decision_time).max(),
        digest: sha256_file(&file)?,
        latest: latest(&forecasts),
        file,
    })
}

/// Every candle of the store from `request.from` on, by the final model.
fn forecast_new(
    store: &Store,
    folder: &Path,
    request: &PredictRequest,
) -> anyhow::Result<(Classes, Vec<Forecast>)> {
    let meta = read_meta(folder, &request.device)?;
    let asked = wanted(&meta, request.symbol.as_deref())?;
    let mut instruments = asked.clone();
    if meta.cross_symbol.is_some() {
        // Those that the asked one attends to.
        instruments.extend(meta.instruments.iter().filter(|&i| !asked.contains(i)).cloned());
    }
    let prepared = read(store, &meta, &instruments, Span::ALL)?;
    let from = request.from.map_or(i64::MIN, |time| time.0);
    let views = meta.views().map_err(PipelineError::Config)?;
    let eligible = eligible(&prepared.pool, reach(&views), None, &prepared.ledger);
    let over_ledger = eligible.dropped_by_ledger();
    let pool = &prepared.pool;
    let is_asked =
        |row: u32| asked.contains(&pool.instruments[usize::from(pool.instrument[row as usize])]);
    let rows: Vec<u32> = eligible
        .rows
        .into_iter()
        .filter(|&row| pool.decision_time(row) >= from && is_asked(row))
        .collect();
    if rows.is_empty() {
        return Err(PipelineError::Data(format!(
            "no window of {} candles ends at or after {}; the features also need their warm-up before it, and \
             {over_ledger} windows overlap entries of the gap ledger (`candlewick store gaps`)",
            reach(&views),
            request.from.map_or_else(|| "any time".to_owned(), |time| time.to_string()),
        ))
        .into());
    }
    let table = table_of(&meta, &prepared, &request.device)?;
    let forecasts = replay(folder, &prepared, &table, &rows, &request.device)?.model;
    Ok((meta.labels.classes, forecasts))
}

/// The test rows of one fold as the run itself forecast them.
fn replay_fold(
    store: &Store,
    folder: &Path,
    request: &PredictRequest,
) -> anyhow::Result<(Classes, Vec<Forecast>)> {
    let meta = read_meta(folder, &request.device)?;
    // The run saw the store up to its last candle; later candles must not add rows or outcomes.
    let base = format!(" {}", meta.interval);
    // Peers' candles reach further back than the run's own.
    let candles = || {
        let own = |name: &str| !name.starts_with(VALUES) && !name.starts_with(PEER);
        meta.data.iter().filter(move |series| own(&series.name))
    };
    let seen = candles().filter(|series| series.name.ends_with(&base));
    let first = seen.clone().map(|series| series.first).min();
    let last = seen.map(|series| series.last).max();
    let span = match (first, last) {
        (Some(first), Some(last)) => Span { start: first, end: last + 1 },
        // The base interval was summed from finer candles, or made of trades.
        _ => Span {
            start: candles().map(|series| series.first).min().unwrap_or(i64::MIN),
            end: candles().map(|series| series.last).max().map_or(i64::MAX, |last| last + 1),
        },
    };
    let prepared = read(store, &meta, &meta.instruments, span)?;
    let known = Some(prepared.labels.known.as_slice());
    let views = meta.views().map_err(PipelineError::Config)?;
    let rows: Vec<u32> = eligible(&prepared.pool, reach(&views), known, &prepared.ledger)
        .rows
        .into_iter()
        .filter(|&row| meta.fold.test.contains(prepared.pool.decision_time(row)))
        .collect();
    let table = table_of(&meta, &prepared, &request.device)?;
    let forecasts = replay(folder, &prepared, &table, &rows, &request.device)?.model;
    let keep = |row: &Forecast| {
        request.symbol.as_ref().is_none_or(|symbol| row.instrument.ends_with(&format!("/{symbol}")))
    };
    let from = request.from.map_or(i64::MIN, |time| time.0);
    let forecasts =
        forecasts.into_iter().filter(|row| keep(row) && row.decision_time >= from).collect();
    Ok((meta.labels.classes, forecasts))
}

fn read(
    store: &Store,
    meta: &CheckpointMeta,
    instruments: &[Instrument],
    span: Span,
) -> anyhow::Result<Prepared> {
    // The columns of the checkpoint, whatever the store could offer today.
    let features = meta.features.for_columns(&meta.feature_names)?;
    let recipe = Recipe {
        instruments,
        interval: meta.interval,
        context: &meta.context,
        candles: meta.candles,
        span,
        features: &features,
        labels: &meta.labels,
    };
    let prepared = prepare(store, &recipe)?;
    if prepared.pool.names != meta.feature_names {
        return Err(PipelineError::Data(format!(
            "the store gives other features than the checkpoint was trained on ({} against {}); \
             it may lack taker volumes or a context interval",
            prepared.pool.names.len(),
            meta.feature_names.len()
        ))
        .into());
    }
    Ok(prepared)
}

fn wanted(meta: &CheckpointMeta, symbol: Option<&str>) -> anyhow::Result<Vec<Instrument>> {
    let Some(symbol) = symbol else { return Ok(meta.instruments.clone()) };
    if let Some(known) = meta.instruments.iter().find(|instrument| instrument.symbol == symbol) {
        return Ok(vec![known.clone()]);
    }
    // A model may be asked about a symbol it was not trained on, on the same venue and market.
    let Some(like) = meta.instruments.first() else { return Ok(Vec::new()) };
    tracing::warn!(symbol, "the model was not trained on this symbol");
    Ok(vec![Instrument::new(&like.venue, like.market, symbol)?])
}

/// The first (and, for a single net, only) `checkpoints/<model>`.
fn model_folder(run: &RunFolder) -> anyhow::Result<PathBuf> {
    let root = run.checkpoints();
    let none = || {
        PipelineError::Data(format!(
            "{} holds no checkpoint; is the run folder right, and did the run finish?",
            root.display()
        ))
    };
    let mut folders: Vec<PathBuf> = root
        .read_dir()
        .map_err(|_| none())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders.into_iter().next().ok_or_else(|| none().into())
}

/// Folders of the folds in the order of time.
fn fold_folders(run: &RunFolder) -> anyhow::Result<Vec<PathBuf>> {
    let model = model_folder(run)?;
    let mut folders: Vec<(u32, PathBuf)> = model
        .read_dir()
        .with_context(|| format!("failed to read {}", model.display()))?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let number = path.file_name()?.to_str()?.strip_prefix("fold_")?.parse().ok()?;
            Some((number, path))
        })
        .collect();
    folders.sort();
    Ok(folders.into_iter().map(|(_, path)| path).collect())
}

fn latest(forecasts: &Forecasts) -> Vec<String> {
    let mut newest: Vec<&Forecast> = Vec::new();
    for row in &forecasts.rows {
        match newest.iter_mut().find(|known| known.instrument == row.instrument) {
            Some(known) if known.decision_time < row.decision_time => *known = row,
            Some(_) => {}
            None => newest.push(row),
        }
    }
    newest.into_iter().map(|row| in_words(row, forecasts.classes)).collect()
}

fn in_words(row: &Forecast, classes: Classes) -> String {
    let mut text = format!(
        "{} {} at {}, next {} × {}:",
        row.instrument,
        row.interval,
        Time(row.decision_time),
        row.horizon,
        row.interval
    );
    if let Some(probability) = row.class_probability {
        for (name, share) in classes.names().iter().zip(probability.iter()) {
            text += &format!("  {name} {:.1}%", share * 100.0);
        }
    }
    if let Some(mean) = row.return_mean {
        text += &format!("  return {:+.3}%", mean * 100.0);
    }
    if let Some(volatility) = row.volatility {
        text += &format!("  volatility {:.3}%", volatility * 100.0);
    }
    text
}
