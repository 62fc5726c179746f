//! Rows of a channel out of segments and pending rows together.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::Connection;

use super::{Segment, TapeRow, VERSION, segments};
use crate::files::{FileError, Table, read_digested_table};
use crate::market::{Channel, Span, Trade};
use crate::store::StoreError;
use crate::store::pending::each_pack;
use crate::store::transaction::Failure;

/// The rows of a channel inside `span`, by their key, none twice.
pub(in crate::store) fn rows_in<R: TapeRow>(
    connection: &Connection,
    folder: &Path,
    instrument: i64,
    channel: Channel,
    span: Span,
) -> Result<Vec<R>, Failure> {
    let mut rows: Vec<R> = Vec::new();
    for segment in segments(connection, instrument, channel, span)? {
        let read: Vec<R> = read_segment(folder, &segment)?;
        rows.extend(read.into_iter().filter(|row| span.contains(row.time())));
    }
    each_pack(connection, instrument, channel, span, |pack| {
        rows.extend(pack.rows.into_iter().filter(|row: &R| span.contains(row.time())));
        true
    })?;
    rows.sort_by_key(TapeRow::key);
    rows.dedup_by_key(|row| row.key());
    Ok(rows)
}

/// The rows of a segment, whose digest is checked.
pub(in crate::store) fn read_segment<R: TapeRow>(
    folder: &Path,
    segment: &Segment,
) -> Result<Vec<R>, StoreError> {
    let table = open(folder, segment, R::KIND, None)?;
    let (found, file) = (table.rows, folder.join(&segment.path));
    if i64::try_from(found) != Ok(segment.rows) {
        let reason = format!("it has {found} rows and should have {}", segment.rows);
        return Err(StoreError::Damaged { file, reason });
    }
    R::of_table(table).map_err(|error| of_file(&file, error))
}

/// The ids of a segment of trades, and nothing else of it.
fn trade_ids(folder: &Path, segment: &Segment) -> Result<Vec<i64>, StoreError> {
    let mut table = open(folder, segment, Trade::KIND, Some(&["id"]))?;
    let file = folder.join(&segment.path);
    table.all(Table::times, "id").map_err(|error| of_file(&file, error))
}

/// The ids inside `ids` of trades of a channel that are in segments.
pub(in crate::store) fn stored_ids(
    connection: &Connection,
    folder: &Path,
    instrument: i64,
    channel: Channel,
    ids: (i64, i64),
) -> Result<HashSet<i64>, Failure> {
    let mut stored = HashSet::new();
    for segment in segments(connection, instrument, channel, Span::ALL)? {
        if segment.ids.0 <= ids.1 && segment.ids.1 >= ids.0 {
            let inside = |id: &i64| (ids.0..=ids.1).contains(id);
            stored.extend(trade_ids(folder, &segment)?.into_iter().filter(inside));
        }
    }
    Ok(stored)
}

fn open(
    folder: &Path,
    segment: &Segment,
    kind: &str,
    only: Option<&[&str]>,
) -> Result<Table, StoreError> {
    let Some(file) = segment.file(folder) else {
        let reason = "the database names a path outside of the store".to_owned();
        return Err(StoreError::Damaged { file: folder.join(&segment.path), reason });
    };
    read_digested_table(&file, &segment.sha256, (kind, VERSION), only)
        .map_err(|error| of_file(&file, error))
}

/// A segment that cannot be read is a damaged store: the database says that it is there.
fn of_file(file: &Path, error: FileError) -> StoreError {
    let reason = match error {
        FileError::Read { source, .. } => source.to_string(),
        FileError::Content { reason, .. } => reason,
        other => other.to_string(),
    };
    StoreError::Damaged { file: file.to_path_buf(), reason }
}
