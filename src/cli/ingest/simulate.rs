//! `candlewick ingest simulate`: a simulated market with a planted signal.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::{Target, tell};
use crate::fi_2010::{self, Normalisation};
use crate::ingest::simulated::{
    self, SMOOTHED_THRESHOLD, SimulationConfig, best_reachable, ingest_simulated, simulate_stocks,
};
use crate::market::{Interval, Time};
use crate::store::Store;

#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Candles of the finest interval; 20,000 unless given, and 400 a stock and day with --fi-2010
    #[arg(long)]
    candles: Option<u32>,
    /// Intervals; the finest is simulated, the others are sums of it; 15m,1h,4h unless given, and 1s
    /// with --books
    #[arg(long, value_delimiter = ',')]
    interval: Vec<Interval>,
    /// Simulate an order book too, ten levels a side at the end of each candle, and plant the signal in
    /// it
    #[arg(long)]
    books: bool,
    /// Open time of the first candle
    #[arg(long, default_value = "2024-01-01")]
    start: Time,
    /// Plant the signal (the default)
    #[arg(long, overrides_with = "no_signal")]
    signal: bool,
    /// Plant no signal: nothing can be forecast
    #[arg(long)]
    no_signal: bool,
    /// Symbol; SIMBTC with the signal and NOISE without unless given, with --books SIMBOOK and NOISEBOOK
    #[arg(long)]
    symbol: Option<String>,
    /// Write books into files of FI-2010's layout in this folder in place of the store: ten days of
    /// several stocks, labels of the smoothed mid price
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["interval", "start", "symbol", "books"])]
    fi_2010: Option<PathBuf>,
    /// Stocks of --fi-2010
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=5))]
    stocks: u8,
    /// How the values of --fi-2010 are normalised
    #[arg(long, value_enum, default_value_t = NormalisationArg::ZScore)]
    normalisation: NormalisationArg,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum NormalisationArg {
    /// By mean and standard deviation of each training file
    ZScore,
    /// By least and greatest value of each training file
    MinMax,
    /// By a power of ten for each row
    DecPre,
}

/// Runs `candlewick ingest simulate` and returns the exit code.
pub fn run(args: &SimulateArgs, json: bool) -> anyhow::Result<u8> {
    if let Some(folder) = &args.fi_2010 {
        return write_files(args, folder, json);
    }
    let intervals = match args.interval.as_slice() {
        [] if args.books => Interval::all().take(1).collect(),
        [] => SimulationConfig::default().intervals,
        given => given.to_vec(),
    };
    let config = SimulationConfig {
        symbol: args.symbol.clone(),
        seed: args.seed,
        candles: args.candles.unwrap_or(20_000),
        intervals,
        start: args.start,
        signal: args.signal || !args.no_signal,
        books: args.books,
    };
    let threshold = config.direction_threshold();
    let best = best_reachable(&config, 1, -threshold, threshold)
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
                "direction of the next candle at a fixed threshold of {threshold}: best \
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

/// Writes files of FI-2010's layout.
fn write_files(args: &SimulateArgs, folder: &Path, json: bool) -> anyhow::Result<u8> {
    let config = SimulationConfig {
        seed: args.seed,
        candles: args.candles.unwrap_or(400),
        intervals: Interval::all().take(1).collect(),
        signal: args.signal || !args.no_signal,
        books: true,
        ..SimulationConfig::default()
    };
    let books = simulate_stocks(&config, args.stocks.into(), fi_2010::DAYS)
        .map_err(crate::ingest::IngestError::from)?;
    let normalisation = match args.normalisation {
        NormalisationArg::ZScore => Normalisation::ZScore,
        NormalisationArg::MinMax => Normalisation::MinMax,
        NormalisationArg::DecPre => Normalisation::DecPre,
    };
    let files = fi_2010::write(folder, &books, normalisation, SMOOTHED_THRESHOLD)?;
    let mut out = std::io::stdout().lock();
    let mut told = format!(
        "{} files of FI-2010's layout in {}: {} stocks, {} days, {} events of each\n",
        files.len(),
        folder.display(),
        args.stocks,
        fi_2010::DAYS,
        config.candles
    );
    if json {
        told += &serde_json::json!({ "folder": folder, "files": files }).to_string();
        told.push('\n');
    }
    out.write_all(told.as_bytes()).context("cannot write to stdout")?;
    Ok(0)
}
