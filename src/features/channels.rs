//! Bands and channels around the price: where in them it stands and how wide they are.

use crate::market::Candle;

use super::indicator::{Indicator, ratio_or, true_range};
use super::rolling::{Extreme, Window};
use super::smoothing::ExponentialMean;

/// Log width of the Donchian channel: `ln(max H / min L)`.
#[derive(Debug)]
pub(super) struct ChannelWidth {
    highest: Extreme,
    lowest: Extreme,
}

impl ChannelWidth {
    pub(super) fn new(lookback: usize) -> Self {
        Self { highest: Extreme::highest(lookback), lowest: Extreme::lowest(lookback) }
    }
}

impl Indicator for ChannelWidth {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let high = self.highest.update(candle.high);
        let low = self.lowest.update(candle.low);
        Some((high?.0 / low?.0).ln())
    }
}

/// Age of the highest high (or lowest low) among the last n, over `n - 1`: 0 just now, 1 the oldest.
#[derive(Debug)]
pub(super) struct ExtremeAge {
    lookback: usize,
    extreme: Extreme,
    price: fn(&Candle) -> f64,
}

impl ExtremeAge {
    pub(super) fn high(lookback: usize) -> Self {
        Self { lookback, extreme: Extreme::highest(lookback), price: |candle| candle.high }
    }

    pub(super) fn low(lookback: usize) -> Self {
        Self { lookback, extreme: Extreme::lowest(lookback), price: |candle| candle.low }
    }
}

impl Indicator for ExtremeAge {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let (_, age) = self.extreme.update((self.price)(candle))?;
        Some(age as f64 / (self.lookback as f64 - 1.0))
    }
}

/// Place in Keltner's channel, the exponential mean of the close ± 2 Wilder true ranges:
/// `0.5 + (C - E) / (4 A)`; one half without range.
#[derive(Debug)]
pub(super) struct KeltnerPosition {
    weight: f64,
    last: Option<f64>,
    seed: Window,
    /// `C - E`. The mean itself would stop short of a price that stands still, and the range not.
    lead: Option<f64>,
    range: ExponentialMean,
}

impl KeltnerPosition {
    pub(super) fn new(lookback: usize) -> Self {
        let (seed, range) = (Window::new(lookback), ExponentialMean::wilder(lookback));
        let weight = 2.0 / (lookback as f64 + 1.0);
        Self { weight, last: None, seed, lead: None, range }
    }
}

impl Indicator for KeltnerPosition {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let close = candle.close;
        let last = self.last.replace(close);
        self.lead = match (self.lead, last) {
            (Some(lead), Some(last)) => Some((1.0 - self.weight) * (lead + (close - last))),
            _ => self.seed.push(close).then(|| close - self.seed.mean()),
        };
        let range = self.range.update(true_range(candle, last?))?;
        self.lead.map(|lead| 0.5 + ratio_or(lead, 4.0 * range, 0.0))
    }
}

/// Carter's squeeze as a number: width of Bollinger's bands (± 2 deviations of the close) over that
/// of Keltner's (± 1.5 Wilder true ranges); below 1 the one lies inside the other. 1 without range.
#[derive(Debug)]
pub(super) struct Squeeze {
    last: Option<f64>,
    closes: Window,
    range: ExponentialMean,
}

impl Squeeze {
    pub(super) fn new(lookback: usize) -> Self {
        let (closes, range) = (Window::new(lookback), ExponentialMean::wilder(lookback));
        Self { last: None, closes, range }
    }
}

impl Indicator for Squeeze {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.closes.push(candle.close);
        let last = self.last.replace(candle.close)?;
        let range = self.range.update(true_range(candle, last))?;
        Some(ratio_or(2.0 * self.closes.deviation(0), 1.5 * range, 1.0))
    }
}

/// Place in Headley's acceleration bands, the means of `H (1 + 4 w)` and `L (1 - 4 w)`,
/// `w = (H - L) / (H + L)`: `(C - lower) / (upper - lower)`; one half without width.
#[derive(Debug)]
pub(super) struct AccelerationBands {
    upper: Window,
    lower: Window,
}

impl AccelerationBands {
    pub(super) fn new(lookback: usize) -> Self {
        Self { upper: Window::new(lookback), lower: Window::new(lookback) }
    }
}

impl Indicator for AccelerationBands {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let width = 4.0 * (candle.high - candle.low) / (candle.high + candle.low);
        self.upper.push(candle.high * (1.0 + width));
        let full = self.lower.push(candle.low * (1.0 - width));
        full.then(|| {
            let (upper, lower) = (self.upper.mean(), self.lower.mean());
            ratio_or(candle.close - lower, upper - lower, 0.5)
        })
    }
}

/// Log distance of the close from a quantile of the last closes, interpolated between the two
/// values it falls between.
#[derive(Debug)]
pub(super) struct QuantileDistance {
    share: f64,
    closes: Window,
    sorted: Vec<f64>,
}

impl QuantileDistance {
    pub(super) fn new(lookback: usize, share: f64) -> Self {
        Self { share, closes: Window::new(lookback), sorted: Vec::with_capacity(lookback + 1) }
    }
}

impl Indicator for QuantileDistance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let gone = self.closes.is_full().then(|| self.closes.oldest());
        let full = self.closes.push(candle.close);
        let place = |sorted: &[f64], value: f64| sorted.partition_point(|&other| other < value);
        if let (Some(gone), Some(newest)) = (gone, self.sorted.len().checked_sub(1)) {
            self.sorted.remove(place(&self.sorted, gone).min(newest));
        }
        self.sorted.insert(place(&self.sorted, candle.close), candle.close);
        full.then(|| {
            let at = self.share * (self.closes.count() - 1.0);
            let below = self.sorted[at.floor() as usize];
            let above = self.sorted[at.ceil() as usize];
            let quantile = below + at.fract() * (above - below);
            (candle.close / quantile).ln()
        })
    }
}
