//! `candlewick features inspect`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;

use crate::config::Override;
use crate::inspection::Inspection;
use crate::market::Time;
use crate::pipeline::{InspectRequest, inspect_features};

/// Write a page that shows what a config's features and labels look like
///
/// One self-contained HTML file: of each feature its distribution, what it lacks and why,
/// stationarity, autocorrelation, drift from training to test rows, mutual information with each
/// label and rank correlation with the forward return, each beside what chance gives; clusters of
/// features that say the same; class balance over time; labels drawn over candles. All of it but
/// drift is measured on one fold's training rows.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Config in YAML; see model_configs/ and `candlewick schema`
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// Folder of the store
    #[arg(long, value_name = "FOLDER", default_value = "store", env = "CANDLEWICK_STORE")]
    store: PathBuf,
    /// File to write [default: NAME_features.html, NAME being the config's]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Fold whose training rows are measured [default: the first, which no fold's test rows are in]
    #[arg(long, value_name = "FOLD")]
    fold: Option<String>,
    /// First candle to draw labels over (UTC) [default: up to the end of the training rows]
    #[arg(long, value_name = "TIME")]
    chart_from: Option<Time>,
    /// Change one value of the config, such as labels.horizon=12; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Override>,
}

/// Writes the page and says where it is, or with `--json` every measure.
pub fn run(args: &Args, json: bool, out: &mut dyn Write) -> Result<()> {
    let outcome = inspect_features(&InspectRequest {
        config: args.config.clone(),
        overrides: args.set.clone(),
        store: args.store.clone(),
        fold: args.fold.clone(),
        chart_from: args.chart_from,
        page: args.out.clone(),
    })?;
    if json {
        writeln!(out, "{}", outcome.to_json())?;
        return Ok(());
    }
    for (name, columns) in warned(&outcome.inspection) {
        writeln!(out, "{columns:>4} columns  {name}")?;
    }
    writeln!(out, "page  {}", outcome.page.display())?;
    Ok(())
}

/// Columns with each kind of warning.
fn warned(inspection: &Inspection) -> Vec<(&'static str, usize)> {
    let mut kinds = Vec::new();
    for warning in inspection.features.iter().flat_map(|feature| &feature.warnings) {
        match kinds.iter_mut().find(|(kind, _)| *kind == warning.kind) {
            Some((_, columns)) => *columns += 1,
            None => kinds.push((warning.kind, 1)),
        }
    }
    kinds.sort_unstable();
    kinds.into_iter().map(|(kind, columns)| (kind.name(), columns)).collect()
}
