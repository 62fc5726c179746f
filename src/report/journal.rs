//! Loss curves and status out of `journal.jsonl`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;

use crate::event::{Event, Status};
use crate::run_folder::{FileError, RunFolderError};

/// What the report takes from the journal.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Journal {
    /// Loss by fold, in the order in which the folds were trained.
    pub losses: Vec<FoldLoss>,
    /// The state entered last.
    pub status: Option<Status>,
    /// Times of the first and the last entry, ms UTC.
    pub first_last: Option<(i64, i64)>,
    /// Lines that hold no event; a torn last line is not counted.
    pub unreadable: usize,
}

/// Loss of one fold's training over its steps.
#[derive(Debug, Default, PartialEq)]
pub(super) struct FoldLoss {
    /// Name of the fold.
    pub fold: String,
    /// Step and loss on training batches.
    pub train: Vec<(f64, f64)>,
    /// Step and loss on the validation rows.
    pub valid: Vec<(f64, f64)>,
}

/// Reads the journal; a line that is no event is counted and passed over.
pub(super) fn read(path: &Path) -> Result<Journal, RunFolderError> {
    let wrong = |source| FileError::Read { path: path.to_owned(), source };
    let mut file = BufReader::new(File::open(path).map_err(wrong)?);
    let mut journal = Journal::default();
    let mut places = BTreeMap::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if file.read_until(b'\n', &mut line).map_err(wrong)? == 0 {
            return Ok(journal);
        }
        match serde_json::from_slice(&line) {
            Ok(line) => journal.take(&mut places, line),
            Err(_) if line.ends_with(b"\n") => journal.unreadable += 1,
            Err(_) => {}
        }
    }
}

/// What the report reads of a line: `{"seq": …, "time": …, "event": "metric", …}`.
#[derive(Deserialize)]
struct Line {
    time: i64,
    #[serde(flatten)]
    event: Event,
}

impl Journal {
    fn take(&mut self, places: &mut BTreeMap<String, usize>, Line { time, event }: Line) {
        let (first, last) = self.first_last.unwrap_or((time, time));
        self.first_last = Some((first.min(time), last.max(time)));
        match event {
            Event::Status { status } => self.status = Some(status),
            Event::Metric { key, value, step } => {
                let mut parts = key.split('/');
                let (section, fold) = (parts.next(), parts.next());
                let (Some(section), Some(fold), Some("loss"), None) =
                    (section, fold, parts.next(), parts.next())
                else {
                    return;
                };
                if section != "train" && section != "valid" {
                    return;
                }
                let place = *places.entry(fold.to_owned()).or_insert_with(|| {
                    self.losses.push(FoldLoss { fold: fold.to_owned(), ..FoldLoss::default() });
                    self.losses.len() - 1
                });
                let loss = &mut self.losses[place];
                let curve = if section == "train" { &mut loss.train } else { &mut loss.valid };
                curve.push((step as f64, value));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_status_and_torn_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let lines = [
            r#"{"seq":0,"time":5,"event":"status","status":"RUNNING"}"#,
            r#"{"seq":1,"time":6,"event":"metric","key":"train/fold_1/loss","value":1.5,"step":10}"#,
            r#"{"seq":2,"time":7,"event":"metric","key":"valid/fold_1/loss","value":"NaN","step":10}"#,
            r#"{"seq":3,"time":8,"event":"metric","key":"system/cpu","value":3,"step":10}"#,
            "not json",
            r#"{"seq":4,"time":9,"event":"status","status":"KILLED"}"#,
            r#"{"seq":5,"time":10,"eve"#,
        ];
        std::fs::write(&path, lines.join("\n")).unwrap();
        let journal = read(&path).unwrap();
        assert_eq!(journal.status, Some(Status::Killed));
        assert_eq!(journal.first_last, Some((5, 9)));
        assert_eq!(journal.unreadable, 1);
        assert_eq!(journal.losses.len(), 1);
        assert_eq!(journal.losses[0].train, [(10.0, 1.5)]);
        assert!(journal.losses[0].valid[0].1.is_nan());
    }
}
