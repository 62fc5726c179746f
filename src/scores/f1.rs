//! F1 averaged over classes, two ways: published numbers differ by ten points between them.

use super::confusion::Counts;
use crate::forecast::MOST_CLASSES;

/// Plain mean of the classes' F1 = 2 hits / (outcomes + forecasts), over the classes that came or
/// were forecast (scikit-learn `f1_score(average="macro", zero_division=0)`); `None` of no forecast.
#[must_use]
pub fn macro_f1(counts: &Counts) -> Option<f64> {
    average(counts, |_| 1.0)
}

/// Mean of the classes' F1, weighted by how often each class came (`average="weighted"`); `None` of
/// no forecast.
#[must_use]
pub fn weighted_f1(counts: &Counts) -> Option<f64> {
    average(counts, |class| counts.outcomes(class))
}

fn average(counts: &Counts, weight: impl Fn(usize) -> f64) -> Option<f64> {
    let (mut sum, mut total) = (0.0, 0.0);
    for class in 0..MOST_CLASSES {
        let both = counts.outcomes(class) + counts.forecasts(class);
        if both > 0.0 {
            sum += weight(class) * 2.0 * counts.0[class][class] / both;
            total += weight(class);
        }
    }
    (total > 0.0).then(|| sum / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_never_shows_does_not_count() {
        // f1_score([0,0,0,2,2], [0,0,2,2,0], average="macro") -> 0.5833…, "weighted" -> 0.6
        let counts = Counts::from([[2.0, 0.0, 1.0], [0.0; 3], [1.0, 0.0, 1.0]]);
        assert!((macro_f1(&counts).unwrap() - 7.0 / 12.0).abs() < 1e-12);
        assert!((weighted_f1(&counts).unwrap() - 0.6).abs() < 1e-12);
        assert_eq!(macro_f1(&Counts::default()), None);
    }
}
