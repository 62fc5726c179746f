//! What a checkpoint says about itself: everything that forecasting from it needs.

use serde::{Deserialize, Serialize};

use super::PretrainingConfig;
use crate::features::{CandleOrigin, FeatureConfig};
use crate::labels::{DirectionThresholds, LabelConfig};
use crate::market::{Instrument, Interval, Span};
use crate::nets::{CrossSymbolConfig, HeadsConfig, InputShape, NetConfig};
use crate::run_folder::DataDigest;
use crate::windows::{ColumnKinds, Scaler, TargetScale, View};

/// Version of the layout of a checkpoint.
pub const CHECKPOINT_VERSION: u32 = 1;

/// Everything beside the weights that forecasting needs: nothing of the training data has to be at
/// hand. It stands as JSON in the metadata of `model.safetensors`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckpointMeta {
    /// [`CHECKPOINT_VERSION`].
    pub schema_version: u32,
    /// Name of the model, as in the forecasts.
    pub model: String,
    /// The net.
    pub net: NetConfig,
    /// Its heads.
    pub heads: HeadsConfig,
    /// Rows of a window.
    pub window: usize,
    /// Base interval: the clock of the rows.
    pub interval: Interval,
    /// Coarser intervals joined to it.
    pub context: Vec<Interval>,
    /// What the candles come from.
    #[serde(default)]
    pub candles: CandleOrigin,
    /// Instruments that the net was trained on.
    pub instruments: Vec<Instrument>,
    /// How the features are made.
    pub features: FeatureConfig,
    /// Names of the net's inputs, in their order.
    pub feature_names: Vec<String>,
    /// Scales the inputs.
    pub scaler: Scaler,
    /// How labels are defined.
    pub labels: LabelConfig,
    /// Names of the classes, in the order of the logits.
    pub classes: Vec<String>,
    /// Thresholds between the classes.
    pub thresholds: DirectionThresholds,
    /// Units of the return and volatility heads.
    pub target_scale: TargetScale,
    /// The fold whose training rows made the model.
    pub fold: FoldSpans,
    /// The series that it was trained on.
    pub data: Vec<DataDigest>,
    /// Seed of weights, sample order and dropout masks.
    pub seed: u64,
    /// How a symbol attends to the others, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross_symbol: Option<CrossSymbolConfig>,
    /// How windows were masked, where the checkpoint is a body with a decoder that was trained without
    /// labels: it forecasts nothing and is there for `training.warm_start`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretraining: Option<PretrainingConfig>,
}

impl CheckpointMeta {
    /// Checks that the net can read windows of these shapes.
    ///
    /// # Errors
    /// What is wrong, and what to change.
    pub fn check(&self, inputs: &[InputShape]) -> Result<(), String> {
        self.net.check(inputs)?;
        self.cross_symbol.as_ref().map_or(Ok(()), |config| config.check(&self.net, inputs))
    }

    /// What the net reads of a table with these features.
    ///
    /// # Errors
    /// What the features lack that the net reads.
    pub fn views(&self) -> Result<Vec<View>, String> {
        let columns = ColumnKinds::of(&self.feature_names, self.interval);
        self.net.views(&columns, self.window)
    }
}

/// A fold's name and stretches of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldSpans {
    /// `fold_0`, … or `final`.
    pub name: String,
    /// Decision times of the training rows.
    pub train: Span,
    /// Decision times of the validation rows.
    pub valid: Span,
    /// Decision times of the test rows; empty for `final`.
    pub test: Span,
}
