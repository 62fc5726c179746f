//! What a candle says beside the candle of another instrument that covers the same time.

use crate::market::Candle;

use super::indicator::{CloseReturn, Indicator, ratio_or};
use super::rolling::{Window, correlation, slope};

/// Residuals of log prices below this are rounding and no distance.
const DUST: f64 = 1e-12;

/// The two numbers of each candle that a pair feature is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reading {
    /// Log returns from one close to the next.
    Returns,
    /// The same, the peer's of the candle before.
    PeerReturnBefore,
    /// The same, the own of the candle before.
    OwnReturnBefore,
    /// Logarithms of the closes.
    LogCloses,
    /// Volumes, each in its own base currency.
    Volumes,
}

/// A measure of the last numbers of the two instruments, own first. A candle without its peer's
/// starts anew.
#[derive(Debug)]
pub(super) struct OfPair {
    reading: Reading,
    lookback: usize,
    measure: fn(&Window, &Window) -> f64,
    peer_candle: Option<Candle>,
    own_return: CloseReturn,
    peer_return: CloseReturn,
    before: Option<f64>,
    own: Window,
    peer: Window,
}

impl OfPair {
    pub(super) fn new(
        reading: Reading,
        lookback: usize,
        measure: fn(&Window, &Window) -> f64,
    ) -> Self {
        Self {
            reading,
            lookback,
            measure,
            peer_candle: None,
            own_return: CloseReturn::default(),
            peer_return: CloseReturn::default(),
            before: None,
            own: Window::new(lookback),
            peer: Window::new(lookback),
        }
    }

    /// A measure of the returns.
    pub(super) fn returns(lookback: usize, measure: fn(&Window, &Window) -> f64) -> Self {
        Self::new(Reading::Returns, lookback, measure)
    }

    fn read(&mut self, own: &Candle, peer: &Candle) -> Option<(f64, f64)> {
        match self.reading {
            Reading::LogCloses => return Some((own.close.ln(), peer.close.ln())),
            Reading::Volumes => return Some((own.volume, peer.volume)),
            _ => {}
        }
        let (own, peer) = (self.own_return.update(own), self.peer_return.update(peer));
        let (own, peer) = (own?, peer?);
        match self.reading {
            Reading::PeerReturnBefore => self.before.replace(peer).map(|before| (own, before)),
            Reading::OwnReturnBefore => self.before.replace(own).map(|before| (before, peer)),
            _ => Some((own, peer)),
        }
    }
}

impl Indicator for OfPair {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let Some(peer) = self.peer_candle.take() else {
            *self = Self::new(self.reading, self.lookback, self.measure);
            return None;
        };
        let (own, peer) = self.read(candle, &peer)?;
        self.own.push(own);
        self.peer.push(peer).then(|| (self.measure)(&self.own, &self.peer))
    }

    fn peer(&mut self, candle: &Candle) {
        self.peer_candle = Some(*candle);
    }
}

/// Least-squares slope of the own returns on the peer's; 0 when the peer stood still.
pub(super) fn beta(own: &Window, peer: &Window) -> f64 {
    slope(peer, own)
}

/// The last own return less beta times the peer's.
pub(super) fn residual_return(own: &Window, peer: &Window) -> f64 {
    newest(own) - beta(own, peer) * newest(peer)
}

/// The own returns' sum less beta times the peer's.
pub(super) fn residual_momentum(own: &Window, peer: &Window) -> f64 {
    own.sum() - beta(own, peer) * peer.sum()
}

/// Sample standard deviation of the own returns less beta times the peer's.
pub(super) fn residual_volatility(own: &Window, peer: &Window) -> f64 {
    let beta = beta(own, peer);
    sample_deviation(own, peer, |own, peer| own - beta * peer)
}

/// Beta over the candles whose peer's return lies below the mean of them all; 0 when these returns of
/// the peer do not differ.
pub(super) fn downside_beta(own: &Window, peer: &Window) -> f64 {
    let mean = peer.mean();
    let below = || own.iter().zip(peer.iter()).filter(|&(_, peer)| peer < mean);
    let Some((first_own, first_peer)) = below().next() else { return 0.0 };
    // Deviations from a first value: equal returns give exactly nothing.
    let (count, own_sum, peer_sum) =
        below().fold((0.0, 0.0, 0.0), |(count, own_sum, peer_sum), (own, peer)| {
            (count + 1.0, own_sum + (own - first_own), peer_sum + (peer - first_peer))
        });
    let (own_mean, peer_mean) = (first_own + own_sum / count, first_peer + peer_sum / count);
    let (products, squares) = below().fold((0.0, 0.0), |(products, squares), (own, peer)| {
        let (own, peer) = (own - own_mean, peer - peer_mean);
        (products + own * peer, squares + peer * peer)
    });
    ratio_or(products, squares, 0.0)
}

/// Standard deviation of the own returns over that of the peer's; 1 when the peer stood still.
pub(super) fn peer_volatility_ratio(own: &Window, peer: &Window) -> f64 {
    ratio_or(own.deviation(1), peer.deviation(1), 1.0)
}

/// Sample standard deviation of the difference of the returns.
pub(super) fn spread_volatility(own: &Window, peer: &Window) -> f64 {
    sample_deviation(own, peer, |own, peer| own - peer)
}

/// The own log return over the window less the peer's; its lookback is one more than its candles.
pub(super) fn relative_strength(own: &Window, peer: &Window) -> f64 {
    (newest(own) - own.oldest()) - (newest(peer) - peer.oldest())
}

/// The log price ratio as a z-score among the last ones; 0 when they are equal but for rounding.
pub(super) fn log_ratio_z(own: &Window, peer: &Window) -> f64 {
    let first = own.oldest() - peer.oldest();
    let ratios = || own.iter().zip(peer.iter()).map(|(own, peer)| own - peer);
    let mean = first + ratios().map(|ratio| ratio - first).sum::<f64>() / own.count();
    let square = ratios().map(|ratio| (ratio - mean) * (ratio - mean)).sum::<f64>() / own.count();
    let deviation = square.sqrt();
    if deviation < DUST { 0.0 } else { (newest(own) - newest(peer) - mean) / deviation }
}

/// The last residual of the regression of the own log price on the peer's over their root mean
/// square; 0 when the residuals are rounding.
pub(super) fn cointegration_z(own: &Window, peer: &Window) -> f64 {
    let (slope, own_mean, peer_mean) = (slope(peer, own), own.mean(), peer.mean());
    let residual = |own: f64, peer: f64| (own - own_mean) - slope * (peer - peer_mean);
    let square = own.iter().zip(peer.iter()).map(|(own, peer)| residual(own, peer).powi(2));
    let deviation = (square.sum::<f64>() / own.count()).sqrt();
    if deviation < DUST { 0.0 } else { residual(newest(own), newest(peer)) / deviation }
}

/// The own volume over its mean less the peer's over its own; a mean of 0 gives 1.
pub(super) fn relative_volume_gap(own: &Window, peer: &Window) -> f64 {
    let relative = |volumes: &Window| ratio_or(newest(volumes), volumes.mean(), 1.0);
    relative(own) - relative(peer)
}

/// Correlation of the two.
pub(super) fn pair_correlation(own: &Window, peer: &Window) -> f64 {
    correlation(own, peer)
}

fn newest(window: &Window) -> f64 {
    window.iter().next_back().unwrap_or(0.0)
}

fn sample_deviation(own: &Window, peer: &Window, of: impl Fn(f64, f64) -> f64) -> f64 {
    let values = || own.iter().zip(peer.iter()).map(|(own, peer)| of(own, peer));
    let first = values().next().unwrap_or(0.0);
    let mean = first + values().map(|value| value - first).sum::<f64>() / own.count();
    let square = values().map(|value| (value - mean) * (value - mean)).sum::<f64>();
    (square / (own.count() - 1.0)).sqrt()
}
