//! What training tells while it runs, and how it is stopped.

use crate::event::Event;

/// Receives what training has to say and may ask it to stop.
pub trait Observer {
    /// A metric was measured.
    fn event(&mut self, event: Event);
    /// A step was made. Called after each one; cheap to ignore.
    fn progress(&mut self, progress: &Progress<'_>);
    /// A line worth reading.
    fn note(&mut self, _text: &str) {}
    /// Whether to stop: asked after each step and validation batch. Training then writes a
    /// checkpoint and returns.
    fn stop_requested(&self) -> bool;
}

/// Where a fold's training stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress<'a> {
    /// Name of the fold.
    pub label: &'a str,
    /// Epoch at work, from 1.
    pub epoch: u32,
    /// Most epochs.
    pub epochs: u32,
    /// Steps made in this epoch.
    pub step_in_epoch: u64,
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// Steps made in all.
    pub step: u64,
    /// Most steps in all.
    pub steps: u64,
    /// Mean loss of the steps last read back; `None` before the first reading.
    pub loss: Option<f64>,
    /// Learning rate of the step.
    pub learning_rate: f64,
    /// Samples a second over the steps of this epoch that this process made.
    pub samples_per_second: f64,
    /// Best score of the monitor so far.
    pub best_score: Option<f64>,
}

/// Listens to nothing and never stops training.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&mut self, _event: Event) {}
    fn progress(&mut self, _progress: &Progress<'_>) {}
    fn stop_requested(&self) -> bool {
        false
    }
}
