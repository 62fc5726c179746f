//! Any CSV file with a book a row into books: the archives of best quotes and wide files of levels.

use std::path::Path;
use std::str::FromStr;

use super::book_rows::{Keeper, next, open};
use super::error::IngestError;
use super::lines::fields;
use super::{IngestReport, Progress};
use crate::market::{BookSnapshot, Instrument, Level, Price, Time};
use crate::store::Store;

/// From this number on a time is in microseconds and not in milliseconds (year 5138).
const FIRST_MICROSECOND: i64 = 100_000_000_000_000;

/// What a column of a book file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookColumn {
    /// `time_ms_or_us`: milliseconds, or microseconds, told apart by their size.
    MsOrUs,
    /// `time_s`: seconds, with decimals.
    Seconds,
    /// `time`: text such as 2023-01-09T22:17:40Z.
    Text,
    /// `update_id`.
    UpdateId,
    /// `ask_price`, the next level's.
    AskPrice,
    /// `ask_size`, of the ask price before it.
    AskSize,
    /// `bid_price`.
    BidPrice,
    /// `bid_size`.
    BidSize,
    /// `skip`.
    Skip,
}

const NAMES: [(&str, BookColumn); 9] = [
    ("time_ms_or_us", BookColumn::MsOrUs),
    ("time_s", BookColumn::Seconds),
    ("time", BookColumn::Text),
    ("update_id", BookColumn::UpdateId),
    ("ask_price", BookColumn::AskPrice),
    ("ask_size", BookColumn::AskSize),
    ("bid_price", BookColumn::BidPrice),
    ("bid_size", BookColumn::BidSize),
    ("skip", BookColumn::Skip),
];

/// The columns of a book file in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookColumns(Vec<BookColumn>);

impl FromStr for BookColumns {
    type Err = String;

    /// Names separated by commas; `(ask_price,ask_size)*10` is short for ten times the names in
    /// brackets.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut columns = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if let Some(group) = rest.strip_prefix('(') {
                let (names, after) = group
                    .split_once(")*")
                    .ok_or_else(|| format!("`({group}` does not end with `)*` and a number"))?;
                let (count, after) = after.split_once(',').unwrap_or((after, ""));
                let times: usize = count
                    .trim()
                    .parse()
                    .ok()
                    .filter(|times| (1..=1000).contains(times))
                    .ok_or_else(|| format!("`{count}` is no number of levels from 1 to 1000"))?;
                let group = names.split(',').map(named).collect::<Result<Vec<_>, _>>()?;
                columns.extend(group.iter().copied().cycle().take(times * group.len()));
                rest = after.trim();
            } else {
                let (name, after) = rest.split_once(',').unwrap_or((rest, ""));
                columns.push(named(name)?);
                rest = after.trim();
            }
        }
        let count = |wanted: BookColumn| columns.iter().filter(|&&column| column == wanted).count();
        let is_time = |column: &&BookColumn| {
            matches!(column, BookColumn::MsOrUs | BookColumn::Seconds | BookColumn::Text)
        };
        if columns.iter().filter(is_time).count() != 1 {
            return Err("name one column of time_ms_or_us, time_s and time".to_owned());
        }
        if count(BookColumn::UpdateId) > 1 {
            return Err("update_id is named twice".to_owned());
        }
        for (price, size, side) in [
            (BookColumn::AskPrice, BookColumn::AskSize, "ask"),
            (BookColumn::BidPrice, BookColumn::BidSize, "bid"),
        ] {
            if count(price) == 0 || count(price) != count(size) {
                let (prices, sizes) = (count(price), count(size));
                return Err(format!(
                    "there are {prices} {side}_price and {sizes} {side}_size columns; each level has one of both"
                ));
            }
        }
        Ok(Self(columns))
    }
}

fn named(name: &str) -> Result<BookColumn, String> {
    let name = name.trim();
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, column)| *column).ok_or_else(|| {
        let known: Vec<&str> = NAMES.iter().map(|(known, _)| *known).collect();
        format!("unknown column `{name}`; use {}", known.join(", "))
    })
}

/// A CSV file with a book a row.
#[derive(Debug, Clone)]
pub struct BookCsvSource<'a> {
    /// The file, plain or gzip, with or without a header.
    pub file: &'a Path,
    /// What is traded.
    pub instrument: Instrument,
    /// The file's columns.
    pub columns: BookColumns,
    /// Of each stretch of so many ms the last book is kept.
    pub every_ms: u32,
}

/// Stores the books of a CSV file.
///
/// A level whose price or size is empty is not there. Rows that cannot be books are refused, the
/// others kept; rows are to be in the order of time, and files too. Without an `update_id` the
/// number of the line stands in.
///
/// # Errors
/// When the file cannot be read, holds no row or begins before what is stored, or the store fails;
/// batches before are stored.
pub fn ingest_book_csv(
    store: &mut Store,
    source: &BookCsvSource<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<IngestReport, IngestError> {
    let mut lines = open(source.file)?;
    let mut keeper = Keeper::new(store, source.instrument.clone(), source.every_ms);
    let mut begun = false;
    while let Some((line, text)) = next(&mut lines, source.file)? {
        let first = !std::mem::replace(&mut begun, true);
        if first && text.as_deref().is_ok_and(|text| is_header(&source.columns, text)) {
            continue;
        }
        keeper.report.rows += 1;
        if keeper.report.rows.is_multiple_of(10_000) {
            progress(Progress { done: keeper.report.rows, total: 0 });
        }
        let number = i64::try_from(line).unwrap_or(i64::MAX);
        let taken = match text.and_then(|text| read_row(&source.columns, &text, number)) {
            Ok(book) => keeper.book(book)?,
            Err(reason) => Err(reason),
        };
        if let Err(reason) = taken {
            keeper.refuse(source.file, line, reason);
        }
    }
    keeper.finish(source.file)
}

/// Whether none of the values that should be numbers is one.
fn is_header(columns: &BookColumns, line: &str) -> bool {
    let mut values = columns.0.iter().zip(fields(line));
    !values.any(|(column, field)| *column != BookColumn::Skip && field.parse::<f64>().is_ok())
}

fn read_row(columns: &BookColumns, text: &str, line: i64) -> Result<BookSnapshot, String> {
    let found: Vec<&str> = fields(text).collect();
    if found.len() != columns.0.len() {
        return Err(format!("it has {} fields, expected {}", found.len(), columns.0.len()));
    }
    let mut book = BookSnapshot { time: 0, update_id: line, bids: Vec::new(), asks: Vec::new() };
    let [mut ask_sizes, mut bid_sizes] = [Vec::new(), Vec::new()];
    let [mut asks, mut bids] = [Vec::new(), Vec::new()];
    for (column, field) in columns.0.iter().zip(found) {
        let whole = || field.parse::<i64>().map_err(|_| format!("`{field}` is not a whole number"));
        match column {
            BookColumn::Skip => {}
            BookColumn::MsOrUs => {
                let count = whole()?;
                book.time = if count >= FIRST_MICROSECOND { count.div_euclid(1000) } else { count };
            }
            BookColumn::Seconds => {
                let seconds: f64 =
                    field.parse().map_err(|_| format!("time `{field}` is not a number"))?;
                if !(0.0..1e11).contains(&seconds) {
                    return Err(format!("time {seconds} is no time in seconds"));
                }
                // A float of seconds since 1970 is exact to a quarter of a microsecond.
                book.time = (seconds * 1e6).round() as i64 / 1000;
            }
            BookColumn::Text => {
                let time: Time = field.parse().map_err(|_| format!("`{field}` is not a time"))?;
                book.time = time.0;
            }
            BookColumn::UpdateId => book.update_id = whole()?,
            BookColumn::AskPrice => asks.push(price(field)?),
            BookColumn::BidPrice => bids.push(price(field)?),
            BookColumn::AskSize => ask_sizes.push(size(field)?),
            BookColumn::BidSize => bid_sizes.push(size(field)?),
        }
    }
    let side = |prices: Vec<Option<Price>>, sizes: Vec<Option<f64>>| {
        let both = prices.into_iter().zip(sizes);
        both.filter_map(|(price, size)| Some(Level { price: price?, quantity: size? })).collect()
    };
    book.asks = side(asks, ask_sizes);
    book.bids = side(bids, bid_sizes);
    Ok(book)
}

fn price(field: &str) -> Result<Option<Price>, String> {
    if field.is_empty() {
        return Ok(None);
    }
    // A float that was written in another way than a plain decimal is read as the float it is.
    let float = || field.parse().ok().and_then(Price::of_value);
    let price = Price::parse(field).or_else(float);
    price.map(Some).ok_or_else(|| format!("price `{field}` is not a price"))
}

fn size(field: &str) -> Result<Option<f64>, String> {
    if field.is_empty() {
        return Ok(None);
    }
    field.parse().map(Some).map_err(|_| format!("size `{field}` is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(columns: &str) -> String {
        columns.parse::<BookColumns>().unwrap_err()
    }

    #[test]
    fn columns_are_a_closed_set_with_groups() {
        let columns: BookColumns =
            "update_id, (bid_price,bid_size,ask_price,ask_size)*2, skip, time_ms_or_us"
                .parse()
                .unwrap();
        assert_eq!(columns.0.len(), 11);
        assert_eq!(columns.0[5..7], [BookColumn::BidPrice, BookColumn::BidSize]);
        assert!(fault("time,ask").contains("unknown column `ask`"));
        assert!(fault("ask_price,ask_size").contains("name one column of"));
        assert!(fault("time,ask_price,ask_size,bid_price").contains("1 bid_price and 0 bid_size"));
        assert!(fault("time,(ask_price,ask_size").contains("does not end with"));
        assert!(fault("time,(ask_price,ask_size)*0").contains("1 to 1000"));
    }

    #[test]
    fn rows_are_read_as_they_are_or_refused() {
        let columns: BookColumns =
            "time_ms_or_us,(ask_price,ask_size,bid_price,bid_size)*2".parse().unwrap();
        let book = read_row(&columns, "1673302660000123,101,1,100.5,2,102,3,,", 7).unwrap();
        assert_eq!((book.time, book.update_id), (1_673_302_660_000, 7));
        assert_eq!((book.asks.len(), book.bids.len()), (2, 1));
        assert_eq!(book.bids[0], Level { price: Price(10_050_000_000), quantity: 2.0 });
        let fault = |line: &str| read_row(&columns, line, 1).unwrap_err();
        assert!(fault("1,2,3").contains("3 fields, expected 9"));
        assert!(fault("x,1,1,1,1,1,1,1,1").contains("`x` is not a whole number"));
        assert!(fault("1,y,1,1,1,1,1,1,1").contains("`y` is not a price"));
        assert!(is_header(&columns, "time,a,b,c,d,e,f,g,h"));
        assert!(!is_header(&columns, "1,a,b,c,d,e,f,g,h"));
    }
}
