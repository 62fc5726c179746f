//! The exponential average of the weights.

use burn::tensor::Tensor;

/// Moves the average `[P]` towards the weights `[P]` after step number `step` (from 1).
///
/// The decay in force is `min(decay, (1 + step) / (10 + step))`, so that a short training's average
/// is not held back by the initial weights (the rule of TensorFlow's `ExponentialMovingAverage`).
#[must_use]
pub fn average(average: Tensor<1>, weights: &Tensor<1>, decay: f64, step: u64) -> Tensor<1> {
    let decay = decay.min((1 + step) as f64 / (10 + step) as f64);
    average * decay + weights.clone() * (1.0 - decay)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn early_steps_weigh_more_and_a_constant_stays() {
        let device = Device::flex();
        let weights = Tensor::<1>::from_floats([1.0, -2.0], &device);
        let zero = Tensor::<1>::zeros([2], &device);
        let once = average(zero, &weights, 0.999, 1).into_data().try_to_vec::<f32>().unwrap();
        // Step 1: decay 2/11, so 9/11 of the weights enter.
        assert!((once[0] - 9.0 / 11.0).abs() < 1e-6 && (once[1] + 18.0 / 11.0).abs() < 1e-6);
        let same = average(weights.clone(), &weights, 0.9, 1000).into_data();
        same.assert_approx_eq::<f32>(&weights.into_data(), burn::tensor::Tolerance::default());
    }
}
