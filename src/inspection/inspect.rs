//! All measures of all columns.

use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::autocorrelation::autocorrelation;
use super::bins::{bin, quantile_edges};
use super::mutual_information::Information;
use super::outcomes::{Outcomes, class};
use super::rank_correlation::{RankCorrelation, Resampling};
use super::warning::{DUPLICATE, Warning, warnings};
use super::{
    Adf, Balance, Drift, Histogram, Merge, Missing, Stretch, Summary, adf, average_linkage,
    balance, clusters_at, histogram, leaf_order, rank_correlations, stretch,
};
use crate::folds::Fold;
use crate::labels::{DirectionRule, DirectionThresholds, Labels, average_uniqueness};
use crate::market::{CandleSeries, Interval, Span};

/// Features, labels and the fold whose training rows are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The F columns.
    pub names: &'a [String],
    /// N × F values, row after row, instrument after instrument; all finite.
    pub values: &'a [f32],
    /// Open time of each row's candle, ms.
    pub open_time: &'a [i64],
    /// Index into `series` of each row, never falling.
    pub instrument: &'a [u16],
    /// Base interval.
    pub interval: Interval,
    /// Labels of the same rows.
    pub labels: &'a Labels,
    /// Fitted on the fold's training rows.
    pub thresholds: &'a DirectionThresholds,
    /// What separates the classes.
    pub rule: &'a DirectionRule,
    /// Its training rows are measured, its test rows compared with them.
    pub fold: &'a Fold,
    /// Base candles of each instrument.
    pub series: &'a [CandleSeries],
    /// What the columns lack.
    pub missing: &'a Missing,
}

/// How much is drawn, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct InspectionSettings {
    /// Seed of samples, shifts and resamples.
    pub seed: u64,
    /// Training rows that pairs of columns are compared on, drawn without replacement.
    pub pair_rows: usize,
    /// Shifts of the labels that say what chance gives.
    pub shifts: usize,
    /// Bootstrap resamples.
    pub resamples: usize,
    /// Times in a block of them; not below the labels' horizon.
    pub block: usize,
    /// Coverage of intervals, and of chance's level.
    pub level: f64,
    /// Height below which columns are one cluster: 1 - |rank correlation|.
    pub cut: f64,
    /// First open time of the candles to draw, ms; the end of the training rows when absent.
    pub chart_from: Option<i64>,
    /// Candles to draw.
    pub chart_candles: usize,
}

impl Default for InspectionSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            pair_rows: 4000,
            shifts: 100,
            resamples: 500,
            block: 24,
            level: 0.95,
            cut: 0.3,
            chart_from: None,
            chart_candles: 120,
        }
    }
}

/// A part of the fold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FoldPart {
    /// Period of its decisions.
    pub span: Span,
    /// Its rows.
    pub rows: usize,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeatureInspection {
    /// Its name.
    pub name: String,
    /// Training rows.
    pub train: Summary,
    /// Both parts over the bins of the training rows; none of a constant.
    pub histogram: Option<Histogram>,
    /// Test of a unit root on the longest stretch of training rows; none where the column foretells
    /// itself or the stretch is short.
    pub stationarity: Option<Adf>,
    /// At lags 1 to 20 of the same stretch; empty of a constant.
    pub autocorrelation: Vec<f64>,
    /// Test rows against training rows; none without test rows.
    pub drift: Option<Drift>,
    /// On training rows: with the class, the forward return and the volatility ahead.
    pub information: [Information; 3],
    /// On training rows, with the forward return; none of a constant.
    pub rank_correlation: Option<RankCorrelation>,
    /// Share of the candles that lack it.
    pub missing: f64,
    /// Its cluster.
    pub cluster: usize,
    /// What is the matter with it.
    pub warnings: Vec<Warning>,
}

/// The labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelInspection {
    /// Candles ahead.
    pub horizon: u32,
    /// Thresholds of the training rows.
    pub thresholds: DirectionThresholds,
    /// What they are in.
    pub threshold_unit: &'static str,
    /// Classes over time.
    pub balance: Balance,
    /// Of class, forward return and volatility ahead, at lags 1, 2, … of the longest stretch of
    /// training rows.
    pub autocorrelation: [Vec<f64>; 3],
    /// Mean average uniqueness of the training labels.
    pub uniqueness: Option<f64>,
}

/// Everything that the page shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// Base interval.
    pub interval: Interval,
    /// Instruments.
    pub instruments: Vec<String>,
    /// Name of the fold.
    pub fold: String,
    /// Training, validation and test part.
    pub parts: [FoldPart; 3],
    /// How it was measured.
    pub settings: InspectionSettings,
    /// Rows of the longest stretch of training rows, which has no gap.
    pub stretch_rows: usize,
    /// Training rows that pairs were compared on.
    pub pair_rows: usize,
    /// Columns as they are in the table.
    pub features: Vec<FeatureInspection>,
    /// What the columns lack.
    pub missing: Missing,
    /// The labels.
    pub labels: LabelInspection,
    /// Columns in the order of the clusters' tree.
    pub order: Vec<usize>,
    /// How columns join to clusters.
    pub merges: Vec<Merge>,
    /// F × F rank correlations.
    #[serde(skip)]
    pub correlations: Vec<f32>,
    /// Candles with labels, one an instrument.
    #[serde(skip)]
    pub stretches: Vec<Stretch>,
}

/// Bins of a column for mutual information.
const FEATURE_BINS: usize = 16;
/// Lags of a column's autocorrelation.
const LAGS: usize = 20;
/// Most rows of the stretch in time that is tested for a unit root: the latest.
const MOST_STRETCH: usize = 20_000;
/// Most lags of the labels' autocorrelation.
const MOST_LABEL_LAGS: usize = 60;

/// Measures every column and the labels. `None` without a training row or column.
///
/// # Panics
/// When rows of the fold, labels, values and columns do not fit together.
#[must_use]
pub fn inspect(subject: &Subject<'_>, settings: &InspectionSettings) -> Option<Inspection> {
    let fold = subject.fold;
    let train = in_order(subject, &fold.train);
    let test = in_order(subject, &fold.test);
    let width = subject.names.len();
    if train.is_empty() || width == 0 {
        return None;
    }
    let column = |rows: &[u32], column: usize| -> Vec<f32> {
        rows.iter().map(|&row| subject.values[row as usize * width + column]).collect()
    };
    let pairs = sample(&train, settings);
    let columns: Vec<Vec<f32>> = (0..width).into_par_iter().map(|c| column(&pairs, c)).collect();
    let correlations = rank_correlations(&columns);
    let distances: Vec<f32> = correlations.iter().map(|value| 1.0 - value.abs()).collect();
    let merges = average_linkage(&distances, width);
    let clusters = clusters_at(&merges, width, settings.cut);
    let line = longest_stretch(subject, &train);
    let outcomes = Outcomes::of(subject, &train, settings);
    let feature = |index: usize| {
        let (own, other) = (column(&train, index), column(&test, index));
        let summary = Summary::of(&own)?;
        let ends = histogram_ends(&summary);
        let over_time = column(&line, index);
        let edges = quantile_edges(&own, FEATURE_BINS);
        let bins: Vec<u8> = own.iter().map(|&value| bin(&edges, value)).collect();
        let ranks = Resampling::ranks(&own);
        let mut feature = FeatureInspection {
            name: subject.names[index].clone(),
            histogram: histogram(&own, &other, ends),
            stationarity: adf(&over_time),
            autocorrelation: autocorrelation(&over_time, LAGS),
            drift: Drift::of(&own, &other),
            information: [0, 1, 2].map(|label| outcomes.labels[label].information(&bins)),
            rank_correlation: outcomes.resampling.correlation(&ranks, &outcomes.ranks),
            missing: subject.missing.share(index),
            cluster: clusters[index],
            warnings: Vec::new(),
            train: summary,
        };
        let twin = |&other: &usize| {
            other != index && correlations[index * width + other].abs() >= DUPLICATE
        };
        let mut twins: Vec<(&str, f32)> = (0..width)
            .filter(twin)
            .map(|other| (&*subject.names[other], correlations[index * width + other]))
            .collect();
        twins.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        feature.warnings = warnings(&feature, &twins);
        Some(feature)
    };
    let part = |span, rows: &[u32]| FoldPart { span, rows: rows.len() };
    Some(Inspection {
        interval: subject.interval,
        instruments: subject.series.iter().map(|s| s.instrument().to_string()).collect(),
        fold: fold.name.clone(),
        parts: [
            part(fold.train_span, &fold.train),
            part(fold.valid_span, &fold.valid),
            part(fold.test_span, &fold.test),
        ],
        settings: *settings,
        stretch_rows: line.len(),
        pair_rows: pairs.len(),
        features: (0..width).into_par_iter().filter_map(feature).collect(),
        missing: subject.missing.clone(),
        labels: labels(subject, &train, &line),
        order: leaf_order(&merges, width),
        merges,
        correlations,
        stretches: stretches(subject, &train, settings),
    })
}

/// Rows by instrument, then by time, which is the order of the table.
fn in_order(subject: &Subject<'_>, rows: &[u32]) -> Vec<u32> {
    let mut rows = rows.to_vec();
    rows.sort_unstable_by_key(|&row| (subject.instrument[row as usize], row));
    rows
}

/// Every training row, or so many of them, drawn without replacement.
fn sample(train: &[u32], settings: &InspectionSettings) -> Vec<u32> {
    if train.len() <= settings.pair_rows {
        return train.to_vec();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    let drawn = index::sample(&mut rng, train.len(), settings.pair_rows);
    let mut rows: Vec<u32> = drawn.into_iter().map(|place| train[place]).collect();
    rows.sort_unstable();
    rows
}

/// The longest stretch of training rows of one instrument whose candles follow one another.
fn longest_stretch(subject: &Subject<'_>, train: &[u32]) -> Vec<u32> {
    let interval = subject.interval.ms();
    let follows = |&a: &u32, &b: &u32| {
        let (a, b) = (a as usize, b as usize);
        subject.instrument[a] == subject.instrument[b]
            && subject.open_time[a].saturating_add(interval) == subject.open_time[b]
    };
    let longest = train.chunk_by(follows).max_by_key(|run| run.len()).unwrap_or_default();
    longest[longest.len().saturating_sub(MOST_STRETCH)..].to_vec()
}

/// The central part of the training rows with some room around it, so that single values far off do
/// not press the rest into one bin.
fn histogram_ends(summary: &Summary) -> (f64, f64) {
    let room = 0.25 * (summary.high - summary.low);
    let ends = if room > 0.0 {
        (summary.low - room, summary.high + room)
    } else {
        (summary.least, summary.most)
    };
    (ends.0.max(summary.least), ends.1.min(summary.most))
}

fn labels(subject: &Subject<'_>, train: &[u32], line: &[u32]) -> LabelInspection {
    let labels = subject.labels;
    let lags = (3 * labels.horizon as usize).clamp(LAGS, MOST_LABEL_LAGS);
    let of = |value: &dyn Fn(u32) -> f32| {
        autocorrelation(&line.iter().map(|&row| value(row)).collect::<Vec<_>>(), lags)
    };
    let known = (0..subject.open_time.len() as u32).filter(|&row| labels.known[row as usize]);
    let dated: Vec<(i64, u8)> =
        known.map(|row| (labels.span[row as usize].start, class(subject, row))).collect();
    let same =
        |&a: &u32, &b: &u32| subject.instrument[a as usize] == subject.instrument[b as usize];
    // Each instrument weighs as much as it has labels.
    let of_instrument = |rows: &[u32]| {
        let spans: Vec<Span> = rows.iter().map(|&row| labels.span[row as usize]).collect();
        average_uniqueness(&spans, subject.interval).into_iter().sum::<f64>()
    };
    let unique: f64 = train.chunk_by(same).map(of_instrument).sum();
    LabelInspection {
        horizon: labels.horizon,
        thresholds: subject.thresholds.clone(),
        threshold_unit: subject.rule.threshold_unit(),
        balance: balance(
            subject.thresholds.between,
            &dated,
            train.iter().map(|&row| class(subject, row)),
        ),
        autocorrelation: [
            of(&|row| f32::from(class(subject, row))),
            of(&|row| labels.forward_return[row as usize]),
            of(&|row| labels.volatility[row as usize]),
        ],
        uniqueness: (!train.is_empty()).then(|| unique / train.len() as f64),
    }
}

/// Of each instrument the candles that the training rows end with, or those asked for.
fn stretches(subject: &Subject<'_>, train: &[u32], settings: &InspectionSettings) -> Vec<Stretch> {
    let one = |(index, series): (usize, &CandleSeries)| {
        let rows: Vec<u32> = (0..subject.open_time.len() as u32)
            .filter(|&row| usize::from(subject.instrument[row as usize]) == index)
            .collect();
        let own =
            train.iter().filter(|&&row| usize::from(subject.instrument[row as usize]) == index);
        let last = own.map(|&row| subject.labels.span[row as usize].end).max()?;
        let length = (settings.chart_candles as i64).saturating_mul(subject.interval.ms());
        let from = settings.chart_from.unwrap_or_else(|| last.saturating_sub(length));
        let (labels, count) = (subject.labels, settings.chart_candles);
        Some(stretch(series, labels, (subject.rule, subject.thresholds), &rows, from, count))
    };
    subject.series.iter().enumerate().filter_map(one).collect()
}
