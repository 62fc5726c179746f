//! Rules between fields of different steps.

use super::RunConfig;
use crate::features::{CandleOrigin, FeatureConfig};
use crate::fi_2010::{Fi2010Config, HORIZONS};
use crate::folds::FoldConfig;
use crate::labels::{DirectionRule, WeightConfig};
use crate::nets::TaskWeights;

/// A broken rule: the key to look at, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenRule {
    /// Dotted path in the config.
    pub key: &'static str,
    /// What is wrong, why it matters and what to set.
    pub message: String,
}

/// Every rule that `config` breaks.
pub fn broken(config: &RunConfig) -> Vec<BrokenRule> {
    let mut found = Vec::new();
    let mut add = |key, message: String| found.push(BrokenRule { key, message });
    let (data, horizon) = (&config.data, config.labels.horizon);

    for (index, &interval) in data.context.iter().enumerate() {
        if interval <= data.interval {
            add(
                "data.context",
                format!(
                    "context interval {interval} is not coarser than the base interval {}",
                    data.interval
                ),
            );
        } else if !interval.is_multiple_of(data.interval) {
            add(
                "data.context",
                format!(
                    "context interval {interval} is not made of whole candles of {}",
                    data.interval
                ),
            );
        }
        if data.context[..index].contains(&interval) {
            add("data.context", format!("context interval {interval} is given twice"));
        }
    }
    for (index, symbol) in data.symbols.iter().enumerate() {
        if data.symbols[..index].contains(symbol) {
            add("data.symbols", format!("symbol {symbol} is given twice"));
        }
    }
    if let (Some(from), Some(to)) = (data.from, data.to)
        && from >= to
    {
        add("data.to", format!("data.to {to} is not after data.from {from}, so no candle is left"));
    }

    if let Some(embargo) = config.folds.embargo()
        && embargo < horizon
    {
        add(
            "folds.embargo",
            format!(
                "embargo {embargo} is shorter than the label horizon {horizon}: the last training labels would be \
                 made of the first test candles; set folds.embargo >= {horizon} or leave it out"
            ),
        );
    }
    let horizon_ms = i64::from(horizon) * data.interval.ms();
    let mut periods = vec![("folds.valid", config.folds.valid())];
    match &config.folds {
        FoldConfig::WalkForward(folds) => periods.push(("folds.test", folds.test)),
        FoldConfig::PurgedKFold(folds) => periods.push(("folds.block", folds.block)),
    }
    for (key, period) in periods {
        if period.ms() <= 2 * horizon_ms {
            add(
                key,
                format!(
                    "{period} holds hardly a label of {horizon} × {}; make it much longer than the horizon",
                    data.interval
                ),
            );
        }
    }

    match &data.fi_2010 {
        Some(files) => of_fi_2010(config, files, &mut add),
        None if matches!(config.labels.direction, DirectionRule::Given {}) => add(
            "labels.direction",
            "rule given needs data that brings its classes along; set data.fi_2010 or choose another rule".to_owned(),
        ),
        None => {}
    }

    let monitor = config.training.early_stopping.monitor;
    if monitor.needs_direction() && !config.heads.direction.enabled {
        add(
            "training.early_stopping.monitor",
            format!(
                "monitor {} needs the direction head, which is off; use valid_loss or enable heads.direction",
                monitor.name()
            ),
        );
    }
    if let TaskWeights::Fixed { direction, return_, volatility } = config.heads.task_weights {
        let heads = &config.heads;
        let weights = [
            (heads.direction.enabled, direction),
            (heads.return_.enabled, return_),
            (heads.volatility.enabled, volatility),
        ];
        if weights.iter().all(|&(enabled, weight)| !enabled || weight == 0.0) {
            add(
                "heads.task_weights",
                "every enabled head has weight 0, so nothing is learned".to_owned(),
            );
        }
    }
    found.extend(cross_symbol(config));
    found
}

/// What attention across symbols asks of the rest.
fn cross_symbol(config: &RunConfig) -> Vec<BrokenRule> {
    let mut found = Vec::new();
    if config.cross_symbol.is_none() {
        return found;
    }
    if config.data.symbols.len() < 2 {
        found.push(BrokenRule {
            key: "cross_symbol",
            message: "there is no other symbol to attend to; name several in data.symbols or leave cross_symbol out"
                .to_owned(),
        });
    }
    if config.training.mixup.is_some() {
        found.push(BrokenRule {
            key: "training.mixup",
            message: "windows of different times have different symbols beside them and cannot be mixed; set mixup \
                      to null or leave cross_symbol out"
                .to_owned(),
        });
    }
    found
}

/// What data that brings its features, labels and split along leaves to choose.
fn of_fi_2010(
    config: &RunConfig,
    files: &Fi2010Config,
    add: &mut impl FnMut(&'static str, String),
) {
    let horizon = config.labels.horizon;
    if !HORIZONS.contains(&horizon) {
        let message = format!(
            "the files of FI-2010 have no label of {horizon} events; set one of {HORIZONS:?}"
        );
        add("labels.horizon", message);
    }
    if !matches!(config.labels.direction, DirectionRule::Given {}) {
        let message =
            "the files of FI-2010 bring their classes along; set labels.direction: { rule: given }";
        add("labels.direction", message.to_owned());
    }
    if config.labels.weights != WeightConfig::default() {
        let message =
            "weights are made of candles, and the files of FI-2010 have none; leave them out";
        add("labels.weights", message.to_owned());
    }
    if config.heads.return_.enabled || config.heads.volatility.enabled {
        let message = "the files of FI-2010 say nothing of returns and volatility; set enabled: false for \
                       heads.return and heads.volatility";
        add("heads", message.to_owned());
    }
    if config.features != FeatureConfig::default() {
        let message = "the files of FI-2010 bring their features along; leave features out, and choose by \
                       data.fi_2010.columns";
        add("features", message.to_owned());
    }
    let data = &config.data;
    if !data.context.is_empty()
        || data.candles != CandleOrigin::Stored
        || data.from.is_some()
        || data.to.is_some()
    {
        let message = "the files of FI-2010 hold no candles; leave out data.context, data.candles, data.from \
                       and data.to";
        add("data.fi_2010", message.to_owned());
    }
    if (files.setup == 1) != files.fold.is_some() {
        let message = "setup 1 needs one of its folds, 1 to 9, and setup 2 has none";
        add("data.fi_2010.fold", message.to_owned());
    }
}
