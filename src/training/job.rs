//! One fold's training as given to [`super::fit()`].

use std::path::Path;

use burn::tensor::Device;
use garde::Validate;
use sha2::{Digest, Sha256};

use super::initial_net::initial_net;
use super::{CheckpointMeta, TrainingConfig, TrainingError};
use crate::forecast::{ByClass, LabelShape, MOST_CLASSES};
use crate::kernels::Precision;
use crate::nets::{HeadsConfig, InputShape, Net, NetConfig, Objective};
use crate::run_folder::sha256_hex;
use crate::windows::{Table, Targets};

/// What to train, on what, and where its checkpoints go.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The net.
    pub net: &'a NetConfig,
    /// Its heads.
    pub heads: &'a HeadsConfig,
    /// The knobs of training.
    pub training: &'a TrainingConfig,
    /// Seed of weights, sample order and dropout masks.
    pub seed: u64,
    /// Device that trains; with or without autodiff.
    pub device: &'a Device,
    /// The scaled inputs on that device.
    pub table: &'a Table,
    /// What the heads learn, by row of the table.
    pub targets: &'a Targets,
    /// Weights of the classes in the direction loss.
    pub class_weights: ByClass<f32>,
    /// Last rows of the training windows.
    pub train: &'a [u32],
    /// Last rows of the validation windows.
    pub valid: &'a [u32],
    /// What the checkpoints say about themselves.
    pub meta: &'a CheckpointMeta,
    /// `checkpoints/<model>/<fold>`; made when it is not there.
    pub folder: &'a Path,
    /// Name of the fold, or of the fold and the member of an ensemble (`fold_0.seed_7`): the middle of
    /// metric keys such as `train/fold_0/loss`. It changes nothing of the training.
    pub label: &'a str,
}

impl Job<'_> {
    /// Shapes of the windows, one a view.
    #[must_use]
    pub fn inputs(&self) -> Vec<InputShape> {
        self.table.views.iter().map(InputShape::from).collect()
    }

    /// The net with its initial weights, for products in a precision.
    pub(super) fn new_net(&self, precision: Precision, device: &Device) -> Net {
        let of = (precision, self.net, self.heads);
        initial_net(of, self.meta, &self.inputs(), self.seed, device)
    }

    /// What of the labels shapes the heads.
    #[must_use]
    pub fn labels(&self) -> LabelShape {
        self.meta.labels.shape()
    }

    /// What is minimised.
    #[must_use]
    pub fn objective(&self) -> Objective<'_> {
        Objective {
            heads: self.heads,
            class_weights: self.class_weights,
            log_volatility_scale: self.meta.target_scale.log_volatility_scale,
        }
    }

    /// Steps of an epoch: whole steps, or one short batch when there is not even one.
    #[must_use]
    pub fn steps_per_epoch(&self) -> u64 {
        (self.train.len() / self.step_samples()) as u64
    }

    /// Steps of the whole training.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps_per_epoch() * u64::from(self.training.epochs)
    }

    /// Samples of a step, over all its batches.
    #[must_use]
    pub fn step_samples(&self) -> usize {
        self.batch_size() * self.training.accumulate.max(1)
    }

    /// Samples of a batch: the config's, or all where there are fewer.
    #[must_use]
    pub fn batch_size(&self) -> usize {
        self.training.batch_size.min(self.train.len()).max(1)
    }

    /// Hex sha256 over the samples: their rows, targets and class weights.
    #[must_use]
    pub fn samples_digest(&self) -> String {
        let mut sum = Sha256::new();
        for rows in [self.train, self.valid] {
            sum.update((rows.len() as u64).to_le_bytes());
            for &row in rows {
                let index = row as usize;
                sum.update(row.to_le_bytes());
                sum.update([self.targets.class[index]]);
                for values in [
                    &self.targets.forward_return,
                    &self.targets.log_volatility,
                    &self.targets.weight,
                ] {
                    sum.update(values[index].to_le_bytes());
                }
            }
        }
        for weight in self.class_weights.iter() {
            sum.update(weight.to_le_bytes());
        }
        sha256_hex(&sum.finalize())
    }

    /// Checks what would otherwise fail in the middle of training.
    pub(super) fn check(&self) -> Result<(), TrainingError> {
        let label = self.label;
        self.net.check(&self.inputs()).map_err(TrainingError::Config)?;
        check_precision(self.training.precision, self.device)?;
        self.meta.check(&self.inputs()).map_err(TrainingError::Config)?;
        if self.meta.cross_symbol.is_some() != self.table.symbols.is_some() {
            return Err(TrainingError::Config(format!(
                "the net of fold {label} and its table disagree on whether a symbol attends to others"
            )));
        }
        for (rows, what) in [(self.train, "training"), (self.valid, "validation")] {
            if rows.is_empty() {
                return Err(TrainingError::NoSamples { label: label.to_owned(), what });
            }
            check_rows(rows, self.table.reach(), self.table.rows())?;
        }
        let wrong = |text: String| Err(TrainingError::Config(text));
        let targets = self.targets;
        let lengths = [
            targets.class.len(),
            targets.forward_return.len(),
            targets.log_volatility.len(),
            targets.weight.len(),
        ];
        if lengths.iter().any(|&length| length != self.table.rows()) {
            let rows = self.table.rows();
            return wrong(format!("fold {label} has targets for {lengths:?} of {rows} rows"));
        }
        self.check_classes()?;
        if let Err(report) = self.training.validate() {
            return wrong(format!("training: {report}"));
        }
        if self.training.ema.is_some() && self.training.swa.is_some() {
            return wrong(
                "training.ema and training.swa are both averages of the weights, and one of them \
                 is the model; set one to null"
                    .to_owned(),
            );
        }
        if self.steps_per_epoch() == 0 {
            return wrong(format!(
                "a step of training.accumulate {} batches of {} samples needs more than the {} \
                 training samples of fold {label}; lower accumulate or batch_size",
                self.training.accumulate,
                self.batch_size(),
                self.train.len(),
            ));
        }
        let (warmup, steps) = (self.training.warmup_steps, self.steps());
        if self.training.schedule.warms_up() && warmup >= steps {
            return wrong(format!(
                "training.warmup_steps {warmup} is not below the {steps} steps of all epochs of \
                 fold {label} ({} samples in steps of {}); lower it, lower batch_size or raise \
                 epochs",
                self.train.len(),
                self.step_samples(),
            ));
        }
        let monitor = self.training.early_stopping.monitor;
        if monitor.needs_direction() && !self.heads.direction.enabled {
            return wrong(format!(
                "training.early_stopping.monitor {} needs the direction head; enable it or use \
                 valid_loss",
                monitor.name()
            ));
        }
        if self.meta.feature_names.len() != self.table.features() {
            return wrong(format!(
                "fold {label} names {} features, its table has {}",
                self.meta.feature_names.len(),
                self.table.features()
            ));
        }
        Ok(())
    }
}

impl Job<'_> {
    /// Checks that labels, thresholds, weights and names are of the same classes.
    fn check_classes(&self) -> Result<(), TrainingError> {
        let (label, classes) = (self.label, self.labels().classes);
        let wrong = |text: String| Err(TrainingError::Config(text));
        let count = classes.count();
        if self.meta.thresholds.between != classes || self.class_weights.len() != count {
            return wrong(format!(
                "fold {label} has thresholds between {} classes and {} class weights for labels of \
                 {count} classes",
                self.meta.thresholds.between.count(),
                self.class_weights.len()
            ));
        }
        // Beyond the largest number of classes a label is not known.
        let strange = |&class: &u8| usize::from(class) < MOST_CLASSES && !classes.has(class);
        match self.targets.class.iter().find(|class| strange(class)) {
            Some(class) => {
                wrong(format!("fold {label} has a target of class {class} of {count} classes"))
            }
            None => Ok(()),
        }
    }
}

/// Checks that a device computes in a precision.
///
/// # Errors
/// When it does not: the error names the device and what to use instead.
pub fn check_precision(precision: Precision, device: &Device) -> Result<(), TrainingError> {
    if precision.runs_on(device) {
        return Ok(());
    }
    let device = match device.identity() {
        Some(identity) => identity.name,
        None => format!("{device:?}"),
    };
    Err(TrainingError::Precision { device, precision: precision.name() })
}

/// Checks that each row ends a window of the table.
pub(super) fn check_rows(rows: &[u32], window: usize, table: usize) -> Result<(), TrainingError> {
    let fits = |row: u32| row as usize + 1 >= window && (row as usize) < table;
    match rows.iter().find(|&&row| !fits(row)) {
        Some(row) => Err(TrainingError::Config(format!(
            "row {row} ends no window of {window} rows in a table of {table}; take rows from \
             `eligible`"
        ))),
        None => Ok(()),
    }
}
