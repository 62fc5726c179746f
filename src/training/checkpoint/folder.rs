//! Step folders and the pointers to them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use tracing::warn;

use super::read::read_state;
use super::{BEST, LAST};
use crate::run_folder::{sync_folder, write_atomic};
use crate::training::CheckpointError;

/// Ends of the names of folders that are being written and being removed.
const PARTIAL: &str = ".partial";
const OLD: &str = ".old";

/// Longest content of a pointer file that is looked at, in bytes.
const POINTER_LENGTH: u64 = 64;

/// Newest step folders that are kept even when no pointer names them: what to go on from when the
/// last one turns out to be damaged.
const KEPT: usize = 2;

/// Name of the folder of step `step`.
#[must_use]
pub fn step_name(step: u64) -> String {
    format!("step_{step:06}")
}

/// Step of a folder's name; `None` when it is no step folder's.
pub fn parse_step(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("step_")?;
    let step = digits.parse().ok()?;
    (step_name(step) == name).then_some(step)
}

/// The step folders in `folder`, oldest first; none when it does not exist.
pub fn list_steps(folder: &Path) -> Result<Vec<u64>, CheckpointError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(CheckpointError::io("read", folder, error)),
    };
    let mut steps = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| CheckpointError::io("read", folder, error))?;
        if entry.path().is_dir() {
            steps.extend(entry.file_name().to_str().and_then(parse_step));
        }
    }
    steps.sort_unstable();
    Ok(steps)
}

/// The step folder that `checkpoint` means: itself, or what it points to when it is a file.
pub fn resolve(checkpoint: &Path) -> Result<PathBuf, CheckpointError> {
    if checkpoint.is_dir() {
        return Ok(checkpoint.to_owned());
    }
    let mut content = Vec::new();
    match File::open(checkpoint) {
        Ok(file) => file.take(POINTER_LENGTH).read_to_end(&mut content),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(CheckpointError::Missing(checkpoint.to_owned()));
        }
        Err(error) => Err(error),
    }
    .map_err(|error| CheckpointError::io("read", checkpoint, error))?;
    let content = String::from_utf8_lossy(&content);
    match parse_step(content.trim()) {
        Some(step) => Ok(checkpoint.with_file_name(step_name(step))),
        None => Err(CheckpointError::Pointer {
            path: checkpoint.to_owned(),
            content: content.trim().escape_debug().to_string(),
        }),
    }
}

/// Makes the pointer `name` in `folder` name the folder of `step`.
pub fn point(folder: &Path, name: &str, step: u64) -> Result<(), CheckpointError> {
    let line = format!("{}\n", step_name(step));
    Ok(write_atomic(&folder.join(name), line.as_bytes())?)
}

/// Puts `files` into the step folder `name`, all of them or none: they are written to a folder of
/// another name, synced, and that folder is renamed.
pub fn publish(folder: &Path, name: &str, files: &[(&str, &[u8])]) -> Result<(), CheckpointError> {
    let partial = folder.join(format!(".{name}{PARTIAL}"));
    let target = folder.join(name);
    let written = write_folder(&partial, files).and_then(|()| {
        // A folder of this step is there when a run was killed before `last` named it.
        if target.exists() {
            set_aside(folder, name)?;
        }
        fs::rename(&partial, &target)?;
        sync_folder(folder)
    });
    if let Err(source) = written {
        // What is half written is no checkpoint; leaving it there harms nothing.
        let _ = fs::remove_dir_all(&partial);
        return Err(CheckpointError::Unwritable { path: target, source });
    }
    sweep(folder);
    Ok(())
}

/// Removes the step folders that neither a pointer nor one of the newest needs.
pub fn prune(folder: &Path) -> Result<(), CheckpointError> {
    let steps = list_steps(folder)?;
    let newest = steps.iter().rev().take(KEPT);
    let mut kept: BTreeSet<u64> = newest.clone().copied().collect();
    for &step in newest {
        let best = read_state(&folder.join(step_name(step))).ok();
        kept.extend(best.and_then(|(state, _)| state.best.checkpoint).map(|best| best.step));
    }
    for pointer in [LAST, BEST] {
        let target = resolve(&folder.join(pointer)).ok();
        let name = target.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
        kept.extend(name.and_then(parse_step));
    }
    for step in steps.into_iter().filter(|step| !kept.contains(step)) {
        if let Err(error) = set_aside(folder, &step_name(step)) {
            warn!("could not remove the old checkpoint {}: {error}", step_name(step));
        }
    }
    sweep(folder);
    Ok(())
}

/// Removes what killed runs left half written or half removed.
pub fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let left = name.starts_with(".step_") && (name.ends_with(PARTIAL) || name.ends_with(OLD));
        if left && let Err(error) = fs::remove_dir_all(entry.path()) {
            warn!("could not remove {}: {error}", entry.path().display());
        }
    }
}

/// Takes a step folder out of the list in one move; [`sweep`] removes it.
fn set_aside(folder: &Path, name: &str) -> io::Result<()> {
    let old = folder.join(format!(".{name}{OLD}"));
    if old.exists() {
        fs::remove_dir_all(&old)?;
    }
    fs::rename(folder.join(name), old)
}

fn write_folder(folder: &Path, files: &[(&str, &[u8])]) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    for (name, bytes) in files {
        let mut file = File::create_new(folder.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    sync_folder(folder)
}
