//! `candlewick features check`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::leaks::{Beginning, Finding, Report, TestCount};
use crate::market::Instrument;
use crate::pipeline::{self, CheckFeaturesRequest, InstrumentReport};

/// Exit code when a column leaks, or when something could not be checked.
const LEAKS: u8 = 3;

/// Columns whose dependence on the beginning of the data is printed.
const SHOWN: usize = 10;

/// Check that no feature, label or fitted number of a config knows the future
///
/// Every column is computed again on other versions of the stored data and compared bit for bit with
/// the columns of the whole data, at random decision times and where look-ahead likes to hide: inside
/// gaps and right before a value becomes known.
///
///   truncated  the data ends there: the same features; every label whose span has ended, no other
///   poisoned   all that was not known then is huge: nothing before changes
///   shuffled   it stands in another order: nothing before changes
///   removed    it is full of holes: nothing before changes
///   delayed    the newest value of each series becomes known too late: it is not used
///   shifted    all of the data 400 and 800 years later: the same values
///   fitted     scaler, thresholds and units fitted with all other rows made huge: the same numbers
///   repeated   the same data again: the same values
///
/// Besides the features as they are, those that enter the net are checked, scaled by the first and
/// the last fold's scaler, and the classes of these folds' thresholds. A leak is told with its column,
/// row, both values and the likely cause with its remedy. A column of which nothing could be compared
/// counts as not checked, never as sound.
///
/// At the end stands how much the newest values depend on where the data begins: recursive features
/// remember it. That is no leak; it says how much history live forecasting needs.
///
/// Exit code 0 when all was checked and nothing leaks, else 3.
#[derive(Debug, clap::Args)]
// The list of tests keeps its lines.
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Config in YAML; see model_configs/ and `candlewick schema`
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// Folder of the store
    #[arg(long, value_name = "FOLDER", default_value = "store", env = "CANDLEWICK_STORE")]
    store: PathBuf,
    /// Random decision times to look at; half as many are added where look-ahead likes to hide
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    points: u32,
    /// Seed of the decision times and of the futures [default: the config's]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

/// Prints what was compared and found; 3 when something leaks or could not be checked.
///
/// # Errors
/// Whatever keeps the columns from being computed: config, data or disk.
pub fn run(args: &Args, json: bool, quiet: bool) -> anyhow::Result<u8> {
    let request = CheckFeaturesRequest {
        config: args.config.clone(),
        store: args.store.clone(),
        points: args.points as usize,
        seed: args.seed,
    };
    let bar = bar(quiet);
    let reports = pipeline::check_features(&request, &mut |instrument, done, all| {
        show(&bar, instrument, done, all);
    });
    bar.finish_and_clear();
    let reports = reports?;
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", object(args, &reports)).context("cannot write to stdout")?;
    } else {
        print(&mut out, &reports).context("cannot write to stdout")?;
    }
    let clean = !reports.is_empty() && reports.iter().all(|found| found.report.is_clean());
    Ok(if clean { 0 } else { LEAKS })
}

fn bar(quiet: bool) -> ProgressBar {
    let hidden = quiet || !std::io::stderr().is_terminal();
    let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} eta {eta}") {
        bar.set_style(style);
    }
    bar
}

/// On a terminal a bar, else a log line every so often.
fn show(bar: &ProgressBar, instrument: &Instrument, done: usize, all: usize) {
    bar.set_length(all as u64);
    bar.set_prefix(instrument.to_string());
    bar.set_position(done as u64);
    if bar.is_hidden() && (done == all || done.is_multiple_of(10)) {
        tracing::info!(%instrument, done, all, "checking");
    }
}

fn object(args: &Args, reports: &[InstrumentReport]) -> serde_json::Value {
    let leaks: usize = reports.iter().map(|found| found.report.findings.len()).sum();
    let unchecked: usize = reports.iter().map(|found| found.report.unchecked.len()).sum();
    let instruments: Vec<_> = reports
        .iter()
        .map(|found| json!({ "instrument": found.instrument, "report": found.report }))
        .collect();
    json!({
        "config": args.config,
        "store": args.store,
        "clean": leaks == 0 && unchecked == 0 && !reports.is_empty(),
        "leaks": leaks,
        "unchecked": unchecked,
        "instruments": instruments,
    })
}

fn print(out: &mut impl Write, reports: &[InstrumentReport]) -> std::io::Result<()> {
    for InstrumentReport { instrument, report } in reports {
        writeln!(
            out,
            "{instrument}: {} rows of {} features and {} labels, {} fitted numbers, {} decision times",
            report.rows,
            report.features,
            report.labels,
            report.fitted,
            report.points.len()
        )?;
        print_tests(out, report)?;
        for finding in &report.findings {
            print_finding(out, finding)?;
        }
        for unchecked in &report.unchecked {
            writeln!(out, "not checked, nothing to compare: {unchecked}")?;
        }
        print_beginnings(out, report)?;
        let (leaks, unchecked) = (report.findings.len(), report.unchecked.len());
        match (leaks, unchecked) {
            (0, 0) => writeln!(out, "no leak in {} comparisons", report.comparisons())?,
            _ => writeln!(out, "{leaks} leaks, {unchecked} columns not checked")?,
        }
    }
    Ok(())
}

fn print_tests(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    writeln!(out, "  test       points  columns  comparisons  differences")?;
    for TestCount { test, points, columns, comparisons, differences } in &report.tests {
        let (name, question) = (test.name(), test.question());
        writeln!(
            out,
            "  {name:<9}  {points:>6}  {columns:>7}  {comparisons:>11}  {differences:>11}  {question}"
        )?;
    }
    Ok(())
}

fn print_finding(out: &mut impl Write, finding: &Finding) -> std::io::Result<()> {
    let value =
        |value: Option<f64>| value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
    let Finding { column, test, decision, known_until, suspicion, remedy, .. } = finding;
    writeln!(out, "leak: {column}: {suspicion} (found by {})", test.name())?;
    writeln!(
        out,
        "  decided {decision}: {} in the whole data, {} when what came after {known_until} was changed; {} of {} values differ",
        value(finding.whole),
        value(finding.other),
        finding.differences,
        finding.comparisons
    )?;
    writeln!(out, "  remedy: {remedy}")
}

fn print_beginnings(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    let depends = |one: &&Beginning| one.off.iter().flatten().any(|&off| off > 0.0);
    let depending: Vec<_> = report.beginnings.iter().filter(depends).collect();
    let all = report.beginnings.len();
    let warm_up = if report.warm_up < 3_600_000 {
        format!("{} s", (report.warm_up + 999) / 1_000)
    } else {
        format!("{:.0} h", report.warm_up as f64 / 3_600_000.0)
    };
    if all == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "{} of {all} features remember where the data begins; the newest value off by, with 1, 2 and 4 times {warm_up} of data:",
        depending.len()
    )?;
    let off = |off: Option<f64>| off.map_or_else(|| "-".to_owned(), |off| format!("{off:.3e}"));
    for Beginning { column, value, off: [once, twice, four_times] } in depending.iter().take(SHOWN)
    {
        let (once, twice, four_times) = (off(*once), off(*twice), off(*four_times));
        writeln!(out, "  {column:<32} {value:>12.5}  {once:>10} {twice:>10} {four_times:>10}")?;
    }
    match depending.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more, which --json lists"),
    }
}
