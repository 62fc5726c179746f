//! One zip of an archive: checksum first, then its one CSV.

use std::fs;
use std::io::{BufReader, Cursor, Read};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};
use thiserror::Error;
use zip::ZipArchive;

use super::ArchiveFile;
use crate::ingest::column::Columns;
use crate::ingest::refusal::Refusals;
use crate::ingest::rows::Rows;
use crate::market::Candle;
use crate::store::hex;

/// Bytes of the largest zip and of the largest CSV that are read; a month of one-second candles
/// takes about a third of it.
const LARGEST: u64 = 1 << 30;

/// The rows of a file.
#[derive(Debug)]
pub(super) struct Contents {
    pub candles: Vec<Candle>,
    pub rows: u64,
    pub refused: Refusals,
}

/// Why a whole file is refused.
#[derive(Debug, Error)]
pub(super) enum FileFault {
    #[error("cannot read {}: {error}", path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error(
        "there is no checksum file {}; download it from where the zip came from",
        path.display()
    )]
    NoChecksum { path: PathBuf },
    #[error("{} does not begin with a sha256 in hexadecimal; download it again", path.display())]
    BadChecksum { path: PathBuf },
    #[error("{} is the checksum of another file, {other}; download it again", path.display())]
    OtherChecksum { path: PathBuf, other: String },
    #[error(
        "the checksum does not match: sha256 should be {expected} and is {actual}; \
         download the file again"
    )]
    Mismatch { expected: String, actual: String },
    #[error("the file is larger than 1 GiB")]
    TooLarge,
    #[error("it is not a zip that can be read: {0}")]
    Zip(#[from] zip::result::ZipError),
    #[error("it holds {0} entries instead of one CSV")]
    Entries(usize),
    #[error("its entry `{0}` is not a plain CSV file name")]
    EntryName(String),
    #[error("its CSV is larger than 1 GiB")]
    CsvTooLarge,
    #[error("its CSV cannot be read: {0}")]
    Csv(String),
    #[error("its CSV holds no candles")]
    NoRows,
}

/// Checks the file and reads its rows; nothing is unpacked to the disk.
pub(super) fn read(file: &ArchiveFile) -> Result<Contents, FileFault> {
    if file.bytes > LARGEST {
        return Err(FileFault::TooLarge);
    }
    let expected = expected_digest(&file.path)?;
    let bytes =
        fs::read(&file.path).map_err(|error| FileFault::Read { path: file.path.clone(), error })?;
    let actual = hex(&Sha256::digest(&bytes));
    if actual != expected {
        return Err(FileFault::Mismatch { expected, actual });
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    if archive.len() != 1 {
        return Err(FileFault::Entries(archive.len()));
    }
    let entry = archive.by_index(0)?;
    let name = entry.name()?.into_owned();
    if !entry.is_file() || !is_plain_csv(&name) {
        return Err(FileFault::EntryName(name));
    }
    // The size that the entry states may be a lie, so that what is read is limited too.
    if entry.size() > LARGEST {
        return Err(FileFault::CsvTooLarge);
    }
    let mut limited = entry.take(LARGEST + 1);
    let contents = read_rows(file, &mut limited)?;
    if limited.limit() == 0 {
        return Err(FileFault::CsvTooLarge);
    }
    if contents.rows == 0 { Err(FileFault::NoRows) } else { Ok(contents) }
}

fn read_rows(file: &ArchiveFile, csv: impl Read) -> Result<Contents, FileFault> {
    let reader = BufReader::with_capacity(1 << 17, csv);
    let mut rows = Rows::new(reader, &file.path, Columns::of_archive(), file.interval);
    let candles = rows.read(usize::MAX).map_err(|error| FileFault::Csv(error.to_string()))?;
    Ok(Contents { candles, rows: rows.count, refused: rows.refused })
}

/// The digest that the file's `.CHECKSUM` states.
fn expected_digest(file: &Path) -> Result<String, FileFault> {
    let mut path = file.as_os_str().to_owned();
    path.push(".CHECKSUM");
    let path = PathBuf::from(path);
    let mut text = String::new();
    match fs::File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(FileFault::NoChecksum { path });
        }
        Err(error) => return Err(FileFault::Read { path, error }),
        Ok(checksum) => {
            if checksum.take(4096).read_to_string(&mut text).is_err() {
                return Err(FileFault::BadChecksum { path });
            }
        }
    }
    let mut words = text.split_whitespace();
    let digest = words.next().unwrap_or_default().to_ascii_lowercase();
    if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(FileFault::BadChecksum { path });
    }
    // sha256sum marks a file read in binary with an asterisk.
    let other = words.next().map(|name| name.trim_start_matches('*'));
    match other.filter(|&name| file.file_name().is_none_or(|file| file != name)) {
        Some(other) => Err(FileFault::OtherChecksum { path, other: other.to_owned() }),
        None => Ok(digest),
    }
}

/// Whether an entry's name is one file name that ends in `.csv`, with no folder in it.
fn is_plain_csv(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let plain = matches!(parts.next(), Some(Component::Normal(_))) && parts.next().is_none();
    plain
        && !name.contains(['\\', '/', '\0'])
        && Path::new(name).extension().is_some_and(|extension| extension == "csv")
}
