//! The public archive: downloaded, resumed, believed by its checksum, and stored.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use candlewick::ingest::{DownloadConfig, DownloadReport, IngestError, download_archive};
use candlewick::market::{Interval, Span, Time};
use candlewick::store::Store;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::files::{FileServer, Spoilt};
use super::instrument;
use super::source::{self, MINUTE};

/// 2024-01-01.
const START: i64 = 1_704_067_200_000;
const DAY: i64 = 1440 * MINUTE;

fn path(period: &str, date: &str) -> String {
    format!("data/spot/{period}/klines/BTCUSDT/1m/BTCUSDT-1m-{date}.zip")
}

fn zip(name: &str, csv: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default()).unwrap();
    zip.write_all(csv).unwrap();
    zip.finish().unwrap().into_inner()
}

/// A file of the candles in `[start, end)`.
fn candles(start: i64, end: i64) -> Vec<u8> {
    let mut csv = String::new();
    for time in (start..end).step_by(MINUTE as usize) {
        let row = source::row("BTCUSDT", time, MINUTE);
        csv += &row.replace(['[', ']', '"'], "");
        csv.push('\n');
    }
    zip("BTCUSDT-1m.csv", csv.as_bytes())
}

fn download(
    server: &FileServer,
    folder: &Path,
    from: &str,
    now: &str,
) -> Result<(DownloadReport, Store), IngestError> {
    let mut store = Store::create(&folder.join("store")).unwrap();
    let archive = folder.join("archive");
    let config = DownloadConfig {
        base: &server.base,
        folder: &archive,
        instruments: vec![instrument("BTCUSDT")],
        intervals: vec![Interval::MINUTE],
        from: from.parse().unwrap(),
        to: None,
        now: now.parse().unwrap(),
    };
    let stop = AtomicBool::new(false);
    let report = download_archive(&mut store, &config, &stop, &mut |_| {}, &mut |_| {})?;
    Ok((report, store))
}

#[test]
fn months_and_days_are_downloaded_stored_and_recorded() {
    let server = FileServer::start();
    server.add(&path("monthly", "2024-01"), &candles(START, START + 31 * DAY));
    // The month of February is not published yet, and a day of it is missing.
    for day in [1, 2, 4] {
        let start = START + (30 + day) * DAY;
        server.add(&path("daily", &format!("2024-02-0{day}")), &candles(start, start + DAY));
    }
    server.add(&path("daily", "2024-03-01"), &candles(START + 60 * DAY, START + 61 * DAY));
    let folder = TempDir::new().unwrap();
    let (report, store) = download(&server, folder.path(), "2023-12-01", "2024-03-02").unwrap();
    assert_eq!((report.downloaded, report.unchanged), (5, 0), "{report:?}");
    // December, and the days of February but three.
    assert_eq!((report.absent, report.refused.len()), (1 + 26, 0));
    assert_eq!(report.ingest.written.inserted, 35 * 1440);
    let stored = store.load(&instrument("BTCUSDT"), Interval::MINUTE, Span::ALL).unwrap();
    assert!(stored.iter().all(|candle| candle == source::candle("BTCUSDT", candle.open_time)));
    let taken = store.archive_files().unwrap();
    assert_eq!(taken.len(), 5);
    assert_eq!(
        taken[0].file.address,
        Some(format!("{}/{}", server.base, path("monthly", "2024-01")))
    );
    assert_eq!((taken[0].file.rows, taken[0].file.first), (31 * 1440, START));
    let on_disk = fs::read(folder.path().join("archive").join(path("monthly", "2024-01"))).unwrap();
    assert_eq!(taken[0].file.sha256, candlewick::store::hex(&Sha256::digest(&on_disk)));

    let (again, _) = download(&server, folder.path(), "2023-12-01", "2024-03-02").unwrap();
    assert_eq!((again.downloaded, again.unchanged), (0, 5));
    assert_eq!(again.ingest.written.inserted, 0);
    assert_eq!(server.asked(&path("monthly", "2024-01")).len(), 1);
    // A file that the archive has replaced is taken anew.
    server.add(&path("daily", "2024-03-01"), &candles(START + 60 * DAY, START + 61 * DAY - MINUTE));
    let (replaced, _) = download(&server, folder.path(), "2023-12-01", "2024-03-02").unwrap();
    assert_eq!((replaced.downloaded, replaced.unchanged), (1, 4));
}

#[test]
fn a_broken_download_goes_on_and_a_wrong_one_is_refused_after_one_more_try() {
    let server = FileServer::start();
    let (good, bad) = (path("monthly", "2024-01"), path("monthly", "2024-02"));
    server.add(&good, &candles(START, START + 3 * DAY));
    server.add(&bad, &candles(START + 31 * DAY, START + 32 * DAY));
    server.spoil(
        &good,
        &[Spoilt::Busy, Spoilt::BreaksOff(1000), Spoilt::BreaksOff(500), Spoilt::Wrong],
    );
    server.spoil(&bad, &[Spoilt::Wrong, Spoilt::Wrong, Spoilt::Wrong]);
    let folder = TempDir::new().unwrap();
    let (report, _) = download(&server, folder.path(), "2024-01-01", "2024-06-01").unwrap();
    assert_eq!((report.downloaded, report.refused.len()), (1, 1), "{report:?}");
    assert!(
        report.refused[0].contains("checksum does not match") && report.refused[0].contains(&bad)
    );
    let ranges = server.asked(&good);
    let ranges: Vec<Option<&str>> = ranges.iter().map(Option::as_deref).collect();
    assert_eq!(ranges, [None, None, Some("bytes=1000-"), Some("bytes=1500-"), None]);
    assert_eq!(server.asked(&bad).len(), 2);
    assert!(!folder.path().join("archive").join(&bad).exists());
    assert_eq!(report.ingest.written.inserted, 3 * 1440);
}

#[test]
fn a_stopped_download_goes_on_where_it_was() {
    let server = FileServer::start();
    let file = path("monthly", "2024-01");
    let content = candles(START, START + 5 * DAY);
    server.add(&file, &content);
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("archive").join(&file);
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    let digest = candlewick::store::hex(&Sha256::digest(&content));
    let part = format!("{}.{}.part", target.display(), &digest[..16]);
    fs::write(&part, &content[..2000]).unwrap();
    let (report, _) = download(&server, folder.path(), "2024-01-01", "2024-02-01").unwrap();
    assert_eq!((report.downloaded, report.bytes as usize), (1, content.len()));
    assert_eq!(server.asked(&file), [Some("bytes=2000-".to_owned())]);
    assert!(!Path::new(&part).exists());
    // A part that is longer than the file is thrown away.
    fs::remove_file(&target).unwrap();
    fs::write(&part, [content.clone(), content].concat()).unwrap();
    let (report, _) = download(&server, folder.path(), "2024-01-01", "2024-02-01").unwrap();
    assert_eq!((report.downloaded, report.ingest.written.unchanged), (1, 5 * 1440));
}

#[test]
fn bombs_and_tricks_are_refused() {
    let server = FileServer::start();
    // A hundred megabytes of zeros, in a hundred kilobytes.
    let bomb = zip("BTCUSDT-1m.csv", &vec![b'0'; 100 << 20]);
    assert!(bomb.len() < 1 << 20);
    server.add(&path("monthly", "2024-01"), &bomb);
    // The same with the size that its directory states made small.
    let mut liar = bomb.clone();
    let stated = (100_u32 << 20).to_le_bytes();
    let mut places = 0;
    for at in 0..liar.len() - 4 {
        if liar[at..at + 4] == stated {
            liar[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
            places += 1;
        }
    }
    assert!(places > 0);
    server.add(&path("monthly", "2024-02"), &liar);
    for (month, name) in [("2024-03", "../../BTCUSDT.csv"), ("2024-04", "/tmp/BTCUSDT.csv")] {
        server.add(&path("monthly", month), &zip(name, b"1,2,3"));
    }
    let folder = TempDir::new().unwrap();
    let (report, _) = download(&server, folder.path(), "2024-01-01", "2024-05-01").unwrap();
    assert_eq!(report.downloaded, 4);
    assert_eq!((report.ingest.written.inserted, report.ingest.refused.files), (0, 4));
    let reasons: Vec<&str> =
        report.ingest.refused.first.iter().map(|it| it.reason.as_str()).collect();
    assert!(reasons[0].contains("250 times as large"), "{reasons:?}");
    assert!(reasons[2].contains("../../BTCUSDT.csv") && reasons[3].contains("/tmp/BTCUSDT.csv"));
}

#[test]
fn an_archive_that_is_not_there_is_told_with_its_address() {
    let folder = TempDir::new().unwrap();
    let server = FileServer { base: "http://archive.example".to_owned(), ..FileServer::start() };
    let error = download(&server, folder.path(), "2024-01-01", "2024-02-01").unwrap_err();
    assert!(error.to_string().contains("use https"), "{error}");
    assert!(Time(START) < "2024-01-02".parse().unwrap());
}
