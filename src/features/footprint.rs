//! The footprint of a candle: what was bought and sold at which price inside it.

use std::collections::BTreeMap;

use crate::market::{Candle, Trade};

use super::indicator::{Indicator, ratio_or};

/// Rows of equal height between the lowest and the highest price.
const ROWS: usize = 20;

/// Share of the volume that the value area holds.
const VALUE_AREA: f64 = 0.7;

/// How many times more than across the row's lower edge was traded makes an imbalance.
const IMBALANCE: f64 = 3.0;

/// Rows in a row that make imbalances stacked.
const STACK: usize = 3;

/// What was bought and sold by takers in each row of a candle, lowest row first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Footprint {
    bought: [f64; ROWS],
    sold: [f64; ROWS],
    /// Place of the last trade's price between the lowest, 0, and the highest, 1; `None` when they
    /// are one.
    close: Option<f64>,
}

/// Something about the footprint of a candle.
#[derive(Debug)]
pub(super) struct OfFootprint {
    value: fn(&Footprint) -> f64,
    prices: BTreeMap<i64, (f64, f64)>,
    last: i64,
}

impl OfFootprint {
    pub(super) fn new(value: fn(&Footprint) -> f64) -> Self {
        Self { value, prices: BTreeMap::new(), last: 0 }
    }
}

impl Indicator for OfFootprint {
    fn update(&mut self, _candle: &Candle) -> Option<f64> {
        let value = (self.value)(&Footprint::of(&self.prices, self.last));
        self.prices.clear();
        Some(value)
    }

    fn trade(&mut self, trade: &Trade) {
        let (bought, sold) = self.prices.entry(trade.price.0).or_default();
        *(if trade.buyer_is_maker { sold } else { bought }) += trade.quantity;
        self.last = trade.price.0;
    }
}

impl Footprint {
    fn of(prices: &BTreeMap<i64, (f64, f64)>, last: i64) -> Self {
        let lowest = prices.first_key_value().map_or(0, |(&price, _)| price);
        let highest = prices.last_key_value().map_or(0, |(&price, _)| price);
        let height = i128::from(highest) - i128::from(lowest);
        let mut footprint = Self { bought: [0.0; ROWS], sold: [0.0; ROWS], close: None };
        for (&price, (bought, sold)) in prices {
            let above = (i128::from(price) - i128::from(lowest)) * ROWS as i128;
            let row = if height == 0 { 0 } else { (above / height) as usize }.min(ROWS - 1);
            footprint.bought[row] += bought;
            footprint.sold[row] += sold;
        }
        if height > 0 {
            let above = i128::from(last) - i128::from(lowest);
            footprint.close = Some(above as f64 / height as f64);
        }
        footprint
    }

    fn volume(&self, row: usize) -> f64 {
        self.bought[row] + self.sold[row]
    }

    /// The row with the largest volume, of equal ones the lowest.
    fn point_of_control(&self) -> usize {
        (0..ROWS).fold(0, |best, row| if self.volume(row) > self.volume(best) { row } else { best })
    }

    /// First and last row of the value area: from the point of control to the side with the larger
    /// next row, of equal ones upwards, until it holds its share of the volume.
    fn value_area(&self) -> (usize, usize) {
        let whole: f64 = (0..ROWS).map(|row| self.volume(row)).sum();
        let (mut low, mut high) = (self.point_of_control(), self.point_of_control());
        let mut inside = self.volume(low);
        while inside < VALUE_AREA * whole && (low > 0 || high + 1 < ROWS) {
            let above = (high + 1 < ROWS).then(|| self.volume(high + 1));
            let below = (low > 0).then(|| self.volume(low - 1));
            if above >= below {
                high += 1;
                inside += self.volume(high);
            } else {
                low -= 1;
                inside += self.volume(low);
            }
        }
        (low, high)
    }

    /// How far the last price lies above the middle of some rows, in candle heights.
    fn above(&self, low: usize, high: usize) -> f64 {
        let middle = (low + high + 1) as f64 / 2.0 / ROWS as f64;
        self.close.map_or(0.0, |close| close - middle)
    }
}

/// Last price less that of the point of control, in candle heights: -1 to 1; 0 without height.
pub(super) fn control_distance(footprint: &Footprint) -> f64 {
    let row = footprint.point_of_control();
    footprint.above(row, row)
}

/// Share of what was bought less sold at the point of control: -1 to 1; 0 without trades.
pub(super) fn control_delta(footprint: &Footprint) -> f64 {
    let row = footprint.point_of_control();
    let (bought, sold) = (footprint.bought[row], footprint.sold[row]);
    ratio_or(bought - sold, bought + sold, 0.0)
}

/// Height of the value area in candle heights: 0 to 1; 0 without height.
pub(super) fn value_area_width(footprint: &Footprint) -> f64 {
    let (low, high) = footprint.value_area();
    footprint.close.map_or(0.0, |_| (high - low + 1) as f64 / ROWS as f64)
}

/// Last price less the middle of the value area, in candle heights: -1 to 1; 0 without height.
pub(super) fn value_area_distance(footprint: &Footprint) -> f64 {
    let (low, high) = footprint.value_area();
    footprint.above(low, high)
}

/// Share of the rows in stacks of at least three imbalances that were bought, less those sold.
///
/// Bought is a row in which takers bought three times and more what they sold in the row below, sold
/// one in which they sold three times and more what they bought in the row above.
pub(super) fn stacked_imbalances(footprint: &Footprint) -> f64 {
    let Footprint { bought, sold, .. } = footprint;
    let exceeds = |amount: f64, other: f64| amount > 0.0 && amount >= IMBALANCE * other;
    let rows_bought = (1..ROWS).map(|row| exceeds(bought[row], sold[row - 1]));
    let rows_sold = (1..ROWS).map(|row| exceeds(sold[row - 1], bought[row]));
    (stacked(rows_bought) as f64 - stacked(rows_sold) as f64) / ROWS as f64
}

/// Number of rows that stand in runs of at least [`STACK`].
fn stacked(rows: impl Iterator<Item = bool>) -> usize {
    let (mut run, mut stacked) = (0, 0);
    for row in rows.chain([false]) {
        if row {
            run += 1;
        } else {
            stacked += if run >= STACK { run } else { 0 };
            run = 0;
        }
    }
    stacked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Price;

    fn footprint(trades: &[(i64, f64)]) -> Footprint {
        let mut state = OfFootprint::new(|_| 0.0);
        for &(price, signed) in trades {
            let (price, quantity) = (Price(price), signed.abs());
            let buyer_is_maker = signed < 0.0;
            state.trade(&Trade { id: 0, time: 0, price, quantity, buyer_is_maker });
        }
        Footprint::of(&state.prices, state.last)
    }

    #[test]
    fn a_footprint_by_hand() {
        // Rows of height 1 from 0 to 20; the top price belongs to the top row.
        let trades =
            [(0, -1.0), (5, 4.0), (6, 6.0), (6, -2.0), (7, 3.0), (20, 1.0), (20, -1.0), (15, 0.5)];
        let print = footprint(&trades);
        assert_eq!(print.point_of_control(), 6);
        assert_eq!(control_distance(&print), 0.75 - 6.5 / 20.0);
        assert_eq!(control_delta(&print), 4.0 / 8.0);
        // 8 of 18.5, then row 5 with 4, then row 7 with 3: 15 of 18.5.
        assert_eq!(print.value_area(), (5, 7));
        assert_eq!(value_area_width(&print), 3.0 / 20.0);
        assert_eq!(value_area_distance(&print), 0.75 - 6.5 / 20.0);
        // Bought rows: 5, 6 and, 3 against 2 sold in the row below, not 7; none stacked.
        assert_eq!(stacked_imbalances(&print), 0.0);
        let stack = footprint(&[(0, 1.0), (4, 1.0), (5, 1.0), (6, 1.0), (20, -1.0)]);
        assert_eq!(stacked_imbalances(&stack), 3.0 / 20.0);
    }

    #[test]
    fn one_price_has_no_height() {
        let print = footprint(&[(7, 1.0), (7, -3.0)]);
        assert_eq!(control_distance(&print), 0.0);
        assert_eq!(control_delta(&print), -0.5);
        assert_eq!(value_area_width(&print), 0.0);
        assert_eq!(footprint(&[]).value_area(), (0, 0));
    }
}
