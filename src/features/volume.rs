//! Traded volume: how much of it, on which side of the price, and how little moves the price.

use crate::market::Candle;

use super::indicator::{CloseReturn, Indicator, inside_range, ratio_or};
use super::number::Number;
use super::of_last::{OfLast, Statistic};
use super::rolling::Window;
use super::sample::Sample;
use super::source::Source;

/// Mean volume of the last `short` candles over that of all; 1 when nothing was traded.
#[derive(Debug)]
pub(super) struct VolumeRatio {
    pub(super) short: usize,
}

impl Statistic<1> for VolumeRatio {
    #[inline(always)]
    fn of<S: Sample>(&self, [volumes]: [S; 1]) -> S::Number {
        let short = volumes.tail(self.short).sum() / S::Number::of(self.short as f64);
        short.over(volumes.sum() / volumes.count(), 1.0)
    }
}

/// Sum of the first over sum of the second; 0 where that is 0.
#[derive(Debug)]
pub(super) struct Share;

impl Share {
    /// Granville's on-balance volume as a share: `sum sign(C - C[-1]) V / sum V`, -1 to 1.
    pub(super) fn on_balance(lookback: usize) -> OfLast<2, Self> {
        OfLast::new(lookback, [Source::SignedVolume, Source::Volume], Self)
    }

    /// Chaikin's money flow: `sum CLV V / sum V`, CLV the close location value, -1 to 1.
    pub(super) fn chaikin_flow(lookback: usize) -> OfLast<2, Self> {
        OfLast::new(lookback, [Source::LocatedVolume, Source::Volume], Self)
    }
}

impl Statistic<2> for Share {
    #[inline(always)]
    fn of<S: Sample>(&self, [part, whole]: [S; 2]) -> S::Number {
        part.sum().over(whole.sum(), 0.0)
    }
}

/// Money flow index: share of the typical price times volume traded on rises of the typical price,
/// among rises and falls, 0 to 100; 50 without either.
#[derive(Debug)]
pub(super) struct MoneyFlow;

impl MoneyFlow {
    pub(super) fn over(lookback: usize) -> OfLast<2, Self> {
        OfLast::new(lookback, [Source::RiseFlow, Source::FallFlow], Self)
    }
}

impl Statistic<2> for MoneyFlow {
    #[inline(always)]
    fn of<S: Sample>(&self, [rises, falls]: [S; 2]) -> S::Number {
        let rises = rises.sum();
        S::Number::of(100.0) * rises.over(rises + falls.sum(), 0.5)
    }
}

/// Distance of the close from the volume-weighted mean of the last typical prices:
/// `C / (sum TP V / sum V) - 1`; 0 without volume.
#[derive(Debug)]
pub(super) struct VwapDistance;

impl VwapDistance {
    pub(super) fn over(lookback: usize) -> OfLast<3, Self> {
        OfLast::new(lookback, [Source::TypicalVolume, Source::Volume, Source::Close], Self)
    }
}

impl Statistic<3> for VwapDistance {
    #[inline(always)]
    fn of<S: Sample>(&self, [flows, volumes, closes]: [S; 3]) -> S::Number {
        let vwap = flows.sum().over(volumes.sum(), f64::NAN);
        // No mean without volume.
        let distance = |close, vwap: f64| if vwap.is_nan() { 0.0 } else { close / vwap - 1.0 };
        closes.newest().zip(vwap, distance)
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
pub(super) struct PriceVolumeCorrelation;

impl PriceVolumeCorrelation {
    pub(super) fn over(lookback: usize) -> OfLast<2, Self> {
        OfLast::new(lookback, [Source::Return, Source::Volume], Self)
    }
}

impl Statistic<2> for PriceVolumeCorrelation {
    #[inline(always)]
    fn of<S: Sample>(&self, [returns, volumes]: [S; 2]) -> S::Number {
        returns.correlation(volumes)
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
