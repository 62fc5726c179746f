//! How much of a label's stretch is its own: concurrency and average uniqueness.
//!
//! M. López de Prado, *Advances in Financial Machine Learning* (2018), sections 4.3 and 4.4, on
//! half-open spans: a label covers the candles that open inside of its span, behind the decision
//! candle. The book's snippets count the decision candle too, whose return was known before.

use crate::market::{Interval, Span};

/// The candles that the labels of one instrument cover.
///
/// Candles are counted through the covered stretches only, so that a long pause costs nothing.
#[derive(Debug, Clone)]
pub(super) struct Cover {
    /// First and behind the last candle of each label, in the order of the labels.
    pub spans: Vec<(usize, usize)>,
    /// Number of candles that some label covers.
    pub candles: usize,
}

impl Cover {
    /// Of `spans` in any order. A label shorter than a candle counts as one candle.
    pub fn of(spans: &[Span], interval: Interval) -> Self {
        let mut order: Vec<usize> = (0..spans.len()).collect();
        order.sort_by_key(|&label| (spans[label].start, spans[label].end));
        let mut cover = Self { spans: vec![(0, 0); spans.len()], candles: 0 };
        // Where the covered stretch that is being walked began, in candles and in time.
        let (mut first, mut began, mut covered_to) = (0, 0, i64::MIN);
        for label in order {
            let Span { start, .. } = spans[label];
            if start >= covered_to {
                (first, began) = (cover.candles, start);
            }
            let length = (spans[label].length() / interval.ms()).max(1);
            let offset = start.saturating_sub(began) / interval.ms();
            let from = first + offset as usize;
            let to = from + length as usize;
            cover.spans[label] = (from, to);
            cover.candles = cover.candles.max(to);
            covered_to = covered_to.max(start.saturating_add(length * interval.ms()));
        }
        cover
    }

    /// Number of labels that cover each candle; at least 1.
    pub fn concurrency(&self) -> Vec<u32> {
        let mut steps = vec![0_i64; self.candles + 1];
        for &(from, to) in &self.spans {
            steps[from] += 1;
            steps[to] -= 1;
        }
        let mut open = 0;
        steps.truncate(self.candles);
        steps
            .into_iter()
            .map(|step| {
                open += step;
                open as u32
            })
            .collect()
    }
}

/// Number of labels that cover each covered candle, oldest first (snippet 4.1).
#[must_use]
pub fn concurrency(spans: &[Span], interval: Interval) -> Vec<u32> {
    Cover::of(spans, interval).concurrency()
}

/// Average uniqueness of each label: the mean of 1 / concurrency over the candles it covers, in
/// (0, 1] (snippet 4.2). `spans` are labels of one instrument, in any order.
#[must_use]
pub fn average_uniqueness(spans: &[Span], interval: Interval) -> Vec<f64> {
    let cover = Cover::of(spans, interval);
    let concurrency = cover.concurrency();
    cover
        .spans
        .iter()
        .map(|&(from, to)| {
            let shares = concurrency[from..to].iter().map(|&count| 1.0 / f64::from(count));
            shares.sum::<f64>() / (to - from) as f64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn spans(hours: &[(i64, i64)]) -> Vec<Span> {
        hours.iter().map(|&(a, b)| Span { start: a * HOUR, end: b * HOUR }).collect()
    }

    #[test]
    fn the_books_example() {
        // Section 4.5.3: labels over [0, 2], [2, 3] and [4, 5] inclusive.
        let spans = spans(&[(0, 3), (2, 4), (4, 6)]);
        assert_eq!(concurrency(&spans, Interval::HOUR), [1, 1, 2, 1, 1, 1]);
        let uniqueness = average_uniqueness(&spans, Interval::HOUR);
        let expected = [5.0 / 6.0, 3.0 / 4.0, 1.0];
        for (value, expected) in uniqueness.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn order_and_pauses_do_not_matter() {
        let near = average_uniqueness(&spans(&[(0, 3), (1, 4), (6, 8)]), Interval::HOUR);
        let far = spans(&[(60_000_000, 60_000_002), (1, 4), (0, 3)]);
        let mut far = average_uniqueness(&far, Interval::HOUR);
        far.reverse();
        assert_eq!(near, far);
        assert!(average_uniqueness(&[], Interval::HOUR).is_empty());
        let empty = Span { start: 5, end: 5 };
        assert_eq!(average_uniqueness(&[empty, empty], Interval::HOUR), [0.5, 0.5]);
    }
}
