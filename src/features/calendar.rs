//! Where in the hour, the day, the week, the year and the funding period a candle opens, in UTC.

use std::f64::consts::TAU;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::market::{Candle, Interval};

/// Eight hours: perpetual futures settle funding at 0, 8 and 16 o'clock UTC.
pub(super) const FUNDING: i64 = 8 * 3_600_000;
/// A day in milliseconds.
pub(super) const DAY: i64 = 86_400_000;
/// A week in milliseconds.
pub(super) const WEEK: i64 = 7 * DAY;

/// An hour in milliseconds.
pub(super) const HOUR: i64 = 3_600_000;
/// The shortest month in milliseconds.
pub(super) const MONTH: i64 = 28 * DAY;
/// The shortest year in milliseconds.
pub(super) const YEAR: i64 = 365 * DAY;

/// Sine of the minute of the hour: `sin(2 pi m / 60)`.
pub(super) fn minute_sin(candle: &Candle) -> f64 {
    angle(candle.open_time, HOUR).sin()
}

/// Cosine of the minute of the hour: `cos(2 pi m / 60)`.
pub(super) fn minute_cos(candle: &Candle) -> f64 {
    angle(candle.open_time, HOUR).cos()
}

/// Sine of the hour of the day: `sin(2 pi h / 24)`.
pub(super) fn hour_sin(candle: &Candle) -> f64 {
    angle(candle.open_time, DAY).sin()
}

/// Cosine of the hour of the day: `cos(2 pi h / 24)`.
pub(super) fn hour_cos(candle: &Candle) -> f64 {
    angle(candle.open_time, DAY).cos()
}

/// Sine of the day of the week: `sin(2 pi d / 7)`, Monday 0.
pub(super) fn weekday_sin(candle: &Candle) -> f64 {
    (TAU * weekday(candle.open_time) as f64 / 7.0).sin()
}

/// Cosine of the day of the week: `cos(2 pi d / 7)`, Monday 0.
pub(super) fn weekday_cos(candle: &Candle) -> f64 {
    (TAU * weekday(candle.open_time) as f64 / 7.0).cos()
}

/// 1 on Saturday and Sunday, else 0.
pub(super) fn weekend(candle: &Candle) -> f64 {
    f64::from(u8::from(weekday(candle.open_time) >= 5))
}

/// Sine of the place in the eight hours between two fundings.
pub(super) fn funding_sin(candle: &Candle) -> f64 {
    angle(candle.open_time, FUNDING).sin()
}

/// Cosine of the place in the eight hours between two fundings.
pub(super) fn funding_cos(candle: &Candle) -> f64 {
    angle(candle.open_time, FUNDING).cos()
}

/// Share of the eight hours between two fundings that is left when the candle opens, above 0 to 1.
pub(super) fn funding_wait(candle: &Candle) -> f64 {
    1.0 - candle.open_time.rem_euclid(FUNDING) as f64 / FUNDING as f64
}

/// 1 in the hours of Tokyo, 0 to 9, else 0.
pub(super) fn asia(candle: &Candle) -> f64 {
    opens_between(candle, 0, 9)
}

/// 1 in the hours of London, 7 to 16, else 0.
pub(super) fn europe(candle: &Candle) -> f64 {
    opens_between(candle, 7, 16)
}

/// 1 in the hours of New York, 13 to 21, else 0.
pub(super) fn america(candle: &Candle) -> f64 {
    opens_between(candle, 13, 21)
}

/// Sine of the day of the month: `sin(2 pi (d - 1) / days of the month)`.
pub(super) fn month_day_sin(candle: &Candle) -> f64 {
    month_angle(date(candle.open_time)).sin()
}

/// Cosine of the day of the month: `cos(2 pi (d - 1) / days of the month)`.
pub(super) fn month_day_cos(candle: &Candle) -> f64 {
    month_angle(date(candle.open_time)).cos()
}

/// Sine of the month of the year: `sin(2 pi (m - 1) / 12)`.
pub(super) fn month_sin(candle: &Candle) -> f64 {
    (TAU * f64::from(date(candle.open_time).month() - 1) / 12.0).sin()
}

/// Cosine of the month of the year: `cos(2 pi (m - 1) / 12)`.
pub(super) fn month_cos(candle: &Candle) -> f64 {
    (TAU * f64::from(date(candle.open_time).month() - 1) / 12.0).cos()
}

/// 1 on the last and the first three days of a month, else 0.
pub(super) fn turn_of_month(candle: &Candle) -> f64 {
    let date = date(candle.open_time);
    f64::from(u8::from(date.day() <= 3 || date.day() == date.days_in_month()))
}

fn opens_between(candle: &Candle, from: i64, to: i64) -> f64 {
    let hour = candle.open_time.rem_euclid(DAY) / HOUR;
    f64::from(u8::from((from..to).contains(&hour)))
}

fn month_angle(date: Date) -> f64 {
    TAU * f64::from(date.day() - 1) / f64::from(date.days_in_month())
}

/// The day of a time; that of 1970-01-01 for one beyond the calendar.
fn date(open_time: i64) -> Date {
    let stamp = Timestamp::from_millisecond(open_time).unwrap_or(Timestamp::UNIX_EPOCH);
    Offset::UTC.to_datetime(stamp).date()
}

/// Day of the week, Monday 0: 1970-01-01 was a Thursday.
fn weekday(open_time: i64) -> i64 {
    (Interval::DAY.floor(open_time) / DAY + 3).rem_euclid(7)
}

fn angle(open_time: i64, cycle: i64) -> f64 {
    TAU * open_time.rem_euclid(cycle) as f64 / cycle as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monday_is_day_0() {
        // 2024-01-01 was a Monday.
        assert_eq!(weekday(1_704_067_200_000), 0);
        assert_eq!(weekday(1_704_067_200_000 - 1), 6);
        assert_eq!(weekday(-1), 2);
    }
}
