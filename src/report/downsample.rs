//! Long lines with few points, none of whose peaks is lost.

/// Splits a line where `y` is not finite and keeps at most about `limit` points of it: the lowest and
/// the highest of each of `limit / 2` stretches of equal length, in their order, and both ends.
pub(super) fn downsample(points: &[(f64, f64)], limit: usize) -> Vec<Vec<(f64, f64)>> {
    let finite = |point: &(f64, f64)| point.0.is_finite() && point.1.is_finite();
    let stretch = points.len().div_ceil((limit / 2).max(1)).max(1);
    points
        .split(|point| !finite(point))
        .filter(|run| !run.is_empty())
        .map(|run| if points.len() <= limit { run.to_vec() } else { thin(run, stretch) })
        .collect()
}

fn thin(run: &[(f64, f64)], stretch: usize) -> Vec<(f64, f64)> {
    let mut kept = Vec::with_capacity(2 * run.len() / stretch + 4);
    kept.extend(run.first().copied());
    for part in run.chunks(stretch) {
        let by_y = |a: &(usize, &(f64, f64)), b: &(usize, &(f64, f64))| a.1.1.total_cmp(&b.1.1);
        let low = part.iter().enumerate().min_by(by_y);
        let high = part.iter().enumerate().max_by(by_y);
        if let (Some((i, low)), Some((j, high))) = (low, high) {
            let (first, second) = if i <= j { (low, high) } else { (high, low) };
            kept.push(*first);
            kept.push(*second);
        }
    }
    kept.extend(run.last().copied());
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_and_ends_survive() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i), 1.0)).collect();
        points[51_234].1 = 9.0;
        points[77_777].1 = -9.0;
        let lines = downsample(&points, 2000);
        assert_eq!(lines.len(), 1);
        let line = &lines[0];
        assert!(line.len() <= 2004, "{}", line.len());
        assert!(line.contains(&points[51_234]) && line.contains(&points[77_777]));
        assert_eq!((line[0], line[line.len() - 1]), (points[0], points[99_999]));
        assert!(line.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }

    #[test]
    fn what_is_not_finite_breaks_the_line() {
        let points = [(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0), (3.0, f64::INFINITY)];
        assert_eq!(downsample(&points, 10), [vec![(0.0, 1.0)], vec![(2.0, 3.0)]]);
        assert!(downsample(&[], 10).is_empty());
        assert_eq!(downsample(&points, 0).len(), 2);
    }
}
