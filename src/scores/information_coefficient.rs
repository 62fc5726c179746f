//! Correlation of forecast and outcome.

use super::ranking::Ranking;

/// Pearson's correlation of two columns (`ic`); `None` where either does not vary.
#[must_use]
pub fn pearson(x: &[f64], y: &[f64], weight: &[f64]) -> Option<f64> {
    let (mut total, mut sum_x, mut sum_y) = (0.0, 0.0, 0.0);
    for ((&x, &y), &weight) in x.iter().zip(y).zip(weight) {
        total += weight;
        sum_x += weight * x;
        sum_y += weight * y;
    }
    let (mean_x, mean_y) = (sum_x / total, sum_y / total);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for ((&x, &y), &weight) in x.iter().zip(y).zip(weight) {
        let (dx, dy) = (x - mean_x, y - mean_y);
        xx += weight * dx * dx;
        yy += weight * dy * dy;
        xy += weight * dx * dy;
    }
    // The mean of equal values can miss them by a rounding error, whose square is no variance.
    let varies = |square: f64, mean: f64| square > total * (mean * 1e-12).powi(2);
    (total > 0.0 && varies(xx, mean_x) && varies(yy, mean_y))
        .then(|| (xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0))
}

/// Spearman's correlation (`rank_ic`): Pearson's of the ranks, equal values sharing their mean rank;
/// `None` where either column does not vary.
#[must_use]
pub fn spearman(x: &Ranking, y: &Ranking, weight: &[f64]) -> Option<f64> {
    pearson(&x.ranks(weight), &y.ranks(weight), weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_vary_does_not_correlate() {
        assert_eq!(pearson(&[0.1; 3], &[1.0, 2.0, 3.0], &[1.0; 3]), None);
        assert_eq!(pearson(&[1.0, 2.0], &[1.0, 2.0], &[0.0; 2]), None);
        let same = Ranking::of(&[0.1; 3]);
        assert_eq!(spearman(&same, &Ranking::of(&[1.0, 2.0, 3.0]), &[1.0; 3]), None);
        let opposite = pearson(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0], &[1.0; 3]);
        assert!((opposite.unwrap() + 1.0).abs() < 1e-12);
    }
}
