//! One zip of an archive: checksum first, then its one CSV.

use std::fs;
use std::io::{BufReader, Cursor, Read};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};
use thiserror::Error;
use zip::ZipArchive;

use super::checksum::{self, ChecksumFault, digest_of};
use super::layout::CandleFile;
use crate::ingest::column::Columns;
use crate::ingest::refusal::Refusals;
use crate::ingest::rows::Rows;
use crate::market::Candle;
use crate::store::hex;

/// Bytes of the largest zip and of the largest CSV that are read; a month of one-second candles
/// takes about a third of it.
pub(super) const LARGEST: u64 = 1 << 30;

/// How many times larger than its zip a CSV may be; candles in which nothing is traded reach 20.
const MOST_RATIO: u64 = 250;

/// The rows of a file.
#[derive(Debug)]
pub(super) struct Contents {
    /// Hex sha256 of the zip.
    pub sha256: String,
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
    #[error("{} cannot be used: {fault}; download it again", path.display())]
    Checksum { path: PathBuf, fault: ChecksumFault },
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
    #[error("its CSV is more than {MOST_RATIO} times as large as the zip: this is no candle file")]
    Ratio,
    #[error("its CSV cannot be read: {0}")]
    Csv(String),
    #[error("its CSV holds no candles")]
    NoRows,
}

/// Checks the file and reads its rows; nothing is unpacked to the disk.
pub(super) fn read(file: &CandleFile) -> Result<Contents, FileFault> {
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
    let (most, fault) = match file.bytes.saturating_mul(MOST_RATIO) {
        most if most < LARGEST => (most, FileFault::Ratio),
        _ => (LARGEST, FileFault::CsvTooLarge),
    };
    if entry.size() > most {
        return Err(fault);
    }
    let mut limited = entry.take(most + 1);
    let contents = read_rows(file, actual, &mut limited)?;
    if limited.limit() == 0 {
        return Err(fault);
    }
    if contents.rows == 0 { Err(FileFault::NoRows) } else { Ok(contents) }
}

fn read_rows(file: &CandleFile, sha256: String, csv: impl Read) -> Result<Contents, FileFault> {
    let reader = BufReader::with_capacity(1 << 17, csv);
    let mut rows = Rows::new(reader, &file.path, Columns::of_archive(), file.interval);
    let candles = rows.read(usize::MAX).map_err(|error| FileFault::Csv(error.to_string()))?;
    Ok(Contents { candles, rows: rows.count, refused: rows.refused, sha256 })
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
            if checksum.take(checksum::LARGEST).read_to_string(&mut text).is_err() {
                return Err(FileFault::Checksum { path, fault: ChecksumFault::NoDigest });
            }
        }
    }
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    digest_of(&text, name).map_err(|fault| FileFault::Checksum { path, fault })
}

/// Whether an entry's name is one file name that ends in `.csv`, with no folder in it.
fn is_plain_csv(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let plain = matches!(parts.next(), Some(Component::Normal(_))) && parts.next().is_none();
    plain
        && !name.contains(['\\', '/', '\0'])
        && Path::new(name).extension().is_some_and(|extension| extension == "csv")
}
