//! `candlewick ingest live`: an exchange's streams into the store until it is stopped.

use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;

use super::book_states::{BookStates, Newest};
use super::{Place, Target, stop_on_signals};
use crate::config::{Override, load_part};
use crate::ingest::exchange::StreamKind;
use crate::ingest::live::{LiveConfig, LiveSettings, LiveStatus, run_live};
use crate::market::{BookSnapshot, Instrument, Period};
use crate::store::Store;

/// An exchange's streams into the store until it is stopped
///
/// Candles, trades, quotes and order books as they come, with every stretch that was missed in the
/// ledger, and what the exchange gives again asked for at once. SIGINT and SIGTERM write what was
/// received and end with exit code 0.
#[derive(Debug, Args)]
pub struct LiveArgs {
    /// Symbols, separated by commas, such as BTCUSDT,ETHUSDT
    #[arg(long, value_delimiter = ',', required = true)]
    symbols: Vec<String>,
    /// Streams of each, separated by commas: kline_INTERVAL, aggTrade, trade, depth@100ms, bookTicker
    #[arg(long, value_delimiter = ',', default_value = "kline_1m,aggTrade,depth@100ms")]
    streams: Vec<StreamKind>,
    #[command(flatten)]
    place: Place,
    /// YAML file with settings: exchange, books, connection, writer
    #[arg(long)]
    config: Option<PathBuf>,
    /// Change one of them, such as books.every_ms=100
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Override>,
    /// End after so long, such as 10m
    #[arg(long)]
    duration: Option<Period>,
    /// Time between two lines of --json; a terminal is told every second
    #[arg(long, default_value = "60s")]
    status_every: Period,
    #[command(flatten)]
    target: Target,
}

/// Runs `candlewick ingest live` and returns the exit code.
pub fn run(args: &LiveArgs, json: bool) -> anyhow::Result<u8> {
    let line = std::io::stderr().is_terminal().then(ProgressBar::new_spinner);
    let time = |period: Period| Duration::from_millis(period.ms().max(1) as u64);
    let every = time(args.status_every);
    let config = LiveConfig {
        venue: args.place.venue.clone(),
        market: args.place.market,
        symbols: args.symbols.iter().map(|symbol| symbol.trim().to_owned()).collect(),
        streams: args.streams.clone(),
        settings: load_part::<LiveSettings>(args.config.as_deref(), &args.set)?,
        duration: args.duration.map(time),
        status_every: if line.is_some() { every.min(Duration::from_secs(1)) } else { every },
    };
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_signals(&stop)?;
    let store = Store::create(&args.target.store)?;
    let mut printed = 0.0;
    let books = RefCell::new(BookStates::new(config.settings.books.every_ms));
    let mut on_status = |status: &LiveStatus| {
        if let Some(line) = &line {
            line.set_message(sentence(status) + &books.borrow().sentence());
            line.tick();
        }
        if json && status.uptime_s - printed >= every.as_secs_f64() * 0.99 {
            printed = status.uptime_s;
            // A closed pipe must not end an ingest.
            let _ = print_json(&args.target.store, status, &books.borrow());
        }
    };
    let mut on_book =
        |instrument: &Instrument, book: &BookSnapshot| books.borrow_mut().take(instrument, book);
    let report = run_live(store, &config, &stop, &mut on_status, &mut on_book)?;
    if let Some(line) = line {
        line.finish_and_clear();
    }
    if json {
        print_json(&args.target.store, &report, &books.borrow())
            .context("cannot write to stdout")?;
    } else {
        let store = args.target.store.display();
        writeln!(std::io::stdout(), "{} in {store}", sentence(&report))
            .context("cannot write to stdout")?;
    }
    Ok(0)
}

fn print_json(store: &Path, status: &LiveStatus, books: &BookStates) -> std::io::Result<()> {
    #[derive(Serialize)]
    struct Told<'a> {
        store: &'a Path,
        #[serde(flatten)]
        status: &'a LiveStatus,
        newest_books: Vec<Newest<'a>>,
    }
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{}",
        serde_json::to_string(&Told { store, status, newest_books: books.newest() })?
    )?;
    out.flush()
}

fn sentence(status: &LiveStatus) -> String {
    let rows = status.rows;
    let lag = status.lag_ms.map_or_else(|| "-".to_owned(), |lag| format!("{lag} ms"));
    format!(
        "{} messages, {:.0}/s, lag {lag}, {} connections, {} reconnects, {} gaps, {} settled, \
         {} of {} books in step, queue {}, {} dropped; stored {} books, {} trades, {} quotes, \
         {} candles",
        status.messages,
        status.messages_per_s,
        status.connections,
        status.reconnects,
        status.gaps_found,
        status.gaps_settled,
        status.books.0,
        status.books.1,
        status.queue,
        status.dropped + status.shed,
        rows.books,
        rows.trades + rows.repaired,
        rows.quotes,
        rows.candles
    )
}
