//! Bins that hold about equally many values.

/// Inner edges of `count` bins between the quantiles of `values` (linear between the two nearest
/// ranks, NumPy's default), equal edges once; none of no value.
#[must_use]
pub fn quantile_edges(values: &[f32], count: usize) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let edge = |k: usize| quantile(&sorted, k as f64 / count as f64);
    let mut edges: Vec<f64> = (1..count).filter_map(edge).collect();
    edges.dedup();
    edges
}

/// The bin of a value: how many edges are not above it.
#[must_use]
pub fn bin(edges: &[f64], value: f32) -> u8 {
    edges.partition_point(|&edge| edge <= f64::from(value)) as u8
}

/// Quantile of sorted values; `None` of no value.
pub(super) fn quantile(sorted: &[f32], level: f64) -> Option<f64> {
    let rank = level.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let below = rank.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(sorted.len() - 1)]);
    Some(f64::from(low) + (f64::from(high) - f64::from(low)) * (rank - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_lie_between_quantiles() {
        // np.quantile(np.arange(9), [.25, .5, .75]) -> [2, 4, 6]
        let values: Vec<f32> = (0..9).map(|v| v as f32).collect();
        let edges = quantile_edges(&values, 4);
        assert_eq!(edges, [2.0, 4.0, 6.0]);
        // np.searchsorted([2, 4, 6], [-1, 2, 3, 6, 99], side="right") -> [0, 1, 1, 3, 3]
        assert_eq!([-1.0, 2.0, 3.0, 6.0, 99.0].map(|v| bin(&edges, v)), [0, 1, 1, 3, 3]);
        assert_eq!(quantile_edges(&[7.0; 5], 4), [7.0]);
        assert!(quantile_edges(&[], 4).is_empty());
    }
}
