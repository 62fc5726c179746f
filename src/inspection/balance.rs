//! Shares of the classes as time goes on.

use serde::Serialize;

use crate::forecast::Classes;

/// Labels of a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BalanceSlice {
    /// Start of the stretch, ms.
    pub start: i64,
    /// End of it.
    pub end: i64,
    /// Labels of each class, from the strongest fall to the strongest rise.
    pub counts: Vec<u32>,
}

impl BalanceSlice {
    /// Shares of the classes; `None` without a label.
    #[must_use]
    pub fn shares(&self) -> Option<Vec<f64>> {
        let all: u32 = self.counts.iter().sum();
        (all > 0)
            .then(|| self.counts.iter().map(|&count| f64::from(count) / f64::from(all)).collect())
    }
}

/// Classes over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Balance {
    /// All training labels.
    pub train: Vec<u32>,
    /// Slices of one length over all labels, oldest first.
    pub slices: Vec<BalanceSlice>,
}

/// Slices of time.
const SLICES: i64 = 30;

/// Counts labels of `(decision time, class)` in thirty slices of time; `train` are the classes of the
/// training rows. What is none of `classes` is not counted.
#[must_use]
pub fn balance(classes: Classes, labels: &[(i64, u8)], train: impl Iterator<Item = u8>) -> Balance {
    let none = || vec![0; classes.count()];
    let add = |counts: &mut [u32], class: u8| {
        if let Some(count) = counts.get_mut(usize::from(class)) {
            *count += 1;
        }
    };
    let mut all = Balance { train: none(), slices: Vec::new() };
    for class in train {
        add(&mut all.train, class);
    }
    let times = labels.iter().map(|label| label.0);
    let (Some(first), Some(last)) = (times.clone().min(), times.max()) else { return all };
    let length = last.saturating_sub(first) / SLICES + 1;
    let start = |slice: i64| first.saturating_add(slice.saturating_mul(length));
    all.slices = (0..SLICES)
        .map(|slice| BalanceSlice { start: start(slice), end: start(slice + 1), counts: none() })
        .filter(|slice| slice.start <= last)
        .collect();
    for &(time, class) in labels {
        let slice = (time.saturating_sub(first) / length) as usize;
        add(&mut all.slices[slice.min(SLICES as usize - 1)].counts, class);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: Classes = Classes::Three;

    #[test]
    fn every_label_is_counted_once() {
        let labels: Vec<(i64, u8)> = (0..1000).map(|i| (i * 10, (i % 3) as u8)).collect();
        let found = balance(THREE, &labels, labels[..9].iter().map(|label| label.1));
        assert_eq!(found.train, [3, 3, 3]);
        assert_eq!(found.slices.len(), 30);
        assert_eq!(found.slices.iter().flat_map(|slice| &slice.counts).sum::<u32>(), 1000);
        assert!(found.slices.windows(2).all(|pair| pair[0].end == pair[1].start));
        let shares = found.slices[3].shares().unwrap();
        assert!(shares.iter().all(|share| (share - 0.333).abs() < 0.03), "{shares:?}");
        assert!(balance(THREE, &[], std::iter::empty()).slices.is_empty());
        assert_eq!(balance(THREE, &[(5, 2)], std::iter::empty()).slices[0].counts, [0, 0, 1]);
        let extremes = [(i64::MIN, 0), (i64::MAX, 1)];
        assert!(!balance(THREE, &extremes, std::iter::empty()).slices.is_empty());
    }
}
