//! What a server refused, kept with its answer.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// Name of the file in a run folder: one JSON object a line.
pub const REFUSED_FILE: &str = "tracking_refused.jsonl";

/// The refusals of one delivery.
pub(super) struct Refusals {
    path: PathBuf,
    server: String,
    warned: bool,
}

impl Refusals {
    /// Those of `server`, kept in `folder`.
    pub(super) fn new(folder: &Path, server: &str) -> Self {
        Self { path: folder.join(REFUSED_FILE), server: server.to_owned(), warned: false }
    }

    /// Writes down `what` and the server's `answer`, and warns of the first.
    pub(super) fn note(&mut self, what: &impl Serialize, answer: &str) {
        #[derive(Serialize)]
        struct Refusal<'a, T> {
            server: &'a str,
            answer: &'a str,
            entry: &'a T,
        }
        let refusal = Refusal { server: &self.server, answer, entry: what };
        let written =
            serde_json::to_vec(&refusal).map_err(std::io::Error::from).and_then(|mut line| {
                line.push(b'\n');
                OpenOptions::new().create(true).append(true).open(&self.path)?.write_all(&line)
            });
        let path = self.path.display();
        if let Err(error) = written {
            tracing::warn!(
                "{} refused an entry: {answer}; and {path} cannot be written: {error}",
                self.server
            );
        } else if !std::mem::replace(&mut self.warned, true) {
            tracing::warn!(
                "{} refused an entry: {answer}; this and further ones are kept in {path}",
                self.server
            );
        }
    }
}
