//! When trades come: how many, how bunched, and how much faster than usual.

use crate::market::{Candle, Trade};

use super::indicator::{Indicator, ratio_or};
use super::rolling::Window;

/// Burstiness of the waits between a candle's trades: `(d - w) / (d + w)`, w their mean and d their
/// standard deviation: -1 for a clock, 0 for a Poisson process, towards 1 for bursts; 0 with less than
/// three trades or no wait at all.
///
/// Source: Goh and Barabási 2008, Burstiness and memory in complex systems.
#[derive(Debug, Default)]
pub(super) struct Burstiness {
    last: Option<i64>,
    waits: i128,
    sum: i128,
    squares: i128,
}

impl Indicator for Burstiness {
    fn update(&mut self, _candle: &Candle) -> Option<f64> {
        let Self { waits, sum, squares, .. } = std::mem::take(self);
        if waits < 2 || sum == 0 {
            return Some(0.0);
        }
        // Both times the number of waits: whole numbers, so that equal waits have no deviation.
        let deviation = ((waits * squares - sum * sum) as f64).sqrt();
        let mean = sum as f64;
        Some((deviation - mean) / (deviation + mean))
    }

    fn trade(&mut self, trade: &Trade) {
        if let Some(last) = self.last.replace(trade.time) {
            let wait = i128::from(trade.time) - i128::from(last);
            self.waits += 1;
            self.sum += wait;
            self.squares += wait * wait;
        }
    }
}

/// Mean number of trades in the last candles over that in more of them; 1 when there was none.
#[derive(Debug)]
pub(super) struct ArrivalRatio {
    short: usize,
    count: f64,
    counts: Window,
}

impl ArrivalRatio {
    pub(super) fn new(short: usize, long: usize) -> Self {
        Self { short, count: 0.0, counts: Window::new(long) }
    }
}

impl Indicator for ArrivalRatio {
    fn update(&mut self, _candle: &Candle) -> Option<f64> {
        if !self.counts.push(std::mem::take(&mut self.count)) {
            return None;
        }
        let short = self.counts.sum_of_last(self.short) / self.short as f64;
        Some(ratio_or(short, self.counts.mean(), 1.0))
    }

    fn trade(&mut self, _trade: &Trade) {
        self.count += 1.0;
    }
}

/// Trades that fade as the excitement of a Hawkes process does: each counts 1 when it comes and half
/// of it a half-life later. The faster count over the slower one at the candle's end, each divided by
/// what a steady rate of one trade a candle would have made it since the stretch's second candle: 1
/// for a steady rate, and when there was no trade yet.
///
/// The first candle of a stretch tells how long candles are; its trades count nothing.
///
/// Source: Hawkes 1971, Spectra of some self-exciting and mutually exciting point processes.
#[derive(Debug)]
pub(super) struct HawkesRatio {
    /// Half-lives in candles, the faster one first.
    half_lives: [f64; 2],
    counts: [f64; 2],
    times: Vec<i64>,
    open: Option<i64>,
    candles: usize,
    warm_up: usize,
}

impl HawkesRatio {
    /// Half-lives in candles.
    pub(super) fn new(fast: usize, slow: usize) -> Self {
        let half_lives = [fast as f64, slow as f64];
        Self {
            half_lives,
            counts: [0.0; 2],
            times: Vec::new(),
            open: None,
            candles: 0,
            warm_up: slow,
        }
    }
}

impl Indicator for HawkesRatio {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let Some(before) = self.open.replace(candle.open_time) else {
            self.times.clear();
            return None;
        };
        let length = candle.open_time - before;
        let end = candle.open_time + length;
        self.candles += 1;
        let mut rates = [0.0; 2];
        for ((count, half_life), rate) in
            self.counts.iter_mut().zip(self.half_lives).zip(&mut rates)
        {
            let faded = |candles: f64| (-candles / half_life).exp2();
            let age = |time: &i64| (end - time) as f64 / length as f64;
            let fresh: f64 = self.times.iter().map(|time| faded(age(time))).sum();
            *count = *count * faded(1.0) + fresh;
            *rate = *count / (half_life * (1.0 - faded(self.candles as f64)));
        }
        self.times.clear();
        (self.candles >= self.warm_up).then(|| ratio_or(rates[0], rates[1], 1.0))
    }

    fn trade(&mut self, trade: &Trade) {
        self.times.push(trade.time);
    }
}
