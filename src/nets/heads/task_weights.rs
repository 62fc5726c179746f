//! How the tasks' losses are added up: the config.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the losses of the tasks are added up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum TaskWeights {
    /// Weights as given.
    Fixed {
        /// Weight of the direction loss (default 1).
        #[serde(default = "one")]
        #[garde(range(min = 0.0, max = 1e3))]
        direction: f32,
        /// Weight of the return loss (default 1).
        #[serde(default = "one", rename = "return")]
        #[garde(range(min = 0.0, max = 1e3))]
        return_: f32,
        /// Weight of the volatility loss (default 1).
        #[serde(default = "one")]
        #[garde(range(min = 0.0, max = 1e3))]
        volatility: f32,
    },
    /// Weights learned by homoscedastic uncertainty (Kendall, Gal and Cipolla 2018): one log
    /// variance a task is a parameter of the net.
    Uncertainty,
    /// Weights that keep the tasks learning at one pace (`GradNorm`, Chen et al. 2018): a task
    /// whose loss has fallen less since the first step gets more weight. It needs losses that are
    /// never negative, so no `gaussian` or `student_t` return.
    GradNorm {
        /// How strongly slow tasks are pulled up (default 1.5); 0 makes the tasks' gradients equally
        /// long.
        #[serde(default = "three_halves")]
        #[garde(range(min = 0.0, max = 10.0))]
        alpha: f32,
        /// Step size of the weights themselves (default 0.025).
        #[serde(default = "fortieth")]
        #[garde(range(min = 1e-6, max = 1.0))]
        learning_rate: f32,
    },
}

fn one() -> f32 {
    1.0
}

fn three_halves() -> f32 {
    1.5
}

fn fortieth() -> f32 {
    0.025
}

impl Default for TaskWeights {
    fn default() -> Self {
        Self::Fixed { direction: 1.0, return_: 1.0, volatility: 1.0 }
    }
}
