//! A checkpoint into a net that forecasts.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};

use super::folder::resolve;
use super::read::{StoredCheckpoint, read_for_forecasts};
use super::{MODEL_FILE, OPTIMIZER_FILE};
use crate::kernels::Precision;
use crate::nets::{InputShape, Net};
use crate::training::initial_net::initial_net;
use crate::training::layout::Layout;
use crate::training::{CheckpointError, CheckpointMeta};

/// Loads the net and what forecasting needs from a step folder, or from the `best` or `last` that
/// names one. The net has no autodiff.
///
/// # Errors
/// When a file is missing, altered, of another layout, malformed, or does not fit the net that it
/// describes.
pub fn load(checkpoint: &Path, device: &Device) -> Result<(Net, CheckpointMeta), CheckpointError> {
    let stored = read_for_forecasts(&resolve(checkpoint)?)?;
    let device = device.clone().inner();
    let meta = &stored.meta;
    let malformed = |fault: String| CheckpointError::malformed(&stored.path, &fault);
    let views = meta.views().map_err(malformed)?;
    let inputs: Vec<InputShape> = views.iter().map(InputShape::from).collect();
    meta.check(&inputs).map_err(malformed)?;
    let of = (Precision::F32, &meta.net, &meta.heads);
    let net = initial_net(of, meta, &inputs, meta.seed, &device);
    let layout = Layout::of(&net);
    let flat = assemble(&stored, &layout)?;
    let flat = Tensor::from_data(TensorData::new(flat, [layout.length()]), &device);
    Ok((net.with_flat_parameters(&flat), stored.meta))
}

/// The stored weights as the flat vector of `layout`.
///
/// # Errors
/// When a tensor is missing, unknown or of another shape.
pub fn assemble(stored: &StoredCheckpoint, layout: &Layout) -> Result<Vec<f32>, CheckpointError> {
    let wrong =
        |fault: String| CheckpointError::Tensors { path: stored.path.join(MODEL_FILE), fault };
    let tensors = &stored.model.tensors;
    let mut flat = Vec::with_capacity(layout.length());
    for parameter in &layout.parameters {
        let name = &parameter.name;
        let tensor = tensors.get(name).ok_or_else(|| wrong(format!("it lacks tensor `{name}`")))?;
        if tensor.shape != parameter.shape {
            return Err(wrong(format!(
                "tensor `{name}` has shape {:?}, the net has {:?}",
                tensor.shape, parameter.shape
            )));
        }
        flat.extend_from_slice(&tensor.values);
    }
    let known = |name: &str| layout.parameters.iter().any(|parameter| parameter.name == name);
    match tensors.keys().find(|name| !known(name)) {
        Some(name) => Err(wrong(format!("the net has no tensor `{name}`"))),
        None => Ok(flat),
    }
}

/// A vector of the optimiser's file, checked to have `length` elements.
///
/// # Errors
/// When it is missing or of another length.
pub fn optimizer_vector(
    stored: &StoredCheckpoint,
    name: &str,
    length: usize,
) -> Result<Vec<f32>, CheckpointError> {
    let wrong =
        |fault: String| CheckpointError::Tensors { path: stored.path.join(OPTIMIZER_FILE), fault };
    match stored.optimizer.tensors.get(name) {
        None => Err(wrong(format!("it lacks tensor `{name}`"))),
        Some(tensor) if tensor.shape != [length] => Err(wrong(format!(
            "tensor `{name}` has shape {:?}, the net has {length} parameters",
            tensor.shape
        ))),
        Some(tensor) => Ok(tensor.values.clone()),
    }
}
