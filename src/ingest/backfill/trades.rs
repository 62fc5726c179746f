//! Trades before the first stored one, declared as a gap of the ledger.

use super::BackfillConfig;
use crate::ingest::error::IngestError;
use crate::ingest::rest::RestClient;
use crate::market::{Channel, Instrument, Span};
use crate::store::{GapReason, GapState, NewGap, Store};

/// Declares an open gap from the first trade at or after `from` to the first stored one; to the end
/// of what is asked for when none is stored. Nothing when the ledger already has such a gap open.
pub(super) fn declare(
    store: &mut Store,
    client: &RestClient,
    config: &BackfillConfig,
    instrument: &Instrument,
) -> Result<(), IngestError> {
    let channel = Channel::AggTrades;
    let is_open = store
        .gaps(Some(GapState::Open))?
        .iter()
        .any(|gap| gap.channel == channel && gap.instrument == *instrument);
    if is_open {
        return Ok(());
    }
    let symbol = &instrument.symbol;
    let Some(first) = client.agg_trades_since(symbol, config.from.0)?.first().copied() else {
        return Ok(());
    };
    let stored = store.received(instrument, channel)?;
    let last = match stored.and_then(|stored| stored.ids.map(|ids| (ids.0 - 1, stored.first.0))) {
        Some(last) => Some(last),
        None => newest(client, config, symbol)?,
    };
    let Some((last, end)) = last.filter(|last| last.0 >= first.id) else { return Ok(()) };
    store.record_gap(&NewGap {
        instrument: instrument.clone(),
        channel,
        span: Span { start: first.time, end: end.max(first.time + 1) },
        ids: Some((first.id, last)),
        reason: GapReason::Backfill,
        state: GapState::Open,
    })?;
    Ok(())
}

/// Id of the last trade before the end of what is asked for, and a time after it.
fn newest(
    client: &RestClient,
    config: &BackfillConfig,
    symbol: &str,
) -> Result<Option<(i64, i64)>, IngestError> {
    if let Some(to) = config.to
        && to.0 <= client.exchange_time()?
        && let Some(after) = client.agg_trades_since(symbol, to.0)?.first()
    {
        return Ok(Some((after.id - 1, to.0)));
    }
    Ok(client.newest_agg_trade(symbol)?.map(|trade| (trade.id, trade.time + 1)))
}
