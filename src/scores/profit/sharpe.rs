//! Return for its own variation.

use super::Step;

/// Mean over standard deviation (n - 1) of the net returns, times `sqrt(per_year)` with `per_year`
/// candles in a year of 365 days (Sharpe 1994, risk-free rate 0); `None` without variance.
#[must_use]
pub fn sharpe(steps: &[Step], per_year: f64) -> Option<f64> {
    let count = steps.len() as f64;
    if count < 2.0 {
        return None;
    }
    let mean = steps.iter().map(|step| step.net).sum::<f64>() / count;
    let squares = steps.iter().map(|step| (step.net - mean).powi(2)).sum::<f64>();
    let deviation = (squares / (count - 1.0)).sqrt();
    // The mean of equal returns can miss them by a rounding error, whose square is no variance.
    (deviation > 1e-12 * mean.abs()).then(|| mean / deviation * per_year.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_without_variance_has_no_sharpe() {
        let constant = [Step { net: 0.1, ..Step::default() }; 3];
        assert_eq!(sharpe(&constant, 365.0), None);
        assert_eq!(sharpe(&[Step::default(); 3], 365.0), None);
        assert_eq!(sharpe(&constant[..1], 365.0), None);
    }

    #[test]
    fn mean_over_deviation_for_a_year() {
        // r = np.array([0.01, -0.02, 0.03]); r.mean() / r.std(ddof=1) * np.sqrt(365)
        let steps = [0.01, -0.02, 0.03].map(|net| Step { net, ..Step::default() });
        assert!((sharpe(&steps, 365.0).unwrap() - 5.061_031_030).abs() < 1e-8);
    }
}
