//! The files of the FI-2010 data set into named inputs, labels and a fold, and files of its layout.
//!
//! FI-2010 (Ntakaris, Magris, Kanniainen, Gabbouj and Iosifidis 2018, "Benchmark dataset for
//! mid-price forecasting of limit order book data with machine learning methods"): order books of
//! five stocks over ten days, an event a column, in text files of 149 rows: 40 of the book (ask
//! price, ask amount, bid price, bid amount, level by level), 104 made of them, and 5 labels (1 up,
//! 2 stationary, 3 down) for 10, 20, 30, 50 and 100 events ahead. `Train_Dst_…_CF_k.txt` holds days
//! 1 to k, `Test_Dst_…_CF_k.txt` day k + 1.
//!
//! The files have no times, and most are normalised: nothing of returns, volatility or profit can
//! be said of them. Here an event takes one interval of a made-up clock, on which every stretch of
//! one stock and one day is apart from all others.

mod config;
mod error;
mod joins;
mod load;
mod matrix;
mod split;
mod write;

pub use config::{Columns, Days, Fi2010Config, HORIZONS, Normalisation};
pub use error::Fi2010Error;
pub use load::{Fi2010Rows, FileFacts, load};
pub use split::split;
pub use write::{DAYS, write};

/// Rows of a file: of the book, of all features, and of everything.
const BOOK_ROWS: usize = 40;
const FEATURE_ROWS: usize = 144;
const ROWS: usize = 149;
