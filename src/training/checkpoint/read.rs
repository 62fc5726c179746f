//! A step folder back into tensors and state, with every digest checked.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use garde::Validate;
use serde::Deserialize;
use serde_json::Value;

use super::{META_KEY, MODEL_FILE, OPTIMIZER_FILE, STATE_FILE};
use crate::run_folder::sha256_hex;
use crate::training::meta::CHECKPOINT_VERSION;
use crate::training::state::TrainingState;
use crate::training::tensor_file::{TensorFile, decode};
use crate::training::{CheckpointError, CheckpointMeta};

/// What a step folder holds.
#[derive(Debug)]
pub struct StoredCheckpoint {
    /// The step folder.
    pub path: PathBuf,
    /// What the checkpoint says about itself.
    pub meta: CheckpointMeta,
    /// Where training stood.
    pub state: TrainingState,
    /// The weights.
    pub model: TensorFile,
    /// The optimiser's tensors; empty when only the model was asked for.
    pub optimizer: TensorFile,
}

/// Digests of the tensor files, as `state.json` has them.
#[derive(Debug, Deserialize)]
pub struct Digests {
    #[serde(rename = "model.safetensors")]
    model: String,
    #[serde(rename = "optimizer.safetensors")]
    optimizer: String,
}

/// Reads all of a step folder.
///
/// # Errors
/// When a file is missing, altered, of another layout or malformed.
pub fn read(folder: &Path) -> Result<StoredCheckpoint, CheckpointError> {
    let (mut stored, digests) = read_model(folder)?;
    let path = folder.join(OPTIMIZER_FILE);
    stored.optimizer = decode(&path, &read_verified(&path, &digests.optimizer)?)?;
    Ok(stored)
}

/// Reads a step folder without the optimiser's tensors.
///
/// # Errors
/// When a file is missing, altered, of another layout or malformed.
pub fn read_for_forecasts(folder: &Path) -> Result<StoredCheckpoint, CheckpointError> {
    Ok(read_model(folder)?.0)
}

/// Reads `state.json` of a step folder.
pub fn read_state(folder: &Path) -> Result<(TrainingState, Digests), CheckpointError> {
    let path = folder.join(STATE_FILE);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(CheckpointError::Missing(folder.to_owned()));
        }
        bytes => bytes.map_err(|error| CheckpointError::io("read", &path, error))?,
    };
    let mut content: Value = serde_json::from_slice(&bytes)
        .map_err(|error| CheckpointError::malformed(&path, &error))?;
    check_version(&path, &content)?;
    let object = content
        .as_object_mut()
        .ok_or_else(|| CheckpointError::malformed(&path, &"it is no JSON object"))?;
    let expected = object.shift_remove("digest");
    let expected = expected.as_ref().and_then(Value::as_str).unwrap_or("none").to_owned();
    let found = digest_of_state(&content);
    if expected != found {
        return Err(CheckpointError::Digest { path, expected, found });
    }
    let malformed = |error: serde_json::Error| CheckpointError::malformed(&path, &error);
    let digests = Digests::deserialize(&content["sha256"]).map_err(malformed)?;
    let state = TrainingState::deserialize(&content["state"]).map_err(malformed)?;
    Ok((state, digests))
}

/// Hex sha256 of the content of `state.json` in its compact form, without its own digest.
pub fn digest_of_state(content: &Value) -> String {
    sha256_hex(content.to_string().as_bytes())
}

fn read_model(folder: &Path) -> Result<(StoredCheckpoint, Digests), CheckpointError> {
    let (state, digests) = read_state(folder)?;
    let path = folder.join(MODEL_FILE);
    let model = decode(&path, &read_verified(&path, &digests.model)?)?;
    let meta = parse_meta(&path, &model)?;
    let optimizer = TensorFile::default();
    Ok((StoredCheckpoint { path: folder.to_owned(), meta, state, model, optimizer }, digests))
}

fn read_verified(path: &Path, expected: &str) -> Result<Vec<u8>, CheckpointError> {
    let bytes = fs::read(path).map_err(|error| CheckpointError::io("read", path, error))?;
    let found = sha256_hex(&bytes);
    if found == expected {
        Ok(bytes)
    } else {
        let expected = expected.to_owned();
        Err(CheckpointError::Digest { path: path.to_owned(), expected, found })
    }
}

fn parse_meta(path: &Path, model: &TensorFile) -> Result<CheckpointMeta, CheckpointError> {
    let malformed = |fault: String| CheckpointError::Malformed { path: path.to_owned(), fault };
    let text = model
        .metadata
        .get(META_KEY)
        .ok_or_else(|| malformed(format!("its metadata has no key `{META_KEY}`")))?;
    let content: Value = serde_json::from_str(text)
        .map_err(|error| malformed(format!("metadata `{META_KEY}`: {error}")))?;
    check_version(path, &content)?;
    let meta: CheckpointMeta = serde_json::from_str(text)
        .map_err(|error| malformed(format!("metadata `{META_KEY}`: {error}")))?;
    meta.net.validate().map_err(|report| malformed(format!("metadata `net`: {report}")))?;
    meta.heads.validate().map_err(|report| malformed(format!("metadata `heads`: {report}")))?;
    let features = meta.feature_names.len();
    if features == 0 || meta.window == 0 {
        return Err(malformed(format!("it has {features} features and window {}", meta.window)));
    }
    if meta.scaler.center.len() != features || meta.scaler.scale.len() != features {
        return Err(malformed(format!(
            "its scaler is for {} features, it names {features}",
            meta.scaler.center.len()
        )));
    }
    let names = meta.labels.classes.names();
    if meta.classes != names || meta.thresholds.between != meta.labels.classes {
        return Err(malformed(format!(
            "it names the classes {:?} and has thresholds between {}, its labels have the classes \
             {names:?}",
            meta.classes,
            meta.thresholds.between.count()
        )));
    }
    Ok(meta)
}

fn check_version(path: &Path, content: &Value) -> Result<(), CheckpointError> {
    let found = &content["schema_version"];
    if found == &Value::from(CHECKPOINT_VERSION) {
        return Ok(());
    }
    Err(CheckpointError::Schema {
        path: path.to_owned(),
        found: found.to_string(),
        supported: CHECKPOINT_VERSION,
    })
}
