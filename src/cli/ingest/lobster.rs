//! `candlewick ingest lobster`: LOBSTER's pairs of files.

use std::path::PathBuf;

use clap::Args;

use super::{PageBar, Target, tell};
use crate::ingest::{LobsterSource, ingest_lobster};
use crate::market::{Instrument, Market, Time};
use crate::store::Store;

/// A day of LOBSTER: books and executions
///
/// Executions are stored as trades, of which `data.candles: trades` makes candles.
#[derive(Debug, Args)]
pub struct LobsterArgs {
    /// The message file, such as `AAPL_2012-06-21_34200000_57600000_message_10.csv`
    messages: PathBuf,
    /// The order-book file of the same day
    books: PathBuf,
    /// Symbol that is traded
    #[arg(long)]
    symbol: String,
    /// The exchange's midnight in UTC, such as 2012-06-21T04:00:00Z for New York in summer
    #[arg(long)]
    midnight: Time,
    /// Keep the last book of each stretch of so many milliseconds
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=86_400_000))]
    every_ms: u32,
    /// Name of the exchange in the store
    #[arg(long, default_value = "nasdaq")]
    venue: String,
    #[command(flatten)]
    target: Target,
}

/// Runs `candlewick ingest lobster` and returns the exit code: 3 when rows were refused.
pub fn run(args: &LobsterArgs, json: bool) -> anyhow::Result<u8> {
    let source = LobsterSource {
        messages: &args.messages,
        books: &args.books,
        instrument: Instrument::new(&args.venue, Market::Spot, &args.symbol)?,
        midnight: args.midnight,
        every_ms: args.every_ms,
    };
    let mut store = Store::create(&args.target.store)?;
    let bar = PageBar::new("rows");
    let report = ingest_lobster(&mut store, &source, &mut |progress| {
        bar.show(progress.done, progress.total);
    })?;
    drop(bar);
    tell(&args.target, json, &args.messages.display().to_string(), &report, None)
}
