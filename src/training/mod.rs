//! Steps and epochs, checkpoints and resume, forecasts.
//!
//! [`fit()`] trains one fold: every step is a function of the checkpoint's content and the seed, so
//! that a training which was stopped or killed goes on bit for bit on the CPU device. [`load`] and
//! [`predict()`] need a checkpoint and nothing of the training data.

mod augment;
mod batches;
mod checkpoint;
mod config;
mod early_stop;
mod ema;
mod epoch;
mod error;
mod find_rate;
mod fit;
mod freeze;
mod initial_net;
mod job;
mod layout;
mod meta;
mod observer;
mod optimizer;
mod order;
mod predict;
mod pretraining;
mod schedule;
mod state;
mod step;
mod step_time;
mod student_t;
mod swa;
mod tensor_file;
mod validation;
mod warm_start;

pub use checkpoint::{BEST, LAST, load};
pub use config::{EarlyStoppingConfig, Monitor, TrainingConfig};
pub use error::{CheckpointError, TrainingError};
pub use find_rate::{RatePoint, RateSweep, find_rate};
pub use fit::{Fitted, Outcome, fit};
pub use job::{Job, check_precision};
pub use layout::{Layout, Place};
pub use meta::{CHECKPOINT_VERSION, CheckpointMeta, FoldSpans};
pub use observer::{Observer, Progress, Silent};
pub use optimizer::{
    AdamWConfig, LionConfig, MuonConfig, Optimizer, OptimizerConfig, clip_gradient,
};
pub use predict::{Predictions, QUANTILE_LEVELS, predict};
pub use pretraining::{PretrainingConfig, ReconstructionLosses, reconstruction_baselines};
pub use schedule::{
    ConstantConfig, CosineConfig, CosineRestartsConfig, OneCycleConfig, ScheduleConfig,
    learning_rate,
};
pub use state::Ending;
pub use step_time::time_steps;
pub use tensor_file::{NamedTensor, TensorFile, decode, encode};
pub use warm_start::WarmStart;
