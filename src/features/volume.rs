//! Traded volume: how much of it, on which side of the price, and how little moves the price.

use crate::market::Candle;

use super::candle_shape::close_location;
use super::indicator::{CloseReturn, Indicator, inside_range, ratio_or, typical_price};
use super::rolling::{Window, correlation};

/// Volume as a z-score among the last `lookback`; 0 when they are all equal.
#[derive(Debug)]
pub(super) struct VolumeZ {
    volumes: Window,
}

impl VolumeZ {
    pub(super) fn new(lookback: usize) -> Self {
        Self { volumes: Window::new(lookback) }
    }
}

impl Indicator for VolumeZ {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.volumes.push(candle.volume).then(|| self.volumes.z_score(candle.volume))
    }
}

/// Mean volume of the last `short` candles over that of the last `long`; 1 when nothing was traded.
#[derive(Debug)]
pub(super) struct VolumeRatio {
    short: usize,
    volumes: Window,
}

impl VolumeRatio {
    pub(super) fn new(short: usize, long: usize) -> Self {
        Self { short, volumes: Window::new(long) }
    }
}

impl Indicator for VolumeRatio {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.volumes.push(candle.volume).then(|| {
            let short = self.volumes.sum_of_last(self.short) / self.short as f64;
            ratio_or(short, self.volumes.sum() / self.volumes.count(), 1.0)
        })
    }
}

/// Granville's on-balance volume as a share: `sum sign(C - C[-1]) V / sum V`, -1 to 1; 0 without
/// volume.
#[derive(Debug)]
pub(super) struct OnBalance {
    last: Option<f64>,
    signed: Window,
    volumes: Window,
}

impl OnBalance {
    pub(super) fn new(lookback: usize) -> Self {
        Self { last: None, signed: Window::new(lookback), volumes: Window::new(lookback) }
    }
}

impl Indicator for OnBalance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(candle.close)?;
        let side = f64::from(i8::from(candle.close > last) - i8::from(candle.close < last));
        self.signed.push(side * candle.volume);
        let full = self.volumes.push(candle.volume);
        full.then(|| ratio_or(self.signed.sum(), self.volumes.sum(), 0.0))
    }
}

/// Chaikin's money flow: `sum CLV V / sum V`, CLV the close location value, -1 to 1; 0 without
/// volume.
#[derive(Debug)]
pub(super) struct ChaikinFlow {
    flows: Window,
    volumes: Window,
}

impl ChaikinFlow {
    pub(super) fn new(lookback: usize) -> Self {
        Self { flows: Window::new(lookback), volumes: Window::new(lookback) }
    }
}

impl Indicator for ChaikinFlow {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.flows.push(close_location(candle) * candle.volume);
        let full = self.volumes.push(candle.volume);
        full.then(|| ratio_or(self.flows.sum(), self.volumes.sum(), 0.0))
    }
}

/// Money flow index: share of the typical price times volume traded on rises of the typical price,
/// among rises and falls, 0 to 100; 50 without either.
#[derive(Debug)]
pub(super) struct MoneyFlow {
    last: Option<f64>,
    rises: Window,
    falls: Window,
}

impl MoneyFlow {
    pub(super) fn new(lookback: usize) -> Self {
        Self { last: None, rises: Window::new(lookback), falls: Window::new(lookback) }
    }
}

impl Indicator for MoneyFlow {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let price = typical_price(candle);
        let last = self.last.replace(price)?;
        let flow = price * candle.volume;
        self.rises.push(if price > last { flow } else { 0.0 });
        let full = self.falls.push(if price < last { flow } else { 0.0 });
        full.then(|| {
            let rises = self.rises.sum();
            100.0 * ratio_or(rises, rises + self.falls.sum(), 0.5)
        })
    }
}

/// Distance of the close from the volume-weighted mean of the last typical prices:
/// `C / (sum TP V / sum V) - 1`; 0 without volume.
#[derive(Debug)]
pub(super) struct VwapDistance {
    flows: Window,
    volumes: Window,
}

impl VwapDistance {
    pub(super) fn new(lookback: usize) -> Self {
        Self { flows: Window::new(lookback), volumes: Window::new(lookback) }
    }
}

impl Indicator for VwapDistance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.flows.push(typical_price(candle) * candle.volume);
        let full = self.volumes.push(candle.volume);
        full.then(|| {
            let vwap = ratio_or(self.flows.sum(), self.volumes.sum(), candle.close);
            candle.close / vwap - 1.0
        })
    }
}

/// Distance of the close from the candle's own mean trade price: `C / (quote volume / V) - 1`; 0
/// without volume.
///
/// The mean price is held inside the candle's range: sources round the two volumes apart.
#[derive(Debug, Default)]
pub(super) struct CandleVwap;

impl Indicator for CandleVwap {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let vwap = ratio_or(candle.quote_volume?, candle.volume, candle.close);
        Some(candle.close / inside_range(vwap, candle) - 1.0)
    }
}

/// Correlation of the last log returns with the volumes they came with; 0 when one does not vary.
#[derive(Debug)]
pub(super) struct PriceVolumeCorrelation {
    returns: CloseReturn,
    window: Window,
    volumes: Window,
}

impl PriceVolumeCorrelation {
    pub(super) fn new(lookback: usize) -> Self {
        let (window, volumes) = (Window::new(lookback), Window::new(lookback));
        Self { returns: CloseReturn::default(), window, volumes }
    }
}

impl Indicator for PriceVolumeCorrelation {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let value = self.returns.update(candle)?;
        self.window.push(value);
        let full = self.volumes.push(candle.volume);
        full.then(|| correlation(&self.window, &self.volumes))
    }
}

/// Amihud's illiquidity, short over long: the mean of `|r| / quote volume` of the last `short`
/// candles over that of the last `long`. A candle without trade counts as 0; 1 when all do.
#[derive(Debug)]
pub(super) struct AmihudRatio {
    short: usize,
    returns: CloseReturn,
    impacts: Window,
}

impl AmihudRatio {
    pub(super) fn new(short: usize, long: usize) -> Self {
        Self { short, returns: CloseReturn::default(), impacts: Window::new(long) }
    }
}

impl Indicator for AmihudRatio {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let value = self.returns.update(candle)?;
        let full = self.impacts.push(ratio_or(value.abs(), candle.quote_volume?, 0.0));
        full.then(|| {
            let short = self.impacts.sum_of_last(self.short) / self.short as f64;
            ratio_or(short, self.impacts.sum() / self.impacts.count(), 1.0)
        })
    }
}
