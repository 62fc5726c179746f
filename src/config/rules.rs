//! Rules between fields of different steps.

use super::RunConfig;
use crate::folds::FoldConfig;
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
