//! A venue's public archive of monthly and daily candle files into the store.

mod checksum;
mod download;
mod fetch;
mod layout;
mod months;
mod zip_file;

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use rayon::prelude::*;
use tracing::debug;

use self::layout::{CandleFile, Found};
use self::zip_file::{Contents, FileFault};
use super::error::IngestError;
use super::{IngestReport, Progress};
use crate::market::{Candle, Market};
use crate::store::{ArchiveFile, Source, Store, candles_sha256};

pub use download::{DownloadConfig, DownloadReport, download_archive};

/// Compressed bytes that are read at once, whatever the number of files.
const BYTES_AT_ONCE: u64 = 16 << 20;

/// Files that are read at once at most.
const FILES_AT_ONCE: usize = 32;

/// An archive's folder and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct ArchiveSource<'a> {
    /// Folder above `SYMBOL/INTERVAL/SYMBOL-INTERVAL-YYYY-MM.zip`, at any depth.
    pub folder: &'a Path,
    /// Name of the venue.
    pub venue: &'a str,
    /// Market that the archive is of.
    pub market: Market,
}

/// Stores every candle file of an archive, one transaction a file.
///
/// Each zip is checked against the `.CHECKSUM` file beside it before it is opened; one that fails
/// is refused and the others are stored. Files are read in parallel and written in the order of
/// their paths, so that the result does not depend on the machine.
///
/// # Errors
/// When the folder cannot be read or has no candle files, and when the store fails; files written
/// before stay whole.
pub fn ingest_archive(
    store: &mut Store,
    source: &ArchiveSource<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<IngestReport, IngestError> {
    ingest_found(store, layout::discover(source)?, progress)
}

/// Stores files that were found or downloaded.
fn ingest_found(
    store: &mut Store,
    found: Found,
    progress: &mut dyn FnMut(Progress),
) -> Result<IngestReport, IngestError> {
    let total = found.files.iter().map(|file| file.bytes).sum();
    let mut report = IngestReport { ignored: found.ignored, ..IngestReport::default() };
    for (path, reason) in found.refused {
        report.refused.file(path, reason);
    }
    let mut done = 0;
    let files = &found.files;
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel(1);
        scope.spawn(move || send_contents(files, &send));
        for (file, contents) in files.iter().zip(receive.into_iter().flatten()) {
            write_file(store, file, contents, &mut report)?;
            done += file.bytes;
            progress(Progress { done, total });
        }
        Ok::<(), IngestError>(())
    })?;
    store.settle_log()?;
    Ok(report)
}

/// Reads the files chunk by chunk, each chunk in parallel, and sends the contents in their order.
fn send_contents(files: &[CandleFile], send: &SyncSender<Vec<Result<Contents, FileFault>>>) {
    let mut rest = files;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take(FILES_AT_ONCE).take_while(|file| {
            bytes += file.bytes;
            bytes <= BYTES_AT_ONCE
        });
        let (chunk, after) = rest.split_at(fits.count().max(1));
        rest = after;
        // The writer hangs up when it failed, and tells why itself.
        if send.send(chunk.par_iter().map(zip_file::read).collect()).is_err() {
            return;
        }
    }
}

fn write_file(
    store: &mut Store,
    file: &CandleFile,
    contents: Result<Contents, FileFault>,
    report: &mut IngestReport,
) -> Result<(), IngestError> {
    report.files += 1;
    match contents {
        Ok(contents) => {
            report.rows += contents.rows;
            report.refused.append(contents.refused);
            let mut writer = store.begin(&file.instrument, file.interval, Source::Archive, None)?;
            writer.write(&contents.candles)?;
            if let Some(taken) = taken(file, &contents.candles, contents.sha256) {
                writer.record_archive_file(&taken)?;
            }
            let written = writer.commit()?;
            debug!(file = %file.path.display(), inserted = written.inserted, "stored");
            report.written.add(written);
        }
        Err(fault) => report.refused.file(file.path.clone(), fault.to_string()),
    }
    Ok(())
}

/// What the store keeps of a file whose candles it takes; nothing when it takes none.
fn taken(file: &CandleFile, candles: &[Candle], sha256: String) -> Option<ArchiveFile> {
    let name = file.path.file_name()?.to_str()?.to_owned();
    let times = || candles.iter().map(|candle| candle.open_time);
    Some(ArchiveFile {
        name,
        sha256,
        rows: candles.len() as u64,
        first: times().min()?,
        last: times().max()?,
        rows_sha256: candles_sha256(candles),
        address: file.address.clone(),
    })
}
