//! The lower waist: what every model says about a label, and what came of it.

mod by_class;
mod classes;

use std::sync::Arc;

use crate::market::Interval;

pub use by_class::ByClass;
pub use classes::{Classes, LabelShape, MOST_CLASSES, Sides};

/// Forecasts of any number of models, folds and instruments.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forecasts {
    /// The direction classes of all rows.
    pub classes: Classes,
    /// Levels of [`Forecast::return_quantiles`], strictly increasing inside (0, 1); may be empty.
    pub quantile_levels: Vec<f32>,
    /// One row a time, instrument, horizon, model and fold.
    pub rows: Vec<Forecast>,
}

/// One row: what a model said at `decision_time` about the label that ends at `label_end`.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// When the forecast could first be made: open time + interval of the window's last candle, ms.
    pub decision_time: i64,
    /// When its outcome is known, ms.
    pub label_end: i64,
    /// `venue/market/symbol`.
    pub instrument: Arc<str>,
    /// Base interval of the model.
    pub interval: Interval,
    /// Label span in candles of the base interval.
    pub horizon: u32,
    /// Name of the model.
    pub model: Arc<str>,
    /// Name of the fold whose training rows made the model (`fold_0`, …, `final`).
    pub fold: Arc<str>,
    /// Probabilities of the classes; `None` when the model has no direction head.
    pub class_probability: Option<ByClass<f32>>,
    /// Mean of the forward log return.
    pub return_mean: Option<f32>,
    /// Quantiles of the forward log return at [`Forecasts::quantile_levels`]; empty when not given.
    pub return_quantiles: Vec<f32>,
    /// Realised volatility over the horizon (not annualised, log-return units).
    pub volatility: Option<f32>,
    /// Lower and upper end of the interval around the forward log return.
    pub return_interval: Option<[f32; 2]>,
    /// Classes in the conformal set.
    pub conformal_set: Option<ByClass<bool>>,
    /// What came of it; `None` while it is not known.
    pub outcome: Option<Outcome>,
}

/// What came of a forecast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Index into [`Classes::names`], by the fold's own thresholds.
    pub class: u8,
    /// Forward log return over the horizon; NaN where the data brought along classes alone.
    pub forward_return: f32,
    /// Realised volatility over the horizon; NaN there too.
    pub volatility: f32,
}
