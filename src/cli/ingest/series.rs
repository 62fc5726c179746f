//! `candlewick ingest series`: values that are no candles.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{ArgGroup, Args};
use serde::Serialize;

use super::series_source::{self, SourceArgs, list};
use super::{REFUSED, Target, print_refusals};
use crate::ingest::alternative::{KnownBy, SeriesFile, SeriesReport, ingest_series_file};
use crate::market::{Period, Time};
use crate::store::Store;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("from").required(true))]
pub struct SeriesArgs {
    /// File of the values: CSV with a header, plain or gzip, or Parquet
    #[arg(group = "from", requires_all = ["name", "time_column", "value_column", "known"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    columns: FileArgs,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("known"))]
struct FileArgs {
    /// Name that the series gets in the store, such as `active_addresses`
    #[arg(long)]
    name: Option<String>,
    /// Column of the time that a value speaks of: a date, a time, or a number since 1970
    #[arg(long)]
    time_column: Option<String>,
    /// Column of the value
    #[arg(long)]
    value_column: Option<String>,
    /// How long after that time a value is known, such as 24h
    ///
    /// A daily value that is stamped with the start of its day is not known before the day has ended;
    /// add what its source takes to publish it. A value that differs from the stored one of its time
    /// is a revision, known from --noticed-at on.
    #[arg(long, group = "known")]
    known_after: Option<Period>,
    /// Column of the time at which a value was known; several versions of a value may be in the file
    #[arg(long, group = "known")]
    known_column: Option<String>,
    /// When the file was fetched, now unless given: revisions are known from then on
    #[arg(long, conflicts_with = "known_column")]
    noticed_at: Option<Time>,
    /// Where the values come from, for people; the file's name unless given
    #[arg(long)]
    origin: Option<String>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Told<'a> {
    store: &'a Path,
    name: &'a str,
    #[serde(flatten)]
    report: &'a SeriesReport,
}

/// Runs `candlewick ingest series` and returns the exit code.
pub fn run(args: &SeriesArgs, json: bool) -> anyhow::Result<u8> {
    let FileArgs { name, time_column, value_column, .. } = &args.columns;
    if args.source.list {
        return list(json);
    }
    if let (Some(source), Some(name)) = (&args.source.source, name) {
        let known_after = args.columns.known_after;
        return series_source::run(source, name, &args.source, known_after, &args.target, json);
    }
    let (Some(path), Some(name), Some(time_column), Some(value_column)) =
        (&args.file, name, time_column, value_column)
    else {
        anyhow::bail!("no file; name one with --name, --time-column and --value-column");
    };
    let file_name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let source = SeriesFile {
        path,
        name,
        origin: args.columns.origin.as_deref().unwrap_or(&file_name),
        time_column,
        value_column,
        known: known_by(&args.columns)?,
    };
    let mut store = Store::create(&args.target.store)?;
    let report = ingest_series_file(&mut store, &source)?;
    tell(&args.target, json, name, &report)
}

fn known_by(args: &FileArgs) -> anyhow::Result<KnownBy> {
    let now = || Time(jiff::Timestamp::now().as_millisecond());
    match (&args.known_column, args.known_after) {
        (Some(column), _) => Ok(KnownBy::Column(column.clone())),
        (None, Some(delay)) => {
            Ok(KnownBy::After { delay, noticed_at: args.noticed_at.unwrap_or_else(now) })
        }
        (None, None) => {
            anyhow::bail!("it is not said when the values were known; give --known-after")
        }
    }
}

/// Prints what was done and returns the exit code.
fn tell(target: &Target, json: bool, name: &str, report: &SeriesReport) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    print(&mut out, &target.store, name, report).context("cannot write to stdout")?;
    if json {
        let told = Told { store: &target.store, name, report };
        writeln!(out, "{}", serde_json::to_string(&told)?).context("cannot write to stdout")?;
    }
    Ok(if report.refused.is_empty() { 0 } else { REFUSED })
}

fn print(
    out: &mut impl Write,
    store: &Path,
    name: &str,
    report: &SeriesReport,
) -> std::io::Result<()> {
    let written = &report.written;
    write!(out, "{name}: {} inserted, {} unchanged", written.inserted, written.unchanged)?;
    for (count, what) in [
        (written.late, "late"),
        (written.revised, "revised"),
        (report.empty, "empty rows left out"),
        (report.refused.rows, "rows refused"),
    ] {
        if count > 0 {
            write!(out, ", {count} {what}")?;
        }
    }
    writeln!(out, " in {}", store.display())?;
    print_refusals(out, &report.refused)
}
