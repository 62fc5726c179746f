//! One file of an archive onto the disk: resumed where it broke off, believed only by its checksum.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tracing::debug;

use super::checksum::{self, digest_of};
use super::zip_file::LARGEST;
use crate::files::{sha256_file, sync_folder, write_atomic};
use crate::ingest::error::IngestError;
use crate::ingest::rest::{
    Answer, Limits, RestError, Stream, Verdict, Web, WebError, backoff, verdict,
};

/// Tries of a file that meets passing faults.
const TRIES: u32 = 8;

/// Longest time that one connection may take for a file.
const LONGEST: Duration = Duration::from_hours(1);

/// Longest wait that an archive may ask for: ms.
const PATIENCE: i64 = 600_000;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fetched {
    /// It is there now and was not before.
    New { bytes: u64 },
    /// It was there already, the same.
    Same,
    /// The archive does not have it.
    Absent,
    /// It cannot be had as its checksum says.
    Refused(String),
}

/// Fetches `address` into `path`, with its checksum file beside it.
pub(super) fn fetch(
    web: &Web,
    address: &str,
    path: &Path,
    stop: &AtomicBool,
) -> Result<Fetched, IngestError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let sums = beside(path, "CHECKSUM");
    let mut reason = String::new();
    // An archive replaces its files in place: the file and its checksum may be of two versions once.
    for _ in 0..2 {
        let Some(text) = outlive(address, stop, || {
            let limits = Limits { bytes: checksum::LARGEST, ..Limits::PAGE };
            judge(address, web.get(&format!("{address}.CHECKSUM"), &[], limits)?)
        })?
        else {
            return Ok(Fetched::Absent);
        };
        let text = String::from_utf8_lossy(&text.body).into_owned();
        let expected = match digest_of(&text, name) {
            Ok(expected) => expected,
            Err(fault) => {
                reason = format!("its checksum file cannot be used: {fault}");
                continue;
            }
        };
        if file_digest(path)?.is_some_and(|actual| actual == expected) {
            write_atomic(&sums, text.as_bytes())?;
            return Ok(Fetched::Same);
        }
        let part = beside(path, &format!("{}.part", &expected[..16]));
        if outlive(address, stop, || download(web, address, &part, stop))?.is_none() {
            return Ok(Fetched::Absent);
        }
        let actual = file_digest(&part)?.unwrap_or_default();
        if actual == expected {
            write_atomic(&sums, text.as_bytes())?;
            let folder = path.parent().unwrap_or(path);
            fs::rename(&part, path)
                .and_then(|()| sync_folder(folder))
                .map_err(|error| IngestError::write(path, error))?;
            let bytes = fs::metadata(path).map_or(0, |meta| meta.len());
            return Ok(Fetched::New { bytes });
        }
        reason = format!(
            "the checksum does not match: sha256 should be {expected} and is {actual}, twice over"
        );
        fs::remove_file(&part).map_err(|error| IngestError::write(&part, error))?;
    }
    Ok(Fetched::Refused(format!("{address}: {reason}; it is not taken: try again later")))
}

/// One try that may be made again.
enum Fault {
    /// Made again after a while; at least so many milliseconds.
    Later(String, i64),
    Never(IngestError),
}

impl From<WebError> for Fault {
    fn from(error: WebError) -> Self {
        if error.is_passing() {
            Self::Later(error.to_string(), 0)
        } else {
            Self::Never(error.into())
        }
    }
}

/// Makes tries until one succeeds, within bounds; `None` is what the archive does not have.
fn outlive<T>(
    address: &str,
    stop: &AtomicBool,
    attempt: impl Fn() -> Result<Option<T>, Fault>,
) -> Result<Option<T>, IngestError> {
    let mut tries = 0;
    loop {
        let (reason, least) = match attempt() {
            Ok(got) => return Ok(got),
            Err(Fault::Never(error)) => return Err(error),
            Err(Fault::Later(reason, least)) => (reason, least),
        };
        tries += 1;
        if tries >= TRIES || least > PATIENCE {
            return Err(RestError::Tired { address: address.to_owned(), tries, reason }.into());
        }
        debug!(address, reason, "trying again");
        let mut left = backoff(tries, rand::random()).max(least);
        while left > 0 {
            stopped(address, stop)?;
            let nap = left.min(100);
            thread::sleep(Duration::from_millis(nap.unsigned_abs()));
            left -= nap;
        }
    }
}

fn stopped(address: &str, stop: &AtomicBool) -> Result<(), IngestError> {
    if stop.load(Ordering::Relaxed) {
        return Err(RestError::Stopped(address.to_owned()).into());
    }
    Ok(())
}

/// The answer when it is good, `None` when there is nothing at the address.
fn judge(address: &str, answer: Answer) -> Result<Option<Answer>, Fault> {
    if answer.status == 404 {
        return Ok(None);
    }
    match verdict(address, &answer) {
        Verdict::Good => Ok(Some(answer)),
        Verdict::Later(reason) => Err(Fault::Later(reason, 0)),
        Verdict::Barred { ms, .. } => {
            Err(Fault::Later(format!("{}: too many requests", answer.status), ms))
        }
        Verdict::Never(error) => Err(Fault::Never(error.into())),
    }
}

/// Downloads what `part` lacks of the file; `None` when there is nothing at the address.
fn download(web: &Web, address: &str, part: &Path, stop: &AtomicBool) -> Result<Option<()>, Fault> {
    let failed = |error| Fault::Never(IngestError::write(part, error));
    if let Some(folder) = part.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let have = fs::metadata(part).map_or(0, |meta| meta.len());
    let range = format!("bytes={have}-");
    let headers: &[(&str, &str)] = if have > 0 { &[("Range", &range)] } else { &[] };
    let limits = Limits { bytes: LARGEST.saturating_sub(have), time: LONGEST };
    let mut stream = web.open(address, headers, limits)?;
    let resumes = match stream.status {
        200 => false,
        206 if begins_at(&stream, have) => true,
        // A part that is no part of it: all of it is asked for again.
        206 | 416 => {
            fs::remove_file(part).map_err(failed)?;
            return Err(Fault::Later("the part downloaded before does not fit".to_owned(), 0));
        }
        _ => {
            let mut body = vec![0; 4096];
            let read = stream.next(&mut body)?;
            body.truncate(read);
            let answer = Answer { status: stream.status, headers: stream.headers, body };
            return judge(address, answer).map(|answer| answer.map(|_| ()));
        }
    };
    let mut options = OpenOptions::new();
    let mut file = if resumes { options.append(true) } else { options.write(true).truncate(true) }
        .create(true)
        .open(part)
        .map_err(failed)?;
    let mut chunk = vec![0; 1 << 16];
    loop {
        stopped(address, stop).map_err(Fault::Never)?;
        match stream.next(&mut chunk)? {
            0 => break,
            read => file.write_all(&chunk[..read]).map_err(failed)?,
        }
    }
    file.sync_all().map_err(failed)?;
    Ok(Some(()))
}

/// Whether a partial answer begins at that byte.
fn begins_at(stream: &Stream, byte: u64) -> bool {
    let range = stream.headers.get("content-range").and_then(|range| range.to_str().ok());
    let begin = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next());
    begin.and_then(|begin| begin.parse().ok()) == Some(byte)
}

/// Hex sha256 of a file; `None` when there is none.
fn file_digest(path: &Path) -> Result<Option<String>, IngestError> {
    if path.exists() { Ok(Some(sha256_file(path)?)) } else { Ok(None) }
}

/// `path` with another ending after its own.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}
