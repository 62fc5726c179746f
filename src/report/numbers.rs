//! Numbers and times as the report writes them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// How many decimals the numbers of one column get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    /// So many decimals.
    Decimals(usize),
    /// Scientific notation, for numbers that would be all zeros.
    Scientific,
}

impl Precision {
    /// Three significant digits of the largest number and at least three decimals below ten, the same
    /// number of decimals for all.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        let largest = values.filter(|v| v.is_finite()).map(f64::abs).fold(0.0, f64::max);
        if largest == 0.0 {
            return Self::Decimals(3);
        }
        if !(1e-6..1e9).contains(&largest) {
            return Self::Scientific;
        }
        let exponent = largest.log10().floor() as i32;
        let decimals = if exponent == 0 { 3 } else { 2 - exponent };
        Self::Decimals(usize::try_from(decimals).unwrap_or(0))
    }

    /// The number as text, with a true minus sign.
    pub(super) fn text(self, value: f64) -> String {
        if value.is_nan() {
            return "NaN".to_owned();
        }
        if value.is_infinite() {
            return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
        }
        let text = match self {
            Self::Decimals(decimals) => format!("{value:.decimals$}"),
            Self::Scientific => format!("{value:.2e}"),
        };
        let is_zero = text.bytes().all(|b| !b.is_ascii_digit() || b == b'0');
        let text = if is_zero { text.trim_start_matches('-') } else { &text };
        text.replace('-', "−")
    }
}

/// A count with thin spaces between groups of three digits.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A time as `2025-04-01` when it is midnight, as `2025-04-01 12:30` otherwise; UTC.
pub(super) fn time(ms: i64) -> String {
    let format = if ms.rem_euclid(86_400_000) == 0 { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" };
    formatted(ms, format)
}

/// A time in any `strftime` format, UTC; the plain number where there is no such time.
pub(super) fn formatted(ms: i64, format: &str) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(stamp) => stamp.to_zoned_datetime(TimeZone::UTC).strftime(format).to_string(),
        Err(_) => format!("{ms} ms"),
    }
}

/// A length of time in its two largest units.
pub(super) fn duration(ms: i64) -> String {
    let seconds = ms / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_three_significant_digits_of_its_largest() {
        let text = |values: &[f64]| {
            let precision = Precision::of(values.iter().copied());
            values.iter().map(|v| precision.text(*v)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(text(&[0.412_34, 0.398]), "0.412 0.398");
        assert_eq!(text(&[-0.0123, 0.001, -0.000_01]), "−0.0123 0.0010 0.0000");
        assert_eq!(text(&[1.5, -22.0]), "1.5 −22.0");
        assert_eq!(text(&[1.0412, 0.987]), "1.041 0.987");
        assert_eq!(text(&[24_000.4, f64::NAN, f64::INFINITY]), "24000 NaN ∞");
        assert_eq!(text(&[3e-9]), "3.00e−9");
        assert_eq!(text(&[0.0]), "0.000");
    }

    #[test]
    fn counts_times_and_durations() {
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(12), "12");
        assert_eq!(time(1_735_689_600_000), "2025-01-01");
        assert_eq!(time(1_735_689_600_000 + 45_000_000), "2025-01-01 12:30");
        assert_eq!(time(i64::MAX), format!("{} ms", i64::MAX));
        assert_eq!(duration(61_000), "1 min 1 s");
        assert_eq!(duration(90_000_000), "1 d 1 h");
    }
}
