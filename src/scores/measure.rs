//! The closed list of measures on a scorecard.

/// A measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Measure {
    /// `direction`, `return`, `volatility` or `profit`.
    pub group: &'static str,
    /// Its name, such as `macro_f1`.
    pub name: &'static str,
    /// Whether more is better.
    pub higher_is_better: bool,
}

const fn higher(group: &'static str, name: &'static str) -> Measure {
    Measure { group, name, higher_is_better: true }
}

const fn lower(group: &'static str, name: &'static str) -> Measure {
    Measure { group, name, higher_is_better: false }
}

/// Measures of direction, in the order of the sample's own measures.
pub(super) const DIRECTION: [Measure; 7] = [
    higher("direction", "accuracy"),
    higher("direction", "macro_f1"),
    higher("direction", "weighted_f1"),
    higher("direction", "mcc"),
    lower("direction", "log_loss"),
    lower("direction", "brier"),
    higher("direction", "auc"),
];

/// Measures of the return, in the order of the sample's own measures.
pub(super) const RETURN: [Measure; 3] =
    [higher("return", "ic"), higher("return", "rank_ic"), lower("return", "rmse")];

/// Measures of volatility, in the order of the sample's own measures.
pub(super) const VOLATILITY: [Measure; 2] =
    [lower("volatility", "qlike"), lower("volatility", "rmse")];

/// Measures of profit, in the order of [`super::steps::measure`].
pub(super) const PROFIT: [Measure; 6] = [
    higher("profit", "net_return"),
    higher("profit", "sharpe"),
    lower("profit", "max_drawdown"),
    higher("profit", "hit_rate"),
    lower("profit", "turnover"),
    lower("profit", "trades"),
];
