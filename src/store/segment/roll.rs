//! Pending rows into segments.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use tracing::debug;

use super::{FOLDER, TapeRow, VERSION};
use crate::files::{sha256_file, sync_folder, write_table};
use crate::market::{BookSnapshot, Channel, Instrument, Quote, Span, Trade};
use crate::store::instruments;
use crate::store::pending::{self, Pack, each_pack};
use crate::store::transaction::Failure;
use crate::store::{Store, StoreError};

/// Rows of the largest segment.
const MOST_ROWS: usize = 250_000;

/// Values of the largest segment, which is held in memory while it is written.
const MOST_VALUES: usize = 2_000_000;

const DAY: i64 = 86_400_000;

/// A channel with pending rows that are due.
struct Due {
    instrument: i64,
    channel: Channel,
}

impl Store {
    /// Moves the pending rows of a channel into segments when there are `rows` or more of them, or when
    /// the oldest lies `age` ms or more before the newest thing received in the store; 0 moves all.
    ///
    /// Returns how many rows were moved. A segment holds rows of one day (UTC), at most 250,000 and
    /// at most 2 million values.
    ///
    /// # Errors
    /// When another process is writing, or the disk or the database fails; rows are then where they
    /// were.
    pub fn roll_segments(&mut self, rows: u64, age: i64) -> Result<u64, StoreError> {
        let due = self.in_snapshot(|connection| Ok(due(connection, rows, age)?))?;
        let mut moved = 0;
        for due in due {
            moved += match due.channel {
                Channel::AggTrades | Channel::Trades => self.roll::<Trade>(&due)?,
                Channel::Quotes => self.roll::<Quote>(&due)?,
                Channel::Book => self.roll::<BookSnapshot>(&due)?,
                Channel::Candles(_) => 0,
            };
        }
        Ok(moved)
    }

    fn roll<R: TapeRow>(&mut self, due: &Due) -> Result<u64, StoreError> {
        let folder = self.folder.clone();
        let mut moved = 0;
        loop {
            let rows = self.in_transaction(|connection, _| {
                let Next { rows, rest, packs } = next_rows::<R>(connection, due)?;
                if !rows.is_empty() {
                    write_segment(connection, &folder, due, &rows)?;
                    replace(connection, due, &packs, &rest)?;
                }
                Ok(rows.len() as u64)
            })?;
            if rows == 0 {
                return Ok(moved);
            }
            moved += rows;
        }
    }
}

fn due(connection: &Connection, rows: u64, age: i64) -> rusqlite::Result<Vec<Due>> {
    let newest: Option<i64> =
        connection.query_row("SELECT max(last_time) FROM received", [], |row| row.get(0))?;
    let mut statement = connection.prepare_cached(
        "SELECT instrument, channel, sum(rows), min(first_time) FROM pending \
         GROUP BY instrument, channel ORDER BY 1, 2",
    )?;
    let mut found = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        let (channel, count, oldest): (String, i64, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let old = newest.is_none_or(|newest| newest.saturating_sub(oldest) >= age);
        if count.unsigned_abs() >= rows || old {
            let channel = channel.parse().map_err(|reason| instruments::not_ours(1, reason))?;
            all.push(Due { instrument: row.get(0)?, channel });
        }
    }
    Ok(all)
}

/// What becomes of the first packs of a channel.
struct Next<R> {
    /// The first rows that lie in one day and fit a segment.
    rows: Vec<R>,
    /// The other rows of these packs.
    rest: Vec<R>,
    packs: Vec<i64>,
}

fn next_rows<R: TapeRow>(connection: &Connection, due: &Due) -> rusqlite::Result<Next<R>> {
    let (mut rows, mut packs, mut values) = (Vec::new(), Vec::new(), 0);
    each_pack(connection, due.instrument, due.channel, Span::ALL, |mut pack: Pack<R>| {
        values += pack.rows.iter().map(TapeRow::values).sum::<usize>();
        packs.push(pack.id);
        rows.append(&mut pack.rows);
        rows.len() <= MOST_ROWS && values <= MOST_VALUES
    })?;
    // Packs of repaired trades lie among others.
    rows.sort_by_key(TapeRow::key);
    let day = |row: &R| row.time().div_euclid(DAY);
    let first = rows.first().map(day);
    let mut values = 0;
    let fits = |row: &&R| {
        values += row.values();
        Some(day(row)) == first && values <= MOST_VALUES
    };
    // Whatever the size of the first, it goes.
    let most = rows.len().min(MOST_ROWS);
    let fitting = rows.iter().take(most).take_while(fits).count().max(1).min(most);
    let rest = rows.split_off(fitting);
    Ok(Next { rows, rest, packs })
}

/// Writes a file of rows and its row into the database.
fn write_segment<R: TapeRow>(
    connection: &Connection,
    folder: &Path,
    due: &Due,
    rows: &[R],
) -> Result<(), Failure> {
    let instrument = connection.query_row(
        "SELECT venue, market, symbol FROM instrument WHERE id = ?1",
        [due.instrument],
        |row| instruments::of_row(row, 0),
    )?;
    let path = free_path(connection, &instrument, due.channel, rows)?;
    let file = folder.join(&path);
    make_folder(folder, &file)?;
    let (fields, mut pairs) = R::fields(rows);
    pairs.push(("candlewick.instrument", instrument.to_string()));
    pairs.push(("candlewick.channel", due.channel.to_string()));
    write_table(&file, (R::KIND, VERSION), &pairs, &fields, rows).map_err(StoreError::file)?;
    let sha256 = sha256_file(&file).map_err(StoreError::file)?;
    let bytes = fs::metadata(&file).map_err(|error| StoreError::io(&file, error))?.len();
    let ids = rows.iter().map(TapeRow::id);
    let times = rows.iter().map(TapeRow::time);
    connection
        .prepare_cached(
            "INSERT INTO segment (path, instrument, channel, rows, first_id, last_id, first_time, \
             last_time, bytes, sha256) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            path,
            due.instrument,
            due.channel.to_string(),
            rows.len() as i64,
            ids.clone().min(),
            ids.max(),
            times.clone().min(),
            times.max(),
            bytes as i64,
            sha256
        ])?;
    debug!(path, rows = rows.len(), bytes, "wrote a segment");
    Ok(())
}

/// A path that no segment has; a file without a row may be there and is replaced.
fn free_path<R: TapeRow>(
    connection: &Connection,
    instrument: &Instrument,
    channel: Channel,
    rows: &[R],
) -> rusqlite::Result<String> {
    let key = |row: Option<&R>| row.map_or(0, |row| row.key().0);
    let (first, last) = (key(rows.first()), key(rows.last()));
    let day = rows
        .first()
        .and_then(|row| Timestamp::from_millisecond(row.time()).ok())
        .map_or_else(|| "no-day".to_owned(), |time| time.strftime("%Y-%m-%d").to_string());
    let stem = format!("{FOLDER}/{instrument}/{channel}/{day}/{first}-{last}");
    let mut path = format!("{stem}.parquet");
    for number in 2.. {
        let taken: Option<i64> = connection
            .prepare_cached("SELECT 1 FROM segment WHERE path = ?1")?
            .query_row([&path], |row| row.get(0))
            .optional()?;
        if taken.is_none() {
            break;
        }
        path = format!("{stem}-{number}.parquet");
    }
    Ok(path)
}

/// Makes the folder of `file`, whose name and those of all above it up to `top` survive a power cut.
fn make_folder(top: &Path, file: &Path) -> Result<(), StoreError> {
    let Some(folder) = file.parent().filter(|folder| !folder.is_dir()) else { return Ok(()) };
    fs::create_dir_all(folder).map_err(|error| StoreError::io(folder, error))?;
    let above: Vec<PathBuf> = folder
        .ancestors()
        .skip(1)
        .take_while(|above| above.starts_with(top))
        .map(Path::to_owned)
        .collect();
    for above in above {
        sync_folder(&above).map_err(|error| StoreError::io(&above, error))?;
    }
    Ok(())
}

/// Puts what is left of packs in their place.
fn replace<R: TapeRow>(
    connection: &Connection,
    due: &Due,
    packs: &[i64],
    rest: &[R],
) -> Result<(), Failure> {
    let removed = pending::remove(connection, packs)?;
    if removed != packs.len() {
        // Rolled back: never may a pending row vanish that is not in the file.
        let reason = format!("{removed} packs of {} are there that were read", packs.len());
        return Err(Failure::Store(StoreError::Damaged { file: PathBuf::from("pending"), reason }));
    }
    pending::insert(connection, due.instrument, due.channel, &rest.iter().collect::<Vec<_>>())?;
    Ok(())
}
