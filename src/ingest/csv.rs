//! Any candle CSV, plain or gzip, into the store.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use flate2::bufread::MultiGzDecoder;

use super::column::Columns;
use super::error::IngestError;
use super::refusal::Refusals;
use super::rows::Rows;
use super::{IngestReport, Progress};
use crate::market::{Candle, Instrument, Interval, Missing};
use crate::store::{Source, Store};

/// Candles that go from the reading to the writing thread at once: 1 MB of them, so that two threads
/// on a busy machine seldom wait for each other.
const BATCH: usize = 8192;

/// Batches that may wait to be written.
const WAITING: usize = 16;

/// A CSV file and how to read it.
#[derive(Debug, Clone)]
pub struct CsvSource<'a> {
    /// The file, plain or gzip, with or without a header.
    pub file: &'a Path,
    /// What is traded.
    pub instrument: Instrument,
    /// Length of each candle.
    pub interval: Interval,
    /// The file's columns.
    pub columns: Columns,
    /// What an absent candle means at this source; `None` keeps what the store says of the series,
    /// which for a new one is that it is a gap.
    pub missing: Option<Missing>,
}

/// Stores the candles of a CSV file in one transaction.
///
/// Rows that cannot be candles are refused and counted, the others kept; rows may be in any order.
///
/// # Errors
/// When the file cannot be read or decompressed to its end, holds no row, has a header that
/// contradicts the columns, or the store fails. Then nothing of it is stored.
pub fn ingest_csv(
    store: &mut Store,
    source: &CsvSource<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<IngestReport, IngestError> {
    let failed = |error: io::Error| IngestError::read(source.file, error);
    let file = File::open(source.file).map_err(failed)?;
    let total = file.metadata().map_err(failed)?.len();
    let done = AtomicU64::new(0);
    let counted = BufReader::with_capacity(1 << 17, Counted { file, count: &done });
    let reader = decompressed(counted).map_err(failed)?;
    let rows = Rows::new(reader, source.file, source.columns.clone(), source.interval);
    let mut writer =
        store.begin(&source.instrument, source.interval, Source::Csv, source.missing)?;
    let (count, refused) = std::thread::scope(|scope| {
        let (send, receive) = sync_channel(WAITING);
        let reading = scope.spawn(move || send_rows(rows, &send));
        for candles in receive {
            writer.write(&candles)?;
            progress(Progress { done: done.load(Ordering::Relaxed), total });
        }
        reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    if count == 0 {
        return Err(IngestError::NoRows { path: source.file.to_path_buf() });
    }
    let written = writer.commit()?;
    store.settle_log()?;
    Ok(IngestReport { files: 1, rows: count, written, refused, ..IngestReport::default() })
}

/// Sends every good row in batches and returns the number of rows met and what was refused.
fn send_rows(
    mut rows: Rows<Box<dyn BufRead + Send + '_>>,
    send: &SyncSender<Vec<Candle>>,
) -> Result<(u64, Refusals), IngestError> {
    loop {
        let candles = rows.read(BATCH)?;
        // The writer hangs up when it failed, and tells why itself.
        if candles.is_empty() || send.send(candles).is_err() {
            return Ok((rows.count, rows.refused));
        }
    }
}

/// The text of a plain or gzip file, told apart by the first two bytes.
pub(super) fn decompressed<'a>(
    mut reader: impl BufRead + Send + 'a,
) -> io::Result<Box<dyn BufRead + Send + 'a>> {
    if reader.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        Ok(Box::new(BufReader::with_capacity(1 << 17, MultiGzDecoder::new(reader))))
    } else {
        Ok(Box::new(reader))
    }
}

/// A file that counts the bytes read from it.
struct Counted<'a> {
    file: File,
    count: &'a AtomicU64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.count.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}
