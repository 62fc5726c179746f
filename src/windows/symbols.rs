//! Which rows of the other symbols are known when a row is.

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};

use super::pool::{LedgerGap, Pool, eligible};

/// Of each row the rows of all instruments that are known at its decision time.
///
/// Rows of different instruments stand together when their decision times are the same, so that nothing
/// after it is read; an instrument without a whole window at that time is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbols {
    /// S, the number of instruments.
    count: usize,
    /// N × S rows, the own one first and the others in the order of the pool; `None` where an instrument
    /// has no window.
    rows: Vec<Option<u32>>,
}

impl Symbols {
    /// Aligns the instruments of `pool` for windows that reach over `reach` rows and none of `gaps`.
    #[must_use]
    pub fn align(pool: &Pool, reach: usize, gaps: &[LedgerGap]) -> Self {
        let count = pool.instruments.len();
        let mut known: HashMap<i64, Vec<Option<u32>>> = HashMap::new();
        for row in eligible(pool, reach, None, gaps).rows {
            let at = known.entry(pool.decision_time(row)).or_insert_with(|| vec![None; count]);
            at[usize::from(pool.instrument[row as usize])] = Some(row);
        }
        let mut rows = Vec::with_capacity(pool.rows() * count);
        for row in 0..pool.rows() as u32 {
            let own = usize::from(pool.instrument[row as usize]);
            rows.push(Some(row));
            let others = known.get(&pool.decision_time(row));
            for other in (0..count).filter(|&other| other != own) {
                rows.push(others.and_then(|others| others[other]));
            }
        }
        Self { count, rows }
    }

    /// S.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The row of each instrument beside `row`: itself first.
    #[must_use]
    pub fn beside(&self, row: u32) -> &[Option<u32>] {
        let start = row as usize * self.count;
        &self.rows[start..start + self.count]
    }

    /// The rows whose windows are gathered for a batch, S a sample, the own window in place of one that is
    /// not there; and 1 where an instrument is there: `[B, S, 1]`.
    pub(super) fn of(&self, last_rows: &[u32], device: &Device) -> (Vec<u32>, Tensor<3>) {
        let mut rows = Vec::with_capacity(last_rows.len() * self.count);
        let mut present = Vec::with_capacity(rows.capacity());
        for &own in last_rows {
            for other in self.beside(own) {
                rows.push(other.unwrap_or(own));
                present.push(if other.is_some() { 1.0 } else { 0.0 });
            }
        }
        let shape = [last_rows.len(), self.count, 1];
        (rows, Tensor::from_data(TensorData::new::<f32, _>(present, shape), device))
    }
}
