//! Digests of content.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::FileError;

/// Lower-case hex sha256 of `bytes`.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex sha256 of the file at `path`, read in pieces.
///
/// # Errors
/// When the file cannot be read.
pub fn sha256_file(path: &Path) -> Result<String, FileError> {
    let wrong = |error| FileError::read(path, error);
    let mut file = File::open(path).map_err(wrong)?;
    let mut sum = Sha256::new();
    add(&mut file, &mut sum).map_err(wrong)?;
    Ok(hex(&sum.finalize()))
}

/// Adds all that `from` gives, in pieces.
pub(super) fn add(from: &mut impl Read, sum: &mut Sha256) -> io::Result<()> {
    let mut piece = vec![0; 1 << 16];
    loop {
        let length = from.read(&mut piece)?;
        if length == 0 {
            return Ok(());
        }
        sum.update(&piece[..length]);
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // printf abc | sha256sum; head -c 200000 /dev/zero | sha256sum
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn digests_equal_sha256sum() {
        assert_eq!(sha256_hex(b"abc"), ABC);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"abc").unwrap();
        assert_eq!(sha256_file(&path).unwrap(), ABC);
        let long = vec![0; 200_000];
        std::fs::write(&path, &long).unwrap();
        assert_eq!(sha256_file(&path).unwrap(), sha256_hex(&long));
        assert!(sha256_file(folder.path()).is_err());
    }
}
