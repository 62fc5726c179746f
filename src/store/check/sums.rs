//! Whether finer candles sum to coarser ones, in decimals.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::market::{Candle, CandleSeries, Instrument, Interval, Span, Time};
use crate::store::{SeriesInfo, Store, StoreError};

/// How many differences are named one by one.
const NAMED_DIFFERENCES: usize = 10;

/// About how many finer candles are held in memory at once.
const FINER_AT_ONCE: i64 = 1 << 17;

/// How the candles of one interval compare with the sums of a finer one's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SumCheck {
    /// What is traded.
    #[serde(flatten)]
    pub instrument: Instrument,
    /// The finer interval, which is summed.
    pub finer: Interval,
    /// The coarser interval.
    pub coarser: Interval,
    /// Coarser candles whose finer ones are all there.
    pub compared: u64,
    /// Coarser candles that lack a finer one.
    pub uncovered: u64,
    /// Whether open, high, low, close, volume and number of trades agree in every compared candle.
    pub exact: bool,
    /// Values that differ.
    pub differences: u64,
    /// The first ten of them.
    pub first_differences: Vec<SumDifference>,
}

/// A value in which a coarser candle and its finer ones differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SumDifference {
    /// Open time of the coarser candle.
    pub open_time: Time,
    /// Name of the value.
    pub column: &'static str,
    /// Value in the coarser candle.
    pub coarser: String,
    /// Value made of the finer candles.
    pub finer: String,
}

/// Compares every candle of `coarser` with what its candles of `finer` sum to.
pub(super) fn check_sums(
    store: &Store,
    finer: &SeriesInfo,
    coarser: &SeriesInfo,
) -> Result<SumCheck, StoreError> {
    let mut found = SumCheck {
        instrument: finer.instrument.clone(),
        finer: finer.interval,
        coarser: coarser.interval,
        compared: 0,
        uncovered: coarser.rows,
        exact: true,
        differences: 0,
        first_differences: Vec::new(),
    };
    let step = coarser.interval.ms();
    let at_once = (FINER_AT_ONCE * finer.interval.ms() / step).max(1) * step;
    let mut start = coarser.interval.floor(finer.first.max(coarser.first));
    let end = finer.last.min(coarser.last + step - 1);
    while start <= end {
        let span = Span { start, end: start + at_once };
        let coarse = store.load(&coarser.instrument, coarser.interval, span)?;
        let fine = store.load(&finer.instrument, finer.interval, span)?;
        compare(&fine, &coarse, &mut found);
        start = span.end;
    }
    // Filled candles of a coarser series are compared too, but are no rows of it.
    found.uncovered = coarser.rows.saturating_sub(found.compared);
    found.exact = found.differences == 0;
    Ok(found)
}

fn compare(fine: &CandleSeries, coarse: &CandleSeries, found: &mut SumCheck) {
    let parts = (coarse.interval().ms() / fine.interval().ms()) as usize;
    let times = fine.open_time();
    let mut from = 0;
    for candle in coarse.iter() {
        from += times[from..].partition_point(|&time| time < candle.open_time);
        let end = candle.open_time + coarse.interval().ms();
        let length = times[from..].partition_point(|&time| time < end);
        if length == parts {
            found.compared += 1;
            let fine: Vec<Candle> = (from..from + length).map(|row| fine.candle(row)).collect();
            compare_candle(&candle, &fine, found);
        }
        from += length;
    }
}

fn compare_candle(coarse: &Candle, fine: &[Candle], found: &mut SumCheck) {
    let (Some(first), Some(last)) = (fine.first(), fine.last()) else { return };
    let high = fine.iter().map(|candle| candle.high).fold(f64::MIN, f64::max);
    let low = fine.iter().map(|candle| candle.low).fold(f64::MAX, f64::min);
    // Two floats are equal exactly when their shortest decimals are, so that prices need no decimal.
    for (column, coarser, finer) in [
        ("open", coarse.open, first.open),
        ("high", coarse.high, high),
        ("low", coarse.low, low),
        ("close", coarse.close, last.close),
    ] {
        if coarser != finer {
            note(found, coarse, column, coarser.to_string(), finer.to_string());
        }
    }
    let sum = fine.iter().try_fold(Decimal::ZERO, |sum, candle| {
        decimal(candle.volume).and_then(|volume| sum.checked_add(volume))
    });
    if sum.is_none() || sum != decimal(coarse.volume) {
        let sum = sum.map_or_else(|| "no decimal of 28 digits".to_owned(), |sum| sum.to_string());
        note(found, coarse, "volume", coarse.volume.to_string(), sum);
    }
    let trades: Option<i128> = fine.iter().map(|candle| candle.trades.map(i128::from)).sum();
    if let (Some(coarser), Some(finer)) = (coarse.trades.map(i128::from), trades)
        && coarser != finer
    {
        note(found, coarse, "trades", coarser.to_string(), finer.to_string());
    }
}

/// The decimal that the shortest text of `value` writes, or `None` beyond 28 digits.
pub(super) fn decimal(value: f64) -> Option<Decimal> {
    Decimal::from_str_exact(&value.to_string()).ok()
}

fn note(
    found: &mut SumCheck,
    coarse: &Candle,
    column: &'static str,
    coarser: String,
    finer: String,
) {
    found.differences += 1;
    if found.first_differences.len() < NAMED_DIFFERENCES {
        let open_time = Time(coarse.open_time);
        found.first_differences.push(SumDifference { open_time, column, coarser, finer });
    }
}
