//! What training does to the windows of a batch: mixing, noise, masks.
//!
//! Everything is drawn on the host from `ChaCha8` streams whose keys hold the seed, the step and the
//! micro-batch, one stream a kind: a resumed step draws what it would have drawn, and switching one
//! kind on changes nothing that another draws.

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Beta, Distribution, StandardNormal};

use super::order::below;
use super::{Job, TrainingError};
use crate::nets::TrainingPass;
use crate::windows::gather;

/// Second halves of a mixed batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Mix {
    /// Share λ of the first halves.
    pub share: f64,
    /// The row that each row of the batch is mixed with.
    pub rows: Vec<u32>,
}

/// Draws of one micro-batch.
#[derive(Debug, Clone, Copy)]
pub struct Draws {
    /// Seed of the training.
    pub seed: u64,
    /// Step, from 1.
    pub step: u64,
    /// Number of the micro-batch in its step.
    pub micro_batch: u64,
}

impl Draws {
    /// The stream of a kind of draw.
    pub fn stream(self, kind: [u8; 8]) -> ChaCha8Rng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&self.step.to_le_bytes());
        key[16..24].copy_from_slice(&self.micro_batch.to_le_bytes());
        key[24..].copy_from_slice(&kind);
        ChaCha8Rng::from_seed(key)
    }
}

/// The windows of micro-batch `micro_batch` of step `step` as the net sees them, `[B, T, F]` a view,
/// and what they are mixed with: first mixed, then with noise, then masked.
///
/// # Errors
/// When `mixup` is no shape of a beta distribution.
pub fn augmented(
    job: &Job<'_>,
    rows: &[u32],
    (step, micro_batch): (u64, u64),
    pass: &mut TrainingPass,
) -> Result<(Vec<Tensor<3>>, Option<Mix>), TrainingError> {
    let config = job.training;
    let draws = Draws { seed: job.seed, step, micro_batch };
    let mut x = gather(job.table, rows);
    // Who is there is no window.
    let present = if job.table.symbols.is_some() { x.pop() } else { None };
    let mix = config.mixup.map(|alpha| mix(draws, alpha, rows)).transpose()?;
    if let Some(mix) = &mix {
        let pairs = x.into_iter().zip(gather(job.table, &mix.rows));
        x = pairs.map(|(own, other)| own * mix.share + other * (1.0 - mix.share)).collect();
    }
    let (mut noises, mut masks) = (draws.stream(*b"noise\0\0\0"), draws.stream(*b"columns\0"));
    let mut change = |mut x_btf: Tensor<3>| {
        let (shape, device) = (x_btf.dims(), x_btf.device());
        if config.input_noise > 0.0 {
            x_btf = x_btf + noise(&mut noises, config.input_noise, shape, &device);
        }
        if config.feature_masking > 0.0 {
            x_btf = x_btf * column_mask(&mut masks, config.feature_masking, shape, &device);
        }
        if config.input_dropout > 0.0 {
            x_btf = x_btf * pass.draw(shape, config.input_dropout);
        }
        x_btf
    };
    let x = x.into_iter().map(&mut change).chain(present).collect();
    Ok((x, mix))
}

/// λ from Beta(α, α), and a permutation of the batch (Zhang et al. 2018, "mixup: beyond empirical
/// risk minimization").
fn mix(draws: Draws, alpha: f64, rows: &[u32]) -> Result<Mix, TrainingError> {
    let beta = Beta::new(alpha, alpha)
        .map_err(|error| TrainingError::Config(format!("training.mixup {alpha}: {error}")))?;
    let mut stream = draws.stream(*b"mixup\0\0\0");
    let share = beta.sample(&mut stream);
    let mut partners = rows.to_vec();
    for last in (1..partners.len()).rev() {
        let other = below(&mut stream, last as u64 + 1) as usize;
        partners.swap(last, other);
    }
    Ok(Mix { share, rows: partners })
}

fn noise(stream: &mut ChaCha8Rng, sigma: f64, shape: [usize; 3], device: &Device) -> Tensor<3> {
    let sigma = sigma as f32;
    let mut normal = || -> f32 { StandardNormal.sample(stream) };
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| sigma * normal()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// 0 for a whole column of a window with probability `share`, else 1: `[B, 1, F]`.
fn column_mask(
    stream: &mut ChaCha8Rng,
    share: f64,
    [batch, _, features]: [usize; 3],
    device: &Device,
) -> Tensor<3> {
    // A draw of 32 bits below this is masked.
    let threshold = (share * 4_294_967_296.0) as u64;
    let mut mask = || if u64::from(stream.next_u32()) < threshold { 0.0 } else { 1.0 };
    let values: Vec<f32> = (0..batch * features).map(|_| mask()).collect();
    Tensor::from_data(TensorData::new(values, [batch, 1, features]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: Draws = Draws { seed: 3, step: 7, micro_batch: 0 };

    fn values(tensor: Tensor<3>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn draws_are_a_function_of_seed_step_and_micro_batch() {
        let rows: Vec<u32> = (10..42).collect();
        let device = Device::flex();
        let all = |draws| {
            let mix = mix(draws, 0.4, &rows).unwrap();
            let noise = values(noise(&mut draws.stream(*b"noise\0\0\0"), 0.1, [4, 3, 2], &device));
            (
                mix.share.to_bits(),
                mix.rows,
                noise,
                values(column_mask(&mut draws.stream(*b"columns\0"), 0.5, [32, 3, 2], &device)),
            )
        };
        let same = all(DRAWS);
        assert_eq!(same, all(DRAWS));
        for other in [
            Draws { seed: 4, ..DRAWS },
            Draws { step: 8, ..DRAWS },
            Draws { micro_batch: 1, ..DRAWS },
        ] {
            let (share, rows, noise, mask) = all(other);
            assert!(share != same.0 && rows != same.1 && noise != same.2 && mask != same.3);
        }
    }

    #[test]
    fn draws_have_the_moments_that_were_asked_for() {
        let device = Device::flex();
        let noise = values(noise(&mut DRAWS.stream(*b"noise\0\0\0"), 0.5, [100, 10, 10], &device));
        let mean = noise.iter().sum::<f32>() / 1e4;
        let square = noise.iter().map(|x| x * x).sum::<f32>() / 1e4;
        // 5 standard errors of 10,000 draws.
        assert!(mean.abs() < 0.025 && (square - 0.25).abs() < 0.018, "{mean} {square}");

        let mask =
            values(column_mask(&mut DRAWS.stream(*b"columns\0"), 0.2, [1000, 5, 10], &device));
        let masked = mask.iter().filter(|&&x| x == 0.0).count() as f64 / 1e4;
        assert!((masked - 0.2).abs() < 0.02, "{masked}");

        // Beta(α, α) has mean 1/2 and variance 1 / (4 (2 α + 1)).
        let alpha = 0.4;
        let shares: Vec<f64> = (0..4000)
            .map(|step| mix(Draws { step, ..DRAWS }, alpha, &[1, 2]).unwrap().share)
            .collect();
        let mean = shares.iter().sum::<f64>() / 4000.0;
        let variance = shares.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4000.0;
        assert!((mean - 0.5).abs() < 0.03, "{mean}");
        assert!((variance - 0.25 / (2.0 * alpha + 1.0)).abs() < 0.01, "{variance}");
    }

    #[test]
    fn partners_are_the_batch_in_another_order() {
        let rows: Vec<u32> = (0..100).collect();
        let mut partners = mix(DRAWS, 1.0, &rows).unwrap().rows;
        assert_ne!(partners, rows);
        partners.sort_unstable();
        assert_eq!(partners, rows);
    }
}
