//! Where training stands: all that a resumed run needs beside the tensors.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::early_stop::Best;
use super::{CheckpointError, CheckpointMeta, TrainingConfig};

/// Content of `state.json`. With the tensors of the checkpoint it decides every later step: the
/// order of the samples, the dropout masks and the learning rate are functions of it and the seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingState {
    /// Name of the fold.
    pub label: String,
    /// Seed of weights, sample order and dropout masks.
    pub seed: u64,
    /// The knobs that training runs with.
    pub training: TrainingConfig,
    /// Hex sha256 over the samples: their rows, targets and class weights.
    pub samples: String,
    /// Hex sha256 of the file that the weights started from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_start: Option<String>,
    /// Hex sha256 over config, data digests, knobs, samples and that file.
    pub fingerprint: String,
    /// Steps made.
    pub step: u64,
    /// Epochs completed, validation included.
    pub epoch: u32,
    /// Steps made in the epoch at work: the position in its sample order.
    pub step_in_epoch: u64,
    /// Losses of the epoch at work.
    pub epoch_losses: LossSums,
    /// Losses since training metrics were last emitted.
    pub interval_losses: LossSums,
    /// Best epoch and patience.
    pub best: Best,
    /// Whether training is over, and why.
    pub finished: Option<Ending>,
}

impl TrainingState {
    /// All that decides the training, as JSON. `folder` is for the error's text.
    pub fn identity(&self, meta: &CheckpointMeta, folder: &Path) -> Result<Value, CheckpointError> {
        let malformed = |error| CheckpointError::malformed(folder, &error);
        let mut identity = json!({
            "checkpoint": serde_json::to_value(meta).map_err(malformed)?,
            "training": serde_json::to_value(&self.training).map_err(malformed)?,
            "samples": self.samples,
        });
        if let Some(digest) = &self.warm_start {
            identity["warm_start"] = Value::from(digest.clone());
        }
        Ok(identity)
    }
}

/// Why training is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All epochs were made.
    AllEpochs,
    /// Patience ran out.
    EarlyStopping,
}

/// Number of values that [`LossSums`] follows.
pub const LOSS_COUNT: usize = 5;

/// Names of the values of [`LossSums`], as in metric keys.
pub const LOSS_NAMES: [&str; LOSS_COUNT] =
    ["loss", "direction_loss", "return_loss", "volatility_loss", "gradient_norm"];

/// Sums over steps of the losses and the gradient's norm.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LossSums {
    /// Number of steps.
    pub steps: u64,
    /// Sums in the order of [`LOSS_NAMES`]; 0 for a head that is off.
    #[serde(with = "exact_list")]
    pub sums: [f64; LOSS_COUNT],
}

impl LossSums {
    /// Adds a step.
    pub fn add(&mut self, losses: &[f64; LOSS_COUNT]) {
        self.steps += 1;
        for (sum, loss) in self.sums.iter_mut().zip(losses) {
            *sum += loss;
        }
    }

    /// Means over the steps; `None` when there is none.
    #[must_use]
    pub fn means(&self) -> Option<[f64; LOSS_COUNT]> {
        (self.steps > 0).then(|| self.sums.map(|sum| sum / self.steps as f64))
    }
}

/// Floats as text that reads back to the same bits, NaN and infinities included.
pub(super) mod exact {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{value:?}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("`{text}` is no number")))
    }
}

mod exact_list {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::LOSS_COUNT;

    pub fn serialize<S: Serializer>(
        values: &[f64; LOSS_COUNT],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        values.map(|value| format!("{value:?}")).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[f64; LOSS_COUNT], D::Error> {
        let texts = <[String; LOSS_COUNT]>::deserialize(deserializer)?;
        let mut values = [0.0; LOSS_COUNT];
        for (value, text) in values.iter_mut().zip(&texts) {
            *value =
                text.parse().map_err(|_| D::Error::custom(format!("`{text}` is no number")))?;
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_sums_survive_json_to_the_bit(bits in proptest::array::uniform5(any::<u64>())) {
            let mut sums = LossSums { steps: 3, sums: bits.map(f64::from_bits) };
            for sum in &mut sums.sums {
                // A NaN's payload has no text form.
                if sum.is_nan() {
                    *sum = f64::NAN;
                }
            }
            let text = serde_json::to_string(&sums).unwrap();
            let back: LossSums = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(back.sums.map(f64::to_bits), sums.sums.map(f64::to_bits));
        }
    }
}
