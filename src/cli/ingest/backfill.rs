//! `candlewick ingest backfill`: what a store lacks, asked of the exchange.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::exchange::ExchangeArgs;
use super::{PageBar, Place, REFUSED, STOPPED, Target, print_refusals, stop_on_signals};
use crate::ingest::IngestError;
use crate::ingest::backfill::{BackfillConfig, BackfillReport, backfill};
use crate::ingest::rest::RestClient;
use crate::market::{Interval, Time};
use crate::store::Store;

/// Pages that are asked for at once.
const THREADS: usize = 4;

/// What the store lacks of candles and trades, and its open gaps, asked of the exchange
///
/// Asks page by page under the request budget that the exchange announces, obeys its bans, and goes
/// on where it was when it is run again. What the exchange does not have is noted and never asked
/// for again. Candles are stored once they are final.
#[derive(Debug, Args)]
pub struct BackfillArgs {
    /// Symbols, separated by commas, such as BTCUSDT,ETHUSDT
    #[arg(long, value_delimiter = ',', required = true)]
    symbols: Vec<String>,
    /// Intervals of candles, separated by commas; none for trades and open gaps alone
    #[arg(long, value_delimiter = ',')]
    intervals: Vec<Interval>,
    /// First moment, such as 2024-01-01
    #[arg(long)]
    from: Time,
    /// Last moment; now unless given
    #[arg(long)]
    to: Option<Time>,
    /// Ask for aggregate trades too (a thousand a page: days of work for a busy year)
    #[arg(long)]
    trades: bool,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    exchange: ExchangeArgs,
    #[command(flatten)]
    target: Target,
}

/// Runs `candlewick ingest backfill` and returns the exit code: 3 when rows were refused, 75 when it
/// was asked to stop before it was done.
pub fn run(args: &BackfillArgs, json: bool) -> anyhow::Result<u8> {
    let instruments = args.place.instruments(&args.symbols)?;
    let config = BackfillConfig {
        instruments,
        intervals: args.intervals.clone(),
        from: args.from,
        to: args.to,
        trades: args.trades,
        threads: THREADS,
    };
    let exchange = args.exchange.load()?;
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_signals(&stop)?;
    let client = RestClient::new(&exchange.of(args.place.market).rest, args.place.market)
        .map_err(IngestError::from)?
        .stopping_with(stop);
    let mut store = Store::create(&args.target.store)?;
    let bar = PageBar::new("pages");
    let report = backfill(&mut store, &client, &config, &mut |progress| {
        bar.show(progress.done, progress.total);
    })?;
    drop(bar);
    tell(&args.target.store, &report, json).context("cannot write to stdout")?;
    Ok(match &report {
        report if report.is_stopped => STOPPED,
        report if !report.refused.is_empty() => REFUSED,
        _ => 0,
    })
}

fn tell(store: &Path, report: &BackfillReport, json: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    write!(
        out,
        "{} pages: {} candles inserted, {} unchanged",
        report.pages, report.written.inserted, report.written.unchanged
    )?;
    for (count, what) in [
        (report.written.completed, "completed"),
        (report.written.replaced, "replaced by a better source"),
        (report.written.outranked, "contradicted the store and were not taken"),
        (report.real, "that the exchange does not have"),
        (report.gap_rows, "candles and trades of gaps"),
        (report.gaps_settled, "gaps settled"),
        (report.gaps_left, "gaps still open"),
        (report.refused.rows, "rows refused"),
    ] {
        if count > 0 {
            write!(out, ", {count} {what}")?;
        }
    }
    writeln!(out, " in {}", store.display())?;
    if report.is_stopped {
        writeln!(out, "  stopped before the end: run the same command again to go on")?;
    }
    print_refusals(&mut out, &report.refused)?;
    if json {
        #[derive(Serialize)]
        struct Told<'a> {
            store: &'a Path,
            #[serde(flatten)]
            report: &'a BackfillReport,
        }
        writeln!(out, "{}", serde_json::to_string(&Told { store, report })?)?;
    }
    Ok(())
}
