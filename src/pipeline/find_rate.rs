//! `train --find-lr`: a sweep of the learning rate into a page and a JSON file.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde_json::{Value, json};

use super::describe_run::is_simulated;
use super::fold_job::FoldInputs;
use super::members::members;
use super::rows_of_run::rows_of_run;
use super::train::{check_windows, instruments, split, views_of};
use super::{PipelineError, Watch};
use crate::config::{self, Override};
use crate::event::Event;
use crate::report::{RateChart, render_rates};
use crate::run_folder::write_atomic;
use crate::training::{self, Observer, Progress, RateSweep};
use crate::windows::{eligible, reach};

/// What to sweep.
#[derive(Debug, Clone)]
pub struct FindRateRequest {
    /// Config file.
    pub config: PathBuf,
    /// Values changed from the command line.
    pub overrides: Vec<Override>,
    /// Seed in place of the config's.
    pub seed: Option<u64>,
    /// Folder of the store.
    pub store: PathBuf,
    /// Device to train on.
    pub device: Device,
}

/// What a sweep found, and where it is drawn.
#[derive(Debug, Clone)]
pub struct FindRateOutcome {
    /// The page.
    pub page: PathBuf,
    /// The same numbers as JSON.
    pub json: PathBuf,
    /// The fold whose training rows were used.
    pub fold: String,
    /// What was found.
    pub sweep: RateSweep,
}

impl FindRateOutcome {
    /// The result as one JSON object, without the points.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "page": self.page,
            "json": self.json,
            "fold": self.fold,
            "steepest": self.sweep.steepest,
            "tenth_of_minimum": self.sweep.tenth_of_minimum,
            "diverged": self.sweep.diverged,
        })
    }
}

/// Sweeps the learning rate over the training rows of the first fold and writes
/// `<name>_learning_rate.html` and `.json` into the current folder; `None` when it was stopped. No
/// run folder is made or read.
///
/// # Errors
/// When the config, the data, the device or the disk do not allow it.
pub fn find_rate(
    request: &FindRateRequest,
    watch: &mut dyn Watch,
) -> anyhow::Result<Option<FindRateOutcome>> {
    let mut config = config::load(&request.config, &request.overrides)?;
    config.seed = request.seed.unwrap_or(config.seed);
    let prepared = rows_of_run(&request.store, &config, &instruments(&config)?)?;
    let known = Some(prepared.labels.known.as_slice());
    let views = views_of(&config, &prepared.pool)?;
    let eligible = eligible(&prepared.pool, reach(&views), known, &prepared.ledger);
    check_windows(&config, &prepared, &views, &eligible)?;
    let (folds, _) = split(&config, &prepared, &eligible, reach(&views))?;
    let fold = folds
        .first()
        .ok_or_else(|| PipelineError::Data("there is no fold; load more candles".to_owned()))?;
    let mut inputs = FoldInputs::fit(&config, &prepared, fold, &request.device)?;
    // One member is as good as another here.
    config.training.seeds = 1;
    let member = members(&config, &fold.name, Path::new("")).swap_remove(0);
    let job = inputs.job(&member, fold, &request.device);
    let Some(sweep) = training::find_rate(&job, &mut Onlooker(watch))? else { return Ok(None) };

    let shown = RateChart {
        name: &config.name,
        simulated: is_simulated(&config),
        fold: &fold.name,
        samples: fold.train.len() as u64,
        step_samples: job.step_samples() as u64,
        points: &points(&sweep),
        diverged: sweep.diverged,
        steepest: sweep.steepest,
        tenth_of_minimum: sweep.tenth_of_minimum,
        configured: config.training.learning_rate,
    };
    let page = PathBuf::from(format!("{}_learning_rate.html", config.name));
    write_atomic(&page, render_rates(&shown)?.as_bytes())?;
    let json = page.with_extension("json");
    let outcome = FindRateOutcome { page, json: json.clone(), fold: fold.name.clone(), sweep };
    let mut content = outcome.to_json();
    content["points"] = outcome
        .sweep
        .points
        .iter()
        .map(|point| {
            json!({
                "learning_rate": point.learning_rate,
                "loss": point.loss,
                "smoothed": point.smoothed,
            })
        })
        .collect();
    write_atomic(&json, format!("{content:#}\n").as_bytes())?;
    Ok(Some(outcome))
}

/// Learning rate, loss and smoothed loss of each step.
fn points(sweep: &RateSweep) -> Vec<[f64; 3]> {
    sweep.points.iter().map(|point| [point.learning_rate, point.loss, point.smoothed]).collect()
}

/// Passes on what a person sees; a sweep has no journal.
struct Onlooker<'a>(&'a mut dyn Watch);

impl Observer for Onlooker<'_> {
    fn event(&mut self, _event: Event) {}

    fn progress(&mut self, progress: &Progress<'_>) {
        self.0.progress(progress);
    }

    fn note(&mut self, text: &str) {
        self.0.note(text);
    }

    fn stop_requested(&self) -> bool {
        self.0.stop_requested()
    }
}
