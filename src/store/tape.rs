//! Trades, quotes and books out of a store.

use rusqlite::{Connection, Row, params};

use super::pending::{BOOK_COLUMNS, QUOTE_COLUMNS, TRADE_COLUMNS, book_of, quote_of, trade_of};
use super::transaction::Failure;
use super::{Store, StoreError, instruments};
use crate::market::{BookSnapshot, Channel, Instrument, Quote, Span, Trade};

impl Store {
    /// The trades of a channel inside `span`, by id, none twice.
    ///
    /// # Errors
    /// When a segment is damaged or the database fails.
    pub fn trades(
        &self,
        instrument: &Instrument,
        channel: Channel,
        span: Span,
    ) -> Result<Vec<Trade>, StoreError> {
        self.rows(instrument, |connection, number| {
            let sql = format!(
                "SELECT {TRADE_COLUMNS} FROM pending_trade WHERE instrument = ?1 AND time >= ?2 \
                 AND time < ?3 AND channel = '{channel}' ORDER BY id"
            );
            Ok(pending(connection, &sql, number, span, trade_of)?)
        })
    }

    /// The quotes received inside `span`, by update id, none twice.
    ///
    /// # Errors
    /// As [`Self::trades`].
    pub fn quotes(&self, instrument: &Instrument, span: Span) -> Result<Vec<Quote>, StoreError> {
        self.rows(instrument, |connection, number| {
            let sql = format!(
                "SELECT {QUOTE_COLUMNS} FROM pending_quote WHERE instrument = ?1 \
                 AND received >= ?2 AND received < ?3 ORDER BY update_id"
            );
            Ok(pending(connection, &sql, number, span, quote_of)?)
        })
    }

    /// The book snapshots inside `span`, oldest first, none twice.
    ///
    /// # Errors
    /// As [`Self::trades`].
    pub fn books(
        &self,
        instrument: &Instrument,
        span: Span,
    ) -> Result<Vec<BookSnapshot>, StoreError> {
        self.rows(instrument, |connection, number| {
            let sql = format!(
                "SELECT {BOOK_COLUMNS} FROM pending_book WHERE instrument = ?1 \
                 AND time >= ?2 AND time < ?3 ORDER BY time, update_id"
            );
            Ok(pending(connection, &sql, number, span, book_of)?)
        })
    }

    /// Rows of an instrument, none when nothing but candles is stored of it.
    fn rows<T>(
        &self,
        instrument: &Instrument,
        read: impl FnOnce(&Connection, i64) -> Result<Vec<T>, Failure>,
    ) -> Result<Vec<T>, StoreError> {
        if !self.live {
            return Ok(Vec::new());
        }
        self.in_snapshot(|connection| match instruments::find(connection, instrument)? {
            Some(number) => read(connection, number),
            None => Ok(Vec::new()),
        })
    }
}

fn pending<T>(
    connection: &Connection,
    sql: &str,
    instrument: i64,
    span: Span,
    of_row: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map(params![instrument, span.start, span.end], of_row)?.collect()
}
