//! How often a position gains.

use super::Step;

/// Share of the candles with a position on which it gained before costs; `None` without position.
#[must_use]
pub fn hit_rate(steps: &[Step]) -> Option<f64> {
    let held = steps.iter().map(|step| step.held).sum::<f64>();
    (held > 0.0).then(|| steps.iter().map(|step| step.won).sum::<f64>() / held)
}
