//! What can go wrong in training and with checkpoints.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::run_folder::FileError;

/// Why a checkpoint could not be written or read.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// Nothing is there.
    #[error(
        "there is no checkpoint at {0}; give a step folder such as step_000400, or the `best` or \
         `last` beside it"
    )]
    Missing(PathBuf),
    /// The system refused.
    #[error("could not {action} {path}: {source}")]
    Io {
        /// `read`, `write`, ….
        action: &'static str,
        /// What it was about.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A step folder could not be written.
    #[error("could not write {path}: {source}; free space there or use another --run-dir")]
    Unwritable {
        /// The step folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A pointer or state file could not be written.
    #[error(transparent)]
    Write(#[from] FileError),
    /// A pointer file that names no step folder.
    #[error(
        "pointer {path} says `{content}`, which names no step folder; write the name of one \
         beside it into it, such as step_000400"
    )]
    Pointer {
        /// The pointer file.
        path: PathBuf,
        /// What it says, shortened.
        content: String,
    },
    /// Bytes that are not those that were written.
    #[error(
        "{path} is damaged: its sha256 is {found}, it was written with {expected}; use another \
         step folder or a copy, or train again"
    )]
    Digest {
        /// The damaged file.
        path: PathBuf,
        /// Digest of what was written.
        expected: String,
        /// Digest of what is there.
        found: String,
    },
    /// A file that cannot be made sense of.
    #[error("{path} is malformed: {fault}; use another step folder or a copy, or train again")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A checkpoint of another layout.
    #[error(
        "{path} has checkpoint layout {found}, this program reads {supported}; use the version \
         of candlewick that wrote it"
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// Version found.
        found: String,
        /// Version that this program reads.
        supported: u32,
    },
    /// Tensors that are not those of the net that the checkpoint describes.
    #[error("{path} does not fit the net that it describes: {fault}; train again")]
    Tensors {
        /// The file.
        path: PathBuf,
        /// Which tensor, and how it differs.
        fault: String,
    },
    /// The best checkpoint of a training that is to go on is damaged.
    #[error(
        "the best checkpoint in {folder} cannot be used ({fault}); move the folder away to train \
         this fold from its start"
    )]
    Best {
        /// `checkpoints/<model>/<fold>`.
        folder: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// All checkpoints of a folder are damaged.
    #[error(
        "no checkpoint in {folder} is intact ({faults}); move the folder away to train this fold \
         from its start"
    )]
    NoneIntact {
        /// `checkpoints/<model>/<fold>`.
        folder: PathBuf,
        /// What is wrong with each.
        faults: String,
    },
}

impl CheckpointError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    pub(super) fn malformed(path: &Path, fault: &impl ToString) -> Self {
        Self::Malformed { path: path.to_owned(), fault: fault.to_string() }
    }
}

/// Why training could not go on.
#[derive(Debug, Error)]
pub enum TrainingError {
    /// The knobs contradict each other or the data.
    #[error("{0}")]
    Config(String),
    /// Too few samples.
    #[error("fold {label} has no {what} samples; widen its span or shorten the window")]
    NoSamples {
        /// Name of the fold.
        label: String,
        /// `training` or `validation`.
        what: &'static str,
    },
    /// A loss or gradient that is no number.
    #[error(
        "{what} of fold {label} is {value} at step {step} (learning rate {learning_rate:.3e}); \
         lower training.learning_rate, set training.gradient_clip, or check the features with \
         `candlewick features inspect`"
    )]
    NotFinite {
        /// Name of the fold.
        label: String,
        /// `loss`, `gradient_norm`, `valid loss`.
        what: String,
        /// What it is.
        value: f64,
        /// Step, from 1.
        step: u64,
        /// Learning rate of the step.
        learning_rate: f64,
    },
    /// The folder holds the training of another job.
    #[error(
        "{folder} holds the training of another job ({differences}); set these back or use \
         another run folder"
    )]
    OtherJob {
        /// `checkpoints/<model>/<fold>`.
        folder: PathBuf,
        /// What differs, old and new.
        differences: String,
    },
    /// The device does not compute in the precision asked for.
    #[error(
        "device {device} does not compute in {precision}; set training.precision to f32, or train \
         with --device cuda on an NVIDIA GPU of the Ampere generation or later, or with --device cpu"
    )]
    Precision {
        /// Its name.
        device: String,
        /// `bf16`.
        precision: &'static str,
    },
    /// The device did not hand over what was computed.
    #[error("the device failed: {0}; go on with --resume, or on another device with --device")]
    Device(String),
    /// A checkpoint could not be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl TrainingError {
    pub(super) fn device(error: &impl std::fmt::Display) -> Self {
        Self::Device(error.to_string())
    }
}
