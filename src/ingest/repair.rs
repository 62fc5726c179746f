//! Gaps of the ledger filled by asking the exchange again.

use tracing::debug;

use super::error::IngestError;
use super::rest::RestClient;
use crate::market::{Candle, Channel, Instrument, Interval, Trade};
use crate::store::{GapEntry, Source, Store};

/// Part of a gap, to be stored in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Page {
    /// Candles of a gap.
    Candles {
        /// Number of the gap's entry.
        gap: i64,
        /// What is traded.
        instrument: Instrument,
        /// Length of each candle.
        interval: Interval,
        /// Candles inside of the gap, by open time.
        candles: Vec<Candle>,
        /// Whether with this page the exchange has told of every candle of the gap, so that those
        /// still absent are its own.
        is_last: bool,
    },
    /// Trades of a gap.
    Trades {
        /// Number of the gap's entry.
        gap: i64,
        /// Trades inside of the gap, by id.
        trades: Vec<Trade>,
        /// Ids up to this one are settled: absent ones the exchange does not have.
        settled_up_to: i64,
    },
}

impl Page {
    /// Rows that the page brings.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Candles { candles, .. } => candles.len(),
            Self::Trades { trades, .. } => trades.len(),
        }
    }

    /// Stores the rows; the entry of the ledger shrinks with each page of trades, and is settled with
    /// the last page of candles.
    ///
    /// # Errors
    /// When the store fails; then nothing has changed.
    pub fn store(&self, store: &mut Store) -> Result<(), IngestError> {
        match self {
            Self::Candles { gap, candles, is_last: true, .. } => {
                store.repair_candles(*gap, candles)?;
            }
            Self::Candles { instrument, interval, candles, .. } => {
                store.write(instrument, *interval, Source::Rest, None, candles)?;
            }
            Self::Trades { gap, trades, settled_up_to } => {
                store.repair_trades(*gap, trades, *settled_up_to)?;
            }
        }
        Ok(())
    }
}

/// What became of a gap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repair {
    /// Pages asked for.
    pub pages: u64,
    /// Rows that they brought.
    pub rows: u64,
    /// Rows that could not be candles and were refused.
    pub refused: u64,
    /// Whether the exchange has told of everything in it; if not, ask again later.
    pub is_settled: bool,
}

/// Asks the exchange for what an open gap lacks and hands it on page by page, oldest first.
///
/// Only candles and aggregate trades can be asked for again; other gaps are left as they are.
///
/// # Errors
/// When the exchange refuses or does not answer, or `on_page` fails; pages before stay settled.
pub fn repair_gap(
    client: &RestClient,
    gap: &GapEntry,
    on_page: &mut dyn FnMut(Page) -> Result<(), IngestError>,
) -> Result<Repair, IngestError> {
    let repair = match (gap.channel, gap.ids) {
        (Channel::Candles(interval), _) => repair_candles(client, gap, interval, on_page)?,
        (Channel::AggTrades, Some(ids)) => repair_trades(client, gap, ids, on_page)?,
        _ => Repair::default(),
    };
    debug!(gap = gap.id, channel = %gap.channel, ?repair, "asked for again");
    Ok(repair)
}

fn repair_candles(
    client: &RestClient,
    gap: &GapEntry,
    interval: Interval,
    on_page: &mut dyn FnMut(Page) -> Result<(), IngestError>,
) -> Result<Repair, IngestError> {
    let mut repair = Repair { is_settled: gap.span.length() == 0, ..Repair::default() };
    let mut from = gap.span.start;
    if repair.is_settled {
        on_page(Page::Candles {
            gap: gap.id,
            instrument: gap.instrument.clone(),
            interval,
            candles: Vec::new(),
            is_last: true,
        })?;
    }
    while from < gap.span.end {
        let page = client.candles(&gap.instrument.symbol, interval, from, gap.span.end)?;
        if page.settled_up_to <= from && page.candles.is_empty() {
            return Ok(repair);
        }
        repair.pages += 1;
        repair.rows += page.candles.len() as u64;
        repair.refused += page.refused.rows;
        repair.is_settled = page.settled_up_to >= gap.span.end;
        on_page(Page::Candles {
            gap: gap.id,
            instrument: gap.instrument.clone(),
            interval,
            candles: page.candles,
            is_last: repair.is_settled,
        })?;
        if page.settled_up_to <= from {
            return Ok(repair);
        }
        from = page.settled_up_to;
    }
    Ok(repair)
}

fn repair_trades(
    client: &RestClient,
    gap: &GapEntry,
    (first, last): (i64, i64),
    on_page: &mut dyn FnMut(Page) -> Result<(), IngestError>,
) -> Result<Repair, IngestError> {
    let symbol = &gap.instrument.symbol;
    let mut repair = Repair::default();
    let mut from = first;
    while from <= last {
        let mut trades = client.agg_trades(symbol, from)?;
        if trades.first().is_none_or(|trade| trade.id != from) {
            // What is taken for a hole of the exchange is never asked for again, so it is made sure.
            let again = client.agg_trades(symbol, from)?;
            if again.first().is_some_and(|trade| trade.id == from) {
                trades = again;
            }
        }
        // A later trade is known to be, so that an exchange without one lags behind.
        let Some(newest) = trades.last() else { return Ok(repair) };
        let settled_up_to = newest.id.min(last);
        trades.retain(|trade| trade.id <= last);
        repair.pages += 1;
        repair.rows += trades.len() as u64;
        on_page(Page::Trades { gap: gap.id, trades, settled_up_to })?;
        from = settled_up_to.saturating_add(1);
    }
    repair.is_settled = true;
    Ok(repair)
}
