//! Hosoda's Ichimoku lines as shares of the close. A line is the middle of a Donchian channel.

use crate::market::Candle;

use super::indicator::Indicator;
use super::rolling::{Extreme, Window};

/// Middle between the highest high and the lowest low.
#[derive(Debug)]
struct Middle {
    highest: Extreme,
    lowest: Extreme,
}

impl Middle {
    fn new(lookback: usize) -> Self {
        Self { highest: Extreme::highest(lookback), lowest: Extreme::lowest(lookback) }
    }

    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let high = self.highest.update(candle.high);
        let low = self.lowest.update(candle.low);
        Some(f64::midpoint(high?.0, low?.0))
    }
}

/// Distance from one line: `1 - M(n) / C`.
#[derive(Debug)]
pub(super) struct LineDistance {
    middle: Middle,
}

impl LineDistance {
    pub(super) fn new(lookback: usize) -> Self {
        Self { middle: Middle::new(lookback) }
    }
}

impl Indicator for LineDistance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.middle.update(candle).map(|middle| 1.0 - middle / candle.close)
    }
}

/// Conversion line above base line: `(M(s) - M(n)) / C`.
#[derive(Debug)]
pub(super) struct LineCross {
    short: Middle,
    long: Middle,
}

impl LineCross {
    pub(super) fn new(short: usize, long: usize) -> Self {
        Self { short: Middle::new(short), long: Middle::new(long) }
    }
}

impl Indicator for LineCross {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let short = self.short.update(candle);
        let long = self.long.update(candle)?;
        short.map(|short| (short - long) / candle.close)
    }
}

/// Distance from the cloud that stands at this candle: its spans were drawn `base` candles ago.
///
/// The spans are the mean of conversion and base line and `M(2 base)`; 0 inside the cloud.
#[derive(Debug)]
pub(super) struct CloudDistance {
    conversion: Middle,
    base: Middle,
    slow: Middle,
    first: Window,
    second: Window,
}

impl CloudDistance {
    pub(super) fn new(conversion: usize, base: usize) -> Self {
        Self {
            conversion: Middle::new(conversion),
            base: Middle::new(base),
            slow: Middle::new(2 * base),
            first: Window::new(base + 1),
            second: Window::new(base + 1),
        }
    }
}

impl Indicator for CloudDistance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let conversion = self.conversion.update(candle);
        let base = self.base.update(candle);
        let slow = self.slow.update(candle);
        self.first.push(f64::midpoint(conversion?, base?));
        if !self.second.push(slow?) {
            return None;
        }
        // Both windows end with this candle, so their oldest values are of one candle.
        let (first, second) = (self.first.oldest(), self.second.oldest());
        let edge = candle.close.max(first.min(second)).min(first.max(second));
        Some((candle.close - edge) / candle.close)
    }
}
