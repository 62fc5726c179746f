//! Augmented Dickey-Fuller test: does a column come back to its mean?

use serde::Serialize;

/// Outcome of the test with a constant and no trend. Its null hypothesis is a unit root: a column
/// that wanders and never comes back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Adf {
    /// t statistic of the level; the more negative, the more stationary.
    pub statistic: f64,
    /// `MacKinnon`'s approximate p-value of a unit root.
    pub p_value: f64,
    /// Lagged differences in the regression, chosen by Akaike's criterion.
    pub lag: usize,
    /// Rows that the regression explains.
    pub rows: usize,
}

/// Fewest values that are tested.
const FEWEST: usize = 30;

/// What of a column's variance is left when a regressor is a combination of the others.
const COLLINEAR: f64 = 1e-9;

/// Tests values in the order of time, without a gap. Up to `12 (n / 100)^(1/4)` lags (Schwert 1989)
/// are tried over the same rows; the best by Akaike's criterion is fitted to all rows that it leaves.
/// The p-value is `MacKinnon`'s (1994) response surface. `None` of fewer than 30 values, and where the
/// column foretells itself without an error, as a constant or a sine does.
#[must_use]
pub fn adf(values: &[f32]) -> Option<Adf> {
    let n = values.len();
    if n < FEWEST {
        return None;
    }
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n as f64;
    let level: Vec<f64> = values.iter().map(|&v| f64::from(v) - mean).collect();
    let change: Vec<f64> = level.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let schwert = (12.0 * (n as f64 / 100.0).powf(0.25)).ceil() as usize;
    let most = schwert.min(n / 2 - 2);
    let tried = Regression::new(&level, &change, most).nested();
    let rows = (change.len() - most) as f64;
    let best = tried.iter().map(|fit| rows * (fit.squares / rows).ln() + 2.0 * fit.lag as f64);
    let (lag, _) = best.enumerate().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let fit = Regression::new(&level, &change, lag).nested().pop().filter(|fit| fit.lag == lag)?;
    let rows = change.len() - lag;
    let freedom = rows.checked_sub(lag + 2).filter(|&freedom| freedom > 0)?;
    let error = (fit.squares / freedom as f64 * fit.level_inverse).sqrt();
    let statistic = fit.level / error;
    statistic.is_finite().then(|| Adf { statistic, p_value: p_value(statistic), lag, rows })
}

/// Changes on the level before them and the changes before them, as cross products of centred
/// columns.
struct Regression {
    /// Lags, then the level, then what is explained.
    products: Vec<Vec<f64>>,
}

/// The regression with so many lags.
struct Fit {
    lag: usize,
    /// Sum of squared residuals.
    squares: f64,
    /// Coefficient of the level.
    level: f64,
    /// The level's place on the diagonal of the inverse of the cross products.
    level_inverse: f64,
}

impl Regression {
    fn new(level: &[f64], change: &[f64], lags: usize) -> Self {
        let rows = change.len() - lags;
        let mut columns = vec![level[lags..][..rows].to_vec()];
        columns.extend((1..=lags).map(|lag| change[lags - lag..][..rows].to_vec()));
        columns.push(change[lags..].to_vec());
        for column in &mut columns {
            let mean = column.iter().sum::<f64>() / rows as f64;
            for value in column.iter_mut() {
                *value -= mean;
            }
        }
        let row = |i: usize| (0..=i).map(|j| dot(&columns[i], &columns[j])).collect();
        Self { products: (0..columns.len()).map(row).collect() }
    }

    /// The fits with 0, 1, 2, … lags, up to the first that explains everything or has a regressor
    /// that the others make up.
    fn nested(&self) -> Vec<Fit> {
        let size = self.products.len() - 1;
        let outcome = &self.products[size];
        let total = outcome[size];
        let mut fits = Vec::with_capacity(size);
        let mut factor: Vec<Vec<f64>> = Vec::with_capacity(size);
        // The outcome in the coordinates of the orthogonal columns, and the level's unit vector.
        let (mut explained, mut unit): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
        let mut squares = total;
        for (i, (products, product)) in self.products.iter().zip(outcome).enumerate().take(size) {
            let mut row: Vec<f64> = Vec::with_capacity(i + 1);
            for ((j, before), product) in factor.iter().enumerate().zip(products) {
                let known: f64 = row.iter().zip(before).map(|(a, b)| a * b).sum();
                row.push((product - known) / before[j]);
            }
            let own = products[i];
            let left = own - row.iter().map(|value| value * value).sum::<f64>();
            if left <= own * COLLINEAR || left.is_nan() {
                break;
            }
            let pivot = left.sqrt();
            let known: f64 = row.iter().zip(&explained).map(|(a, b)| a * b).sum();
            let here = (product - known) / pivot;
            let known: f64 = row.iter().zip(&unit).map(|(a, b)| a * b).sum();
            unit.push((f64::from(u8::from(i == 0)) - known) / pivot);
            explained.push(here);
            row.push(pivot);
            factor.push(row);
            squares -= here * here;
            if squares <= total * COLLINEAR {
                break;
            }
            fits.push(Fit {
                lag: i,
                squares,
                level: unit.iter().zip(&explained).map(|(a, b)| a * b).sum(),
                level_inverse: unit.iter().map(|value| value * value).sum(),
            });
        }
        // With all lags or up to where one would explain the rest: then the column foretells itself.
        if fits.len() < size { Vec::new() } else { fits }
    }
}

/// Sum of products in eight lanes, which become vector instructions.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0_f64; 8];
    let ((whole_a, rest_a), (whole_b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in whole_a.iter().zip(whole_b) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f64>()
}

/// `MacKinnon` (1994), one series, constant, no trend.
fn p_value(statistic: f64) -> f64 {
    const SMALL: [f64; 3] = [2.1659, 1.4412, 0.038_269];
    const LARGE: [f64; 4] = [1.7339, 0.932_02, -0.127_45, -0.010_368];
    if statistic > 2.74 {
        return 1.0;
    }
    if statistic < -18.83 {
        return 0.0;
    }
    let surface: &[f64] = if statistic <= -1.61 { &SMALL } else { &LARGE };
    normal(surface.iter().rev().fold(0.0, |sum, factor| sum * statistic + factor))
}

/// Distribution function of the standard normal distribution: half of `erfc(-x / sqrt 2)`, by the
/// series of erf near 0 and Laplace's continued fraction of erfc beyond.
fn normal(x: f64) -> f64 {
    let z = x.abs() / std::f64::consts::SQRT_2;
    let tail = if z < 2.5 {
        let (mut term, mut sum) = (z, z);
        for k in 1..80 {
            term *= -z * z / f64::from(k);
            sum += term / f64::from(2 * k + 1);
        }
        0.5 - sum / std::f64::consts::PI.sqrt()
    } else {
        let fraction = (1..=60).rev().fold(z, |below, k| z + 0.5 * f64::from(k) / below);
        (-z * z).exp() / (2.0 * std::f64::consts::PI.sqrt() * fraction)
    };
    if x > 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_distribution_is_right() {
        // scipy.stats.norm.cdf([-8, -3.6, -1, 0, 0.5, 4])
        let expected = [
            (-8.0, 6.220_960_574_271_74e-16),
            (-3.6, 1.591_085_901_575_336_4e-4),
            (-1.0, 0.158_655_253_931_457_07),
            (0.0, 0.5),
            (0.5, 0.691_462_461_274_013_1),
            (4.0, 0.999_968_328_758_166_9),
        ];
        for (x, probability) in expected {
            assert!((normal(x) / probability - 1.0).abs() < 1e-9, "{x} {}", normal(x));
        }
    }

    #[test]
    fn what_foretells_itself_is_not_tested() {
        assert_eq!(adf(&[0.3; 200]), None);
        let sine: Vec<f32> = (0..400).map(|i| (i as f32 * 0.26).sin()).collect();
        assert_eq!(adf(&sine), None);
        assert_eq!(adf(&[1.0, 2.0, 3.0]), None);
        let line: Vec<f32> = (0..100).map(|i| i as f32).collect();
        assert_eq!(adf(&line), None);
    }
}
