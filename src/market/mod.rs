//! Plain market data: what a candle, a trade, a book, an interval, an instrument and a series are. No I/O.

mod book;
mod candle;
mod channel;
mod instrument;
mod interval;
mod price;
mod quote;
mod series;
mod span;
mod time;
mod trade;
mod value;

pub use book::{Book, BookSnapshot, Level, Side};
pub use candle::{Candle, CandleFault};
pub use channel::Channel;
pub use instrument::{Instrument, InstrumentError, Market};
pub use interval::{Interval, IntervalError};
pub use price::Price;
pub use quote::Quote;
pub use series::{CandleSeries, Missing, SeriesError};
pub use span::Span;
pub use time::{Period, Time, TimeError};
pub use trade::Trade;
pub use value::Value;
