//! Squared error of class probabilities.

/// Sum over the classes of (probability - whether it came)², forecast by forecast, between 0 and 2
/// (Brier 1950; twice the two-class score that some libraries print).
#[must_use]
pub fn brier_scores<P: AsRef<[f32]>>(probability: &[P], outcome: &[u8]) -> Vec<f64> {
    let score = |(p, &outcome): (&P, &u8)| {
        let classes = p.as_ref().iter().enumerate();
        classes
            .map(|(class, &p)| {
                let came = f64::from(u8::from(class == usize::from(outcome)));
                (f64::from(p) - came).powi(2)
            })
            .sum()
    };
    probability.iter().zip(outcome).map(score).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_is_zero_and_wrong_is_two() {
        assert_eq!(brier_scores(&[[1.0, 0.0, 0.0]; 2], &[0, 1]), [0.0, 2.0]);
        assert_eq!(brier_scores(&[[0.5, 0.5]], &[1]), [0.5]);
    }
}
