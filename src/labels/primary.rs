//! Simple rules that take a side, for meta-labels to judge.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::path::Path;
use crate::market::CandleSeries;

/// A rule that is long, short or neither at each candle's close, by that and earlier closes only.
/// Behind a gap it begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[garde(custom(|rule: &Self, (): &()| fast_below_slow(rule)))]
pub enum PrimaryRule {
    /// With the move of the last candles: long after a rise, short after a fall.
    Momentum {
        /// Candles, such as 24.
        #[garde(range(min = 1, max = 100_000))]
        lookback: u32,
    },
    /// Long while the mean log close of few candles is above that of many, short while it is below.
    MovingAverageCross {
        /// Candles of the shorter mean, such as 12.
        #[garde(range(min = 1, max = 100_000))]
        fast: u32,
        /// Candles of the longer mean, such as 48.
        #[garde(range(min = 2, max = 100_000))]
        slow: u32,
    },
    /// Against the distance from the mean: short where the log close lies more than `entry`
    /// standard deviations above the mean of the last closes, long where it lies below, else neither.
    MeanReversion {
        /// Candles of mean and deviation, such as 48.
        #[garde(range(min = 2, max = 100_000))]
        lookback: u32,
        /// Standard deviations, such as 2.
        #[garde(range(min = 0.0, max = 100.0))]
        entry: f64,
    },
}

/// Side of `rule` at each candle's close: 1 long, -1 short, 0 neither; `None` until it has enough
/// candles without a gap.
#[must_use]
pub fn primary_sides(series: &CandleSeries, rule: &PrimaryRule) -> Vec<Option<i8>> {
    let path = Path::of(series);
    (0..path.len()).map(|index| side_at(&path, index, rule)).collect()
}

/// Side of `rule` at the close of candle `index`.
pub(super) fn side_at(path: &Path, index: usize, rule: &PrimaryRule) -> Option<i8> {
    let close = path.close();
    match *rule {
        PrimaryRule::Momentum { lookback } => {
            let from = *path.last(index, lookback as usize + 1)?.start();
            Some(sign(close[index] - close[from]))
        }
        PrimaryRule::MovingAverageCross { fast, slow } => {
            let now = close[index];
            // Counted from the close now, so that equal closes have exactly equal means.
            let mean = |count: u32| {
                let last = &close[path.last(index, count as usize)?];
                Some(last.iter().map(|value| value - now).sum::<f64>() / last.len() as f64)
            };
            Some(sign(mean(fast)? - mean(slow)?))
        }
        PrimaryRule::MeanReversion { lookback, entry } => {
            let last = &close[path.last(index, lookback as usize)?];
            let count = last.len() as f64;
            let now = close[index];
            let mean = last.iter().map(|value| value - now).sum::<f64>() / count;
            let variance =
                last.iter().map(|value| (value - now - mean).powi(2)).sum::<f64>() / count;
            // The close now lies -mean above the mean.
            Some(if mean.abs() > entry * variance.sqrt() { sign(mean) } else { 0 })
        }
    }
}

fn sign(value: f64) -> i8 {
    i8::from(value > 0.0) - i8::from(value < 0.0)
}

fn fast_below_slow(rule: &PrimaryRule) -> garde::Result {
    match rule {
        PrimaryRule::MovingAverageCross { fast, slow } if fast >= slow => Err(garde::Error::new(
            format!("fast {fast} is not below slow {slow}; such as fast 12 and slow 48"),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_checked() {
        let rule = PrimaryRule::MovingAverageCross { fast: 9, slow: 9 };
        assert!(rule.validate().unwrap_err().to_string().contains("fast 9 is not below slow 9"));
        assert!(PrimaryRule::Momentum { lookback: 0 }.validate().is_err());
        assert!(PrimaryRule::MeanReversion { lookback: 20, entry: 2.0 }.validate().is_ok());
    }
}
