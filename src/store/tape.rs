//! Trades, quotes and books out of a store.

use super::segment::{TapeRow, rows_in};
use super::{Store, StoreError, instruments};
use crate::market::{BookSnapshot, Channel, Instrument, Quote, Span, Trade};

impl Store {
    /// The trades of a channel inside `span`, by id, none twice.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a segment is not what was written, or a database failure.
    pub fn trades(
        &self,
        instrument: &Instrument,
        channel: Channel,
        span: Span,
    ) -> Result<Vec<Trade>, StoreError> {
        self.tape(instrument, channel, span)
    }

    /// The quotes received inside `span`, by update id, none twice.
    ///
    /// # Errors
    /// As [`Self::trades`].
    pub fn quotes(&self, instrument: &Instrument, span: Span) -> Result<Vec<Quote>, StoreError> {
        self.tape(instrument, Channel::Quotes, span)
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
        self.tape(instrument, Channel::Book, span)
    }

    /// Rows of an instrument, none when nothing but candles is stored of it; segments and pending rows
    /// are those of one moment.
    pub(super) fn tape<R: TapeRow>(
        &self,
        instrument: &Instrument,
        channel: Channel,
        span: Span,
    ) -> Result<Vec<R>, StoreError> {
        if !self.live {
            return Ok(Vec::new());
        }
        self.in_snapshot(|connection| match instruments::find(connection, instrument)? {
            Some(number) => rows_in(connection, &self.folder, number, channel, span),
            None => Ok(Vec::new()),
        })
    }
}
