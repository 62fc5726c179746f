//! What a store holds, and candles out of it.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::{Source, Store, StoreError};
use crate::market::{Candle, CandleSeries, Instrument, Interval, Market, Missing, Span, Time};

/// The candle columns in the order of every statement of this module.
pub(super) const COLUMNS: &str = "open_time, open, high, low, close, volume, quote_volume, trades, \
                                  taker_buy_volume, taker_buy_quote_volume";

/// Absent candles in a row that are believed to be without trades: 19 years of minutes.
const LONGEST_HOLE: i64 = 10_000_000;

/// One series of a store.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesInfo {
    /// What is traded.
    pub instrument: Instrument,
    /// Length of each candle.
    pub interval: Interval,
    /// What an absent candle means.
    pub missing: Missing,
    /// Number of stored candles.
    pub rows: u64,
    /// Open time of the first candle, ms.
    pub first: i64,
    /// Open time of the last candle, ms.
    pub last: i64,
}

/// Key and policy of a stored series.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredSeries {
    pub id: i64,
    pub missing: Missing,
}

impl Store {
    /// Every series with at least one candle, by venue, market, symbol and length of interval.
    ///
    /// # Errors
    /// When the database fails or holds a name that no instrument has.
    pub fn series(&self) -> Result<Vec<SeriesInfo>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT venue, market, symbol, interval, missing, count(*), min(open_time), \
                 max(open_time) FROM series JOIN candle ON candle.series = series.id \
                 GROUP BY series.id ORDER BY venue, market, symbol, interval_ms",
            )
            .map_err(|error| self.failed(error))?;
        let rows = statement
            .query_map([], |row| {
                let names: [String; 5] =
                    [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
                Ok((names, row.get::<_, i64>(5)?, row.get(6)?, row.get(7)?))
            })
            .map_err(|error| self.failed(error))?;
        let mut all = Vec::new();
        for row in rows {
            let ([venue, market, symbol, interval, missing], rows, first, last) =
                row.map_err(|error| self.failed(error))?;
            let damaged = |reason: String| StoreError::Damaged { file: self.file.clone(), reason };
            let market: Market = market.parse().map_err(|error| damaged(format!("{error}")))?;
            all.push(SeriesInfo {
                instrument: Instrument::new(&venue, market, &symbol)
                    .map_err(|error| damaged(error.to_string()))?,
                interval: interval.parse().map_err(|error| damaged(format!("{error}")))?,
                missing: missing_of_name(&missing)
                    .ok_or_else(|| damaged(format!("unknown policy `{missing}`")))?,
                rows: rows.unsigned_abs(),
                first,
                last,
            });
        }
        Ok(all)
    }

    /// The candles of a series that open inside `span`, oldest first.
    ///
    /// Where an absent candle means that nothing was traded, the absent ones between two stored
    /// candles are filled with [`Candle::no_trade`], also those at the edges of `span`.
    ///
    /// # Errors
    /// [`StoreError::UnknownSeries`] when the store has none of that name, or a database failure.
    pub fn load(
        &self,
        instrument: &Instrument,
        interval: Interval,
        span: Span,
    ) -> Result<CandleSeries, StoreError> {
        let series = self.find(instrument, interval)?;
        let mut filling = Filling {
            candles: CandleSeries::new(instrument.clone(), interval),
            span,
            fill: series.missing == Missing::NoTrade,
            last: None,
        };
        let stored = if filling.fill { self.widened(series.id, span)? } else { span };
        let mut fault = None;
        for_each_candle(&self.connection, series.id, stored, |candle| {
            if fault.is_none() {
                fault = filling.take(candle).err();
            }
        })
        .map_err(|error| self.failed(error))?;
        match fault {
            None => Ok(filling.candles),
            Some(reason) => Err(StoreError::Damaged { file: self.file.clone(), reason }),
        }
    }

    /// `span` grown to the stored candles next before its start and next after its end.
    fn widened(&self, series: i64, span: Span) -> Result<Span, StoreError> {
        let nearest = |sql: &str, time: i64| -> Result<Option<i64>, StoreError> {
            self.connection
                .query_row(sql, params![series, time], |row| row.get(0))
                .map_err(|error| self.failed(error))
        };
        let before = nearest(
            "SELECT max(open_time) FROM candle WHERE series = ?1 AND open_time < ?2",
            span.start,
        )?;
        let after = nearest(
            "SELECT min(open_time) FROM candle WHERE series = ?1 AND open_time >= ?2",
            span.end,
        )?;
        Ok(Span {
            start: before.unwrap_or(span.start),
            end: after.map_or(span.end, |time| time.saturating_add(1)),
        })
    }

    /// Key and policy of a series.
    pub(super) fn find(
        &self,
        instrument: &Instrument,
        interval: Interval,
    ) -> Result<StoredSeries, StoreError> {
        let found = find_series(&self.connection, instrument, interval)
            .map_err(|error| self.failed(error))?;
        if let Some(series) = found {
            return Ok(series);
        }
        let known: Vec<String> = self
            .series()?
            .iter()
            .map(|series| format!("{} {}", series.instrument, series.interval))
            .collect();
        Err(StoreError::UnknownSeries {
            folder: self.folder.clone(),
            wanted: format!("{instrument} {interval}"),
            known: if known.is_empty() { "none at all".to_owned() } else { known.join(", ") },
        })
    }
}

/// Candles on their way from the store into a series, holes filled where that is the policy.
struct Filling {
    candles: CandleSeries,
    span: Span,
    fill: bool,
    last: Option<Candle>,
}

impl Filling {
    fn take(&mut self, candle: &Candle) -> Result<(), String> {
        if let Some(last) = self.last.replace(*candle).filter(|_| self.fill) {
            let interval = self.candles.interval();
            let absent = (candle.open_time - last.open_time) / interval.ms() - 1;
            if absent > LONGEST_HOLE {
                return Err(format!(
                    "{absent} candles of {} {interval} are absent after {}; was that an open time \
                     in another unit?",
                    self.candles.instrument(),
                    Time(last.open_time)
                ));
            }
            for step in 1..=absent {
                let open_time = last.open_time + step * interval.ms();
                if self.span.contains(open_time) {
                    self.push(&Candle::no_trade(open_time, &last))?;
                }
            }
        }
        if self.span.contains(candle.open_time) { self.push(candle) } else { Ok(()) }
    }

    fn push(&mut self, candle: &Candle) -> Result<(), String> {
        self.candles.push(candle).map_err(|error| error.to_string())
    }
}

/// Looks a series up by its names.
pub(super) fn find_series(
    connection: &Connection,
    instrument: &Instrument,
    interval: Interval,
) -> rusqlite::Result<Option<StoredSeries>> {
    connection
        .prepare_cached(
            "SELECT id, missing FROM series \
             WHERE venue = ?1 AND market = ?2 AND symbol = ?3 AND interval = ?4",
        )?
        .query_row(
            params![
                instrument.venue,
                instrument.market.name(),
                instrument.symbol,
                interval.to_string()
            ],
            |row| {
                let missing: String = row.get(1)?;
                let missing = missing_of_name(&missing).unwrap_or(Missing::Gap);
                Ok(StoredSeries { id: row.get(0)?, missing })
            },
        )
        .optional()
}

/// Calls `visit` with each stored candle of a series that opens inside `span`, oldest first.
pub(super) fn for_each_candle(
    connection: &Connection,
    series: i64,
    span: Span,
    mut visit: impl FnMut(&Candle),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM candle \
         WHERE series = ?1 AND open_time >= ?2 AND open_time < ?3 ORDER BY open_time"
    ))?;
    let mut rows = statement.query(params![series, span.start, span.end])?;
    while let Some(row) = rows.next()? {
        visit(&candle_of(row)?);
    }
    Ok(())
}

/// The stored version of one candle and its source.
pub(super) fn stored_candle(
    connection: &Connection,
    series: i64,
    open_time: i64,
) -> rusqlite::Result<Option<(Candle, Source)>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, source FROM candle WHERE series = ?1 AND open_time = ?2"
        ))?
        .query_row(params![series, open_time], |row| {
            // The table's check allows no other rank; the worst one would lose every conflict.
            Ok((candle_of(row)?, Source::of_rank(row.get(10)?).unwrap_or(Source::Simulated)))
        })
        .optional()
}

/// A candle of a row of [`COLUMNS`].
pub(super) fn candle_of(row: &Row<'_>) -> rusqlite::Result<Candle> {
    Ok(Candle {
        open_time: row.get(0)?,
        open: row.get(1)?,
        high: row.get(2)?,
        low: row.get(3)?,
        close: row.get(4)?,
        volume: row.get(5)?,
        quote_volume: row.get(6)?,
        trades: row.get(7)?,
        taker_buy_volume: row.get(8)?,
        taker_buy_quote_volume: row.get(9)?,
    })
}

/// The stored name of a policy.
pub(super) fn missing_name(missing: Missing) -> &'static str {
    match missing {
        Missing::NoTrade => "no-trade",
        Missing::Gap => "gap",
    }
}

fn missing_of_name(name: &str) -> Option<Missing> {
    [Missing::NoTrade, Missing::Gap].into_iter().find(|&missing| missing_name(missing) == name)
}
