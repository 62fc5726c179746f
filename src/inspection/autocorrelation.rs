//! How alike a column is to itself some candles before.

/// Autocorrelations at lags 1 to `lags` of values in the order of time, each sum divided by all the
/// squares (`statsmodels.tsa.stattools.acf`). Empty where the values do not vary; lags beyond the
/// values are left out.
#[must_use]
pub fn autocorrelation(values: &[f32], lags: usize) -> Vec<f64> {
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len().max(1) as f64;
    let centred: Vec<f64> = values.iter().map(|&v| f64::from(v) - mean).collect();
    let product = |lag: usize| -> f64 {
        centred.iter().zip(&centred[lag..]).map(|(before, after)| before * after).sum()
    };
    let all = product(0);
    // The mean of equal values can miss them by a rounding error.
    if all <= values.len() as f64 * (mean * 1e-12).powi(2) {
        return Vec::new();
    }
    (1..=lags.min(values.len() - 1)).map(|lag| product(lag) / all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_vary_has_none() {
        assert!(autocorrelation(&[0.1; 50], 5).is_empty());
        assert!(autocorrelation(&[], 5).is_empty());
        // statsmodels.tsa.stattools.acf([1, 2, 4, 3], nlags=5) -> [1, .15, -.5, -.15]
        let found = autocorrelation(&[1.0, 2.0, 4.0, 3.0], 5);
        let near = |(a, b): (&f64, f64)| (a - b).abs() < 1e-12;
        assert!(found.iter().zip([0.15, -0.5, -0.15]).all(near), "{found:?}");
        assert_eq!(found.len(), 3);
    }
}
