//! Volume that pushes the price: which way, how easily, and what it paid.

use crate::market::Candle;

use super::candle_shape::close_location;
use super::indicator::{Indicator, ratio_or, typical_price};
use super::rolling::Window;
use super::smoothing::ExponentialMean;

/// Chaikin's oscillator of the accumulation line `A += CLV V`: `(E(A, s) - E(A, n)) / E(V, n)`,
/// exponential means begun with the first value as in TA-Lib; 0 without volume.
#[derive(Debug)]
pub(super) struct ChaikinOscillator {
    weights: [f64; 2],
    lookback: usize,
    taken: usize,
    /// By how much the line lies above each of its means: the line itself grows without end.
    above: [f64; 2],
    volume: f64,
}

impl ChaikinOscillator {
    pub(super) fn new(short: usize, lookback: usize) -> Self {
        let weights = [short, lookback].map(|n| 2.0 / (n as f64 + 1.0));
        Self { weights, lookback, taken: 0, above: [0.0; 2], volume: 0.0 }
    }
}

impl Indicator for ChaikinOscillator {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        if self.taken == 0 {
            self.volume = candle.volume;
        } else {
            let flow = close_location(candle) * candle.volume;
            for (above, weight) in self.above.iter_mut().zip(self.weights) {
                *above = (1.0 - weight) * (*above + flow);
            }
            self.volume += self.weights[1] * (candle.volume - self.volume);
        }
        self.taken = (self.taken + 1).min(self.lookback);
        let full = self.taken == self.lookback;
        full.then(|| ratio_or(self.above[1] - self.above[0], self.volume, 0.0))
    }
}

/// Elder's force index as a share: `EMA((C - C[-1]) V) / EMA(|C - C[-1]| V)`, -1 to 1; 0 without
/// moves or volume.
#[derive(Debug)]
pub(super) struct ForceIndex {
    last: Option<f64>,
    force: ExponentialMean,
    size: ExponentialMean,
}

impl ForceIndex {
    pub(super) fn new(lookback: usize) -> Self {
        let mean = || ExponentialMean::new(lookback);
        Self { last: None, force: mean(), size: mean() }
    }
}

impl Indicator for ForceIndex {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let force = (candle.close - self.last.replace(candle.close)?) * candle.volume;
        let mean = self.force.update(force);
        let size = self.size.update(force.abs());
        Some(ratio_or(mean?, size?, 0.0).clamp(-1.0, 1.0))
    }
}

/// Arms's ease of movement: mean of `ln(M / M[-1]) w / v`, M the candle's middle, w its log range
/// over the mean log range, v its volume over the mean volume, at least 0.01; 0 without range or
/// volume.
#[derive(Debug)]
pub(super) struct EaseOfMovement {
    last: Option<f64>,
    moves: Window,
    ranges: Window,
    volumes: Window,
}

impl EaseOfMovement {
    pub(super) fn new(lookback: usize) -> Self {
        let window = || Window::new(lookback);
        Self { last: None, moves: window(), ranges: window(), volumes: window() }
    }
}

impl Indicator for EaseOfMovement {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let middle = f64::midpoint(candle.high, candle.low);
        let last = self.last.replace(middle)?;
        let range = (candle.high / candle.low).ln();
        self.moves.push((middle / last).ln() * range);
        self.ranges.push(range);
        if !self.volumes.push(candle.volume) {
            return None;
        }
        let (range, volume) = (self.ranges.mean(), self.volumes.mean());
        if range == 0.0 || volume == 0.0 {
            return Some(0.0);
        }
        let eased = self.moves.iter().zip(self.volumes.iter());
        let sum: f64 = eased.map(|(moved, v)| moved / (v / volume).max(0.01)).sum();
        Some(sum / range / self.moves.count())
    }
}

/// Klinger's oscillator as a share of the volume: `(E(F, s) - E(F, n)) / E(V, n)`,
/// `F = T V |2 D / M - 1|`, T the sign of the change of `H + L + C` (kept while it does not change,
/// begun at 1), D = H - L, M the sum of D since T turned with the D before the turn; D / M is 0.5
/// without range; 0 without volume.
#[derive(Debug)]
pub(super) struct Klinger {
    last: Option<(f64, f64)>,
    trend: f64,
    sum: f64,
    short: ExponentialMean,
    long: ExponentialMean,
    volume: ExponentialMean,
}

impl Klinger {
    pub(super) fn new(short: usize, long: usize) -> Self {
        let mean = ExponentialMean::new;
        let (short, long, volume) = (mean(short), mean(long), mean(long));
        Self { last: None, trend: 1.0, sum: 0.0, short, long, volume }
    }
}

impl Indicator for Klinger {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let (price, range) = (typical_price(candle), candle.high - candle.low);
        let Some((last_price, last_range)) = self.last.replace((price, range)) else {
            self.sum = range;
            return None;
        };
        let trend = if price > last_price {
            1.0
        } else if price < last_price {
            -1.0
        } else {
            self.trend
        };
        self.sum = range + if trend == self.trend { self.sum } else { last_range };
        self.trend = trend;
        let force = trend * candle.volume * (2.0 * ratio_or(range, self.sum, 0.5) - 1.0).abs();
        let short = self.short.update(force);
        let long = self.long.update(force);
        let volume = self.volume.update(candle.volume);
        Some(ratio_or(short? - long?, volume?, 0.0))
    }
}

/// Volume oscillator: `E(V, s) / E(V, n) - 1` of exponential means; 0 without volume.
#[derive(Debug)]
pub(super) struct VolumeOscillator {
    short: ExponentialMean,
    long: ExponentialMean,
}

impl VolumeOscillator {
    pub(super) fn new(short: usize, long: usize) -> Self {
        Self { short: ExponentialMean::new(short), long: ExponentialMean::new(long) }
    }
}

impl Indicator for VolumeOscillator {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let short = self.short.update(candle.volume);
        let long = self.long.update(candle.volume)?;
        short.map(|short| ratio_or(short, long, 1.0) - 1.0)
    }
}

/// Distance of the close from the volume-weighted mean P of the last typical prices in
/// volume-weighted deviations: `(C - P) / sqrt(sum V (TP - P)^2 / sum V)`; 0 without either.
#[derive(Debug)]
pub(super) struct VwapZ {
    prices: Window,
    volumes: Window,
}

impl VwapZ {
    pub(super) fn new(lookback: usize) -> Self {
        Self { prices: Window::new(lookback), volumes: Window::new(lookback) }
    }
}

impl Indicator for VwapZ {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.prices.push(typical_price(candle));
        if !self.volumes.push(candle.volume) {
            return None;
        }
        let (oldest, total) = (self.prices.oldest(), self.volumes.sum());
        let weighted = |of: &dyn Fn(f64) -> f64| -> f64 {
            let pairs = self.prices.iter().zip(self.volumes.iter());
            ratio_or(pairs.map(|(price, volume)| of(price) * volume).sum(), total, 0.0)
        };
        let mean = oldest + weighted(&|price| price - oldest);
        let deviation = weighted(&|price| (price - mean) * (price - mean)).sqrt();
        Some(ratio_or(candle.close - mean, deviation, 0.0))
    }
}

/// Growth of the volume a candle: least-squares slope on time over the mean; 0 without volume.
pub(super) fn growth(volumes: &Window) -> f64 {
    let (n, mean) = (volumes.count(), volumes.mean());
    let middle = (n - 1.0) / 2.0;
    let products = volumes.iter().enumerate().map(|(i, v)| (i as f64 - middle) * (v - mean));
    // Sum of the squared distances of 0, 1, … n - 1 from their middle.
    let squares = n * (n * n - 1.0) / 12.0;
    ratio_or(products.sum::<f64>() / squares, mean, 0.0)
}

/// `r V` and `V`.
pub(super) fn weighted_return(candle: &Candle, last: Option<&Candle>) -> Option<[f64; 2]> {
    Some([(candle.close / last?.close).ln() * candle.volume, candle.volume])
}

/// `r V` and `|r| V`.
pub(super) fn price_volume_trend(candle: &Candle, last: Option<&Candle>) -> Option<[f64; 2]> {
    let push = (candle.close / last?.close).ln() * candle.volume;
    Some([push, push.abs()])
}

/// `|r| V`.
pub(super) fn weighted_size(candle: &Candle, last: Option<&Candle>) -> Option<f64> {
    Some((candle.close / last?.close).ln().abs() * candle.volume)
}

/// `V - V[-1]` and `|V - V[-1]|`.
pub(super) fn volume_change(candle: &Candle, last: Option<&Candle>) -> Option<[f64; 2]> {
    let change = candle.volume - last?.volume;
    Some([change, change.abs()])
}

/// `C` and `V`.
pub(super) fn close_and_volume(candle: &Candle, _last: Option<&Candle>) -> Option<[f64; 2]> {
    Some([candle.close, candle.volume])
}

/// `ln(H / L)` and `V`.
pub(super) fn range_and_volume(candle: &Candle, _last: Option<&Candle>) -> Option<[f64; 2]> {
    Some([(candle.high / candle.low).ln(), candle.volume])
}

/// `r` and `ln(1 + V / V[-1])`; the ratio is 1 where `V[-1]` is 0.
pub(super) fn return_and_growth(candle: &Candle, last: Option<&Candle>) -> Option<[f64; 2]> {
    let last = last?;
    let growth = ratio_or(candle.volume, last.volume, 1.0).ln_1p();
    Some([(candle.close / last.close).ln(), growth])
}
