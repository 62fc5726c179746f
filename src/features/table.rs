//! Features as a table: one row a base candle, one column a feature.

use crate::market::Interval;

/// Named features of the candles that have all of them, oldest first.
///
/// A row is known at its decision time, `open_time + interval`, and depends on nothing after it.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureTable {
    /// Interval of the base candles.
    pub interval: Interval,
    /// Names of the columns: `rsi_14` of the base candles, `rsi_14@1h` of a context interval.
    pub names: Vec<String>,
    /// Open time of each row's base candle, ms, strictly increasing.
    pub open_time: Vec<i64>,
    /// Values, `rows * names`, row after row; all finite.
    pub values: Vec<f32>,
    /// Of each row the first row of the stretch without a hole that it is in.
    pub run_start: Vec<u32>,
}

impl FeatureTable {
    /// A table without rows whose values have room for `rows`: zeros to be written over, which the
    /// system gives no memory for until they are.
    pub(super) fn with_room(interval: Interval, names: Vec<String>, rows: usize) -> Self {
        let mut values = vec![0.0; rows * names.len()];
        ask_for_large_pages(&mut values);
        Self { interval, names, open_time: Vec::new(), values, run_start: Vec::new() }
    }

    /// Appends the times of the row of a candle that opens after the last row's.
    pub(super) fn stamp(&mut self, open_time: i64) {
        let next = self.open_time.len() as u32;
        let follows =
            self.open_time.last().is_some_and(|&last| last + self.interval.ms() == open_time);
        let start = if follows { self.run_start.last().copied().unwrap_or(next) } else { next };
        self.open_time.push(open_time);
        self.run_start.push(start);
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.open_time.len()
    }

    /// The features of a row, in the order of `names`.
    ///
    /// # Panics
    /// When `index` is not below [`Self::rows`].
    #[must_use]
    pub fn row(&self, index: usize) -> &[f32] {
        let width = self.names.len();
        &self.values[index * width..(index + 1) * width]
    }

    /// When a row is known, ms: the end of its candle.
    ///
    /// # Panics
    /// When `index` is not below [`Self::rows`].
    #[must_use]
    pub fn decision_time(&self, index: usize) -> i64 {
        self.open_time[index] + self.interval.ms()
    }

    /// Place of a feature in a row.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// The first `rows` rows.
    #[must_use]
    pub fn truncated(&self, rows: usize) -> Self {
        let rows = rows.min(self.rows());
        Self {
            interval: self.interval,
            names: self.names.clone(),
            open_time: self.open_time[..rows].to_vec(),
            values: self.values[..rows * self.names.len()].to_vec(),
            run_start: self.run_start[..rows].to_vec(),
        }
    }
}

/// Asks the system to give memory for values in large pages: a year of minutes is hundreds of MiB,
/// and each page costs as much time as hundreds of values.
fn ask_for_large_pages(values: &mut [f32]) {
    #[cfg(target_os = "linux")]
    {
        const LARGE: usize = 2 << 20;
        let bytes = values.as_mut_ptr_range();
        let (start, end) = (bytes.start.cast::<u8>(), bytes.end.addr());
        let skipped = start.addr().next_multiple_of(LARGE) - start.addr();
        let length = (end / LARGE * LARGE).saturating_sub(start.addr() + skipped);
        if length > 0 {
            // SAFETY: the pages lie wholly inside `values`, which is borrowed for writing. The advice
            // says how memory is given, not what is in it; a system that cannot follow leaves it.
            unsafe { libc::madvise(start.add(skipped).cast(), length, libc::MADV_HUGEPAGE) };
        }
    }
}
