//! `candlewick ingest`: exchanges, archives, CSV files and the simulated market into a store.

mod archive;
mod backfill;
mod book_csv;
mod book_states;
mod csv;
mod exchange;
mod live;
mod lobster;
mod recorded;
mod series;
mod series_source;
mod simulate;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::ingest::simulated::BestReachable;
use crate::ingest::{IngestReport, Progress, Refusals};
use crate::market::{Instrument, InstrumentError, Market};

/// Exit code when something was refused while the rest was stored.
const REFUSED: u8 = 3;

/// Exit code when it was asked to stop before it was done; the same command goes on.
const STOPPED: u8 = 75;

/// Store market data from a source
#[derive(Debug, Args)]
pub struct IngestArgs {
    #[command(subcommand)]
    source: IngestSource,
}

#[derive(Debug, Subcommand)]
enum IngestSource {
    /// Candle files of an exchange's public archive, each checked against its checksum
    Archive(archive::ArchiveArgs),
    /// What the store lacks, asked of the exchange
    Backfill(backfill::BackfillArgs),
    /// Candles of any CSV file, plain or gzip
    Csv(csv::CsvArgs),
    /// On-chain, sentiment, funding or macro values, from a file or over HTTP
    Series(series::SeriesArgs),
    /// An exchange's streams, until it is stopped
    Live(live::LiveArgs),
    /// A day of LOBSTER: its message and its order-book file
    Lobster(lobster::LobsterArgs),
    /// Books of any CSV file, plain or gzip
    BookCsv(book_csv::BookCsvArgs),
    /// Recorded messages of an exchange
    Recorded(recorded::RecordedArgs),
    /// A simulated market with a planted signal
    Simulate(simulate::SimulateArgs),
}

#[derive(Debug, Args)]
struct Target {
    /// Folder of the store, made when absent
    #[arg(long, default_value = "store")]
    store: PathBuf,
}

/// Where symbols are traded.
#[derive(Debug, Args)]
struct Place {
    /// Market: `spot`, `usd_m` or `coin_m`
    #[arg(long, default_value = "spot")]
    market: Market,
    /// Name of the exchange in the store
    #[arg(long, default_value = "binance")]
    venue: String,
}

impl Place {
    fn instruments(&self, symbols: &[String]) -> Result<Vec<Instrument>, InstrumentError> {
        symbols
            .iter()
            .map(|symbol| Instrument::new(&self.venue, self.market, symbol.trim()))
            .collect()
    }
}

/// Runs `candlewick ingest` and returns the exit code: 0, or 3 when something was refused.
///
/// # Errors
/// [`crate::ingest::IngestError`] or [`crate::store::StoreError`] when nothing could be done, and
/// [`crate::market::InstrumentError`] for names that cannot be.
pub fn run(args: &IngestArgs, json: bool) -> anyhow::Result<u8> {
    match &args.source {
        IngestSource::Archive(args) => archive::run(args, json),
        IngestSource::Backfill(args) => backfill::run(args, json),
        IngestSource::Csv(args) => csv::run(args, json),
        IngestSource::Series(args) => series::run(args, json),
        IngestSource::Live(args) => live::run(args, json),
        IngestSource::Lobster(args) => lobster::run(args, json),
        IngestSource::BookCsv(args) => book_csv::run(args, json),
        IngestSource::Recorded(args) => recorded::run(args, json),
        IngestSource::Simulate(args) => simulate::run(args, json),
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Told<'a> {
    store: &'a Path,
    #[serde(flatten)]
    report: &'a IngestReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    best_reachable: Option<BestReachable>,
}

/// Prints what was done and returns the exit code.
fn tell(
    target: &Target,
    json: bool,
    what: &str,
    report: &IngestReport,
    best_reachable: Option<BestReachable>,
) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    print_report(&mut out, &target.store, what, report).context("cannot write to stdout")?;
    if json {
        let told = Told { store: &target.store, report, best_reachable };
        writeln!(out, "{}", serde_json::to_string(&told)?).context("cannot write to stdout")?;
    }
    Ok(if report.refused.is_empty() { 0 } else { REFUSED })
}

fn print_report(
    out: &mut impl Write,
    store: &Path,
    what: &str,
    report: &IngestReport,
) -> std::io::Result<()> {
    let written = &report.written;
    write!(out, "{what}: {} inserted, {} unchanged", written.inserted, written.unchanged)?;
    for (count, what) in [
        (report.books, "book snapshots inserted"),
        (report.trades, "trades inserted"),
        (written.completed, "completed"),
        (written.replaced, "replaced by a better source"),
        (written.outranked, "contradicted the store and were not taken"),
        (report.refused.rows, "rows refused"),
        (report.refused.files, "files refused"),
        (report.ignored, "files of unknown intervals ignored"),
    ] {
        if count > 0 {
            write!(out, ", {count} {what}")?;
        }
    }
    writeln!(out, " in {}", store.display())?;
    print_refusals(out, &report.refused)?;
    if written.replaced + written.outranked > 0 {
        writeln!(out, "  both versions of contradicting candles are in the store's audit table")?;
    }
    Ok(())
}

fn print_refusals(out: &mut impl Write, refused: &Refusals) -> std::io::Result<()> {
    for refusal in &refused.first {
        match refusal.line {
            Some(line) => writeln!(out, "  {}:{line}: {}", refusal.file.display(), refusal.reason)?,
            None => writeln!(out, "  {}: {}", refusal.file.display(), refusal.reason)?,
        }
    }
    let told = refused.first.len() as u64;
    let more = (refused.rows + refused.files).saturating_sub(told);
    if more > 0 {
        writeln!(out, "  and {more} more")?;
    }
    Ok(())
}

/// Sets `stop` on SIGINT and SIGTERM; a second SIGINT ends the process at once.
fn stop_on_signals(stop: &Arc<AtomicBool>) -> std::io::Result<()> {
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // Order matters: the check for a second signal must come before the flag is set.
        if signal == signal_hook::consts::SIGINT {
            signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(stop))?;
        }
        signal_hook::flag::register(signal, Arc::clone(stop))?;
    }
    Ok(())
}

/// A progress bar on a terminal's standard error, nothing elsewhere.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(0);
        let style = "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} ETA {eta}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Self(bar)
    }

    fn show(&self, progress: Progress) {
        self.0.set_length(progress.total);
        self.0.set_position(progress.done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A progress bar of pages or files on a terminal's standard error, nothing elsewhere.
struct PageBar(ProgressBar);

impl PageBar {
    fn new(what: &'static str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(0);
        let style = "{bar:40} {pos}/{len} {msg} {per_sec} ETA {eta}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self(bar)
    }

    fn show(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }
}

impl Drop for PageBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
