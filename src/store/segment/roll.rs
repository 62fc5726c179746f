//! Pending rows into segments.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use tracing::debug;

use super::read::of_channel;
use super::{FOLDER, TapeRow, VERSION};
use crate::files::{sha256_file, sync_folder, write_table};
use crate::market::{BookSnapshot, Channel, Instrument, Quote, Trade};
use crate::store::instruments;
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
                let rows: Vec<R> = next_rows(connection, due)?;
                if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
                    let ends = (first.key(), last.key());
                    write_segment(connection, &folder, due, &rows)?;
                    remove::<R>(connection, due, ends, rows.len())?;
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
        "SELECT instrument, channel, count(*), min(time) FROM pending_trade \
         GROUP BY instrument, channel \
         UNION ALL SELECT instrument, 'quotes', count(*), min(received) FROM pending_quote \
         GROUP BY instrument \
         UNION ALL SELECT instrument, 'book', count(*), min(time) FROM pending_book \
         GROUP BY instrument ORDER BY 1, 2",
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

/// The first pending rows of a channel that lie in one day and fit a segment.
fn next_rows<R: TapeRow>(connection: &Connection, due: &Due) -> rusqlite::Result<Vec<R>> {
    let (columns, table, key) = (R::COLUMNS, R::PENDING, R::KEY);
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {columns} FROM {table} WHERE instrument = ?1 {} ORDER BY {key}",
        of_channel(due.channel)
    ))?;
    let mut found = statement.query([due.instrument])?;
    let mut rows: Vec<R> = Vec::new();
    let mut values = 0;
    while let Some(row) = found.next()? {
        let row = R::of_row(row)?;
        let day = row.time().div_euclid(DAY);
        values += row.values();
        let fits = rows.len() < MOST_ROWS && values <= MOST_VALUES;
        let first = rows.first().map(|first| first.time().div_euclid(DAY));
        if first.is_some_and(|first| first != day || !fits) {
            break;
        }
        rows.push(row);
    }
    Ok(rows)
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

fn remove<R: TapeRow>(
    connection: &Connection,
    due: &Due,
    (first, last): ((i64, i64), (i64, i64)),
    expected: usize,
) -> Result<(), Failure> {
    let (table, key) = (R::PENDING, R::KEY);
    let (from, to) =
        if key.contains(',') { ("(?2, ?3)", "(?4, ?5)") } else { ("?2 + ?3", "?4 + ?5") };
    let removed = connection
        .prepare_cached(&format!(
            "DELETE FROM {table} WHERE instrument = ?1 {} \
             AND ({key}) >= {from} AND ({key}) <= {to}",
            of_channel(due.channel)
        ))?
        .execute(params![due.instrument, first.0, first.1, last.0, last.1])?;
    if removed == expected {
        return Ok(());
    }
    // Rolled back: never may a pending row vanish that is not in the file.
    let reason = format!("{removed} pending rows of {table} lie where {expected} were read");
    Err(Failure::Store(StoreError::Damaged { file: PathBuf::from(table), reason }))
}
