//! How much each training row counts.
//!
//! M. López de Prado, *Advances in Financial Machine Learning* (2018), chapter 4. Everything is made
//! of the fold's training rows, instrument by instrument.

use garde::Validate;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sequential_bootstrap::sequential_bootstrap;
use super::uniqueness::{Cover, average_uniqueness};
use super::{LabelError, Labels, LogReturns};
use crate::folds::Fold;
use crate::market::{CandleSeries, Interval, Span, Time};

/// How much each training row counts in the losses. The parts that are switched on are multiplied;
/// the weights of each instrument's training rows then have mean 1. Validation and test rows always
/// count 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[garde(custom(|config: &Self, (): &()| overlaps_count_once(config)))]
pub struct WeightConfig {
    /// Rows count by their average uniqueness: the part of their label's candles that they do not
    /// share with other training labels. Labels that overlap much say the same thing many times.
    /// It matters where labels differ in length, as with barriers. Default false.
    #[garde(skip)]
    pub uniqueness: bool,
    /// Rows count by the absolute log return that is theirs, each candle's return divided by the
    /// number of labels that share it. Large moves are learned, quiet rows are not. Default false.
    #[garde(skip)]
    pub return_attribution: bool,
    /// Old rows count less: the weight falls on a straight line over the cumulated uniqueness, from
    /// 1 for the newest row to this for the oldest. 1 is no decay, 0 lets the oldest count nothing,
    /// and below 0 the oldest part counts nothing at all: -0.25 forgets a quarter. Default: none.
    #[garde(inner(range(min = -0.99, max = 1.0)))]
    pub time_decay: Option<f64>,
    /// Rows count as often as a sequential bootstrap draws them. One draw is one random sample: it
    /// makes models of different seeds differ, for a bag of them. Default: none.
    #[garde(dive)]
    pub sequential_bootstrap: Option<BootstrapConfig>,
}

/// A sequential bootstrap.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct BootstrapConfig {
    /// Labels drawn from each instrument's training rows. Default: as many as there are.
    #[garde(inner(range(min = 1, max = 100_000_000)))]
    pub draws: Option<u32>,
    /// Seed of the draws. Default 0.
    #[garde(skip)]
    pub seed: u64,
}

fn overlaps_count_once(config: &WeightConfig) -> garde::Result {
    if config.uniqueness && config.return_attribution {
        return Err(garde::Error::new(
            "uniqueness and return_attribution both divide by the labels that share a candle; \
             switch one of them off",
        ));
    }
    Ok(())
}

/// Weights of the fold's training rows, in the order of `fold.train`: at least 0, with mean 1 over
/// the rows of each instrument. `series` holds the candles that the labels were built from.
///
/// # Errors
/// When a training row has no known label, or its candles are not in `series`.
pub fn training_weights(
    config: &WeightConfig,
    labels: &Labels,
    fold: &Fold,
    series: &[CandleSeries],
) -> Result<Vec<f32>, LabelError> {
    let mut weights = vec![1.0; fold.train.len()];
    if *config == WeightConfig::default() {
        return Ok(weights);
    }
    // Places in `fold.train` of each instrument's rows.
    let mut places = vec![Vec::new(); labels.instruments.len()];
    for (place, &row) in fold.train.iter().enumerate() {
        let unlabelled = || LabelError::Unlabelled { fold: fold.name.clone(), row };
        let known = labels.known.get(row as usize).copied().unwrap_or(false);
        let instrument = known.then(|| usize::from(labels.instrument[row as usize]));
        instrument.and_then(|index| places.get_mut(index)).ok_or_else(unlabelled)?.push(place);
    }
    for (instrument, mut places) in labels.instruments.iter().zip(places) {
        if places.is_empty() {
            continue;
        }
        let series = series
            .iter()
            .find(|series| series.instrument() == instrument)
            .ok_or_else(|| LabelError::NoSeries { instrument: instrument.clone() })?;
        let span = |place: usize| labels.span[fold.train[place] as usize];
        places.sort_by_key(|&place| span(place).start);
        let spans: Vec<Span> = places.iter().map(|&place| span(place)).collect();
        for (&place, weight) in places.iter().zip(weights_of_one(config, &spans, series)?) {
            weights[place] = weight as f32;
        }
    }
    Ok(weights)
}

/// Weights of one instrument's labels, oldest first.
fn weights_of_one(
    config: &WeightConfig,
    spans: &[Span],
    series: &CandleSeries,
) -> Result<Vec<f64>, LabelError> {
    let interval = series.interval();
    let mut weights = vec![1.0; spans.len()];
    let mut multiply = |factors: &[f64]| {
        weights.iter_mut().zip(factors).for_each(|(weight, factor)| *weight *= factor);
    };
    if config.uniqueness || config.time_decay.is_some() {
        let uniqueness = average_uniqueness(spans, interval);
        if config.uniqueness {
            multiply(&uniqueness);
        }
        if let Some(oldest) = config.time_decay {
            multiply(&time_decay(&uniqueness, oldest));
        }
    }
    if config.return_attribution {
        multiply(&return_attribution(spans, series)?);
    }
    if let Some(bootstrap) = config.sequential_bootstrap {
        multiply(&drawn_counts(&bootstrap, spans, interval));
    }
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    if mean > 0.0 {
        for weight in &mut weights {
            *weight /= mean;
        }
    } else {
        // A price that never moves leaves nothing to tell the rows apart by.
        weights.fill(1.0);
    }
    Ok(weights)
}

/// Absolute value of the sum, over the candles of each label, of the log return into the candle
/// over the number of labels that cover it (snippet 4.10). `spans` are labels of `series`, in any
/// order.
///
/// # Errors
/// When a label begins at no candle of `series`.
pub fn return_attribution(spans: &[Span], series: &CandleSeries) -> Result<Vec<f64>, LabelError> {
    let cover = Cover::of(spans, series.interval());
    let concurrency = cover.concurrency();
    let returns = LogReturns::of(series);
    let attribute = |(row, span): (usize, &Span)| {
        let index = series.position(span.start).ok_or_else(|| LabelError::UnknownCandle {
            row,
            open_time: Time(span.start),
            candles: series.len(),
        })?;
        let (from, to) = cover.spans[row];
        let own = returns.steps()[index..].iter().zip(&concurrency[from..to]);
        let sum: f64 = own.map(|(step, &count)| step.unwrap_or(0.0) / f64::from(count)).sum();
        Ok(sum.abs())
    };
    spans.iter().enumerate().map(attribute).collect()
}

/// Factors that fall linearly over the cumulated uniqueness of the labels, oldest first, down to
/// `oldest`: 1 for the newest label, never below 0 (snippet 4.11).
#[must_use]
pub fn time_decay(uniqueness: &[f64], oldest: f64) -> Vec<f64> {
    let total: f64 = uniqueness.iter().sum();
    let slope = if oldest >= 0.0 { (1.0 - oldest) / total } else { 1.0 / ((oldest + 1.0) * total) };
    let mut sum = 0.0;
    uniqueness
        .iter()
        .map(|share| {
            sum += share;
            (1.0 - slope * (total - sum)).clamp(0.0, 1.0)
        })
        .collect()
}

/// How often each label is drawn.
fn drawn_counts(config: &BootstrapConfig, spans: &[Span], interval: Interval) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let draws = config.draws.map_or(spans.len(), |draws| draws as usize);
    let mut counts = vec![0.0; spans.len()];
    for label in sequential_bootstrap(spans, interval, draws, || rng.random()) {
        counts[label] += 1.0;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_weights_counts_once() {
        let both =
            WeightConfig { uniqueness: true, return_attribution: true, ..WeightConfig::default() };
        assert!(both.validate().unwrap_err().to_string().contains("switch one of them off"));
        let text =
            r#"{"uniqueness": true, "time_decay": -0.25, "sequential_bootstrap": {"seed": 3}}"#;
        let config: WeightConfig = serde_json::from_str(text).unwrap();
        assert!(config.validate().is_ok());
        assert_eq!(config.sequential_bootstrap, Some(BootstrapConfig { draws: None, seed: 3 }));
        let decay = WeightConfig { time_decay: Some(-1.0), ..WeightConfig::default() };
        assert!(decay.validate().is_err());
        let none = BootstrapConfig { draws: Some(0), seed: 0 };
        let none = WeightConfig { sequential_bootstrap: Some(none), ..WeightConfig::default() };
        assert!(none.validate().is_err());
    }

    #[test]
    fn decay_is_the_books() {
        // Section 4.7 with uniqueness 1, 1, 1, 1: c = 1, 0.5, 0 and -0.5.
        let one = [1.0; 4];
        assert_eq!(time_decay(&one, 1.0), [1.0; 4]);
        assert_eq!(time_decay(&one, 0.5), [0.625, 0.75, 0.875, 1.0]);
        assert_eq!(time_decay(&one, 0.0), [0.25, 0.5, 0.75, 1.0]);
        assert_eq!(time_decay(&one, -0.5), [0.0, 0.0, 0.5, 1.0]);
        assert!(time_decay(&[], 0.5).is_empty());
    }
}
