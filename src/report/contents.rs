//! Everything in a run folder that a report shows.

use std::error::Error;
use std::fs;
use std::path::Path;

use crate::forecast::Forecasts;
use crate::run_folder::{
    ChartRow, FileError, Manifest, RunFolder, RunFolderError, read_chart, read_forecasts,
    read_manifest,
};
use crate::scores::{SCORECARD_VERSION, Scorecard};

use super::journal::{self, Journal};

/// A part of the run, or a sentence on why it is not there.
pub(super) type Part<T> = Result<T, String>;

/// What a report is made of.
pub(super) struct Contents {
    /// The folder's own name.
    pub folder: String,
    /// What the run was made of.
    pub manifest: Part<Manifest>,
    /// The scores.
    pub scorecard: Part<Scorecard>,
    /// Curves and status.
    pub journal: Part<Journal>,
    /// Prices, folds and equity.
    pub chart: Part<Vec<ChartRow>>,
    /// Test forecasts.
    pub forecasts: Part<Forecasts>,
}

/// Reads what is there.
pub(super) fn read(run: &RunFolder) -> Contents {
    Contents {
        folder: run.name(),
        manifest: part(&run.manifest(), read_manifest),
        scorecard: part(&run.metrics(), read_scorecard),
        journal: part(&run.journal(), journal::read),
        chart: part(&run.chart(), read_chart),
        forecasts: part(&run.forecasts(), read_forecasts),
    }
}

fn part<T>(path: &Path, read: fn(&Path) -> Result<T, RunFolderError>) -> Part<T> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match fs::exists(path) {
        Ok(false) => Err(format!("{name} is not in the run folder; the run has not written it")),
        _ => read(path).map_err(|error| format!("{name} cannot be read: {}", reasons(&error))),
    }
}

/// The error and what caused it, without the path: the page names the file already.
fn reasons(error: &RunFolderError) -> String {
    if let RunFolderError::File(FileError::Content { reason, .. }) = error {
        return reason.clone();
    }
    let mut text = match error.source() {
        Some(source) => source.to_string(),
        None => error.to_string(),
    };
    let mut cause = error.source().and_then(Error::source);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn read_scorecard(path: &Path) -> Result<Scorecard, RunFolderError> {
    let text = fs::read_to_string(path)
        .map_err(|source| FileError::Read { path: path.to_owned(), source })?;
    let wrong = |reason: String| FileError::Content { path: path.to_owned(), reason };
    let card: Scorecard = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    if card.schema_version != SCORECARD_VERSION {
        return Err(RunFolderError::File(FileError::Version {
            path: path.to_owned(),
            found: card.schema_version.to_string(),
            known: SCORECARD_VERSION,
        }));
    }
    Ok(card)
}
