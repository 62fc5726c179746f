//! `tracking.json`: which run a folder holds and how far each server has got its journal.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{RunIdentity, TrackingConfig, TrackingError};

/// Name of the file in a run folder.
pub const CURSOR_FILE: &str = "tracking.json";

const SCHEMA_VERSION: u32 = 1;

/// The content of `tracking.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Cursor {
    schema_version: u32,
    /// Which run this is.
    pub(super) run: RunIdentity,
    /// Experiment that the run asked for.
    pub(super) experiment: String,
    /// Whether checkpoints are sent.
    pub(super) log_checkpoints: bool,
    /// Address in the run's config.
    pub(super) uri: Option<String>,
    /// How far each server is.
    pub(super) servers: Vec<Position>,
}

/// How far one server is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Address without credentials.
    pub(super) server: String,
    pub(super) experiment_id: Option<String>,
    pub(super) run_id: Option<String>,
    /// Where the server keeps the run's artifacts.
    pub(super) artifact_uri: Option<String>,
    /// Bytes of the journal that are delivered.
    pub(super) offset: u64,
    /// Entries of the journal that are delivered.
    pub(super) entries: u64,
    /// Artifacts that the journal names and that are still to be sent.
    pub(super) pending: Vec<String>,
    /// Files sent, as they were then.
    pub(super) files: BTreeMap<String, Stamp>,
    /// Entries and files that the server refused.
    pub(super) refused: u64,
    /// Entries that were delivered when a run without an end was closed as killed.
    pub(super) closed_at: Option<u64>,
}

/// What tells a file from a later one of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    pub(super) bytes: u64,
    /// ns since 1970.
    pub(super) modified: u64,
}

/// Numbers of things sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Params.
    pub params: u64,
    /// Points of metrics.
    pub points: u64,
    /// Tags.
    pub tags: u64,
    /// Datasets.
    pub datasets: u64,
    /// Files.
    pub files: u64,
    /// Changes of the run's status.
    pub statuses: u64,
}

impl Counts {
    /// Whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Cursor {
    /// A cursor at the start of the journal.
    pub(super) fn new(run: &RunIdentity, config: &TrackingConfig) -> Self {
        let mut run = run.clone();
        if let Some(name) = &config.run_name {
            run.name.clone_from(name);
        }
        Self {
            schema_version: SCHEMA_VERSION,
            run,
            experiment: config.experiment.clone(),
            log_checkpoints: config.log_checkpoints,
            uri: config.uri.clone(),
            servers: Vec::new(),
        }
    }

    /// The cursor in `folder`, or `None` when there is none that can be read. A lost cursor costs
    /// time and no exactness: the server's run is found by its tag, and what is sent again changes
    /// nothing.
    pub(super) fn load(folder: &Path) -> Option<Self> {
        let path = folder.join(CURSOR_FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(
                    "failed to read {}: {error}; delivering from the start",
                    path.display()
                );
                return None;
            }
        };
        match serde_json::from_slice::<Self>(&text) {
            Ok(cursor) if cursor.schema_version == SCHEMA_VERSION => Some(cursor),
            Ok(cursor) => {
                let version = cursor.schema_version;
                tracing::warn!(
                    "{} has version {version}; delivering from the start",
                    path.display()
                );
                None
            }
            Err(error) => {
                tracing::warn!(
                    "{} is damaged ({error}); delivering from the start",
                    path.display()
                );
                None
            }
        }
    }

    /// Writes the cursor. No fsync: an older or lost one is as good, only slower.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(super) fn save(&self, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
        let path = folder.join(CURSOR_FILE);
        let temporary = folder.join(".tracking.json.tmp");
        let write = || {
            std::fs::write(&temporary, serde_json::to_vec_pretty(self)?)?;
            std::fs::rename(&temporary, &path)
        };
        write().map_err(|error| {
            let _ = std::fs::remove_file(&temporary);
            (path.clone(), error)
        })
    }

    /// Index of the position of `server`, made when it is new.
    pub(super) fn index_of(&mut self, server: &str) -> usize {
        if let Some(at) = self.servers.iter().position(|position| position.server == server) {
            return at;
        }
        self.servers.push(Position { server: server.to_owned(), ..Position::default() });
        self.servers.len() - 1
    }
}

/// The right to deliver the run in `folder`, given back when dropped; `None` when another process
/// or thread has it.
///
/// # Errors
/// When the lock file cannot be written.
pub(super) fn lock(folder: &Path) -> Result<Option<File>, TrackingError> {
    let path = folder.join(".tracking.lock");
    let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let held = lock.and_then(|file| match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    });
    held.map_err(|source| TrackingError::File { action: "lock", path, source })
}

impl Stamp {
    /// That of an open file.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let about = file.metadata()?;
        let modified = about
            .modified()?
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |past| past.as_nanos() as u64);
        Ok(Self { bytes: about.len(), modified })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_cursor_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Cursor::load(folder.path()).is_none());
        let run = RunIdentity { uid: "u".into(), name: "n".into(), start_ms: 5 };
        let config = TrackingConfig { run_name: Some("x".into()), ..TrackingConfig::default() };
        let mut cursor = Cursor::new(&run, &config);
        assert_eq!((cursor.index_of("http://a"), cursor.index_of("http://b")), (0, 1));
        assert_eq!(cursor.index_of("http://a"), 0);
        cursor.save(folder.path()).unwrap();
        let read = Cursor::load(folder.path()).unwrap();
        assert_eq!((read.run.name.as_str(), &read), ("x", &cursor));
        std::fs::write(folder.path().join(CURSOR_FILE), "{").unwrap();
        assert!(Cursor::load(folder.path()).is_none());
    }
}
