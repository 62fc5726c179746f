//! A venue's public archive of candles from the network into a folder, and from there into the store.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tracing::info;

use super::fetch::{Fetched, fetch};
use super::ingest_found;
use super::layout::{CandleFile, Found};
use super::months::{Wanted, wanted};
use crate::ingest::error::IngestError;
use crate::ingest::rest::Web;
use crate::ingest::{IngestReport, Progress};
use crate::market::{Instrument, Interval, Span, Time};
use crate::store::Store;

/// Files that are downloaded at once.
const AT_ONCE: usize = 4;

/// What to download and where to.
#[derive(Debug, Clone)]
pub struct DownloadConfig<'a> {
    /// Address above `data/`, such as `https://data.binance.vision`.
    pub base: &'a str,
    /// Folder that gets the same layout as below that address.
    pub folder: &'a Path,
    /// What is traded.
    pub instruments: Vec<Instrument>,
    /// Lengths of candles.
    pub intervals: Vec<Interval>,
    /// First day; whole months are taken.
    pub from: Time,
    /// End; yesterday unless given.
    pub to: Option<Time>,
    /// The present, which tells the months that are over.
    pub now: Time,
}

/// What a download did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DownloadReport {
    /// Files that were not there before, or were others.
    pub downloaded: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were there already.
    pub unchanged: u64,
    /// Files that the archive does not have.
    pub absent: u64,
    /// Files that are not what their checksum says, and why.
    pub refused: Vec<String>,
    /// What became of the candles.
    pub ingest: IngestReport,
}

/// Downloads what the folder lacks, several files at once, and stores all of it.
///
/// A file that is there with the archive's checksum is not downloaded again, a part of one is gone on
/// with. The store keeps the address and the digest of each file it takes.
///
/// # Errors
/// When the archive cannot be reached after a bounded number of tries, the disk or the store fails,
/// or `stop` is set; what is downloaded stays, and the same call goes on after it.
pub fn download_archive(
    store: &mut Store,
    config: &DownloadConfig<'_>,
    stop: &AtomicBool,
    on_file: &mut dyn FnMut(Progress),
    on_bytes: &mut dyn FnMut(Progress),
) -> Result<DownloadReport, IngestError> {
    let web = Web::new(config.base)?;
    let span = Span { start: config.from.0, end: config.to.map_or(i64::MAX, |to| to.0) };
    let mut plan = VecDeque::new();
    for instrument in &config.instruments {
        for &interval in &config.intervals {
            plan.extend(wanted(instrument, interval, span, config.now));
        }
    }
    let mut report = DownloadReport::default();
    let files = fetch_all(&web, config, plan, stop, on_file, &mut report)?;
    info!(downloaded = report.downloaded, absent = report.absent, "archive downloaded");
    let found = Found { files, ..Found::default() };
    report.ingest = ingest_found(store, found, on_bytes)?;
    Ok(report)
}

/// A file and what became of it.
type Done = (Wanted, Result<Fetched, IngestError>);

/// Fetches every file and returns those that are there, in the order of their paths.
fn fetch_all(
    web: &Web,
    config: &DownloadConfig<'_>,
    plan: VecDeque<Wanted>,
    stop: &AtomicBool,
    on_file: &mut dyn FnMut(Progress),
    report: &mut DownloadReport,
) -> Result<Vec<CandleFile>, IngestError> {
    let mut progress = Progress { done: 0, total: plan.len() as u64 };
    let queue = Mutex::new(plan);
    let failed = AtomicBool::new(false);
    let mut files = Vec::new();
    let mut failure: Option<IngestError> = None;
    std::thread::scope(|scope| {
        let (send, receive) = channel();
        for _ in 0..AT_ONCE {
            let (send, queue, failed) = (send.clone(), &queue, &failed);
            scope.spawn(move || fetch_some(web, config, queue, (stop, failed), &send));
        }
        drop(send);
        for (file, fetched) in receive {
            progress.done += 1;
            match fetched {
                Ok(Fetched::Absent) if file.instead.is_empty() => report.absent += 1,
                Ok(Fetched::Absent) => progress.total += file.instead.len() as u64,
                Ok(Fetched::Refused(reason)) => report.refused.push(reason),
                Ok(fetched) => {
                    match fetched {
                        Fetched::New { bytes } => {
                            report.downloaded += 1;
                            report.bytes += bytes;
                        }
                        _ => report.unchanged += 1,
                    }
                    files.push(candle_file(config, file));
                }
                Err(error) => {
                    failed.store(true, Ordering::Relaxed);
                    failure.get_or_insert(error);
                }
            }
            on_file(progress);
        }
    });
    if let Some(error) = failure {
        return Err(error);
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    report.refused.sort();
    Ok(files)
}

/// Fetches files of the queue until it is empty or something failed.
fn fetch_some(
    web: &Web,
    config: &DownloadConfig<'_>,
    queue: &Mutex<VecDeque<Wanted>>,
    (stop, failed): (&AtomicBool, &AtomicBool),
    send: &Sender<Done>,
) {
    let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    while !failed.load(Ordering::Relaxed) {
        let Some(file) = lock().pop_front() else { return };
        let fetched = fetch(web, &address(config, &file), &config.folder.join(&file.path), stop);
        if let Ok(Fetched::Absent) = fetched {
            let days = file.instead.iter().map(|path| Wanted {
                path: path.clone(),
                instead: Vec::new(),
                ..file.clone()
            });
            lock().extend(days);
        }
        if send.send((file, fetched)).is_err() {
            return;
        }
    }
}

fn address(config: &DownloadConfig<'_>, file: &Wanted) -> String {
    format!("{}/{}", config.base.trim_end_matches('/'), file.path)
}

fn candle_file(config: &DownloadConfig<'_>, file: Wanted) -> CandleFile {
    let path = config.folder.join(&file.path);
    let bytes = std::fs::metadata(&path).map_or(0, |meta| meta.len());
    let address = Some(address(config, &file));
    CandleFile { path, bytes, instrument: file.instrument, interval: file.interval, address }
}
