//! What every command that writes a run has around its steps: the lock, the journal, delivery to a
//! tracking server, samples of the machine, and how the run ended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use anyhow::anyhow;

use super::observe::{RunObserver, SharedJournal};
use super::open::OpenRun;
use super::{Watch, relative};
use crate::config::RunConfig;
use crate::event::{Event, Status};
use crate::report;
use crate::run_folder::{RunFolder, new_run_id, write_atomic};
use crate::tracking::{RunIdentity, SYSTEM_PERIOD, Sender, SystemSampler};

/// A run at work.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// Its folder.
    pub folder: &'a RunFolder,
    /// Its config.
    pub config: &'a RunConfig,
    /// Who it is.
    pub identity: &'a RunIdentity,
    /// What is recorded of it.
    pub journal: &'a SharedJournal,
}

/// How a run ended.
#[derive(Debug)]
pub struct Tracked<T> {
    /// What its steps came to; `None` when they were stopped after a checkpoint.
    pub result: Option<T>,
    /// Where the tracking server shows it.
    pub tracking_url: Option<String>,
    /// Journal entries that are not delivered yet, when a server is configured.
    pub undelivered: u64,
}

/// Carries out the steps of a run; those that end well, and not before the end, are reported on where
/// `reports` says so.
///
/// # Errors
/// What stops the steps; the run is then marked failed.
pub fn tracked<T>(
    OpenRun { folder, config }: &OpenRun,
    reports: bool,
    watch: &mut dyn Watch,
    steps: impl FnOnce(&Run<'_>, &mut RunObserver<'_>) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<Tracked<T>> {
    let _lock = folder.lock()?;
    watch.note(&format!("run folder {}", folder.path().display()));
    let journal = SharedJournal::open(folder.path())?;
    let identity = identity(folder, config)?;
    let sender = Sender::start(folder.path(), &identity, &config.tracking);
    if let Some(sender) = &sender {
        watch.note(&format!("tracking to {}", sender.address()));
    }
    let sampler = config.tracking.system_metrics.then(|| sampler(folder, &journal));

    let run = Run { folder, config, identity: &identity, journal: &journal };
    let mut observer = RunObserver::new(&journal, watch);
    let result = catch_unwind(AssertUnwindSafe(|| steps(&run, &mut observer)))
        .unwrap_or_else(|payload| Err(anyhow!("internal error: {}", panic_text(&*payload))));
    drop(sampler);

    let status = match &result {
        Ok(Some(_)) => Status::Finished,
        Ok(None) => Status::Killed,
        Err(_) => Status::Failed,
    };
    let closed = close(folder, &journal, status, reports);
    let limit = match status {
        // A scheduler that sent SIGTERM will not wait long.
        Status::Killed => Duration::from_secs(3),
        _ => Duration::from_secs(config.tracking.drain_seconds.into()),
    };
    let delivery = sender.map(|sender| sender.finish(limit));
    let result = result?;
    closed?;
    Ok(Tracked {
        result,
        tracking_url: delivery.as_ref().and_then(|delivery| delivery.run_url.clone()),
        undelivered: delivery
            .as_ref()
            .map_or(0, |delivery| delivery.pending_entries + delivery.pending_artifacts),
    })
}

/// Records how the run ended, and writes the report of a finished one, which shows that end.
fn close(
    folder: &RunFolder,
    journal: &SharedJournal,
    status: Status,
    reports: bool,
) -> anyhow::Result<()> {
    journal.record(Event::Status { status })?;
    if status == Status::Finished && reports {
        report::write_report(folder.path())?;
        journal.record(Event::Artifact { path: relative(folder, &folder.report()) })?;
    }
    Ok(journal.flush()?)
}

/// The run's identity: written once, so that a resumed run stays the same one.
fn identity(folder: &RunFolder, config: &RunConfig) -> anyhow::Result<RunIdentity> {
    let path = folder.path().join("run_id");
    if let Ok(text) = std::fs::read_to_string(&path)
        && let Some((uid, start)) = text.trim().split_once(' ')
        && let Ok(start_ms) = start.parse()
    {
        return Ok(RunIdentity { uid: uid.to_owned(), name: config.name.clone(), start_ms });
    }
    let identity = RunIdentity { uid: new_run_id(), name: config.name.clone(), start_ms: now_ms() };
    write_atomic(&path, format!("{} {}\n", identity.uid, identity.start_ms).as_bytes())?;
    Ok(identity)
}

/// Samples the machine into the journal until it is dropped.
fn sampler(folder: &RunFolder, journal: &SharedJournal) -> SystemSampler {
    let sink = journal.clone();
    let record = move |event| {
        // A full disk shows in the training's own events, which stop the run.
        if let Err(error) = sink.record(event) {
            tracing::debug!("a system metric was not recorded: {error}");
        }
    };
    SystemSampler::start(journal.next_step("system/"), SYSTEM_PERIOD, folder.path(), record)
}

fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
