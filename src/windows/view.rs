//! What a net reads of a sample: columns of the table, each kind over a window on its own clock.

use crate::market::Interval;

/// Beginnings of the names of the columns that hold the book itself, as `features.book_levels` makes
/// them.
const BOOK: [&str; 4] = ["book_ask_price_", "book_ask_size_", "book_bid_price_", "book_bid_size_"];

/// Some columns of every `stride`-th row up to a sample's last row, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// T, rows read.
    pub window: usize,
    /// Rows of the table from one row read to the next.
    pub stride: usize,
    /// F columns of the table, in increasing order.
    pub columns: Vec<u32>,
}

impl View {
    /// All columns of each of the last `window` rows.
    #[must_use]
    pub fn whole(window: usize, features: usize) -> Self {
        Self { window, stride: 1, columns: (0..features as u32).collect() }
    }

    /// Rows of the table from the oldest row read to the last.
    #[must_use]
    pub fn reach(&self) -> usize {
        (self.window.max(1) - 1) * self.stride + 1
    }
}

/// Rows of the table that the longest of several views spans.
#[must_use]
pub fn reach(views: &[View]) -> usize {
    views.iter().map(View::reach).max().unwrap_or(0)
}

/// A table's columns by what they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnKinds {
    /// Number of columns.
    pub features: usize,
    /// The order book's own columns.
    pub book: Vec<u32>,
    /// All others by the clock on which they change: the base interval's first, then the context
    /// intervals' from the finest on.
    pub clocks: Vec<Clock>,
}

/// The columns of one interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// The interval.
    pub interval: Interval,
    /// Base candles in one of its.
    pub stride: usize,
    /// Its columns.
    pub columns: Vec<u32>,
}

impl ColumnKinds {
    /// By the names of a feature table of base interval `base`: `rsi_14` is of the base candles,
    /// `rsi_14@1h` of a context interval, `rsi_14@BTCUSDT` of a peer on the base clock.
    #[must_use]
    pub fn of(names: &[String], base: Interval) -> Self {
        let clock = |interval: Interval| Clock {
            interval,
            stride: (interval.ms() / base.ms()).max(1) as usize,
            columns: Vec::new(),
        };
        let mut kinds = Self { features: names.len(), book: Vec::new(), clocks: vec![clock(base)] };
        for (index, name) in names.iter().enumerate() {
            let index = index as u32;
            if BOOK.iter().any(|start| name.starts_with(start)) {
                kinds.book.push(index);
                continue;
            }
            let suffix = name.rsplit_once('@').and_then(|(_, suffix)| suffix.parse().ok());
            let interval = suffix.unwrap_or(base);
            match kinds.clocks.iter_mut().find(|clock| clock.interval == interval) {
                Some(clock) => clock.columns.push(index),
                None => {
                    kinds.clocks.push(Clock { columns: vec![index], ..clock(interval) });
                }
            }
        }
        kinds.clocks[1..].sort_by_key(|clock| clock.interval.ms());
        kinds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_apart_by_their_names() {
        let names = ["rsi_14", "book_ask_price_1", "rsi_14@1d", "rsi_14@1h", "beta_48@BTCUSDT"];
        let base: Interval = "15m".parse().unwrap();
        let kinds = ColumnKinds::of(&names.map(str::to_owned), base);
        let clocks: Vec<(usize, &[u32])> =
            kinds.clocks.iter().map(|clock| (clock.stride, &*clock.columns)).collect();
        assert_eq!(clocks, [(1, &[0, 4][..]), (4, &[3][..]), (96, &[2][..])]);
        assert_eq!((kinds.features, &*kinds.book), (5, &[1][..]));
        let view = View { window: 3, stride: 4, columns: vec![3] };
        assert_eq!((view.reach(), reach(&[View::whole(7, 5), view])), (9, 9));
    }
}
