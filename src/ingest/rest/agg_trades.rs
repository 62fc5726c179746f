//! Pages of aggregate trades.

use std::borrow::Cow;

use serde::Deserialize;

use super::client::RestClient;
use super::rest_error::RestError;
use crate::market::{Market, Price, Trade};

/// Most trades that one page holds.
const PER_PAGE: usize = 1000;

impl RestClient {
    /// The first page of trades of `symbol` from the id `from_id` on, ids ascending; empty when there
    /// are none.
    ///
    /// # Errors
    /// When the exchange refuses, or does not answer after a bounded number of tries.
    pub fn agg_trades(&self, symbol: &str, from_id: i64) -> Result<Vec<Trade>, RestError> {
        let from = ("fromId", from_id.to_string());
        self.trades(symbol, Some(&from), PER_PAGE, |trade| trade.id >= from_id)
    }

    /// The first page of trades of `symbol` from `time` (ms) on, ids ascending.
    ///
    /// # Errors
    /// As [`Self::agg_trades`].
    pub fn agg_trades_since(&self, symbol: &str, time: i64) -> Result<Vec<Trade>, RestError> {
        let from = ("startTime", time.to_string());
        self.trades(symbol, Some(&from), PER_PAGE, |trade| trade.time >= time)
    }

    /// The newest trade of `symbol`; `None` when there is none.
    ///
    /// # Errors
    /// As [`Self::agg_trades`].
    pub fn newest_agg_trade(&self, symbol: &str) -> Result<Option<Trade>, RestError> {
        Ok(self.trades(symbol, None, 1, |_| true)?.pop())
    }

    fn trades(
        &self,
        symbol: &str,
        from: Option<&(&str, String)>,
        limit: usize,
        asked: impl Fn(&Trade) -> bool,
    ) -> Result<Vec<Trade>, RestError> {
        let weight = if self.market() == Market::Spot { 4 } else { 20 };
        let limit = limit.to_string();
        let mut query = vec![("symbol", symbol), ("limit", limit.as_str())];
        query.extend(from.map(|(name, value)| (*name, value.as_str())));
        self.call("aggTrades", &query, weight, |body| {
            let trades = read(body)?;
            match trades.iter().find(|trade| !asked(trade)) {
                Some(trade) => Err(format!("trade {} was not asked for", trade.id)),
                None => Ok(trades),
            }
        })
    }
}

/// Reads a page. A trade that cannot be spoils it, since a hole in the ids would be taken for one of
/// the exchange's.
fn read(body: &[u8]) -> Result<Vec<Trade>, String> {
    #[derive(Deserialize)]
    struct Row<'a> {
        a: i64,
        #[serde(borrow)]
        p: Cow<'a, str>,
        #[serde(borrow)]
        q: Cow<'a, str>,
        #[serde(rename = "T")]
        time: i64,
        m: bool,
    }
    let rows: Vec<Row<'_>> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let mut trades: Vec<Trade> = Vec::with_capacity(rows.len());
    for row in rows {
        let wrong = |what: &str| Err(format!("trade {} {what}", row.a));
        let Some(price) = Price::parse(&row.p).filter(|price| price.0 > 0) else {
            return wrong("has no price");
        };
        let quantity = row.q.parse().ok().filter(|&q: &f64| q.is_finite() && q >= 0.0);
        let Some(quantity) = quantity else { return wrong("has no quantity") };
        if row.a < 0 || !(0..1 << 48).contains(&row.time) {
            return wrong("has no time");
        }
        if let Some(last) = trades.last()
            && (last.id >= row.a || last.time > row.time)
        {
            return wrong("comes out of order");
        }
        trades.push(Trade { id: row.a, time: row.time, price, quantity, buyer_is_maker: row.m });
    }
    Ok(trades)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_or_spoilt() {
        let row = |id: i64, price: &str, quantity: &str, time: i64| {
            format!(
                r#"{{"a":{id},"p":"{price}","q":"{quantity}","nq":"1","f":1,"l":2,"T":{time},"m":true,"M":true}}"#
            )
        };
        let good = format!("[{},{}]", row(7, "4.5", "0.1", 10), row(9, "4.6", "2", 10));
        let trades = read(good.as_bytes()).unwrap();
        assert_eq!(
            trades[0],
            Trade {
                id: 7,
                time: 10,
                price: Price(450_000_000),
                quantity: 0.1,
                buyer_is_maker: true
            }
        );
        assert_eq!(trades[1].id, 9);
        for (rows, words) in [
            (row(7, "0", "1", 1), "no price"),
            (row(7, "1e5", "1", 1), "no price"),
            (row(7, "1", "NaN", 1), "no quantity"),
            (row(7, "1", "-1", 1), "no quantity"),
            (row(7, "1", "1", -1), "no time"),
            (format!("{},{}", row(7, "1", "1", 1), row(7, "1", "1", 1)), "out of order"),
            (format!("{},{}", row(7, "1", "1", 2), row(8, "1", "1", 1)), "out of order"),
            ("7".to_owned(), "invalid type"),
        ] {
            let error = read(format!("[{rows}]").as_bytes()).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
