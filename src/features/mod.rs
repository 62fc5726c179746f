//! Series into named inputs, each on its own clock.
//!
//! A feature is a state that takes one candle at a time ([`Feature::state`]); a [`FeatureBuilder`]
//! runs the states of the base candles and of every coarser context interval and joins them as of
//! the end of the coarser candles, and values that are no candles as of what was known of them
//! ([`AsOf`]); [`build`] does the same for whole series, in blocks and in parallel.

mod alternative;
mod block;
mod build;
mod builder;
mod cache;
mod calendar;
mod candle_shape;
mod catalog;
mod config;
mod error;
mod feature;
mod file;
mod indicator;
mod inputs;
mod moving_average;
mod order_book;
mod order_flow;
mod oscillators;
mod price;
mod range_volatility;
mod resample;
mod rolling;
mod selection;
mod size;
mod smoothing;
mod table;
mod timeframes;
mod trend;
mod volatility;
mod volume;

pub use alternative::{AsOf, SeriesConfig, ValueSeries};
pub use build::{build, build_each};
pub use builder::FeatureBuilder;
pub use cache::FeatureCache;
pub use catalog::{Feature, catalog};
pub use config::FeatureConfig;
pub use error::FeatureError;
pub use feature::{FeatureGroup, FeatureInfo, Input};
pub use file::{CandleChunks, build_to, read_features, write_features};
pub use indicator::{Indicator, NO_VALUE, NOT_FINITE};
pub use inputs::Inputs;
pub use order_book::{BookFeatures, BookState, FLOW_LEVELS};
pub use resample::resample;
pub use selection::{CandleSource, LeftOut, Selection, select};
pub use size::{Size, SizeError};
pub use table::FeatureTable;
