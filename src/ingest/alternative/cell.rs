//! One cell of a table of values: as a time, or as a number.

use std::borrow::Cow;

use crate::market::Time;

/// What a source says in one cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    /// Nothing.
    Absent,
    /// Text, trimmed.
    Text(Cow<'a, str>),
    /// A point in time, ms.
    Moment(i64),
    /// A whole number.
    Whole(i64),
    /// Any number.
    Number(f64),
}

/// How sources write that there is no value.
const ABSENT: [&str; 6] = ["nan", "null", "none", "na", "n/a", "-"];

/// 1900-01-01 and the end of 9999, in milliseconds: the times that are believed.
const BELIEVED: std::ops::Range<i64> = -2_208_988_800_000..253_402_300_800_000;

impl Cell<'_> {
    /// Whether it says nothing.
    pub(super) fn is_absent(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Text(text) => {
                text.is_empty() || ABSENT.iter().any(|absent| text.eq_ignore_ascii_case(absent))
            }
            Self::Number(number) => number.is_nan(),
            Self::Moment(_) | Self::Whole(_) => false,
        }
    }

    /// The time that it says, ms.
    pub(super) fn time(&self) -> Option<i64> {
        let time = match self {
            Self::Text(text) => time_of(text),
            Self::Moment(time) => Some(*time),
            Self::Whole(number) => since_1970(*number),
            // Whole numbers up to here are exact in 64-bit floats.
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                since_1970(*number as i64)
            }
            Self::Absent | Self::Number(_) => None,
        };
        time.filter(|time| BELIEVED.contains(time))
    }

    /// The finite number that it says.
    pub(super) fn number(&self) -> Option<f64> {
        let number = match self {
            Self::Absent | Self::Moment(_) => None,
            Self::Text(text) => text.parse().ok(),
            Self::Whole(number) => Some(*number as f64),
            Self::Number(number) => Some(*number),
        };
        number.filter(|number: &f64| number.is_finite())
    }

    /// How it is told in a refusal.
    pub(super) fn told(&self) -> String {
        /// Characters of a text that are told.
        const TOLD: usize = 40;
        match self {
            Self::Absent => String::new(),
            Self::Text(text) if text.chars().count() > TOLD => {
                text.chars().take(TOLD).chain(['…']).collect()
            }
            Self::Text(text) => text.to_string(),
            Self::Moment(time) => Time(*time).to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// A date, a time of RFC 3339, or a number since 1970.
fn time_of(text: &str) -> Option<i64> {
    let whole = text.trim_end_matches('0').strip_suffix('.').unwrap_or(text);
    if whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return whole.parse().ok().and_then(since_1970);
    }
    text.parse::<Time>().ok().map(|time| time.0)
}

/// Milliseconds of a count of seconds, milliseconds, microseconds or nanoseconds since 1970, told
/// apart by the number of digits.
///
/// Fewer digits than a time from 1973 on has would as likely be a date such as 20240101 or a year.
fn since_1970(number: i64) -> Option<i64> {
    match number {
        100_000_000..10_000_000_000 => Some(number * 1_000),
        100_000_000_000..10_000_000_000_000 => Some(number),
        100_000_000_000_000..10_000_000_000_000_000 => Some(number / 1_000),
        100_000_000_000_000_000.. => Some(number / 1_000_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_apart() {
        let time = |text: &'static str| Cell::Text(text.into()).time();
        // date -d '2024-01-01T00:00:00Z' +%s
        let expected = Some(1_704_067_200_000);
        for text in [
            "2024-01-01",
            "2024-01-01T00:00:00Z",
            "2024-01-01T00:00:00.000000000Z",
            "2024-01-01 00:00:00+00:00",
            "2024-01-01T02:00:00+02:00",
            "2024-01-01 00:00:00",
            "1704067200",
            "1704067200.0",
            "1704067200000",
            "1704067200000000",
            "1704067200000000000",
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
        assert_eq!(time("1704067200123456789"), Some(1_704_067_200_123));
        assert_eq!(time("999999999"), Some(999_999_999_000));
        for wrong in [
            "",
            "20240101",
            "2024",
            "0",
            "-1704067200",
            "1704067200.5",
            "01.02.2024",
            "2024-13-01",
            "99999999999",
            "99999999999999999999",
            "soon",
            ".",
            "9999-12-31T23:59:59-12:00",
        ] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
        assert_eq!(Cell::Whole(1_704_067_200).time(), expected);
        assert_eq!(Cell::Number(1_704_067_200e3).time(), expected);
        assert_eq!(Cell::Number(f64::NAN).time(), None);
        assert_eq!(Cell::Moment(i64::MAX).time(), None);
    }

    #[test]
    fn numbers_are_finite_or_absent() {
        let text = |text: &'static str| Cell::Text(text.into());
        assert_eq!(text("1e-04").number(), Some(1e-4));
        assert_eq!(text("-3").number(), Some(-3.0));
        for absent in ["", "NaN", "null", "NA", "None", "-"] {
            assert!(text(absent).is_absent(), "{absent}");
        }
        for wrong in ["inf", "1e999", "1,5", "0x10", "12 %"] {
            assert!(!text(wrong).is_absent() && text(wrong).number().is_none(), "{wrong}");
        }
        assert!(Cell::Number(f64::NAN).is_absent());
        assert_eq!(Cell::Number(f64::INFINITY).number(), None);
        assert_eq!(Cell::Whole(7).number(), Some(7.0));
        assert_eq!(text(&"é".repeat(50).leak()[..]).told().chars().count(), 41);
    }
}
