//! Delivers a run while it is at work, on a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::backoff::backoff;
use super::cursor::{Cursor, lock};
use super::deliver::{Courier, Obstacle};
use super::server::Server;
use super::tail::Tail;
use super::{Delivery, RunIdentity, TrackingConfig};

/// How often the journal is looked at.
const TICK: Duration = Duration::from_secs(1);

/// Longest wait between attempts once the run is over.
const LAST_TICK: Duration = Duration::from_millis(500);

/// Time that a server which never answered gets once the run is over.
const LAST_CHANCE: Duration = Duration::from_secs(2);

/// Time past the limit until a call that is still under way is given up.
const GRACE: Duration = Duration::from_millis(500);

/// A run's delivery in the background. It never blocks or fails the run: the journal has all, and
/// what is not delivered at the end is left to `candlewick sync`.
#[derive(Debug)]
pub struct Sender {
    folder: PathBuf,
    server: Server,
    shared: Arc<Shared>,
    over: Receiver<Delivery>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    run_url: Option<String>,
    /// Set when the run is over.
    deadline: Option<Instant>,
}

impl Sender {
    /// Starts delivering the journal of `run_folder`, or returns `None` when no server is named or
    /// the address is none of a server, which is warned of. Either way `tracking.json` says from
    /// then on which run the folder holds, so that `sync` can deliver it later.
    #[must_use]
    pub fn start(run_folder: &Path, run: &RunIdentity, config: &TrackingConfig) -> Option<Self> {
        let server = Server::from_env(config).unwrap_or_else(|error| {
            tracing::warn!("{error}");
            None
        });
        Self::start_at(server, run_folder, run, config)
    }

    /// As [`Sender::start`], with the server given.
    #[must_use]
    pub fn start_at(
        server: Option<Server>,
        run_folder: &Path,
        run: &RunIdentity,
        config: &TrackingConfig,
    ) -> Option<Self> {
        let Some(server) = server else {
            if Cursor::load(run_folder).is_none() {
                let saved = Cursor::new(run, config).save(run_folder);
                if let Err((path, error)) = saved {
                    tracing::warn!("failed to write {}: {error}", path.display());
                }
            }
            return None;
        };
        let shared = Arc::<Shared>::default();
        let (done, over) = sync_channel(1);
        let thread = thread::Builder::new().name("tracking".to_owned()).spawn({
            let (folder, server) = (run_folder.to_owned(), server.clone());
            let (run, config, shared) = (run.clone(), config.clone(), Arc::clone(&shared));
            move || {
                let _ = done.send(carry(&folder, &server, &run, &config, &shared));
            }
        });
        if let Err(error) = thread {
            tracing::warn!("failed to start the delivery thread: {error}");
            return None;
        }
        Some(Self { folder: run_folder.to_owned(), server, shared, over })
    }

    /// The run's page in the server's UI, once the server has the run.
    #[must_use]
    pub fn run_url(&self) -> Option<String> {
        self.shared.lock().run_url.clone()
    }

    /// Address of the server, without credentials.
    #[must_use]
    pub fn address(&self) -> &str {
        self.server.address()
    }

    /// Delivers what is left, for at most `limit`, and stops.
    ///
    /// A server that never answered or that denies access gets one last attempt instead.
    #[must_use]
    pub fn finish(self, limit: Duration) -> Delivery {
        self.shared.lock().deadline = Some(Instant::now() + limit);
        self.shared.changed.notify_all();
        self.over.recv_timeout(limit + GRACE).unwrap_or_else(|error| {
            let problem = match error {
                RecvTimeoutError::Timeout => "the server did not answer in time",
                RecvTimeoutError::Disconnected => "the delivery ended before the run",
            };
            self.undelivered(problem)
        })
    }

    fn undelivered(&self, problem: &str) -> Delivery {
        let position = Cursor::load(&self.folder).and_then(|mut cursor| {
            let at = cursor.index_of(self.server.address());
            cursor.servers.into_iter().nth(at)
        });
        let position = position.unwrap_or_default();
        let pending = Tail::open(&self.folder).map(|mut tail| tail.count(position.offset));
        Delivery {
            run_url: self.run_url(),
            refused: position.refused,
            pending_entries: pending.ok().and_then(Result::ok).unwrap_or(0),
            pending_artifacts: position.pending.len() as u64,
            problem: Some(problem.to_owned()),
            ..Delivery::default()
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits so long, or until the run is over.
    fn pause(&self, time: Duration) {
        let state = self.lock();
        if state.deadline.is_some() {
            drop(state);
            thread::sleep(time.min(LAST_TICK));
        } else {
            let waited = self.changed.wait_timeout_while(state, time, |s| s.deadline.is_none());
            drop(waited);
        }
    }
}

/// The delivery thread.
fn carry(
    folder: &Path,
    server: &Server,
    run: &RunIdentity,
    config: &TrackingConfig,
    shared: &Shared,
) -> Delivery {
    let stopped = |problem: String| {
        tracing::warn!("{}: {problem}; nothing is delivered", server.address());
        Delivery { problem: Some(problem), ..Delivery::default() }
    };
    let _lock = loop {
        match lock(folder) {
            Ok(Some(lock)) => break lock,
            Ok(None) if shared.lock().deadline.is_none() => shared.pause(TICK),
            Ok(None) => return stopped("another process delivers this run".to_owned()),
            Err(error) => return stopped(error.to_string()),
        }
    };
    let mut cursor = match Cursor::load(folder) {
        Some(cursor) if cursor.run.uid == run.uid => cursor,
        _ => Cursor::new(run, config),
    };
    cursor.log_checkpoints = config.log_checkpoints;
    cursor.uri.clone_from(&config.uri);
    let courier = Courier::open(folder, server, cursor, server.run_id.clone());
    match courier {
        Ok(courier) => rounds(courier, server.address(), shared),
        Err(error) => stopped(error.to_string()),
    }
}

fn rounds(mut courier: Courier, address: &str, shared: &Shared) -> Delivery {
    let mut failures = 0;
    loop {
        let deadline = shared.lock().deadline;
        if let Some(deadline) = deadline {
            let last_chance = Instant::now() + LAST_CHANCE;
            courier.hurry(if courier.answered() { deadline } else { deadline.min(last_chance) });
        }
        let round = courier.round();
        announce(shared, courier.run_url());
        let (problem, hopeless) = match round {
            Ok(()) => {
                if failures > 0 {
                    tracing::info!("{address} answers again");
                }
                failures = 0;
                (None, courier.settled())
            }
            Err(Obstacle::Stop(reason)) => {
                tracing::warn!("{address}: {reason}; delivery stops, the journal goes on");
                return courier.delivery(Some(reason));
            }
            Err(Obstacle::Denied(reason)) => (Some(reason), true),
            Err(Obstacle::Later(reason)) => (Some(reason), !courier.answered()),
        };
        if let Some(reason) = &problem {
            failures += 1;
            if failures == 1 {
                tracing::warn!("{address}: {reason}; trying again while the run goes on");
            }
        }
        if deadline.is_some_and(|deadline| hopeless || Instant::now() >= deadline) {
            return courier.delivery(problem);
        }
        shared.pause(if failures == 0 { TICK } else { backoff(failures) });
    }
}

/// Makes the run's page known, and says so when it is a new one.
fn announce(shared: &Shared, run_url: Option<String>) {
    let mut state = shared.lock();
    if run_url != state.run_url {
        if let Some(url) = &run_url {
            tracing::info!("the run is at {url}");
        }
        state.run_url = run_url;
    }
}
