//! A run folder into a report, and an inspection of features into a page: one HTML file each that
//! needs nothing but itself.

mod axes;
mod canvas;
mod charts;
mod contents;
mod downsample;
mod figures;
mod inspection;
mod journal;
mod members;
mod numbers;
mod page;
mod rates;
mod summary;
mod tables;

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::run_folder::{RunFolder, RunFolderError, write_atomic};

pub use inspection::{InspectedConfig, render_inspection};
pub use rates::{RateChart, render_rates};

/// Why a report cannot be written.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The run folder cannot be opened, or the report cannot be written into it.
    #[error(transparent)]
    RunFolder(#[from] RunFolderError),
    /// The page's template fails on this run.
    #[error("cannot lay out the report")]
    Page(#[from] minijinja::Error),
    /// A chart cannot be drawn.
    #[error("cannot draw the {chart} chart: {reason}")]
    Chart {
        /// Which chart.
        chart: &'static str,
        /// What the drawing library said.
        reason: String,
    },
}

/// Writes `report.html` into a run folder from what is in it, and returns its path.
///
/// Reads `manifest.json`, `metrics.json`, `journal.jsonl`, `chart.parquet` and `forecasts.parquet`.
/// A part that is missing or damaged becomes a section that says so. The same folder makes the same
/// bytes.
///
/// # Errors
/// When `run_folder` holds no run, or the report cannot be written.
pub fn write_report(run_folder: &Path) -> Result<PathBuf, ReportError> {
    let run = RunFolder::open(run_folder)?;
    let contents = contents::read(&run);
    let html = page::render(&contents)?;
    let path = run.report();
    write_atomic(&path, html.as_bytes()).map_err(RunFolderError::from)?;
    Ok(path)
}
