//! Coarser candles from finer ones.

use std::ops::Range;

use crate::market::{Candle, CandleSeries, Interval};

use super::FeatureError;

/// Candles of `to`, each made of all its finer candles; where one of those is missing the coarse
/// candle is missing too.
///
/// First open, highest high, lowest low, last close, sums of the volumes; a volume that one finer
/// candle lacks is lacking.
///
/// # Errors
/// When `to` is not a longer multiple of the candles' interval.
pub fn resample(finer: &CandleSeries, to: Interval) -> Result<CandleSeries, FeatureError> {
    let interval = finer.interval();
    if to <= interval || !to.is_multiple_of(interval) {
        return Err(FeatureError::Resample { finer: interval, to });
    }
    let parts = (to.ms() / interval.ms()) as usize;
    let mut coarse = CandleSeries::new(finer.instrument().clone(), to);
    let times = finer.open_time();
    let mut start = 0;
    while let Some(&first) = times.get(start) {
        let open_time = to.floor(first);
        let expected = (0..).map(|part| open_time.saturating_add(part * interval.ms()));
        let group = &times[start..times.len().min(start + parts)];
        let more = times.get(start + parts).is_some_and(|&time| to.floor(time) == open_time);
        if !more && group.len() == parts && group.iter().copied().eq(expected.take(parts)) {
            let whole = Candle { open_time, ..whole(finer, start..start + parts) };
            coarse.push(&whole).map_err(|fault| FeatureError::Order { interval: to, fault })?;
            start += parts;
        } else {
            let ended = |&time: &i64| to.floor(time) == open_time;
            start += group.iter().take_while(|time| ended(time)).count();
        }
    }
    Ok(coarse)
}

/// All candles of a range as one.
fn whole(finer: &CandleSeries, range: Range<usize>) -> Candle {
    let first = finer.candle(range.start);
    let optional = [first.quote_volume, first.taker_buy_volume, first.taker_buy_quote_volume];
    if optional.iter().any(Option::is_some) || first.trades.is_some() {
        let mut whole = first;
        finer.candles(range).skip(1).for_each(|next| add(&mut whole, &next));
        return whole;
    }
    // Column by column.
    let of = |column: &[f64], join: fn(f64, f64) -> f64| {
        column[range.clone()].iter().copied().reduce(join).unwrap_or_default()
    };
    Candle {
        high: of(finer.high(), f64::max),
        low: of(finer.low(), f64::min),
        close: finer.close()[range.end - 1],
        volume: of(finer.volume(), |a, b| a + b),
        ..first
    }
}

/// Lengthens a candle by the one that follows it.
fn add(whole: &mut Candle, next: &Candle) {
    whole.high = whole.high.max(next.high);
    whole.low = whole.low.min(next.low);
    whole.close = next.close;
    whole.volume += next.volume;
    whole.quote_volume = whole.quote_volume.zip(next.quote_volume).map(|(a, b)| a + b);
    whole.trades = whole.trades.zip(next.trades).map(|(a, b)| a.saturating_add(b));
    // Rounding of the two sums must not make the part larger than the whole.
    whole.taker_buy_volume =
        whole.taker_buy_volume.zip(next.taker_buy_volume).map(|(a, b)| (a + b).min(whole.volume));
    let quote = whole.quote_volume;
    whole.taker_buy_quote_volume = whole
        .taker_buy_quote_volume
        .zip(next.taker_buy_quote_volume)
        .map(|(a, b)| quote.map_or(a + b, |quote| (a + b).min(quote)));
}
