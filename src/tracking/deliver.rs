//! From the journal to the server: rounds that each move the cursor as far as the server lets them.

mod files;
mod ops;

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::batch::{BATCH_LENGTH, Batch, Translator, dataset_input};
use super::client::{Client, Fault};
use super::cursor::{Counts, Cursor, Position};
use super::journal::Entry;
use super::refused::Refusals;
use super::register::{known_run, register};
use super::server::Server;
use super::sync::has_writer;
use super::tail::{Line, Tail};
use super::{Delivery, TrackingError};
use crate::event::{Event, Status};

/// Carries one run folder's journal to one server.
pub(super) struct Courier {
    folder: PathBuf,
    client: Client,
    cursor: Cursor,
    at: usize,
    tail: Tail,
    translator: Translator,
    refusals: Refusals,
    /// A run that the environment names, for a run that the server has not got yet.
    attach: Option<String>,
    /// The run is known to be there.
    ready: bool,
    /// Last status and time in the part of the journal seen so far.
    last: (Option<Status>, i64),
    batch_length: usize,
    internal_faults: u32,
    artifact_faults: u32,
    artifacts_from: Option<Instant>,
    artifact_problem: Option<String>,
    sent: Counts,
    unsavable: bool,
}

/// Why a round stopped before the end of the journal.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// A later round may get through.
    Later(String),
    /// So may it, once somebody has changed something.
    Denied(String),
    /// No round ever will.
    Stop(String),
}

impl Courier {
    /// Opens the journal of `folder` and reads what was delivered of it, to name keys the same way.
    pub(super) fn open(
        folder: &Path,
        server: &Server,
        mut cursor: Cursor,
        attach: Option<String>,
    ) -> Result<Self, TrackingError> {
        let at = cursor.index_of(server.address());
        let mut courier = Self {
            folder: folder.to_owned(),
            client: Client::new(server.clone())?,
            cursor,
            at,
            tail: Tail::open(folder)?,
            translator: Translator::default(),
            refusals: Refusals::new(folder, server.address()),
            attach,
            ready: false,
            last: (None, 0),
            batch_length: BATCH_LENGTH,
            internal_faults: 0,
            artifact_faults: 0,
            artifacts_from: None,
            artifact_problem: None,
            sent: Counts::default(),
            unsavable: false,
        };
        courier.replay().map_err(|source| TrackingError::File {
            action: "read",
            path: folder.join(super::JOURNAL_FILE),
            source,
        })?;
        courier.save();
        Ok(courier)
    }

    /// No call waits past `deadline`, and artifacts that failed are tried again at once.
    pub(super) fn hurry(&mut self, deadline: Instant) {
        self.client.deadline.set(Some(deadline));
        self.artifacts_from = None;
    }

    /// Whether the server has answered at all.
    pub(super) fn answered(&self) -> bool {
        self.client.answered.get()
    }

    /// Delivers what the journal has by now.
    pub(super) fn round(&mut self) -> Result<(), Obstacle> {
        self.ensure_run()?;
        loop {
            loop {
                let offset = self.position().offset;
                let lines = self.tail.read(offset).map_err(|e| Obstacle::Later(e.to_string()))?;
                if lines.is_empty() {
                    break;
                }
                self.deliver(lines)?;
            }
            if !self.upload_one() {
                return Ok(());
            }
        }
    }

    /// Whether nothing is left to send.
    pub(super) fn settled(&self) -> bool {
        let position = self.position();
        let length = self.tail.length();
        self.ready && position.pending.is_empty() && length.is_ok_and(|l| l <= position.offset)
    }

    /// The run's page in the server's UI, once the server has the run.
    pub(super) fn run_url(&self) -> Option<String> {
        let Position { experiment_id: Some(experiment), run_id: Some(run), .. } = self.position()
        else {
            return None;
        };
        Some(self.client.server().run_url(experiment, run))
    }

    /// How the delivery stands.
    pub(super) fn delivery(&mut self, problem: Option<String>) -> Delivery {
        let offset = self.position().offset;
        let pending_entries = self.tail.count(offset).unwrap_or(0);
        let position = self.position();
        Delivery {
            run_url: self.run_url(),
            sent: self.sent,
            refused: position.refused,
            pending_entries,
            pending_artifacts: position.pending.len() as u64,
            problem: problem.or_else(|| self.artifact_problem.clone()),
        }
    }

    /// Closes a delivered run as killed, once, when its journal ends without an end of the run and
    /// the process that wrote it is gone.
    pub(super) fn close_if_abandoned(&mut self) -> Result<(), Obstacle> {
        let (status, time) = self.last;
        let entries = self.position().entries;
        let open = matches!(status, None | Some(Status::Running));
        let known = self.position().closed_at == Some(entries);
        if open && !known && has_writer(&self.folder) == Some(false) {
            self.set_status(Status::Killed, time)?;
            self.position_mut().closed_at = Some(entries);
            self.save();
        }
        Ok(())
    }

    fn ensure_run(&mut self) -> Result<(), Obstacle> {
        if self.ready {
            return Ok(());
        }
        let known = match self.position().run_id.clone() {
            Some(run_id) => self.check_run(&run_id).map(|()| true)?,
            None => false,
        };
        if !known {
            let (run, experiment) = (&self.cursor.run, &self.cursor.experiment);
            let info = register(&self.client, run, experiment, self.attach.as_deref())?;
            let position = self.position_mut();
            position.experiment_id = Some(info.experiment_id);
            position.run_id = Some(info.run_id);
            position.artifact_uri = Some(info.artifact_uri);
            self.save();
        }
        self.ready = true;
        Ok(())
    }

    /// An obstacle when the run is no longer at the server; a lost one is sent anew.
    fn check_run(&mut self, run_id: &str) -> Result<(), Obstacle> {
        if known_run(&self.client, run_id)?.is_some() {
            return Ok(());
        }
        let server = self.position().server.clone();
        tracing::warn!("{server} has lost run {run_id}; sending it anew");
        *self.position_mut() = Position { server, ..Position::default() };
        self.translator = Translator::default();
        self.ready = false;
        Err(Obstacle::Later(format!("run {run_id} is no longer there")))
    }

    fn deliver(&mut self, lines: Vec<Line>) -> Result<(), Obstacle> {
        let mut batch = Batch::default();
        let mut end = self.position().offset;
        for line in lines {
            match line.entry {
                Ok(entry) => {
                    let (status, time) = (status_of(&entry), entry.time);
                    if let Some(op) = self.translator.op(&entry) {
                        if !batch.fits(&op, self.batch_length) {
                            self.flush(&mut batch, end)?;
                        }
                        batch.push(entry, op);
                    } else {
                        self.flush(&mut batch, end)?;
                        let next = entry.seq + 1;
                        self.deliver_single(&entry)?;
                        self.advance(line.end, next);
                    }
                    self.last = (status.or(self.last.0), time);
                }
                Err(text) => {
                    self.flush(&mut batch, end)?;
                    self.refuse(&serde_json::Value::from(text), "no journal entry");
                    let next = self.position().entries + 1;
                    self.advance(line.end, next);
                }
            }
            end = line.end;
        }
        self.flush(&mut batch, end)
    }

    fn deliver_single(&mut self, entry: &Entry) -> Result<(), Obstacle> {
        match &entry.event {
            Event::Dataset { .. } => {
                let run_id = self.run_id();
                match self.client.log_input(&run_id, &dataset_input(&entry.event)) {
                    Ok(()) => self.sent.datasets += 1,
                    Err(Fault::Refused { code, message }) => {
                        self.check_run(&run_id)?;
                        self.refuse(entry, &format!("{code}: {message}"));
                    }
                    Err(fault) => return Err(fault.into()),
                }
            }
            Event::Artifact { path } => {
                let checkpoint = path == "checkpoints" || path.starts_with("checkpoints/");
                if (self.cursor.log_checkpoints || !checkpoint)
                    && !self.position().pending.contains(path)
                {
                    self.position_mut().pending.push(path.clone());
                }
            }
            Event::Status { status } => {
                // The files before the end, so that a run that is over is whole.
                while *status != Status::Running && self.upload_one() {}
                self.set_status(*status, entry.time)?;
            }
            Event::Param { .. } | Event::Metric { .. } | Event::Tag { .. } => {}
        }
        Ok(())
    }

    fn set_status(&mut self, status: Status, time: i64) -> Result<(), Obstacle> {
        let run_id = self.run_id();
        let end = (status != Status::Running).then_some(time);
        match self.client.set_status(&run_id, status, end) {
            Ok(()) => {
                self.sent.statuses += 1;
                Ok(())
            }
            Err(Fault::Refused { code, message }) => {
                self.check_run(&run_id)?;
                self.refuse(&Event::Status { status }, &format!("{code}: {message}"));
                Ok(())
            }
            Err(fault) => Err(fault.into()),
        }
    }

    fn replay(&mut self) -> std::io::Result<()> {
        let until = self.position().offset.min(self.tail.length()?);
        self.position_mut().offset = until;
        let mut offset = 0;
        while offset < until {
            let lines = self.tail.read(offset)?;
            let Some(last) = lines.last() else { break };
            offset = last.end;
            for line in lines.iter().filter(|line| line.end <= until) {
                if let Ok(entry) = &line.entry {
                    self.translator.op(entry);
                    self.last = (status_of(entry).or(self.last.0), entry.time);
                }
            }
        }
        Ok(())
    }

    fn refuse(&mut self, what: &impl serde::Serialize, answer: &str) {
        self.refusals.note(what, answer);
        self.position_mut().refused += 1;
    }

    fn advance(&mut self, offset: u64, entries: u64) {
        let position = self.position_mut();
        position.offset = offset;
        position.entries = entries;
        self.save();
    }

    fn save(&mut self) {
        if let Err((path, error)) = self.cursor.save(&self.folder)
            && !std::mem::replace(&mut self.unsavable, true)
        {
            tracing::warn!(
                "failed to write {}: {error}; a later delivery takes longer",
                path.display()
            );
        }
    }

    fn position(&self) -> &Position {
        &self.cursor.servers[self.at]
    }

    fn position_mut(&mut self) -> &mut Position {
        &mut self.cursor.servers[self.at]
    }

    fn run_id(&self) -> String {
        self.position().run_id.clone().unwrap_or_default()
    }
}

fn status_of(entry: &Entry) -> Option<Status> {
    match entry.event {
        Event::Status { status } => Some(status),
        _ => None,
    }
}
