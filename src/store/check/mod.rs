//! What a store holds and what is wrong with it.
//!
//! A fault makes a store unsound: it contradicts itself, or says that it has what it has not. A warning
//! is worth a look. Gaps that are known, and contradictions between sources that are in the audit table,
//! are facts about the sources and neither.

mod origins;
mod runs;
mod series;
mod sums;
mod tape;
mod verdict;
mod volumes;

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

pub use origins::{ArchiveDifference, ClockCheck};
pub use runs::MissingIds;
pub use series::{Gap, SeriesCheck};
pub use sums::{SumCheck, SumDifference};
pub use tape::ChannelCheck;
pub use volumes::VolumeCheck;

use super::ledger::{GapEntry, GapState};
use super::segment::find_leftovers;
use super::transaction::Failure;
use super::{GapReason, SeriesInfo, Store, StoreError, ValueSeriesInfo, read, repair};
use crate::market::{Channel, Missing, Span};
use sums::check_sums;
use tape::Findings;
use volumes::Volumes;

/// How many missing stretches are named one by one.
const NAMED: usize = 10;

/// Everything that [`check`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoreCheck {
    /// Folder of the store.
    pub store: PathBuf,
    /// `ok`, or what SQLite's own check says is broken.
    pub integrity: String,
    /// One entry a series.
    pub series: Vec<SeriesCheck>,
    /// One entry a pair of intervals of one instrument.
    pub sums: Vec<SumCheck>,
    /// One entry a channel of an instrument that was received.
    pub channels: Vec<ChannelCheck>,
    /// One entry a channel of trades and an interval of candles of one instrument.
    pub volumes: Vec<VolumeCheck>,
    /// The files of trades, quotes and books.
    pub segments: SegmentCheck,
    /// Entries of the ledger by state and reason.
    pub ledger: Vec<LedgerCount>,
    /// Archive files that were taken, and those whose candles are stored otherwise.
    pub archive: ArchiveCheck,
    /// How the receiver's clock stood.
    pub clocks: Vec<ClockCheck>,
    /// Series of values.
    pub values: Vec<ValueSeriesInfo>,
    /// What makes the store unsound, in words.
    pub faults: Vec<String>,
    /// What is worth a look, in words.
    pub warnings: Vec<String>,
}

/// The files under `segments/`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SegmentCheck {
    /// Files that belong to the store.
    pub files: u64,
    /// Their rows.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are missing or are not what was written.
    pub damaged: Vec<DamagedSegment>,
    /// Files that belong to nothing; the next writer removes them.
    pub leftovers: Vec<PathBuf>,
}

/// A file that is missing or is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DamagedSegment {
    /// Relative to the store's folder.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Entries of the ledger of one state and reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LedgerCount {
    /// State.
    pub state: GapState,
    /// Reason.
    pub reason: GapReason,
    /// How many.
    pub entries: u64,
}

/// Archive files that were taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ArchiveCheck {
    /// How many.
    pub files: u64,
    /// Those whose candles are stored otherwise than they were in the file.
    pub differing: Vec<ArchiveDifference>,
}

impl StoreCheck {
    /// Whether nothing was found that makes the store unsound.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Examines the whole store as it is at one moment, whatever is written meanwhile.
///
/// # Errors
/// When the database cannot be read.
pub fn check(store: &Store) -> Result<StoreCheck, StoreError> {
    store.in_snapshot(|connection| {
        let newest = if store.live { tape::newest(connection)? } else { None };
        let infos = store.series()?;
        let ends = infos.iter().map(|info| info.last.saturating_add(info.interval.ms()));
        let newest = newest.or(ends.max()).unwrap_or(0);
        let mut found = StoreCheck {
            store: store.folder.clone(),
            integrity: integrity(connection)?,
            series: Vec::new(),
            sums: all_sums(store, &infos)?,
            channels: Vec::new(),
            volumes: Vec::new(),
            segments: SegmentCheck::default(),
            ledger: Vec::new(),
            archive: ArchiveCheck::default(),
            clocks: Vec::new(),
            values: Vec::new(),
            faults: Vec::new(),
            warnings: Vec::new(),
        };
        for info in &infos {
            found.series.push(series::check_series(store, info, newest)?);
        }
        if store.live {
            live(store, connection, newest, &mut found)?;
        }
        verdict::judge(&mut found);
        Ok(found)
    })
}

fn all_sums(store: &Store, infos: &[SeriesInfo]) -> Result<Vec<SumCheck>, StoreError> {
    let mut sums = Vec::new();
    for finer in infos {
        for coarser in infos {
            if finer.instrument == coarser.instrument
                && finer.interval < coarser.interval
                && coarser.interval.is_multiple_of(finer.interval)
            {
                sums.push(check_sums(store, finer, coarser)?);
            }
        }
    }
    Ok(sums)
}

/// What a store holds besides candles.
fn live(
    store: &Store,
    connection: &Connection,
    newest: i64,
    found: &mut StoreCheck,
) -> Result<(), Failure> {
    let gaps = store.gaps(None)?;
    for state in GapState::ALL {
        for reason in GapReason::ALL {
            let alike = gaps.iter().filter(|gap| gap.state == state && gap.reason == reason);
            let entries = alike.count() as u64;
            if entries > 0 {
                found.ledger.push(LedgerCount { state, reason, entries });
            }
        }
    }
    let mut damaged = Vec::new();
    for (number, instrument, channel, received) in tape::received_channels(connection)? {
        let gaps: Vec<GapEntry> = gaps
            .iter()
            .filter(|gap| gap.instrument == instrument && gap.channel == channel)
            .cloned()
            .collect();
        let behind = newest.saturating_sub(match channel {
            Channel::Candles(interval) => received.last.0.saturating_add(interval.ms()),
            _ => received.last.0,
        });
        let mut check = ChannelCheck::new(instrument.clone(), channel, received, behind);
        let folder = &store.folder;
        let mut to =
            Findings { connection, folder, instrument: number, gaps: &gaps, damaged: &mut damaged };
        match channel {
            Channel::AggTrades | Channel::Trades => {
                let of_it = found.series.iter().filter(|series| series.instrument == instrument);
                let mut series = Vec::new();
                for interval in of_it.map(|series| series.interval) {
                    series.push((interval, store.find(&instrument, interval)?.id));
                }
                found.volumes.extend(check.trades(&mut to, Volumes::new(series))?);
            }
            Channel::Quotes => check.quotes(&mut to)?,
            Channel::Book => check.books(&mut to)?,
            Channel::Candles(_) => candles(connection, &mut check, &gaps)?,
        }
        found.channels.push(check);
    }
    found.segments = segments(store, connection, damaged)?;
    let files = store.archive_files()?;
    found.archive = ArchiveCheck {
        files: files.len() as u64,
        differing: origins::archive_differences(connection, &files)?,
    };
    found.clocks = origins::clocks(connection)?;
    found.values = store.value_series()?;
    Ok(())
}

/// Candles that were received and are neither stored nor in the ledger.
fn candles(
    connection: &Connection,
    check: &mut ChannelCheck,
    gaps: &[GapEntry],
) -> Result<(), Failure> {
    let Channel::Candles(interval) = check.channel else { return Ok(()) };
    let Some(series) = read::find_series(connection, &check.instrument, interval)? else {
        return Ok(());
    };
    let span = Span {
        start: check.received.first.0,
        end: check.received.last.0.saturating_add(interval.ms()),
    };
    check.rows = connection
        .query_row(
            "SELECT count(*) FROM candle WHERE series = ?1 AND open_time >= ?2 AND open_time < ?3",
            [series.id, span.start, span.end],
            |row| row.get::<_, i64>(0),
        )?
        .unsigned_abs();
    if series.missing == Missing::NoTrade {
        return Ok(());
    }
    for absent in repair::absent_candles(connection, series.id, interval, span)? {
        let mut open_time = absent.start;
        while open_time < absent.end {
            let candle = Span { start: open_time, end: open_time.saturating_add(1) };
            let known = gaps
                .iter()
                .filter(|gap| gap.state != GapState::Repaired)
                .find(|gap| gap.span.overlaps(candle));
            if known.is_none() {
                check.missing += 1;
                let end = open_time.saturating_add(interval.ms());
                let named = &mut check.missing_candles;
                if let Some(last) = named.last_mut().filter(|last| last.end == open_time) {
                    last.end = end;
                } else if named.len() < NAMED {
                    named.push(Span { start: open_time, end });
                }
            }
            // A known gap is passed over as a whole: it may be years long.
            let step = open_time.saturating_add(interval.ms());
            open_time = known.map_or(step, |gap| {
                let end = interval.floor(gap.span.end.saturating_sub(1));
                step.max(end.saturating_add(interval.ms()))
            });
        }
    }
    Ok(())
}

fn segments(
    store: &Store,
    connection: &Connection,
    damaged: Vec<(String, String)>,
) -> Result<SegmentCheck, Failure> {
    let mut check = SegmentCheck::default();
    let all = tape::all_segments(connection)?;
    let named = |(path, reason)| DamagedSegment { path, reason };
    check.damaged = damaged.into_iter().map(named).collect();
    for segment in &all {
        check.files += 1;
        check.rows += segment.rows.unsigned_abs();
        check.bytes += segment.bytes.unsigned_abs();
    }
    check.leftovers = find_leftovers(connection, &store.folder)?;
    Ok(check)
}

/// `ok`, or the first thing that the database's own checks find broken.
fn integrity(connection: &Connection) -> rusqlite::Result<String> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    let orphan: Option<String> =
        connection.query_row("PRAGMA foreign_key_check", [], |row| row.get(0)).optional()?;
    Ok(match orphan {
        Some(table) if found == "ok" => format!("a row of {table} refers to nothing"),
        _ => found,
    })
}
