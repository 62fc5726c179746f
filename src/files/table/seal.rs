//! A Parquet file's digest of itself.
//!
//! Parquet's readers do not notice every flipped bit, and some flipped bits make them panic. So a file
//! carries its own sha256, taken with zeros in the digest's place, and is read only when it fits.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::KeyValue;
use sha2::{Digest, Sha256};

use crate::files::digest::{add, hex};
use crate::files::{FileError, sha256_hex};

/// Key under which a file gives its own sha256.
const DIGEST_KEY: &str = "candlewick.sha256";

/// What stands in the digest's place while the digest is taken.
const BLANK: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The pair that [`seal`] fills in.
pub(super) fn blank_seal() -> KeyValue {
    KeyValue::new(DIGEST_KEY.to_owned(), BLANK.to_owned())
}

/// Puts the digest of a whole file into its place.
pub(super) fn seal(bytes: &mut [u8]) -> ParquetResult<()> {
    let place = digest_place(bytes)
        .filter(|place| bytes[place.clone()] == *BLANK.as_bytes())
        .ok_or_else(|| ParquetError::General("no place for the digest".to_owned()))?;
    let digest = sha256_hex(bytes);
    bytes[place].copy_from_slice(digest.as_bytes());
    Ok(())
}

/// Puts the digest of a whole file into its place, reading the file in pieces.
pub(super) fn seal_file(file: &mut File, path: &Path) -> Result<(), FileError> {
    let wrong = |error| FileError::read(path, error);
    let place = find_place(file).map_err(wrong)?;
    let place = place.ok_or_else(|| FileError::invalid(path, "no place for the digest"))?;
    let (digest, _) = digest(file, place).map_err(wrong)?;
    file.seek(SeekFrom::Start(place))
        .and_then(|_| file.write_all(digest.as_bytes()))
        .map_err(|error| FileError::write(path, error))
}

/// Says whether the file is, to the bit, what was written; reads it in pieces.
pub(super) fn check_seal(path: &Path) -> Result<(), FileError> {
    let wrong = |error| FileError::read(path, error);
    let mut file = File::open(path).map_err(wrong)?;
    let Some(place) = find_place(&mut file).map_err(wrong)? else {
        let reason = format!("it has no `{DIGEST_KEY}`, so candlewick did not write it whole");
        return Err(FileError::content(path, reason));
    };
    let (found, written) = digest(&mut file, place).map_err(wrong)?;
    if found.as_bytes() == written {
        return Ok(());
    }
    let written = String::from_utf8_lossy(&written).into_owned();
    Err(FileError::content(path, format!("its sha256 is {found}, and it says {written}")))
}

/// Where the digest stands in a file: in the metadata, whose length is told before the last 4 bytes.
fn find_place(file: &mut File) -> io::Result<Option<u64>> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut ending = [0; 8];
    if length < ending.len() as u64 {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(length - 8))?;
    file.read_exact(&mut ending)?;
    let [a, b, c, d, ..] = ending;
    let from = (length - 8).saturating_sub(u64::from(u32::from_le_bytes([a, b, c, d])));
    let mut metadata = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    Read::take(&mut *file, length - from).read_to_end(&mut metadata)?;
    Ok(digest_place(&metadata).map(|place| from + place.start as u64))
}

/// The file's digest with zeros at `place`, and what stands there.
fn digest(file: &mut File, place: u64) -> io::Result<(String, Vec<u8>)> {
    file.seek(SeekFrom::Start(0))?;
    let mut before = Read::take(&mut *file, place);
    let mut sum = Sha256::new();
    add(&mut before, &mut sum)?;
    let mut written = vec![0; BLANK.len()];
    file.read_exact(&mut written)?;
    sum.update(BLANK);
    add(file, &mut sum)?;
    Ok((hex(&sum.finalize()), written))
}

/// Where the digest stands in a file: behind its key, a field header and a length of one byte each.
fn digest_place(bytes: &[u8]) -> Option<Range<usize>> {
    let key = DIGEST_KEY.as_bytes();
    let at = bytes.windows(key.len()).rposition(|window| window == key)?;
    let start = at + key.len() + 2;
    (start + BLANK.len() <= bytes.len()).then_some(start..start + BLANK.len())
}
