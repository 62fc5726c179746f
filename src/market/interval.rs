//! The length of a candle, and the grid on which candles open.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// The first Monday of the epoch, 1970-01-05: weekly candles open on Mondays.
const FIRST_MONDAY: i64 = 4 * DAY;

/// Name and length in milliseconds of every interval, shortest first.
const KNOWN: [(&str, i64); 14] = [
    ("1s", SECOND),
    ("1m", MINUTE),
    ("3m", 3 * MINUTE),
    ("5m", 5 * MINUTE),
    ("15m", 15 * MINUTE),
    ("30m", 30 * MINUTE),
    ("1h", HOUR),
    ("2h", 2 * HOUR),
    ("4h", 4 * HOUR),
    ("6h", 6 * HOUR),
    ("8h", 8 * HOUR),
    ("12h", 12 * HOUR),
    ("1d", DAY),
    ("1w", WEEK),
];

/// The length of a candle: one of `1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 1w`.
///
/// Months are left out: they have no fixed length, so a window of them has none either.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Interval(i64);

/// A name that is no interval.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("unknown interval `{0}`; use one of 1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 1w")]
pub struct IntervalError(pub String);

impl Interval {
    /// One minute.
    pub const MINUTE: Self = Self(MINUTE);
    /// One hour.
    pub const HOUR: Self = Self(HOUR);
    /// One day.
    pub const DAY: Self = Self(DAY);

    /// Every interval, shortest first.
    pub fn all() -> impl Iterator<Item = Self> {
        KNOWN.iter().map(|&(_, ms)| Self(ms))
    }

    /// Length in milliseconds.
    #[must_use]
    pub fn ms(self) -> i64 {
        self.0
    }

    /// How many candles of this length make a year of 365 days.
    #[must_use]
    pub fn per_year(self) -> f64 {
        (365 * DAY) as f64 / self.0 as f64
    }

    /// Open time of the candle that contains `time`.
    #[must_use]
    pub fn floor(self, time: i64) -> i64 {
        time - (time - self.grid_offset()).rem_euclid(self.0)
    }

    /// Whether a candle of this length can open at `time`.
    #[must_use]
    pub fn is_on_grid(self, time: i64) -> bool {
        self.floor(time) == time
    }

    /// Whether every candle of `self` is made of whole candles of `finer`.
    #[must_use]
    pub fn is_multiple_of(self, finer: Self) -> bool {
        self.0 % finer.0 == 0
    }

    fn grid_offset(self) -> i64 {
        if self.0 == WEEK { FIRST_MONDAY } else { 0 }
    }
}

impl FromStr for Interval {
    type Err = IntervalError;

    fn from_str(text: &str) -> Result<Self, IntervalError> {
        KNOWN
            .iter()
            .find(|(name, _)| *name == text)
            .map(|&(_, ms)| Self(ms))
            .ok_or_else(|| IntervalError(text.to_owned()))
    }
}

impl TryFrom<String> for Interval {
    type Error = IntervalError;

    fn try_from(text: String) -> Result<Self, IntervalError> {
        text.parse()
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.to_string()
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = KNOWN.iter().find(|(_, ms)| *ms == self.0).map_or("?", |(name, _)| name);
        f.pad(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for interval in Interval::all() {
            assert_eq!(interval.to_string().parse(), Ok(interval));
        }
        assert!("1M".parse::<Interval>().is_err());
    }

    #[test]
    fn weeks_open_on_mondays() {
        let week: Interval = "1w".parse().unwrap();
        // 2024-01-01 was a Monday.
        assert!(week.is_on_grid(1_704_067_200_000));
        assert_eq!(week.floor(1_704_067_200_000 + 3 * DAY), 1_704_067_200_000);
    }

    #[test]
    fn floor_holds_before_the_epoch() {
        assert_eq!(Interval::HOUR.floor(-1), -HOUR);
    }
}
