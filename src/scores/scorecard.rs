//! The scores of a run as they stand in `metrics.json`.

use serde::{Deserialize, Serialize};

use super::members::MemberScore;
use crate::forecast::Classes;

/// Version of the layout of `metrics.json`.
pub const SCORECARD_VERSION: u32 = 1;

/// Content of `metrics.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scorecard {
    /// [`SCORECARD_VERSION`].
    pub schema_version: u32,
    /// Coverage of the intervals, such as 0.95.
    pub level: f64,
    /// Length of a bootstrap block, in forecasts.
    pub block: usize,
    /// Number of bootstrap resamples.
    pub resamples: usize,
    /// Number of forecasts with a known outcome.
    pub forecasts: usize,
    /// One row a measure, model, fold and instrument; baselines are rows like any other.
    pub scores: Vec<Score>,
    /// Names of the direction classes; of files that do not say, down, neutral and up.
    #[serde(default = "three_classes")]
    pub classes: Vec<String>,
    /// One a model with a direction head, over all folds.
    pub confusion: Vec<Confusion>,
    /// One a model and class, over all folds.
    pub calibration: Vec<Calibration>,
    /// One row a measure of an ensemble beside its members; empty for a single net.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberScore>,
    /// Plain statements on how models compare with baselines, one sentence each.
    pub verdicts: Vec<String>,
}

fn three_classes() -> Vec<String> {
    Classes::Three.names().iter().map(|&name| name.to_owned()).collect()
}

/// One measured value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// `direction`, `return`, `volatility` or `profit`.
    pub group: String,
    /// Name of the measure, such as `macro_f1`.
    pub name: String,
    /// Name of the model or baseline: `lstm`, `persistence`, `class_prior`, `buy_and_hold`, `zero`.
    pub model: String,
    /// Whether `model` is a baseline.
    pub baseline: bool,
    /// Fold, or `all`.
    pub fold: String,
    /// Instrument, or `all`.
    pub instrument: String,
    /// The value; `None` where it is not defined (no variance, no such class).
    pub value: Option<f64>,
    /// Lower end of the block-bootstrap interval.
    pub lower: Option<f64>,
    /// Upper end of the block-bootstrap interval.
    pub upper: Option<f64>,
    /// Whether more is better.
    pub higher_is_better: bool,
}

/// Counts of outcome by forecast class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    /// Name of the model.
    pub model: String,
    /// `counts[outcome][forecast]`, in the order of the direction classes.
    pub counts: Vec<Vec<u64>>,
}

/// How often a class came true beside how probable it was said to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Name of the model.
    pub model: String,
    /// Name of the class.
    pub class: String,
    /// Expected calibration error over the bins.
    pub error: f64,
    /// Bins of equal width in probability that hold at least one forecast.
    pub bins: Vec<CalibrationBin>,
}

/// One bin of a calibration curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Mean probability said.
    pub probability: f64,
    /// Share that came true.
    pub frequency: f64,
    /// Number of forecasts.
    pub count: u64,
}
