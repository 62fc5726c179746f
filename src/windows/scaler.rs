//! Features onto one scale, with numbers from training rows only.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::folds::Fold;

use super::{Pool, WindowError};

/// Interquartile range of the standard normal distribution.
const NORMAL_IQR: f64 = 1.348_979_500_392_163_4;

/// How a feature is centred and scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScalerKind {
    /// Median, and interquartile range over that of a normal distribution. Heavy tails move it
    /// little: the default.
    #[default]
    Robust,
    /// Mean and standard deviation.
    Standard,
    /// Features as they are.
    None,
}

/// How features are scaled before they enter a net.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct ScalerConfig {
    /// `robust` (median and interquartile range, the default), `standard` (mean and standard
    /// deviation) or `none`.
    #[garde(skip)]
    pub kind: ScalerKind,
    /// Scaled values beyond ± this are cut off there (default 8, in standard deviations of a normal
    /// distribution); `null` cuts nothing off.
    #[garde(inner(range(min = 0.1, max = 1e6)))]
    pub clip: Option<f32>,
}

impl Default for ScalerConfig {
    fn default() -> Self {
        Self { kind: ScalerKind::Robust, clip: Some(8.0) }
    }
}

/// A fitted scaler: `clamp((value - center) / scale, -clip, clip)` for each feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaler {
    /// What made it.
    pub kind: ScalerKind,
    /// One a feature.
    pub center: Vec<f32>,
    /// One a feature, positive.
    pub scale: Vec<f32>,
    /// Where scaled values are cut off.
    pub clip: Option<f32>,
}

impl Scaler {
    /// Fits on the rows of `fold.train` and reads no other row.
    ///
    /// Robust: the median, and the interquartile range (linear interpolation, as NumPy's default)
    /// over 1.349 so that a normal column gets unit variance, as scikit-learn's
    /// `RobustScaler(unit_variance=True)`. A column whose middle half is one value, such as a rare
    /// flag, has no interquartile range: it takes its standard deviation. Standard: mean and
    /// population standard deviation. A constant column gets scale 1, so it becomes 0.
    ///
    /// # Errors
    /// When the fold has no training row, or names one that the pool lacks.
    pub fn fit(config: &ScalerConfig, pool: &Pool, fold: &Fold) -> Result<Self, WindowError> {
        if fold.train.is_empty() {
            return Err(WindowError::NoTrainingRows(fold.name.clone()));
        }
        if let Some(&row) = fold.train.iter().find(|&&row| row as usize >= pool.rows()) {
            return Err(WindowError::RowOutside {
                fold: fold.name.clone(),
                row,
                rows: pool.rows(),
            });
        }
        let width = pool.features();
        let mut scaler = Self {
            kind: config.kind,
            center: vec![0.0; width],
            scale: vec![1.0; width],
            clip: config.clip,
        };
        if config.kind == ScalerKind::None {
            return Ok(scaler);
        }
        let mut column = vec![0.0; fold.train.len()];
        for feature in 0..width {
            for (value, &row) in column.iter_mut().zip(&fold.train) {
                *value = pool.values[row as usize * width + feature];
            }
            let (center, scale) = match config.kind {
                ScalerKind::Robust => robust(&mut column),
                _ => standard(&column),
            };
            scaler.center[feature] = center as f32;
            // A range below the smallest normal f32 would turn rounding errors into signals.
            if scale as f32 > f32::MIN_POSITIVE {
                scaler.scale[feature] = scale as f32;
            }
        }
        Ok(scaler)
    }

    /// Scales rows of F values, row-major; the length is a multiple of F.
    #[must_use]
    pub fn apply(&self, values: &[f32]) -> Vec<f32> {
        let clip = self.clip.unwrap_or(f32::INFINITY);
        let mut scaled = Vec::with_capacity(values.len());
        for row in values.chunks(self.center.len().max(1)) {
            for ((value, center), scale) in row.iter().zip(&self.center).zip(&self.scale) {
                scaled.push(((value - center) / scale).clamp(-clip, clip));
            }
        }
        scaled
    }
}

fn robust(column: &mut [f32]) -> (f64, f64) {
    column.sort_unstable_by(f32::total_cmp);
    let range = (quantile(column, 0.75) - quantile(column, 0.25)) / NORMAL_IQR;
    let scale = if range > 0.0 { range } else { standard(column).1 };
    (quantile(column, 0.5), scale)
}

fn standard(column: &[f32]) -> (f64, f64) {
    let count = column.len() as f64;
    let mean = column.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let squares = column.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>();
    (mean, (squares / count).sqrt())
}

/// Quantile of sorted values with linear interpolation between neighbours.
fn quantile(sorted: &[f32], level: f64) -> f64 {
    let at = level * (sorted.len() - 1) as f64;
    let below = f64::from(sorted[at.floor() as usize]);
    let above = f64::from(sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}
