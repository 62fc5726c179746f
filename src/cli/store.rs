//! `candlewick store`: what a store holds and whether it is sound.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::market::Missing;
use crate::store::{Gap, SeriesCheck, Store, StoreCheck, SumCheck, check};

/// Exit code when the store is damaged or its sums differ.
const UNSOUND: u8 = 3;

/// Gaps and differences printed one by one.
const SHOWN: usize = 10;

/// Examine a store
#[derive(Debug, Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    verb: StoreVerb,
}

#[derive(Debug, Subcommand)]
enum StoreVerb {
    /// Rows, gaps, zero-volume candles, conflicts and sums of every series
    Check(CheckArgs),
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Folder of the store
    #[arg(long, default_value = "store")]
    store: PathBuf,
}

/// Runs `candlewick store` and returns the exit code: 0, or 3 when the store is damaged or finer
/// candles do not sum to coarser ones.
///
/// # Errors
/// [`crate::store::StoreError`] when there is no store to read.
pub fn run(args: &StoreArgs, json: bool) -> anyhow::Result<u8> {
    let StoreVerb::Check(args) = &args.verb;
    let found = check(&Store::open(&args.store)?)?;
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&found)?).context("cannot write to stdout")?;
    } else {
        print_check(&mut out, &found).context("cannot write to stdout")?;
    }
    Ok(if found.is_sound() { 0 } else { UNSOUND })
}

fn print_check(out: &mut impl Write, found: &StoreCheck) -> std::io::Result<()> {
    writeln!(out, "{}: integrity {}", found.store.display(), found.integrity)?;
    for series in &found.series {
        print_series(out, series)?;
    }
    for sums in &found.sums {
        print_sums(out, sums)?;
    }
    Ok(())
}

fn print_series(out: &mut impl Write, series: &SeriesCheck) -> std::io::Result<()> {
    writeln!(
        out,
        "{} {}: {} candles, {} to {}, {} conflicts",
        series.instrument,
        series.interval,
        series.rows,
        series.first,
        series.last,
        series.conflicts
    )?;
    match series.missing {
        Missing::NoTrade => {
            writeln!(out, "  {} absent candles mean no trade", series.no_trade_candles)?;
        }
        Missing::Gap if series.missing_candles > 0 => {
            let (gaps, count) = (series.gaps.len(), series.missing_candles);
            writeln!(out, "  {count} absent candles in {gaps} gaps")?;
            for Gap { from, to, missing } in series.gaps.iter().take(SHOWN) {
                writeln!(out, "    {from} to {to}: {missing}")?;
            }
            print_more(out, gaps)?;
        }
        Missing::Gap => {}
    }
    if series.zero_volume > 0 {
        writeln!(out, "  {} candles without volume", series.zero_volume)?;
        for time in series.zero_volume_at.iter().take(SHOWN) {
            writeln!(out, "    {time}")?;
        }
        print_more(out, series.zero_volume as usize)?;
    }
    if series.impossible > 0 {
        writeln!(out, "  {} candles cannot be: the store is damaged", series.impossible)?;
    }
    Ok(())
}

fn print_sums(out: &mut impl Write, sums: &SumCheck) -> std::io::Result<()> {
    let SumCheck { instrument, finer, coarser, compared, differences, .. } = sums;
    if *compared == 0 {
        return writeln!(out, "{instrument}: {finer} covers no candle of {coarser}");
    }
    let verdict =
        if sums.exact { "exactly".to_owned() } else { format!("with {differences} differences") };
    writeln!(out, "{instrument}: {finer} sums to {coarser} {verdict} in {compared} candles")?;
    for difference in &sums.first_differences {
        writeln!(
            out,
            "    {} {}: {} in {coarser}, {} from {finer}",
            difference.open_time, difference.column, difference.coarser, difference.finer
        )?;
    }
    Ok(())
}

fn print_more(out: &mut impl Write, all: usize) -> std::io::Result<()> {
    match all.saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "    and {more} more"),
    }
}
