//! Rows that are not in a segment yet: packs, each of the rows of one channel that came in one
//! transaction, in the order of their keys.

mod pack;
mod single;

use std::collections::HashSet;

use rusqlite::{Connection, Row, params};

use super::instruments::not_ours;
use super::segment::TapeRow;
use crate::market::{Channel, Span};

pub(super) use pack::Packed;
pub(super) use single::{pack_single_rows, pack_single_rows_for_reading};

/// Rows of the largest pack, which is read as a whole.
const MOST_ROWS: usize = 4096;

/// A pack's place and its rows.
pub(super) struct Pack<R> {
    pub id: i64,
    pub rows: Vec<R>,
}

/// Inserts rows, ascending by their keys, whose key is not pending yet, and returns how many.
pub(super) fn insert<R: TapeRow>(
    connection: &Connection,
    instrument: i64,
    channel: Channel,
    rows: &[&R],
) -> rusqlite::Result<u64> {
    let mut inserted = 0;
    for rows in rows.chunks(MOST_ROWS) {
        let there = keys_among(connection, instrument, channel, rows)?;
        if there.is_empty() {
            insert_pack(connection, instrument, channel, rows)?;
            inserted += rows.len();
        } else {
            let mut fresh = rows.to_vec();
            fresh.retain(|row| !there.contains(&row.key()));
            insert_pack(connection, instrument, channel, &fresh)?;
            inserted += fresh.len();
        }
    }
    Ok(inserted as u64)
}

/// The keys of pending rows that lie among those of `rows`; mostly there are none.
fn keys_among<R: TapeRow>(
    connection: &Connection,
    instrument: i64,
    channel: Channel,
    rows: &[&R],
) -> rusqlite::Result<HashSet<(i64, i64)>> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(HashSet::new()) };
    let mut keys = HashSet::new();
    let mut statement = connection.prepare_cached(
        "SELECT id, rows, bytes FROM pending WHERE instrument = ?1 AND channel = ?2 \
         AND last_key >= ?3 AND first_key <= ?4",
    )?;
    let ends = params![instrument, channel.to_string(), first.key().0, last.key().0];
    for pack in statement.query_map(ends, pack_of::<R>)? {
        keys.extend(pack?.rows.iter().map(TapeRow::key));
    }
    Ok(keys)
}

fn insert_pack<R: TapeRow>(
    connection: &Connection,
    instrument: i64,
    channel: Channel,
    rows: &[&R],
) -> rusqlite::Result<()> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
    let times = rows.iter().map(|row| row.time());
    connection
        .prepare_cached(
            "INSERT INTO pending (instrument, channel, rows, first_key, last_key, first_time, \
             last_time, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            instrument,
            channel.to_string(),
            rows.len() as i64,
            first.key().0,
            last.key().0,
            times.clone().min(),
            times.max(),
            pack::pack(rows)
        ])
        .map(|_| ())
}

/// Calls `visit` with the packs of a channel that hold a row inside `span`, by their keys, until it
/// says that it has enough.
pub(super) fn each_pack<R: TapeRow>(
    connection: &Connection,
    instrument: i64,
    channel: Channel,
    span: Span,
    mut visit: impl FnMut(Pack<R>) -> bool,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT id, rows, bytes FROM pending WHERE instrument = ?1 AND channel = ?2 \
         AND first_time < ?3 AND last_time >= ?4 ORDER BY last_key",
    )?;
    let wanted = params![instrument, channel.to_string(), span.end, span.start];
    for pack in statement.query_map(wanted, pack_of)? {
        if !visit(pack?) {
            break;
        }
    }
    Ok(())
}

/// A pack of a row: `id, rows, bytes`.
fn pack_of<R: TapeRow>(row: &Row<'_>) -> rusqlite::Result<Pack<R>> {
    let count: i64 = row.get(1)?;
    let rows = usize::try_from(count)
        .ok()
        .and_then(|count| pack::unpack(row.get_ref(2).ok()?.as_blob().ok()?, count))
        .ok_or_else(|| not_ours(2, format!("pending bytes are not those of {count} rows")))?;
    Ok(Pack { id: row.get(0)?, rows })
}

/// Takes packs away and returns how many were there.
pub(super) fn remove(connection: &Connection, packs: &[i64]) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached("DELETE FROM pending WHERE id = ?1")?;
    packs.iter().map(|id| statement.execute([id])).sum()
}
