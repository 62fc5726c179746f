//! Run events out: the journal first, then the tracking server.
//!
//! [`Journal`] appends every event to `journal.jsonl` in the run folder. With a server configured,
//! [`Sender`] tails that file on a thread of its own and delivers it to MLflow over REST; without
//! one, or when the server was away, [`sync()`] delivers it later. Both go through the same
//! `deliver` code and remember how far they came in `tracking.json`, so each point arrives once.

mod artifacts;
mod backoff;
mod batch;
mod client;
mod cursor;
mod deliver;
mod journal;
mod keys;
mod origin;
mod refused;
mod register;
mod secrets;
mod sender;
mod server;
mod sync;
mod system;
mod tail;
mod transport;

use std::path::PathBuf;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use cursor::{CURSOR_FILE, Counts};
pub use journal::{Entry, JOURNAL_FILE, Journal, JournalError, read_journal};
pub use origin::run_tags;
pub use refused::REFUSED_FILE;
pub use sender::Sender;
pub use server::Server;
pub use sync::{sync, sync_to};
pub use system::{SYSTEM_PERIOD, SystemSampler};
pub use transport::server_version;

/// Where and how a run is tracked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct TrackingConfig {
    /// Address of the MLflow server, such as `http://127.0.0.1:5000`. The variable
    /// `MLFLOW_TRACKING_URI` goes before it. Default: none, the run keeps its journal only.
    #[garde(custom(|uri: &Option<String>, _context| server::check_uri(uri.as_deref())))]
    pub uri: Option<String>,
    /// Experiment the run is listed under; `MLFLOW_EXPERIMENT_NAME` goes before it.
    /// Default: `candlewick`.
    #[garde(length(chars, min = 1, max = 500))]
    pub experiment: String,
    /// Name of the run in the server's list. Default: the run's own name.
    #[garde(inner(length(chars, min = 1, max = 250)))]
    pub run_name: Option<String>,
    /// Text (Markdown) shown on the run's page. Default: none.
    #[garde(inner(length(chars, max = 8000)))]
    pub note: Option<String>,
    /// Sample processor, memory, disk, network and GPU every 10 s. Default: true.
    #[garde(skip)]
    pub system_metrics: bool,
    /// Send the checkpoints as artifacts; turn off when they are too large for the server.
    /// Default: true.
    #[garde(skip)]
    pub log_checkpoints: bool,
    /// Longest time in seconds that the end of a run waits for the server. Default: 60.
    #[garde(range(min = 0, max = 86_400))]
    pub drain_seconds: u32,
}

impl Default for TrackingConfig {
    fn default() -> Self {
        Self {
            uri: None,
            experiment: "candlewick".to_owned(),
            run_name: None,
            note: None,
            system_metrics: true,
            log_checkpoints: true,
            drain_seconds: 60,
        }
    }
}

/// What makes a run the same run, here and at the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunIdentity {
    /// Unique id of the run; the server's run carries it as the tag `candlewick.run_uid`.
    pub uid: String,
    /// Name shown to people.
    pub name: String,
    /// When the run started, ms since 1970 UTC.
    pub start_ms: i64,
}

/// How a delivery stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Delivery {
    /// The run's page in the server's UI, once the run is there.
    pub run_url: Option<String>,
    /// What this delivery sent.
    pub sent: Counts,
    /// Events that the server refused, in all; they stand in `tracking_refused.jsonl`.
    pub refused: u64,
    /// Journal entries the server has not got yet.
    pub pending_entries: u64,
    /// Files and folders the server has not got yet.
    pub pending_artifacts: u64,
    /// What stood in the way last.
    pub problem: Option<String>,
}

impl Delivery {
    /// Whether the server has everything that the journal has and that it did not refuse.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.run_url.is_some() && self.pending_entries == 0 && self.pending_artifacts == 0
    }
}

/// Why a run cannot be tracked as asked.
#[derive(Debug, Error)]
pub enum TrackingError {
    /// The address is none of a server.
    #[error(
        "`{0}` is not the address of an MLflow server; start one with `mlflow server --port 5000` \
         and set MLFLOW_TRACKING_URI=http://127.0.0.1:5000, or leave it unset: the run keeps its \
         journal and `candlewick sync RUN --uri …` delivers it later"
    )]
    Address(String),
    /// A variable or a file for the connection does not fit.
    #[error("{0}")]
    Setup(String),
    /// There is no server to deliver to.
    #[error(
        "no MLflow server is named; give --uri http://HOST:PORT, set MLFLOW_TRACKING_URI, or set \
         tracking.uri in the config"
    )]
    NoServer,
    /// The folder is no run.
    #[error("{0} has no journal.jsonl, so it is no run folder")]
    NoRun(PathBuf),
    /// Neither `tracking.json` nor `manifest.json` says which run this is.
    #[error("{0} has neither tracking.json nor manifest.json, so the run's id is unknown")]
    NoIdentity(PathBuf),
    /// Another process delivers the run at the moment.
    #[error("{0} is being delivered by another process; wait until it is done")]
    Busy(PathBuf),
    /// A file cannot be read or written.
    #[error("failed to {action} {path}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The server did not take everything.
    #[error("{server}: {reason}")]
    Undelivered {
        /// Address of the server.
        server: String,
        /// What it said, or why it did not answer.
        reason: String,
    },
}
