//! `candlewick ingest recorded`: recorded messages of an exchange.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use garde::Validate;
use serde::{Deserialize, Serialize};

use super::{Bar, REFUSED, Target};
use crate::config::{Override, load_part};
use crate::ingest::live::desk::BookSettings;
use crate::ingest::recorded::{RecordedConfig, RecordedReport, ingest_recorded};
use crate::market::{Instrument, Market};
use crate::store::Store;

/// Recorded messages through the code of the live ingest: books, trades, quotes, candles
///
/// Lines of `<receive time ns> <json>`, or of `<receive time s>: <json>` below a header, with REST
/// answers of whole books between them or in a file of their own; plain or gzip. Several files are
/// read in the order given, as if they were one.
#[derive(Debug, Args)]
pub struct RecordedArgs {
    /// The files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Market of files whose header does not say it: `spot`, `usd_m` or `coin_m`
    #[arg(long, default_value = "spot")]
    market: Market,
    /// Name of the exchange in the store
    #[arg(long, default_value = "binance")]
    venue: String,
    /// YAML file with `books` settings: levels, every_ms, most_held, longest_silence_ms
    #[arg(long)]
    config: Option<PathBuf>,
    /// Change one of them, such as books.every_ms=100
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Override>,
    #[command(flatten)]
    target: Target,
}

#[derive(Default, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
struct Given {
    #[garde(dive)]
    books: BookSettings,
}

/// Runs `candlewick ingest recorded` and returns the exit code: 3 when rows or lines were refused.
pub fn run(args: &RecordedArgs, json: bool) -> anyhow::Result<u8> {
    // The symbols are the messages' own; any will do to check the venue before work begins.
    Instrument::new(&args.venue, args.market, "X")?;
    let given = load_part::<Given>(args.config.as_deref(), &args.set)?;
    let config =
        RecordedConfig { venue: args.venue.clone(), market: args.market, books: given.books };
    let mut store = Store::create(&args.target.store)?;
    let bar = Bar::new();
    let mut show = |progress| bar.show(progress);
    let report = ingest_recorded(&mut store, &args.files, &config, &mut show, &mut |_, _| {})?;
    drop(bar);
    tell(&args.target.store, &report, json).context("cannot write to stdout")?;
    let malformed: u64 = report.desks.iter().map(|desk| desk.counts.malformed).sum();
    Ok(if report.refused + report.skipped + malformed > 0 { REFUSED } else { 0 })
}

fn tell(store: &Path, report: &RecordedReport, json: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} lines of {} files: {} books, {} trades, {} quotes, {} candles inserted, {} were there, \
         {} gaps in the ledger, {} lines skipped in {}",
        report.lines,
        report.files,
        report.books,
        report.trades,
        report.quotes,
        report.candles,
        report.ignored,
        report.gaps,
        report.skipped,
        store.display()
    )?;
    for desk in &report.desks {
        let books = desk.counts.books;
        write!(
            out,
            "  {}: {} book updates, {} resyncs, {} of {} moments crossed",
            desk.market, books.applied, books.resyncs, books.crossed, books.kept
        )?;
        if books.kept > 0 {
            write!(out, ", at least {} levels a side", books.least_levels)?;
        }
        if !desk.out_of_step.is_empty() {
            write!(out, ", no whole book for {}", desk.out_of_step.join(", "))?;
        }
        writeln!(out)?;
    }
    if json {
        #[derive(Serialize)]
        struct Told<'a> {
            store: &'a Path,
            #[serde(flatten)]
            report: &'a RecordedReport,
        }
        writeln!(out, "{}", serde_json::to_string(&Told { store, report })?)?;
    }
    Ok(())
}
