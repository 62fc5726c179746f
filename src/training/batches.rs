//! Rows into batches of one size.

/// Batches of exactly `size` rows with the number of them that count: the last batch is filled up
/// with its own last row. One shape throughout means that a device compiles once, and that a row's
/// result does not depend on how many rows stand beside it.
pub fn padded_batches(rows: &[u32], size: usize) -> impl Iterator<Item = (Vec<u32>, usize)> {
    let size = size.max(1);
    rows.chunks(size).map(move |chunk| {
        let mut batch = chunk.to_vec();
        let last = chunk.last().copied().unwrap_or_default();
        batch.resize(size, last);
        (batch, chunk.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_batch_is_filled_up() {
        let batches: Vec<_> = padded_batches(&[1, 2, 3, 4, 5], 2).collect();
        assert_eq!(batches, [(vec![1, 2], 2), (vec![3, 4], 2), (vec![5, 5], 1)]);
        assert_eq!(padded_batches(&[], 4).count(), 0);
    }
}
