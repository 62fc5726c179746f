//! Whether what was said to be probable came as often.

use super::scorecard::{Calibration, CalibrationBin};
use crate::forecast::{ByClass, Classes};

/// Number of bins over the probabilities from 0 to 1.
const BINS: usize = 10;

/// Calibration of one class in bins of equal width; its error is the mean over all forecasts of
/// |frequency - probability| of their bin (expected calibration error, Naeini, Cooper and
/// Hauskrecht 2015; per class: Nixon and others 2019). `None` of no forecast.
#[must_use]
pub fn calibration(
    model: &str,
    (classes, class): (Classes, usize),
    probability: &[ByClass<f32>],
    outcome: &[u8],
) -> Option<Calibration> {
    if probability.is_empty() {
        return None;
    }
    let mut sums = [(0.0, 0.0, 0_u64); BINS];
    for (p, &outcome) in probability.iter().zip(outcome) {
        let p = f64::from(p[class]);
        let bin = ((p * BINS as f64) as usize).min(BINS - 1);
        sums[bin].0 += p;
        sums[bin].1 += f64::from(u8::from(usize::from(outcome) == class));
        sums[bin].2 += 1;
    }
    let bins: Vec<CalibrationBin> = sums
        .iter()
        .filter(|(_, _, count)| *count > 0)
        .map(|&(probability, came, count)| CalibrationBin {
            probability: probability / count as f64,
            frequency: came / count as f64,
            count,
        })
        .collect();
    let error = bins
        .iter()
        .map(|bin| bin.count as f64 * (bin.frequency - bin.probability).abs())
        .sum::<f64>()
        / probability.len() as f64;
    Some(Calibration {
        model: model.to_owned(),
        class: (*classes.names().get(class)?).to_owned(),
        error,
        bins,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_what_was_said_and_what_came() {
        let said = [[0.05, 0.0, 0.95], [0.05, 0.0, 0.95], [1.0, 0.0, 0.0]].map(ByClass::from);
        let first = (Classes::Three, 0);
        let curve = calibration("lstm", first, &said, &[0, 2, 0]).unwrap();
        assert_eq!(curve.bins.len(), 2);
        assert_eq!((curve.bins[0].count, curve.bins[0].frequency), (2, 0.5));
        assert_eq!((curve.bins[1].probability, curve.bins[1].frequency), (1.0, 1.0));
        assert!((curve.error - 0.3).abs() < 1e-7);
        assert_eq!(calibration("lstm", first, &[], &[]), None);
    }
}
