//! An exchange asked over HTTP, within what it allows: candles, trades and order books.

mod agg_trades;
mod budget;
mod client;
mod depth;
mod exchange_info;
mod klines;
mod rest_error;
mod verdict;
mod web;
mod web_error;

pub use client::RestClient;
pub use depth::DepthSnapshot;
pub use klines::CandlePage;
pub use rest_error::RestError;
pub(super) use verdict::{Verdict, backoff, retry_after, verdict};
pub use web::{Answer, Limits, Stream, Web, address};
pub use web_error::WebError;
