//! `candlewick ingest simulate`: a simulated market with a planted signal.

use std::io::Write;

use anyhow::Context;
use clap::Args;

use super::{Target, tell};
use crate::ingest::simulated::{self, SimulationConfig, best_reachable, ingest_simulated};
use crate::market::{Interval, Time};
use crate::store::Store;

#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Candles of the finest interval
    #[arg(long, default_value_t = 20_000)]
    candles: u32,
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
    #[command(flatten)]
    target: Target,
}

/// Runs `candlewick ingest simulate` and returns the exit code.
pub fn run(args: &SimulateArgs, json: bool) -> anyhow::Result<u8> {
    let intervals = match args.interval.as_slice() {
        [] if args.books => Interval::all().take(1).collect(),
        [] => SimulationConfig::default().intervals,
        given => given.to_vec(),
    };
    let config = SimulationConfig {
        symbol: args.symbol.clone(),
        seed: args.seed,
        candles: args.candles,
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
