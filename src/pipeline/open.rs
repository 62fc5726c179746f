//! The run folder of a training: a new one, or one to go on with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{PipelineError, TrainRequest};
use crate::config::{self, RunConfig};
use crate::run_folder::{RunFolder, write_atomic};
use crate::training::check_precision;

/// Where new runs go.
const RUNS: &str = "runs";

/// A run folder and the config it runs.
#[derive(Debug)]
pub struct OpenRun {
    /// The folder.
    pub folder: RunFolder,
    /// The config, with every default and override in place.
    pub config: RunConfig,
}

/// What a run is for. A pre-training's folder holds `pretraining.json`, a training's does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Forecasts.
    Training,
    /// Bodies to start from.
    Pretraining,
}

/// Makes the run folder and writes both configs, or finds the run to resume.
///
/// # Errors
/// When the config is wrong or nothing for the device, the folder is taken, or there is nothing to
/// resume.
pub fn open(request: &TrainRequest, purpose: Purpose, now_ms: i64) -> anyhow::Result<OpenRun> {
    if request.resume { resume(request, purpose) } else { create(request, now_ms) }
}

fn create(request: &TrainRequest, now_ms: i64) -> anyhow::Result<OpenRun> {
    let path = request.config.as_deref().ok_or_else(|| {
        PipelineError::Config("no config is given; name one with --config".to_owned())
    })?;
    let mut config = config::load(path, &request.overrides)?;
    if let Some(seed) = request.seed {
        config.seed = seed;
    }
    check_precision(config.training.precision, &request.device)?;
    let given =
        fs::read(path).with_context(|| format!("failed to read config {}", path.display()))?;
    let folder = match &request.run_folder {
        Some(folder) => {
            if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
                return Err(PipelineError::Config(format!(
                    "run folder {} exists and is not empty; go on with it by --resume or name another with --run-dir",
                    folder.display()
                ))
                .into());
            }
            fs::create_dir_all(folder)
                .with_context(|| format!("failed to create run folder {}", folder.display()))?;
            // A folder is a run's once it holds a config.
            write_atomic(&folder.join("config.yaml"), &given)?;
            RunFolder::open(folder)?
        }
        None => RunFolder::create(Path::new(RUNS), &config.name, now_ms)?,
    };
    write_atomic(&folder.config_yaml(), &given)?;
    write_atomic(&folder.resolved_yaml(), config::resolved_yaml(&config)?.as_bytes())?;
    Ok(OpenRun { folder, config })
}

fn resume(request: &TrainRequest, purpose: Purpose) -> anyhow::Result<OpenRun> {
    let path = match &request.run_folder {
        Some(path) => path.clone(),
        None => newest_unfinished(Path::new(RUNS))?,
    };
    let folder = RunFolder::open(&path)?;
    let resolved = folder.resolved_yaml();
    if !resolved.is_file() {
        return Err(PipelineError::Config(format!(
            "{} holds no run to resume: it has no resolved.yaml; start it with --config",
            path.display()
        ))
        .into());
    }
    let found =
        if folder.pretraining().is_file() { Purpose::Pretraining } else { Purpose::Training };
    if found != purpose {
        let (what, command) = match found {
            Purpose::Pretraining => ("a pre-training", "pretrain"),
            Purpose::Training => ("a training", "train"),
        };
        return Err(PipelineError::Config(format!(
            "{} is {what}; go on with it by `candlewick {command} --resume`",
            path.display()
        ))
        .into());
    }
    let config = config::load(&resolved, &[])?;
    check_precision(config.training.precision, &request.device)?;
    Ok(OpenRun { folder, config })
}

/// The newest run folder of a training under `root` that has a config and no metrics yet.
fn newest_unfinished(root: &Path) -> anyhow::Result<PathBuf> {
    let mut folders: Vec<PathBuf> = root
        .read_dir()
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    // Names start with the time of creation.
    folders.sort();
    folders
        .into_iter()
        .rev()
        .find(|path| {
            let has = |file: &str| path.join(file).is_file();
            has("resolved.yaml") && !has("metrics.json") && !has("pretraining.json")
        })
        .ok_or_else(|| {
            PipelineError::Config(format!(
                "no unfinished run under {}; name the run folder with --run-dir",
                root.display()
            ))
            .into()
        })
}
