//! Sides and sizes of the trades inside a candle.

use crate::market::{Candle, Trade};

use super::indicator::{CloseReturn, Indicator, ratio_or};
use super::rolling::Window;

/// The taker's side: 1 when it bought, -1 when it sold.
pub(super) fn sign(trade: &Trade) -> f64 {
    if trade.buyer_is_maker { -1.0 } else { 1.0 }
}

/// `sum s w / sum w` over the trades of the last candles, s being the taker's side and w what each
/// trade weighs: -1 to 1; 0 without trades.
#[derive(Debug)]
pub(super) struct SignedShare {
    weigh: fn(&Trade) -> f64,
    signed: f64,
    whole: f64,
    signed_last: Window,
    whole_last: Window,
}

impl SignedShare {
    /// Trades weigh what was traded.
    pub(super) fn of_volume(lookback: usize) -> Self {
        Self::new(|trade| trade.quantity, lookback)
    }

    /// Every trade weighs the same.
    pub(super) fn of_count(lookback: usize) -> Self {
        Self::new(|_| 1.0, lookback)
    }

    fn new(weigh: fn(&Trade) -> f64, lookback: usize) -> Self {
        let (signed_last, whole_last) = (Window::new(lookback), Window::new(lookback));
        Self { weigh, signed: 0.0, whole: 0.0, signed_last, whole_last }
    }
}

impl Indicator for SignedShare {
    fn update(&mut self, _candle: &Candle) -> Option<f64> {
        self.signed_last.push(std::mem::take(&mut self.signed));
        let full = self.whole_last.push(std::mem::take(&mut self.whole));
        full.then(|| ratio_or(self.signed_last.sum(), self.whole_last.sum(), 0.0))
    }

    fn trade(&mut self, trade: &Trade) {
        let weight = (self.weigh)(trade);
        self.signed += sign(trade) * weight;
        self.whole += weight;
    }
}

/// Cumulative volume delta against the price: `sum s q / sum q - sum r / sum |r|` over the last
/// candles, -2 (sold into a rise) to 2 (bought into a fall); a ratio without volume or move is 0.
#[derive(Debug)]
pub(super) struct DeltaDivergence {
    delta: SignedShare,
    returns: CloseReturn,
    last: Window,
}

impl DeltaDivergence {
    pub(super) fn new(lookback: usize) -> Self {
        let delta = SignedShare::of_volume(lookback);
        Self { delta, returns: CloseReturn::default(), last: Window::new(lookback) }
    }
}

impl Indicator for DeltaDivergence {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let delta = self.delta.update(candle);
        let value = self.returns.update(candle)?;
        let full = self.last.push(value);
        let moved: f64 = self.last.iter().map(f64::abs).sum();
        delta.filter(|_| full).map(|delta| delta - ratio_or(self.last.sum(), moved, 0.0))
    }

    fn trade(&mut self, trade: &Trade) {
        self.delta.trade(trade);
    }
}

/// Something about the signed amounts of a candle's trades, in their order.
#[derive(Debug)]
pub(super) struct OfSizes {
    signed: Vec<f64>,
    value: fn(&[f64]) -> f64,
}

impl OfSizes {
    pub(super) fn new(value: fn(&[f64]) -> f64) -> Self {
        Self { signed: Vec::new(), value }
    }
}

impl Indicator for OfSizes {
    fn update(&mut self, _candle: &Candle) -> Option<f64> {
        let value = (self.value)(&self.signed);
        self.signed.clear();
        Some(value)
    }

    fn trade(&mut self, trade: &Trade) {
        self.signed.push(sign(trade) * trade.quantity);
    }
}

/// Largest trade's share of what was traded: 0 to 1; 0 without trades.
pub(super) fn largest_share(signed: &[f64]) -> f64 {
    let largest = signed.iter().fold(0.0_f64, |largest, size| largest.max(size.abs()));
    ratio_or(largest, signed.iter().map(|size| size.abs()).sum(), 0.0)
}

/// Sum of the squared shares of the trades: 1 when one trade was all; 0 without trades.
pub(super) fn concentration(signed: &[f64]) -> f64 {
    let whole: f64 = signed.iter().map(|size| size.abs()).sum();
    signed.iter().map(|size| ratio_or(*size, whole, 0.0).powi(2)).sum()
}

/// Signed share of the trades that are larger than the candle's mean; 0 when none is.
pub(super) fn large_imbalance(signed: &[f64]) -> f64 {
    let whole: f64 = signed.iter().map(|size| size.abs()).sum();
    let mean = ratio_or(whole, signed.len() as f64, 0.0);
    let large = || signed.iter().filter(|size| size.abs() > mean);
    ratio_or(large().sum(), large().map(|size| size.abs()).sum(), 0.0)
}

/// Longest run of trades of one side over all trades: 0 to 1; 0 without trades.
pub(super) fn longest_run(signed: &[f64]) -> f64 {
    let runs = signed.chunk_by(|a, b| a.is_sign_negative() == b.is_sign_negative());
    let longest = runs.map(<[f64]>::len).max().unwrap_or(0);
    ratio_or(longest as f64, signed.len() as f64, 0.0)
}

/// Autocorrelation of the sides at a lag: `sum (s - m)(s[-lag] - m) / sum (s - m)^2`, m = mean s; 0
/// when all are one side's.
pub(super) fn sign_autocorrelation(signed: &[f64], lag: usize) -> f64 {
    let side = |size: &f64| if size.is_sign_negative() { -1.0 } else { 1.0 };
    let mean = ratio_or(signed.iter().map(side).sum(), signed.len() as f64, 0.0);
    let deviation = |size: &f64| side(size) - mean;
    let pairs = signed.iter().zip(signed.iter().skip(lag));
    let codeviation: f64 = pairs.map(|(a, b)| deviation(a) * deviation(b)).sum();
    let squares: f64 = signed.iter().map(|size| deviation(size).powi(2)).sum();
    ratio_or(codeviation, squares, 0.0)
}
