//! `candlewick store`: what a store holds, whether it is sound, and copies of it.

mod backup;
mod check;
mod export;
mod gaps;

use clap::{Args, Subcommand};

/// Examine and copy a store
#[derive(Debug, Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    verb: StoreVerb,
}

#[derive(Debug, Subcommand)]
enum StoreVerb {
    /// Rows, gaps, conflicts, sums, sequences, books, files and clocks; exit code 3 when unsound
    ///
    /// Faults make a store unsound: a damaged database or segment, impossible candles, candles or
    /// trades that do not sum to others, ids and candles that are neither stored nor in the gap
    /// ledger, rows that are there twice, crossed books, candles that are not those of the archive
    /// file that they came from. Warnings do not: docs/FORMATS.md lists both.
    Check(check::CheckArgs),
    /// Entries of the gap ledger
    Gaps(gaps::GapsArgs),
    /// Write Parquet files in hive folders with a manifest, for polars, DuckDB and pandas
    Export(export::ExportArgs),
    /// Copy a store while others write to it, and verify the copy
    Backup(backup::BackupArgs),
}

/// Runs `candlewick store` and returns the exit code: 0, or 3 when `check` finds the store unsound.
///
/// # Errors
/// [`crate::store::StoreError`] when there is no store to read, or a copy cannot be written.
pub fn run(args: &StoreArgs, json: bool) -> anyhow::Result<u8> {
    match &args.verb {
        StoreVerb::Check(args) => check::run(args, json),
        StoreVerb::Gaps(args) => gaps::run(args, json).map(|()| 0),
        StoreVerb::Export(args) => export::run(args, json).map(|()| 0),
        StoreVerb::Backup(args) => backup::run(args, json).map(|()| 0),
    }
}
