//! Logarithmic loss of class probabilities.

/// `-ln p` of the class that came, in nats, forecast by forecast. Probabilities are floored at
/// `f32::EPSILON` (scikit-learn's `log_loss` on 32-bit input). `None` when every forecast is
/// certain of one class: such a model names classes and says no probability.
#[must_use]
pub fn log_losses<P: AsRef<[f32]>>(probability: &[P], outcome: &[u8]) -> Option<Vec<f64>> {
    let certain = probability.iter().all(|p| p.as_ref().iter().all(|&p| p == 0.0 || p == 1.0));
    if certain {
        return None;
    }
    let loss = |(p, &outcome): (&P, &u8)| {
        let p = p.as_ref().get(usize::from(outcome)).copied().unwrap_or(0.0);
        -f64::from(p).max(f64::from(f32::EPSILON)).ln()
    };
    Some(probability.iter().zip(outcome).map(loss).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainty_about_the_wrong_class_is_dear_but_finite() {
        let losses = log_losses(&[[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]], &[0, 2]).unwrap();
        assert!((losses[0] - 2.0_f64.ln()).abs() < 1e-12);
        assert!((losses[1] - 15.942_385).abs() < 1e-6);
    }

    #[test]
    fn named_classes_have_no_log_loss() {
        assert_eq!(log_losses(&[[1.0, 0.0, 0.0]], &[0]), None);
    }
}
