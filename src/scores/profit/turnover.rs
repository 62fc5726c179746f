//! How much is traded.

use super::Step;

/// Units of equity traded in a year of `per_year` candles; `None` of no step.
#[must_use]
pub fn turnover(steps: &[Step], per_year: f64) -> Option<f64> {
    let traded = steps.iter().map(|step| step.turnover).sum::<f64>();
    (!steps.is_empty()).then(|| traded / steps.len() as f64 * per_year)
}

/// Number of positions entered; from long to short is one. `None` of no step.
#[must_use]
pub fn trades(steps: &[Step]) -> Option<f64> {
    (!steps.is_empty()).then(|| steps.iter().map(|step| step.entered).sum())
}
