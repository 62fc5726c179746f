//! Coarser candles from finer ones.

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
    for group in times.chunk_by(|&a, &b| to.floor(a) == to.floor(b)) {
        let end = start + group.len();
        // Distinct times on the finer grid: as many as there is room for are all of them.
        if group.len() == parts && group.iter().all(|&time| interval.is_on_grid(time)) {
            let mut whole = finer.candle(start);
            whole.open_time = to.floor(whole.open_time);
            (start + 1..end).for_each(|index| add(&mut whole, &finer.candle(index)));
            coarse.push(&whole).map_err(|fault| FeatureError::Order { interval: to, fault })?;
        }
        start = end;
    }
    Ok(coarse)
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
