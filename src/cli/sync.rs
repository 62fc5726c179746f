//! `candlewick sync`: delivers runs to an MLflow server after the fact.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::tracking::{Delivery, Server, TrackingConfig, sync, sync_to};

/// Deliver runs to an MLflow server after the fact
///
/// Sends what the server has not got yet of each run's journal, with the times at which things
/// happened. A run that is delivered already sends nothing, so the command can be repeated. The
/// server is --uri, else `MLFLOW_TRACKING_URI`, else the one in the run's config.
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// Run folders
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Address of the server, such as <http://127.0.0.1:5000>
    #[arg(long)]
    pub uri: Option<String>,
}

/// Delivers each run, prints what was sent, and goes on past those that fail.
///
/// # Errors
/// When a run could not be delivered whole; the message names the first.
pub fn run(args: &SyncArgs, json: bool) -> anyhow::Result<()> {
    let config = TrackingConfig::default();
    let server = args.uri.as_deref().map(|uri| Server::at(uri, &config)).transpose()?;
    let mut stdout = std::io::stdout().lock();
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for folder in &args.runs {
        let delivered = match &server {
            Some(server) => sync_to(server, folder, &config),
            None => sync(folder, &config),
        };
        let result = match delivered {
            Ok(delivery) => {
                if !json {
                    writeln!(stdout, "{}", line(folder, &delivery))?;
                }
                json!({ "run": folder, "delivery": delivery })
            }
            Err(error) => {
                let error = anyhow::Error::new(error);
                let result = json!({ "run": folder, "error": format!("{error:#}") });
                failed.push((folder, error));
                result
            }
        };
        done.push(result);
    }
    if json {
        writeln!(stdout, "{}", json!({ "runs": done }))?;
    }
    report(failed)
}

/// What one delivery sent, in one line.
fn line(folder: &Path, delivery: &Delivery) -> String {
    let folder = folder.display();
    let url = delivery.run_url.as_deref().unwrap_or("no page");
    let sent = &delivery.sent;
    let line = if sent.is_empty() {
        format!("{folder}: nothing new, {url}")
    } else {
        format!(
            "{folder}: {} params, {} metric points, {} tags, {} datasets, {} files, {url}",
            sent.params, sent.points, sent.tags, sent.datasets, sent.files
        )
    };
    match delivery.refused {
        0 => line,
        refused => format!("{line} ({refused} refused, see tracking_refused.jsonl there)"),
    }
}

fn report(failed: Vec<(&PathBuf, anyhow::Error)>) -> anyhow::Result<()> {
    let others = failed.len().saturating_sub(1);
    match failed.into_iter().next() {
        None => Ok(()),
        Some((folder, error)) => {
            let more = if others > 0 { format!(" (and {others} more)") } else { String::new() };
            Err(error.context(format!("failed to deliver {}{more}", folder.display())))
        }
    }
}
