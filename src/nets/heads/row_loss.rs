//! Losses row by row into one number.

use burn::tensor::Tensor;

/// Denominators below it count as it: a batch of weight 0 has loss 0, not NaN.
const LEAST_WEIGHT: f32 = 1e-12;

/// Mean of `loss_b` weighted by `weight_b`, as `[1]`.
pub fn weighted_mean(loss_b: Tensor<1>, weight_b: Tensor<1>) -> Tensor<1> {
    ratio((loss_b * weight_b.clone()).sum(), weight_b.sum())
}

/// A sum of losses over the sum of their weights.
pub fn ratio(losses: Tensor<1>, weights: Tensor<1>) -> Tensor<1> {
    losses / weights.clamp_min(LEAST_WEIGHT)
}

/// ½ e² within delta, delta (|e| - ½ delta) beyond (Huber 1964).
pub fn huber(error_b: Tensor<1>, delta: f32) -> Tensor<1> {
    let size = error_b.abs();
    let inner = size.clone().clamp_max(delta);
    inner.clone().square() * 0.5 + (size - inner) * delta
}

/// One column of `[B, N]` as `[B]`.
pub fn column(output: &Tensor<2>, column: usize) -> Tensor<1> {
    let batch = output.dims()[0];
    output.clone().narrow(1, column, 1).reshape([batch])
}
