//! What a forward pass in training has beside its input: dropout masks drawn on the host, the
//! statistics that normalisation layers learn from the batch, and the bounds that layers put on their
//! parameters.

use std::collections::HashMap;

use burn::module::ParamId;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::constraint::Constraint;

/// Values of a mask drawn at once, two bytes each: a whole number of the stream's blocks of 64 bytes.
const PART: usize = 8192;

/// One forward pass in training.
///
/// The n-th dropout mask of step s under a seed is always the same, on every device and after every
/// resume: it is a `ChaCha8` stream whose key holds the seed, the step and n. No global generator is
/// used.
#[derive(Debug)]
pub struct TrainingPass {
    seed: u64,
    step: u64,
    call: u64,
    device: Device,
    statistics: HashMap<ParamId, Tensor<1>>,
    constraints: HashMap<ParamId, Constraint>,
}

impl TrainingPass {
    /// The pass of `step` for tensors on `device`.
    #[must_use]
    pub fn new(seed: u64, step: u64, device: &Device) -> Self {
        let device = device.clone().inner();
        let (statistics, constraints) = (HashMap::new(), HashMap::new());
        Self { seed, step, call: 0, device, statistics, constraints }
    }

    /// The next mask: 0 with probability `rate` (to 1/65536), else 1 / (1 - rate), without autodiff.
    pub fn draw<const D: usize>(&mut self, shape: [usize; D], rate: f64) -> Tensor<D> {
        let threshold = (rate.clamp(0.0, 0.999) * 65_536.0).round() as u16;
        let keep = 65_536.0 / (65_536.0 - f32::from(threshold));
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&self.step.to_le_bytes());
        key[16..24].copy_from_slice(&self.call.to_le_bytes());
        key[24..].copy_from_slice(b"dropout\0");
        self.call += 1;
        let mut mask = vec![0.0; shape.iter().product()];
        // Each part of the stream is drawn on its own; the bits are those of the whole.
        mask.par_chunks_mut(PART).enumerate().for_each(|(part, mask)| {
            let mut bytes = [0; 2 * PART];
            let mut stream = ChaCha8Rng::from_seed(key);
            stream.set_word_pos((part * PART / 2) as u128);
            stream.fill_bytes(&mut bytes);
            for (value, pair) in mask.iter_mut().zip(bytes.chunks_exact(2)) {
                let drawn = u16::from_le_bytes([pair[0], pair[1]]);
                *value = if drawn < threshold { 0.0 } else { keep };
            }
        });
        Tensor::from_data(TensorData::new(mask, shape), &self.device)
    }

    /// Notes by how much a running statistic moves in this step.
    pub(super) fn note(&mut self, statistic: ParamId, change: Tensor<1>) {
        self.statistics.insert(statistic, change.without_autodiff());
    }

    /// By how much a running statistic moves in this step.
    pub(super) fn change_of(&self, statistic: ParamId) -> Option<&Tensor<1>> {
        self.statistics.get(&statistic)
    }

    /// The bound on a parameter, where its layer noted one.
    pub(super) fn constraint_of(&self, parameter: ParamId) -> Option<Constraint> {
        self.constraints.get(&parameter).copied()
    }

    /// Whether a layer put a bound on a parameter.
    pub(super) fn has_constraints(&self) -> bool {
        !self.constraints.is_empty()
    }

    /// Whether the net has running statistics.
    #[must_use]
    pub fn has_statistics(&self) -> bool {
        !self.statistics.is_empty()
    }
}

/// Applies dropout in training (a pass is given and the rate is positive) and nothing otherwise.
pub(super) fn drop_out<const D: usize>(
    x: Tensor<D>,
    rate: f64,
    pass: &mut Option<&mut TrainingPass>,
) -> Tensor<D> {
    match pass {
        Some(pass) if rate > 0.0 => {
            let shape = x.dims();
            x * pass.draw(shape, rate)
        }
        _ => x,
    }
}

/// Notes in training that a parameter is to be kept within a bound.
pub(super) fn constrain(
    pass: &mut Option<&mut TrainingPass>,
    parameter: ParamId,
    bound: Constraint,
) {
    if let Some(pass) = pass {
        pass.constraints.insert(parameter, bound);
    }
}
