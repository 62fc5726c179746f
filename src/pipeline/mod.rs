//! Wires the steps of one command; the only place that holds a whole `RunConfig`.

mod build_features;
mod check_features;
mod describe_run;
mod evaluate;
mod find_rate;
mod fold_job;
mod forecast_rows;
mod inspect_features;
mod members;
mod observe;
mod open;
mod params;
mod predict;
mod prepare;
mod pretrain;
mod rows_of_run;
mod streams;
mod tracked;
mod train;

pub use build_features::{FeatureRequest, build_features};
pub use check_features::{CheckFeaturesRequest, InstrumentReport, check_features};
pub use find_rate::{FindRateOutcome, FindRateRequest, find_rate};
pub use inspect_features::{InspectOutcome, InspectRequest, inspect_features};
pub use predict::{PredictOutcome, PredictRequest, predict};
pub use pretrain::{PretrainOutcome, PretrainedFold, pretrain};
pub use train::{TrainOutcome, TrainRequest, train};

use std::path::Path;

use thiserror::Error;

use crate::run_folder::RunFolder;
use crate::training::Progress;

/// What somebody who waits for a command sees of it and can say to it.
pub trait Watch {
    /// A line worth reading.
    fn note(&mut self, text: &str);
    /// The training of member `number` (from 1) out of `members` begins: what is said of progress from
    /// here on is of it.
    fn member(&mut self, _number: usize, _members: usize) {}
    /// Where training stands.
    fn progress(&mut self, progress: &Progress<'_>);
    /// Whether to stop after the current step.
    fn stop_requested(&self) -> bool;
}

/// Why a command cannot be carried out, by what has to change.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// The request or the config contradicts itself or the run folder.
    #[error("{0}")]
    Config(String),
    /// The store lacks what the config needs.
    #[error("{0}")]
    Data(String),
}

/// `path` as seen from the run folder.
fn relative(folder: &RunFolder, path: &Path) -> String {
    path.strip_prefix(folder.path()).unwrap_or(path).to_string_lossy().into_owned()
}
