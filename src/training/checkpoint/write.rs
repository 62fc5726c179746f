//! A training's tensors and state into a step folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::folder::{publish, step_name};
use super::read::digest_of_state;
use super::{
    FIRST_MOMENT, META_KEY, MODEL_FILE, OPTIMIZER_FILE, RAW_WEIGHTS, SECOND_MOMENT, STATE_FILE,
};
use crate::run_folder::{sha256_hex, write_atomic};
use crate::training::layout::{Layout, Place};
use crate::training::meta::CHECKPOINT_VERSION;
use crate::training::state::TrainingState;
use crate::training::tensor_file::{NamedTensor, encode};
use crate::training::{CheckpointError, CheckpointMeta};

/// Everything that a checkpoint holds; the vectors have P elements.
#[derive(Debug)]
pub struct Snapshot<'a> {
    /// What the checkpoint says about itself.
    pub meta: &'a CheckpointMeta,
    /// Where training stands.
    pub state: &'a TrainingState,
    /// Names and shapes of the parameters.
    pub layout: &'a Layout,
    /// The weights that forecasts use: the average where there is one.
    pub model: Vec<f32>,
    /// The weights that training goes on from, where they differ from `model`.
    pub raw: Option<Vec<f32>>,
    /// First moment.
    pub first: Vec<f32>,
    /// Second moment, of an optimiser that has one.
    pub second: Option<Vec<f32>>,
}

/// Writes the snapshot to `folder/step_<step>`, whole or not at all.
///
/// # Errors
/// When the disk is full or read-only; what is half written is removed.
pub fn write(folder: &Path, snapshot: Snapshot<'_>) -> Result<(), CheckpointError> {
    let name = step_name(snapshot.state.step);
    let target = folder.join(&name);
    let malformed = |error: serde_json::Error| CheckpointError::malformed(&target, &error);
    let model = encode(
        &model_metadata(snapshot.meta, snapshot.state).map_err(malformed)?,
        &split(snapshot.layout, &snapshot.model),
    );
    let state = serde_json::to_value(snapshot.state).map_err(malformed)?;
    let optimizer = encode(
        &BTreeMap::from([("schema_version".to_owned(), CHECKPOINT_VERSION.to_string())]),
        &optimizer_tensors(snapshot),
    );
    let state = state_json(&state, &model, &optimizer);

    // A stop at an epoch's last step is followed by a checkpoint of the same step after validation:
    // only where training stands differs then, and the folder stays loadable at every moment.
    let same = |file: &str, bytes: &[u8]| {
        fs::read(target.join(file)).is_ok_and(|existing| existing == bytes)
    };
    if same(MODEL_FILE, &model) && same(OPTIMIZER_FILE, &optimizer) {
        return Ok(write_atomic(&target.join(STATE_FILE), &state)?);
    }
    publish(
        folder,
        &name,
        &[(MODEL_FILE, &model), (OPTIMIZER_FILE, &optimizer), (STATE_FILE, &state)],
    )
}

/// The whole meta as JSON under one key, and what people look for in plain keys beside it.
fn model_metadata(
    meta: &CheckpointMeta,
    state: &TrainingState,
) -> serde_json::Result<BTreeMap<String, String>> {
    Ok(BTreeMap::from([
        (META_KEY.to_owned(), serde_json::to_string(meta)?),
        ("classes".to_owned(), serde_json::to_string(&meta.classes)?),
        ("feature_names".to_owned(), serde_json::to_string(&meta.feature_names)?),
        ("fold".to_owned(), meta.fold.name.clone()),
        ("format".to_owned(), "pt".to_owned()),
        ("interval".to_owned(), meta.interval.to_string()),
        ("model".to_owned(), meta.model.clone()),
        ("net".to_owned(), serde_json::to_string(&meta.net)?),
        ("precision".to_owned(), state.training.precision.name().to_owned()),
        ("schema_version".to_owned(), meta.schema_version.to_string()),
        ("window".to_owned(), meta.window.to_string()),
    ]))
}

fn split(layout: &Layout, flat: &[f32]) -> Vec<NamedTensor> {
    let tensor = |parameter: &Place| NamedTensor {
        name: parameter.name.clone(),
        shape: parameter.shape.clone(),
        values: flat[parameter.range()].to_vec(),
    };
    layout.parameters.iter().map(tensor).collect()
}

fn optimizer_tensors(snapshot: Snapshot<'_>) -> Vec<NamedTensor> {
    let vector = |name: &str, values: Vec<f32>| NamedTensor {
        name: name.to_owned(),
        shape: vec![values.len()],
        values,
    };
    let second = snapshot.second.map(|second| vector(SECOND_MOMENT, second));
    let raw = snapshot.raw.map(|raw| vector(RAW_WEIGHTS, raw));
    [vector(FIRST_MOMENT, snapshot.first)].into_iter().chain(second).chain(raw).collect()
}

fn state_json(state: &Value, model: &[u8], optimizer: &[u8]) -> Vec<u8> {
    let mut content = json!({
        "schema_version": CHECKPOINT_VERSION,
        "state": state,
        "sha256": { MODEL_FILE: sha256_hex(model), OPTIMIZER_FILE: sha256_hex(optimizer) },
    });
    let digest = digest_of_state(&content);
    content["digest"] = Value::String(digest);
    let mut text = format!("{content:#}");
    text.push('\n');
    text.into_bytes()
}
