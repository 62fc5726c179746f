//! `manifest.json`: what a run was made of.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files::{FileError, write_atomic};
use crate::market::{Interval, Span};

use super::error::RunFolderError;

/// Version of the layout of `manifest.json`.
pub const MANIFEST_VERSION: u32 = 1;

/// What a run was made of: enough to say which code, data and seed gave its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_VERSION`].
    pub schema_version: u32,
    /// 32 hex digits, unique to the run.
    pub run_id: String,
    /// Name from the config.
    pub name: String,
    /// When the run began, ms UTC.
    pub created: i64,
    /// Version of candlewick.
    pub candlewick_version: String,
    /// Commit of the working folder; ends in `-dirty` when files differ from it.
    pub git_commit: Option<String>,
    /// Name of the model, as in the forecasts.
    pub model: String,
    /// Device that trained it, as the log named it.
    pub device: String,
    /// Seed of weights, dropout, shuffling and bootstrap.
    pub seed: u64,
    /// Seeds of the members of an ensemble; empty for a single net.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub member_seeds: Vec<u64>,
    /// Whether any of the data comes from the simulated market.
    pub simulated: bool,
    /// Base interval.
    pub interval: Interval,
    /// Length of a window, in candles of the base interval.
    pub window: u32,
    /// Length of a label span, in candles of the base interval.
    pub horizon: u32,
    /// Every series that was read.
    pub data: Vec<DataDigest>,
    /// Names of the features in the order of the model's inputs.
    pub feature_names: Vec<String>,
    /// The folds in the order of time.
    pub folds: Vec<ManifestFold>,
    /// Windows that were left out.
    pub dropped: DroppedWindows,
    /// The file that the weights started from, where they did not start at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_start: Option<WarmStartFile>,
}

/// A file of weights that a run started from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarmStartFile {
    /// Where it was.
    pub path: String,
    /// Hex sha256 of its bytes.
    pub sha256: String,
}

/// One series that a run read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataDigest {
    /// `venue/market/symbol interval`.
    pub name: String,
    /// Hex sha256 of its rows.
    pub digest: String,
    /// Number of candles.
    pub rows: u64,
    /// Open time of the first candle, ms UTC.
    pub first: i64,
    /// Open time of the last candle, ms UTC.
    pub last: i64,
}

/// One fold as it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFold {
    /// `fold_0`, …, `final`.
    pub name: String,
    /// Decision times of the training rows.
    pub train_span: Span,
    /// Decision times of the validation rows.
    pub valid_span: Span,
    /// Decision times of the test rows; empty for `final`.
    pub test_span: Span,
    /// Number of training rows, after purge and embargo.
    pub train_rows: u64,
    /// Number of validation rows.
    pub valid_rows: u64,
    /// Number of test rows.
    pub test_rows: u64,
}

/// Windows that were left out, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DroppedWindows {
    /// Because they overlap an entry of the store's gap ledger: how many for which reason.
    #[serde(default)]
    pub ledger: BTreeMap<String, u64>,
    /// Because they span another gap in the data.
    pub gap: u64,
    /// Because their label reaches past the data or over a gap.
    pub unlabelled: u64,
}

/// Writes `manifest.json`, atomically.
///
/// # Errors
/// When the file cannot be written.
pub fn write_manifest(path: &Path, manifest: &Manifest) -> Result<(), RunFolderError> {
    let text = serde_json::to_string_pretty(manifest)
        .map_err(|error| RunFolderError::invalid(path, error))?;
    Ok(write_atomic(path, (text + "\n").as_bytes())?)
}

/// Reads `manifest.json`.
///
/// # Errors
/// When it cannot be read, is no manifest or has another layout version.
pub fn read_manifest(path: &Path) -> Result<Manifest, RunFolderError> {
    #[derive(Deserialize)]
    struct Version {
        schema_version: u32,
    }
    let text = fs::read_to_string(path).map_err(|error| RunFolderError::read(path, error))?;
    let wrong = |error: serde_json::Error| RunFolderError::content(path, error);
    let version: Version = serde_json::from_str(&text).map_err(wrong)?;
    if version.schema_version != MANIFEST_VERSION {
        return Err(RunFolderError::File(FileError::Version {
            path: path.to_owned(),
            found: version.schema_version.to_string(),
            known: MANIFEST_VERSION,
        }));
    }
    serde_json::from_str(&text).map_err(wrong)
}
