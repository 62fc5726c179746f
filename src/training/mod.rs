//! Steps and epochs, checkpoints and resume, forecasts.
//!
//! [`fit()`] trains one fold: every step is a function of the checkpoint's content and the seed, so
//! that a training which was stopped or killed goes on bit for bit on the CPU device. [`load`] and
//! [`predict()`] need a checkpoint and nothing of the training data.

mod batches;
mod checkpoint;
mod config;
mod early_stop;
mod ema;
mod epoch;
mod error;
mod fit;
mod job;
mod layout;
mod meta;
mod observer;
mod optimizer;
mod order;
mod predict;
mod schedule;
mod state;
mod step_time;
mod student_t;
mod tensor_file;
mod validation;

pub use checkpoint::{BEST, LAST, load};
pub use config::{EarlyStoppingConfig, Monitor, TrainingConfig};
pub use error::{CheckpointError, TrainingError};
pub use fit::{Fitted, Outcome, fit};
pub use job::Job;
pub use layout::{Layout, Place};
pub use meta::{CHECKPOINT_VERSION, CheckpointMeta, FoldSpans};
pub use observer::{Observer, Progress, Silent};
pub use optimizer::{AdamW, clip_gradient};
pub use predict::{Predictions, QUANTILE_LEVELS, predict};
pub use state::Ending;
pub use step_time::time_steps;
pub use tensor_file::{NamedTensor, TensorFile, decode, encode};
