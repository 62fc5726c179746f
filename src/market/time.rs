//! Points and stretches of time as people write them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A point in time, milliseconds since 1970-01-01 UTC; written `2025-04-01` or `2025-04-01T12:30:00Z`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Time(pub i64);

/// A length of time in milliseconds; written as a whole number and a unit: `90s 15m 12h 60d 2w`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Period(i64);

/// Text that is no time or no period.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TimeError {
    /// Not a date or time.
    #[error("`{0}` is no time; write 2025-04-01 or 2025-04-01T12:30:00Z (UTC)")]
    Time(String),
    /// Not a period.
    #[error("`{0}` is no period; write a whole number and one of s, m, h, d, w, such as 60d")]
    Period(String),
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let wrong = || TimeError::Time(text.to_owned());
        if let Ok(stamp) = text.parse::<Timestamp>() {
            return Ok(Self(stamp.as_millisecond()));
        }
        let civil = match text.parse::<Date>() {
            Ok(date) if text.len() == 10 => date.to_datetime(jiff::civil::Time::midnight()),
            _ => text.parse::<DateTime>().map_err(|_| wrong())?,
        };
        let stamp = TimeZone::UTC.to_timestamp(civil).map_err(|_| wrong())?;
        Ok(Self(stamp.as_millisecond()))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_millisecond(self.0) {
            Ok(stamp) => {
                let text = stamp.to_string();
                f.pad(text.strip_suffix("T00:00:00Z").unwrap_or(&text))
            }
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl Period {
    /// Length in milliseconds.
    #[must_use]
    pub fn ms(self) -> i64 {
        self.0
    }

    /// A period of so many seconds.
    #[must_use]
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds * 1_000)
    }

    /// A period of so many days.
    #[must_use]
    pub const fn days(days: i64) -> Self {
        Self(days * 86_400_000)
    }
}

/// Units of a period, longest first, in milliseconds.
const UNITS: [(char, i64); 5] =
    [('w', 604_800_000), ('d', 86_400_000), ('h', 3_600_000), ('m', 60_000), ('s', 1_000)];

impl FromStr for Period {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        UNITS
            .iter()
            .find_map(|&(unit, ms)| text.strip_suffix(unit).map(|number| (number, ms)))
            .and_then(|(number, ms)| number.parse::<u32>().ok().map(|n| i64::from(n) * ms))
            .filter(|&ms| ms > 0)
            .map(Self)
            .ok_or_else(|| TimeError::Period(text.to_owned()))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, ms)| self.0 % ms == 0) {
            Some((unit, ms)) => write!(f, "{}{unit}", self.0 / ms),
            None => write!(f, "{}ms", self.0),
        }
    }
}

macro_rules! via_text {
    ($($kind:ty),*) => {$(
        impl TryFrom<String> for $kind {
            type Error = TimeError;
            fn try_from(text: String) -> Result<Self, TimeError> {
                text.parse()
            }
        }
        impl From<$kind> for String {
            fn from(value: $kind) -> Self {
                value.to_string()
            }
        }
    )*};
}
via_text!(Time, Period);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_periods_round_trip() {
        assert_eq!("2024-01-01".parse(), Ok(Time(1_704_067_200_000)));
        assert_eq!("2024-01-01T01:00:00Z".parse(), Ok(Time(1_704_070_800_000)));
        assert_eq!("2024-01-01T01:00".parse(), Ok(Time(1_704_070_800_000)));
        assert_eq!(Time(1_704_067_200_000).to_string(), "2024-01-01");
        assert!("01.02.2024".parse::<Time>().is_err());
        assert_eq!("36h".parse::<Period>().unwrap().ms(), 129_600_000);
        assert_eq!("14d".parse::<Period>().unwrap().to_string(), "2w");
        for wrong in ["", "d", "0d", "-1d", "1.5d", "3y"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }
}
