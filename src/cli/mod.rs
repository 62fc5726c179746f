//! The command line: one file a subcommand; the only place that prints and picks the device.

// This is where printing belongs, and doc comments are help texts: backticks would show in a terminal.
#![allow(clippy::print_stderr, clippy::doc_markdown)]

pub mod cuda_needs;
pub mod device;
mod doctor;
mod exit;
mod features;
mod ingest;
mod nets;
mod predict;
mod pretrain;
mod progress;
mod report;
mod schema;
mod store;
mod sync;
mod train;

use std::io::IsTerminal;

use clap::{ArgAction, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::kernels::memory::keep_freed;

pub use exit::exit_code;

/// Train, compare and honestly evaluate nets on market data.
///
/// The usual way: `ingest` candles into a store, `train` a config on it, open the report, then
/// `predict` new candles from the run's checkpoint. Data goes to stdout, logs and progress to
/// stderr.
///
/// Exit codes: 0 done, 2 wrong config or usage, 3 wrong or missing data, 4 no such device,
/// 75 stopped after a checkpoint (run again with --resume), 1 anything else.
#[derive(Debug, Parser)]
#[command(name = "candlewick", version, propagate_version = true, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
    /// Print warnings and errors only
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print more of what happens; twice for everything
    #[arg(long, short, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Print the result as one JSON object on the last line of stdout
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put candles into a store
    Ingest(ingest::IngestArgs),
    /// Look into a store: what it has, its gaps and contradictions
    Store(store::StoreArgs),
    /// List and describe the features, look at those of a config, check that none looks ahead
    Features(features::Args),
    /// List the nets, and say what each is made of and costs
    Nets(nets::Args),
    /// Train a config on a store, with forecasts, scores, checkpoints and a report
    Train(train::Args),
    /// Train a config's net without labels, for `training.warm_start`
    Pretrain(pretrain::Args),
    /// Forecast new candles with a run's checkpoint
    Predict(predict::Args),
    /// Write a run's report again
    Report(report::ReportArgs),
    /// Deliver the journals of runs to a tracking server
    Sync(sync::SyncArgs),
    /// Print the JSON schema of the config
    Schema(schema::Args),
    /// Say what this machine and this build can do, and what is missing
    Doctor(doctor::Args),
}

/// Parses the command line, runs the command and returns the exit code.
#[must_use]
pub fn run() -> u8 {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // A closed pipe is no reason to fail.
            let _ = error.print();
            return code;
        }
    };
    start_logs(line.quiet, line.verbose);
    let (json, mut out) = (line.json, std::io::stdout());
    let has_tensors = matches!(
        line.command,
        Command::Train(_) | Command::Pretrain(_) | Command::Predict(_) | Command::Nets(_)
    );
    if has_tensors {
        keep_freed();
    }
    let result = match line.command {
        Command::Ingest(args) => ingest::run(&args, json),
        Command::Store(args) => store::run(&args, json),
        Command::Features(args) => features::run(&args, json, line.quiet),
        Command::Nets(args) => nets::run(&args, json, &mut out).map(|()| 0),
        Command::Train(args) => train::run(&args, json, line.quiet),
        Command::Pretrain(args) => pretrain::run(&args, json, line.quiet),
        Command::Predict(args) => predict::run(&args, json),
        Command::Report(args) => report::run(&args, json, &mut out).map(|()| 0),
        Command::Sync(args) => sync::run(&args, json).map(|()| 0),
        Command::Schema(args) => schema::run(&args, &mut out).map(|()| 0),
        Command::Doctor(args) => doctor::run(&args, json, &mut out).map(|()| 0),
    };
    result.unwrap_or_else(|error| {
        if is_broken_pipe(&error) {
            return 0;
        }
        let code = exit_code(&error);
        eprintln!("error: {error:#}");
        if std::env::var_os("RUST_BACKTRACE").is_some() && line.verbose > 0 {
            eprintln!("{error:?}");
        }
        code
    })
}

/// Logs go to stderr: text for people, JSON lines when stderr is not a terminal.
fn start_logs(quiet: bool, verbose: u8) {
    let level = match (quiet, verbose) {
        (true, _) => "warn",
        (false, 0) => "candlewick=info,warn",
        (false, 1) => "candlewick=debug,info",
        (false, _) => "trace",
    };
    let filter =
        EnvFilter::try_from_env("CANDLEWICK_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(progress::LogWriter::new);
    if std::io::stderr().is_terminal() {
        let colours = std::env::var_os("NO_COLOR").is_none();
        logs.with_ansi(colours).with_target(false).compact().init();
    } else {
        logs.with_ansi(false).json().flatten_event(true).init();
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
