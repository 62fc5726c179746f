//! Checkpoints: written whole or not at all, read back only when every digest fits.
//!
//! `<folder>/step_000400/` holds `model.safetensors`, `optimizer.safetensors` and `state.json`; the
//! text files `<folder>/last` and `<folder>/best` name a step folder. A folder is
//! `checkpoints/<model>/<fold>` of a run.

mod folder;
mod load;
mod read;
mod resume;
mod write;

pub(super) use folder::{point, prune, resolve, step_name};
pub use load::load;
pub(super) use load::{assemble, optimizer_vector};
pub(super) use read::{StoredCheckpoint, read_for_forecasts};
pub(super) use resume::resume;
pub(super) use write::{Snapshot, write};

/// Pointer to the checkpoint that training goes on from.
pub const LAST: &str = "last";

/// Pointer to the checkpoint of the best epoch.
pub const BEST: &str = "best";

/// The weights and what forecasting needs beside them.
pub(super) const MODEL_FILE: &str = "model.safetensors";

/// The optimiser's moments, and the weights themselves where the model is their average.
const OPTIMIZER_FILE: &str = "optimizer.safetensors";

/// Where training stands, and the digests of the two others.
pub(super) const STATE_FILE: &str = "state.json";

/// Metadata key of the whole [`super::CheckpointMeta`] as JSON.
pub(super) const META_KEY: &str = "candlewick";

/// Tensor names in [`OPTIMIZER_FILE`].
pub(super) const FIRST_MOMENT: &str = "first_moment";
pub(super) const SECOND_MOMENT: &str = "second_moment";
pub(super) const RAW_WEIGHTS: &str = "weights";

#[cfg(test)]
mod tests;
