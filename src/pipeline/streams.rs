//! Trades and books of a store, where features or candles are made of them.

use super::PipelineError;
use super::prepare::Recipe;
use crate::features::{CandleOrigin, Input, candles_of_trades};
use crate::market::{BookSnapshot, CandleSeries, Channel, Instrument, Interval, Span, Trade};
use crate::run_folder::DataDigest;
use crate::store::{Store, books_sha256, trades_sha256};

/// What was read of one instrument; `None` what nothing is made of.
#[derive(Debug, Default)]
pub struct Streams {
    /// Trades by time.
    pub trades: Option<Vec<Trade>>,
    /// Book snapshots by time.
    pub books: Option<Vec<BookSnapshot>>,
    /// The channels that were read.
    pub channels: Vec<Channel>,
}

/// Reads the trades and books that the recipe's candles or features are made of, and adds their
/// digests to `data`.
///
/// # Errors
/// When the store has none of what the config names, or cannot be read.
pub fn read_streams(
    store: &Store,
    recipe: &Recipe<'_>,
    instrument: &Instrument,
    data: &mut Vec<DataDigest>,
) -> anyhow::Result<Streams> {
    let of_trades = recipe.candles == CandleOrigin::Trades;
    let takes_all = of_trades && recipe.features.include.is_empty();
    let named = |input| recipe.features.names_reader_of(input);
    let mut streams = Streams::default();
    if of_trades || named(Input::TradeStream) {
        let (channel, mut trades) = trades(store, instrument, recipe.span)?;
        trades.sort_by_key(|trade| trade.time);
        let ends = trades.first().zip(trades.last()).map(|(a, b)| (a.time, b.time));
        let digest = trades_sha256(&trades);
        data.push(digest_of(instrument, channel, digest, trades.len(), ends)?);
        streams.channels.push(channel);
        streams.trades = Some(trades);
    }
    if takes_all || named(Input::BookStream) {
        let books = store.books(instrument, recipe.span)?;
        // All that there is may well be without books; what is named may not.
        if !books.is_empty() || named(Input::BookStream) {
            let ends = books.first().zip(books.last()).map(|(a, b)| (a.time, b.time));
            let digest = books_sha256(&books);
            data.push(digest_of(instrument, Channel::Book, digest, books.len(), ends)?);
            streams.channels.push(Channel::Book);
            streams.books = Some(books);
        }
    }
    Ok(streams)
}

impl Streams {
    /// The candles of the trades that were read.
    ///
    /// # Errors
    /// Trades that cannot be, and too few for a candle.
    pub fn candles(
        &self,
        instrument: &Instrument,
        interval: Interval,
        unseen: &[Span],
    ) -> anyhow::Result<CandleSeries> {
        let trades = self.trades.as_deref().unwrap_or_default();
        let series = candles_of_trades(instrument, interval, trades, unseen)?;
        if series.is_empty() {
            return Err(PipelineError::Data(format!(
                "the {} trades of {instrument} make no whole {interval} candle; ingest more, or choose a shorter \
                 data.interval",
                trades.len()
            ))
            .into());
        }
        Ok(series)
    }
}

/// Single trades, or, where there is none, those taken together.
fn trades(
    store: &Store,
    instrument: &Instrument,
    span: Span,
) -> anyhow::Result<(Channel, Vec<Trade>)> {
    let single = store.trades(instrument, Channel::Trades, span)?;
    if !single.is_empty() {
        return Ok((Channel::Trades, single));
    }
    Ok((Channel::AggTrades, store.trades(instrument, Channel::AggTrades, span)?))
}

fn digest_of(
    instrument: &Instrument,
    channel: Channel,
    digest: String,
    rows: usize,
    ends: Option<(i64, i64)>,
) -> anyhow::Result<DataDigest> {
    let Some((first, last)) = ends else {
        let what = if channel == Channel::Book { "book snapshot" } else { "trade" };
        return Err(PipelineError::Data(format!(
            "the store has no {what} of {instrument} between the config's data.from and data.to; ingest them by \
             `candlewick ingest live` or `candlewick ingest recorded`, or take out what is made of them"
        ))
        .into());
    };
    Ok(DataDigest {
        name: format!("{instrument} {channel}"),
        digest,
        rows: rows as u64,
        first,
        last,
    })
}
