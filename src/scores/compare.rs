//! A model beside a baseline: the difference, its interval and one plain sentence.

use super::baselines::{BUY_AND_HOLD, CLASS_PRIOR, MEAN_VOLATILITY, PERSISTENCE, ZERO};
use super::bootstrap::{Bootstrap, Evaluation};
use super::measure::Measure;

/// Measures, with their places, by which a model is compared with a baseline.
pub(super) fn rivals(measures: &[Measure], baseline: &str) -> Vec<(usize, Measure)> {
    let names: &[(&str, &str)] = match baseline {
        CLASS_PRIOR => &[("direction", "accuracy"), ("direction", "log_loss")],
        PERSISTENCE => &[("direction", "accuracy"), ("direction", "mcc"), ("volatility", "qlike")],
        ZERO => &[("return", "rmse")],
        MEAN_VOLATILITY => &[("volatility", "qlike")],
        BUY_AND_HOLD => &[("profit", "net_return"), ("profit", "sharpe")],
        _ => &[],
    };
    let is_named = |measure: &Measure| names.contains(&(measure.group, measure.name));
    measures.iter().copied().enumerate().filter(|(_, measure)| is_named(measure)).collect()
}

/// A value of a model and the same of a baseline.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comparison<'a> {
    pub model: &'a str,
    pub baseline: &'a str,
    pub measure: Measure,
    pub value: Option<f64>,
    pub baseline_value: Option<f64>,
    /// Interval of model - baseline over paired resamples.
    pub interval: Option<(f64, f64)>,
    pub level: f64,
}

impl<'a> Comparison<'a> {
    /// Compares measure number `index` of two evaluations over the same times.
    pub fn of(
        (model, value): (&'a str, &Evaluation),
        (baseline, baseline_value): (&'a str, &Evaluation),
        (index, measure): (usize, Measure),
        bootstrap: &Bootstrap,
    ) -> Self {
        let differences: Vec<f64> = value.draws[index]
            .iter()
            .zip(&baseline_value.draws[index])
            .map(|(value, baseline)| value - baseline)
            .collect();
        Self {
            model,
            baseline,
            measure,
            value: value.value[index],
            baseline_value: baseline_value.value[index],
            interval: bootstrap.interval(&differences),
            level: bootstrap.level,
        }
    }

    /// One sentence, such as `lstm's log loss 1.05 is not better than class_prior's 1.04
    /// (difference +0.01, 95% interval -0.01 to 0.03)`.
    pub fn sentence(&self) -> String {
        let Self { model, baseline, .. } = self;
        let name = spoken(self.measure);
        let Some((value, baseline_value)) = self.value.zip(self.baseline_value) else {
            let whose = if self.value.is_none() { model } else { baseline };
            return format!(
                "{model}'s {name} is not compared with {baseline}'s: {whose}'s is not defined"
            );
        };
        let difference = value - baseline_value;
        let Some((lower, upper)) = self.interval else {
            return format!(
                "{model}'s {name} {value:.4} stands beside {baseline}'s {baseline_value:.4}; \
                 the data is too short for an interval"
            );
        };
        let gain = if self.measure.higher_is_better { difference } else { -difference };
        let clear = lower > 0.0 || upper < 0.0;
        let verdict = match (clear, gain > 0.0) {
            (true, true) => "is better than",
            (true, false) => "is worse than",
            (false, true) => "is not clearly better than",
            (false, false) => "is not better than",
        };
        let digits = decimals(upper - lower);
        format!(
            "{model}'s {name} {value:.digits$} {verdict} {baseline}'s {baseline_value:.digits$} \
             (difference {difference:+.digits$}, {}% interval {lower:.digits$} to {upper:.digits$})",
            (self.level * 1e4).round() / 100.0
        )
    }
}

/// Decimals that show two digits of an interval's width.
fn decimals(width: f64) -> usize {
    if width > 0.0 { (1.0 - width.log10().floor()).clamp(2.0, 9.0) as usize } else { 4 }
}

/// Name of a measure in a sentence.
fn spoken(measure: Measure) -> &'static str {
    match (measure.group, measure.name) {
        (_, "mcc") => "MCC",
        (_, "log_loss") => "log loss",
        ("return", "rmse") => "return RMSE",
        ("volatility", "rmse") => "volatility RMSE",
        (_, "qlike") => "QLIKE",
        (_, "sharpe") => "Sharpe ratio",
        (_, "net_return") => "net return",
        (_, name) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scores::measure;

    fn log_loss(value: f64, baseline: f64, interval: Option<(f64, f64)>) -> String {
        Comparison {
            model: "lstm",
            baseline: "class_prior",
            measure: measure::DIRECTION[4],
            value: Some(value),
            baseline_value: Some(baseline),
            interval,
            level: 0.95,
        }
        .sentence()
    }

    #[test]
    fn sentences_are_plain() {
        assert_eq!(
            log_loss(1.05, 1.04, Some((-0.01, 0.13))),
            "lstm's log loss 1.05 is not better than class_prior's 1.04 \
             (difference +0.01, 95% interval -0.01 to 0.13)"
        );
        assert!(log_loss(1.0, 1.1, Some((-0.2, -0.05))).contains(" is better than "));
        assert!(log_loss(1.1, 1.0, Some((0.05, 0.2))).contains(" is worse than "));
        assert!(log_loss(1.0, 1.1, Some((-0.2, 0.1))).contains(" is not clearly better than "));
        assert!(log_loss(1.0, 1.1, None).ends_with("the data is too short for an interval"));
    }

    #[test]
    fn digits_follow_the_interval() {
        assert_eq!(decimals(0.04), 3);
        assert_eq!(decimals(0.14), 2);
        assert_eq!(decimals(12.0), 2);
        assert_eq!(decimals(0.000_031), 6);
    }
}
