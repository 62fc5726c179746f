//! Matthews' correlation of outcome and forecast class.

use super::confusion::Counts;
use crate::forecast::MOST_CLASSES;

/// Multiclass correlation coefficient `R_K` (Gorodkin 2004): 1 for perfect forecasts, 0 for those
/// that know nothing, whatever the class shares; `None` when all outcomes or all forecasts are of
/// one class (scikit-learn's `matthews_corrcoef` says 0 there).
#[must_use]
pub fn mcc(counts: &Counts) -> Option<f64> {
    let total = counts.total();
    let (mut both, mut outcomes, mut forecasts) = (0.0, 0.0, 0.0);
    for class in 0..MOST_CLASSES {
        let (came, said) = (counts.outcomes(class), counts.forecasts(class));
        both += came * said;
        outcomes += came * came;
        forecasts += said * said;
    }
    let spread = (total * total - outcomes) * (total * total - forecasts);
    (spread > 0.0).then(|| (counts.hits() * total - both) / spread.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perfect_is_one_and_constant_is_undefined() {
        let diagonal = [[5.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 2.0]];
        assert!((mcc(&diagonal.into()).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(mcc(&[[5.0, 0.0, 0.0], [3.0, 0.0, 0.0], [1.0, 0.0, 0.0]].into()), None);
        assert_eq!(mcc(&[[5.0, 3.0, 1.0], [0.0; 3], [0.0; 3]].into()), None);
        assert_eq!(mcc(&Counts::default()), None);
    }
}
