//! What a fold is.

use serde::{Deserialize, Serialize};

use crate::market::Span;

/// Rows to train on, to choose the checkpoint with and to test on.
///
/// The three are disjoint. No label of an earlier part ends within the embargo before the next
/// part, and what is trained on after the test part starts an embargo after its last label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fold {
    /// `fold_0`, `fold_1`, … or `final`.
    pub name: String,
    /// Rows whose labels the model, scaler and thresholds are fitted on.
    pub train: Vec<u32>,
    /// Rows that choose the checkpoint; they lie before the test rows.
    pub valid: Vec<u32>,
    /// Rows that are forecast and scored, never fitted on; empty in the final fold.
    pub test: Vec<u32>,
    /// Period that training decisions were taken from; in k-fold it runs on behind the test period,
    /// which is cut out of it.
    pub train_span: Span,
    /// Period of the validation decisions.
    pub valid_span: Span,
    /// Period of the test decisions.
    pub test_span: Span,
}

/// When a row's forecast can be made and what stretch its label covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowTime {
    /// Open time + interval of the row's candle, ms.
    pub decision: i64,
    /// From the decision until the outcome is known.
    pub label: Span,
}
