//! `candlewick ingest`: archives, CSV files and the simulated market into a store.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::ingest::simulated::{
    self, BestReachable, DIRECTION_THRESHOLD, SimulationConfig, best_reachable, ingest_simulated,
};
use crate::ingest::{
    ArchiveSource, Columns, CsvSource, IngestReport, Progress, ingest_archive, ingest_csv,
};
use crate::market::{Instrument, Interval, Market, Missing, Time};
use crate::store::Store;

/// Exit code when something was refused while the rest was stored.
const REFUSED: u8 = 3;

/// Store market data from a source
#[derive(Debug, Args)]
pub struct IngestArgs {
    #[command(subcommand)]
    source: IngestSource,
}

#[derive(Debug, Subcommand)]
enum IngestSource {
    /// Candle files of an exchange's public archive, each checked against its checksum
    Archive(ArchiveArgs),
    /// Candles of any CSV file, plain or gzip
    Csv(CsvArgs),
    /// A simulated market with a planted signal
    Simulate(SimulateArgs),
}

/// Candle files of a public archive: SYMBOL/INTERVAL/SYMBOL-INTERVAL-YYYY-MM.zip with .CHECKSUM
#[derive(Debug, Args)]
struct ArchiveArgs {
    /// Folder of the archive, at any height above the symbols
    folder: PathBuf,
    /// Market that the archive is of: `spot`, `usd_m` or `coin_m`
    #[arg(long, default_value = "spot")]
    market: Market,
    /// Name of the exchange
    #[arg(long, default_value = "binance")]
    venue: String,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
struct CsvArgs {
    /// The file, plain or gzip, with or without a header
    file: PathBuf,
    /// Symbol that is traded, such as BTCUSD
    #[arg(long)]
    symbol: String,
    /// Length of each candle, such as 1m
    #[arg(long)]
    interval: Interval,
    /// The file's columns in their order, separated by commas
    ///
    /// Known are `open_time_ms`, `open_time_us`, `open_time_s`, `open_time_ms_or_us`, `open_time`
    /// (text), `open`, `high`, `low`, `close`, `volume`, `quote_volume`, `trades`,
    /// `taker_buy_volume`, `taker_buy_quote_volume`, and `skip` for a column not to be read.
    #[arg(long)]
    columns: Columns,
    /// What an absent candle means at this source: a gap unless the store says otherwise
    #[arg(long)]
    missing: Option<MissingArg>,
    /// Market: `spot`, `usd_m` or `coin_m`
    #[arg(long, default_value = "spot")]
    market: Market,
    /// Name of the venue or source
    #[arg(long, default_value = "csv")]
    venue: String,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MissingArg {
    /// Nothing was traded: the price stood still
    NoTrade,
    /// It is not known what happened
    Gap,
}

#[derive(Debug, Args)]
struct SimulateArgs {
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Candles of the finest interval
    #[arg(long, default_value_t = 20_000)]
    candles: u32,
    /// Intervals; the finest is simulated, the others are sums of it
    #[arg(long, value_delimiter = ',', default_value = "15m,1h,4h")]
    interval: Vec<Interval>,
    /// Open time of the first candle
    #[arg(long, default_value = "2024-01-01")]
    start: Time,
    /// Plant the signal (the default)
    #[arg(long, overrides_with = "no_signal")]
    signal: bool,
    /// Plant no signal: nothing can be forecast
    #[arg(long)]
    no_signal: bool,
    /// Symbol; SIMBTC with the signal and NOISE without unless given
    #[arg(long)]
    symbol: Option<String>,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
struct Target {
    /// Folder of the store, made when absent
    #[arg(long, default_value = "store")]
    store: PathBuf,
}

/// Runs `candlewick ingest` and returns the exit code: 0, or 3 when something was refused.
///
/// # Errors
/// [`crate::ingest::IngestError`] or [`crate::store::StoreError`] when nothing could be done, and
/// [`crate::market::InstrumentError`] for names that cannot be.
pub fn run(args: &IngestArgs, json: bool) -> anyhow::Result<u8> {
    match &args.source {
        IngestSource::Archive(args) => run_archive(args, json),
        IngestSource::Csv(args) => run_csv(args, json),
        IngestSource::Simulate(args) => run_simulate(args, json),
    }
}

fn run_archive(args: &ArchiveArgs, json: bool) -> anyhow::Result<u8> {
    // The symbol is each file's own; any will do to check the venue before work begins.
    Instrument::new(&args.venue, args.market, "X")?;
    let mut store = Store::create(&args.target.store)?;
    let bar = Bar::new();
    let source = ArchiveSource { folder: &args.folder, venue: &args.venue, market: args.market };
    let report = ingest_archive(&mut store, &source, &mut |progress| bar.show(progress))?;
    drop(bar);
    tell(&args.target, json, &args.folder.display().to_string(), &report, None)
}

fn run_csv(args: &CsvArgs, json: bool) -> anyhow::Result<u8> {
    let source = CsvSource {
        file: &args.file,
        instrument: Instrument::new(&args.venue, args.market, &args.symbol)?,
        interval: args.interval,
        columns: args.columns.clone(),
        missing: args.missing.map(|missing| match missing {
            MissingArg::NoTrade => Missing::NoTrade,
            MissingArg::Gap => Missing::Gap,
        }),
    };
    let mut store = Store::create_to_fill(&args.target.store)?;
    let bar = Bar::new();
    let report = ingest_csv(&mut store, &source, &mut |progress| bar.show(progress))?;
    drop(bar);
    tell(&args.target, json, &args.file.display().to_string(), &report, None)
}

fn run_simulate(args: &SimulateArgs, json: bool) -> anyhow::Result<u8> {
    let config = SimulationConfig {
        symbol: args.symbol.clone(),
        seed: args.seed,
        candles: args.candles,
        intervals: args.interval.clone(),
        start: args.start,
        signal: args.signal || !args.no_signal,
    };
    let best = best_reachable(&config, 1, -DIRECTION_THRESHOLD, DIRECTION_THRESHOLD)
        .map_err(crate::ingest::IngestError::from)?;
    let instrument = config.instrument().map_err(crate::ingest::IngestError::from)?;
    let mut store = Store::create(&args.target.store)?;
    let report = ingest_simulated(&mut store, &config)?;
    let planted = if config.signal { "a planted signal" } else { "no signal" };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{instrument} is a {} market with {planted}", simulated::VENUE)
        .and_then(|()| {
            writeln!(
                out,
                "direction of the next candle at a fixed threshold of {DIRECTION_THRESHOLD}: best \
                 reachable accuracy {:.4}, most frequent class {:.4}",
                best.accuracy, best.prior_accuracy
            )
        })
        .context("cannot write to stdout")?;
    drop(out);
    tell(
        &args.target,
        json,
        &format!("simulated market, seed {}", config.seed),
        &report,
        Some(best),
    )
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
    for refusal in &report.refused.first {
        match refusal.line {
            Some(line) => writeln!(out, "  {}:{line}: {}", refusal.file.display(), refusal.reason)?,
            None => writeln!(out, "  {}: {}", refusal.file.display(), refusal.reason)?,
        }
    }
    let told = report.refused.first.len() as u64;
    let more = (report.refused.rows + report.refused.files).saturating_sub(told);
    if more > 0 {
        writeln!(out, "  and {more} more")?;
    }
    if written.replaced + written.outranked > 0 {
        writeln!(out, "  both versions of contradicting candles are in the store's audit table")?;
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
