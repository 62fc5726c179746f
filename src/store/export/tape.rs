//! Trades, quotes and books of a store as files, a day at a time in memory.

use rusqlite::{Connection, params};

use super::{ExportRequest, Target, hive, month};
use crate::market::{BookSnapshot, Channel, Instrument, Quote, Span, Trade};
use crate::store::segment::{TapeRow, rows_in};
use crate::store::transaction::Failure;
use crate::store::{Store, instruments};

/// Rows from which on a file is full.
const FULL: usize = 1_000_000;

const DAY: i64 = 86_400_000;

/// Exports every channel of every instrument that the request names.
pub(super) fn export(
    store: &Store,
    connection: &Connection,
    request: &ExportRequest,
    to: &mut Target<'_>,
) -> Result<(), Failure> {
    let mut statement = connection.prepare(
        "SELECT venue, market, symbol, id FROM instrument ORDER BY venue, market, symbol",
    )?;
    let all: Vec<(Instrument, i64)> = statement
        .query_map([], |row| Ok((instruments::of_row(row, 0)?, row.get(3)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (instrument, number) in all.iter().filter(|(instrument, _)| request.wants(instrument)) {
        let mut scene = Scene { store, connection, number: *number, span: request.span, to };
        for channel in [Channel::AggTrades, Channel::Trades] {
            let folder = format!("{}/channel={channel}", hive("trades", instrument));
            scene.channel::<Trade>(channel, "trades", &folder)?;
        }
        scene.channel::<Quote>(Channel::Quotes, "quotes", &hive("quotes", instrument))?;
        scene.channel::<BookSnapshot>(Channel::Book, "books", &hive("books", instrument))?;
    }
    Ok(())
}

struct Scene<'a, 'b> {
    store: &'a Store,
    connection: &'a Connection,
    number: i64,
    span: Span,
    to: &'a mut Target<'b>,
}

impl Scene<'_, '_> {
    fn channel<R: TapeRow>(
        &mut self,
        channel: Channel,
        kind: &str,
        folder: &str,
    ) -> Result<(), Failure> {
        let mut rows: Vec<R> = Vec::new();
        let mut from = self.span.start;
        while let Some(time) = self.next_time(channel, from)? {
            let day = time.div_euclid(DAY).saturating_mul(DAY);
            let span = Span { start: time, end: day.saturating_add(DAY).min(self.span.end) };
            let more: Vec<R> =
                rows_in(self.connection, &self.store.folder, self.number, channel, span)?;
            let begun = rows.first().map(|row| month(row.time()));
            if rows.len() >= FULL || begun.is_some_and(|begun| begun != month(time)) {
                self.write(kind, folder, &rows)?;
                rows.clear();
            }
            rows.extend(more);
            if span.end <= from || span.end == i64::MAX {
                break;
            }
            from = span.end;
        }
        self.write(kind, folder, &rows)
    }

    fn write<R: TapeRow>(&mut self, kind: &str, folder: &str, rows: &[R]) -> Result<(), Failure> {
        let (fields, _) = R::fields(rows);
        Ok(self.to.write(kind, folder, &fields, rows, TapeRow::time)?)
    }

    /// The earliest time from `from` on at which there may be a row.
    fn next_time(&self, channel: Channel, from: i64) -> rusqlite::Result<Option<i64>> {
        if from >= self.span.end {
            return Ok(None);
        }
        let earliest = |table: &str| -> rusqlite::Result<Option<i64>> {
            self.connection
                .prepare_cached(&format!(
                    "SELECT min(max(first_time, ?3)) FROM {table} \
                     WHERE instrument = ?1 AND channel = ?2 AND last_time >= ?3"
                ))?
                .query_row(params![self.number, channel.to_string(), from], |row| row.get(0))
        };
        let next = earliest("segment")?.into_iter().chain(earliest("pending")?).min();
        Ok(next.filter(|&time| time < self.span.end))
    }
}
