//! A Parquet file's digest of itself.
//!
//! Parquet's readers do not notice every flipped bit, and some flipped bits make them panic. So a file
//! carries its own sha256, taken with zeros in the digest's place, and is read only when it fits.

use std::fs;
use std::ops::Range;
use std::path::Path;

use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::KeyValue;

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

/// Says whether the file is, to the bit, what was written.
pub(super) fn check_seal(path: &Path) -> Result<(), FileError> {
    let mut bytes = fs::read(path).map_err(|error| FileError::read(path, error))?;
    let Some(place) = digest_place(&bytes) else {
        let reason = format!("it has no `{DIGEST_KEY}`, so candlewick did not write it whole");
        return Err(FileError::content(path, reason));
    };
    let written = bytes[place.clone()].to_vec();
    bytes[place].copy_from_slice(BLANK.as_bytes());
    if sha256_hex(&bytes).as_bytes() == written {
        return Ok(());
    }
    let written = String::from_utf8_lossy(&written).into_owned();
    let found = sha256_hex(&bytes);
    Err(FileError::content(path, format!("its sha256 is {found}, and it says {written}")))
}

/// Where the digest stands in a file: behind its key, a field header and a length of one byte each.
fn digest_place(bytes: &[u8]) -> Option<Range<usize>> {
    let key = DIGEST_KEY.as_bytes();
    let at = bytes.windows(key.len()).rposition(|window| window == key)?;
    let start = at + key.len() + 2;
    (start + BLANK.len() <= bytes.len()).then_some(start..start + BLANK.len())
}
