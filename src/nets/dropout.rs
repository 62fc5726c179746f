//! Dropout masks drawn on the host, a function of seed, step and call alone.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The masks of one training step.
///
/// The n-th mask of step s under a seed is always the same, on every device and after every resume:
/// it is a `ChaCha8` stream whose key holds the seed, the step and n. No global generator is used.
#[derive(Debug)]
pub struct DropoutMasks {
    seed: u64,
    step: u64,
    call: u64,
    device: Device,
}

impl DropoutMasks {
    /// The masks of `step` for tensors on `device`.
    #[must_use]
    pub fn new(seed: u64, step: u64, device: &Device) -> Self {
        Self { seed, step, call: 0, device: device.clone().inner() }
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
        let mut bytes = vec![0; 2 * shape.iter().product::<usize>()];
        ChaCha8Rng::from_seed(key).fill_bytes(&mut bytes);
        let mask = bytes
            .chunks_exact(2)
            .map(|pair| if u16::from_le_bytes([pair[0], pair[1]]) < threshold { 0.0 } else { keep })
            .collect::<Vec<f32>>();
        Tensor::from_data(TensorData::new(mask, shape), &self.device)
    }
}

/// Applies dropout in training (`dropout` given and a positive rate) and nothing otherwise.
pub(super) fn drop_out<const D: usize>(
    x: Tensor<D>,
    rate: f64,
    dropout: &mut Option<&mut DropoutMasks>,
) -> Tensor<D> {
    match dropout {
        Some(masks) if rate > 0.0 => {
            let shape = x.dims();
            x * masks.draw(shape, rate)
        }
        _ => x,
    }
}
