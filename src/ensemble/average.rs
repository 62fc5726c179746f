//! The mean forecast of several models of the same rows.
//!
//! Probabilities, return means and the quantiles of each level are averaged as they are: a linear
//! pool of the classes (Stone 1961), and quantiles averaged level by level, which keeps their order
//! (Vincent 1912). Volatilities are averaged as logarithms, the scale on which the head forecasts
//! them: the geometric mean. Sums are taken in f64.

use std::sync::Arc;

use thiserror::Error;

use crate::forecast::{ByClass, Forecast};
use crate::market::Time;

/// Why forecasts have no mean.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AverageError {
    /// No model at all.
    #[error("there are no forecasts to average")]
    Nothing,
    /// Models that forecast different numbers of rows.
    #[error("{model} has {found} forecasts, the model before it {expected}")]
    Rows {
        /// The model that differs.
        model: String,
        /// Its rows.
        found: usize,
        /// Rows of the first model.
        expected: usize,
    },
    /// Rows that are of different things.
    #[error(
        "{model} and the model before it forecast different things at {time}: {what} differs; \
         average models of one run only"
    )]
    Differs {
        /// The model that differs.
        model: String,
        /// Decision time of the row.
        time: Time,
        /// What of the row differs.
        what: &'static str,
    },
}

/// The mean of what `members` say, row by row, under the name `model`. Each member has the same rows in
/// the same order.
///
/// The interval of the mean is the mean of the intervals' ends; there is no conformal set.
///
/// # Errors
/// When there is no member, or members forecast different rows or different heads.
pub fn average(members: &[Vec<Forecast>], model: &Arc<str>) -> Result<Vec<Forecast>, AverageError> {
    let first = members.first().ok_or(AverageError::Nothing)?;
    if let Some(other) = members.iter().find(|rows| rows.len() != first.len()) {
        return Err(AverageError::Rows {
            model: other.first().map_or_else(String::new, |row| row.model.to_string()),
            found: other.len(),
            expected: first.len(),
        });
    }
    (0..first.len())
        .map(|at| {
            let rows: Vec<&Forecast> = members.iter().map(|rows| &rows[at]).collect();
            average_row(&rows, model)
        })
        .collect()
}

fn average_row(rows: &[&Forecast], model: &Arc<str>) -> Result<Forecast, AverageError> {
    let first = rows[0];
    let differs = |other: &Forecast, what| AverageError::Differs {
        model: other.model.to_string(),
        time: Time(other.decision_time),
        what,
    };
    for other in rows {
        if key(other) != key(first) {
            return Err(differs(other, "the row"));
        }
    }
    // The mean of each number of a part that all rows have, or that none has.
    let mean = |part: fn(&Forecast) -> Option<Vec<f64>>, what| {
        let parts: Vec<Option<Vec<f64>>> = rows.iter().map(|row| part(row)).collect();
        let length = parts[0].as_ref().map(Vec::len);
        let odd = parts.iter().position(|part| part.as_ref().map(Vec::len) != length);
        if let Some(at) = odd {
            return Err(differs(rows[at], what));
        }
        let parts: Vec<Vec<f64>> = parts.into_iter().flatten().collect();
        Ok(length.map(|length| (0..length).map(|at| mean_at(&parts, at)).collect::<Vec<f64>>()))
    };
    let number = |part, what| Ok(mean(part, what)?.and_then(|values| values.first().copied()));
    let probability = mean(|row| row.class_probability.map(|p| wide(&p)), "the direction")?;
    let interval = mean(|row| row.return_interval.map(|ends| wide(&ends)), "the interval")?;
    let quantiles = mean(
        |row| Some(wide(&row.return_quantiles)).filter(|all| !all.is_empty()),
        "the quantiles",
    )?;
    let return_mean = number(|row| row.return_mean.map(|value| wide(&[value])), "the return")?;
    let log = |row: &Forecast| row.volatility.map(|value| vec![f64::from(value).ln()]);
    let log = number(log, "the volatility")?;
    Ok(Forecast {
        model: Arc::clone(model),
        class_probability: probability.and_then(|values| ByClass::of(&narrow(values))),
        return_mean: return_mean.map(|value| value as f32),
        return_quantiles: quantiles.map_or_else(Vec::new, narrow),
        volatility: log.map(|log| log.exp() as f32),
        return_interval: interval.and_then(|ends| narrow(ends).try_into().ok()),
        conformal_set: None,
        ..first.clone()
    })
}

/// What a forecast is about.
fn key(row: &Forecast) -> (i64, i64, &str, u32, &str) {
    (row.decision_time, row.label_end, &row.instrument, row.horizon, &row.fold)
}

fn mean_at(parts: &[Vec<f64>], at: usize) -> f64 {
    parts.iter().map(|values| values[at]).sum::<f64>() / parts.len() as f64
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

fn narrow(values: Vec<f64>) -> Vec<f32> {
    values.into_iter().map(|value| value as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Interval;

    fn row(model: &str, probability: [f32; 3], mean: f32, volatility: f32) -> Forecast {
        Forecast {
            decision_time: 7_200_000,
            label_end: 10_800_000,
            instrument: Arc::from("binance/spot/BTCUSDT"),
            interval: Interval::HOUR,
            horizon: 1,
            model: Arc::from(model),
            fold: Arc::from("fold_0"),
            class_probability: Some(probability.into()),
            return_mean: Some(mean),
            return_quantiles: vec![mean - 2.0, mean - 0.5, mean, mean + 0.75, mean + 1.5],
            volatility: Some(volatility),
            return_interval: Some([mean - 2.0, mean + 1.5]),
            conformal_set: None,
            outcome: None,
        }
    }

    /// ```python
    /// import numpy as np
    /// p = np.array([[.2, .5, .3], [.5, .25, .25], [.35, .15, .5]], "f4").astype("f8")
    /// np.float32(p.mean(0))                                # [0.35, 0.3, 0.35]
    /// m = np.array([.25, -.5, 1.], "f4").astype("f8")
    /// np.float32(m.mean())                                 # 0.25
    /// from scipy.stats import gmean
    /// np.float32(gmean(np.array([.01, .04, .02], "f4")))   # 0.02
    /// ```
    #[test]
    fn the_mean_is_numpys() {
        let members = [
            vec![row("a", [0.2, 0.5, 0.3], 0.25, 0.01)],
            vec![row("b", [0.5, 0.25, 0.25], -0.5, 0.04)],
            vec![row("c", [0.35, 0.15, 0.5], 1.0, 0.02)],
        ];
        let mean = average(&members, &Arc::from("lstm")).unwrap().remove(0);
        assert_eq!(mean.model.as_ref(), "lstm");
        for (found, expected) in mean.class_probability.unwrap().iter().zip([0.35, 0.3, 0.35]) {
            assert!((found - expected).abs() < 1e-7, "{found} {expected}");
        }
        assert_eq!(mean.return_mean, Some(0.25));
        assert_eq!(mean.return_quantiles, [-1.75, -0.25, 0.25, 1.0, 1.75]);
        assert_eq!(mean.return_interval, Some([-1.75, 1.75]));
        assert!((mean.volatility.unwrap() - 0.02).abs() < 1e-8, "{mean:?}");
    }

    #[test]
    fn members_of_different_things_are_refused() {
        let name: Arc<str> = Arc::from("lstm");
        let one = row("a", [0.2, 0.5, 0.3], 0.25, 0.01);
        assert_eq!(average(&[], &name), Err(AverageError::Nothing));
        let short = average(&[vec![one.clone()], vec![]], &name).unwrap_err();
        assert!(matches!(short, AverageError::Rows { found: 0, expected: 1, .. }), "{short}");
        let later = Forecast { decision_time: 1, model: Arc::from("b"), ..one.clone() };
        let error = average(&[vec![one.clone()], vec![later]], &name).unwrap_err();
        assert!(error.to_string().starts_with("b and the model before it"), "{error}");
        let silent = Forecast { volatility: None, ..one.clone() };
        let error = average(&[vec![one], vec![silent]], &name).unwrap_err();
        assert!(error.to_string().contains("the volatility differs"), "{error}");
    }
}
