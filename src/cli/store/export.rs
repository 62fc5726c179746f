//! `candlewick store export`: Parquet files for other tools.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::market::{Span, Time};
use crate::store::{ExportRequest, Store, export};

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Folder to write to; new or empty
    folder: PathBuf,
    /// Folder of the store
    #[arg(long, default_value = "store")]
    store: PathBuf,
    /// From this time on (UTC), such as 2025-01-01
    #[arg(long)]
    from: Option<Time>,
    /// Until before this time (UTC)
    #[arg(long)]
    to: Option<Time>,
    /// These symbols alone, without values, such as BTCUSDT,ETHUSDT
    #[arg(long, value_delimiter = ',')]
    symbols: Option<Vec<String>>,
}

/// Writes the files and says what they are.
pub(super) fn run(args: &ExportArgs, json: bool) -> anyhow::Result<()> {
    let span = Span {
        start: args.from.map_or(i64::MIN, |time| time.0),
        end: args.to.map_or(i64::MAX, |time| time.0),
    };
    let request = ExportRequest { span, symbols: args.symbols.clone() };
    let manifest = export(&Store::open(&args.store)?, &args.folder, &request)?;
    let files = manifest.files.len();
    let rows: u64 = manifest.files.iter().map(|file| file.rows).sum();
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    let (folder, mut out) = (args.folder.display(), std::io::stdout().lock());
    if json {
        let result = json!({ "folder": args.folder, "files": files, "rows": rows, "bytes": bytes });
        writeln!(out, "{result}")
    } else {
        writeln!(out, "{folder}: {files} files with {rows} rows in {bytes} bytes")
    }
    .context("cannot write to stdout")
}
