//! Mean of per-forecast losses.

/// Mean of `values` weighted by `weight`; `None` when the weights sum to nothing.
#[must_use]
pub fn weighted_mean(values: &[f64], weight: &[f64]) -> Option<f64> {
    let (mut sum, mut total) = (0.0, 0.0);
    for (&value, &weight) in values.iter().zip(weight) {
        sum += weight * value;
        total += weight;
    }
    (total > 0.0).then(|| sum / total)
}
