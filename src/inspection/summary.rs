//! A column in a few numbers.

use serde::Serialize;

use super::bins::quantile;

/// Interquartile range of the standard normal distribution.
const NORMAL_IQR: f64 = 1.348_979_500_392_163_4;

/// A column in a few numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// Number of rows.
    pub rows: usize,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
    /// Third standardised moment; 0 where nothing varies.
    pub skewness: f64,
    /// Fourth standardised moment less 3, 0 of a normal distribution; 0 where nothing varies.
    pub excess_kurtosis: f64,
    /// Smallest value.
    pub least: f64,
    /// Quantile 0.01.
    pub low: f64,
    /// Quantile 0.5.
    pub median: f64,
    /// Quantile 0.99.
    pub high: f64,
    /// Largest value.
    pub most: f64,
    /// The largest distance from the median in interquartile ranges of a normal distribution's
    /// standard deviation; none where the middle half is one value.
    pub farthest: Option<f64>,
    /// Share of the rows that have the commonest value.
    pub commonest: f64,
}

impl Summary {
    /// Of finite values; `None` of no value.
    pub(super) fn of(values: &[f32]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        let rows = sorted.len();
        let (least, most) = (f64::from(*sorted.first()?), f64::from(*sorted.last()?));
        let at = |level| quantile(&sorted, level).unwrap_or(f64::NAN);
        let mean = sorted.iter().map(|&v| f64::from(v)).sum::<f64>() / rows as f64;
        let moment = |power: i32| {
            sorted.iter().map(|&v| (f64::from(v) - mean).powi(power)).sum::<f64>() / rows as f64
        };
        // The mean of equal values can miss them by a rounding error.
        let deviation = if least == most { 0.0 } else { moment(2).sqrt() };
        let standardised = |power: i32| {
            if deviation > 0.0 { moment(power) / deviation.powi(power) } else { 0.0 }
        };
        let median = at(0.5);
        let scale = (at(0.75) - at(0.25)) / NORMAL_IQR;
        let farthest = (median - least).max(most - median) / scale;
        let groups = sorted.chunk_by(|a, b| a == b).map(<[f32]>::len);
        Some(Self {
            rows,
            mean,
            deviation,
            skewness: standardised(3),
            excess_kurtosis: if deviation > 0.0 { standardised(4) - 3.0 } else { 0.0 },
            least,
            low: at(0.01),
            median,
            high: at(0.99),
            most,
            farthest: (scale > 0.0).then_some(farthest),
            commonest: groups.max().unwrap_or(0) as f64 / rows as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_in_numbers() {
        // x = [1, 2, 2, 7]; scipy.stats.skew(x) -> 1.0466216984729968,
        // scipy.stats.kurtosis(x) -> -0.7355371900826446
        let summary = Summary::of(&[2.0, 7.0, 1.0, 2.0]).unwrap();
        assert_eq!((summary.mean, summary.median, summary.commonest), (3.0, 2.0, 0.5));
        assert!((summary.skewness - 1.046_621_698_472_996_8).abs() < 1e-12, "{summary:?}");
        assert!((summary.excess_kurtosis + 0.735_537_190_082_644_6).abs() < 1e-12, "{summary:?}");
        let still = Summary::of(&[0.1; 7]).unwrap();
        assert_eq!((still.deviation, still.farthest, still.commonest), (0.0, None, 1.0));
        assert_eq!(Summary::of(&[]), None);
    }
}
