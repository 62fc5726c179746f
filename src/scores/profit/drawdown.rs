//! The worst fall of equity.

use super::Step;

/// Largest share of equity lost since its highest value so far, the start's 1 included: 0.25 is a
/// fall by a quarter; `None` of no step.
#[must_use]
pub fn max_drawdown(steps: &[Step]) -> Option<f64> {
    let (mut equity, mut peak, mut worst) = (1.0_f64, 1.0_f64, 0.0_f64);
    for step in steps {
        equity *= 1.0 + step.net;
        peak = peak.max(equity);
        worst = worst.max(1.0 - equity / peak);
    }
    (!steps.is_empty()).then_some(worst)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fall_is_from_the_peak() {
        let steps = [0.5, -0.2, 0.1, -0.5].map(|net| Step { net, ..Step::default() });
        // Equity 1.5, 1.2, 1.32, 0.66: the worst is 0.66 of 1.5.
        assert!((max_drawdown(&steps).unwrap() - 0.56).abs() < 1e-12);
        assert_eq!(max_drawdown(&steps[..1]), Some(0.0));
        assert_eq!(max_drawdown(&[]), None);
    }
}
