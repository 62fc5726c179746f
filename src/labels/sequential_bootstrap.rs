//! Drawing labels so that few of the drawn overlap.
//!
//! M. López de Prado, *Advances in Financial Machine Learning* (2018), section 4.5: labels are drawn
//! one after another with replacement, each with a probability proportional to the average
//! uniqueness that it would have beside those already drawn.

use super::uniqueness::Cover;
use crate::market::{Interval, Span};

/// Indices of `draws` labels in the order they were drawn; of no label none. `uniform` gives
/// numbers in [0, 1): a draw is the first label whose cumulated probability lies above it.
///
/// A draw changes the probability of the labels that it overlaps and of no other. With n labels of
/// at most h candles it takes O(h + log n), and O(n + candles) memory.
#[must_use]
pub fn sequential_bootstrap(
    spans: &[Span],
    interval: Interval,
    draws: usize,
    mut uniform: impl FnMut() -> f64,
) -> Vec<usize> {
    if spans.is_empty() {
        return Vec::new();
    }
    let cover = Cover::of(spans, interval);
    // Places are labels in the order of their beginnings: those that overlap are neighbours.
    let mut label_at: Vec<usize> = (0..spans.len()).collect();
    label_at.sort_by_key(|&label| cover.spans[label]);
    let places: Vec<(usize, usize)> = label_at.iter().map(|&label| cover.spans[label]).collect();
    let longest = places.iter().map(|(from, to)| to - from).max().unwrap_or(0);

    // Before anything is drawn every label is unique.
    let mut tree = SumTree::of(&vec![1.0; places.len()]);
    let mut drawn_over = vec![0_u32; cover.candles];
    let mut drawn = Vec::with_capacity(draws);
    let (mut shares, mut sums) = (Vec::new(), Vec::new());
    for _ in 0..draws {
        let place = tree.find(uniform());
        drawn.push(label_at[place]);
        let (from, to) = places[place];
        drawn_over[from..to].iter_mut().for_each(|count| *count += 1);

        // The places that may overlap, and all the candles they cover.
        let first = places.partition_point(|&(start, _)| start + longest <= from);
        let end = places.partition_point(|&(start, _)| start < to);
        let origin = places[first].0;
        let reach = (to + longest).min(cover.candles);
        sums.clear();
        sums.push(0.0);
        let mut sum = 0.0;
        for &count in &drawn_over[origin..reach] {
            sum += 1.0 / f64::from(count + 1);
            sums.push(sum);
        }
        shares.clear();
        shares.extend(places[first..end].iter().map(|&(start, end)| {
            (sums[end - origin] - sums[start - origin]) / (end - start) as f64
        }));
        tree.set(first, &shares);
    }
    drawn
}

/// Sums over a row of positive numbers, kept while some of them change.
struct SumTree {
    /// Number of leaves, a power of two.
    leaves: usize,
    /// Node 1 is the root, node k has the children 2 k and 2 k + 1.
    nodes: Vec<f64>,
    /// Number of values.
    count: usize,
}

impl SumTree {
    fn of(values: &[f64]) -> Self {
        let leaves = values.len().next_power_of_two();
        let mut tree = Self { leaves, nodes: vec![0.0; 2 * leaves], count: values.len() };
        tree.set(0, values);
        tree
    }

    /// Puts `values` at `first` and behind, and sums anew what is above them.
    fn set(&mut self, first: usize, values: &[f64]) {
        if values.is_empty() {
            return;
        }
        let mut low = self.leaves + first;
        let mut high = low + values.len() - 1;
        self.nodes[low..=high].copy_from_slice(values);
        while low > 1 {
            (low, high) = (low / 2, high / 2);
            for node in low..=high {
                self.nodes[node] = self.nodes[2 * node] + self.nodes[2 * node + 1];
            }
        }
    }

    /// The first value whose cumulated sum is above `share` of the whole sum.
    fn find(&self, share: f64) -> usize {
        let mut rest = share * self.nodes[1];
        let mut node = 1;
        while node < self.leaves {
            let left = self.nodes[2 * node];
            // Rounding must not lead to a leaf that holds nothing.
            let right = rest >= left && self.nodes[2 * node + 1] > 0.0;
            if right {
                rest -= left;
            }
            node = 2 * node + usize::from(right);
        }
        (node - self.leaves).min(self.count - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn spans(hours: &[(i64, i64)]) -> Vec<Span> {
        hours.iter().map(|&(a, b)| Span { start: a * HOUR, end: b * HOUR }).collect()
    }

    #[test]
    fn probabilities_are_the_books() {
        // Section 4.5.3: after the second of [0, 2], [2, 3], [4, 5] was drawn, the probabilities
        // are 5/14, 3/14 and 6/14.
        let spans = spans(&[(0, 3), (2, 4), (4, 6)]);
        let second = |uniform: f64| {
            let mut given = [0.5, uniform].into_iter();
            sequential_bootstrap(&spans, Interval::HOUR, 2, || given.next().unwrap())
        };
        for (uniform, expected) in [
            (0.0, 0),
            (5.0 / 14.0 - 1e-9, 0),
            (5.0 / 14.0 + 1e-9, 1),
            (8.0 / 14.0 - 1e-9, 1),
            (8.0 / 14.0 + 1e-9, 2),
            (1.0 - f64::EPSILON, 2),
        ] {
            assert_eq!(second(uniform), [1, expected], "{uniform}");
        }
        assert!(sequential_bootstrap(&[], Interval::HOUR, 3, || 0.5).is_empty());
    }

    #[test]
    fn a_sum_tree_finds_what_a_scan_finds() {
        let mut values: Vec<f64> = (0..13).map(|i| f64::from(i % 5) + 0.5).collect();
        let mut tree = SumTree::of(&values);
        values[4..9].copy_from_slice(&[3.0, 0.25, 7.0, 1.0, 2.0]);
        tree.set(4, &values[4..9]);
        let total: f64 = values.iter().sum();
        for step in 0..1000 {
            let share = f64::from(step) / 1000.0;
            let mut sum = 0.0;
            let scan = values.iter().position(|value| {
                sum += value;
                sum > share * total
            });
            assert_eq!(Some(tree.find(share)), scan, "{share}");
        }
        assert_eq!(tree.find(1.0), 12);
    }
}
