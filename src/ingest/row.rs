//! One row of a candle file: into a candle, or what is wrong with it.

use std::collections::HashSet;

use thiserror::Error;

use super::column::{Column, Columns};
use super::lines::fields;
use crate::market::{Candle, CandleFault, Interval, Time};

/// From this number on a time is in microseconds and not in milliseconds (year 5138).
const FIRST_MICROSECOND: i64 = 100_000_000_000_000;

/// 1900-01-01 and the end of 9999, in milliseconds: the open times that are believed.
const BELIEVED: std::ops::Range<i64> = -2_208_988_800_000..253_402_300_800_000;

/// Why a row is refused.
#[derive(Debug, Clone, PartialEq, Error)]
pub(super) enum RowFault {
    #[error("it has {found} fields, expected {expected}")]
    Fields { found: usize, expected: usize },
    #[error("{column} is empty")]
    Empty { column: Column },
    #[error("{column} `{text}` is not a number")]
    NotNumber { column: Column, text: String },
    #[error("{column} `{text}` is not a whole number")]
    NotWhole { column: Column, text: String },
    #[error("{column} `{text}` is not a time such as 2025-04-01 or 2025-04-01T12:30:00Z")]
    NotTime { column: Column, text: String },
    #[error("{column} `{text}` does not lie in the years 1900 to 9999; is it in another unit?")]
    TimeRange { column: Column, text: String },
    #[error("open time {0} was in an earlier row already")]
    Duplicate(Time),
    #[error("the line is longer than 64 KiB")]
    TooLong,
    #[error("the line is not UTF-8 text")]
    NotText,
    #[error(transparent)]
    Candle(#[from] CandleFault),
}

/// Reads the rows of one file and remembers their times, so that a second row of one time is found.
#[derive(Debug)]
pub(super) struct RowReader {
    columns: Columns,
    interval: Interval,
    /// Times of the rows that came in order, ascending.
    in_order: Vec<i64>,
    out_of_order: HashSet<i64>,
}

impl RowReader {
    pub(super) fn new(columns: Columns, interval: Interval) -> Self {
        Self { columns, interval, in_order: Vec::new(), out_of_order: HashSet::new() }
    }

    /// The candle of a row.
    pub(super) fn read(&mut self, line: &str) -> Result<Candle, RowFault> {
        let candle = self.parse(line)?;
        candle.check(self.interval)?;
        let open_time = candle.open_time;
        let new = if self.in_order.last().is_none_or(|&last| last < open_time) {
            self.in_order.push(open_time);
            true
        } else {
            self.in_order.binary_search(&open_time).is_err() && self.out_of_order.insert(open_time)
        };
        if new { Ok(candle) } else { Err(RowFault::Duplicate(Time(open_time))) }
    }

    /// The file's columns.
    pub(super) fn columns(&self) -> &[Column] {
        self.columns.as_slice()
    }

    fn parse(&self, line: &str) -> Result<Candle, RowFault> {
        let columns = self.columns.as_slice();
        let mut candle = Candle {
            open_time: 0,
            open: 0.0,
            high: 0.0,
            low: 0.0,
            close: 0.0,
            volume: 0.0,
            quote_volume: None,
            trades: None,
            taker_buy_volume: None,
            taker_buy_quote_volume: None,
        };
        let mut fields = fields(line);
        for (index, &column) in columns.iter().enumerate() {
            let Some(field) = fields.next() else {
                return Err(RowFault::Fields { found: index, expected: columns.len() });
            };
            match column {
                Column::Skip => {}
                Column::Open => candle.open = number(column, field)?,
                Column::High => candle.high = number(column, field)?,
                Column::Low => candle.low = number(column, field)?,
                Column::Close => candle.close = number(column, field)?,
                Column::Volume => candle.volume = number(column, field)?,
                Column::QuoteVolume => candle.quote_volume = optional(column, field, number)?,
                Column::Trades => candle.trades = optional(column, field, whole)?,
                Column::TakerBuyVolume => {
                    candle.taker_buy_volume = optional(column, field, number)?;
                }
                Column::TakerBuyQuoteVolume => {
                    candle.taker_buy_quote_volume = optional(column, field, number)?;
                }
                _ => candle.open_time = time(column, field)?,
            }
        }
        match fields.count() {
            0 => Ok(candle),
            more => {
                let found = columns.len() + more;
                Err(RowFault::Fields { found, expected: columns.len() })
            }
        }
    }
}

/// Whether a line is a header: not one of the values that should be in it is a number or a time.
pub(super) fn is_header(columns: &[Column], line: &str) -> bool {
    let mut values =
        columns.iter().zip(fields(line)).filter(|(column, _)| **column != Column::Skip);
    !values.any(|(&column, field)| {
        number(column, field).is_ok() || column.is_time() && time(column, field).is_ok()
    })
}

/// The first column that a header names otherwise than `columns`: its place, the header's name.
pub(super) fn contradiction(columns: &[Column], header: &str) -> Option<(usize, Column)> {
    columns.iter().zip(fields(header)).enumerate().find_map(|(index, (&column, field))| {
        let named = Column::ALL.into_iter().find(|known| known.name() == field)?;
        let differs = column != Column::Skip && named != column;
        (differs && !(named.is_time() && column.is_time())).then_some((index, named))
    })
}

fn number(column: Column, field: &str) -> Result<f64, RowFault> {
    if field.is_empty() {
        return Err(RowFault::Empty { column });
    }
    match short_decimal(field) {
        Some(value) => Ok(value),
        None => field.parse().map_err(|_| RowFault::NotNumber { column, text: shown(field) }),
    }
}

/// The float next to a plain decimal of up to 15 digits, and `None` for any other text.
///
/// Digits and power of ten are both exact as floats, so that their quotient is rounded once and is
/// the same as the standard library's (Clinger 1990, the fast path), at a fraction of its time.
fn short_decimal(text: &str) -> Option<f64> {
    const POWERS: [f64; 16] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let bytes = text.as_bytes();
    if bytes.len() > 16 {
        return None;
    }
    let (mut digits, mut count, mut point) = (0u64, 0, None);
    for &byte in bytes {
        match byte {
            b'0'..=b'9' => {
                digits = digits * 10 + u64::from(byte - b'0');
                count += 1;
            }
            b'.' if point.is_none() => point = Some(count),
            _ => return None,
        }
    }
    let decimals: usize = count - point.unwrap_or(count);
    (1..=15).contains(&count).then(|| digits as f64 / POWERS[decimals])
}

/// A whole number, also when it is written as a float.
fn whole(column: Column, field: &str) -> Result<i64, RowFault> {
    if let Ok(whole) = field.parse() {
        return Ok(whole);
    }
    let number = number(column, field)?;
    // Beyond 2^53 a float no longer tells whole numbers apart.
    if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
        Ok(number as i64)
    } else {
        Err(RowFault::NotWhole { column, text: shown(field) })
    }
}

fn optional<T>(
    column: Column,
    field: &str,
    read: impl Fn(Column, &str) -> Result<T, RowFault>,
) -> Result<Option<T>, RowFault> {
    if field.is_empty() { Ok(None) } else { read(column, field).map(Some) }
}

/// Milliseconds since 1970-01-01 UTC.
fn time(column: Column, field: &str) -> Result<i64, RowFault> {
    if field.is_empty() {
        return Err(RowFault::Empty { column });
    }
    let out_of_range = || RowFault::TimeRange { column, text: shown(field) };
    let ms = if column == Column::OpenTime {
        let time: Result<Time, _> = field.parse();
        time.map_err(|_| RowFault::NotTime { column, text: shown(field) })?.0
    } else {
        let count: i64 =
            field.parse().map_err(|_| RowFault::NotWhole { column, text: shown(field) })?;
        match column {
            Column::OpenTimeS => count.checked_mul(1000).ok_or_else(out_of_range)?,
            Column::OpenTimeUs => from_microseconds(column, count)?,
            Column::OpenTimeMsOrUs if count >= FIRST_MICROSECOND => {
                from_microseconds(column, count)?
            }
            _ => count,
        }
    };
    if BELIEVED.contains(&ms) { Ok(ms) } else { Err(out_of_range()) }
}

/// Microseconds as milliseconds; candles of a second and more open on whole milliseconds.
fn from_microseconds(column: Column, count: i64) -> Result<i64, RowFault> {
    if count % 1000 == 0 {
        Ok(count / 1000)
    } else {
        Err(RowFault::NotTime { column, text: count.to_string() })
    }
}

/// A field as it is told in a message: at most 40 characters of it.
fn shown(field: &str) -> String {
    field.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reader(columns: &str) -> RowReader {
        RowReader::new(columns.parse().unwrap(), Interval::MINUTE)
    }

    fn fault(columns: &str, line: &str) -> String {
        reader(columns).read(line).unwrap_err().to_string()
    }

    const PLAIN: &str = "open_time_ms,open,high,low,close,volume";

    #[test]
    fn times_are_read_in_every_unit() {
        let candle = |columns: &str, line: &str| reader(columns).read(line).unwrap();
        let rest = ",open,high,low,close,volume";
        for (column, text) in [
            ("open_time_ms", "1735689600000"),
            ("open_time_us", "1735689600000000"),
            ("open_time_s", "1735689600"),
            ("open_time_ms_or_us", "1735689600000"),
            ("open_time_ms_or_us", "1735689600000000"),
            ("open_time", "2025-01-01"),
            ("open_time", "2025-01-01T00:00:00Z"),
            ("open_time", "2025-01-01 00:00:00"),
        ] {
            let candle = candle(&format!("{column}{rest}"), &format!("{text},2,3,1,2.5,10"));
            assert_eq!(candle.open_time, 1_735_689_600_000, "{column} {text}");
        }
    }

    #[test]
    fn each_fault_of_a_row_is_named() {
        assert_eq!(fault(PLAIN, "0,2,3,1,2.5"), "it has 5 fields, expected 6");
        assert_eq!(fault(PLAIN, "0,2,3,1,2.5,1,1"), "it has 7 fields, expected 6");
        assert_eq!(fault(PLAIN, "0,2,3,1,NaN,1"), "close is not a finite number (NaN)");
        assert_eq!(fault(PLAIN, "0,2,3,1,2.5,"), "volume is empty");
        assert_eq!(fault(PLAIN, "0,2,3,1,2.5,x"), "volume `x` is not a number");
        assert_eq!(fault(PLAIN, "1,2,3,1,2.5,1"), "open time 1 is off the 1m grid");
        assert_eq!(
            fault(PLAIN, "0,2,1,1,2.5,1"),
            "impossible prices: open 2, high 1, low 1, close 2.5"
        );
        assert_eq!(fault(PLAIN, "0,2,3,1,2.5,-1"), "volume -1 is negative");
        assert_eq!(fault(PLAIN, "1.5,2,3,1,2.5,1"), "open_time_ms `1.5` is not a whole number");
        assert!(fault(PLAIN, "9223372036854775807,2,3,1,2.5,1").contains("years 1900 to 9999"));
        let seconds = PLAIN.replace("_ms", "_s");
        assert!(fault(&seconds, "9223372036854775807,2,3,1,2.5,1").contains("years 1900 to 9999"));
        let trades = format!("{PLAIN},trades");
        assert_eq!(fault(&trades, "0,2,3,1,2.5,1,0.5"), "trades `0.5` is not a whole number");
    }

    #[test]
    fn a_time_is_taken_once_in_any_order() {
        let mut reader = reader(PLAIN);
        let mut read = |minute: i64| reader.read(&format!("{},2,3,1,2,1", minute * 60_000));
        for minute in [5, 7, 6, 3] {
            assert!(read(minute).is_ok());
        }
        for minute in [3, 5, 6, 7] {
            assert_eq!(read(minute), Err(RowFault::Duplicate(Time(minute * 60_000))));
        }
    }

    #[test]
    fn a_row_with_one_bad_value_is_no_header() {
        let columns = PLAIN.parse::<Columns>().unwrap();
        let header = |line: &str| is_header(columns.as_slice(), line);
        assert!(header("open_time,open,high,low,close,volume"));
        assert!(!header("x,2,3,1,2.5,1"));
        assert!(!header("NaN,x,x,x,x,x"));
        let contradiction = |line: &str| contradiction(columns.as_slice(), line);
        assert_eq!(contradiction("open_time,open,close,high,low,volume"), Some((2, Column::Close)));
        assert_eq!(contradiction("time,o,h,l,c,v"), None);
    }

    proptest! {
        #[test]
        fn prop_no_line_panics(line in "[-0-9.eNaif,\" TZ:\\PC]{0,80}") {
            let _ = reader(PLAIN).read(&line);
        }

        #[test]
        fn prop_short_decimals_are_the_standard_floats(text in "[0-9]{0,9}[.]?[0-9]{0,8}") {
            if let Some(value) = short_decimal(&text) {
                prop_assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits());
            }
        }

        #[test]
        fn prop_written_candles_come_back(
            minute in 0i64..1_000_000_000,
            cents in proptest::array::uniform4(1u32..10_000_000),
            lots in 0u64..1_000_000_000_000,
        ) {
            let prices = cents.map(|cents| f64::from(cents) / 100.0);
            let high = prices.into_iter().fold(f64::MIN, f64::max);
            let low = prices.into_iter().fold(f64::MAX, f64::min);
            let volume = lots as f64 / 1e8;
            let line = format!("{},{},{high},{low},{},{volume}", minute * 60_000, prices[0], prices[1]);
            let candle = reader(PLAIN).read(&line).unwrap();
            let read = (candle.open_time, candle.open, candle.high, candle.low, candle.close);
            prop_assert_eq!(read, (minute * 60_000, prices[0], high, low, prices[1]));
            prop_assert_eq!(candle.volume, volume);
        }
    }
}
