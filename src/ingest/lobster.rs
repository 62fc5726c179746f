//! LOBSTER's pairs of message and order-book files into books and trades.
//!
//! Source: lobsterdata.com, "Output structure". A row of the message file is `time, type, order id,
//! size, price, direction`: seconds after midnight, 4 and 5 the execution of a visible and of a
//! hidden order, prices in 0.0001, direction 1 of a buy and -1 of a sell order. The same row of the
//! order-book file is the book after it, `ask price, ask size, bid price, bid size` level by level;
//! a level that is not there has a price of ±9999999999.

use std::path::Path;

use super::book_rows::{Keeper, next, open};
use super::error::IngestError;
use super::lines::fields;
use super::{IngestReport, Progress};
use crate::market::{BookSnapshot, Instrument, Level, Price, Time, Trade};
use crate::store::Store;

/// Price of a level that is not there.
const ABSENT: i64 = 9_999_999_999;
/// Units of a price in one of the files' steps.
const UNITS: i64 = 10_000;
/// Fields of a message.
const FIELDS: usize = 6;
/// Numbers that a day's rows have for themselves.
const OF_DAY: i64 = 1_000_000_000;
const DAY: i64 = 86_400_000;

/// A pair of files and how to read them.
#[derive(Debug, Clone)]
pub struct LobsterSource<'a> {
    /// The message file, plain or gzip.
    pub messages: &'a Path,
    /// The order-book file, plain or gzip.
    pub books: &'a Path,
    /// What is traded.
    pub instrument: Instrument,
    /// The midnight that times count from. The files do not say it, nor the exchange's time zone.
    pub midnight: Time,
    /// Of each stretch of so many ms the last book is kept.
    pub every_ms: u32,
}

/// Stores the books and the executions of a day.
///
/// A row that cannot be is refused, in both files; the others are kept. Executions are numbered from
/// the day's number on. Days are to be stored in their order; what was stored before is left as it is.
///
/// # Errors
/// When a file cannot be read, one is longer than the other, the day lies before what is stored, or
/// the store fails; batches before are stored.
pub fn ingest_lobster(
    store: &mut Store,
    source: &LobsterSource<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<IngestReport, IngestError> {
    let (mut messages, mut books) = (open(source.messages)?, open(source.books)?);
    let mut keeper = Keeper::new(store, source.instrument.clone(), source.every_ms);
    keeper.report.files = 2;
    let first = source.midnight.0.div_euclid(DAY).saturating_mul(OF_DAY);
    let mut executions = 0;
    loop {
        let pair = (next(&mut messages, source.messages)?, next(&mut books, source.books)?);
        let ((line, message), (book_line, book)) = match pair {
            (Some(message), Some(book)) => (message, book),
            (None, None) => break,
            (one, _) => {
                let (longer, shorter) = if one.is_some() {
                    (source.messages, source.books)
                } else {
                    (source.books, source.messages)
                };
                return Err(IngestError::Pair {
                    longer: longer.to_path_buf(),
                    shorter: shorter.to_path_buf(),
                    rows: keeper.report.rows,
                });
            }
        };
        keeper.report.rows += 1;
        if keeper.report.rows.is_multiple_of(10_000) {
            progress(Progress { done: keeper.report.rows, total: 0 });
        }
        let message = match message.and_then(|text| read_message(&text, source.midnight)) {
            Ok(message) => message,
            Err(reason) => {
                keeper.refuse(source.messages, line, reason);
                continue;
            }
        };
        if let Some((quantity, price, buyer_is_maker)) = message.execution {
            executions += 1;
            let id = first.saturating_add(executions);
            keeper.trade(Trade { id, time: message.time, price, quantity, buyer_is_maker })?;
        }
        let update_id = first.saturating_add(i64::try_from(line).unwrap_or(i64::MAX));
        let book = book.and_then(|text| read_book(&text, message.time, update_id));
        let taken = match book {
            Ok(book) => keeper.book(book)?,
            Err(reason) => Err(reason),
        };
        if let Err(reason) = taken {
            keeper.refuse(source.books, book_line, reason);
        }
    }
    keeper.finish(source.messages)
}

/// What of a message is stored.
struct Message {
    time: i64,
    /// Amount, price, and whether the order that was met is a buy order.
    execution: Option<(f64, Price, bool)>,
}

fn read_message(text: &str, midnight: Time) -> Result<Message, String> {
    let found: Vec<&str> = fields(text).collect();
    let [seconds, kind, _, size, price, direction] = found[..] else {
        return Err(format!("it has {} fields, expected {FIELDS}", found.len()));
    };
    let after = milliseconds(seconds)
        .ok_or_else(|| format!("time `{seconds}` is no time of a day in seconds"))?;
    let time = midnight.0.saturating_add(after);
    let execution = match kind {
        "4" | "5" => {
            let size: f64 = size.parse().map_err(|_| format!("size `{size}` is not a number"))?;
            let price = price_of(price)?.filter(|price| *price > Price(0));
            let price = price.ok_or_else(|| "an execution without a price".to_owned())?;
            let is_buy = match direction {
                "1" => true,
                "-1" => false,
                other => return Err(format!("direction `{other}` is neither 1 nor -1")),
            };
            Some((size, price, is_buy))
        }
        "1" | "2" | "3" | "6" | "7" => None,
        other => return Err(format!("type `{other}` is none of 1 to 7")),
    };
    Ok(Message { time, execution })
}

/// Milliseconds of decimal seconds, rounded down: what happened within one belongs to it. Digit by digit,
/// since a float of seconds is off by more than it takes to round to the wrong one.
fn milliseconds(seconds: &str) -> Option<i64> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let kept = fraction.get(..3).unwrap_or(fraction);
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let thousandths: i64 = format!("{kept:0<3}").parse().ok()?;
    whole.checked_mul(1000)?.checked_add(thousandths).filter(|ms| *ms < 2 * DAY)
}

fn read_book(text: &str, time: i64, update_id: i64) -> Result<BookSnapshot, String> {
    let found: Vec<&str> = fields(text).collect();
    if found.is_empty() || !found.len().is_multiple_of(4) {
        return Err(format!("it has {} fields, which is no multiple of 4", found.len()));
    }
    let (mut asks, mut bids) = (Vec::new(), Vec::new());
    for level in found.chunks_exact(4) {
        for (side, pair) in [(&mut asks, &level[..2]), (&mut bids, &level[2..])] {
            let Some(price) = price_of(pair[0])? else { continue };
            let quantity =
                pair[1].parse().map_err(|_| format!("size `{}` is not a number", pair[1]))?;
            side.push(Level { price, quantity });
        }
    }
    Ok(BookSnapshot { time, update_id, bids, asks })
}

/// A price, or `None` of a level that is not there.
fn price_of(text: &str) -> Result<Option<Price>, String> {
    let steps: i64 = text.parse().map_err(|_| format!("price `{text}` is not a whole number"))?;
    if steps.abs() == ABSENT {
        return Ok(None);
    }
    let units = steps.checked_mul(UNITS).ok_or_else(|| format!("price {steps} is too large"))?;
    Ok(Some(Price(units)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_cut_to_milliseconds() {
        assert_eq!(milliseconds("34200.301"), Some(34_200_301));
        assert_eq!(milliseconds("34200.004241176"), Some(34_200_004));
        assert_eq!(milliseconds("34200.5"), Some(34_200_500));
        assert_eq!(milliseconds("34200"), Some(34_200_000));
        for wrong in ["", "-1", "1.x", "1e5", "999999999", "99999999999999999999"] {
            assert_eq!(milliseconds(wrong), None, "{wrong}");
        }
    }
}
