//! The checkpoint that training goes on from.

use std::fs;
use std::path::Path;

use tracing::warn;

use super::LAST;
use super::folder::{list_steps, resolve, step_name, sweep};
use super::read::{StoredCheckpoint, read, read_for_forecasts};
use crate::training::CheckpointError;

/// The checkpoint that `folder/last` names, or the newest intact one when that one is damaged
/// (which is logged); `None` when there is none at all.
///
/// # Errors
/// When there are checkpoints but none is intact, when the best one is damaged, and when they are
/// of another layout.
pub fn resume(folder: &Path) -> Result<Option<StoredCheckpoint>, CheckpointError> {
    sweep(folder);
    let steps = list_steps(folder)?;
    let last = folder.join(LAST);
    if steps.is_empty() && !last.exists() {
        return Ok(None);
    }
    let stored = match resolve(&last).and_then(|path| read(&path)) {
        Ok(stored) => stored,
        Err(error @ CheckpointError::Schema { .. }) => return Err(error),
        Err(error) => newest_intact(folder, &steps, &error)?,
    };
    if let Some(best) = stored.state.best.checkpoint {
        let path = folder.join(step_name(best.step));
        read_for_forecasts(&path).map_err(|fault| CheckpointError::Best {
            folder: folder.to_owned(),
            fault: fault.to_string(),
        })?;
    }
    Ok(Some(stored))
}

fn newest_intact(
    folder: &Path,
    steps: &[u64],
    fault: &CheckpointError,
) -> Result<StoredCheckpoint, CheckpointError> {
    warn!("the last checkpoint cannot be used: {fault}");
    let mut faults = vec![fault.to_string()];
    for &step in steps.iter().rev() {
        let path = folder.join(step_name(step));
        match read(&path) {
            Ok(stored) => {
                warn!("going on from the newest intact checkpoint {}", path.display());
                return Ok(stored);
            }
            Err(error @ CheckpointError::Schema { .. }) => return Err(error),
            Err(error) => {
                let fault = error.to_string();
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
                // What could not be read may be whole all the same.
                if matches!(error, CheckpointError::Io { .. }) {
                    continue;
                }
                let damaged = folder.join(format!("{}.damaged", step_name(step)));
                warn!("setting the damaged {} aside as {}", path.display(), damaged.display());
                if let Err(error) = fs::rename(&path, &damaged) {
                    warn!("could not set {} aside: {error}", path.display());
                }
            }
        }
    }
    Err(CheckpointError::NoneIntact { folder: folder.to_owned(), faults: faults.join("; ") })
}
