//! Values in order with their ties, so that a resample is ranked without sorting again.

/// Order of a column's values.
#[derive(Debug, Clone)]
pub struct Ranking {
    /// Indexes of the values, smallest first.
    order: Vec<u32>,
    /// End in `order` of each group of equal values.
    ends: Vec<u32>,
}

impl Ranking {
    /// Of finite values.
    #[must_use]
    pub fn of(values: &[f32]) -> Self {
        let mut order: Vec<u32> = (0..values.len() as u32).collect();
        // Adding zero makes -0 and 0 the same value to the total order too.
        order.sort_by(|&a, &b| (values[a as usize] + 0.0).total_cmp(&(values[b as usize] + 0.0)));
        let mut ends = Vec::new();
        for position in 1..=order.len() {
            let here = order.get(position).map(|&index| values[index as usize]);
            if here != Some(values[order[position - 1] as usize]) {
                ends.push(position as u32);
            }
        }
        Self { order, ends }
    }

    /// Groups of indexes of equal values, smallest value first.
    pub fn groups(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.order[start as usize..end as usize])
    }

    /// Rank of each value when value `i` stands there `weight[i]` times, equal values sharing their
    /// mean rank (`scipy.stats.rankdata`); the smallest rank is 1.
    #[must_use]
    pub fn ranks(&self, weight: &[f64]) -> Vec<f64> {
        let mut ranks = vec![0.0; self.order.len()];
        let mut below = 0.0;
        for group in self.groups() {
            let here: f64 = group.iter().map(|&index| weight[index as usize]).sum();
            for &index in group {
                ranks[index as usize] = below + 0.5 * (here + 1.0);
            }
            below += here;
        }
        ranks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_mean_rank() {
        // scipy.stats.rankdata([2, 1, 2, 5]) -> [2.5, 1, 2.5, 4]
        let ranking = Ranking::of(&[2.0, 1.0, 2.0, 5.0]);
        assert_eq!(ranking.ranks(&[1.0; 4]), [2.5, 1.0, 2.5, 4.0]);
        // rankdata([2, 2, 1, 2, 5]): value 0 counted twice
        assert_eq!(ranking.ranks(&[2.0, 1.0, 1.0, 1.0]), [3.0, 1.0, 3.0, 5.0]);
        assert_eq!(Ranking::of(&[]).groups().count(), 0);
        assert_eq!(Ranking::of(&[0.0, -0.0]).groups().count(), 1);
    }
}
