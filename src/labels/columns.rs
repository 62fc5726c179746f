//! The labels of a table's rows, column by column.

use crate::folds::RowTime;
use crate::market::{Instrument, Span};

/// Labels row by row, aligned with the table whose decision candles they were built for.
///
/// Where `known` is false, the outcome's columns are NaN, so that a use by mistake shows; so are
/// return and volatility of labels that came with the data ([`super::given()`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Length of the longest label, in candles.
    pub horizon: u32,
    /// Instruments in the order of their rows.
    pub instruments: Vec<Instrument>,
    /// Index into `instruments` of each row.
    pub instrument: Vec<u16>,
    /// From the decision time until the outcome is known: no later candle has a say in it. Labels
    /// of barriers end with the candle that touches, all others after `horizon` candles, and so
    /// does one that is not known.
    pub span: Vec<Span>,
    /// Log return from the decision candle's close to the label's end: the close then, or the
    /// barrier where it was touched inside of the candle.
    pub forward_return: Vec<f32>,
    /// Realised volatility over the candles of the span: root of the sum of squared one-candle log
    /// returns, not annualised.
    pub volatility: Vec<f32>,
    /// Causal volatility per candle at the decision time; 0 where there is none yet.
    pub scale: Vec<f32>,
    /// What the direction rule's thresholds are compared with.
    pub score: Vec<f32>,
    /// What those thresholds are multiples of, as known at the decision time.
    pub unit: Vec<f64>,
    /// False where the outcome lies past the data or over a gap, or where something that the rule
    /// needs is not known at the decision time yet.
    pub known: Vec<bool>,
}

/// What came of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Outcome {
    pub forward_return: f64,
    pub volatility: f64,
    pub score: f64,
    pub unit: f64,
}

impl Labels {
    pub(super) fn empty(horizon: u32, rows: usize) -> Self {
        Self {
            horizon,
            instruments: Vec::new(),
            instrument: Vec::with_capacity(rows),
            span: Vec::with_capacity(rows),
            forward_return: Vec::with_capacity(rows),
            volatility: Vec::with_capacity(rows),
            scale: Vec::with_capacity(rows),
            score: Vec::with_capacity(rows),
            unit: Vec::with_capacity(rows),
            known: Vec::with_capacity(rows),
        }
    }

    pub(super) fn push(&mut self, span: Span, scale: Option<f64>, outcome: Option<Outcome>) {
        let nan = f64::NAN;
        let unknown = Outcome { forward_return: nan, volatility: nan, score: nan, unit: nan };
        let value = outcome.unwrap_or(unknown);
        self.instrument.push(0);
        self.span.push(span);
        self.forward_return.push(value.forward_return as f32);
        self.volatility.push(value.volatility as f32);
        self.scale.push(scale.unwrap_or(0.0) as f32);
        self.score.push(value.score as f32);
        self.unit.push(value.unit);
        self.known.push(outcome.is_some());
    }

    /// Takes back the labels whose span overlaps one of `gaps`: an outcome over a stretch that was not
    /// seen is no fact. Of the labels of one instrument, in the order of its rows.
    pub fn forget_over(&mut self, gaps: &[Span]) {
        let longest = self.span.iter().map(|span| span.length()).max().unwrap_or(0);
        for gap in gaps.iter().filter(|gap| gap.length() > 0) {
            // Spans begin in the order of the rows, but a later one may end earlier.
            let from =
                self.span.partition_point(|span| span.start.saturating_add(longest) <= gap.start);
            let to = self.span.partition_point(|span| span.start < gap.end).max(from);
            for row in (from..to).filter(|&row| self.span[row].overlaps(*gap)).collect::<Vec<_>>() {
                self.forward_return[row] = f32::NAN;
                self.volatility[row] = f32::NAN;
                self.score[row] = f32::NAN;
                self.unit[row] = f64::NAN;
                self.known[row] = false;
            }
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.span.len()
    }

    /// The labels of several instruments one after another, as their tables are pooled. The parts
    /// share a horizon; of no part it is 0.
    #[must_use]
    pub fn pooled(parts: &[Self]) -> Self {
        let mut pooled = Self::empty(
            parts.first().map_or(0, |part| part.horizon),
            parts.iter().map(Self::rows).sum(),
        );
        for part in parts {
            let offset = pooled.instruments.len() as u16;
            pooled.instruments.extend_from_slice(&part.instruments);
            pooled.instrument.extend(part.instrument.iter().map(|index| index + offset));
            pooled.span.extend_from_slice(&part.span);
            pooled.forward_return.extend_from_slice(&part.forward_return);
            pooled.volatility.extend_from_slice(&part.volatility);
            pooled.scale.extend_from_slice(&part.scale);
            pooled.score.extend_from_slice(&part.score);
            pooled.unit.extend_from_slice(&part.unit);
            pooled.known.extend_from_slice(&part.known);
        }
        pooled
    }

    /// The times that folds are cut by, row by row.
    #[must_use]
    pub fn row_times(&self) -> Vec<RowTime> {
        self.span.iter().map(|&label| RowTime { decision: label.start, label }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(spans: &[(i64, i64)]) -> Labels {
        let mut labels = Labels::empty(10, spans.len());
        for &(start, end) in spans {
            let outcome = Outcome { forward_return: 0.1, volatility: 0.1, score: 0.1, unit: 1.0 };
            labels.push(Span { start, end }, Some(0.01), Some(outcome));
        }
        labels
    }

    #[test]
    fn labels_of_different_lengths_are_forgotten_where_they_overlap() {
        let mut labels = labels(&[(1, 11), (2, 3), (3, 13), (4, 5), (5, 6), (6, 7), (12, 13)]);
        labels.forget_over(&[Span { start: 5, end: 6 }, Span { start: 4, end: 4 }]);
        assert_eq!(labels.known, [false, true, false, true, false, true, true]);
        for row in 0..labels.rows() {
            assert_eq!(labels.forward_return[row].is_nan(), !labels.known[row]);
            assert_eq!(labels.volatility[row].is_nan(), !labels.known[row]);
            assert_eq!(labels.score[row].is_nan(), !labels.known[row]);
            assert_eq!(labels.unit[row].is_nan(), !labels.known[row]);
        }
        labels.forget_over(&[Span { start: i64::MIN, end: i64::MAX }]);
        assert!(labels.known.iter().all(|known| !known));
    }
}
