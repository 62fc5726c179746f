//! The trend that fits best among several horizons.

use super::path::Path;
use crate::market::CandleSeries;

/// |t| is cut off here: the points of a straight line have no scatter to measure it by.
pub const MOST_T: f64 = 1e6;

/// The horizon whose trend is the clearest, and how clear it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Candles ahead.
    pub horizon: u32,
    /// t-value of the slope of the least-squares line through the log closes from now on to
    /// `horizon` candles ahead, at most [`MOST_T`] either way.
    pub t: f64,
}

/// The clearest trend ahead of each candle, as [`Trend`] describes it, among the horizons from
/// `shortest` to `longest`; `None` where the longest reaches past the data or over a gap.
#[must_use]
pub fn trends(series: &CandleSeries, shortest: u32, longest: u32) -> Vec<Option<Trend>> {
    let path = Path::of(series);
    (0..path.len()).map(|index| scan(&path, index, shortest, longest)).collect()
}

/// Of the horizons from `shortest` to `longest`, at least 2, the one whose line has the largest |t|;
/// of equal ones the shortest (M. López de Prado 2019, *Ten applications of financial machine
/// learning*, SSRN 3365271, section 3).
///
/// `None` where the longest horizon reaches past the data or over a gap: all of them must be seen to
/// choose one.
pub(super) fn scan(path: &Path, index: usize, shortest: u32, longest: u32) -> Option<Trend> {
    path.returns.between(index, index.saturating_add(longest as usize))?;
    let closes = &path.close()[index..=index + longest as usize];
    // Sums over y, x y and y y of the points so far; prices are counted from the first one, so that
    // small differences of large logarithms lose no digits.
    let (mut y_sum, mut xy_sum, mut yy_sum) = (0.0, 0.0, 0.0);
    let mut best: Option<Trend> = None;
    for (ahead, close) in closes.iter().enumerate() {
        let y = close - closes[0];
        y_sum += y;
        xy_sum += ahead as f64 * y;
        yy_sum += y * y;
        if ahead < (shortest as usize).max(2) {
            continue;
        }
        let count = (ahead + 1) as f64;
        let x_scatter = count * (count * count - 1.0) / 12.0;
        let covariance = xy_sum - 0.5 * ahead as f64 * y_sum;
        let y_scatter = yy_sum - y_sum * y_sum / count;
        let t = t_value(covariance, x_scatter, y_scatter, count);
        if best.is_none_or(|best| t.abs() > best.t.abs()) {
            best = Some(Trend { horizon: ahead as u32, t });
        }
    }
    best
}

/// `slope / sqrt(residual / (count - 2) / x_scatter)`.
fn t_value(covariance: f64, x_scatter: f64, y_scatter: f64, count: f64) -> f64 {
    let slope = covariance / x_scatter;
    let residual = y_scatter - slope * covariance;
    if slope == 0.0 || y_scatter <= 0.0 {
        return 0.0;
    }
    if residual <= 0.0 {
        return MOST_T.copysign(slope);
    }
    (slope / (residual / (count - 2.0) / x_scatter).sqrt()).clamp(-MOST_T, MOST_T)
}
