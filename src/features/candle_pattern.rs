//! Patterns of two and three candles as continuous measures, and runs.

use std::collections::VecDeque;

use crate::market::Candle;

use super::candle_shape::body;
use super::indicator::{Indicator, ratio_or};

/// Lower less upper shadow, and the range.
pub(super) fn shadow_balance(candle: &Candle, _last: Option<&Candle>) -> Option<[f64; 2]> {
    let Candle { open, high, low, close, .. } = *candle;
    Some([(open.min(close) - low) - (high - open.max(close)), high - low])
}

/// Body over range, `(C - O) / (H - L)`; 0 without range.
pub(super) fn power(candle: &Candle, _last: Option<&Candle>) -> Option<f64> {
    Some(body(candle))
}

/// `|C - O|` and `H - L`.
pub(super) fn body_share(candle: &Candle, _last: Option<&Candle>) -> Option<[f64; 2]> {
    Some([(candle.close - candle.open).abs(), candle.high - candle.low])
}

/// Log return of the body: `ln(C / O)`.
pub(super) fn body_return(candle: &Candle) -> f64 {
    (candle.close / candle.open).ln()
}

/// A measure of a candle and the one before it.
#[derive(Debug)]
pub(super) struct OfTwo {
    last: Option<Candle>,
    measure: fn(&Candle, &Candle) -> f64,
}

impl OfTwo {
    pub(super) fn new(measure: fn(&Candle, &Candle) -> f64) -> Self {
        Self { last: None, measure }
    }
}

impl Indicator for OfTwo {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(*candle)?;
        Some((self.measure)(candle, &last))
    }
}

/// Engulfing: share of the last body that a body of the other direction covers, with the sign of
/// the new one; 0 for one direction or without a last body. ±1 is the engulfing pattern.
pub(super) fn engulfing(candle: &Candle, last: &Candle) -> f64 {
    turn(candle, last) * ratio_or(common_body(candle, last), (last.close - last.open).abs(), 0.0)
}

/// Harami: share of a body that lies in the last one of the other direction, times how much smaller
/// it is, with the sign of the new one: `s |overlap| / |b| max(0, 1 - |b| / |b[-1]|)`, b the bodies;
/// 0 for one direction.
pub(super) fn harami(candle: &Candle, last: &Candle) -> f64 {
    let (new, old) = ((candle.close - candle.open).abs(), (last.close - last.open).abs());
    let smaller = (1.0 - ratio_or(new, old, 1.0)).max(0.0);
    turn(candle, last) * ratio_or(common_body(candle, last), new, 0.0) * smaller
}

/// 1 inside the last candle's range, -1 when it sticks out on both sides, else 0.
pub(super) fn inside_or_outside(candle: &Candle, last: &Candle) -> f64 {
    if candle.high <= last.high && candle.low >= last.low {
        1.0
    } else if candle.high > last.high && candle.low < last.low {
        -1.0
    } else {
        0.0
    }
}

/// Common part of both ranges over their hull: 0 to 1; 0 where they do not meet, 1 when neither has
/// a width and they are one price.
pub(super) fn range_overlap(candle: &Candle, last: &Candle) -> f64 {
    let common = candle.high.min(last.high) - candle.low.max(last.low);
    ratio_or(common.max(0.0), candle.high.max(last.high) - candle.low.min(last.low), 1.0)
}

/// Growth of the range: `(R - R[-1]) / (R + R[-1])`, `R = H - L`; 0 when both are 0.
pub(super) fn range_growth(candle: &Candle, last: &Candle) -> f64 {
    let (new, old) = (candle.high - candle.low, last.high - last.low);
    ratio_or(new - old, new + old, 0.0)
}

/// Piercing: where between the last body's close and open a candle of the other direction closes,
/// with its sign: `s min(1, |C - C[-1]| / |O[-1] - C[-1]|)` when it moved against the last body.
pub(super) fn piercing(candle: &Candle, last: &Candle) -> f64 {
    let (back, moved) = (last.open - last.close, candle.close - last.close);
    if back * moved > 0.0 { (moved.abs() / back.abs()).min(1.0).copysign(moved) } else { 0.0 }
}

/// Sign of a body that turns against the last one, 0 if it does not.
fn turn(candle: &Candle, last: &Candle) -> f64 {
    let (new, old) = (candle.close - candle.open, last.close - last.open);
    if new > 0.0 && old < 0.0 {
        1.0
    } else if new < 0.0 && old > 0.0 {
        -1.0
    } else {
        0.0
    }
}

/// Length that two bodies have in common.
fn common_body(candle: &Candle, last: &Candle) -> f64 {
    let top = candle.open.max(candle.close).min(last.open.max(last.close));
    let bottom = candle.open.min(candle.close).max(last.open.min(last.close));
    (top - bottom).max(0.0)
}

/// Gap between this candle's range and that of `distance` candles before: `ln(L / H[-k])` above it,
/// `ln(H / L[-k])` below it, 0 where they meet. Over two candles it is the fair value gap.
#[derive(Debug)]
pub(super) struct Gap {
    distance: usize,
    last: VecDeque<(f64, f64)>,
}

impl Gap {
    pub(super) fn new(distance: usize) -> Self {
        Self { distance, last: VecDeque::with_capacity(distance) }
    }
}

impl Indicator for Gap {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let full = self.last.len() == self.distance;
        let before = if full { self.last.pop_front() } else { None };
        self.last.push_back((candle.high, candle.low));
        let (high, low) = before?;
        Some(if candle.low > high {
            (candle.low / high).ln()
        } else if candle.high < low {
            (candle.high / low).ln()
        } else {
            0.0
        })
    }
}

/// Morning star (above 0) and evening star (below): `(b - b[-2]) / 2 (1 - |b[-1]|)`, b the bodies over
/// their ranges.
#[derive(Debug, Default)]
pub(super) struct Star {
    last: Option<f64>,
    before: Option<f64>,
}

impl Indicator for Star {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let body = body(candle);
        let middle = self.last.replace(body)?;
        let first = self.before.replace(middle)?;
        Some((body - first) / 2.0 * (1.0 - middle.abs()))
    }
}

/// Body of the Heikin-Ashi candle: `ln(HC / HO)`, `HC = (O + H + L + C) / 4`,
/// `HO = (HO[-1] + HC[-1]) / 2`, begun at `(O + C) / 2`.
#[derive(Debug, Default)]
pub(super) struct HeikinAshi {
    next_open: Option<f64>,
}

impl Indicator for HeikinAshi {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let Candle { open, high, low, close, .. } = *candle;
        let smooth_close = (open + high + low + close) / 4.0;
        let smooth_open = self.next_open.unwrap_or(f64::midpoint(open, close));
        self.next_open = Some(f64::midpoint(smooth_open, smooth_close));
        Some((smooth_close / smooth_open).ln())
    }
}

/// Number of candles in a row, at most `lookback`, that were of one sign; 0 where the last one is.
#[derive(Debug)]
pub(super) struct Run {
    lookback: f64,
    taken: usize,
    length: f64,
    last: Option<Candle>,
    sign: fn(&Candle, &Candle) -> f64,
}

impl Run {
    pub(super) fn new(lookback: usize, sign: fn(&Candle, &Candle) -> f64) -> Self {
        Self { lookback: lookback as f64, taken: 0, length: 0.0, last: None, sign }
    }
}

impl Indicator for Run {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(*candle)?;
        let sign = (self.sign)(candle, &last);
        self.length = if sign == 0.0 {
            0.0
        } else if sign * self.length > 0.0 {
            (self.length + sign).clamp(-self.lookback, self.lookback)
        } else {
            sign
        };
        self.taken = self.taken.saturating_add(1);
        (self.taken as f64 >= self.lookback).then_some(self.length)
    }
}

/// Sign of the body.
pub(super) fn body_sign(candle: &Candle, _last: &Candle) -> f64 {
    sign(candle.close - candle.open)
}

/// 1 when high and low both rose, -1 when both fell, else 0.
pub(super) fn shift_sign(candle: &Candle, last: &Candle) -> f64 {
    let (high, low) = (sign(candle.high - last.high), sign(candle.low - last.low));
    if high == low { high } else { 0.0 }
}

fn sign(value: f64) -> f64 {
    f64::from(i8::from(value > 0.0) - i8::from(value < 0.0))
}
