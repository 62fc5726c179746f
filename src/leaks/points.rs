//! At which decision times to look: random ones, and where look-ahead likes to hide.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::History;
use crate::market::CandleSeries;

/// About `count` random decision times among `decisions`, one of them among the last, and up to
/// half as many again inside gaps of the candles, between the values of a series, and right before
/// a value becomes known. Increasing.
pub(super) fn points(
    history: &History,
    decisions: &[i64],
    count: usize,
    rng: &mut ChaCha8Rng,
) -> Vec<i64> {
    let (Some(&first), Some(&last)) = (decisions.first(), decisions.last()) else {
        return Vec::new();
    };
    let mut points = Vec::with_capacity(count + count / 2);
    // The last row has no future. Rows of late folds are near the end.
    let rows = decisions.len().saturating_sub(1).max(1);
    points.push(decisions[rng.random_range(rows - rows.div_ceil(20)..rows)]);
    for _ in 1..count {
        points.push(decisions[rng.random_range(0..rows)]);
    }
    let hiding = hiding_places(history, rng);
    let hiding: Vec<i64> = hiding.into_iter().filter(|time| (first..last).contains(time)).collect();
    for _ in 0..(count / 2).min(hiding.len()) {
        points.push(hiding[rng.random_range(0..hiding.len())]);
    }
    points.sort_unstable();
    points.dedup();
    points
}

/// Ends of base candles, there or missing, one in each gap, each stretch between two values and
/// right before each value.
fn hiding_places(history: &History, rng: &mut ChaCha8Rng) -> Vec<i64> {
    let interval = history.base.interval();
    let mut places = Vec::new();
    for series in std::iter::once(&history.base).chain(&history.context) {
        for (from, to) in gaps(series) {
            let ends = (to - from) / interval.ms();
            if ends > 0 {
                places.push(interval.floor(from) + interval.ms() * rng.random_range(0..ends));
            }
        }
    }
    let gaps = places.len();
    for series in &history.values {
        let known = series.values.iter().map(|value| value.known_at);
        for (from, to) in known.clone().zip(known.skip(1)) {
            let place = interval.floor(rng.random_range(from..=to.max(from)));
            places.push(place);
            places.push(interval.floor(to));
        }
    }
    // There are many values and few gaps: each kind gets about half.
    let again = (places.len() - gaps) / gaps.max(1);
    let repeated = places[..gaps].repeat(again.min(10_000));
    places.extend(repeated);
    places
}

/// Stretches without a candle: from the end of the last one to the end of the next one.
fn gaps(series: &CandleSeries) -> impl Iterator<Item = (i64, i64)> + '_ {
    let interval = series.interval().ms();
    series
        .open_time()
        .windows(2)
        .filter(move |pair| pair[0].saturating_add(interval) < pair[1])
        .map(move |pair| (pair[0].saturating_add(interval), pair[1].saturating_add(interval)))
}
