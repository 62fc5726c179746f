//! Smoothed moves, as the order-book papers label them.

use super::path::Path;
use super::rule::Against;

/// Relative change from the close now, or from the mean of the last `count` closes up to now, to
/// the mean of the next `count` closes: `(m+ - m-) / m-`; `None` over a gap and past the ends.
///
/// Zhang, Zohren and Roberts 2019 (eq. 2) print `m-` with `count + 1` terms over `count`; it is
/// meant as the mean it is here.
pub(super) fn smoothed_move(
    path: &Path,
    closes: &[f64],
    index: usize,
    count: usize,
    against: Against,
) -> Option<f64> {
    let mean = |closes: &[f64]| closes.iter().sum::<f64>() / closes.len() as f64;
    path.returns.between(index, index.saturating_add(count))?;
    let next = mean(&closes[index + 1..=index + count]);
    let before = match against {
        Against::Now => closes[index],
        Against::Past => mean(&closes[path.last(index, count)?]),
    };
    Some((next - before) / before).filter(|change| change.is_finite())
}
