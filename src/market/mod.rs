//! Plain market data: what a candle, an interval, an instrument and a series are. No I/O.

mod candle;
mod instrument;
mod interval;
mod series;
mod span;
mod time;

pub use candle::{Candle, CandleFault};
pub use instrument::{Instrument, InstrumentError, Market};
pub use interval::{Interval, IntervalError};
pub use series::{CandleSeries, Missing, SeriesError};
pub use span::Span;
pub use time::{Period, Time, TimeError};
