//! The equal average of the weights at the ends of the last epochs.
//!
//! Izmailov et al. (2018), "Averaging weights leads to wider optima and better generalization".

use burn::tensor::Tensor;

use super::TrainingConfig;

/// How many epochs' weights are in the average after step number `step`, out of epochs of
/// `steps_per_epoch`: a function of the step, so that a checkpoint need not say it.
#[must_use]
pub fn averaged_epochs(config: &TrainingConfig, step: u64, steps_per_epoch: u64) -> u64 {
    let Some(share) = config.swa else { return 0 };
    let epochs = u64::from(config.epochs);
    let averaged = ((share * epochs as f64).ceil() as u64).clamp(1, epochs);
    (step / steps_per_epoch.max(1)).saturating_sub(epochs - averaged)
}

/// Takes the weights `[P]` of the `count`-th epoch (from 1) into the average `[P]`.
#[must_use]
pub fn include(average: Option<Tensor<1>>, weights: &Tensor<1>, count: u64) -> Tensor<1> {
    match average {
        Some(average) if count > 1 => {
            let step = (weights.clone() - average.clone()) / count as f64;
            average + step
        }
        _ => weights.clone(),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn the_last_share_of_the_epochs_is_averaged() {
        let config = |swa| TrainingConfig { epochs: 10, swa, ..TrainingConfig::default() };
        let counts = |swa| -> Vec<u64> {
            (0..=10).map(|epoch| averaged_epochs(&config(swa), epoch * 7, 7)).collect()
        };
        assert_eq!(counts(None), [0; 11]);
        assert_eq!(counts(Some(0.25)), [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]);
        assert_eq!(counts(Some(1.0)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(averaged_epochs(&config(Some(0.01)), 69, 7), 0);
        assert_eq!(averaged_epochs(&config(Some(0.01)), 70, 7), 1);
    }

    #[test]
    fn it_is_the_equal_mean() {
        let device = Device::flex();
        let weights = [3.0, -6.0, 9.0].map(|value| Tensor::<1>::from_floats([value], &device));
        let mean = (1..)
            .zip(&weights)
            .fold(None, |average, (count, weights)| Some(include(average, weights, count)));
        let mean: f32 = mean.unwrap().into_scalar();
        assert!((mean - 2.0).abs() < 1e-6, "{mean}");
    }
}
