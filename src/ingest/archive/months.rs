//! Which files of a public archive cover a stretch of time.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::market::{Instrument, Interval, Market, Span, Time};

/// A candle file that an archive may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub instrument: Instrument,
    pub interval: Interval,
    /// Path below the archive's root, the same as below the folder.
    pub path: String,
    /// Files that cover the same month day by day, to be taken when this one is not there.
    pub instead: Vec<String>,
}

/// Every file that covers `span` of one series at the time `now`: a month that is over has one file,
/// the present one a file a day, as has the one before until its own is published.
pub(super) fn wanted(
    instrument: &Instrument,
    interval: Interval,
    span: Span,
    now: Time,
) -> Vec<Wanted> {
    let (Some(first), Some(last), Some(today)) =
        (date(span.start), date(span.end.min(now.0).saturating_sub(1)), date(now.0))
    else {
        return Vec::new();
    };
    let this_month = today.first_of_month();
    let last_month = this_month.checked_sub(1.month()).unwrap_or(this_month);
    let mut files = Vec::new();
    let mut month = first.first_of_month();
    while month <= last {
        let next = month.checked_add(1.month()).unwrap_or(Date::MAX);
        // The archive's daily files stop at one day.
        let days = if month >= last_month && interval <= Interval::DAY {
            daily(instrument, interval, month.max(first), next.min(today), last)
        } else {
            Vec::new()
        };
        let wanted =
            |path, instead| Wanted { instrument: instrument.clone(), interval, path, instead };
        if month < this_month {
            let name = format!("{:04}-{:02}", month.year(), month.month());
            files.push(wanted(path(instrument, interval, "monthly", &name), days));
        } else {
            files.extend(days.into_iter().map(|day| wanted(day, Vec::new())));
        }
        if next == Date::MAX {
            break;
        }
        month = next;
    }
    files
}

/// Files of the days from `first` to `last` that lie before `end`.
fn daily(
    instrument: &Instrument,
    interval: Interval,
    first: Date,
    end: Date,
    last: Date,
) -> Vec<String> {
    first
        .series(1.day())
        .take_while(|&day| day < end && day <= last)
        .map(|day| path(instrument, interval, "daily", &day.to_string()))
        .collect()
}

/// Path of a file in the public layout.
fn path(instrument: &Instrument, interval: Interval, period: &str, date: &str) -> String {
    let market = match instrument.market {
        Market::Spot => "spot",
        Market::UsdM => "futures/um",
        Market::CoinM => "futures/cm",
    };
    let symbol = &instrument.symbol;
    format!("data/{market}/{period}/klines/{symbol}/{interval}/{symbol}-{interval}-{date}.zip")
}

fn date(time: i64) -> Option<Date> {
    let stamp = jiff::Timestamp::from_millisecond(time).ok()?;
    Some(TimeZone::UTC.to_datetime(stamp).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(market: Market, from: &str, to: &str, now: &str) -> Vec<(String, usize)> {
        let time = |text: &str| text.parse::<Time>().unwrap().0;
        let instrument = Instrument::new("binance", market, "BTCUSDT").unwrap();
        let span = Span { start: time(from), end: time(to) };
        wanted(&instrument, Interval::HOUR, span, Time(time(now)))
            .into_iter()
            .map(|file| (file.path, file.instead.len()))
            .collect()
    }

    #[test]
    fn past_months_are_one_file_and_the_present_one_its_past_days() {
        let spot = |text: &str| format!("data/spot/{text}");
        assert_eq!(
            names(Market::Spot, "2023-12-15", "2030-01-01", "2024-02-03T10:00:00Z"),
            [
                (spot("monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2023-12.zip"), 0),
                (spot("monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-01.zip"), 31),
                (spot("daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02-01.zip"), 0),
                (spot("daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02-02.zip"), 0),
            ]
        );
        let um = names(Market::UsdM, "2020-01-31", "2020-02-01", "2024-02-03");
        assert_eq!(
            um,
            [("data/futures/um/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2020-01.zip".to_owned(), 0)]
        );
        assert_eq!(names(Market::CoinM, "2024-03-01", "2024-02-01", "2024-02-03"), []);
        assert_eq!(names(Market::Spot, "2024-02-03", "2024-02-04", "2024-02-03T10:00:00Z"), []);
    }
}
