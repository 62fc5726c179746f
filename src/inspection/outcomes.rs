//! Labels of the training rows, ready to be compared with columns.

use std::ops::Range;

use super::bins::{bin, quantile_edges};
use super::inspect::{InspectionSettings, Subject};
use super::mutual_information::{ShiftedLabel, Shifts};
use super::rank_correlation::Resampling;

/// Bins of returns and volatilities ahead for mutual information.
const LABEL_BINS: usize = 8;

/// Labels of the training rows, ready to be compared with a column.
pub(super) struct Outcomes {
    /// Class, forward return and volatility in bins.
    pub labels: [ShiftedLabel; 3],
    /// Ranks of the forward return.
    pub ranks: Vec<f64>,
    /// Resamples of the training rows.
    pub resampling: Resampling,
}

impl Outcomes {
    pub fn of(subject: &Subject<'_>, train: &[u32], settings: &InspectionSettings) -> Self {
        let of = |column: &[f32]| train.iter().map(|&row| column[row as usize]).collect::<Vec<_>>();
        let (returns, volatility) =
            (of(&subject.labels.forward_return), of(&subject.labels.volatility));
        let binned = |values: &[f32]| {
            let edges = quantile_edges(values, LABEL_BINS);
            values.iter().map(|&value| bin(&edges, value)).collect::<Vec<_>>()
        };
        let class = train.iter().map(|&row| class(subject, row)).collect();
        let instrument =
            |&a: &u32, &b: &u32| subject.instrument[a as usize] == subject.instrument[b as usize];
        let mut start = 0;
        let ranges: Vec<Range<usize>> = train
            .chunk_by(instrument)
            .map(|rows| {
                start += rows.len();
                start - rows.len()..start
            })
            .collect();
        let times: Vec<i64> = train.iter().map(|&row| subject.open_time[row as usize]).collect();
        let block = settings.block.max(2 * subject.labels.horizon as usize);
        let InspectionSettings { seed, shifts, resamples, level, .. } = *settings;
        let shifts = Shifts::new(&ranges, shifts, seed, level);
        Self {
            labels: [class, binned(&returns), binned(&volatility)].map(|label| shifts.of(label)),
            ranks: Resampling::ranks(&returns),
            resampling: Resampling::new(&times, block, resamples, seed, level),
        }
    }
}

/// The class of a row.
pub(super) fn class(subject: &Subject<'_>, row: u32) -> u8 {
    subject.thresholds.class(subject.labels, row as usize)
}
