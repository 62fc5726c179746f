//! Return over the whole time, after costs.

use super::Step;

/// Compounded net return: 0.1 is a gain of 10 %; `None` of no step.
#[must_use]
pub fn net_return(steps: &[Step]) -> Option<f64> {
    (!steps.is_empty()).then(|| steps.iter().map(|step| 1.0 + step.net).product::<f64>() - 1.0)
}
