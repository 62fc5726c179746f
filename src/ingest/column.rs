//! The columns that a candle file may have, by name.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What a column of a candle file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Start of the candle in milliseconds since 1970-01-01 UTC.
    OpenTimeMs,
    /// The same in microseconds.
    OpenTimeUs,
    /// The same in seconds.
    OpenTimeS,
    /// The same in milliseconds or microseconds, told apart by the number of digits.
    OpenTimeMsOrUs,
    /// The same as text: `2025-04-01` or `2025-04-01T12:30:00Z`.
    OpenTime,
    /// First price.
    Open,
    /// Highest price.
    High,
    /// Lowest price.
    Low,
    /// Last price.
    Close,
    /// Traded amount in base currency.
    Volume,
    /// Traded amount in quote currency.
    QuoteVolume,
    /// Number of trades.
    Trades,
    /// Part of the volume whose taker bought.
    TakerBuyVolume,
    /// Part of the quote volume whose taker bought.
    TakerBuyQuoteVolume,
    /// Not read.
    Skip,
}

impl Column {
    /// Every column that can be named.
    pub const ALL: [Self; 15] = [
        Self::OpenTimeMs,
        Self::OpenTimeUs,
        Self::OpenTimeS,
        Self::OpenTimeMsOrUs,
        Self::OpenTime,
        Self::Open,
        Self::High,
        Self::Low,
        Self::Close,
        Self::Volume,
        Self::QuoteVolume,
        Self::Trades,
        Self::TakerBuyVolume,
        Self::TakerBuyQuoteVolume,
        Self::Skip,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenTimeMs => "open_time_ms",
            Self::OpenTimeUs => "open_time_us",
            Self::OpenTimeS => "open_time_s",
            Self::OpenTimeMsOrUs => "open_time_ms_or_us",
            Self::OpenTime => "open_time",
            Self::Open => "open",
            Self::High => "high",
            Self::Low => "low",
            Self::Close => "close",
            Self::Volume => "volume",
            Self::QuoteVolume => "quote_volume",
            Self::Trades => "trades",
            Self::TakerBuyVolume => "taker_buy_volume",
            Self::TakerBuyQuoteVolume => "taker_buy_quote_volume",
            Self::Skip => "skip",
        }
    }

    /// Whether it says when the candle opens.
    #[must_use]
    pub fn is_time(self) -> bool {
        matches!(
            self,
            Self::OpenTimeMs
                | Self::OpenTimeUs
                | Self::OpenTimeS
                | Self::OpenTimeMsOrUs
                | Self::OpenTime
        )
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The columns of a file, in its order: exactly one time, all prices and the volume, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

/// Columns that cannot be read as candles.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ColumnsError {
    /// A name that is no column.
    #[error("unknown column `{name}`; known are {known}", known = known())]
    Unknown {
        /// Name given.
        name: String,
    },
    /// A column that every candle needs.
    #[error(
        "the columns lack {0}; every candle needs an open time, open, high, low, close, volume"
    )]
    Lacking(&'static str),
    /// A column given twice.
    #[error("the columns name {0} twice; write `skip` for a column not to be read")]
    Twice(Column),
    /// More than one open time.
    #[error("the columns name two open times, {0} and {1}; write `skip` for one of them")]
    TwoTimes(Column, Column),
    /// A header that says something else.
    #[error(
        "{file} line {line}: the header calls column {number} `{header}`, the columns given call it \
         `{given}`; correct --columns, or write `skip` for a column not to be read"
    )]
    Header {
        /// File at fault.
        file: String,
        /// Line of the header.
        line: u64,
        /// Place of the column, from 1.
        number: usize,
        /// Its name in the header.
        header: Column,
        /// Its name in the columns given.
        given: Column,
    },
}

fn known() -> String {
    Column::ALL.map(Column::name).join(", ")
}

impl Columns {
    /// Checks that candles can be read from such columns.
    ///
    /// # Errors
    /// When a needed one is lacking or one is given twice.
    pub fn new(columns: Vec<Column>) -> Result<Self, ColumnsError> {
        let mut time = None;
        for (index, &column) in columns.iter().enumerate() {
            if column.is_time() {
                if let Some(first) = time.replace(column) {
                    return Err(ColumnsError::TwoTimes(first, column));
                }
            } else if column != Column::Skip && columns[..index].contains(&column) {
                return Err(ColumnsError::Twice(column));
            }
        }
        if time.is_none() {
            return Err(ColumnsError::Lacking("an open time"));
        }
        for needed in [Column::Open, Column::High, Column::Low, Column::Close, Column::Volume] {
            if !columns.contains(&needed) {
                return Err(ColumnsError::Lacking(needed.name()));
            }
        }
        Ok(Self(columns))
    }

    /// The columns of a public-archive candle file.
    #[must_use]
    pub fn of_archive() -> Self {
        Self(vec![
            Column::OpenTimeMsOrUs,
            Column::Open,
            Column::High,
            Column::Low,
            Column::Close,
            Column::Volume,
            Column::Skip,
            Column::QuoteVolume,
            Column::Trades,
            Column::TakerBuyVolume,
            Column::TakerBuyQuoteVolume,
            Column::Skip,
        ])
    }

    /// The columns in the file's order.
    #[must_use]
    pub fn as_slice(&self) -> &[Column] {
        &self.0
    }
}

impl FromStr for Columns {
    type Err = ColumnsError;

    fn from_str(text: &str) -> Result<Self, ColumnsError> {
        let columns = text.split(',').map(|name| {
            let name = name.trim();
            Column::ALL
                .into_iter()
                .find(|column| column.name() == name)
                .ok_or_else(|| ColumnsError::Unknown { name: name.to_owned() })
        });
        Self::new(columns.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_a_closed_set() {
        let parse = |text: &str| text.parse::<Columns>().map_err(|error| error.to_string());
        assert!(parse("open_time_ms,open,close,high,low,volume").is_ok());
        assert!(parse("skip,open_time, open,close,high,low,volume,skip").is_ok());
        assert!(parse("open_time,open,close,high,low").unwrap_err().contains("lack volume"));
        assert!(parse("open,close,high,low,volume").unwrap_err().contains("lack an open time"));
        assert!(parse("open_time,open,open,high,low,close,volume").unwrap_err().contains("twice"));
        let two = parse("open_time_s,open_time_ms,open,high,low,close,volume").unwrap_err();
        assert!(two.contains("two open times"));
        let unknown = parse("time,open,high,low,close,volume").unwrap_err();
        assert!(unknown.contains("unknown column `time`") && unknown.contains("taker_buy_volume"));
    }
}
