//! What can be wrong with images.

use thiserror::Error;

use crate::market::{Interval, Time};

/// Why there is no image.
#[derive(Debug, PartialEq, Error)]
pub enum ImageError {
    /// An image that cannot be.
    #[error("there is no such image: {fault}; change its config")]
    Config {
        /// What is wrong.
        fault: &'static str,
    },
    /// Another number of candles than an image is made of.
    #[error("the image is made of {needed} candles and was given {given}; give as many")]
    Window {
        /// Candles that it is made of.
        needed: usize,
        /// Candles given.
        given: usize,
    },
    /// A row whose candle is not there.
    #[error(
        "no {interval} candle opens at {} after those before it; give rows in the order of their \
         candles", Time(*open_time)
    )]
    NoCandle {
        /// Interval of the candles.
        interval: Interval,
        /// Open time of the row.
        open_time: i64,
    },
}
