//! Root of the mean squared error.

use super::weighted_mean::weighted_mean;

/// (forecast - outcome)², forecast by forecast.
#[must_use]
pub fn squared_errors(forecast: &[f64], outcome: &[f64]) -> Vec<f64> {
    forecast.iter().zip(outcome).map(|(forecast, outcome)| (forecast - outcome).powi(2)).collect()
}

/// Root of the weighted mean of squared errors; `None` of no forecast.
#[must_use]
pub fn rmse(squared_errors: &[f64], weight: &[f64]) -> Option<f64> {
    weighted_mean(squared_errors, weight).map(f64::sqrt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_of_the_mean_square() {
        let errors = squared_errors(&[3.0, 0.0], &[0.0, 4.0]);
        assert_eq!(rmse(&errors, &[1.0, 1.0]), Some(12.5_f64.sqrt()));
        assert_eq!(rmse(&[], &[]), None);
    }
}
