//! The on-disk contract of a run: paths and schemas.

mod chart;
mod error;
mod forecasts;
mod manifest;
mod members;
mod run_id;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub use chart::{CHART_VERSION, ChartRow, read_chart, write_chart};
pub use error::RunFolderError;
pub use forecasts::{FORECASTS_VERSION, read_forecasts, write_forecasts};
pub use manifest::{
    DataDigest, DroppedWindows, MANIFEST_VERSION, Manifest, ManifestFold, WarmStartFile,
    read_manifest, write_manifest,
};
pub use members::{MEMBERS_VERSION, member_name, read_members, write_members};
pub use run_id::new_run_id;

pub use crate::files::{FileError, sha256_file, sha256_hex, sync_folder, write_atomic};

/// Files by which a folder is known to hold a run.
const MARKS: [&str; 4] = ["config.yaml", "resolved.yaml", "manifest.json", "journal.jsonl"];

/// Longest part of a run's name that goes into the folder's name, in bytes.
const NAME_LENGTH: usize = 48;

/// One run's folder and the paths inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

/// The right to write one run; given back when dropped or when the process ends, however it ends.
#[derive(Debug)]
#[must_use = "the lock is given back as soon as it is dropped"]
pub struct RunLock {
    _file: File,
}

impl RunFolder {
    /// Makes `<root>/<YYYYMMDDTHHMMSS>-<name>-<short id>/` (time in UTC) and `checkpoints/` in it.
    ///
    /// Characters of `name` other than letters, digits, `-` and `_` become `-`.
    ///
    /// # Errors
    /// When the folder cannot be made: full disk, read-only file system, no permission.
    pub fn create(root: &Path, name: &str, now_ms: i64) -> Result<Self, RunFolderError> {
        fs::create_dir_all(root).map_err(|e| RunFolderError::write(root, e))?;
        let time = Timestamp::from_millisecond(now_ms)
            .map_err(|_| RunFolderError::Time(now_ms))?
            .strftime("%Y%m%dT%H%M%S")
            .to_string();
        let name = folder_name(name);
        loop {
            let short_id: String = new_run_id().chars().take(6).collect();
            let path = root.join(format!("{time}-{name}-{short_id}"));
            match fs::create_dir(&path) {
                Ok(()) => {
                    let run = Self { path };
                    let checkpoints = run.checkpoints();
                    fs::create_dir(&checkpoints)
                        .map_err(|e| RunFolderError::write(&checkpoints, e))?;
                    return Ok(run);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(RunFolderError::write(&path, error)),
            }
        }
    }

    /// A run folder that is there already.
    ///
    /// # Errors
    /// When `path` is no folder, or a folder without any file of a run.
    pub fn open(path: &Path) -> Result<Self, RunFolderError> {
        let about = fs::metadata(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => RunFolderError::Missing(path.to_owned()),
            _ => RunFolderError::read(path, error),
        })?;
        if !about.is_dir() || !MARKS.iter().any(|mark| path.join(mark).is_file()) {
            return Err(RunFolderError::NoRun(path.to_owned()));
        }
        Ok(Self { path: path.to_owned() })
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder's own name, `<time>-<name>-<short id>`.
    #[must_use]
    pub fn name(&self) -> String {
        let full = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        full.file_name().unwrap_or(full.as_os_str()).to_string_lossy().into_owned()
    }

    /// The config as the user gave it.
    #[must_use]
    pub fn config_yaml(&self) -> PathBuf {
        self.path.join("config.yaml")
    }

    /// The config with every default written out.
    #[must_use]
    pub fn resolved_yaml(&self) -> PathBuf {
        self.path.join("resolved.yaml")
    }

    /// What the run was made of: [`Manifest`].
    #[must_use]
    pub fn manifest(&self) -> PathBuf {
        self.path.join("manifest.json")
    }

    /// Prices and equity as the report draws them: rows of [`ChartRow`].
    #[must_use]
    pub fn chart(&self) -> PathBuf {
        self.path.join("chart.parquet")
    }

    /// Every tracking event, one JSON object a line.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.jsonl")
    }

    /// Folder of the checkpoints.
    #[must_use]
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// Forecasts of the test rows of every fold.
    #[must_use]
    pub fn forecasts(&self) -> PathBuf {
        self.path.join("forecasts.parquet")
    }

    /// Forecasts of the same rows by each member of an ensemble; there for ensembles alone.
    #[must_use]
    pub fn member_forecasts(&self) -> PathBuf {
        self.path.join("member_forecasts.parquet")
    }

    /// The scores.
    #[must_use]
    pub fn metrics(&self) -> PathBuf {
        self.path.join("metrics.json")
    }

    /// What a pre-training came to; there from its beginning, and in no other run.
    #[must_use]
    pub fn pretraining(&self) -> PathBuf {
        self.path.join("pretraining.json")
    }

    /// The report.
    #[must_use]
    pub fn report(&self) -> PathBuf {
        self.path.join("report.html")
    }

    /// Takes the right to write this run, which one process at a time can hold.
    ///
    /// # Errors
    /// [`RunFolderError::Locked`] when another process holds it; else when `.lock` cannot be written.
    pub fn lock(&self) -> Result<RunLock, RunFolderError> {
        let path = self.path.join(".lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| RunFolderError::write(&path, e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&path).unwrap_or_default();
                let process = holder.trim().parse().ok();
                return Err(RunFolderError::Locked { run: self.path.clone(), process });
            }
            Err(TryLockError::Error(error)) => return Err(RunFolderError::write(&path, error)),
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(|e| RunFolderError::write(&path, e))?;
        Ok(RunLock { _file: file })
    }
}

fn folder_name(name: &str) -> String {
    let mut clean = String::with_capacity(NAME_LENGTH);
    for letter in name.chars() {
        let fits = letter.is_ascii_alphanumeric() || letter == '_';
        if fits {
            clean.push(letter);
        } else if !clean.ends_with('-') {
            clean.push('-');
        }
        if clean.len() >= NAME_LENGTH {
            break;
        }
    }
    let clean = clean.trim_matches('-');
    if clean.is_empty() { "run".to_owned() } else { clean.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_are_safe_and_sort_by_time() {
        let root = tempfile::tempdir().unwrap();
        let run = RunFolder::create(root.path(), "../btc 15m/ünï", 1_735_689_600_123).unwrap();
        let name = run.name();
        assert!(name.starts_with("20250101T000000-btc-15m-n-"), "{name}");
        assert_eq!(run.path().parent(), Some(root.path()));
        assert!(run.checkpoints().is_dir());
        let other = RunFolder::create(root.path(), "", 1_735_689_600_123).unwrap();
        assert!(other.name().starts_with("20250101T000000-run-"));
        assert_ne!(run, other);
        let long = "x".repeat(300);
        assert!(RunFolder::create(root.path(), &long, 0).unwrap().name().len() < 80);
        assert!(RunFolder::create(root.path(), "far", i64::MAX).is_err());
    }

    #[test]
    fn only_a_folder_with_a_run_opens() {
        let root = tempfile::tempdir().unwrap();
        let run = RunFolder::create(root.path(), "a", 0).unwrap();
        let error = RunFolder::open(run.path()).unwrap_err();
        assert!(matches!(error, RunFolderError::NoRun(_)), "{error}");
        std::fs::write(run.config_yaml(), "name: a\n").unwrap();
        assert_eq!(RunFolder::open(run.path()).unwrap(), run);
        assert!(matches!(RunFolder::open(&run.config_yaml()), Err(RunFolderError::NoRun(_))));
        let nowhere = root.path().join("nowhere");
        assert!(matches!(RunFolder::open(&nowhere), Err(RunFolderError::Missing(_))));
    }

    #[test]
    fn the_lock_is_exclusive_and_comes_back() {
        let root = tempfile::tempdir().unwrap();
        let run = RunFolder::create(root.path(), "a", 0).unwrap();
        let held = run.lock().unwrap();
        let error = run.lock().unwrap_err().to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        drop(held);
        let _again = run.lock().unwrap();
    }
}
