//! What a `.CHECKSUM` file of an archive says.

use thiserror::Error;

/// Largest checksum file, bytes.
pub(super) const LARGEST: u64 = 4096;

/// A text that is not the checksum of a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum ChecksumFault {
    #[error("it does not begin with a sha256 in hexadecimal")]
    NoDigest,
    #[error("it is the checksum of another file, {0}")]
    OtherFile(String),
}

/// The digest that a checksum file states for the file `name`, hex in lower case.
pub(super) fn digest_of(text: &str, name: &str) -> Result<String, ChecksumFault> {
    let mut words = text.split_whitespace();
    let digest = words.next().unwrap_or_default().to_ascii_lowercase();
    if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(ChecksumFault::NoDigest);
    }
    // sha256sum marks a file read in binary with an asterisk.
    match words.next().map(|word| word.trim_start_matches('*')).filter(|&word| word != name) {
        Some(other) => Err(ChecksumFault::OtherFile(other.chars().take(200).collect())),
        None => Ok(digest),
    }
}
