//! Artifacts on their way, one at a time.

use std::time::Instant;

use super::super::artifacts::{Upload, upload};
use super::super::backoff::backoff;
use super::super::client::Fault;
use super::Courier;
use crate::event::Event;

impl Courier {
    /// Sends the first of the pending artifacts; false when none went.
    ///
    /// Artifacts that fail wait by themselves, so that a full or broken artifact store does not
    /// hold up the metrics.
    pub(super) fn upload_one(&mut self) -> bool {
        if self.artifacts_from.is_some_and(|from| Instant::now() < from) {
            return false;
        }
        let Some(path) = self.position().pending.first().cloned() else { return false };
        let position = &mut self.cursor.servers[self.at];
        match upload(&self.client, &self.folder, &path, position) {
            Ok(Upload::Done(files)) => self.sent.files += files,
            Ok(Upload::Impossible(reason)) => {
                let entry = Event::Artifact { path: path.clone() };
                self.refuse(&entry, &reason);
            }
            Err(fault) => {
                let reason = match fault {
                    Fault::Later { reason, .. } | Fault::Denied(reason) => reason,
                    Fault::Refused { message, .. } => message,
                };
                if self.artifact_problem.is_none() {
                    tracing::warn!("{path} is not sent yet: {reason}");
                }
                self.artifact_faults += 1;
                self.artifacts_from = Some(Instant::now() + backoff(self.artifact_faults));
                self.artifact_problem = Some(format!("{path}: {reason}"));
                self.position_mut().pending.rotate_left(1);
                self.save();
                return false;
            }
        }
        self.artifact_faults = 0;
        self.artifact_problem = None;
        self.position_mut().pending.retain(|pending| *pending != path);
        self.save();
        true
    }
}
