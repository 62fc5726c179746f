//! What a column says about a label, beside what it would seem to say by chance.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use std::ops::Range;

/// Mutual information of a column and a label in nats, beside what is found where there is nothing
/// to find.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Information {
    /// Mutual information of the two columns' bins.
    pub value: f64,
    /// Mean of the same over label columns shifted in time.
    pub chance: f64,
    /// Level that chance stays below with the probability asked for.
    pub level: f64,
}

impl Information {
    /// Whether it is more than chance gives.
    #[must_use]
    pub fn stands_out(&self) -> bool {
        self.value > self.level
    }
}

/// Shifts of label columns in time that leave each column's own course as it is.
///
/// Labels that overlap and features that move slowly seem to know of each other by chance, far more
/// than rows that are shuffled one by one would say. A shift by a random share of the rows, at least a
/// twentieth and the same for all instruments, turns round at the end (circular shift).
#[derive(Debug, Clone)]
pub struct Shifts {
    /// Of each shift the row of each row's label.
    sources: Vec<Vec<u32>>,
    /// Probability that chance stays below the level.
    level: f64,
}

/// Least shift, in shares of the rows.
const LEAST: f64 = 0.05;

impl Shifts {
    /// So many shifts of rows in the order of time, one range of them an instrument.
    #[must_use]
    pub fn new(instruments: &[Range<usize>], count: usize, seed: u64, level: f64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut shift = || {
            let share = LEAST + (1.0 - 2.0 * LEAST) * rng.random::<f64>();
            let turned = |range: &Range<usize>| {
                let (start, length) = (range.start, range.len());
                let by = (share * length as f64) as usize;
                (0..length).map(move |row| (start + (row + by) % length) as u32)
            };
            instruments.iter().flat_map(turned).collect()
        };
        Self { sources: (0..count).map(|_| shift()).collect(), level }
    }

    /// A label's bins, shifted once for all columns.
    #[must_use]
    pub fn of(&self, label: Vec<u8>) -> ShiftedLabel {
        let shifted = |source: &Vec<u32>| source.iter().map(|&row| label[row as usize]).collect();
        ShiftedLabel {
            shifted: self.sources.iter().map(shifted).collect(),
            label,
            level: self.level,
        }
    }
}

/// A label beside its shifts.
#[derive(Debug, Clone)]
pub struct ShiftedLabel {
    label: Vec<u8>,
    shifted: Vec<Vec<u8>>,
    level: f64,
}

impl ShiftedLabel {
    /// Mutual information of a column's bins and the label's, beside chance.
    #[must_use]
    pub fn information(&self, column: &[u8]) -> Information {
        let value = mutual_information(column, &self.label);
        let chance = self.shifted.iter().map(|label| mutual_information(column, label));
        let mut found: Vec<f64> = chance.collect();
        found.sort_unstable_by(f64::total_cmp);
        let chance = found.iter().sum::<f64>() / found.len().max(1) as f64;
        // The smallest value that a share `level` of the shifts does not exceed.
        let place = (self.level * found.len() as f64).ceil() as usize;
        let level = found.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN);
        Information { value, chance, level }
    }
}

/// Most bins of a column.
const MOST: usize = 32;

/// Mutual information in nats of two columns of bins below 32 (higher ones count as 31):
/// `Σ p(x, y) ln(p(x, y) / (p(x) p(y)))`; 0 of no row.
#[must_use]
pub fn mutual_information(x: &[u8], y: &[u8]) -> f64 {
    let rows = x.len().min(y.len());
    let mut joint = [0_u32; MOST * MOST];
    for (&x, &y) in x.iter().zip(y) {
        joint[usize::from(x).min(MOST - 1) * MOST + usize::from(y).min(MOST - 1)] += 1;
    }
    let (mut of_x, mut of_y) = ([0_u32; MOST], [0_u32; MOST]);
    for (place, &count) in joint.iter().enumerate() {
        of_x[place / MOST] += count;
        of_y[place % MOST] += count;
    }
    // Σ n(x, y) ln n(x, y) - Σ n(x) ln n(x) - Σ n(y) ln n(y) + n ln n, over n.
    let weighed = |counts: &[u32]| -> f64 {
        let counts = counts.iter().filter(|&&count| count > 1);
        counts.map(|&count| f64::from(count) * f64::from(count).ln()).sum()
    };
    if rows == 0 {
        return 0.0;
    }
    let all = rows as f64;
    let found = (weighed(&joint) - weighed(&of_x) - weighed(&of_y)) / all + all.ln();
    found.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_says_all() {
        let x: Vec<u8> = (0..300).map(|i| (i * 7 % 3) as u8).collect();
        assert!((mutual_information(&x, &x) - 3_f64.ln()).abs() < 1e-12);
        assert_eq!(mutual_information(&x, &[1; 300]), 0.0);
        assert_eq!(mutual_information(&[], &[]), 0.0);
        assert!(mutual_information(&[255, 0], &[255, 0]) > 0.69);
    }

    #[test]
    fn a_slow_column_and_an_overlapping_label_seem_to_know_of_each_other() {
        // Two independent random walks, cut into four bins.
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut walk = || {
            let mut place = 0.0_f32;
            let steps = (0..2000).map(|_| {
                place = 0.99 * place + rng.random::<f32>() - 0.5;
                place
            });
            let walk: Vec<f32> = steps.collect();
            let edges = super::super::quantile_edges(&walk, 4);
            walk.iter().map(|&v| super::super::bin(&edges, v)).collect::<Vec<_>>()
        };
        let (x, y) = (walk(), walk());
        let found =
            Shifts::new(std::slice::from_ref(&(0..2000)), 200, 1, 0.95).of(y).information(&x);
        // Rows shuffled one by one give (4 - 1)² / (2 · 2000) on average.
        assert!(found.chance > 5.0 * 9.0 / 4000.0, "{found:?}");
        assert!(found.chance < found.level, "{found:?}");
    }

    #[test]
    fn a_shift_stays_with_its_instrument() {
        let shifts = Shifts::new(&[0..40, 40..100], 20, 5, 0.95);
        for source in &shifts.sources {
            assert!(source[..40].iter().all(|&row| row < 40));
            let mut rows = source.clone();
            rows.sort_unstable();
            assert!(rows.iter().enumerate().all(|(row, &from)| row == from as usize));
            let by = (f64::from(source[0]) / 40.0, f64::from(source[40] - 40) / 60.0);
            assert!((by.0 - by.1).abs() < 0.03 && (0.02..0.98).contains(&by.0), "{by:?}");
        }
    }
}
