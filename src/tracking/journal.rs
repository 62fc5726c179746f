//! `journal.jsonl`: every event of a run, one JSON object a line, written before it is sent.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::secrets::Secrets;
use crate::event::Event;

/// Name of the journal in a run folder.
pub const JOURNAL_FILE: &str = "journal.jsonl";

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Position in the journal, from 0.
    pub seq: u64,
    /// When it happened, ms since 1970 UTC; never before the entry above.
    pub time: i64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// A run's journal, open for appending.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Length of the complete lines in bytes.
    length: u64,
    /// Whether a failed write may have left a part of a line behind.
    torn: bool,
    next_seq: u64,
    last_time: i64,
    written: Written,
    secrets: Secrets,
}

/// What of a run stands in its journal already.
#[derive(Debug, Default)]
struct Written {
    steps: HashMap<String, i64>,
    params: HashMap<String, String>,
    tags: HashMap<String, String>,
    datasets: HashSet<(String, String, String)>,
}

/// A journal that cannot be read or written.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Not readable or not writable.
    #[error("failed to open {path}")]
    Open {
        /// The journal.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Not written, such as on a full disk.
    #[error("failed to append to {path}; free space there, then go on with --resume")]
    Write {
        /// The journal.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A line in the middle is damaged.
    #[error("line {line} of {path} is no journal entry ({reason}); repair or remove that line")]
    Corrupt {
        /// The journal.
        path: PathBuf,
        /// Line number from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl Journal {
    /// Creates the journal of `run_folder`, or goes on with the one that is there.
    ///
    /// A last line that a crash tore is cut off.
    ///
    /// # Errors
    /// When the file cannot be read or written, or a line before the last is damaged.
    pub fn open(run_folder: &Path) -> Result<Self, JournalError> {
        let path = run_folder.join(JOURNAL_FILE);
        let fail = |source| JournalError::Open { path: path.clone(), source };
        let file =
            OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(fail)?;
        let (mut written, mut next_seq, mut last_time) = (Written::default(), 0, i64::MIN);
        let length = scan(&path, &file, |entry| {
            next_seq = entry.seq + 1;
            last_time = entry.time;
            written.note(&entry.event);
        })?;
        if file.metadata().map_err(fail)?.len() > length {
            tracing::warn!("cutting a torn last line off {}", path.display());
            file.set_len(length).map_err(fail)?;
        }
        let secrets = Secrets::from_env();
        Ok(Self { path, file, length, torn: false, next_seq, last_time, written, secrets })
    }

    /// Appends `event`, stamped with the time.
    ///
    /// What the journal has is not written again: a metric whose step is not above the last one of
    /// its key, an equal param, tag or dataset. That makes a resumed run's record exact. Passwords
    /// and tokens are masked.
    ///
    /// # Errors
    /// When the line cannot be written whole; no part of it is left then.
    pub fn record(&mut self, event: Event) -> Result<(), JournalError> {
        let event = self.scrubbed(event);
        if self.written.has(&event) {
            return Ok(());
        }
        let time = now_ms().max(self.last_time);
        let entry = Entry { seq: self.next_seq, time, event };
        self.append(&entry)
            .map_err(|source| JournalError::Write { path: self.path.clone(), source })?;
        self.next_seq += 1;
        self.last_time = time;
        self.written.note(&entry.event);
        Ok(())
    }

    /// Forces what was recorded onto the disk.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        self.file
            .sync_data()
            .map_err(|source| JournalError::Write { path: self.path.clone(), source })
    }

    /// The last step recorded for the metric `key`.
    #[must_use]
    pub fn last_step(&self, key: &str) -> Option<i64> {
        self.written.steps.get(key).copied()
    }

    /// One above the highest step of all metrics whose key starts with `prefix`, or 0.
    #[must_use]
    pub fn next_step(&self, prefix: &str) -> i64 {
        let steps = self.written.steps.iter().filter(|(key, _)| key.starts_with(prefix));
        steps.map(|(_, step)| step.saturating_add(1)).max().unwrap_or(0)
    }

    fn scrubbed(&self, event: Event) -> Event {
        match event {
            Event::Param { key, value } => {
                Event::Param { value: self.secrets.scrub_setting(&key, &value), key }
            }
            Event::Tag { key, value } => {
                Event::Tag { value: self.secrets.scrub_setting(&key, &value), key }
            }
            Event::Dataset { name, digest, source, context, columns, rows } => {
                let source = self.secrets.scrub(&source);
                Event::Dataset { name, digest, source, context, columns, rows }
            }
            Event::Metric { .. } | Event::Artifact { .. } | Event::Status { .. } => event,
        }
    }

    fn append(&mut self, entry: &Entry) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.length)?;
            self.torn = false;
        }
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        if let Err(error) = self.file.write_all(&line) {
            self.torn = self.file.set_len(self.length).is_err();
            return Err(error);
        }
        self.length += line.len() as u64;
        Ok(())
    }
}

impl Written {
    fn has(&self, event: &Event) -> bool {
        match event {
            Event::Param { key, value } => self.params.get(key) == Some(value),
            Event::Metric { key, step, .. } => self.steps.get(key).is_some_and(|last| step <= last),
            Event::Tag { key, value } => self.tags.get(key) == Some(value),
            Event::Dataset { name, digest, context, .. } => {
                self.datasets.contains(&(name.clone(), digest.clone(), context.clone()))
            }
            Event::Artifact { .. } | Event::Status { .. } => false,
        }
    }

    fn note(&mut self, event: &Event) {
        match event {
            Event::Param { key, value } => {
                self.params.insert(key.clone(), value.clone());
            }
            Event::Metric { key, step, .. } => match self.steps.get_mut(key) {
                Some(last) => *last = *step,
                None => {
                    self.steps.insert(key.clone(), *step);
                }
            },
            Event::Tag { key, value } => {
                self.tags.insert(key.clone(), value.clone());
            }
            Event::Dataset { name, digest, context, .. } => {
                self.datasets.insert((name.clone(), digest.clone(), context.clone()));
            }
            Event::Artifact { .. } | Event::Status { .. } => {}
        }
    }
}

/// All entries of the journal at `path`, without a torn last line.
///
/// # Errors
/// When the file cannot be read or a line before the last is damaged.
pub fn read_journal(path: &Path) -> Result<Vec<Entry>, JournalError> {
    let file =
        File::open(path).map_err(|source| JournalError::Open { path: path.to_owned(), source })?;
    let mut entries = Vec::new();
    scan(path, &file, |entry| entries.push(entry))?;
    Ok(entries)
}

/// Gives every entry of `file` to `see` and returns the length of the complete lines in bytes.
pub(super) fn scan(
    path: &Path,
    file: &File,
    mut see: impl FnMut(Entry),
) -> Result<u64, JournalError> {
    let mut reader = BufReader::new(file);
    let (mut line, mut number, mut length) = (Vec::new(), 0, 0);
    let mut damaged: Option<(usize, String)> = None;
    loop {
        line.clear();
        let read = reader
            .read_until(b'\n', &mut line)
            .map_err(|source| JournalError::Open { path: path.to_owned(), source })?;
        if !line.ends_with(b"\n") {
            return Ok(length);
        }
        number += 1;
        match (serde_json::from_slice(&line), &damaged) {
            (Ok(entry), None) => {
                see(entry);
                length += read as u64;
            }
            // A good line behind a bad one: this is no torn end.
            (Ok(_), Some((line, reason))) => {
                let (path, reason) = (path.to_owned(), reason.clone());
                return Err(JournalError::Corrupt { path, line: *line, reason });
            }
            (Err(error), None) => damaged = Some((number, error.to_string())),
            (Err(_), Some(_)) => {}
        }
    }
}

/// Milliseconds since 1970 UTC.
pub(super) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |past| past.as_millis() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Status;

    fn metric(key: &str, value: f64, step: i64) -> Event {
        Event::Metric { key: key.into(), value, step }
    }

    #[test]
    fn a_resumed_journal_goes_on_exactly() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(JOURNAL_FILE);
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.record(Event::Param { key: "seed".into(), value: "7".into() }).unwrap();
        for step in 1..=3 {
            journal.record(metric("train/loss", f64::NAN, step)).unwrap();
        }
        journal.record(Event::Status { status: Status::Killed }).unwrap();
        drop(journal);
        // A crash in the middle of a line, and a power cut that left zeros behind.
        let whole = std::fs::read(&path).unwrap();
        for torn in [&b"{\"seq\":5,\"ti"[..], &b"\0\0\0\0\n\0\0\n\0"[..], &b"nonsense\n"[..]] {
            std::fs::write(&path, [&whole, torn].concat()).unwrap();
            let mut journal = Journal::open(folder.path()).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), whole);
            assert_eq!(journal.last_step("train/loss"), Some(3));
            assert_eq!(journal.next_step("train/"), 4);
            assert_eq!(journal.next_step("system/"), 0);
            journal.record(metric("train/loss", 1.0, 3)).unwrap();
            journal.record(Event::Param { key: "seed".into(), value: "7".into() }).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.record(metric("train/loss", 0.5, 4)).unwrap();
        journal.record(Event::Param { key: "seed".into(), value: "8".into() }).unwrap();
        journal.flush().unwrap();
        let entries = read_journal(&path).unwrap();
        assert_eq!(entries.iter().map(|e| e.seq).collect::<Vec<_>>(), (0..7).collect::<Vec<_>>());
        assert!(entries.windows(2).all(|pair| pair[0].time <= pair[1].time));
    }

    #[test]
    fn numbers_come_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        let values: Vec<f64> = (0..1000).map(|n| (f64::from(n) + 0.3).sin() * 1e-3).collect();
        for (step, value) in (0..).zip(&values) {
            journal.record(metric("a", *value, step)).unwrap();
        }
        let entries = read_journal(&folder.path().join(JOURNAL_FILE)).unwrap();
        for (entry, expected) in entries.into_iter().zip(values) {
            let Event::Metric { value, .. } = entry.event else { panic!("{entry:?}") };
            assert_eq!(value.to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn a_damaged_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        for step in 0..3 {
            journal.record(metric("a", 1.0, step)).unwrap();
        }
        let path = folder.path().join(JOURNAL_FILE);
        let text = std::fs::read_to_string(&path).unwrap().replace("\"seq\":1", "\"seq\":x");
        std::fs::write(&path, text).unwrap();
        let error = read_journal(&path).unwrap_err().to_string();
        assert!(error.starts_with("line 2 of ") && error.contains(JOURNAL_FILE), "{error}");
        assert!(Journal::open(folder.path()).is_err());
    }

    #[test]
    fn secrets_do_not_reach_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        let uri = "http://ann:swordfish@host:5000".to_owned();
        journal.record(Event::Param { key: "tracking.uri".into(), value: uri.clone() }).unwrap();
        journal
            .record(Event::Param { key: "x.password".into(), value: "swordfish".into() })
            .unwrap();
        journal.record(Event::Tag { key: "remote".into(), value: uri }).unwrap();
        let text = std::fs::read_to_string(folder.path().join(JOURNAL_FILE)).unwrap();
        assert!(text.contains("http://host:5000") && !text.contains("swordfish"), "{text}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_that_names_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.file = OpenOptions::new().append(true).open("/dev/full").unwrap();
        for _ in 0..2 {
            let error = journal.record(metric("a", 1.0, 0)).unwrap_err();
            assert!(error.to_string().contains("journal.jsonl"), "{error}");
        }
    }
}
