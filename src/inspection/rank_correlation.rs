//! Rank correlation of a column with the forward return, with a block-bootstrap interval.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::scores::Ranking;

/// Spearman's correlation with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RankCorrelation {
    /// Over all rows.
    pub value: f64,
    /// Ends of the interval; none of fewer than three blocks.
    pub interval: Option<(f64, f64)>,
}

impl RankCorrelation {
    /// Whether its interval lies on one side of 0.
    #[must_use]
    pub fn stands_out(&self) -> bool {
        self.interval.is_some_and(|(lower, upper)| lower > 0.0 || upper < 0.0)
    }
}

/// Resamples in blocks of consecutive times, wrapping at the end (Politis and Romano 1992), the same
/// for every column. All rows of a time go together, those of several instruments too. Ranks are
/// those among all rows and are not taken anew in a resample.
#[derive(Debug, Clone)]
pub struct Resampling {
    /// Of each row its time's place among the times.
    place: Vec<u32>,
    times: usize,
    /// Of each resample the blocks: first time and length.
    blocks: Vec<Vec<(u32, u32)>>,
    level: f64,
}

/// Fewest blocks that tell how much a value varies.
const FEWEST_BLOCKS: usize = 3;

impl Resampling {
    /// Over rows at `time`, in blocks of `block` times; `level` is the coverage of the intervals.
    #[must_use]
    pub fn new(time: &[i64], block: usize, resamples: usize, seed: u64, level: f64) -> Self {
        let mut times = time.to_vec();
        times.sort_unstable();
        times.dedup();
        let place = time.iter().map(|t| times.partition_point(|other| other < t) as u32).collect();
        let (count, block) = (times.len(), block.max(1));
        let resamples = if count < FEWEST_BLOCKS * block { 0 } else { resamples };
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut resample = || {
            let lengths = (0..count).step_by(block).map(|start| block.min(count - start) as u32);
            lengths.map(|length| (rng.random_range(0..count as u32), length)).collect()
        };
        let blocks = (0..resamples).map(|_| resample()).collect();
        Self { place, times: count, blocks, level }
    }

    /// The ranks of a column around their mean, equal values sharing theirs.
    #[must_use]
    pub fn ranks(values: &[f32]) -> Vec<f64> {
        let middle = 0.5 * (values.len() as f64 + 1.0);
        let ranks = Ranking::of(values).ranks(&vec![1.0; values.len()]);
        ranks.into_iter().map(|rank| rank - middle).collect()
    }

    /// Pearson's correlation of two columns of ranks; `None` where one does not vary.
    #[must_use]
    pub fn correlation(&self, x: &[f64], y: &[f64]) -> Option<RankCorrelation> {
        // Rows, x, y, xx, yy, xy before each time, and twice around for blocks that wrap.
        let mut sums = vec![[0.0_f64; 6]; 2 * self.times + 1];
        for ((&x, &y), &place) in x.iter().zip(y).zip(&self.place) {
            let row = [1.0, x, y, x * x, y * y, x * y];
            let sum = &mut sums[place as usize + 1];
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        sums.copy_within(1..=self.times, self.times + 1);
        for place in 1..sums.len() {
            let before = sums[place - 1];
            sums[place].iter_mut().zip(before).for_each(|(sum, before)| *sum += before);
        }
        let value = pearson(sums[self.times])?;
        let mut draws: Vec<f64> = Vec::with_capacity(self.blocks.len());
        for blocks in &self.blocks {
            let mut all = [0.0; 6];
            for &(start, length) in blocks {
                let part = difference(sums[(start + length) as usize], sums[start as usize]);
                all.iter_mut().zip(part).for_each(|(all, part)| *all += part);
            }
            draws.extend(pearson(all));
        }
        draws.sort_unstable_by(f64::total_cmp);
        let at = |level: f64| {
            let rank = level * (draws.len() - 1) as f64;
            let (below, share) = (rank.floor() as usize, rank.fract());
            let above = (below + 1).min(draws.len() - 1);
            draws[below] + (draws[above] - draws[below]) * share
        };
        let tail = (1.0 - self.level) / 2.0;
        let enough = !draws.is_empty() && 10 * draws.len() >= 9 * self.blocks.len();
        Some(RankCorrelation { value, interval: enough.then(|| (at(tail), at(1.0 - tail))) })
    }
}

fn difference(a: [f64; 6], b: [f64; 6]) -> [f64; 6] {
    std::array::from_fn(|i| a[i] - b[i])
}

fn pearson([n, x, y, xx, yy, xy]: [f64; 6]) -> Option<f64> {
    let (of_x, of_y) = (xx - x * x / n, yy - y * y / n);
    // Ranks are multiples of a half: less is a rounding error.
    (of_x > 0.1 && of_y > 0.1).then(|| ((xy - x * y / n) / (of_x * of_y).sqrt()).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_independent_rows_is_as_wide_as_theory_says() {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let mut column = || (0..900).map(|_| rng.random::<f32>()).collect::<Vec<_>>();
        let (x, y) = (column(), column());
        let time: Vec<i64> = (0..900).collect();
        let resampling = Resampling::new(&time, 3, 500, 1, 0.95);
        let (x, y) = (Resampling::ranks(&x), Resampling::ranks(&y));
        let found = resampling.correlation(&x, &y).unwrap();
        // Standard error 1 / sqrt(900), 95 % is ± 1.96 of it.
        let (lower, upper) = found.interval.unwrap();
        assert!((0.10..0.165).contains(&(upper - lower)), "{found:?}");
        assert!(lower < found.value && found.value < upper, "{found:?}");
        let same = resampling.correlation(&x, &x).unwrap();
        assert_eq!((same.value, same.interval), (1.0, Some((1.0, 1.0))));
        assert!(same.stands_out());
    }

    #[test]
    fn instruments_of_one_time_go_together() {
        let time: Vec<i64> = (0..300).chain(0..300).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut column = || {
            let one: Vec<f32> = (0..300).map(|_| rng.random()).collect();
            Resampling::ranks(&[one.clone(), one].concat())
        };
        let (x, y) = (column(), column());
        let pooled = Resampling::new(&time, 1, 500, 1, 0.95).correlation(&x, &y).unwrap();
        let alone = Resampling::new(&time[..300], 1, 500, 1, 0.95);
        let alone = alone.correlation(&x[..300], &y[..300]).unwrap();
        let width = |found: RankCorrelation| found.interval.map_or(0.0, |(a, b)| b - a);
        assert!((width(pooled) / width(alone) - 1.0).abs() < 0.02, "{pooled:?} {alone:?}");
    }

    #[test]
    fn too_little_has_no_interval_and_what_stands_still_no_correlation() {
        let resampling = Resampling::new(&[1, 2, 3, 4], 2, 10, 1, 0.95);
        let ranks = Resampling::ranks(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(resampling.correlation(&ranks, &ranks).unwrap().interval, None);
        assert_eq!(resampling.correlation(&ranks, &Resampling::ranks(&[0.1; 4])), None);
        assert_eq!(Resampling::new(&[], 2, 10, 1, 0.95).correlation(&[], &[]), None);
    }
}
