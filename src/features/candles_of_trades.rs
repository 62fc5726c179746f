//! Candles made of trades.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::market::{Candle, CandleSeries, Instrument, Interval, Market, Span, Trade};

use super::FeatureError;

/// What a run's candles come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CandleOrigin {
    /// The store's candles.
    #[default]
    Stored,
    /// The store's trades, of which candles of any interval are made.
    Trades,
}

/// The candles of an interval that trades make, times being the exchange's.
///
/// A candle without a trade is one at the last price with volumes of zero; one that overlaps `unseen`
/// is missing, and so are those after it until a trade tells the price again. The candle of the first
/// trade is left out, since trades before it may not have been seen, and so is the candle of the last
/// trade, which may go on: more trades only ever add candles at the end.
///
/// # Errors
/// Trades that are not in the order of their times, and [`FeatureError::Trade`] for one that cannot
/// be.
pub fn candles_of_trades(
    instrument: &Instrument,
    interval: Interval,
    trades: &[Trade],
    unseen: &[Span],
) -> Result<CandleSeries, FeatureError> {
    let mut series = CandleSeries::new(instrument.clone(), interval);
    let (Some(first), Some(last)) = (trades.first(), trades.last()) else { return Ok(series) };
    let begin = interval.floor(first.time);
    let end = interval.floor(last.time);
    let mut unseen: Vec<Span> = unseen.to_vec();
    unseen.sort();
    let is_unseen = |candle: Span| {
        let before_end = &unseen[..unseen.partition_point(|span| span.start < candle.end)];
        before_end.iter().any(|span| span.overlaps(candle))
    };
    let with_quote = instrument.market != Market::CoinM;
    let mut price = None;
    let mut open_time = begin;
    for group in trades.chunk_by(|a, b| interval.floor(a.time) == interval.floor(b.time)) {
        let Some(head) = group.first() else { continue };
        let of_group = interval.floor(head.time);
        if of_group < open_time {
            return Err(FeatureError::Late { interval, time: head.time });
        }
        while open_time < of_group {
            if is_unseen(Span { start: open_time, end: open_time + interval.ms() }) {
                price = None;
            } else if let Some(price) = price.filter(|_| open_time > begin) {
                push(&mut series, &silent(open_time, price, with_quote))?;
            }
            open_time += interval.ms();
        }
        let candle = made_of(of_group, group, with_quote)?;
        let unseen = is_unseen(Span { start: of_group, end: of_group + interval.ms() });
        price = (!unseen).then_some(candle.close);
        if !unseen && of_group > begin && of_group < end {
            push(&mut series, &candle)?;
        }
        open_time = of_group + interval.ms();
    }
    Ok(series)
}

fn push(series: &mut CandleSeries, candle: &Candle) -> Result<(), FeatureError> {
    let interval = series.interval();
    series.push(candle).map_err(|fault| FeatureError::Order { interval, fault })
}

fn silent(open_time: i64, price: f64, with_quote: bool) -> Candle {
    Candle {
        open_time,
        open: price,
        high: price,
        low: price,
        close: price,
        volume: 0.0,
        quote_volume: with_quote.then_some(0.0),
        trades: Some(0),
        taker_buy_volume: Some(0.0),
        taker_buy_quote_volume: with_quote.then_some(0.0),
    }
}

fn made_of(open_time: i64, trades: &[Trade], with_quote: bool) -> Result<Candle, FeatureError> {
    let mut candle = silent(open_time, 0.0, false);
    (candle.high, candle.low) = (f64::MIN, f64::MAX);
    let (mut quote, mut bought, mut bought_quote) = (0.0, 0.0, 0.0);
    for trade in trades {
        FeatureError::check_trade(trade)?;
        let price = trade.price.value();
        if candle.open == 0.0 {
            candle.open = price;
        }
        candle.high = candle.high.max(price);
        candle.low = candle.low.min(price);
        candle.close = price;
        candle.volume += trade.quantity;
        quote += price * trade.quantity;
        if !trade.buyer_is_maker {
            bought += trade.quantity;
            bought_quote += price * trade.quantity;
        }
    }
    candle.trades = Some(trades.len() as i64);
    // The sums round on their own; the part must not come out larger than the whole.
    candle.taker_buy_volume = Some(bought.min(candle.volume));
    candle.quote_volume = with_quote.then_some(quote);
    candle.taker_buy_quote_volume = with_quote.then_some(bought_quote.min(quote));
    Ok(candle)
}
