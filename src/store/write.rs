//! Final candles into a store: one writer, one transaction, idempotent.

use std::path::PathBuf;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use serde::Serialize;

use super::settle::{Verdict, settle};
use super::statements::{CONFLICT, GROUP, MANY, ONE, bind_known, bind_values, known};
use super::transaction::now;
use super::{Source, Store, StoreError, read};
use crate::market::{Candle, Instrument, Interval, Missing};

/// What became of the candles offered to a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Were not there before.
    pub inserted: u64,
    /// Were there already.
    pub unchanged: u64,
    /// Agreed with the stored one and made it more complete or its source better.
    pub completed: u64,
    /// Contradicted the stored one and took its place; both versions are in the audit table.
    pub replaced: u64,
    /// Contradicted the stored one, which was kept; both versions are in the audit table.
    pub outranked: u64,
}

impl Written {
    /// Adds the counts of another write.
    pub fn add(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.unchanged += other.unchanged;
        self.completed += other.completed;
        self.replaced += other.replaced;
        self.outranked += other.outranked;
    }
}

/// A transaction that writes one series from one source; dropped without a commit it leaves no trace.
#[derive(Debug)]
pub struct SeriesWriter<'store> {
    pub(super) transaction: Transaction<'store>,
    pub(super) file: PathBuf,
    instrument: Instrument,
    interval: Interval,
    source: Source,
    missing: Option<Missing>,
    series: Option<i64>,
    written: Written,
}

impl Store {
    /// Begins to write candles of one series from one source.
    ///
    /// `missing` says what an absent candle means; `None` keeps what the store says of the series
    /// and is [`Missing::Gap`] for a new one.
    ///
    /// # Errors
    /// When another process is writing, or the database fails.
    pub fn begin(
        &mut self,
        instrument: &Instrument,
        interval: Interval,
        source: Source,
        missing: Option<Missing>,
    ) -> Result<SeriesWriter<'_>, StoreError> {
        let file = self.file.clone();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| StoreError::sqlite(&file, error))?;
        Ok(SeriesWriter {
            transaction,
            file,
            instrument: instrument.clone(),
            interval,
            source,
            missing,
            series: None,
            written: Written::default(),
        })
    }

    /// Writes candles of one series from one source in one transaction.
    ///
    /// # Errors
    /// As [`Self::begin`] and [`SeriesWriter::write`]; then nothing of them is stored.
    pub fn write(
        &mut self,
        instrument: &Instrument,
        interval: Interval,
        source: Source,
        missing: Option<Missing>,
        candles: &[Candle],
    ) -> Result<Written, StoreError> {
        let mut writer = self.begin(instrument, interval, source, missing)?;
        writer.write(candles)?;
        writer.commit()
    }
}

impl SeriesWriter<'_> {
    /// Writes candles in any order of time.
    ///
    /// # Errors
    /// [`StoreError::Impossible`] for a candle that cannot be, or a database failure; the writer must
    /// then be dropped.
    pub fn write(&mut self, candles: &[Candle]) -> Result<(), StoreError> {
        for candle in candles {
            candle.check(self.interval).map_err(|fault| StoreError::Impossible {
                series: format!("{} {}", self.instrument, self.interval),
                open_time: candle.open_time,
                fault: Box::new(fault),
            })?;
        }
        self.insert(candles).map_err(|error| StoreError::sqlite(&self.file, error))
    }

    /// Makes everything written durable, or nothing of it.
    ///
    /// # Errors
    /// When the disk is full or the database fails.
    pub fn commit(self) -> Result<Written, StoreError> {
        self.transaction.commit().map_err(|error| StoreError::sqlite(&self.file, error))?;
        Ok(self.written)
    }

    fn insert(&mut self, candles: &[Candle]) -> rusqlite::Result<()> {
        if candles.is_empty() {
            return Ok(());
        }
        let series = self.series()?;
        offer(&self.transaction, series, self.interval, self.source, candles, &mut self.written)
    }

    /// The key of the series, made when it is new; its policy is set on the way.
    pub(super) fn series(&mut self) -> rusqlite::Result<i64> {
        if let Some(id) = self.series {
            return Ok(id);
        }
        let id = series_number(&self.transaction, &self.instrument, self.interval, self.missing)?;
        self.series = Some(id);
        Ok(id)
    }
}

/// The key of a series, made when it is new; `missing`, where given, becomes its policy.
pub(super) fn series_number(
    connection: &Connection,
    instrument: &Instrument,
    interval: Interval,
    missing: Option<Missing>,
) -> rusqlite::Result<i64> {
    if let Some(stored) = read::find_series(connection, instrument, interval)? {
        if let Some(missing) = missing.filter(|&missing| missing != stored.missing) {
            connection.execute(
                "UPDATE series SET missing = ?2 WHERE id = ?1",
                params![stored.id, read::missing_name(missing)],
            )?;
        }
        return Ok(stored.id);
    }
    connection.execute(
        "INSERT INTO series (venue, market, symbol, interval, interval_ms, missing) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            instrument.venue,
            instrument.market.name(),
            instrument.symbol,
            interval.to_string(),
            interval.ms(),
            read::missing_name(missing.unwrap_or(Missing::Gap)),
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Writes candles that can be into a series, each inserted when it is new and settled with the stored
/// one otherwise.
pub(super) fn offer(
    connection: &Connection,
    series: i64,
    interval: Interval,
    source: Source,
    candles: &[Candle],
    written: &mut Written,
) -> rusqlite::Result<()> {
    let scene = Scene { connection, series, interval };
    for alike in candles.chunk_by(|one, other| known(one) == known(other)) {
        let Some(first) = alike.first() else { continue };
        let groups = alike.chunks_exact(GROUP);
        let rest = groups.remainder().chunks_exact(1);
        scene.offer(&MANY[known(first)], groups, source, written)?;
        scene.offer(&ONE[known(first)], rest, source, written)?;
    }
    Ok(())
}

/// A series in which offered candles meet stored ones.
struct Scene<'a> {
    connection: &'a Connection,
    series: i64,
    interval: Interval,
}

impl Scene<'_> {
    /// Inserts the candles that are new and settles the others; each of `groups` is as long as `sql`
    /// has rows and knows the same values.
    fn offer<'c>(
        &self,
        sql: &str,
        groups: impl Iterator<Item = &'c [Candle]>,
        source: Source,
        written: &mut Written,
    ) -> rusqlite::Result<()> {
        let mut insert = self.connection.prepare_cached(sql)?;
        insert.raw_bind_parameter(1, self.series)?;
        insert.raw_bind_parameter(2, source.rank())?;
        for group in groups {
            group.iter().try_fold(3, |next, candle| bind_known(&mut insert, next, candle))?;
            let inserted = insert.raw_execute()?;
            written.inserted += inserted as u64;
            if inserted < group.len() {
                for candle in group {
                    self.meet(candle, source, written)?;
                }
                // Those just inserted met themselves.
                written.unchanged -= inserted as u64;
            }
        }
        Ok(())
    }

    fn meet(
        &self,
        offered: &Candle,
        source: Source,
        written: &mut Written,
    ) -> rusqlite::Result<()> {
        let stored = read::stored_candle(self.connection, self.series, offered.open_time)?
            .ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        match settle((&stored.0, stored.1), (offered, source), self.interval) {
            Verdict::Unchanged => written.unchanged += 1,
            Verdict::Completed(candle, source) => {
                self.replace(&candle, source)?;
                written.completed += 1;
            }
            Verdict::StoredWins => {
                self.record_conflict((&stored.0, stored.1), (offered, source))?;
                written.outranked += 1;
            }
            Verdict::OfferedWins => {
                self.record_conflict((offered, source), (&stored.0, stored.1))?;
                self.replace(offered, source)?;
                written.replaced += 1;
            }
        }
        Ok(())
    }

    fn replace(&self, candle: &Candle, source: Source) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "REPLACE INTO candle (series, source, open_time, open, high, low, close, volume, \
             quote_volume, trades, taker_buy_volume, taker_buy_quote_volume) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?;
        statement.raw_bind_parameter(1, self.series)?;
        statement.raw_bind_parameter(2, source.rank())?;
        statement.raw_bind_parameter(3, candle.open_time)?;
        bind_values(&mut statement, 4, candle)?;
        statement.raw_execute().map(|_| ())
    }

    /// Both versions into the audit table, once: the same quarrel met again adds no row.
    fn record_conflict(
        &self,
        kept: (&Candle, Source),
        lost: (&Candle, Source),
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(CONFLICT)?;
        statement.raw_bind_parameter(1, self.series)?;
        statement.raw_bind_parameter(2, kept.0.open_time)?;
        statement.raw_bind_parameter(3, now())?;
        for (first, (candle, source)) in [(4, kept), (14, lost)] {
            statement.raw_bind_parameter(first, source.rank())?;
            bind_values(&mut statement, first + 1, candle)?;
        }
        statement.raw_execute().map(|_| ())
    }
}
