//! Series into named inputs, each on its own clock.
//!
//! A feature is a state that takes one candle at a time ([`Feature::state`]); a [`FeatureBuilder`]
//! runs the states of the base candles and of every coarser context interval and joins them as of
//! the end of the coarser candles, and values that are no candles as of what was known of them
//! ([`AsOf`]); [`build()`] does the same for whole series, in blocks and in parallel.

mod alternative;
#[cfg(target_arch = "x86_64")]
mod beside;
mod block;
mod book_flow;
mod book_shape;
mod book_tensor;
mod build;
mod builder;
mod cache;
mod calendar;
mod candle_pattern;
mod candle_shape;
mod candles_of_trades;
mod catalog;
mod channels;
mod config;
mod cross_symbol;
mod cyclic_oscillators;
mod error;
mod feature;
mod file;
mod footprint;
mod fractional;
mod ichimoku;
pub mod image;
mod indicator;
mod inputs;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod microprice;
mod momentum;
mod moving_average;
mod number;
mod of_candles;
mod of_last;
mod order_book;
mod order_flow;
mod oscillators;
mod peer_error;
mod peer_feed;
mod peers;
mod price;
mod range_volatility;
mod realised;
mod resample;
mod rolling;
mod sample;
mod selection;
mod series_columns;
mod size;
mod smoothing;
mod source;
mod table;
mod taker_flow;
mod timeframes;
mod trade_arrival;
mod trade_flow;
mod trade_impact;
mod trailing_stop;
mod trend;
mod trend_strength;
mod volatility;
mod volatility_memory;
mod volume;
mod volume_flow;
mod vpin;
mod weighted_average;

pub use alternative::{AsOf, SeriesConfig, ValueSeries};
pub use book_tensor::columns as book_columns;
pub use build::{build, build_each};
pub use builder::FeatureBuilder;
pub use cache::FeatureCache;
pub use candles_of_trades::{CandleOrigin, candles_of_trades};
pub use catalog::{Feature, catalog};
pub use config::FeatureConfig;
pub use error::FeatureError;
pub use feature::{FeatureGroup, FeatureInfo, Input};
pub use file::{CandleChunks, build_to, read_features, write_features};
pub use indicator::{Indicator, NO_VALUE, NOT_FINITE};
pub use inputs::Inputs;
pub use order_book::{BookFeatures, BookState, FLOW_LEVELS};
pub use peer_error::PeerError;
pub use peers::{PeerConfig, PeerFeatures};
pub use resample::resample;
pub use selection::{CandleSource, LeftOut, Selection, select};
pub use series_columns::{SeriesColumn, series_catalog};
pub use size::{Size, SizeError};
pub use source::{Columns, Source};
pub use table::FeatureTable;
