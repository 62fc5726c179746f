//! Snapshots of order books.

use std::borrow::Cow;

use serde::Deserialize;

use super::client::RestClient;
use super::rest_error::RestError;
use crate::market::{Level, Market, Price};

/// An order book as the exchange tells it at once.
#[derive(Debug, Clone, PartialEq)]
pub struct DepthSnapshot {
    /// The exchange's number of the last update in it.
    pub last_update_id: i64,
    /// When it was told, ms of the exchange's clock; spot books have no time.
    pub event_time: Option<i64>,
    /// Bids, in the exchange's order, which is highest price first.
    pub bids: Vec<Level>,
    /// Asks, in the exchange's order, which is lowest price first.
    pub asks: Vec<Level>,
}

impl RestClient {
    /// The order book of `symbol`, as deep as the market gives it: 5000 levels a side for spot, 1000
    /// for futures.
    ///
    /// # Errors
    /// When the exchange refuses, or does not answer after a bounded number of tries.
    pub fn depth(&self, symbol: &str) -> Result<DepthSnapshot, RestError> {
        let (limit, weight) = match self.market() {
            Market::Spot => ("5000", 250),
            Market::UsdM | Market::CoinM => ("1000", 20),
        };
        self.call("depth", &[("symbol", symbol), ("limit", limit)], weight, DepthSnapshot::read)
    }
}

impl DepthSnapshot {
    /// Reads the exchange's text of a snapshot.
    ///
    /// # Errors
    /// When it is none, in words.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Told<'a> {
            #[serde(rename = "lastUpdateId")]
            last_update_id: i64,
            #[serde(rename = "E")]
            event_time: Option<i64>,
            #[serde(borrow)]
            bids: Vec<(Cow<'a, str>, Cow<'a, str>)>,
            #[serde(borrow)]
            asks: Vec<(Cow<'a, str>, Cow<'a, str>)>,
        }
        let told: Told<'_> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        Ok(Self {
            last_update_id: told.last_update_id,
            event_time: told.event_time,
            bids: levels(&told.bids)?,
            asks: levels(&told.asks)?,
        })
    }
}

fn levels(told: &[(Cow<'_, str>, Cow<'_, str>)]) -> Result<Vec<Level>, String> {
    let level = |(price, quantity): &(Cow<'_, str>, Cow<'_, str>)| {
        let read = Price::parse(price).filter(|price| price.0 > 0).zip(quantity.parse().ok());
        match read {
            Some((price, quantity)) if f64::is_finite(quantity) && quantity >= 0.0 => {
                Ok(Level { price, quantity })
            }
            _ => Err(format!("`{price}` `{quantity}` is no level of an order book")),
        }
    };
    let all: Result<Vec<Level>, String> = told.iter().map(level).collect();
    // A level without an amount is none.
    all.map(|levels| levels.into_iter().filter(|level| level.quantity > 0.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_of_spot_and_futures_are_read() {
        let spot = r#"{"lastUpdateId":1027024,"bids":[["4.00000000","431.00000000"],["3.9","0"]],
            "asks":[["4.00000200","12.00000000"]]}"#;
        let book = DepthSnapshot::read(spot.as_bytes()).unwrap();
        assert_eq!((book.last_update_id, book.event_time), (1_027_024, None));
        assert_eq!(book.bids, [Level { price: Price(400_000_000), quantity: 431.0 }]);
        assert_eq!(book.asks, [Level { price: Price(400_000_200), quantity: 12.0 }]);
        let futures = r#"{"lastUpdateId":1,"E":1589436922972,"T":1589436922959,"symbol":"X",
            "pair":"X","bids":[],"asks":[]}"#;
        let book = DepthSnapshot::read(futures.as_bytes()).unwrap();
        assert_eq!(book.event_time, Some(1_589_436_922_972));
        for wrong in ["{}", r#"{"lastUpdateId":1,"bids":[["-4","1"]],"asks":[]}"#, "<html>"] {
            assert!(DepthSnapshot::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
