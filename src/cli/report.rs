//! `candlewick report RUN`: the report of a run, from its folder alone.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::report::write_report;

/// Write a run's report.html again, from its folder alone
///
/// Reads manifest.json, metrics.json, journal.jsonl, chart.parquet and forecasts.parquet and writes
/// one HTML file that needs no network and no other file. A part that is missing or damaged becomes
/// a section that says so, so a run that was stopped can be looked at as well.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Folder of the run, as `candlewick train` printed it
    #[arg(value_name = "RUN")]
    pub run_folder: PathBuf,
}

/// Writes the report and says where it is: a path, or with `--json` one object on one line.
///
/// # Errors
/// When the folder holds no run or the report cannot be written into it.
pub fn run(args: &ReportArgs, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let report = write_report(&args.run_folder)?;
    let shown = report.to_string_lossy();
    let line =
        if json { serde_json::json!({ "report": shown }).to_string() } else { shown.into_owned() };
    writeln!(out, "{line}").context("cannot write to stdout")
}
