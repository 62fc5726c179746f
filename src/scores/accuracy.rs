//! Share of forecasts whose likeliest class came.

use super::confusion::Counts;

/// Hits over forecasts; `None` of no forecast.
#[must_use]
pub fn accuracy(counts: &Counts) -> Option<f64> {
    let total = counts.total();
    (total > 0.0).then(|| counts.hits() / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_over_forecasts() {
        let counts = Counts::from([[3.0, 1.0, 0.0], [0.0, 2.0, 1.0], [1.0, 0.0, 2.0]]);
        assert_eq!(accuracy(&counts), Some(0.7));
        assert_eq!(accuracy(&Counts::default()), None);
    }
}
