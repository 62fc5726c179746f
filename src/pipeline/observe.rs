//! What training says, into the journal and before the user's eyes.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::event::Event;
use crate::tracking::{Journal, JournalError};
use crate::training::{Observer, Progress};

use super::Watch;

/// The run's journal, written by the training and by the system sampler.
#[derive(Clone)]
pub struct SharedJournal(Arc<Mutex<Journal>>);

impl SharedJournal {
    /// Opens the journal of `run_folder`.
    ///
    /// # Errors
    /// When it cannot be opened or read.
    pub fn open(run_folder: &Path) -> Result<Self, JournalError> {
        Ok(Self(Arc::new(Mutex::new(Journal::open(run_folder)?))))
    }

    /// Appends an event.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&self, event: Event) -> Result<(), JournalError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).record(event)
    }

    /// One above the highest step of the metrics whose key starts with `prefix`.
    pub fn next_step(&self, prefix: &str) -> i64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next_step(prefix)
    }

    /// Makes everything recorded durable.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn flush(&self) -> Result<(), JournalError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

/// Writes each event to the journal first. When that fails it asks training to stop, and
/// [`RunObserver::check`] says why.
pub struct RunObserver<'a> {
    journal: &'a SharedJournal,
    watch: &'a mut dyn Watch,
    failure: Option<JournalError>,
}

impl<'a> RunObserver<'a> {
    /// An observer over the run's journal.
    pub fn new(journal: &'a SharedJournal, watch: &'a mut dyn Watch) -> Self {
        Self { journal, watch, failure: None }
    }

    /// Says which member of an ensemble trains from here on.
    pub fn member(&mut self, number: usize, members: usize) {
        self.watch.member(number, members);
    }

    /// The failure of the journal, if there was one.
    ///
    /// # Errors
    /// When an event could not be written.
    pub fn check(&mut self) -> Result<(), JournalError> {
        self.failure.take().map_or(Ok(()), Err)
    }
}

impl Observer for RunObserver<'_> {
    fn event(&mut self, event: Event) {
        if self.failure.is_none()
            && let Err(error) = self.journal.record(event)
        {
            self.failure = Some(error);
        }
    }

    fn progress(&mut self, progress: &Progress<'_>) {
        self.watch.progress(progress);
    }

    fn note(&mut self, text: &str) {
        self.watch.note(text);
    }

    fn stop_requested(&self) -> bool {
        self.failure.is_some() || self.watch.stop_requested()
    }
}
