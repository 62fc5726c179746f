//! What a run says about itself: status, tags, parameters, data sets and the manifest.

use anyhow::Context;

use super::PipelineError;
use super::members::seeds;
use super::observe::SharedJournal;
use super::params::params;
use super::prepare::{Prepared, VALUES};
use crate::config::RunConfig;
use crate::event::{Event, Status};
use crate::folds::Fold;
use crate::run_folder::{
    DroppedWindows, MANIFEST_VERSION, Manifest, ManifestFold, RunFolder, WarmStartFile,
    read_manifest, sha256_hex, write_manifest,
};
use crate::tracking::{RunIdentity, run_tags};
use crate::training::WarmStart;
use crate::windows::Eligible;

/// The venue of simulated candles.
const SIMULATED: &str = "simulated";

/// Status, source code, parameters and config files.
///
/// # Errors
/// When the journal cannot be written.
pub fn opening(
    journal: &SharedJournal,
    folder: &RunFolder,
    config: &RunConfig,
    identity: &RunIdentity,
    device_name: &str,
) -> anyhow::Result<()> {
    journal.record(Event::Status { status: Status::Running })?;
    let tag = |key: &str, value: String| Event::Tag { key: key.to_owned(), value };
    journal.record(tag("candlewick.run_uid", identity.uid.clone()))?;
    journal.record(tag("candlewick.device", device_name.to_owned()))?;
    journal.record(tag("candlewick.simulated", is_simulated(config).to_string()))?;
    for event in source_tags(config) {
        journal.record(event)?;
    }
    for event in params(config)? {
        journal.record(event)?;
    }
    for path in [folder.config_yaml(), folder.resolved_yaml()] {
        journal.record(Event::Artifact { path: super::relative(folder, &path) })?;
    }
    Ok(())
}

/// Everything about the data that [`data`] writes down.
pub struct DataFacts<'a> {
    /// Features, labels and what was read.
    pub prepared: &'a Prepared,
    /// Windows kept and left out.
    pub eligible: &'a Eligible,
    /// Folds in the order of time.
    pub folds: &'a [Fold],
    /// The fold of the final model, if there is one.
    pub last: Option<&'a Fold>,
}

/// Writes the manifest and names the data sets; a resumed run must find the data it began with.
///
/// # Errors
/// When the data differs from that of the run's first start, or a file cannot be written.
pub fn data(
    journal: &SharedJournal,
    folder: &RunFolder,
    config: &RunConfig,
    identity: &RunIdentity,
    facts: &DataFacts<'_>,
    device_name: &str,
) -> anyhow::Result<()> {
    let prepared = facts.prepared;
    let warm_start = warm_start(config, facts)?;
    let manifest = manifest(config, identity, facts, device_name, warm_start);
    if folder.manifest().is_file() {
        let before = read_manifest(&folder.manifest())?;
        for series in &prepared.data {
            let known = before.data.iter().find(|known| known.name == series.name);
            if known != Some(series) {
                return Err(PipelineError::Data(format!(
                    "{} in the store is not what this run began with ({} rows, digest {}); restore the store, \
                     or start a new run",
                    series.name,
                    known.map_or(0, |known| known.rows),
                    known.map_or("none", |known| known.digest.as_str()),
                ))
                .into());
            }
        }
        if (&before.dropped, &before.folds) != (&manifest.dropped, &manifest.folds) {
            return Err(PipelineError::Data(
                "the store's gap ledger is not what this run began with: other windows are left out; \
                 restore the store, or start a new run"
                    .to_owned(),
            )
            .into());
        }
    } else {
        write_manifest(&folder.manifest(), &manifest).context("failed to write the manifest")?;
    }
    for series in &prepared.data {
        let columns: &[&str] = match series.name.rsplit(' ').next() {
            _ if series.name.starts_with(VALUES) => &["time", "known_at", "value"],
            _ if prepared.test_from.is_some() => &["features", "labels"],
            Some("trades" | "agg_trades") => &["id", "time", "price", "quantity", "buyer_is_maker"],
            Some("book") => &["time", "update_id", "bids", "asks"],
            _ => &["open_time", "open", "high", "low", "close", "volume"],
        };
        journal.record(Event::Dataset {
            name: series.name.clone(),
            digest: series.digest.clone(),
            source: match &config.data.fi_2010 {
                Some(files) => format!("FI-2010 files in {}", files.folder.display()),
                None => format!("candlewick store, {} to {} ms", series.first, series.last),
            },
            context: "training".to_owned(),
            columns: columns.iter().map(|&name| name.to_owned()).collect(),
            rows: series.rows,
        })?;
    }
    journal.record(Event::Artifact { path: super::relative(folder, &folder.manifest()) })?;
    Ok(())
}

fn manifest(
    config: &RunConfig,
    identity: &RunIdentity,
    facts: &DataFacts<'_>,
    device_name: &str,
    warm_start: Option<WarmStartFile>,
) -> Manifest {
    Manifest {
        schema_version: MANIFEST_VERSION,
        run_id: identity.uid.clone(),
        name: config.name.clone(),
        created: identity.start_ms,
        candlewick_version: env!("CARGO_PKG_VERSION").to_owned(),
        git_commit: git_commit(&source_tags(config)),
        model: config.net.kind().to_owned(),
        device: device_name.to_owned(),
        seed: config.seed,
        member_seeds: if config.training.seeds > 1 { seeds(config) } else { Vec::new() },
        simulated: is_simulated(config),
        interval: config.data.interval,
        window: config.window as u32,
        horizon: config.labels.horizon,
        data: facts.prepared.data.clone(),
        feature_names: facts.prepared.pool.names.clone(),
        folds: facts.folds.iter().chain(facts.last).map(manifest_fold).collect(),
        dropped: DroppedWindows {
            ledger: facts
                .eligible
                .dropped_ledger
                .iter()
                .map(|(reason, &windows)| (reason.clone(), windows as u64))
                .collect(),
            gap: facts.eligible.dropped_gap as u64,
            unlabelled: facts.eligible.dropped_unlabelled as u64,
        },
        warm_start,
    }
}

/// The file that all folds start from, or, where each has its own, the folder of the folds with the sha256
/// of a line `<fold> <sha256>` a fold.
fn warm_start(config: &RunConfig, facts: &DataFacts<'_>) -> anyhow::Result<Option<WarmStartFile>> {
    let Some(named) = &config.training.warm_start else { return Ok(None) };
    let (mut files, mut lines) = (Vec::new(), String::new());
    for fold in facts.folds.iter().chain(facts.last) {
        if let Some(file) = WarmStart::of(&config.training, &fold.name)? {
            lines += &format!("{} {}\n", fold.name, file.sha256);
            files
                .push(WarmStartFile { path: file.path.display().to_string(), sha256: file.sha256 });
        }
    }
    if files.iter().all(|file| *file == files[0]) {
        return Ok(files.pop());
    }
    let sha256 = sha256_hex(lines.as_bytes());
    Ok(Some(WarmStartFile { path: named.display().to_string(), sha256 }))
}

/// Who and which source code made the run.
fn source_tags(config: &RunConfig) -> Vec<Event> {
    let here = std::env::current_dir().unwrap_or_default();
    run_tags(&config.tracking, "candlewick train", &here)
}

/// The commit among `tags`, marked when files differ from it.
fn git_commit(tags: &[Event]) -> Option<String> {
    let value = |name: &str| {
        tags.iter().find_map(|tag| match tag {
            Event::Tag { key, value } if key == name => Some(value.clone()),
            _ => None,
        })
    };
    let dirty = value("mlflow.source.git.dirty").is_some_and(|dirty| dirty == "true");
    value("mlflow.source.git.commit").map(|commit| commit + if dirty { "-dirty" } else { "" })
}

fn manifest_fold(fold: &Fold) -> ManifestFold {
    ManifestFold {
        name: fold.name.clone(),
        train_span: fold.train_span,
        valid_span: fold.valid_span,
        test_span: fold.test_span,
        train_rows: fold.train.len() as u64,
        valid_rows: fold.valid.len() as u64,
        test_rows: fold.test.len() as u64,
    }
}

pub(super) fn is_simulated(config: &RunConfig) -> bool {
    config.data.venue == SIMULATED
}
