//! Circular block bootstrap over time.
//!
//! Forecasts a few candles apart share most of their label, so they are not resampled one by one:
//! blocks of consecutive times are drawn with replacement, wrapping at the end, until as many times
//! are drawn as there are (Politis and Romano 1992). All models, baselines and instruments share a
//! resample's blocks, so that differences between them are paired.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// How resamples are drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bootstrap {
    /// Length of a block, in times.
    pub block: usize,
    /// Number of resamples.
    pub resamples: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Coverage of the intervals.
    pub level: f64,
}

/// Times drawn.
pub(super) struct Draw {
    /// Indexes of the times, in the order drawn.
    pub sequence: Vec<u32>,
    /// How often each time was drawn.
    pub weights: Vec<f64>,
}

impl Draw {
    /// Every time once.
    pub fn all(times: usize) -> Self {
        Self { sequence: (0..times as u32).collect(), weights: vec![1.0; times] }
    }

    fn of(sequence: Vec<u32>, times: usize) -> Self {
        let mut weights = vec![0.0; times];
        for &time in &sequence {
            weights[time as usize] += 1.0;
        }
        Self { sequence, weights }
    }
}

/// What measures say of something, and of its resamples.
pub(super) struct Evaluation {
    /// One a measure.
    pub value: Vec<Option<f64>>,
    /// Measure by measure: its value in each resample, NaN where it is not defined.
    pub draws: Vec<Vec<f64>>,
}

/// Fewest blocks that tell how much a value varies.
const FEWEST_BLOCKS: usize = 3;

/// Share of the resamples that must define a value for it to have an interval.
const DEFINED: f64 = 0.9;

impl Bootstrap {
    /// Number of resamples over so many times: none when they make fewer than three blocks.
    pub fn resamples(&self, times: usize) -> usize {
        if times < FEWEST_BLOCKS * self.block.max(1) { 0 } else { self.resamples }
    }

    /// Resample number `resample` of so many times, at least one.
    pub fn draw(&self, resample: usize, times: usize) -> Draw {
        Draw::of(self.sequence(resample, times), times)
    }

    fn sequence(&self, resample: usize, times: usize) -> Vec<u32> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(resample as u64);
        let mut drawn = Vec::with_capacity(times);
        while drawn.len() < times {
            let start = rng.random_range(0..times as u64) as usize;
            let length = self.block.max(1).min(times - drawn.len());
            drawn.extend((start..start + length).map(|time| (time % times) as u32));
        }
        drawn
    }

    /// Measures each subject over all of so many times and over every resample of them; resample for
    /// resample, all subjects see the same draw.
    pub fn evaluate<S: Sync>(
        &self,
        subjects: &[S],
        times: usize,
        measure: impl Fn(&S, &Draw) -> Vec<Option<f64>> + Sync,
    ) -> Vec<Evaluation> {
        let resampled: Vec<Vec<Vec<Option<f64>>>> = (0..self.resamples(times))
            .into_par_iter()
            .map(|resample| {
                let draw = self.draw(resample, times);
                subjects.iter().map(|subject| measure(subject, &draw)).collect()
            })
            .collect();
        let all = Draw::all(times);
        let evaluation = |(index, subject): (usize, &S)| {
            let value = measure(subject, &all);
            let draws_of = |measure: usize| {
                resampled.iter().map(|draw| draw[index][measure].unwrap_or(f64::NAN)).collect()
            };
            Evaluation { draws: (0..value.len()).map(draws_of).collect(), value }
        };
        subjects.iter().enumerate().map(evaluation).collect()
    }

    /// Percentile interval of a value over the resamples, undefined ones being NaN; `None` of no
    /// resample or when the value is defined in too few of them.
    pub fn interval(&self, draws: &[f64]) -> Option<(f64, f64)> {
        let mut defined: Vec<f64> = draws.iter().copied().filter(|draw| draw.is_finite()).collect();
        if defined.is_empty() || (defined.len() as f64) < DEFINED * draws.len() as f64 {
            return None;
        }
        defined.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - self.level) / 2.0;
        Some((quantile(&defined, tail), quantile(&defined, 1.0 - tail)))
    }
}

/// Quantile of sorted values, linear between the two nearest ranks.
fn quantile(sorted: &[f64], level: f64) -> f64 {
    let rank = level.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = rank.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (rank - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOTSTRAP: Bootstrap = Bootstrap { block: 5, resamples: 400, seed: 7, level: 0.95 };

    #[test]
    fn a_resample_is_made_of_blocks_and_can_be_repeated() {
        let drawn = BOOTSTRAP.sequence(3, 23);
        assert_eq!(drawn.len(), 23);
        for block in drawn.chunks(5) {
            assert!(block.windows(2).all(|pair| (pair[0] + 1) % 23 == pair[1]), "{drawn:?}");
        }
        assert_eq!(drawn, BOOTSTRAP.sequence(3, 23));
        assert_ne!(drawn, BOOTSTRAP.sequence(4, 23));
        assert_eq!(BOOTSTRAP.draw(3, 23).weights.iter().sum::<f64>(), 23.0);
    }

    #[test]
    fn too_little_data_has_no_interval() {
        assert_eq!(BOOTSTRAP.resamples(14), 0);
        assert_eq!(BOOTSTRAP.resamples(15), 400);
        assert_eq!(BOOTSTRAP.interval(&[]), None);
        assert_eq!(BOOTSTRAP.interval(&[f64::NAN, f64::NAN, 1.0]), None);
    }

    #[test]
    fn the_interval_of_a_mean_is_as_wide_as_theory_says() {
        // Independent values: standard error of the mean of 400 is 1 / 20, 95 % is ± 1.96 of it.
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let values: Vec<f64> =
            (0..400).map(|_| (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0).collect();
        let draws: Vec<f64> = (0..BOOTSTRAP.resamples(400))
            .map(|resample| {
                let weights = BOOTSTRAP.draw(resample, 400).weights;
                values.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>()
                    / 400.0
            })
            .collect();
        let (lower, upper) = BOOTSTRAP.interval(&draws).unwrap();
        assert!((0.14..0.26).contains(&(upper - lower)), "{lower} to {upper}");
        let mean = values.iter().sum::<f64>() / 400.0;
        assert!(lower < mean && mean < upper);
    }
}
