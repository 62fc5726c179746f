//! Where in the day, the week and the funding period a candle opens, in UTC.

use std::f64::consts::TAU;

use crate::market::{Candle, Interval};

/// Eight hours: perpetual futures settle funding at 0, 8 and 16 o'clock UTC.
pub(super) const FUNDING: i64 = 8 * 3_600_000;
/// A day in milliseconds.
pub(super) const DAY: i64 = 86_400_000;
/// A week in milliseconds.
pub(super) const WEEK: i64 = 7 * DAY;

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
