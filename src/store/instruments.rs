//! Instruments as the small numbers by which rows refer to them.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::market::Instrument;

/// Numbers that were looked up, so that a row costs no look-up.
#[derive(Debug, Default)]
pub(super) struct Instruments(HashMap<Instrument, i64>);

impl Instruments {
    /// The number of an instrument, which gets one when it has none.
    pub(super) fn number(
        &mut self,
        connection: &Connection,
        instrument: &Instrument,
    ) -> rusqlite::Result<i64> {
        if let Some(&number) = self.0.get(instrument) {
            return Ok(number);
        }
        let number = if let Some(number) = find(connection, instrument)? {
            number
        } else {
            connection.execute(
                "INSERT INTO instrument (venue, market, symbol) VALUES (?1, ?2, ?3)",
                params![instrument.venue, instrument.market.name(), instrument.symbol],
            )?;
            connection.last_insert_rowid()
        };
        self.0.insert(instrument.clone(), number);
        Ok(number)
    }

    /// Forgets every number: those given in a transaction that failed never were.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

/// The number of an instrument that has one.
pub(super) fn find(
    connection: &Connection,
    instrument: &Instrument,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT id FROM instrument WHERE venue = ?1 AND market = ?2 AND symbol = ?3",
        )?
        .query_row(params![instrument.venue, instrument.market.name(), instrument.symbol], |row| {
            row.get(0)
        })
        .optional()
}

/// The instrument that three columns from `first` on name: venue, market, symbol.
pub(super) fn of_row(row: &Row<'_>, first: usize) -> rusqlite::Result<Instrument> {
    let (venue, market, symbol): (String, String, String) =
        (row.get(first)?, row.get(first + 1)?, row.get(first + 2)?);
    let read = || {
        let market = market.parse().map_err(|error| format!("{error}"))?;
        Instrument::new(&venue, market, &symbol).map_err(|error| error.to_string())
    };
    read().map_err(|reason| not_ours(first, reason))
}

/// A column whose text Candlewick would never have written.
pub(super) fn not_ours(column: usize, reason: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, reason.into())
}
