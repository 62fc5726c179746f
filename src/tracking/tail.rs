//! Reads a journal while another thread appends to it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::journal::{Entry, JOURNAL_FILE, JournalError};

/// Bytes read at once.
const CHUNK: u64 = 1 << 20;

/// A journal open for reading.
pub(super) struct Tail {
    file: File,
}

/// A complete line of the journal.
pub(super) struct Line {
    /// Offset of the byte after it.
    pub(super) end: u64,
    /// The entry, or the line's text when it is none.
    pub(super) entry: Result<Entry, String>,
}

impl Tail {
    /// The journal of `run_folder`.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open(run_folder: &Path) -> Result<Self, JournalError> {
        let path = run_folder.join(JOURNAL_FILE);
        // Appending is asked for since forcing to disk needs it on some systems; created, since a
        // run may start its delivery before its first event.
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path);
        Ok(Self { file: file.map_err(|source| JournalError::Open { path, source })? })
    }

    /// Length in bytes, with a line that is not complete yet.
    pub(super) fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// The next lines from `offset` on; none at the end.
    ///
    /// They are forced to disk first: what a server has must survive a power cut here, or a resumed
    /// run would record and send the same steps at other times.
    pub(super) fn read(&mut self, offset: u64) -> io::Result<Vec<Line>> {
        if self.length()? <= offset {
            return Ok(Vec::new());
        }
        self.file.sync_data()?;
        let mut bytes = Vec::new();
        loop {
            self.file.seek(SeekFrom::Start(offset + bytes.len() as u64))?;
            let read = (&self.file).take(CHUNK).read_to_end(&mut bytes)?;
            if read == 0 || bytes.contains(&b'\n') {
                break;
            }
        }
        let mut end = offset;
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(|l| l.ends_with(b"\n"));
        Ok(lines
            .map(|line| {
                end += line.len() as u64;
                let text = || String::from_utf8_lossy(line).trim_end().to_owned();
                Line { end, entry: serde_json::from_slice(line).map_err(|_| text()) }
            })
            .collect())
    }

    /// Number of complete lines from `offset` on.
    pub(super) fn count(&mut self, mut offset: u64) -> io::Result<u64> {
        let mut count = 0;
        loop {
            let lines = self.read(offset)?;
            let Some(last) = lines.last() else { return Ok(count) };
            offset = last.end;
            count += lines.len() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn only_complete_lines_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = File::create(folder.path().join(JOURNAL_FILE)).unwrap();
        let mut tail = Tail::open(folder.path()).unwrap();
        assert!(tail.read(0).unwrap().is_empty());
        let line = r#"{"seq":0,"time":1,"event":"tag","key":"k","value":"v"}"#;
        writeln!(file, "{line}\nnonsense").unwrap();
        write!(file, "{}", &line[..20]).unwrap();
        let lines = tail.read(0).unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].end, line.len() as u64 + 1);
        assert!(lines[0].entry.as_ref().is_ok_and(|entry| entry.time == 1));
        assert_eq!(lines[1].entry.as_ref().unwrap_err(), "nonsense");
        assert!(tail.read(lines[1].end).unwrap().is_empty());
        // A line longer than what is read at once.
        let long = "x".repeat(2 * CHUNK as usize + 5);
        writeln!(file, "{}{}", &line[20..], long).unwrap();
        assert_eq!(tail.read(lines[1].end).unwrap().len(), 1);
        assert_eq!(tail.count(0).unwrap(), 3);
    }
}
