//! Series into named inputs, each on its own clock.
//!
//! A feature is a state that takes one candle at a time ([`Feature::state`]); a [`FeatureBuilder`]
//! runs the states of the base candles and of every coarser context interval and joins them as of
//! the end of the coarser candles, and values that are no candles as of what was known of them
//! ([`AsOf`]); [`build`] folds it over whole series.

mod alternative;
mod builder;
mod calendar;
mod candle_shape;
#[macro_use]
mod cross_symbol_rows;
mod catalog;
mod config;
mod cross_symbol;
mod error;
mod feature;
pub mod image;
mod indicator;
mod inputs;
mod moving_average;
mod order_book;
mod order_flow;
mod oscillators;
mod peer_error;
mod peer_feed;
mod peers;
mod price;
mod range_volatility;
mod resample;
mod rolling;
mod selection;
mod series_columns;
mod smoothing;
mod table;
mod timeframes;
mod trend;
mod volatility;
mod volume;

pub use alternative::{AsOf, SeriesConfig, ValueSeries};
pub use builder::{FeatureBuilder, build};
pub use catalog::{Feature, catalog};
pub use config::FeatureConfig;
pub use error::FeatureError;
pub use feature::{FeatureGroup, FeatureInfo, Input};
pub use indicator::Indicator;
pub use inputs::Inputs;
pub use order_book::{BookFeatures, BookState, FLOW_LEVELS};
pub use peer_error::PeerError;
pub use peers::{PeerConfig, PeerFeatures};
pub use resample::resample;
pub use selection::{CandleSource, LeftOut, Selection, select};
pub use series_columns::{SeriesColumn, series_catalog};
pub use table::FeatureTable;
