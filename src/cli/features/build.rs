//! `candlewick features build`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use crate::config::{self, Override};
use crate::features::CandleOrigin;
use crate::market::Instrument;
use crate::pipeline::{FeatureRequest, PipelineError, build_features};
use crate::store::Store;

/// Build a config's features into a sealed Parquet file, in the memory that the config allows
///
/// One row a candle that has all its features: `open_time` and a float a feature, named as in
/// `features list`, with @INTERVAL for those of coarser candles. Candles are read and rows
/// written in parts, so that years of one-minute candles fit in `features.memory`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Config in YAML; its `data` names one symbol
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// Folder of the store
    #[arg(long, value_name = "FOLDER", default_value = "store", env = "CANDLEWICK_STORE")]
    store: PathBuf,
    /// Parquet file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Change one value of the config, such as features.memory=256MiB; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Override>,
}

/// Writes the file and says how many rows it has.
pub fn run(args: &Args, json: bool, out: &mut dyn Write) -> Result<()> {
    let config = config::load(&args.config, &args.set)?;
    let [symbol] = &config.data.symbols[..] else {
        let many = "one file takes one symbol; name it with --set data.symbols=[SYMBOL]";
        return Err(PipelineError::Config(many.to_owned()).into());
    };
    if config.data.candles == CandleOrigin::Trades {
        let trades = "candles made of trades are not built into a file; set data.candles to stored";
        return Err(PipelineError::Config(trades.to_owned()).into());
    }
    let request = FeatureRequest {
        instrument: &Instrument::new(&config.data.venue, config.data.market, symbol)?,
        interval: config.data.interval,
        context: &config.data.context,
        span: config.data.span(),
        features: &config.features,
    };
    let rows = build_features(&Store::open(&args.store)?, &request, &args.out)?;
    if json {
        writeln!(out, "{}", json!({ "rows": rows, "file": args.out }))?;
    } else {
        writeln!(out, "{rows} rows  {}", args.out.display())?;
    }
    Ok(())
}
