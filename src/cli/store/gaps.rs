//! `candlewick store gaps`: the ledger.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::market::Time;
use crate::store::{GapState, Store};

#[derive(Debug, Args)]
pub(super) struct GapsArgs {
    /// Folder of the store
    #[arg(long, default_value = "store")]
    store: PathBuf,
    /// Entries of this state alone: open, repaired, real or lost
    #[arg(long)]
    state: Option<GapState>,
}

/// Prints every entry.
pub(super) fn run(args: &GapsArgs, json: bool) -> anyhow::Result<()> {
    let gaps = Store::open(&args.store)?.gaps(args.state)?;
    let mut out = std::io::stdout().lock();
    let mut print = || -> std::io::Result<()> {
        if json {
            return writeln!(out, "{}", json!({ "gaps": gaps }));
        }
        for gap in &gaps {
            let (from, to) = (Time(gap.span.start), Time(gap.span.end));
            write!(out, "{} {} {from} to {to}", gap.instrument, gap.channel)?;
            if let Some((first, last)) = gap.ids {
                write!(out, ", ids {first} to {last}")?;
            }
            writeln!(out, ": {} ({})", gap.state, gap.reason)?;
        }
        writeln!(out, "{} entries", gaps.len())
    };
    print().context("cannot write to stdout")
}
