//! Candles of one instrument and interval as columns with strictly increasing time.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Candle, Instrument, Interval, Span};

/// What an absent candle means at a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Nothing was traded: the price stood still and the volume was zero.
    NoTrade,
    /// It is not known what happened.
    Gap,
}

/// Candles of one instrument and interval, oldest first, open times strictly increasing.
#[derive(Debug, Clone, PartialEq)]
pub struct CandleSeries {
    instrument: Instrument,
    interval: Interval,
    open_time: Vec<i64>,
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    volume: Vec<f64>,
    quote_volume: Vec<Option<f64>>,
    trades: Vec<Option<i64>>,
    taker_buy_volume: Vec<Option<f64>>,
    taker_buy_quote_volume: Vec<Option<f64>>,
}

/// A candle that does not follow the last one.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("open time {open_time} does not come after {last}")]
pub struct SeriesError {
    /// Open time refused, ms.
    pub open_time: i64,
    /// Open time of the last candle, ms.
    pub last: i64,
}

impl CandleSeries {
    /// A series without candles.
    #[must_use]
    pub fn new(instrument: Instrument, interval: Interval) -> Self {
        Self {
            instrument,
            interval,
            open_time: Vec::new(),
            open: Vec::new(),
            high: Vec::new(),
            low: Vec::new(),
            close: Vec::new(),
            volume: Vec::new(),
            quote_volume: Vec::new(),
            trades: Vec::new(),
            taker_buy_volume: Vec::new(),
            taker_buy_quote_volume: Vec::new(),
        }
    }

    /// Appends a candle.
    ///
    /// # Errors
    /// When it does not open after the last one.
    pub fn push(&mut self, candle: &Candle) -> Result<(), SeriesError> {
        if let Some(&last) = self.open_time.last()
            && candle.open_time <= last
        {
            return Err(SeriesError { open_time: candle.open_time, last });
        }
        self.open_time.push(candle.open_time);
        self.open.push(candle.open);
        self.high.push(candle.high);
        self.low.push(candle.low);
        self.close.push(candle.close);
        self.volume.push(candle.volume);
        self.quote_volume.push(candle.quote_volume);
        self.trades.push(candle.trades);
        self.taker_buy_volume.push(candle.taker_buy_volume);
        self.taker_buy_quote_volume.push(candle.taker_buy_quote_volume);
        Ok(())
    }

    /// What is traded.
    #[must_use]
    pub fn instrument(&self) -> &Instrument {
        &self.instrument
    }

    /// Length of each candle.
    #[must_use]
    pub fn interval(&self) -> Interval {
        self.interval
    }

    /// Number of candles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open_time.len()
    }

    /// Whether there is no candle.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open_time.is_empty()
    }

    /// Open times, ms, strictly increasing.
    #[must_use]
    pub fn open_time(&self) -> &[i64] {
        &self.open_time
    }

    /// Highest prices.
    #[must_use]
    pub fn high(&self) -> &[f64] {
        &self.high
    }

    /// Lowest prices.
    #[must_use]
    pub fn low(&self) -> &[f64] {
        &self.low
    }

    /// Traded amounts, base currency.
    #[must_use]
    pub fn volume(&self) -> &[f64] {
        &self.volume
    }

    /// First prices.
    #[must_use]
    pub fn open(&self) -> &[f64] {
        &self.open
    }

    /// Last prices.
    #[must_use]
    pub fn close(&self) -> &[f64] {
        &self.close
    }

    /// Candle `index`, oldest first.
    ///
    /// # Panics
    /// When `index` is not below [`Self::len`].
    #[must_use]
    pub fn candle(&self, index: usize) -> Candle {
        Candle {
            open_time: self.open_time[index],
            open: self.open[index],
            high: self.high[index],
            low: self.low[index],
            close: self.close[index],
            volume: self.volume[index],
            quote_volume: self.quote_volume[index],
            trades: self.trades[index],
            taker_buy_volume: self.taker_buy_volume[index],
            taker_buy_quote_volume: self.taker_buy_quote_volume[index],
        }
    }

    /// Every candle, oldest first.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Candle> + '_ {
        self.candles(0..self.len())
    }

    /// The candles at these places, oldest first.
    ///
    /// # Panics
    /// When the range ends past [`Self::len`].
    #[must_use]
    pub fn candles(&self, range: Range<usize>) -> impl ExactSizeIterator<Item = Candle> + '_ {
        // Slices of one length are read without a check a column.
        let open_time = &self.open_time[range.clone()];
        let open = &self.open[range.clone()];
        let high = &self.high[range.clone()];
        let low = &self.low[range.clone()];
        let close = &self.close[range.clone()];
        let volume = &self.volume[range.clone()];
        let quote_volume = &self.quote_volume[range.clone()];
        let trades = &self.trades[range.clone()];
        let taker_buy_volume = &self.taker_buy_volume[range.clone()];
        let taker_buy_quote_volume = &self.taker_buy_quote_volume[range];
        (0..open_time.len()).map(move |index| Candle {
            open_time: open_time[index],
            open: open[index],
            high: high[index],
            low: low[index],
            close: close[index],
            volume: volume[index],
            quote_volume: quote_volume[index],
            trades: trades[index],
            taker_buy_volume: taker_buy_volume[index],
            taker_buy_quote_volume: taker_buy_quote_volume[index],
        })
    }

    /// The candles that open inside `span`.
    #[must_use]
    pub fn within(&self, span: Span) -> Self {
        let from = self.open_time.partition_point(|&time| time < span.start);
        let to = self.open_time.partition_point(|&time| time < span.end).max(from);
        Self {
            instrument: self.instrument.clone(),
            interval: self.interval,
            open_time: self.open_time[from..to].to_vec(),
            open: self.open[from..to].to_vec(),
            high: self.high[from..to].to_vec(),
            low: self.low[from..to].to_vec(),
            close: self.close[from..to].to_vec(),
            volume: self.volume[from..to].to_vec(),
            quote_volume: self.quote_volume[from..to].to_vec(),
            trades: self.trades[from..to].to_vec(),
            taker_buy_volume: self.taker_buy_volume[from..to].to_vec(),
            taker_buy_quote_volume: self.taker_buy_quote_volume[from..to].to_vec(),
        }
    }

    /// The first `length` candles.
    #[must_use]
    pub fn truncated(&self, length: usize) -> Self {
        let end = self.open_time.get(length).copied().unwrap_or(i64::MAX);
        self.within(Span { start: i64::MIN, end })
    }

    /// Index of the candle that opens at `open_time`.
    #[must_use]
    pub fn position(&self, open_time: i64) -> Option<usize> {
        self.open_time.binary_search(&open_time).ok()
    }
}
