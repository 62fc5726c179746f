//! How much of each label is its own.

use std::collections::BTreeMap;

use crate::market::Span;

/// Mean over the labels of one instrument of their average uniqueness: of a label the mean over the
/// candles of its span of one over the number of labels whose spans hold the candle (López de Prado,
/// *Advances in Financial Machine Learning*, 2018, chapter 4). 1 where no two overlap; `None` without a
/// label. `interval` is the candles' length, ms.
#[must_use]
pub fn average_uniqueness(spans: &[Span], interval: i64) -> Option<f64> {
    // Where labels begin and end the number of them changes.
    let mut changes: BTreeMap<i64, i64> = BTreeMap::new();
    let mut labels = 0_usize;
    for span in spans.iter().filter(|span| span.length() > 0) {
        *changes.entry(span.start).or_default() += 1;
        *changes.entry(span.end).or_default() -= 1;
        labels += 1;
    }
    // A label is worth the time that it has to itself, over its length; labels of one length can be
    // summed stretch by stretch.
    let one_length = spans.iter().map(|span| span.length()).filter(|&length| length > 0);
    let (least, most) = one_length.fold((i64::MAX, 0), |(l, m), x| (l.min(x), m.max(x)));
    if labels == 0 {
        return None;
    }
    if least == most {
        let (mut covered, mut open, mut from) = (0_i64, 0_i64, 0_i64);
        for (&time, &change) in &changes {
            if open > 0 {
                covered = covered.saturating_add(time.saturating_sub(from));
            }
            (open, from) = (open + change, time);
        }
        return Some(covered as f64 / (labels as f64 * least as f64));
    }
    Some(unequal(spans, &changes, interval) / labels as f64)
}

/// The sum over labels of any length, by running sums of the inverse numbers.
fn unequal(spans: &[Span], changes: &BTreeMap<i64, i64>, interval: i64) -> f64 {
    let mut times = Vec::with_capacity(changes.len());
    let mut sums = Vec::with_capacity(changes.len());
    let (mut sum, mut open, mut from) = (0.0, 0_i64, 0_i64);
    let unit = interval.max(1) as f64;
    for (&time, &change) in changes {
        if open > 0 {
            sum += time.saturating_sub(from) as f64 / unit / open as f64;
        }
        times.push(time);
        sums.push(sum);
        (open, from) = (open + change, time);
    }
    let at = |time: i64| times.binary_search(&time).map_or(0.0, |place| sums[place]);
    let labels = spans.iter().filter(|span| span.length() > 0);
    labels.map(|span| (at(span.end) - at(span.start)) / (span.length() as f64 / unit)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: i64, end: i64) -> Span {
        Span { start, end }
    }

    #[test]
    fn labels_share_what_they_overlap_in() {
        assert_eq!(average_uniqueness(&[], 1), None);
        assert_eq!(average_uniqueness(&[span(3, 3)], 1), None);
        assert_eq!(average_uniqueness(&[span(0, 4), span(4, 8)], 1), Some(1.0));
        // Each has one candle of two to itself: (1 + 1/2) / 2.
        assert_eq!(average_uniqueness(&[span(0, 2), span(1, 3)], 1), Some(0.75));
        // Of lengths 3 and 1, one candle shared: ((1 + 1 + 1/2) / 3 + 1/2) / 2.
        let found = average_uniqueness(&[span(0, 3), span(2, 3)], 1).unwrap();
        assert!((found - f64::midpoint(2.5 / 3.0, 0.5)).abs() < 1e-12, "{found}");
    }

    #[test]
    fn both_ways_agree() {
        let spans: Vec<Span> = (0..50).map(|i| span(i * i % 37, i * i % 37 + 5)).collect();
        let fast = average_uniqueness(&spans, 1).unwrap();
        let mut changes = BTreeMap::new();
        for span in &spans {
            *changes.entry(span.start).or_default() += 1;
            *changes.entry(span.end).or_default() -= 1;
        }
        let slow = unequal(&spans, &changes, 1) / 50.0;
        assert!((fast - slow).abs() < 1e-12, "{fast} {slow}");
    }
}
