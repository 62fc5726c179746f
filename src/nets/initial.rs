//! Initial weights drawn on the host, so that every device starts from the same numbers.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::kernels::Precision;

use super::constraint::shrinkage;

/// A stream of initial weights, and what else layers are told when they are made. Its order is the
/// order of the calls.
pub(super) struct InitialWeights {
    stream: ChaCha8Rng,
    device: Device,
    precision: Precision,
}

impl InitialWeights {
    pub(super) fn new(seed: u64, device: &Device) -> Self {
        let stream = ChaCha8Rng::seed_from_u64(seed);
        Self { stream, device: device.clone(), precision: Precision::F32 }
    }

    /// For layers that take their products in this precision.
    pub(super) fn in_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// In which a layer takes its products; the weights are f32 whatever it is.
    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    /// A second stream of the same seed: what it draws changes nothing of the first.
    pub(super) fn beside(seed: u64, device: &Device) -> Self {
        let mut weights = Self::new(seed, device);
        weights.stream.set_stream(1);
        weights
    }

    /// Uniform on `[-bound, bound)`.
    pub(super) fn uniform<const D: usize>(
        &mut self,
        shape: [usize; D],
        bound: f32,
    ) -> Param<Tensor<D>> {
        let values = self.uniform_values(shape.iter().product(), bound);
        self.parameter(values, shape)
    }

    /// As [`Self::uniform`], with the length of each output channel's weights: `[out, 1, 1]`.
    pub(super) fn uniform_with_norms(
        &mut self,
        [outputs, inputs, kernel]: [usize; 3],
        bound: f32,
    ) -> (Param<Tensor<3>>, Param<Tensor<3>>) {
        let values = self.uniform_values(outputs * inputs * kernel, bound);
        let norm = |channel: &[f32]| channel.iter().map(|value| value * value).sum::<f32>().sqrt();
        let norms = values.chunks_exact(inputs * kernel).map(norm).collect();
        let weights = self.parameter(values, [outputs, inputs, kernel]);
        (weights, self.parameter(norms, [outputs, 1, 1]))
    }

    /// As `kaiming_uniform_(nonlinearity="relu")` of a matrix, shrunk to a norm where it exceeds it.
    pub(super) fn kaiming_within_norm(&mut self, shape: [usize; 2], norm: f32) -> Param<Tensor<2>> {
        let bound = (6.0 / shape[1] as f32).sqrt();
        let mut values = self.uniform_values(shape.iter().product(), bound);
        let share = shrinkage(&values, norm);
        for value in &mut values {
            *value *= share;
        }
        self.parameter(values, shape)
    }

    /// All the same.
    pub(super) fn constant<const D: usize>(
        &self,
        shape: [usize; D],
        value: f32,
    ) -> Param<Tensor<D>> {
        self.parameter(vec![value; shape.iter().product()], shape)
    }

    /// As they are given.
    pub(super) fn given<const D: usize>(
        &self,
        values: Vec<f32>,
        shape: [usize; D],
    ) -> Param<Tensor<D>> {
        self.parameter(values, shape)
    }

    /// Normal with mean 0, drawn by Box and Muller's transform.
    pub(super) fn normal<const D: usize>(
        &mut self,
        shape: [usize; D],
        deviation: f32,
    ) -> Param<Tensor<D>> {
        let count = shape.iter().product();
        let mut values = Vec::with_capacity(count + 1);
        while values.len() < count {
            // 1 - u lies in (0, 1], so the logarithm is finite.
            let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt() * deviation;
            let angle = std::f32::consts::TAU * self.unit();
            values.extend([radius * angle.cos(), radius * angle.sin()]);
        }
        values.truncate(count);
        self.parameter(values, shape)
    }

    fn uniform_values(&mut self, count: usize, bound: f32) -> Vec<f32> {
        (0..count).map(|_| bound * (2.0 * self.unit() - 1.0)).collect()
    }

    /// In [0, 1): the upper 24 bits give every multiple of 2^-24 exactly.
    fn unit(&mut self) -> f32 {
        (self.stream.next_u32() >> 8) as f32 * 2_f32.powi(-24)
    }

    fn parameter<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Param<Tensor<D>> {
        let tensor = Tensor::from_data(TensorData::new(values, shape), &self.device);
        // On a plain device the parameter remembers that it is to be trained.
        Param::from_tensor(tensor)
    }
}

/// Bound of PyTorch's default uniform distribution for linear and convolution layers:
/// `kaiming_uniform_(a=sqrt(5))` is uniform within 1 / sqrt(fan in), and so are the biases.
pub(super) fn bound(fan_in: usize) -> f32 {
    1.0 / (fan_in.max(1) as f32).sqrt()
}
