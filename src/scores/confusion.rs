//! How often each outcome met each forecast class.

use crate::forecast::MOST_CLASSES;

/// Weighted counts, `0[outcome][forecast]`, with room for the largest number of classes: what a run
/// does not have never comes and is never forecast.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Counts(pub [[f64; MOST_CLASSES]; MOST_CLASSES]);

impl Counts {
    /// Counts of outcome by forecast class; the columns are as long as one another. A class that
    /// does not exist is not counted.
    #[must_use]
    pub fn of(outcome: &[u8], class: &[u8], weight: &[f64]) -> Self {
        let mut counts = [[0.0; MOST_CLASSES]; MOST_CLASSES];
        for ((&outcome, &class), &weight) in outcome.iter().zip(class).zip(weight) {
            let row = counts.get_mut(usize::from(outcome));
            if let Some(cell) = row.and_then(|row| row.get_mut(usize::from(class))) {
                *cell += weight;
            }
        }
        Self(counts)
    }

    /// Sum of all counts.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.0.iter().flatten().sum()
    }

    /// How often a forecast hit.
    #[must_use]
    pub fn hits(&self) -> f64 {
        (0..MOST_CLASSES).map(|class| self.0[class][class]).sum()
    }

    /// How often `class` came.
    #[must_use]
    pub fn outcomes(&self, class: usize) -> f64 {
        self.0[class].iter().sum()
    }

    /// How often `class` was forecast.
    #[must_use]
    pub fn forecasts(&self, class: usize) -> f64 {
        self.0.iter().map(|row| row[class]).sum()
    }
}

impl<const N: usize> From<[[f64; N]; N]> for Counts {
    /// Of at most the largest number of classes; what lies beyond is left out.
    fn from(counts: [[f64; N]; N]) -> Self {
        let mut all = Self::default();
        for (row, counts) in all.0.iter_mut().zip(counts) {
            for (cell, count) in row.iter_mut().zip(counts) {
                *cell = count;
            }
        }
        all
    }
}

/// The class with the largest probability, the first of equals (NumPy's `argmax`).
#[must_use]
pub fn likeliest(probability: impl AsRef<[f32]>) -> u8 {
    let probability = probability.as_ref();
    let (mut likeliest, mut highest) = (0, probability.first().copied().unwrap_or(0.0));
    for (class, &probability) in (0..).zip(probability) {
        if probability > highest {
            (likeliest, highest) = (class, probability);
        }
    }
    likeliest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_by_outcome_then_forecast() {
        let counts = Counts::of(&[0, 0, 2, 9], &[0, 1, 2, 0], &[1.0, 2.0, 1.0, 1.0]);
        assert_eq!(counts, [[1.0, 2.0, 0.0], [0.0; 3], [0.0, 0.0, 1.0]].into());
        assert_eq!((counts.total(), counts.hits()), (4.0, 2.0));
        assert_eq!((counts.outcomes(0), counts.forecasts(1)), (3.0, 2.0));
    }

    #[test]
    fn the_first_of_equals_is_likeliest() {
        assert_eq!(likeliest([0.4, 0.4, 0.2]), 0);
        assert_eq!(likeliest([0.2, 0.4, 0.4]), 1);
        assert_eq!(likeliest([f32::NAN; 3]), 0);
    }
}
