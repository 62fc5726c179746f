//! Candle files of a public archive, found by their names.

use std::fs;
use std::path::{Path, PathBuf};

use tracing::warn;

use super::ArchiveSource;
use crate::ingest::error::IngestError;
use crate::market::{Instrument, Interval};

/// Folders inside one another that are searched.
const DEPTH: usize = 16;

/// A candle file of an archive.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CandleFile {
    pub path: PathBuf,
    pub bytes: u64,
    pub instrument: Instrument,
    pub interval: Interval,
    /// Where it was downloaded from.
    pub address: Option<String>,
}

/// What lies in an archive's folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Candle files by path.
    pub files: Vec<CandleFile>,
    /// Zip files that look like candle files but cannot be, and why.
    pub refused: Vec<(PathBuf, String)>,
    /// Candle files of an interval that is not known here.
    pub ignored: u64,
}

/// Finds every candle file under the folder, in the order of paths; other files are passed over.
pub(super) fn discover(source: &ArchiveSource<'_>) -> Result<Found, IngestError> {
    let mut found = Found::default();
    walk(source.folder, source, DEPTH, &mut found)?;
    if found.files.is_empty() && found.refused.is_empty() {
        return Err(IngestError::NoArchives { folder: source.folder.to_path_buf() });
    }
    found.files.sort_by(|one, other| one.path.cmp(&other.path));
    found.refused.sort();
    Ok(found)
}

fn walk(
    folder: &Path,
    source: &ArchiveSource<'_>,
    depth: usize,
    found: &mut Found,
) -> Result<(), IngestError> {
    let failed = |error| IngestError::read(folder, error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        if entry.file_type().map_err(failed)?.is_dir() {
            if depth > 0 {
                walk(&path, source, depth - 1, found)?;
            }
        } else if let Some(name) = candle_file(&path) {
            match name.interval.parse() {
                Err(_) => {
                    warn!(file = %path.display(), interval = name.interval, "interval not known");
                    found.ignored += 1;
                }
                Ok(interval) => match Instrument::new(source.venue, source.market, name.symbol) {
                    Err(error) => found.refused.push((path, error.to_string())),
                    Ok(instrument) => {
                        let bytes = fs::metadata(&path).map_err(failed)?.len();
                        found.files.push(CandleFile {
                            path,
                            bytes,
                            instrument,
                            interval,
                            address: None,
                        });
                    }
                },
            }
        }
    }
    Ok(())
}

struct Name<'a> {
    symbol: &'a str,
    interval: &'a str,
}

/// Symbol and interval of `SYMBOL/INTERVAL/SYMBOL-INTERVAL-YYYY-MM.zip` or `…-YYYY-MM-DD.zip`.
fn candle_file(path: &Path) -> Option<Name<'_>> {
    let parent = path.parent()?;
    let interval = parent.file_name()?.to_str()?;
    let symbol = parent.parent()?.file_name()?.to_str()?;
    let name = path.file_name()?.to_str()?.strip_suffix(".zip")?;
    let date = name.strip_prefix(symbol)?.strip_prefix('-')?.strip_prefix(interval)?;
    let numbers: Vec<&str> = date.strip_prefix('-')?.split('-').collect();
    let lengths: Vec<usize> = numbers.iter().map(|number| number.len()).collect();
    let digits = numbers.iter().all(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    let dated = digits && (lengths == [4, 2] || lengths == [4, 2, 2]);
    dated.then_some(Name { symbol, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_candle_files_are_taken() {
        let takes = |path: &str| candle_file(Path::new(path)).map(|name| name.symbol.to_owned());
        assert_eq!(takes("a/BTCUSDT/1h/BTCUSDT-1h-2024-01.zip").unwrap(), "BTCUSDT");
        assert_eq!(takes("a/BTC_PERP/1h/BTC_PERP-1h-2024-01-31.zip").unwrap(), "BTC_PERP");
        assert!(takes("a/BTCUSDT/1h/BTCUSDT-1h-2024-01.zip.CHECKSUM").is_none());
        assert!(takes("a/BTCUSDT/1h/ETHUSDT-1h-2024-01.zip").is_none());
        assert!(takes("a/BTCUSDT/1h/BTCUSDT-4h-2024-01.zip").is_none());
        assert!(takes("a/BTCUSDT/1h/BTCUSDT-1h-2024.zip").is_none());
        assert!(takes("a/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-01.zip").is_none());
        assert!(takes("BTCUSDT-1h-2024-01.zip").is_none());
    }
}
