//! Volume-synchronised probability of informed trading.

use std::collections::VecDeque;

use crate::market::{Candle, Trade};

use super::indicator::{Indicator, ratio_or};
use super::trade_flow::sign;

/// The volume of the last candles, cut in the order of time into buckets of equal volume: the mean
/// over the buckets of `|bought - sold| / volume`, 0 to 1; 0 without trades.
///
/// A trade that does not fit into a bucket goes on in the next. Sides are the exchange's own, not
/// guessed from prices.
///
/// Source: Easley, López de Prado and O'Hara 2012, Flow toxicity and liquidity in a high-frequency
/// world.
#[derive(Debug)]
pub(super) struct Vpin {
    lookback: usize,
    buckets: usize,
    candles: VecDeque<Vec<f64>>,
    /// Signed amounts of the candle to come, trades of one side that follow each other as one.
    now: Vec<f64>,
}

impl Vpin {
    pub(super) fn new(lookback: usize, buckets: usize) -> Self {
        Self { lookback, buckets, candles: VecDeque::with_capacity(lookback), now: Vec::new() }
    }
}

impl Indicator for Vpin {
    fn update(&mut self, _candle: &Candle) -> Option<f64> {
        let mut oldest = Vec::new();
        if self.candles.len() == self.lookback {
            oldest = self.candles.pop_front().unwrap_or_default();
            oldest.clear();
        }
        self.candles.push_back(std::mem::replace(&mut self.now, oldest));
        (self.candles.len() == self.lookback)
            .then(|| toxicity(self.candles.iter().flatten().copied(), self.buckets))
    }

    fn trade(&mut self, trade: &Trade) {
        let signed = sign(trade) * trade.quantity;
        match self.now.last_mut() {
            Some(last) if last.is_sign_negative() == signed.is_sign_negative() => *last += signed,
            _ => self.now.push(signed),
        }
    }
}

/// Sum of the buckets' |imbalances| over the whole volume.
fn toxicity(signed: impl Iterator<Item = f64> + Clone, buckets: usize) -> f64 {
    let whole: f64 = signed.clone().map(f64::abs).sum();
    let size = whole / buckets as f64;
    if size == 0.0 {
        return 0.0;
    }
    let (mut filled, mut balance, mut toxic) = (0.0, 0.0_f64, 0.0);
    for amount in signed {
        let mut left = amount.abs();
        while filled + left >= size {
            let part = size - filled;
            balance += part.copysign(amount);
            toxic += balance.abs();
            left -= part;
            (filled, balance) = (0.0, 0.0);
        }
        filled += left;
        balance += left.copysign(amount);
    }
    // Rounding leaves the last bucket a hair short or long of the whole.
    ratio_or(toxic + balance.abs(), whole, 0.0).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cut_where_they_are_full() {
        // 12 in 3 buckets of 4: +4 | +1 -3 | -1 +2 -1.
        let toxic = toxicity([5.0, -4.0, 2.0, -1.0].into_iter(), 3);
        assert!((toxic - (4.0 + 2.0) / 12.0).abs() < 1e-12, "{toxic}");
        assert_eq!(toxicity([].into_iter(), 50), 0.0);
        assert_eq!(toxicity([3.0].into_iter(), 7), 1.0);
    }
}
