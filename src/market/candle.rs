//! One candle and what makes it impossible.

use thiserror::Error;

use super::Interval;

/// Open, high, low, close and volumes of one interval.
///
/// It is known at `open_time + interval`, never earlier. Volumes a source does not give are `None`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candle {
    /// Start of the interval, milliseconds since 1970-01-01 UTC.
    pub open_time: i64,
    /// First price, in quote currency.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Traded amount, in base currency.
    pub volume: f64,
    /// Traded amount, in quote currency.
    pub quote_volume: Option<f64>,
    /// Number of trades.
    pub trades: Option<i64>,
    /// Part of `volume` whose taker bought.
    pub taker_buy_volume: Option<f64>,
    /// Part of `quote_volume` whose taker bought.
    pub taker_buy_quote_volume: Option<f64>,
}

/// Why a candle cannot be.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CandleFault {
    /// NaN or infinite.
    #[error("{column} is not a finite number ({value})")]
    NotFinite {
        /// Column at fault.
        column: &'static str,
        /// Its value.
        value: f64,
    },
    /// Price of zero or below.
    #[error("{column} {value} is not a positive price")]
    NotPositive {
        /// Column at fault.
        column: &'static str,
        /// Its value.
        value: f64,
    },
    /// High below or low above another price.
    #[error("impossible prices: open {open}, high {high}, low {low}, close {close}")]
    ImpossiblePrices {
        /// First price.
        open: f64,
        /// Highest price.
        high: f64,
        /// Lowest price.
        low: f64,
        /// Last price.
        close: f64,
    },
    /// Volume or count below zero.
    #[error("{column} {value} is negative")]
    Negative {
        /// Column at fault.
        column: &'static str,
        /// Its value.
        value: f64,
    },
    /// The part is larger than the whole.
    #[error("{part} {part_value} exceeds {whole} {whole_value}")]
    PartAboveWhole {
        /// Column of the part.
        part: &'static str,
        /// Its value.
        part_value: f64,
        /// Column of the whole.
        whole: &'static str,
        /// Its value.
        whole_value: f64,
    },
    /// Open time that no candle of the interval has.
    #[error("open time {open_time} is off the {interval} grid")]
    OffGrid {
        /// Open time, ms.
        open_time: i64,
        /// Interval of the series.
        interval: Interval,
    },
}

impl Candle {
    /// A candle of an interval in which nothing was traded: every price the last close, volumes zero.
    #[must_use]
    pub fn no_trade(open_time: i64, last: &Self) -> Self {
        Self {
            open_time,
            open: last.close,
            high: last.close,
            low: last.close,
            close: last.close,
            volume: 0.0,
            quote_volume: last.quote_volume.map(|_| 0.0),
            trades: last.trades.map(|_| 0),
            taker_buy_volume: last.taker_buy_volume.map(|_| 0.0),
            taker_buy_quote_volume: last.taker_buy_quote_volume.map(|_| 0.0),
        }
    }

    /// Whether such a candle can be.
    ///
    /// # Errors
    /// The first fault found: grid, prices, volumes, in this order.
    pub fn check(&self, interval: Interval) -> Result<(), CandleFault> {
        if !interval.is_on_grid(self.open_time) {
            return Err(CandleFault::OffGrid { open_time: self.open_time, interval });
        }
        for (column, value) in
            [("open", self.open), ("high", self.high), ("low", self.low), ("close", self.close)]
        {
            if !value.is_finite() {
                return Err(CandleFault::NotFinite { column, value });
            }
            if value <= 0.0 {
                return Err(CandleFault::NotPositive { column, value });
            }
        }
        if self.high < self.open.max(self.close) || self.low > self.open.min(self.close) {
            let Self { open, high, low, close, .. } = *self;
            return Err(CandleFault::ImpossiblePrices { open, high, low, close });
        }
        for (column, value) in [
            ("volume", Some(self.volume)),
            ("quote_volume", self.quote_volume),
            ("trades", self.trades.map(|count| count as f64)),
            ("taker_buy_volume", self.taker_buy_volume),
            ("taker_buy_quote_volume", self.taker_buy_quote_volume),
        ] {
            let Some(value) = value else { continue };
            if !value.is_finite() {
                return Err(CandleFault::NotFinite { column, value });
            }
            if value < 0.0 {
                return Err(CandleFault::Negative { column, value });
            }
        }
        part_within("taker_buy_volume", self.taker_buy_volume, "volume", Some(self.volume))?;
        part_within(
            "taker_buy_quote_volume",
            self.taker_buy_quote_volume,
            "quote_volume",
            self.quote_volume,
        )
    }
}

fn part_within(
    part: &'static str,
    part_value: Option<f64>,
    whole: &'static str,
    whole_value: Option<f64>,
) -> Result<(), CandleFault> {
    match (part_value, whole_value) {
        (Some(part_value), Some(whole_value)) if part_value > whole_value => {
            Err(CandleFault::PartAboveWhole { part, part_value, whole, whole_value })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle() -> Candle {
        Candle {
            open_time: 0,
            open: 2.0,
            high: 3.0,
            low: 1.0,
            close: 2.5,
            volume: 10.0,
            quote_volume: None,
            trades: None,
            taker_buy_volume: Some(4.0),
            taker_buy_quote_volume: None,
        }
    }

    #[test]
    fn each_fault_is_named() {
        let check = |change: fn(&mut Candle)| {
            let mut candle = candle();
            change(&mut candle);
            candle.check(Interval::MINUTE).unwrap_err().to_string()
        };
        assert!(candle().check(Interval::MINUTE).is_ok());
        assert!(check(|c| c.open_time = 1).contains("off the 1m grid"));
        assert!(check(|c| c.high = 2.0).contains("impossible prices"));
        assert!(check(|c| c.low = f64::NAN).contains("not a finite number"));
        assert!(check(|c| c.open = 0.0).contains("not a positive price"));
        assert!(check(|c| c.volume = -1.0).contains("is negative"));
        assert!(check(|c| c.taker_buy_volume = Some(11.0)).contains("exceeds volume"));
    }
}
