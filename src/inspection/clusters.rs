//! Which columns say the same: average linkage on `1 - |rank correlation|`.

use rayon::prelude::*;
use serde::Serialize;

use super::rank_correlation::Resampling;

/// Two clusters that become one. Columns are clusters 0 to n - 1, the merge number i makes cluster
/// n + i, as in `SciPy`'s linkage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Merge {
    /// The lower number of the two.
    pub left: usize,
    /// The higher one.
    pub right: usize,
    /// Mean distance between their columns.
    pub height: f64,
    /// Columns in the new cluster.
    pub size: usize,
}

/// Spearman's correlation of each pair of columns, n × n; 0 where one of two does not vary, 1 of a
/// column with itself.
#[must_use]
pub fn rank_correlations(columns: &[Vec<f32>]) -> Vec<f32> {
    let count = columns.len();
    let unit: Vec<Vec<f32>> = columns
        .par_iter()
        .map(|column| {
            let ranks = Resampling::ranks(column);
            let length = ranks.iter().map(|rank| rank * rank).sum::<f64>().sqrt();
            let scale = if length > 0.1 { 1.0 / length } else { 0.0 };
            ranks.iter().map(|rank| (rank * scale) as f32).collect()
        })
        .collect();
    let row = |i: usize| -> Vec<f32> {
        (0..count).map(|j| if i == j { 1.0 } else { dot(&unit[i], &unit[j]) }).collect()
    };
    (0..count).into_par_iter().flat_map_iter(row).collect()
}

/// In eight lanes of single precision, whose sums go to double precision every 256 terms.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let part = |(a, b): (&[f32], &[f32])| {
        let mut lanes = [0.0_f32; 8];
        let (whole_a, rest_a) = a.as_chunks::<8>();
        let (whole_b, rest_b) = b.as_chunks::<8>();
        for (a, b) in whole_a.iter().zip(whole_b) {
            for lane in 0..8 {
                lanes[lane] += a[lane] * b[lane];
            }
        }
        let rest: f32 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
        f64::from(lanes.iter().sum::<f32>() + rest)
    };
    (a.chunks(256).zip(b.chunks(256)).map(part).sum::<f64>() as f32).clamp(-1.0, 1.0)
}

/// Average linkage of n clusters whose distances are n × n and symmetric: merges of growing height,
/// by chains of nearest neighbours (Murtagh 1983), in time n².
#[must_use]
pub fn average_linkage(distances: &[f32], count: usize) -> Vec<Merge> {
    let mut distance: Vec<f64> = distances.iter().copied().map(f64::from).collect();
    let mut size = vec![1_usize; count];
    let mut chain: Vec<usize> = Vec::new();
    let mut joined: Vec<(usize, usize, f64)> = Vec::with_capacity(count.saturating_sub(1));
    while joined.len() + 1 < count {
        if chain.is_empty() {
            chain.extend((0..count).find(|&i| size[i] > 0));
        }
        let Some(&tip) = chain.last() else { break };
        let before = chain.len().checked_sub(2).map(|place| chain[place]);
        // Of equally near ones the one before in the chain: else it would never end.
        let mut nearest = before;
        for other in (0..count).filter(|&other| other != tip && size[other] > 0) {
            let here = distance[tip * count + other];
            if nearest.is_none_or(|nearest| here < distance[tip * count + nearest]) {
                nearest = Some(other);
            }
        }
        let Some(nearest) = nearest else { break };
        if before != Some(nearest) {
            chain.push(nearest);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (gone, kept) = (tip.min(nearest), tip.max(nearest));
        joined.push((gone, kept, distance[gone * count + kept]));
        let (of_gone, of_kept) = (size[gone] as f64, size[kept] as f64);
        for other in (0..count).filter(|&other| other != gone && other != kept && size[other] > 0) {
            let mean = (of_gone * distance[gone * count + other]
                + of_kept * distance[kept * count + other])
                / (of_gone + of_kept);
            distance[kept * count + other] = mean;
            distance[other * count + kept] = mean;
        }
        size[kept] += size[gone];
        size[gone] = 0;
    }
    joined.sort_by(|a, b| a.2.total_cmp(&b.2));
    numbered(&joined, count)
}

/// Names of columns become names of the clusters that hold them.
fn numbered(joined: &[(usize, usize, f64)], count: usize) -> Vec<Merge> {
    let mut parent: Vec<usize> = (0..count + joined.len()).collect();
    let mut size = vec![1; count + joined.len()];
    let top = |parent: &mut Vec<usize>, mut cluster: usize| {
        while parent[cluster] != cluster {
            parent[cluster] = parent[parent[cluster]];
            cluster = parent[cluster];
        }
        cluster
    };
    let mut merges = Vec::with_capacity(joined.len());
    for (index, &(a, b, height)) in joined.iter().enumerate() {
        let (a, b) = (top(&mut parent, a), top(&mut parent, b));
        let made = count + index;
        size[made] = size[a] + size[b];
        parent[a] = made;
        parent[b] = made;
        merges.push(Merge { left: a.min(b), right: a.max(b), height, size: size[made] });
    }
    merges
}

/// Columns in the order in which a tree of the merges has its leaves, left before right.
#[must_use]
pub fn leaf_order(merges: &[Merge], count: usize) -> Vec<usize> {
    let Some(root) = (count + merges.len()).checked_sub(1) else { return Vec::new() };
    let mut order = Vec::with_capacity(count);
    let mut open = vec![root];
    while let Some(cluster) = open.pop() {
        match cluster.checked_sub(count) {
            Some(merge) => open.extend([merges[merge].right, merges[merge].left]),
            None => order.push(cluster),
        }
    }
    order
}

/// Of each column its cluster's number when merges up to `height` hold, clusters numbered in the
/// order of the leaves.
#[must_use]
pub fn clusters_at(merges: &[Merge], count: usize, height: f64) -> Vec<usize> {
    // Merges grow in height, so a cluster's parts are decided before it.
    let mut owner: Vec<usize> = (0..count + merges.len()).collect();
    for (index, merge) in merges.iter().enumerate().rev().filter(|(_, m)| m.height <= height) {
        owner[merge.left] = owner[count + index];
        owner[merge.right] = owner[count + index];
    }
    let mut seen: Vec<usize> = Vec::new();
    let mut clusters = vec![0; count];
    for column in leaf_order(merges, count) {
        let place = seen.iter().position(|&other| other == owner[column]);
        clusters[column] = place.unwrap_or_else(|| {
            seen.push(owner[column]);
            seen.len() - 1
        });
    }
    clusters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_columns_join_first() {
        // scipy.cluster.hierarchy.linkage([1, 5, 6, 4, 5.5, 2], "average")
        //   -> [[0, 1, 1, 2], [2, 3, 2, 2], [4, 5, 5.125, 4]]
        let distances =
            [0.0, 1.0, 5.0, 6.0, 1.0, 0.0, 4.0, 5.5, 5.0, 4.0, 0.0, 2.0, 6.0, 5.5, 2.0, 0.0];
        let merges = average_linkage(&distances, 4);
        let found: Vec<_> = merges.iter().map(|m| (m.left, m.right, m.height, m.size)).collect();
        assert_eq!(found, [(0, 1, 1.0, 2), (2, 3, 2.0, 2), (4, 5, 5.125, 4)]);
        assert_eq!(leaf_order(&merges, 4), [0, 1, 2, 3]);
        assert_eq!(clusters_at(&merges, 4, 2.5), [0, 0, 1, 1]);
        assert_eq!(clusters_at(&merges, 4, 0.5), [0, 1, 2, 3]);
    }

    #[test]
    fn ties_and_lone_columns_do_not_hang() {
        assert_eq!(average_linkage(&[0.0; 25], 5).len(), 4);
        assert!(average_linkage(&[0.0], 1).is_empty() && average_linkage(&[], 0).is_empty());
        assert!(leaf_order(&[], 0).is_empty());
        assert_eq!(leaf_order(&[], 1), [0]);
        assert_eq!(clusters_at(&[], 1, 1.0), [0]);
        let columns = [vec![1.0, 2.0, 3.0], vec![5.0; 3], vec![-1.0, -2.0, -3.0]];
        let found = rank_correlations(&columns);
        assert_eq!(found[1], 0.0);
        assert!((found[2] + 1.0).abs() < 1e-6 && found[4] == 1.0, "{found:?}");
    }
}
