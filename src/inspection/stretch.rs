//! A stretch of candles with some of its labels, to be drawn.

use serde::Serialize;

use crate::forecast::Classes;
use crate::labels::{DirectionRule, DirectionThresholds, Labels};
use crate::market::{Candle, CandleSeries};

/// A label as it lies over the candles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mark {
    /// Decision time, ms.
    pub start: i64,
    /// When the horizon, or the last barrier, ends.
    pub end: i64,
    /// Price at the decision.
    pub entry: f64,
    /// Price above which, or at which, the label is up; none where no price decides.
    pub upper: Option<f64>,
    /// Price below which, or at which, the label is down; none where no price decides.
    pub lower: Option<f64>,
    /// When and at which price the outcome was decided: at a barrier that was touched, or at the end.
    pub touch: (i64, f64),
    /// Index into the names of its classes.
    pub class: u8,
    /// What the classes are.
    #[serde(skip)]
    pub classes: Classes,
}

/// Candles and labels of one instrument.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// Instrument, as text.
    pub instrument: String,
    /// Length of a candle, ms.
    pub interval: i64,
    /// Consecutive candles, oldest first; some may be missing.
    pub candles: Vec<Candle>,
    /// Labels that follow one another without overlap, oldest first.
    pub marks: Vec<Mark>,
}

/// The `count` candles from `from` on, and of the labels of `rows` (an instrument's in the order of
/// time) inside of it the first, the first after its end, and so on.
#[must_use]
pub fn stretch(
    series: &CandleSeries,
    labels: &Labels,
    (rule, thresholds): (&DirectionRule, &DirectionThresholds),
    rows: &[u32],
    from: i64,
    count: usize,
) -> Stretch {
    let interval = series.interval().ms();
    let first = series.open_time().partition_point(|&open| open < from);
    let last = first.saturating_add(count).min(series.len());
    let candles: Vec<Candle> = (first..last).map(|index| series.candle(index)).collect();
    let end = candles.last().map_or(from, |candle| candle.open_time.saturating_add(interval));
    let close_at = |time: i64| {
        let open = time.saturating_sub(interval);
        series.position(open).map(|index| series.close()[index])
    };
    let mut marks: Vec<Mark> = Vec::new();
    for row in rows.iter().map(|&row| row as usize) {
        let Some(&span) = labels.span.get(row).filter(|_| labels.known[row]) else { continue };
        let free = marks.last().is_none_or(|mark| mark.end <= span.start);
        let inside = span.start > from && span.end <= end;
        if !free || !inside {
            continue;
        }
        let Some(entry) = close_at(span.start) else { continue };
        let exit = entry * f64::from(labels.forward_return[row]).exp();
        let width = f64::from(labels.scale[row]) * f64::from(labels.horizon).sqrt();
        let bounds = match rule {
            DirectionRule::TripleBarrier(barriers) => {
                Some((-barriers.lower * width, barriers.upper * width))
            }
            // Of a meta-label the barriers follow the primary rule's side.
            DirectionRule::SmoothedMid(_)
            | DirectionRule::TrendScanning(_)
            | DirectionRule::Meta(_)
            | DirectionRule::Given {} => None,
            _ => Some(thresholds.scores(labels, row)),
        };
        marks.push(Mark {
            start: span.start,
            end: span.end,
            entry,
            upper: bounds.map(|(_, upper)| entry * upper.exp()),
            lower: bounds.map(|(lower, _)| entry * lower.exp()),
            touch: (span.end, exit),
            class: thresholds.class(labels, row),
            classes: thresholds.between,
        });
    }
    Stretch { instrument: series.instrument().to_string(), interval, candles, marks }
}
