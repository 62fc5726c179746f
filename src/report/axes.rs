//! Scales, round ticks and calendar ticks.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use plotters::prelude::RGBColor;

use super::canvas::{Anchor, Canvas, Drawn, GRID, INK};
use super::numbers::formatted;

/// Size of axis labels, in units.
const LABEL: f64 = 10.5;

/// A straight map from values to units on the canvas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

/// A place where an axis is labelled.
pub(super) type Tick = (f64, String);

/// The part of a canvas where data is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Left to right.
    pub x: Scale,
    /// Bottom to top.
    pub y: Scale,
}

impl Scale {
    /// Maps `range` onto the units from `start` to `end`; a range without length gets one.
    pub(super) fn new(range: (f64, f64), start: f64, end: f64) -> Self {
        let (from, to) = range;
        let length = to - from;
        if length.is_finite() && length > 0.0 {
            return Self { from, to, start, end };
        }
        let around = if from.is_finite() { from } else { 0.0 };
        let half = (around.abs() * 0.01).max(1e-9);
        Self { from: around - half, to: around + half, start, end }
    }

    /// Where `value` lies on the canvas; values outside of the range lie at its ends.
    pub(super) fn at(self, value: f64) -> f64 {
        let share = (value.clamp(self.from, self.to) - self.from) / (self.to - self.from);
        self.start + share * (self.end - self.start)
    }

    /// About `count` round values inside the range.
    pub(super) fn ticks(self, count: usize) -> Vec<Tick> {
        let step = round_step((self.to - self.from) / count.max(1) as f64);
        let decimals = usize::try_from(-(step.log10().floor() as i32)).unwrap_or(0).min(12);
        let first = (self.from / step).ceil();
        let all = (0..=2 * count).map(|i| (first + i as f64) * step);
        // A tick may lie a rounding error past the end.
        all.take_while(|tick| *tick <= self.to + 1e-9 * step)
            .map(|tick| (tick, label(tick, decimals)))
            .collect()
    }

    /// At most `count` or so calendar times inside a range of milliseconds.
    pub(super) fn time_ticks(self, count: usize) -> Vec<Tick> {
        time_ticks(self.from as i64, self.to as i64, count.max(1) as i64)
    }
}

impl Frame {
    /// Grid lines and labels at the ticks.
    pub(super) fn grid(self, canvas: &mut Canvas<'_>, x: &[Tick], y: &[Tick]) -> Drawn {
        for (tick, text) in y {
            let at = self.y.at(*tick);
            canvas.line(&[(self.x.start, at), (self.x.end, at)], GRID, 0.5)?;
            canvas.text(text, (self.x.start - 6.0, at), LABEL, Anchor::End)?;
        }
        for (tick, text) in x {
            let at = self.x.at(*tick);
            canvas.line(&[(at, self.y.start), (at, self.y.start + 4.0)], INK, 0.5)?;
            canvas.text(text, (at, self.y.start + 13.0), LABEL, Anchor::Middle)?;
        }
        canvas.line(&[(self.x.start, self.y.start), (self.x.end, self.y.start)], INK, 0.5)
    }

    /// Lines through points given in values.
    pub(super) fn lines(
        self,
        canvas: &mut Canvas<'_>,
        lines: &[Vec<(f64, f64)>],
        (color, width, opacity): (RGBColor, f64, f64),
    ) -> Drawn {
        for line in lines {
            let places: Vec<_> = line.iter().map(|(x, y)| (self.x.at(*x), self.y.at(*y))).collect();
            match places.as_slice() {
                [only] => canvas.disc(*only, width, color)?,
                _ => canvas.faint_line(&places, color, width, opacity)?,
            }
        }
        Ok(())
    }
}

/// The range of the finite values with a margin of 4% on both sides; `None` when there are none.
pub(super) fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let margin = 0.04 * (high - low);
    (low <= high).then_some((low - margin, high + margin))
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `rough`.
fn round_step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| rough <= factor * power * 1.000_001);
    factor.unwrap_or(10.0) * power
}

fn label(tick: f64, decimals: usize) -> String {
    let text = format!("{tick:.decimals$}");
    let zero = text.bytes().all(|b| !b.is_ascii_digit() || b == b'0');
    if zero { text.trim_start_matches('-').to_owned() } else { text.replace('-', "−") }
}

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn time_ticks(from: i64, to: i64, count: i64) -> Vec<Tick> {
    let length = to.saturating_sub(from);
    let short = [1, 3, 6, 12, 24, 48, 168, 336].map(|hours| hours * HOUR);
    if let Some(step) = short.into_iter().find(|step| length / step <= count) {
        // Weeks begin on Mondays, and the epoch on a Thursday.
        let offset = if step >= 7 * DAY { 4 * DAY } else { 0 };
        let first = from
            .saturating_sub(offset)
            .div_euclid(step)
            .saturating_mul(step)
            .saturating_add(offset);
        let format = if step < DAY { "%m-%d %H:%M" } else { "%Y-%m-%d" };
        return (0..=count + 1)
            .map(|i| first.saturating_add(i * step))
            .filter(|time| (from..=to).contains(time))
            .map(|time| (time as f64, formatted(time, format)))
            .collect();
    }
    let months = length / (30 * DAY);
    let steps = [1, 2, 3, 6, 12, 24, 60, 120, 600, 1200];
    let step = steps.into_iter().find(|step| months / step <= count).unwrap_or(12_000);
    let first = month_of(from).div_euclid(step) * step;
    let format = if step < 12 { "%Y-%m" } else { "%Y" };
    (0..=count + 2)
        .filter_map(|i| start_of_month(first + i * step))
        .filter(|time| (from..=to).contains(time))
        .map(|time| (time as f64, formatted(time, format)))
        .collect()
}

/// Months since the year 0.
fn month_of(ms: i64) -> i64 {
    let number = |format| formatted(ms, format).parse::<i64>().unwrap_or(0);
    number("%Y") * 12 + (number("%m") - 1).max(0)
}

fn start_of_month(month: i64) -> Option<i64> {
    let year = i16::try_from(month.div_euclid(12)).ok()?;
    let date = Date::new(year, i8::try_from(month.rem_euclid(12) + 1).ok()?, 1).ok()?;
    Some(date.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn ticks_are_round() {
        let ticks = |from, to| Scale::new((from, to), 0.0, 100.0).ticks(5);
        assert_eq!(labels(&ticks(0.0, 1.0)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&ticks(-0.013, 0.011)), ["−0.010", "−0.005", "0.000", "0.005", "0.010"]);
        assert_eq!(labels(&ticks(16_000.0, 73_000.0)), ["20000", "40000", "60000"]);
        assert!(!ticks(5.0, 5.0).is_empty());
        assert!(ticks(f64::NAN, f64::NAN).len() < 20);
        assert!(ticks(-1e300, 1e300).len() < 20);
    }

    #[test]
    fn time_ticks_follow_the_calendar() {
        // 2024-01-15 to 2024-09-15.
        let scale = |from: i64, to: i64| Scale::new((from as f64, to as f64), 0.0, 100.0);
        let ticks = scale(1_705_276_800_000, 1_726_358_400_000).time_ticks(8);
        assert_eq!(labels(&ticks)[..3], ["2024-02", "2024-03", "2024-04"]);
        let ticks = scale(0, 20 * 365 * DAY).time_ticks(8);
        assert_eq!(labels(&ticks), ["1970", "1975", "1980", "1985"]);
        let ticks = scale(0, 2 * DAY).time_ticks(8);
        assert_eq!(labels(&ticks)[..2], ["01-01 00:00", "01-01 06:00"]);
        let ticks = scale(0, 60 * DAY).time_ticks(9);
        assert_eq!(labels(&ticks)[0], "1970-01-05");
        assert!(time_ticks(i64::MIN, i64::MAX, 8).len() < 20);
    }

    #[test]
    fn ranges_have_length() {
        assert_eq!(range([f64::NAN].into_iter()), None);
        assert_eq!(range([1.0, 2.0, f64::NAN].into_iter()), Some((0.96, 2.04)));
        let flat = Scale::new((3.0, 3.0), 0.0, 10.0);
        assert_eq!(flat.at(3.0), 5.0);
    }
}
