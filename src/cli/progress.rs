//! What a person sees while a net trains: one bar an epoch, or JSON lines.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::pipeline::Watch;
use crate::training::Progress;

/// How often a JSON line is printed while an epoch runs.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The bar on screen, so that log lines are printed above it.
static BAR: OnceLock<Mutex<Option<ProgressBar>>> = OnceLock::new();

fn shared_bar() -> &'static Mutex<Option<ProgressBar>> {
    BAR.get_or_init(|| Mutex::new(None))
}

/// Writes log lines to stderr without tearing the bar.
pub struct LogWriter;

impl LogWriter {
    /// One writer a log line.
    pub fn new() -> Self {
        Self
    }
}

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bar = shared_bar().lock().ok().and_then(|bar| bar.clone());
        match bar {
            Some(bar) => bar.suspend(|| io::stderr().write(bytes)),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Shows training progress and knows whether the user wants to stop.
pub struct TrainingDisplay {
    stop: Arc<AtomicBool>,
    quiet: bool,
    terminal: bool,
    epoch: Option<(String, u32)>,
    /// Number of the member of an ensemble that trains, and of all.
    member: (usize, usize),
    last_line: Option<Instant>,
}

impl TrainingDisplay {
    /// A display; SIGINT and SIGTERM ask for a stop, a second SIGINT ends the process at once.
    ///
    /// # Errors
    /// When the signals cannot be taken.
    pub fn new(quiet: bool) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            // Order matters: the check for a second signal must come before the flag is set.
            if signal == signal_hook::consts::SIGINT {
                signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))?;
            }
            signal_hook::flag::register(signal, Arc::clone(&stop))?;
        }
        Ok(Self {
            stop,
            quiet,
            terminal: io::stderr().is_terminal(),
            epoch: None,
            member: (1, 1),
            last_line: None,
        })
    }

    fn show_bar(&mut self, progress: &Progress<'_>) {
        let Ok(mut slot) = shared_bar().lock() else { return };
        let epoch = (progress.label.to_owned(), progress.epoch);
        if self.epoch.as_ref() != Some(&epoch) {
            if let Some(bar) = slot.take() {
                bar.finish();
            }
            let bar = ProgressBar::with_draw_target(
                Some(progress.steps_per_epoch),
                ProgressDrawTarget::stderr(),
            );
            let style =
                ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg} eta {eta}");
            if let Ok(style) = style {
                bar.set_style(style);
            }
            let member = match self.member {
                (_, 1) => String::new(),
                (number, members) => format!(" member {number}/{members}"),
            };
            bar.set_prefix(format!(
                "{}{member} epoch {}/{}",
                progress.label, progress.epoch, progress.epochs
            ));
            *slot = Some(bar);
            self.epoch = Some(epoch);
        }
        if let Some(bar) = slot.as_ref() {
            bar.set_position(progress.step_in_epoch);
            let loss = progress.loss.map_or_else(|| "-".to_owned(), |loss| format!("{loss:.4}"));
            bar.set_message(format!("loss {loss}  {:.0} samples/s", progress.samples_per_second));
            if progress.step_in_epoch >= progress.steps_per_epoch {
                bar.finish();
                *slot = None;
            }
        }
    }

    fn print_line(&mut self, progress: &Progress<'_>) {
        let due = self.last_line.is_none_or(|last| last.elapsed() >= LINE_EVERY);
        if !due && progress.step_in_epoch < progress.steps_per_epoch {
            return;
        }
        self.last_line = Some(Instant::now());
        let mut line = serde_json::json!({
            "progress": progress.label,
            "epoch": progress.epoch,
            "epochs": progress.epochs,
            "step": progress.step_in_epoch,
            "steps": progress.steps_per_epoch,
            "loss": progress.loss,
            "samples_per_second": progress.samples_per_second,
        });
        if self.member.1 > 1 {
            line["member"] = self.member.0.into();
            line["members"] = self.member.1.into();
        }
        eprintln!("{line}");
    }
}

impl Watch for TrainingDisplay {
    fn note(&mut self, text: &str) {
        if self.quiet {
            return;
        }
        let mut writer = LogWriter::new();
        let line = if self.terminal {
            format!("{text}\n")
        } else {
            format!("{}\n", serde_json::json!({ "note": text }))
        };
        // Progress is a courtesy: a closed stderr must not end a training.
        let _ = writer.write_all(line.as_bytes());
    }

    fn member(&mut self, number: usize, members: usize) {
        self.member = (number, members);
    }

    fn progress(&mut self, progress: &Progress<'_>) {
        if self.quiet {
            return;
        }
        if self.terminal {
            self.show_bar(progress);
        } else {
            self.print_line(progress);
        }
    }

    fn stop_requested(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
