//! From an error to the exit code that scripts branch on.

use std::error::Error;

use super::device::DeviceError;
use crate::config::ConfigError;
use crate::features::FeatureError;
use crate::fi_2010::Fi2010Error;
use crate::folds::FoldError;
use crate::ingest::IngestError;
use crate::labels::LabelError;
use crate::leaks::LeakError;
use crate::market::{InstrumentError, IntervalError};
use crate::pipeline::PipelineError;
use crate::run_folder::{FileError, RunFolderError};
use crate::scores::ScoreError;
use crate::store::StoreError;
use crate::tracking::TrackingError;
use crate::training::{CheckpointError, TrainingError};
use crate::windows::WindowError;

/// Config or usage has to change.
const USAGE: u8 = 2;
/// Data is wrong or missing.
const DATA: u8 = 3;
/// The device cannot be had or failed.
const DEVICE: u8 = 4;
/// Anything else.
const OTHER: u8 = 1;

/// 2 config or usage, 3 data, 4 device, 1 anything else: what the outermost known error says.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> u8 {
    error.chain().find_map(code_of).unwrap_or(OTHER)
}

fn code_of(cause: &(dyn Error + 'static)) -> Option<u8> {
    if let Some(error) = cause.downcast_ref::<PipelineError>() {
        return Some(match error {
            PipelineError::Config(_) => USAGE,
            PipelineError::Data(_) => DATA,
        });
    }
    if cause.is::<ConfigError>() || cause.is::<InstrumentError>() || cause.is::<IntervalError>() {
        return Some(USAGE);
    }
    if cause.is::<DeviceError>() {
        return Some(DEVICE);
    }
    if let Some(error) = cause.downcast_ref::<StoreError>() {
        return Some(if error.is_data() { DATA } else { OTHER });
    }
    if let Some(error) = cause.downcast_ref::<IngestError>() {
        return Some(match error {
            error if error.is_usage() => USAGE,
            error if error.is_data() => DATA,
            _ => OTHER,
        });
    }
    if let Some(error) = cause.downcast_ref::<FeatureError>() {
        return Some(match error {
            FeatureError::Unknown { .. }
            | FeatureError::UnknownInterval { .. }
            | FeatureError::NoContext { .. }
            | FeatureError::Twice(_)
            | FeatureError::Contradiction(_)
            | FeatureError::NothingLeft { .. }
            | FeatureError::NotCoarser { .. }
            | FeatureError::ContextTwice(_)
            | FeatureError::SeriesName { .. }
            | FeatureError::SeriesTaken { .. }
            | FeatureError::SeriesTwice { .. }
            | FeatureError::SeriesForNothing { .. } => USAGE,
            FeatureError::Peer(error) if error.is_usage() => USAGE,
            _ => DATA,
        });
    }
    if let Some(error) = cause.downcast_ref::<Fi2010Error>() {
        return Some(match error {
            error if error.is_usage() => USAGE,
            Fi2010Error::File(error) => file(error),
            _ => DATA,
        });
    }
    if let Some(error) = cause.downcast_ref::<FoldError>() {
        return Some(match error {
            FoldError::EmbargoShorterThanHorizon { .. } | FoldError::PeriodTooShort { .. } => USAGE,
            _ => DATA,
        });
    }
    if let Some(error) = cause.downcast_ref::<TrainingError>() {
        return Some(match error {
            TrainingError::Config(_) | TrainingError::OtherJob { .. } => USAGE,
            TrainingError::NoSamples { .. } => DATA,
            TrainingError::Device(_) | TrainingError::Precision { .. } => DEVICE,
            TrainingError::Checkpoint(error) => checkpoint(error),
            TrainingError::NotFinite { .. } => OTHER,
        });
    }
    if let Some(error) = cause.downcast_ref::<CheckpointError>() {
        return Some(checkpoint(error));
    }
    if let Some(error) = cause.downcast_ref::<RunFolderError>() {
        return Some(match error {
            RunFolderError::Missing(_) | RunFolderError::NoRun(_) => USAGE,
            RunFolderError::File(error) => file(error),
            _ => OTHER,
        });
    }
    if let Some(error) = cause.downcast_ref::<FileError>() {
        return Some(file(error));
    }
    // What a provider says is told by its own error.
    if matches!(cause.downcast_ref(), Some(LeakError::Empty | LeakError::Malformed { .. })) {
        return Some(DATA);
    }
    if matches!(cause.downcast_ref::<TrackingError>(), Some(TrackingError::NoServer)) {
        return Some(USAGE);
    }
    (cause.is::<LabelError>() || cause.is::<WindowError>() || cause.is::<ScoreError>())
        .then_some(DATA)
}

/// A damaged file is wrong data; a disk that refuses is not.
fn file(error: &FileError) -> u8 {
    if matches!(error, FileError::Content { .. } | FileError::Version { .. }) {
        DATA
    } else {
        OTHER
    }
}

/// A damaged checkpoint is wrong data; a disk that refuses is not.
fn checkpoint(error: &CheckpointError) -> u8 {
    use CheckpointError::{Io, Unwritable, Write};
    if matches!(error, Io { .. } | Unwritable { .. } | Write(_)) { OTHER } else { DATA }
}
