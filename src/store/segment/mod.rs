//! Parquet files under `segments/` that hold trades, quotes and books which have come to rest.
//!
//! A file is written to a temporary name, synced and renamed before the transaction that names it and
//! takes its rows from the pending ones is committed. So rows are in one of the two at any time, and a
//! file that no row of the database names is a leftover of a process that was killed in between.

mod layout;
mod leftover;
mod read;
mod roll;

use std::path::{Component, Path, PathBuf};

use rusqlite::{Connection, Row, params};

use crate::files::{Field, FileError, Table};
use crate::market::{Channel, Span};
use crate::store::pending::Packed;

pub(super) use leftover::{find_leftovers, remove_leftovers};
pub(super) use read::{read_segment, rows_in, stored_ids};

/// Folder of the segments inside a store's.
pub(super) const FOLDER: &str = "segments";

/// Version of the layout of all segments.
pub(super) const VERSION: u32 = 1;

/// A row that is kept in segments.
pub(super) trait TapeRow: Packed {
    /// What a segment says that its rows are.
    const KIND: &'static str;

    /// The row's number.
    fn id(&self) -> i64;
    /// The time by which rows are found: the exchange's, or when a quote was received.
    fn time(&self) -> i64;
    /// By what rows are ordered and told apart; the second is 0 where one is enough.
    fn key(&self) -> (i64, i64);
    /// About how many values the row has.
    fn values(&self) -> usize;
    /// Columns of a file of these rows, and pairs that say how to read it.
    fn fields(rows: &[Self]) -> (Vec<Field<Self>>, Vec<(&'static str, String)>);
    /// The rows of a file.
    fn of_table(table: Table) -> Result<Vec<Self>, FileError>;
}

/// A file that belongs to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// Relative to the store's folder, with `/` between its parts.
    pub path: String,
    pub rows: i64,
    pub ids: (i64, i64),
    pub times: (i64, i64),
    pub bytes: i64,
    pub sha256: String,
}

impl Segment {
    /// Where the file lies; `None` for a path that would lead out of the store.
    pub(super) fn file(&self, folder: &Path) -> Option<PathBuf> {
        let path = Path::new(&self.path);
        let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        (plain && path.starts_with(FOLDER)).then(|| folder.join(path))
    }
}

/// Columns of [`segment_of`].
pub(super) const SEGMENT_COLUMNS: &str =
    "path, rows, first_id, last_id, first_time, last_time, bytes, sha256";

/// A segment of a row.
pub(super) fn segment_of(row: &Row<'_>) -> rusqlite::Result<Segment> {
    Ok(Segment {
        path: row.get(0)?,
        rows: row.get(1)?,
        ids: (row.get(2)?, row.get(3)?),
        times: (row.get(4)?, row.get(5)?),
        bytes: row.get(6)?,
        sha256: row.get(7)?,
    })
}

/// The segments of a channel that hold a row inside `span`, oldest first.
pub(super) fn segments(
    connection: &Connection,
    instrument: i64,
    channel: Channel,
    span: Span,
) -> rusqlite::Result<Vec<Segment>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {SEGMENT_COLUMNS} FROM segment WHERE instrument = ?1 AND channel = ?2 \
         AND first_time < ?3 AND last_time >= ?4 ORDER BY first_time, path"
    ))?;
    let key = params![instrument, channel.to_string(), span.end, span.start];
    statement.query_map(key, segment_of)?.collect()
}
