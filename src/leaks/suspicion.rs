//! The likely kind of a leak, read from where and how a column's values changed, and its remedy.

use std::fmt;

use serde::Serialize;

use super::compare::Difference;
use super::rewrite::Source;
use super::{ColumnKind, Test};
use crate::features::ValueSeries;
use crate::market::{Interval, Span};

/// Correlation with a label beyond which a column is suspected of reading it.
pub(super) const READS_LABEL: f64 = 0.9;

/// The likely kind of a leak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Suspicion {
    /// Only the newest row changes.
    NextCandle,
    /// The newest rows change, so many of them.
    CentredWindow {
        /// Rows before the point that change.
        rows: u32,
    },
    /// Rows change until the coarse candle that they are in has ended.
    UnfinishedCandle {
        /// Interval of the coarse candles.
        interval: Interval,
    },
    /// It reads a coarse candle before its end.
    CoarseOnOpenTime {
        /// Interval of the coarse candles.
        interval: Interval,
    },
    /// It reads a value before it was known.
    OwnDate {
        /// The series.
        series: String,
    },
    /// It reads trades or book snapshots of a later candle.
    LaterStream {
        /// Which of them.
        stream: String,
    },
    /// A missing value is filled by a later one.
    BackFilledGap,
    /// Values long past change, all of them by one factor and offset.
    FittedScale,
    /// Classes long past change.
    FittedThreshold,
    /// Values long past change.
    FittedOnAll,
    /// It all but equals a label.
    ReadsLabel {
        /// The label.
        label: String,
    },
    /// A label reads past the end of its span.
    SpanUnderstated {
        /// Rows past the end.
        rows: u32,
    },
    /// A label has a value before its span has ended.
    LabelTooEarly,
    /// A fitted number changes with rows that it must not read.
    FittedOnOtherRows,
    /// It depends on the date itself.
    AbsoluteTime,
    /// It gives other values each time.
    NotRepeatable,
}

impl Suspicion {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NextCandle => "use the candle that ended at the decision time, not the one that \
                opens there: shift the column by one candle"
                .to_owned(),
            Self::CentredWindow { rows } => format!(
                "it reads about {rows} candles ahead: end its window at the decision candle \
                 (no `center=True`, no negative shift)"
            ),
            Self::UnfinishedCandle { interval } => format!(
                "it reads the {interval} candle that is still open: take the last one that has ended"
            ),
            Self::CoarseOnOpenTime { interval } => format!(
                "join the {interval} candle at its open time + {interval}, when it is known"
            ),
            Self::OwnDate { series } => format!(
                "join {series} on when each value was known (known_at), not on the date that it is of"
            ),
            Self::LaterStream { stream } => {
                format!("read the {stream} from before the decision time only")
            }
            Self::BackFilledGap => {
                "leave a gap empty or fill it with the last value before it, never \
                with the next one after it"
                    .to_owned()
            }
            Self::FittedScale => "fit the scaler on a fold's training rows only, not on the whole \
                sample"
                .to_owned(),
            Self::FittedThreshold => {
                "fit the thresholds on a fold's training rows only, not on the \
                whole sample"
                    .to_owned()
            }
            Self::FittedOnAll => {
                "fit what it is made with (limits of winsorising, a projection, a \
                mean) on a fold's training rows only, not on the whole sample"
                    .to_owned()
            }
            Self::ReadsLabel { label } => format!(
                "it is made from {label}: a feature may not read a label; encode a target out of \
                 fold, from labels whose span has ended"
            ),
            Self::SpanUnderstated { rows } => format!(
                "its span must reach to the last candle that it reads, about {rows} candles further: \
                 purging and embargo are cut by it"
            ),
            Self::LabelTooEarly => {
                "give no label until all candles of its span are there; one of a \
                shorter stretch is another label"
                    .to_owned()
            }
            Self::FittedOnOtherRows => "fit it on the training rows of its fold only".to_owned(),
            Self::AbsoluteTime => "let it depend on the candles and the calendar only: a \
                table of dates knows how things went on"
                .to_owned(),
            Self::NotRepeatable => {
                "make it a pure function of the data: no global random state and \
                nothing kept between calls"
                    .to_owned()
            }
        }
    }
}

impl fmt::Display for Suspicion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NextCandle => f.write_str("reads the next candle"),
            Self::CentredWindow { .. } => f.write_str("window reaches ahead"),
            Self::UnfinishedCandle { interval } => write!(f, "unfinished {interval} candle"),
            Self::CoarseOnOpenTime { interval } => write!(f, "{interval} candle before its end"),
            Self::OwnDate { series } => write!(f, "{series} before it was known"),
            Self::LaterStream { stream } => write!(f, "later {stream}"),
            Self::BackFilledGap => f.write_str("gap filled from its end"),
            Self::FittedScale => f.write_str("scaler of the whole sample"),
            Self::FittedThreshold => f.write_str("threshold of the whole sample"),
            Self::FittedOnAll => f.write_str("fitted on the whole sample"),
            Self::ReadsLabel { label } => write!(f, "reads the label {label}"),
            Self::SpanUnderstated { .. } => f.write_str("reads past its span"),
            Self::LabelTooEarly => f.write_str("given before its span ended"),
            Self::FittedOnOtherRows => f.write_str("fitted on other rows"),
            Self::AbsoluteTime => f.write_str("depends on the date"),
            Self::NotRepeatable => f.write_str("not repeatable"),
        }
    }
}

/// The differences of one column at one point.
#[derive(Debug, Clone)]
pub(super) struct AtPoint {
    /// What came later was changed.
    pub point: i64,
    /// Which test changed it.
    pub test: Test,
    /// Oldest first; of very many the oldest and the newest ones.
    pub differences: Vec<Difference>,
}

/// All that is known of a column that differs.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    pub kind: ColumnKind,
    pub base: Interval,
    /// Stretches without base candles.
    pub gaps: &'a [Span],
    /// Every series of values.
    pub values: &'a [ValueSeries],
    /// What it was seen to read of the future; empty when that is not known.
    pub sources: Vec<Source>,
    /// A label that it all but equals.
    pub like_label: Option<String>,
    /// Differences to a changed future, at least one.
    pub points: &'a [AtPoint],
}

/// The likely kind of leak of a column that changes with the future.
pub(super) fn suspect(evidence: &Evidence<'_>) -> Suspicion {
    if evidence.kind == ColumnKind::Label {
        return suspect_label(evidence);
    }
    if let Some(label) = &evidence.like_label {
        return Suspicion::ReadsLabel { label: label.clone() };
    }
    if is_fill(evidence) {
        return Suspicion::BackFilledGap;
    }
    if is_fitted_on_all(evidence) {
        return fitted_on_all(evidence);
    }
    match &evidence.sources[..] {
        [Source::Values(series)] => return Suspicion::OwnDate { series: series.clone() },
        [Source::Context(interval)] => return Suspicion::CoarseOnOpenTime { interval: *interval },
        [stream @ (Source::Peer(_) | Source::Trades | Source::Books)] => {
            return Suspicion::LaterStream { stream: stream.to_string() };
        }
        _ => {}
    }
    match reach(evidence) {
        0 => Suspicion::NextCandle,
        rows => match unfinished(evidence) {
            Some(interval) => Suspicion::UnfinishedCandle { interval },
            None => Suspicion::CentredWindow { rows: rows + 1 },
        },
    }
}

fn suspect_label(evidence: &Evidence<'_>) -> Suspicion {
    let early = |at: &AtPoint| {
        at.test == Test::Truncated && at.differences.iter().all(|d| d.other.is_some())
    };
    if is_fitted_on_all(evidence) {
        fitted_on_all(evidence)
    } else if evidence.points.iter().all(early) {
        Suspicion::LabelTooEarly
    } else {
        // A label is compared from its span's end on: what still changes then reads further.
        let rows = evidence.points.iter().map(|at| at.differences.len()).max().unwrap_or(0);
        Suspicion::SpanUnderstated { rows: rows as u32 }
    }
}

/// Rows before the point that the oldest difference lies.
fn reach(evidence: &Evidence<'_>) -> u32 {
    let oldest = |at: &AtPoint| at.differences.first().map(|d| d.rows - 1 - d.place);
    evidence.points.iter().filter_map(oldest).max().unwrap_or(0) as u32
}

/// Whether values of the first half of the past change with the future.
fn is_fitted_on_all(evidence: &Evidence<'_>) -> bool {
    let telling = |at: &&AtPoint| at.differences.first().is_some_and(|d| d.rows >= 50);
    let far = |at: &&AtPoint| at.differences.first().is_some_and(|d| d.place * 2 < d.rows);
    let all = evidence.points.iter().filter(telling).count();
    all > 0 && evidence.points.iter().filter(telling).filter(far).count() * 2 > all
}

fn fitted_on_all(evidence: &Evidence<'_>) -> Suspicion {
    let pairs = |at: &AtPoint| -> Vec<(f64, f64)> {
        at.differences.iter().filter_map(|d| d.whole.zip(d.other)).collect()
    };
    let all: Vec<Vec<(f64, f64)>> = evidence.points.iter().map(pairs).collect();
    let is_class = |value: f64| value.fract() == 0.0 && value.abs() <= 16.0;
    if all.iter().flatten().count() > 0
        && all.iter().flatten().all(|&(a, b)| is_class(a) && is_class(b))
    {
        Suspicion::FittedThreshold
    } else if all.iter().filter(|pairs| pairs.len() >= 3).all(|pairs| is_affine(pairs)) {
        Suspicion::FittedScale
    } else {
        Suspicion::FittedOnAll
    }
}

/// Whether one factor and one offset make every second number from its first.
fn is_affine(pairs: &[(f64, f64)]) -> bool {
    let low = pairs.iter().min_by(|a, b| a.0.total_cmp(&b.0));
    let high = pairs.iter().max_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(low), Some(high)) = (low, high) else { return false };
    // A line goes through any two points.
    if !pairs.iter().any(|pair| low.0 < pair.0 && pair.0 < high.0) {
        return false;
    }
    let factor = (high.1 - low.1) / (high.0 - low.0);
    let size = pairs.iter().map(|pair| pair.1.abs()).fold(0.0, f64::max);
    // Columns are 32-bit floats, a scaler's numbers too.
    pairs.iter().all(|&(a, b)| (low.1 + factor * (a - low.0) - b).abs() <= 1e-4 * size)
}

/// Whether all that changes lies where the data has a gap, or shows values of a later time.
fn is_fill(evidence: &Evidence<'_>) -> bool {
    let base = evidence.base.ms();
    let in_gap = |d: &Difference| {
        evidence.gaps.iter().any(|gap| gap.contains(d.decision.saturating_sub(base)))
    };
    let mut all = evidence.points.iter().flat_map(|at| &at.differences);
    match &evidence.sources[..] {
        [Source::Values(name)] => evidence
            .values
            .iter()
            .find(|series| series.name == *name)
            .is_some_and(|series| all.all(|d| shows_later(d, series))),
        _ => all.all(in_gap),
    }
}

/// Whether the value shown is one of the series that speaks of a time after the decision only.
fn shows_later(difference: &Difference, series: &ValueSeries) -> bool {
    let Some(shown) = difference.whole else { return true };
    let same = |value: f64| value == shown || f64::from(value as f32) == shown;
    let mut times = series.values.iter().filter(|v| same(v.value)).map(|v| v.time).peekable();
    times.peek().is_some() && times.all(|time| time > difference.decision)
}

/// The interval whose unfinished candles every change comes from: rows change from the first one
/// after such a candle opened.
fn unfinished(evidence: &Evidence<'_>) -> Option<Interval> {
    let base = evidence.base.ms();
    Interval::all().filter(|interval| *interval > evidence.base).find(|interval| {
        let inside = |at: &AtPoint| {
            let open = interval.floor(at.point);
            at.point > open && at.differences.iter().all(|d| d.decision > open)
        };
        let from_its_open = |at: &&AtPoint| {
            let first = interval.floor(at.point).saturating_add(base);
            at.differences.first().is_some_and(|d| d.decision == first)
        };
        let whole = evidence.points.iter().filter(from_its_open).count();
        evidence.points.iter().all(inside) && whole * 5 >= evidence.points.len() * 3
    })
}
