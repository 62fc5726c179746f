//! Labels into what the heads learn: classes, and returns and volatilities on a unit scale.

use serde::{Deserialize, Serialize};

use crate::folds::Fold;
use crate::labels::{DirectionThresholds, Labels};

use super::WindowError;

/// Realised volatilities below it (log-return units) count as it, since a stretch without a trade
/// has volatility 0 and no logarithm.
pub const VOLATILITY_FLOOR: f32 = 1e-6;

/// What the heads learn, indexed by pooled row. A class beyond all there are, or a number that is NaN, is
/// a label that is not known: the row then has weight 0 in that task's loss alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Targets {
    /// Direction class, from the strongest fall to the strongest rise; `u8::MAX` where it is not known.
    pub class: Vec<u8>,
    /// Forward log return / [`TargetScale::return_scale`].
    pub forward_return: Vec<f32>,
    /// Standardised log of the realised volatility.
    pub log_volatility: Vec<f32>,
    /// Weight of the row in every loss: 1, or 0 where the label is not known; training rows may
    /// have weights of their own ([`Targets::weigh`]).
    pub weight: Vec<f32>,
}

impl Targets {
    /// Gives `rows` their weights, as [`crate::labels::training_weights`] makes them for a fold's
    /// training rows; all others keep theirs.
    ///
    /// # Panics
    /// When a row lies outside the targets.
    pub fn weigh(&mut self, rows: &[u32], weights: &[f32]) {
        for (&row, &weight) in rows.iter().zip(weights) {
            self.weight[row as usize] = weight;
        }
    }
}

/// Units of the regression targets, fitted on training rows only.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TargetScale {
    /// Root mean square of the forward log return. Returns are not centred: a forecast of 0 stays
    /// a forecast of no move.
    pub return_scale: f32,
    /// Mean of the log volatility.
    pub log_volatility_mean: f32,
    /// Standard deviation of the log volatility.
    pub log_volatility_scale: f32,
}

impl TargetScale {
    /// Fits on the rows of `fold.train` with a known label and reads no other row. Where the labels say
    /// nothing of returns, the units are 1.
    ///
    /// # Errors
    /// When there is no such row, when one lies outside the labels, and when all returns are 0 or
    /// all volatilities equal (a constant price).
    pub fn fit(labels: &Labels, fold: &Fold) -> Result<Self, WindowError> {
        let rows = labels.known.len();
        if let Some(&row) = fold.train.iter().find(|&&row| row as usize >= rows) {
            return Err(WindowError::RowOutside { fold: fold.name.clone(), row, rows });
        }
        let known: Vec<usize> =
            fold.train.iter().map(|&row| row as usize).filter(|&row| labels.known[row]).collect();
        if known.is_empty() {
            return Err(WindowError::NoTrainingRows(fold.name.clone()));
        }
        // Labels that came as classes alone leave the other heads nothing to learn and to scale.
        if known.iter().all(|&row| labels.forward_return[row].is_nan()) {
            return Ok(Self {
                return_scale: 1.0,
                log_volatility_mean: 0.0,
                log_volatility_scale: 1.0,
            });
        }
        let count = known.len() as f64;
        let mean_of =
            |value: &dyn Fn(usize) -> f64| known.iter().map(|&row| value(row)).sum::<f64>() / count;
        let constant = |label, value| WindowError::ConstantLabel {
            label,
            count: known.len(),
            fold: fold.name.clone(),
            value,
        };
        let return_scale = mean_of(&|row| f64::from(labels.forward_return[row]).powi(2)).sqrt();
        if return_scale as f32 <= f32::MIN_POSITIVE {
            return Err(constant("forward return", 0.0));
        }
        let log_volatility_mean = mean_of(&|row| log_volatility(labels.volatility[row]));
        let variance =
            mean_of(&|row| (log_volatility(labels.volatility[row]) - log_volatility_mean).powi(2));
        // Log volatilities are of order 1 to 10: below this the spread is rounding.
        if variance.sqrt() < 1e-6 {
            return Err(constant("volatility", log_volatility_mean.exp()));
        }
        Ok(Self {
            return_scale: return_scale as f32,
            log_volatility_mean: log_volatility_mean as f32,
            log_volatility_scale: variance.sqrt() as f32,
        })
    }

    /// A standardised log volatility back in log-return units over the horizon.
    #[must_use]
    pub fn volatility(&self, standardised: f32) -> f32 {
        standardised.mul_add(self.log_volatility_scale, self.log_volatility_mean).exp()
    }

    /// A scaled return back as a log return over the horizon.
    #[must_use]
    pub fn forward_return(&self, scaled: f32) -> f32 {
        scaled * self.return_scale
    }
}

/// Targets of every row. A row whose label is not known gets class 1, zeros and weight 0.
#[must_use]
pub fn targets(labels: &Labels, thresholds: &DirectionThresholds, scale: &TargetScale) -> Targets {
    let rows = labels.known.len();
    let mut targets = Targets {
        class: vec![1; rows],
        forward_return: vec![0.0; rows],
        log_volatility: vec![0.0; rows],
        weight: vec![0.0; rows],
    };
    let classes = thresholds.classes(labels);
    for row in (0..rows).filter(|&row| labels.known[row]) {
        let forward_return = labels.forward_return[row];
        let log_volatility = log_volatility(labels.volatility[row]) as f32;
        targets.class[row] = classes[row];
        targets.forward_return[row] = forward_return / scale.return_scale;
        targets.log_volatility[row] =
            (log_volatility - scale.log_volatility_mean) / scale.log_volatility_scale;
        targets.weight[row] = 1.0;
    }
    targets
}

fn log_volatility(volatility: f32) -> f64 {
    f64::from(volatility.max(VOLATILITY_FLOOR)).ln()
}
