//! Training and test rows over the same bins.

use serde::Serialize;

/// Shares of the rows in bins of one width; what lies outside counts in the bins at the ends.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    /// Lower end of the first bin.
    pub from: f64,
    /// Upper end of the last bin.
    pub to: f64,
    /// Share of the training rows in each bin.
    pub train: Vec<f64>,
    /// Share of the test rows in each bin; empty without test rows.
    pub test: Vec<f64>,
}

/// Bins of a histogram.
const BINS: usize = 40;

/// The histogram from `low` to `high`, ends that training rows alone decide; `None` when these are
/// not apart.
#[must_use]
pub fn histogram(train: &[f32], test: &[f32], (low, high): (f64, f64)) -> Option<Histogram> {
    let width = (high - low) / BINS as f64;
    if train.is_empty() || width.is_nan() || width <= 0.0 {
        return None;
    }
    let shares = |values: &[f32]| {
        let mut counts = [0_u32; BINS];
        for &value in values {
            let place = ((f64::from(value) - low) / width).clamp(0.0, (BINS - 1) as f64);
            counts[place as usize] += 1;
        }
        let share = |&count: &u32| f64::from(count) / values.len() as f64;
        if values.is_empty() { Vec::new() } else { counts.iter().map(share).collect() }
    };
    Some(Histogram { from: low, to: high, train: shares(train), test: shares(test) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_a_bin() {
        let train: Vec<f32> = (0..80).map(|i| i as f32).collect();
        let found = histogram(&train, &[-99.0, 99.0], (0.0, 80.0)).unwrap();
        assert_eq!(found.train, vec![0.025; 40]);
        assert_eq!((found.test[0], found.test[39]), (0.5, 0.5));
        assert_eq!(histogram(&[1.0; 5], &[], (1.0, 1.0)), None);
    }
}
