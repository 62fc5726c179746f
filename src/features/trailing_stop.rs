//! Stops that trail the price, as the distance from the close to them: `1 - X / C`, positive while
//! the stop lies below.

use crate::market::Candle;

use super::indicator::{Indicator, true_range};
use super::rolling::Extreme;
use super::smoothing::ExponentialMean;

/// Wilder's parabolic stop (SAR): it closes in on the price by `step` more with each new extreme, at
/// most `most`, and turns when it is met. Begun as in TA-Lib by the first directional move.
#[derive(Debug)]
pub(super) struct ParabolicDistance {
    step: f64,
    most: f64,
    last: Option<Candle>,
    stop: Option<Stop>,
}

#[derive(Debug)]
struct Stop {
    long: bool,
    at: f64,
    extreme: f64,
    speed: f64,
}

impl ParabolicDistance {
    pub(super) fn new(step: f64, most: f64) -> Self {
        Self { step, most, last: None, stop: None }
    }

    fn first(&self, candle: &Candle, last: &Candle) -> Stop {
        let (up, down) = (candle.high - last.high, last.low - candle.low);
        let long = !(down > 0.0 && down > up);
        let (at, extreme) = if long { (last.low, candle.high) } else { (last.high, candle.low) };
        Stop { long, at, extreme, speed: self.step }
    }
}

impl Indicator for ParabolicDistance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(*candle)?;
        // The candle that begins it stands for its own past.
        let (mut stop, last) = match self.stop.take() {
            Some(stop) => (stop, last),
            None => (self.first(candle, &last), *candle),
        };
        let (floor, ceiling) = (last.low.min(candle.low), last.high.max(candle.high));
        let met = if stop.long { candle.low <= stop.at } else { candle.high >= stop.at };
        let shown;
        if met {
            stop.long = !stop.long;
            let hold = |at: f64| if stop.long { at.min(floor) } else { at.max(ceiling) };
            shown = hold(stop.extreme);
            stop.speed = self.step;
            stop.extreme = if stop.long { candle.high } else { candle.low };
            stop.at = hold(shown + stop.speed * (stop.extreme - shown));
        } else {
            shown = stop.at;
            let further =
                if stop.long { candle.high > stop.extreme } else { candle.low < stop.extreme };
            if further {
                stop.extreme = if stop.long { candle.high } else { candle.low };
                stop.speed = (stop.speed + self.step).min(self.most);
            }
            let next = shown + stop.speed * (stop.extreme - shown);
            stop.at = if stop.long { next.min(floor) } else { next.max(ceiling) };
        }
        self.stop = Some(stop);
        Some(1.0 - shown / candle.close)
    }
}

/// Supertrend: bands of `multiple` Wilder true ranges around the candle's middle that only close in
/// while the last close was inside them; the stop is the lower band until a close falls below it,
/// then the upper one until a close rises above it. Begun below the price.
#[derive(Debug)]
pub(super) struct SupertrendDistance {
    multiple: f64,
    last: Option<f64>,
    range: ExponentialMean,
    bands: Option<(f64, f64)>,
    long: bool,
}

impl SupertrendDistance {
    pub(super) fn new(lookback: usize, multiple: f64) -> Self {
        let range = ExponentialMean::wilder(lookback);
        Self { multiple, last: None, range, bands: None, long: true }
    }
}

impl Indicator for SupertrendDistance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(candle.close)?;
        let range = self.multiple * self.range.update(true_range(candle, last))?;
        let middle = f64::midpoint(candle.high, candle.low);
        let (mut lower, mut upper) = (middle - range, middle + range);
        if let Some((last_lower, last_upper)) = self.bands {
            if last >= last_lower {
                lower = lower.max(last_lower);
            }
            if last <= last_upper {
                upper = upper.min(last_upper);
            }
            self.long = if self.long { candle.close >= lower } else { candle.close > upper };
        }
        self.bands = Some((lower, upper));
        Some(1.0 - if self.long { lower } else { upper } / candle.close)
    }
}

/// Le Beau's chandelier exit of a long position: `(C - (max H - m A)) / C`, or of a short one:
/// `(C - (min L + m A)) / C`; A is Wilder's mean of the true range.
#[derive(Debug)]
pub(super) struct ChandelierDistance {
    multiple: f64,
    long: bool,
    last: Option<f64>,
    extreme: Extreme,
    range: ExponentialMean,
}

impl ChandelierDistance {
    pub(super) fn long(lookback: usize, multiple: f64) -> Self {
        let (extreme, range) = (Extreme::highest(lookback), ExponentialMean::wilder(lookback));
        Self { multiple, long: true, last: None, extreme, range }
    }

    pub(super) fn short(lookback: usize, multiple: f64) -> Self {
        let extreme = Extreme::lowest(lookback);
        Self { long: false, extreme, ..Self::long(lookback, multiple) }
    }
}

impl Indicator for ChandelierDistance {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let extreme = self.extreme.update(if self.long { candle.high } else { candle.low });
        let last = self.last.replace(candle.close)?;
        let range = self.multiple * self.range.update(true_range(candle, last))?;
        let (extreme, _) = extreme?;
        let stop = if self.long { extreme - range } else { extreme + range };
        Some((candle.close - stop) / candle.close)
    }
}
