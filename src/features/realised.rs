//! Realised measures: what the last log returns say about size, jumps and memory of the moves.

use std::f64::consts::{FRAC_PI_2, PI};

use super::indicator::{not_negative, ratio_or};
use super::rolling::Window;

/// Root mean square: `sqrt(mean r^2)`.
pub(super) fn root_mean_square(returns: &Window) -> f64 {
    (returns.deviations(0.0, 2) / returns.count()).sqrt()
}

/// Root of the bipower variation a candle: `sqrt(pi / 2 / (n - 1) sum |r| |r[-1]|)`; jumps hardly
/// count.
pub(super) fn bipower(returns: &Window) -> f64 {
    (FRAC_PI_2 * neighbours(returns) / (returns.count() - 1.0)).sqrt()
}

/// Root of the median realised variance a candle:
/// `sqrt(pi / (6 - 4 sqrt 3 + pi) / (n - 2) sum med(|r|, |r[-1]|, |r[-2]|)^2)`.
pub(super) fn median_volatility(returns: &Window) -> f64 {
    let median = |((a, b), c): ((f64, f64), f64)| {
        let (a, b, c) = (a.abs(), b.abs(), c.abs());
        a.min(b).max(a.max(b).min(c)).powi(2)
    };
    let triples = returns.iter().zip(returns.iter().skip(1)).zip(returns.iter().skip(2));
    let scale = PI / (6.0 - 4.0 * 3f64.sqrt() + PI);
    (scale * triples.map(median).sum::<f64>() / (returns.count() - 2.0)).sqrt()
}

/// Barndorff-Nielsen and Shephard's ratio test of jumps, a standard normal deviate without any:
/// `(1 - BV / RV) / sqrt((pi^2 / 4 + pi - 5) / n max(1, QV / BV^2))` with
/// `BV = pi / 2 n / (n - 1) sum |r r[-1]|`, `QV = n^2 / (n - 3) pi^2 / 4 sum |r r[-1] r[-2] r[-3]|`;
/// 0 when the price stood still.
pub(super) fn jump_z(returns: &Window) -> f64 {
    let n = returns.count();
    let bipower = FRAC_PI_2 * n / (n - 1.0) * neighbours(returns);
    let fours = returns
        .iter()
        .zip(returns.iter().skip(1))
        .zip(returns.iter().skip(2))
        .zip(returns.iter().skip(3))
        .map(|(((a, b), c), d)| (a * b * c * d).abs());
    let quad = n * n / (n - 3.0) * FRAC_PI_2 * FRAC_PI_2 * fours.sum::<f64>();
    let spread = ratio_or(quad, bipower * bipower, 0.0).max(1.0);
    let share = 1.0 - ratio_or(bipower, returns.deviations(0.0, 2), 1.0);
    share / ((PI * PI / 4.0 + PI - 5.0) / n * spread).sqrt()
}

/// Root of the mean square of the falls: `sqrt(mean min(r, 0)^2)`.
pub(super) fn downside(returns: &Window) -> f64 {
    (returns.iter().map(|r| r.min(0.0).powi(2)).sum::<f64>() / returns.count()).sqrt()
}

/// Root of the mean square of the rises: `sqrt(mean max(r, 0)^2)`.
pub(super) fn upside(returns: &Window) -> f64 {
    (returns.iter().map(|r| r.max(0.0).powi(2)).sum::<f64>() / returns.count()).sqrt()
}

/// Realised skewness: `sqrt(n) sum r^3 / (sum r^2)^1.5`; 0 when the price stood still.
pub(super) fn realised_skewness(returns: &Window) -> f64 {
    let square = returns.deviations(0.0, 2);
    returns.count().sqrt() * ratio_or(returns.deviations(0.0, 3), square * square.sqrt(), 0.0)
}

/// Realised kurtosis: `n sum r^4 / (sum r^2)^2`; 0 when the price stood still.
pub(super) fn realised_kurtosis(returns: &Window) -> f64 {
    let square = returns.deviations(0.0, 2);
    returns.count() * ratio_or(returns.deviations(0.0, 4), square * square, 0.0)
}

/// Lo and `MacKinlay`'s variance ratio over 4 candles: the variance of 4-candle returns over 4 times
/// that of single ones, both free of the drift and of the bias of small samples; 1 when the returns
/// are equal.
pub(super) fn variance_ratio_4(returns: &Window) -> f64 {
    let (n, q, mean) = (returns.count(), 4.0, returns.mean());
    let one = returns.deviations(mean, 2) / (n - 1.0);
    let sums = returns
        .iter()
        .zip(returns.iter().skip(1))
        .zip(returns.iter().skip(2))
        .zip(returns.iter().skip(3))
        .map(|(((a, b), c), d)| ((a - mean) + (b - mean) + (c - mean) + (d - mean)).powi(2));
    let many = sums.sum::<f64>() / (q * (n - q + 1.0) * (1.0 - q / n));
    ratio_or(many, one, 1.0)
}

/// Autocorrelation at lag 6 of the returns: `sum (r - m)(r[-6] - m) / sum (r - m)^2`; 0 when they are
/// equal.
pub(super) fn autocorrelation_6(returns: &Window) -> f64 {
    let mean = returns.mean();
    let products = returns.iter().zip(returns.iter().skip(6)).map(|(a, b)| (a - mean) * (b - mean));
    ratio_or(products.sum(), returns.deviations(mean, 2), 0.0)
}

/// Autocorrelation at lag 1 of the returns' sizes (volatility clusters); 0 when they are equal.
pub(super) fn size_autocorrelation(returns: &Window) -> f64 {
    let oldest = returns.oldest().abs();
    let mean = oldest + returns.iter().map(|r| r.abs() - oldest).sum::<f64>() / returns.count();
    let products = returns
        .iter()
        .zip(returns.iter().skip(1))
        .map(|(a, b)| (a.abs() - mean) * (b.abs() - mean));
    let squares: f64 = returns.iter().map(|r| (r.abs() - mean).powi(2)).sum();
    ratio_or(products.sum(), squares, 0.0)
}

/// Leverage effect: `sum r[-1] r^2 / sqrt(sum r^2 sum r^4)` over the last returns, -1 to 1; below 0
/// when falls are followed by large moves. 0 when the price stood still.
pub(super) fn leverage(returns: &Window) -> f64 {
    let products = returns.iter().zip(returns.iter().skip(1)).map(|(a, b)| a * b * b);
    let size = (returns.deviations(0.0, 2) * returns.deviations(0.0, 4)).sqrt();
    ratio_or(products.sum(), size, 0.0)
}

/// Roll's effective spread: `2 sqrt(max(0, -cov(r, r[-1])))`, the covariance
/// `sum (r - m)(r[-1] - m) / (n - 1)`.
pub(super) fn roll_spread(returns: &Window) -> f64 {
    let mean = returns.mean();
    let products = returns.iter().zip(returns.iter().skip(1)).map(|(a, b)| (a - mean) * (b - mean));
    2.0 * not_negative(-products.sum::<f64>() / (returns.count() - 1.0)).sqrt()
}

/// `sum |r| |r[-1]|`.
fn neighbours(returns: &Window) -> f64 {
    returns.iter().zip(returns.iter().skip(1)).map(|(a, b)| (a * b).abs()).sum()
}
