//! Student's t distribution for the return head.

use std::f32::consts::PI;

use burn::tensor::Tensor;

/// Steps of the recurrence before the series: at 5 and above its error is below 1e-7.
const SHIFT: u8 = 4;

/// Negative log likelihood of errors `[B]` under log scales `[B]` and degrees of freedom `[B]`
/// above 2.
pub fn negative_log_likelihood(
    error: Tensor<1>,
    log_scale: Tensor<1>,
    degrees: Tensor<1>,
) -> Tensor<1> {
    let standardised = (error * log_scale.clone().neg().exp()).square();
    let tail = (standardised / degrees.clone()).log1p() * (degrees.clone() + 1.0) * 0.5;
    let constant = (degrees.clone() * PI).log() * 0.5 - half_step_log_gamma(degrees * 0.5);
    tail + constant + log_scale
}

/// ln Γ(x + ½) - ln Γ(x) for x above 1.
///
/// The difference as one series in 1/x: that of two logarithms of the gamma function would lose its
/// digits where x is large. Γ(x + 1) = x Γ(x) brings x up to where the series is exact; its terms are
/// those of F. Tricomi and A. Erdélyi, "The asymptotic expansion of a ratio of gamma functions"
/// (1951).
fn half_step_log_gamma(x: Tensor<1>) -> Tensor<1> {
    let z = x.clone() + f32::from(SHIFT);
    let inverse = z.clone().recip();
    let square = inverse.clone().square();
    let series = square.clone() * (-1.0 / 640.0) + 1.0 / 192.0;
    let series = series * square - 1.0 / 8.0;
    let far = z.log() * 0.5 + series * inverse;
    let steps = (0..SHIFT).map(|step| ((x.clone() + f32::from(step)).recip() * 0.5).log1p());
    steps.fold(far, |sum, step| sum - step)
}
