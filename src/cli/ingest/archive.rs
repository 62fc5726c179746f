//! `candlewick ingest archive`: candle files of an exchange's public archive.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use clap::Args;

use super::exchange::ExchangeArgs;
use super::{Bar, PageBar, Place, REFUSED, STOPPED, Target, stop_on_signals, tell};
use crate::ingest::{
    ArchiveSource, DownloadConfig, DownloadReport, IngestError, download_archive, ingest_archive,
};
use crate::market::{Instrument, Interval, Time};
use crate::store::Store;

/// Candle files of a public archive: SYMBOL/INTERVAL/SYMBOL-INTERVAL-YYYY-MM.zip with .CHECKSUM
#[derive(Debug, Args)]
pub struct ArchiveArgs {
    /// Folder of the archive, at any height above the symbols
    folder: PathBuf,
    /// Download into the folder first what it lacks of the symbols and intervals
    #[arg(long, requires = "symbols", requires = "intervals", requires = "from")]
    download: bool,
    /// Symbols to download, separated by commas
    #[arg(long, value_delimiter = ',', requires = "download")]
    symbols: Vec<String>,
    /// Intervals to download, separated by commas
    #[arg(long, value_delimiter = ',', requires = "download")]
    intervals: Vec<Interval>,
    /// First day to download; whole months are taken
    #[arg(long, requires = "download")]
    from: Option<Time>,
    /// End of what to download; yesterday unless given
    #[arg(long, requires = "download")]
    to: Option<Time>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    exchange: ExchangeArgs,
    #[command(flatten)]
    target: Target,
}

/// Runs `candlewick ingest archive` and returns the exit code.
pub fn run(args: &ArchiveArgs, json: bool) -> anyhow::Result<u8> {
    // The symbol is each file's own; any will do to check the venue before work begins.
    Instrument::new(&args.place.venue, args.place.market, "X")?;
    if let (true, Some(from)) = (args.download, args.from) {
        return download(args, from, json);
    }
    let mut store = Store::create(&args.target.store)?;
    let bar = Bar::new();
    let source =
        ArchiveSource { folder: &args.folder, venue: &args.place.venue, market: args.place.market };
    let report = ingest_archive(&mut store, &source, &mut |progress| bar.show(progress))?;
    drop(bar);
    tell(&args.target, json, &args.folder.display().to_string(), &report, None)
}

fn download(args: &ArchiveArgs, from: Time, json: bool) -> anyhow::Result<u8> {
    let instruments = args.place.instruments(&args.symbols)?;
    let exchange = args.exchange.load()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_millis());
    let config = DownloadConfig {
        base: &exchange.archive,
        folder: &args.folder,
        instruments,
        intervals: args.intervals.clone(),
        from,
        to: args.to,
        now: Time(now as i64),
    };
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_signals(&stop)?;
    let mut store = Store::create(&args.target.store)?;
    let (files, bytes) = (PageBar::new("files"), Bar::new());
    let report = download_archive(
        &mut store,
        &config,
        &stop,
        &mut |progress| files.show(progress.done, progress.total),
        &mut |progress| bytes.show(progress),
    );
    drop((files, bytes));
    let report = match report {
        Err(IngestError::Rest(error)) if error.is_stop() => {
            tracing::warn!("{error}");
            return Ok(STOPPED);
        }
        report => report?,
    };
    print(&report).context("cannot write to stdout")?;
    let code = tell(&args.target, json, &exchange.archive, &report.ingest, None)?;
    Ok(if report.refused.is_empty() { code } else { REFUSED })
}

fn print(report: &DownloadReport) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} files downloaded ({} bytes), {} there already, {} not in the archive, {} refused",
        report.downloaded,
        report.bytes,
        report.unchanged,
        report.absent,
        report.refused.len()
    )?;
    report.refused.iter().try_for_each(|reason| writeln!(out, "  {reason}"))
}
