//! Which candles of a series a store lacks.

use super::repair::absent_candles;
use super::{Store, StoreError, read};
use crate::market::{Instrument, Interval, Span};

impl Store {
    /// The stretches of `span` whose candles are not stored, oldest first; a series that was never
    /// written is absent as a whole.
    ///
    /// # Errors
    /// When the database fails.
    pub fn absent_candles(
        &self,
        instrument: &Instrument,
        interval: Interval,
        span: Span,
    ) -> Result<Vec<Span>, StoreError> {
        let read = || {
            let series = read::find_series(&self.connection, instrument, interval)?;
            match series {
                Some(series) => absent_candles(&self.connection, series.id, interval, span),
                None => Ok((span.start < span.end).then_some(span).into_iter().collect()),
            }
        };
        read().map_err(|error| self.failed(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Candle, Market};
    use crate::store::Source;

    #[test]
    fn absent_stretches_are_those_between_candles() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create(folder.path()).unwrap();
        let instrument = Instrument::new("binance", Market::Spot, "BTCUSDT").unwrap();
        let minute = |number: i64| number * 60_000;
        let span = Span { start: 0, end: minute(10) };
        let absent =
            |store: &Store| store.absent_candles(&instrument, Interval::MINUTE, span).unwrap();
        assert_eq!(absent(&store), [span]);
        let candles: Vec<Candle> = [2, 3, 5, 12]
            .map(|number| Candle {
                open_time: minute(number),
                open: 1.0,
                high: 1.0,
                low: 1.0,
                close: 1.0,
                volume: 0.0,
                quote_volume: None,
                trades: None,
                taker_buy_volume: None,
                taker_buy_quote_volume: None,
            })
            .to_vec();
        store.write(&instrument, Interval::MINUTE, Source::Rest, None, &candles).unwrap();
        let expected = [(0, 2), (4, 5), (6, 10)]
            .map(|(start, end)| Span { start: minute(start), end: minute(end) });
        assert_eq!(absent(&store), expected);
    }
}
