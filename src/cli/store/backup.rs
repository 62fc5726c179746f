//! `candlewick store backup`: a copy while others write.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::store::{Store, backup};

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// Folder of the copy; new or empty
    folder: PathBuf,
    /// Folder of the store
    #[arg(long, default_value = "store")]
    store: PathBuf,
}

/// Makes the copy and says what it is.
pub(super) fn run(args: &BackupArgs, json: bool) -> anyhow::Result<()> {
    let made = backup(&Store::open(&args.store)?, &args.folder)?;
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&made)?)
    } else {
        let (folder, segments, bytes) = (made.folder.display(), made.segments, made.bytes);
        writeln!(out, "{folder}: a verified copy, {segments} segments, {bytes} bytes")
    }
    .context("cannot write to stdout")
}
