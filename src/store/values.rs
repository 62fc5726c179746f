//! Series that are no candles: values with the time they speak of and the time they were known.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::transaction::Failure;
use super::{Store, StoreError, hex};
use crate::market::{Time, Value};

/// What became of the values offered to a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ValuesWritten {
    /// Of a time of which nothing was known.
    pub inserted: u64,
    /// Were known already.
    pub unchanged: u64,
    /// Of a time between stored ones, of which nothing was known: they came late.
    pub late: u64,
    /// Differ from what was known; now a version of their own.
    pub revised: u64,
}

/// A series of values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueSeriesInfo {
    /// Name.
    pub name: String,
    /// Where it comes from.
    pub origin: String,
    /// Number of stored versions.
    pub rows: u64,
    /// Earliest time that a value speaks of, ms.
    pub first: i64,
    /// Latest time that a value speaks of, ms.
    pub last: i64,
}

impl Store {
    /// Writes values of the series `name` in one transaction.
    ///
    /// A value equal to the newest known version of its time is unchanged. Another one is a revision,
    /// known from the later of its own `known_at` and `noticed_at` on, and never earlier than the
    /// version that it revises. A new `origin` replaces the stored one.
    /// A value of a time between stored ones that was not there before came late: it too is known from
    /// the later of its own `known_at` and `noticed_at` on. History before the first stored time, and
    /// news after the last, are known at their own `known_at`.
    ///
    /// # Errors
    /// [`StoreError::ImpossibleValue`] for a name other than `[A-Za-z0-9_-]{1,64}`, for a value that is
    /// no finite number and for one known before its time; or a database failure. Nothing is stored
    /// then.
    pub fn write_values(
        &mut self,
        name: &str,
        origin: &str,
        offered: &[Value],
        noticed_at: i64,
    ) -> Result<ValuesWritten, StoreError> {
        check(name, offered)
            .map_err(|reason| StoreError::ImpossibleValue { name: name.to_owned(), reason })?;
        self.in_transaction(|connection, _| {
            let series = series_number(connection, name, origin)?;
            let mut written = ValuesWritten::default();
            let stored = stored_times(connection, series)?;
            for value in offered {
                write(connection, series, (value, noticed_at), stored, &mut written)?;
            }
            Ok(written)
        })
    }

    /// Writes versions whose `known_at` the source itself keeps, in one transaction.
    ///
    /// A value equal to what was known of its time at its `known_at` is unchanged, so that the same
    /// history may be offered again; another one is a version from its own `known_at` on.
    ///
    /// # Errors
    /// As [`Self::write_values`], and [`StoreError::ImpossibleValue`] for a value other than the
    /// stored one of the same time and `known_at`.
    pub fn write_versions(
        &mut self,
        name: &str,
        origin: &str,
        offered: &[Value],
    ) -> Result<ValuesWritten, StoreError> {
        check(name, offered)
            .map_err(|reason| StoreError::ImpossibleValue { name: name.to_owned(), reason })?;
        let mut in_order = offered.to_vec();
        in_order.sort_by_key(|value| (value.known_at, value.time));
        self.in_transaction(|connection, _| {
            let series = series_number(connection, name, origin)?;
            let mut written = ValuesWritten::default();
            for value in &in_order {
                write_version(connection, series, value, &mut written)?;
            }
            Ok(written)
        })
    }

    /// Every version of every value of a series, by the time it was known, then its own.
    ///
    /// # Errors
    /// [`StoreError::UnknownValues`] when there is no such series, or a database failure.
    pub fn values(&self, name: &str) -> Result<Vec<Value>, StoreError> {
        let mut values = Vec::new();
        self.each_value(name, i64::MAX, |value| values.push(*value))?;
        Ok(values)
    }

    /// Every series of values, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub fn value_series(&self) -> Result<Vec<ValueSeriesInfo>, StoreError> {
        if !self.live {
            return Ok(Vec::new());
        }
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT name, origin, count(*), min(time), max(time) \
                 FROM value_series JOIN value ON value.series = value_series.id \
                 GROUP BY value_series.id ORDER BY name",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(ValueSeriesInfo {
                    name: row.get(0)?,
                    origin: row.get(1)?,
                    rows: row.get::<_, i64>(2)?.unsigned_abs(),
                    first: row.get(3)?,
                    last: row.get(4)?,
                })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|error| self.failed(error))
    }

    /// Hex sha256 of what was known of a series at `up_to_known_at`: the name, a line feed, and of each
    /// version, in the order of [`Self::values`], time, `known_at` and value, 8 bytes each,
    /// little-endian.
    ///
    /// # Errors
    /// As [`Self::values`].
    pub fn values_digest(&self, name: &str, up_to_known_at: i64) -> Result<String, StoreError> {
        let mut hash = Sha256::new();
        hash.update(format!("{name}\n"));
        self.each_value(name, up_to_known_at, |value| {
            hash.update(value.time.to_le_bytes());
            hash.update(value.known_at.to_le_bytes());
            hash.update(value.value.to_le_bytes());
        })?;
        Ok(hex(&hash.finalize()))
    }

    pub(super) fn each_value(
        &self,
        name: &str,
        up_to: i64,
        mut visit: impl FnMut(&Value),
    ) -> Result<(), StoreError> {
        let mut read = || {
            let Some(series) = find(&self.connection, name)? else { return Ok(false) };
            let mut statement = self.connection.prepare_cached(
                "SELECT time, known_at, value FROM value WHERE series = ?1 AND known_at <= ?2 \
                 ORDER BY known_at, time",
            )?;
            let mut rows = statement.query(params![series, up_to])?;
            while let Some(row) = rows.next()? {
                visit(&Value { time: row.get(0)?, known_at: row.get(1)?, value: row.get(2)? });
            }
            Ok(true)
        };
        if self.live && read().map_err(|error| self.failed(error))? {
            return Ok(());
        }
        let known: Vec<String> = self.value_series()?.into_iter().map(|info| info.name).collect();
        Err(StoreError::UnknownValues {
            folder: self.folder.clone(),
            wanted: name.to_owned(),
            known: if known.is_empty() { "none at all".to_owned() } else { known.join(", ") },
        })
    }
}

fn check(name: &str, offered: &[Value]) -> Result<(), String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(1..=64).contains(&name.len()) || !name.bytes().all(fits) {
        return Err("its name is not made of 1 to 64 of A-Z, a-z, 0-9, _ and -".to_owned());
    }
    match offered.iter().find(|value| !value.value.is_finite() || value.known_at < value.time) {
        Some(wrong) if wrong.value.is_finite() => {
            Err(format!("it speaks of {} and was known at {}, before", wrong.time, wrong.known_at))
        }
        Some(wrong) => Err(format!("{} at {} is no finite number", wrong.value, wrong.time)),
        None => Ok(()),
    }
}

fn find(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM value_series WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

fn series_number(connection: &Connection, name: &str, origin: &str) -> rusqlite::Result<i64> {
    connection.execute(
        "INSERT INTO value_series (name, origin) VALUES (?1, ?2) \
         ON CONFLICT (name) DO UPDATE SET origin = excluded.origin",
        [name, origin],
    )?;
    find(connection, name)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

fn write(
    connection: &Connection,
    series: i64,
    (offered, noticed_at): (&Value, i64),
    stored: Option<(i64, i64)>,
    written: &mut ValuesWritten,
) -> Result<(), Failure> {
    let newest: Option<(i64, f64)> = connection
        .prepare_cached(
            "SELECT known_at, value FROM value WHERE series = ?1 AND time = ?2 \
             ORDER BY known_at DESC LIMIT 1",
        )?
        .query_row(params![series, offered.time], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let came_late = stored.is_some_and(|(first, last)| first < offered.time && offered.time < last);
    let known_at = match newest {
        None if came_late => {
            written.late += 1;
            offered.known_at.max(noticed_at)
        }
        None => {
            written.inserted += 1;
            offered.known_at
        }
        Some((_, value)) if value == offered.value => {
            written.unchanged += 1;
            return Ok(());
        }
        Some((known_at, _)) => {
            written.revised += 1;
            offered.known_at.max(noticed_at).max(known_at.saturating_add(1))
        }
    };
    insert(connection, series, offered, known_at)
}

/// First and last time that a stored value of the series speaks of.
fn stored_times(connection: &Connection, series: i64) -> Result<Option<(i64, i64)>, Failure> {
    let bounds: (Option<i64>, Option<i64>) = connection.query_row(
        "SELECT min(time), max(time) FROM value WHERE series = ?1",
        [series],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(bounds.0.zip(bounds.1))
}

fn write_version(
    connection: &Connection,
    series: i64,
    offered: &Value,
    written: &mut ValuesWritten,
) -> Result<(), Failure> {
    let known_then: Option<(i64, f64)> = connection
        .prepare_cached(
            "SELECT known_at, value FROM value WHERE series = ?1 AND time = ?2 AND known_at <= ?3 \
             ORDER BY known_at DESC LIMIT 1",
        )?
        .query_row(params![series, offered.time, offered.known_at], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    match known_then {
        Some((_, value)) if value == offered.value => {
            written.unchanged += 1;
            return Ok(());
        }
        Some((known_at, value)) if known_at == offered.known_at => {
            let reason = format!(
                "what was known at {} of {} is stored as {value} and offered as {}; offer it under \
                 another name, or with the time at which it was corrected",
                Time(known_at),
                Time(offered.time),
                offered.value
            );
            return Err(StoreError::ImpossibleValue {
                name: series_name(connection, series)?,
                reason,
            }
            .into());
        }
        Some(_) => written.revised += 1,
        None => written.inserted += 1,
    }
    insert(connection, series, offered, offered.known_at)
}

fn series_name(connection: &Connection, series: i64) -> rusqlite::Result<String> {
    connection.query_row("SELECT name FROM value_series WHERE id = ?1", [series], |row| row.get(0))
}

fn insert(
    connection: &Connection,
    series: i64,
    value: &Value,
    known_at: i64,
) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "INSERT INTO value (series, time, known_at, value) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![series, value.time, known_at, value.value])?;
    Ok(())
}
