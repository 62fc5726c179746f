//! The order book itself as columns: what nets for order books take as they are.

use crate::market::{BookSnapshot, Level};

use super::book_shape::{BASIS_POINTS, Touch};

/// The best levels of the book as it stands at a candle's end, made comparable over time.
///
/// Level by level, best first: the ask's price less the mid over the mid in basis points, `ln` of the
/// ask's amount over the mean amount of all these levels, and the same two of the bid, whose price is
/// below 0 (the order of Zhang, Zohren and Roberts 2019, DeepLOB). What remains to be scaled, the
/// scaler fits on training rows.
#[derive(Debug)]
pub(super) struct BookTensor {
    levels: usize,
    columns: Vec<f32>,
}

impl BookTensor {
    pub(super) fn new(levels: usize) -> Self {
        Self { levels, columns: Vec::with_capacity(4 * levels) }
    }

    /// Takes the next snapshot; one with less levels on a side leaves nothing that is known.
    pub(super) fn update(&mut self, book: &BookSnapshot) {
        self.columns.clear();
        let levels = self.levels;
        let Some(mid) = Touch::of(book).map(Touch::mid) else { return };
        let (Some(asks), Some(bids)) = (book.asks.get(..levels), book.bids.get(..levels)) else {
            return;
        };
        let sizes = asks.iter().chain(bids).map(|level| level.quantity);
        let mean = sizes.sum::<f64>() / (2 * levels) as f64;
        let place = |level: &Level| (level.price.value() - mid) / mid * BASIS_POINTS;
        let size = |level: &Level| (level.quantity / mean).ln();
        for (ask, bid) in asks.iter().zip(bids) {
            let columns = [place(ask), size(ask), place(bid), size(bid)];
            self.columns.extend(columns.map(|value| value as f32));
        }
    }

    /// Appends the book as it stands to a row; false while there is none of enough levels.
    pub(super) fn append(&self, row: &mut Vec<f32>) -> bool {
        row.extend_from_slice(&self.columns);
        self.columns.len() == 4 * self.levels
    }

    /// Forgets the book.
    pub(super) fn clear(&mut self) {
        self.columns.clear();
    }
}

/// Names of the columns of so many levels, in their order.
pub fn columns(levels: usize) -> impl Iterator<Item = String> {
    (1..=levels).flat_map(|level| {
        ["ask_price", "ask_size", "bid_price", "bid_size"]
            .map(|what| format!("book_{what}_{level}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Price;

    // import numpy as np
    // asks, bids = np.array([[101.0, 3], [102, 1]]), np.array([[100.5, 4], [99, 6]])
    // mid = (101 + 100.5) / 2; mean = (3 + 1 + 4 + 6) / 4
    // print([v for a, b in zip(asks, bids) for p, q in (a, b)
    //        for v in ((p - mid) / mid * 1e4, np.log(q / mean))])
    #[test]
    fn columns_equal_numpy() {
        let side = |levels: [(f64, f64); 2]| {
            levels
                .map(|(price, quantity)| Level { price: Price((price * 1e8) as i64), quantity })
                .to_vec()
        };
        let (asks, bids) = (side([(101.0, 3.0), (102.0, 1.0)]), side([(100.5, 4.0), (99.0, 6.0)]));
        let book = BookSnapshot { time: 0, update_id: 0, bids, asks };
        let mut tensor = BookTensor::new(2);
        let mut row = Vec::new();
        assert!(!tensor.append(&mut row));
        tensor.update(&book);
        assert!(tensor.append(&mut row));
        let expected = [
            24.813_895_781_637_717,
            -0.154_150_679_827_258_3,
            -24.813_895_781_637_717,
            0.133_531_392_624_522_63,
            124.069_478_908_188_59,
            -1.252_762_968_495_368,
            -173.697_270_471_464,
            0.538_996_500_732_687,
        ];
        for (found, expected) in row.iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{row:?}");
        }
        assert_eq!(columns(2).nth(4).unwrap(), "book_ask_price_2");
        let mut deep = BookTensor::new(3);
        deep.update(&book);
        assert!(!deep.append(&mut row));
    }
}
