//! Columns of exported candles and values.

use crate::files::{Field, Get};
use crate::market::Candle;
use crate::store::Value;

/// A candle's columns; what its source does not give is null.
pub(super) fn candles() -> Vec<Field<Candle>> {
    fn double(name: &str, get: fn(&Candle) -> f64) -> Field<Candle> {
        Field::required(name, Get::Double(Box::new(move |candle| Some(get(candle)))))
    }
    fn optional(name: &str, get: fn(&Candle) -> Option<f64>) -> Field<Candle> {
        Field::nullable(name, Get::Double(Box::new(get)))
    }
    vec![
        Field::required("open_time", Get::Time(Box::new(|c: &Candle| Some(c.open_time)))),
        double("open", |candle| candle.open),
        double("high", |candle| candle.high),
        double("low", |candle| candle.low),
        double("close", |candle| candle.close),
        double("volume", |candle| candle.volume),
        optional("quote_volume", |candle| candle.quote_volume),
        Field::nullable("trades", Get::Whole(Box::new(|candle: &Candle| candle.trades))),
        optional("taker_buy_volume", |candle| candle.taker_buy_volume),
        optional("taker_buy_quote_volume", |candle| candle.taker_buy_quote_volume),
    ]
}

/// A value's columns.
pub(super) fn values() -> Vec<Field<Value>> {
    vec![
        Field::required("time", Get::Time(Box::new(|value: &Value| Some(value.time)))),
        Field::required("known_at", Get::Time(Box::new(|value: &Value| Some(value.known_at)))),
        Field::required("value", Get::Double(Box::new(|value: &Value| Some(value.value)))),
    ]
}
