//! Delivers a run's journal after the fact.

use std::fs::{OpenOptions, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::backoff::backoff;
use super::cursor::{Cursor, lock};
use super::deliver::{Courier, Obstacle};
use super::server::Server;
use super::{Delivery, JOURNAL_FILE, RunIdentity, TrackingConfig, TrackingError};

/// Delivers what the server of the environment, of `config` or of the run's own config has not got
/// yet of the run in `run_folder`. Times are those of the journal; a second call sends nothing.
///
/// # Errors
/// When no server is named, the folder is no run, or the server does not take everything.
pub fn sync(run_folder: &Path, config: &TrackingConfig) -> Result<Delivery, TrackingError> {
    let mut config = config.clone();
    if config.uri.is_none() {
        config.uri = Cursor::load(run_folder).and_then(|cursor| cursor.uri);
    }
    let server = Server::from_env(&config)?.ok_or(TrackingError::NoServer)?;
    sync_to(&server, run_folder, &config)
}

/// As [`sync`], with the server given.
///
/// # Errors
/// As [`sync`].
pub fn sync_to(
    server: &Server,
    run_folder: &Path,
    config: &TrackingConfig,
) -> Result<Delivery, TrackingError> {
    if !run_folder.join(JOURNAL_FILE).is_file() {
        return Err(TrackingError::NoRun(run_folder.to_owned()));
    }
    let _lock = lock(run_folder)?.ok_or_else(|| TrackingError::Busy(run_folder.to_owned()))?;
    let cursor = match Cursor::load(run_folder) {
        Some(cursor) => cursor,
        None => Cursor::new(&identity(run_folder)?, config),
    };
    let mut courier = Courier::open(run_folder, server, cursor, None)?;
    let patience = Duration::from_secs(u64::from(config.drain_seconds));
    until_settled(&mut courier, patience).map_err(|reason| TrackingError::Undelivered {
        server: server.address().to_owned(),
        reason,
    })?;
    Ok(courier.delivery(None))
}

/// Makes rounds until nothing is left, or until nothing moved for `patience`.
fn until_settled(courier: &mut Courier, patience: Duration) -> Result<(), String> {
    let (mut failures, mut moved, mut left) = (0, Instant::now(), None);
    loop {
        let problem = match courier.round().and_then(|()| courier.close_if_abandoned()) {
            Ok(()) if courier.settled() => return Ok(()),
            // Artifacts are left, whose trouble the delivery names.
            Ok(()) => None,
            Err(Obstacle::Stop(reason) | Obstacle::Denied(reason)) => return Err(reason),
            Err(Obstacle::Later(reason)) => Some(reason),
        };
        failures += 1;
        let now = courier.delivery(problem);
        let remaining = (now.pending_entries, now.pending_artifacts);
        if left != Some(remaining) {
            (left, moved, failures) = (Some(remaining), Instant::now(), 1);
        }
        if moved.elapsed() >= patience || (!courier.answered() && failures > 1) {
            return Err(now.problem.unwrap_or_else(|| "the journal grows faster".to_owned()));
        }
        thread::sleep(backoff(failures));
    }
}

/// Whether a process holds the run folder's lock, as one that trains does; `None` when the run was
/// made without a lock.
pub(super) fn has_writer(run_folder: &Path) -> Option<bool> {
    let lock = OpenOptions::new().write(true).open(run_folder.join(".lock")).ok()?;
    Some(matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Which run a folder without `tracking.json` holds.
fn identity(run_folder: &Path) -> Result<RunIdentity, TrackingError> {
    #[derive(Deserialize)]
    struct Manifest {
        run_id: String,
        name: String,
        created: i64,
    }
    let text = std::fs::read(run_folder.join("manifest.json")).ok();
    let manifest = text.and_then(|text| serde_json::from_slice::<Manifest>(&text).ok());
    let manifest = manifest.ok_or_else(|| TrackingError::NoIdentity(run_folder.to_owned()))?;
    Ok(RunIdentity { uid: manifest.run_id, name: manifest.name, start_ms: manifest.created })
}
