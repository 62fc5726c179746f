//! Candles as pictures for convolutional nets: fields of the closes and a drawn chart.
//!
//! An image is a pure function of a window of candles; [`ImageState`] keeps that window as candles
//! come, and [`images_for`] folds it over a series.

mod error;
mod field;
mod raster;

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::market::{Candle, CandleSeries, Interval, SeriesError};

use super::FeatureError;

pub use error::ImageError;
pub use field::{MARKOV_STATES, gramian_difference, gramian_sum, markov_transition};
pub use raster::raster;

/// Grey values of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels of a row.
    pub width: usize,
    /// `height * width` values, row after row from the top, each from the left; all finite.
    pub values: Vec<f32>,
}

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageKind {
    /// Gramian angular summation field of the closes: `cos(a_i + a_j)`, -1 to 1.
    GramianSum,
    /// Gramian angular difference field of the closes: `sin(a_i - a_j)`, -1 to 1.
    GramianDifference,
    /// Markov transition field of the closes: how often a close of i's quantile is followed by one of
    /// j's, 0 to 1.
    MarkovTransition,
    /// Candles, moving average and volumes drawn in black and white, 0 or 1.
    Raster,
}

/// Which image a candle has.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, garde::Validate,
)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ImageConfig {
    /// What is drawn.
    pub kind: ImageKind,
    /// Candles that it shows, 4 to 512. A raster also reads as many less one before them, for its
    /// moving average over so many closes.
    #[garde(range(min = 4, max = 512))]
    pub candles: usize,
    /// Height in pixels, 4 to 512. A field is as wide, and `candles` a multiple of it, whose means it
    /// shows; a raster is 3 pixels a candle wide and its height at least 16.
    #[garde(range(min = 4, max = 512), custom(fits(self)))]
    pub size: usize,
}

impl ImageConfig {
    /// Height and width in pixels.
    #[must_use]
    pub fn shape(&self) -> [usize; 2] {
        match self.kind {
            ImageKind::Raster => [self.size, raster::CANDLE_WIDTH * self.candles],
            _ => [self.size, self.size],
        }
    }

    /// Candles in a row that an image is made of.
    #[must_use]
    pub fn window(&self) -> usize {
        match self.kind {
            ImageKind::Raster => 2 * self.candles - 1,
            _ => self.candles,
        }
    }

    /// The image of the last candle of `window`.
    ///
    /// # Errors
    /// A config that no image has, and another number of candles than [`Self::window`].
    pub fn draw(&self, window: &[Candle]) -> Result<Image, ImageError> {
        self.check()?;
        if window.len() != self.window() {
            let (needed, given) = (self.window(), window.len());
            return Err(ImageError::Window { needed, given });
        }
        let closes: Vec<f64> = window.iter().map(|candle| candle.close).collect();
        Ok(match self.kind {
            ImageKind::GramianSum => gramian_sum(&closes, self.size),
            ImageKind::GramianDifference => gramian_difference(&closes, self.size),
            ImageKind::MarkovTransition => markov_transition(&closes, self.size),
            ImageKind::Raster => raster(window, self.candles, self.size),
        })
    }

    /// Checks that there is such an image.
    ///
    /// # Errors
    /// Candles or pixels too few or too many, a field whose pixels do not share the candles evenly.
    pub fn check(&self) -> Result<(), ImageError> {
        let fault = |fault| Err(ImageError::Config { fault });
        if !(4..=512).contains(&self.candles) || !(4..=512).contains(&self.size) {
            return fault("candles and size are 4 to 512");
        }
        match self.kind {
            ImageKind::Raster if self.size < raster::LOWEST => {
                fault("a raster is at least 16 pixels high")
            }
            ImageKind::Raster => Ok(()),
            _ if !self.candles.is_multiple_of(self.size) => {
                fault("the candles of a field are a multiple of its size")
            }
            _ => Ok(()),
        }
    }
}

fn fits<C>(config: &ImageConfig) -> impl FnOnce(&usize, &C) -> garde::Result + '_ {
    move |_, _| config.check().map_err(garde::Error::new)
}

/// Images one candle at a time. A missing candle starts the window anew.
#[derive(Debug, Clone)]
pub struct ImageState {
    config: ImageConfig,
    interval: Interval,
    window: VecDeque<Candle>,
}

impl ImageState {
    /// A state that has seen no candle yet.
    ///
    /// # Errors
    /// Those of [`ImageConfig::check`].
    pub fn new(config: ImageConfig, interval: Interval) -> Result<Self, FeatureError> {
        config.check()?;
        Ok(Self { config, interval, window: VecDeque::with_capacity(config.window()) })
    }

    /// Takes the next candle.
    ///
    /// # Errors
    /// An impossible candle, one that does not come after the last.
    pub fn push(&mut self, candle: &Candle) -> Result<(), FeatureError> {
        let (interval, open_time) = (self.interval, candle.open_time);
        candle.check(interval).map_err(|fault| FeatureError::Impossible {
            interval,
            open_time,
            fault,
        })?;
        if let Some(last) = self.window.back().map(|last| last.open_time) {
            if open_time <= last {
                let fault = SeriesError { open_time, last };
                return Err(FeatureError::Order { interval, fault });
            }
            if last.saturating_add(interval.ms()) != open_time {
                self.window.clear();
            }
        }
        if self.window.len() == self.config.window() {
            self.window.pop_front();
        }
        self.window.push_back(*candle);
        Ok(())
    }

    /// The image of the last candle, known when that candle ends; none until the window is full.
    pub fn image(&mut self) -> Option<Image> {
        self.config.draw(self.window.make_contiguous()).ok()
    }
}

/// Images of some candles of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageRows {
    /// Height and width of each image.
    pub shape: [usize; 2],
    /// Whether each row has an image: its window has no hole and does not begin before the series.
    pub known: Vec<bool>,
    /// `rows * height * width` values; zeros where there is no image.
    pub values: Vec<f32>,
}

/// The image of each candle of `open_times`, in their order: those of a feature table, so that row n
/// of the table and image n are known at the same time.
///
/// # Errors
/// Those of [`ImageState`], and open times that are not increasing or that no candle has.
pub fn images_for(
    config: ImageConfig,
    series: &CandleSeries,
    open_times: &[i64],
) -> Result<ImageRows, FeatureError> {
    let interval = series.interval();
    let mut state = ImageState::new(config, interval)?;
    let shape = config.shape();
    let pixels = shape[0] * shape[1];
    let mut rows = ImageRows {
        shape,
        known: Vec::with_capacity(open_times.len()),
        values: Vec::with_capacity(open_times.len() * pixels),
    };
    let mut wanted = open_times.iter().copied().peekable();
    for candle in series.iter() {
        state.push(&candle)?;
        if wanted.next_if_eq(&candle.open_time).is_some() {
            let image = state.image();
            rows.known.push(image.is_some());
            match image {
                Some(image) => rows.values.extend(image.values),
                None => rows.values.resize(rows.values.len() + pixels, 0.0),
            }
        }
    }
    match wanted.next() {
        Some(open_time) => Err(ImageError::NoCandle { interval, open_time }.into()),
        None => Ok(rows),
    }
}
