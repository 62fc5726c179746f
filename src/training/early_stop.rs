//! The best epoch so far, and when to give up.

use serde::{Deserialize, Serialize};

use super::EarlyStoppingConfig;
use super::state::exact;

/// The best epoch so far and how long ago it was.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Best {
    /// The best epoch; `None` before the first validation.
    pub checkpoint: Option<BestCheckpoint>,
    /// Validated epochs since.
    pub epochs_since: u32,
}

/// The step after which the monitor was best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BestCheckpoint {
    /// Step number, the name of the checkpoint.
    pub step: u64,
    /// The monitor's value there.
    #[serde(with = "exact")]
    pub score: f64,
}

impl Best {
    /// Takes note of an epoch's score and says whether it is the new best.
    pub fn observe(&mut self, config: &EarlyStoppingConfig, step: u64, score: f64) -> bool {
        let better = self.checkpoint.is_none_or(|best| {
            let gain = if config.monitor.higher_is_better() {
                score - best.score
            } else {
                best.score - score
            };
            gain > config.min_delta
        });
        if better {
            *self = Self { checkpoint: Some(BestCheckpoint { step, score }), epochs_since: 0 };
        } else {
            self.epochs_since += 1;
        }
        better
    }

    /// Whether patience has run out.
    #[must_use]
    pub fn exhausted(&self, config: &EarlyStoppingConfig) -> bool {
        config.patience.is_some_and(|patience| self.epochs_since >= patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::Monitor::{self, ValidLoss, ValidMcc};

    /// Number of the best epoch and of the epoch after which training stops.
    fn run(
        monitor: Monitor,
        patience: Option<u32>,
        min_delta: f64,
        scores: &[f64],
    ) -> (u64, Option<u64>) {
        let config = EarlyStoppingConfig { monitor, patience, min_delta };
        let mut best = Best::default();
        let mut stopped = None;
        for (epoch, &score) in (1..).zip(scores) {
            best.observe(&config, epoch, score);
            if best.exhausted(&config) {
                stopped = Some(epoch);
                break;
            }
        }
        (best.checkpoint.map_or(0, |best| best.step), stopped)
    }

    #[test]
    fn table_of_courses() {
        for (sentence, found, expected) in [
            ("a falling loss goes on", run(ValidLoss, Some(1), 0.0, &[3.0, 2.0, 1.0]), (3, None)),
            (
                "a rising loss stops after patience",
                run(ValidLoss, Some(2), 0.0, &[1.0, 2.0, 3.0, 0.0]),
                (1, Some(3)),
            ),
            (
                "an equal loss is no new best",
                run(ValidLoss, Some(2), 0.0, &[1.0, 1.0, 1.0]),
                (1, Some(3)),
            ),
            (
                "a gain below min_delta is no new best",
                run(ValidLoss, Some(2), 0.1, &[1.0, 0.95, 0.85]),
                (3, None),
            ),
            (
                "a new best resets patience",
                run(ValidLoss, Some(2), 0.0, &[2.0, 3.0, 1.0, 3.0]),
                (3, None),
            ),
            (
                "more is better for mcc",
                run(ValidMcc, Some(2), 0.0, &[0.1, 0.2, 0.1, 0.0]),
                (2, Some(4)),
            ),
            ("no patience, no stop", run(ValidLoss, None, 0.0, &[1.0, 2.0, 3.0, 4.0]), (1, None)),
        ] {
            assert_eq!(found, expected, "{sentence}");
        }
    }
}
