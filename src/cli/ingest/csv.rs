//! `candlewick ingest csv`: candles of any CSV file.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Bar, Target, tell};
use crate::ingest::{Columns, CsvSource, ingest_csv};
use crate::market::{Instrument, Interval, Market, Missing};
use crate::store::Store;

#[derive(Debug, Args)]
pub struct CsvArgs {
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

/// Runs `candlewick ingest csv` and returns the exit code.
pub fn run(args: &CsvArgs, json: bool) -> anyhow::Result<u8> {
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
