//! Trains one fold from its start or from its last checkpoint.

use std::fs;
use std::path::Path;

use burn::tensor::{Bool, Device, Tensor, TensorData};
use serde_json::Value;
use tracing::info;

use super::checkpoint::{
    BEST, FIRST_MOMENT, LAST, RAW_WEIGHTS, SECOND_MOMENT, Snapshot, StoredCheckpoint, assemble,
    optimizer_vector, point, prune, resume, step_name, write,
};
use super::early_stop::Best;
use super::epoch::{EpochEnd, run_epoch};
use super::freeze::frozen_mask;
use super::state::{Ending, LossSums, TrainingState};
use super::swa::averaged_epochs;
use super::{CheckpointError, Job, Layout, Observer, Optimizer, TrainingError, WarmStart};
use crate::nets::Net;
use crate::run_folder::sha256_hex;

/// Differences between two jobs that an error lists.
const LISTED: usize = 5;

/// How a training ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Fitted {
    /// It is complete.
    Finished(Outcome),
    /// It was asked to stop and has written a checkpoint; call [`fit`] again to go on.
    Stopped {
        /// Steps made.
        step: u64,
    },
}

/// What a complete training came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Step of the best checkpoint, which `best` names.
    pub best_step: u64,
    /// The monitor's value there.
    pub best_score: f64,
    /// Steps made.
    pub steps: u64,
    /// Epochs made.
    pub epochs: u32,
    /// Why it ended.
    pub ending: Ending,
}

/// Trains a fold. It goes on from `folder/last` where there is one, bit for bit on the CPU device,
/// and returns at once when that training is complete.
///
/// # Errors
/// When the job contradicts itself, when the folder holds another job's training, when a loss is
/// not a finite number, and when a checkpoint cannot be written or read.
pub fn fit(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Fitted, TrainingError> {
    job.check()?;
    let mut training = Training::open(job, observer)?;
    while training.state.finished.is_none() {
        if run_epoch(job, &mut training, observer)? == EpochEnd::Stopped {
            return Ok(Fitted::Stopped { step: training.state.step });
        }
    }
    training.outcome(job)
}

/// A training at work: the net, the optimiser and where they stand.
#[derive(Debug)]
pub(super) struct Training {
    /// The net with the current weights as leaves.
    pub net: Net,
    /// Places of its parameters.
    pub layout: Layout,
    /// Current weights, `[P]`.
    pub weights: Tensor<1>,
    /// Moments.
    pub optimizer: Optimizer,
    /// Average of the weights, `[P]`, when asked for and begun: then it is the model.
    pub average: Option<Tensor<1>>,
    /// True where a parameter keeps its bits, `[P]`.
    pub frozen: Option<Tensor<1, Bool>>,
    /// Where it stands.
    pub state: TrainingState,
}

impl Training {
    fn open(job: &Job<'_>, observer: &mut dyn Observer) -> Result<Self, TrainingError> {
        let warm_start = WarmStart::of(job.training, &job.meta.fold.name)?;
        let mut new = Self::new(job, warm_start.as_ref())?;
        let identity = new.state.identity(job.meta, job.folder)?;
        new.state.fingerprint = sha256_hex(identity.to_string().as_bytes());
        if let Some(stored) = resume(job.folder)? {
            check_same_job(job.folder, &stored, &identity)?;
            return new.restore(job, &stored, &job.device.clone().inner());
        }
        new.begin(job, warm_start.as_ref(), observer)?;
        fs::create_dir_all(job.folder).map_err(|source| CheckpointError::Unwritable {
            path: job.folder.to_owned(),
            source,
        })?;
        info!(
            "training {}: {} samples, {} steps of {} in at most {} epochs, {} parameters",
            job.label,
            job.train.len(),
            job.steps(),
            job.step_samples(),
            job.training.epochs,
            new.layout.length()
        );
        Ok(new)
    }

    /// The training before its first step, with random weights.
    pub fn new(job: &Job<'_>, warm_start: Option<&WarmStart>) -> Result<Self, TrainingError> {
        let plain = job.device.clone().inner();
        let net = job.new_net(job.training.precision, &plain.clone().autodiff());
        let layout = Layout::of(&net);
        Ok(Self {
            weights: net.flat_parameters(),
            average: job.training.ema.map(|_| net.flat_parameters()),
            optimizer: Optimizer::new(&job.training.optimizer, &layout, &plain),
            frozen: frozen_mask(&job.training.freeze, &layout, &plain)?,
            net,
            layout,
            state: TrainingState {
                label: job.label.to_owned(),
                seed: job.seed,
                training: job.training.clone(),
                samples: job.samples_digest(),
                warm_start: warm_start.map(|file| file.sha256.clone()),
                fingerprint: String::new(),
                step: 0,
                epoch: 0,
                step_in_epoch: 0,
                epoch_losses: LossSums::default(),
                interval_losses: LossSums::default(),
                best: Best::default(),
                finished: None,
            },
        })
    }

    /// Takes the weights of a warm start and says which.
    pub fn begin(
        &mut self,
        job: &Job<'_>,
        warm_start: Option<&WarmStart>,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainingError> {
        let Some(file) = warm_start else { return Ok(()) };
        let mut flat =
            self.weights.try_to_vec_as::<f32>().map_err(|error| TrainingError::device(&error))?;
        file.take(job, &self.layout, &mut flat, observer)?;
        let length = flat.len();
        self.weights = Tensor::from_data(TensorData::new(flat, [length]), &self.weights.device());
        self.average = self.average.take().map(|_| self.weights.clone());
        self.net = self.net.clone().with_flat_parameters(&self.weights);
        Ok(())
    }

    /// `new`, with the bits of `old` where a parameter is frozen.
    pub fn keep_frozen(&self, new: Tensor<1>, old: &Tensor<1>) -> Tensor<1> {
        match &self.frozen {
            Some(frozen) => new.mask_where(frozen.clone(), old.clone()),
            None => new,
        }
    }

    fn restore(
        mut self,
        job: &Job<'_>,
        stored: &StoredCheckpoint,
        device: &Device,
    ) -> Result<Self, TrainingError> {
        let vector = |values: Vec<f32>| {
            let length = values.len();
            Tensor::<1>::from_data(TensorData::new(values, [length]), device)
        };
        let length = self.layout.length();
        let model = vector(assemble(stored, &self.layout)?);
        let averaged = averaged_epochs(job.training, stored.state.step, job.steps_per_epoch()) > 0;
        if self.average.is_some() || averaged {
            self.average = Some(model);
            self.weights = vector(optimizer_vector(stored, RAW_WEIGHTS, length)?);
        } else {
            self.weights = model;
        }
        self.optimizer.first = vector(optimizer_vector(stored, FIRST_MOMENT, length)?);
        if self.optimizer.second.is_some() {
            self.optimizer.second = Some(vector(optimizer_vector(stored, SECOND_MOMENT, length)?));
        }
        self.net = self.net.with_flat_parameters(&self.weights);
        self.state = stored.state.clone();
        if self.state.finished.is_none() {
            // A run that was killed between a checkpoint and its pointers left the pointers behind.
            point(job.folder, LAST, self.state.step)?;
            if let Some(best) = self.state.best.checkpoint {
                point(job.folder, BEST, best.step)?;
            }
            info!(
                "going on with {} from step {} of {}, epoch {}",
                job.label,
                self.state.step,
                job.steps(),
                self.state.epoch + 1
            );
        }
        Ok(self)
    }

    /// Writes a checkpoint of where the training stands and points `last` to it, and `best` too
    /// when it is the best one.
    pub fn save(&self, job: &Job<'_>) -> Result<(), TrainingError> {
        let host = |vector: &Tensor<1>| {
            vector.try_to_vec_as::<f32>().map_err(|error| TrainingError::device(&error))
        };
        let weights = host(&self.weights)?;
        let (model, raw) = match &self.average {
            Some(average) => (host(average)?, Some(weights)),
            None => (weights, None),
        };
        let snapshot = Snapshot {
            meta: job.meta,
            state: &self.state,
            layout: &self.layout,
            model,
            raw,
            first: host(&self.optimizer.first)?,
            second: self.optimizer.second.as_ref().map(host).transpose()?,
        };
        write(job.folder, snapshot)?;
        if self.state.best.checkpoint.is_some_and(|best| best.step == self.state.step) {
            point(job.folder, BEST, self.state.step)?;
        }
        point(job.folder, LAST, self.state.step)?;
        prune(job.folder)?;
        tracing::debug!("checkpoint {} of {}", step_name(self.state.step), job.label);
        Ok(())
    }

    fn outcome(&self, job: &Job<'_>) -> Result<Fitted, TrainingError> {
        let (Some(best), Some(ending)) = (self.state.best.checkpoint, self.state.finished) else {
            let fault = "it is complete but names no best step";
            return Err(CheckpointError::malformed(&job.folder.join(LAST), &fault).into());
        };
        Ok(Fitted::Finished(Outcome {
            best_step: best.step,
            best_score: best.score,
            steps: self.state.step,
            epochs: self.state.epoch,
            ending,
        }))
    }
}

/// Refuses a folder that holds the training of another job, and says what differs.
fn check_same_job(
    folder: &Path,
    stored: &StoredCheckpoint,
    identity: &Value,
) -> Result<(), TrainingError> {
    // Both are compared as this version writes them: knobs that a checkpoint of an older version
    // does not name have their defaults.
    let old = stored.state.identity(&stored.meta, folder)?;
    let mut differences = Vec::new();
    compare("", &old, identity, &mut differences);
    if differences.is_empty() {
        return Ok(());
    }
    let more = differences.len().saturating_sub(LISTED);
    if more > 0 {
        differences.truncate(LISTED);
        differences.push(format!("{more} more"));
    }
    let differences = differences.join(", ");
    Err(TrainingError::OtherJob { folder: folder.to_owned(), differences })
}

fn compare(path: &str, old: &Value, new: &Value, differences: &mut Vec<String>) {
    if old == new {
        return;
    }
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let get = |map: &serde_json::Map<String, Value>| {
                    map.get(key).cloned().unwrap_or_default()
                };
                compare(&at, &get(old), &get(new), differences);
            }
        }
        _ if path == "samples" => differences.push("the samples and their targets".to_owned()),
        _ if path == "warm_start" => {
            differences.push("the file that training.warm_start names".to_owned());
        }
        _ => differences.push(format!("{path}: {} was {}", short(new), short(old))),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
