//! How far test rows lie from training rows.

use serde::Serialize;

use super::bins::{bin, quantile_edges};
use super::summary::Summary;

/// How far one set of rows lies from another, beside how far stretches of the training rows lie from
/// the rest of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Drift {
    /// Population stability index over ten bins of the training rows.
    pub psi: f64,
    /// Largest difference of the two distribution functions, 0 to 1.
    pub ks: f64,
    /// Difference of the means in standard deviations of the training rows; none where these do not
    /// vary.
    pub mean_shift: Option<f64>,
    /// Standard deviation of the test rows over that of the training rows.
    pub deviation_ratio: Option<f64>,
    /// The largest index of a stretch of the training rows, as long as the test rows, against the
    /// other training rows; none where there are fewer than three such stretches.
    pub usual_psi: Option<f64>,
    /// The largest Kolmogorov-Smirnov distance of such a stretch.
    pub usual_ks: Option<f64>,
}

/// Bins of the index.
const BINS: usize = 10;
/// A share below it counts as it, since an empty bin has no logarithm.
const LEAST_SHARE: f64 = 1e-4;
/// Most stretches of the training rows that are compared with the rest.
const STRETCHES: usize = 6;
/// Fewest that say what is usual.
const FEWEST_STRETCHES: usize = 3;

impl Drift {
    /// Of the test rows from the training rows, both in the order of time; `None` when one side is
    /// empty.
    pub(super) fn of(train: &[f32], test: &[f32]) -> Option<Self> {
        let (own, other) = (Summary::of(train)?, Summary::of(test)?);
        let varies = own.deviation > 0.0;
        let possible = (train.len() / test.len()).min(STRETCHES);
        let stretches = if possible < FEWEST_STRETCHES { 0 } else { possible };
        let usual: Vec<(f64, f64)> = (0..stretches)
            .map(|index| {
                let start = (train.len() - test.len()) * index / (stretches - 1);
                let (here, end) = (&train[start..start + test.len()], start + test.len());
                let rest = [&train[..start], &train[end..]].concat();
                (psi(&rest, here), ks(&rest, here))
            })
            .collect();
        let largest = |of: fn(&(f64, f64)) -> f64| usual.iter().map(of).reduce(f64::max);
        Some(Self {
            psi: psi(train, test),
            ks: ks(train, test),
            mean_shift: varies.then(|| (other.mean - own.mean) / own.deviation),
            deviation_ratio: varies.then(|| other.deviation / own.deviation),
            usual_psi: largest(|pair| pair.0),
            usual_ks: largest(|pair| pair.1),
        })
    }
}

/// Population stability index: `Σ (q - p) ln(q / p)` over the shares p of `train` and q of `test` in
/// ten bins between the quantiles of `train`. 0 when one side is empty.
#[must_use]
pub fn psi(train: &[f32], test: &[f32]) -> f64 {
    if train.is_empty() || test.is_empty() {
        return 0.0;
    }
    let edges = quantile_edges(train, BINS);
    let shares = |values: &[f32]| {
        let mut counts = vec![0_u32; edges.len() + 1];
        for &value in values {
            counts[usize::from(bin(&edges, value))] += 1;
        }
        let share = |count: u32| (f64::from(count) / values.len() as f64).max(LEAST_SHARE);
        counts.into_iter().map(share).collect::<Vec<_>>()
    };
    shares(train).iter().zip(shares(test)).map(|(p, q)| (q - p) * (q / p).ln()).sum()
}

/// Two-sample Kolmogorov-Smirnov distance (`scipy.stats.ks_2samp`). It has no p-value here: that
/// would hold for independent rows, and rows of a market are not. 0 when one side is empty.
#[must_use]
pub fn ks(train: &[f32], test: &[f32]) -> f64 {
    if train.is_empty() || test.is_empty() {
        return 0.0;
    }
    let sorted = |values: &[f32]| {
        // Adding zero makes -0 and 0 the same value to the total order too.
        let mut sorted: Vec<f32> = values.iter().map(|value| value + 0.0).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        sorted
    };
    let (a, b) = (sorted(train), sorted(test));
    let (mut i, mut j, mut largest) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        let value = if a[i].total_cmp(&b[j]).is_le() { a[i] } else { b[j] };
        i += a[i..].iter().take_while(|other| other.total_cmp(&value).is_le()).count();
        j += b[j..].iter().take_while(|other| other.total_cmp(&value).is_le()).count();
        largest = largest.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_columns_do_not_drift() {
        let values: Vec<f32> = (0..100).map(|i| (i * 37 % 100) as f32).collect();
        let drift = Drift::of(&values, &values).unwrap();
        assert_eq!((drift.psi, drift.ks, drift.mean_shift), (0.0, 0.0, Some(0.0)));
        assert_eq!(ks(&[0.0, 1.0], &[5.0]), 1.0);
        assert_eq!(Drift::of(&values, &[]), None);
        assert_eq!(Drift::of(&[1.0; 9], &[1.0; 2]).unwrap().mean_shift, None);
    }

    #[test]
    fn what_is_usual_comes_from_training_rows() {
        let wave = |i: i32| (i as f32 * 0.01).sin();
        let train: Vec<f32> = (0..4000).map(wave).collect();
        let test: Vec<f32> = (4000..4200).map(wave).collect();
        let drift = Drift::of(&train, &test).unwrap();
        // A short stretch of a slow wave lies off all the same.
        assert!(drift.psi > 1.0 && drift.usual_psi.unwrap() > 1.0, "{drift:?}");
        assert_eq!(Drift::of(&train[..500], &test).unwrap().usual_psi, None);
    }
}
