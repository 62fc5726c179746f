//! Quasi-likelihood loss of volatility forecasts.

use crate::labels::VOLATILITY_FLOOR;

/// `r - ln r - 1` with `r` = realised over forecast variance, forecast by forecast: 0 when right,
/// dearer below the truth than above it, and it orders forecasts as the true variance would although
/// realised variance is noisy (Patton 2011, equation 24 shifted to 0). Both volatilities are floored
/// at [`VOLATILITY_FLOOR`].
#[must_use]
pub fn qlike_losses(forecast: &[f32], realised: &[f32]) -> Vec<f64> {
    let variance = |volatility: f32| f64::from(volatility.max(VOLATILITY_FLOOR)).powi(2);
    let loss = |(&forecast, &realised): (&f32, &f32)| {
        let ratio = variance(realised) / variance(forecast);
        ratio - ratio.ln() - 1.0
    };
    forecast.iter().zip(realised).map(loss).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_low_is_dearer_than_too_high() {
        let losses = qlike_losses(&[0.01, 0.005, 0.02, 0.0], &[0.01, 0.01, 0.01, 0.0]);
        assert_eq!((losses[0], losses[3]), (0.0, 0.0));
        assert!(losses[1] > losses[2] && losses[2] > 0.0, "{losses:?}");
    }
}
