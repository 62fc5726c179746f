//! Metrics, baselines and intervals over forecasts: one measure a file, no tensors.
//!
//! A measure takes its columns and a weight for each forecast, so that a bootstrap resample is
//! nothing but other weights. What is not defined is `None`.

mod accuracy;
mod auc;
mod baselines;
mod bootstrap;
mod brier;
mod calibration;
mod card;
mod class_baselines;
mod compare;
mod confusion;
mod error;
mod f1;
mod information_coefficient;
mod ledger;
mod log_loss;
mod mcc;
mod measure;
mod members;
mod models;
pub mod profit;
mod qlike;
mod ranking;
mod rmse;
mod rows;
mod sample;
mod score_heads;
mod score_profit;
mod scorecard;
mod slice;
mod steps;
mod weighted_mean;

pub use accuracy::accuracy;
pub use auc::auc;
pub use baselines::{
    BASELINES, BUY_AND_HOLD, CLASS_PRIOR, FoldPrior, MEAN_VOLATILITY, PERSISTENCE, ZERO,
    baseline_forecasts,
};
pub use brier::brier_scores;
pub use calibration::calibration;
pub use card::{ScoreConfig, ScoreInputs, scorecard};
pub use class_baselines::class_baseline_forecasts;
pub use confusion::{Counts, likeliest};
pub use error::ScoreError;
pub use f1::{macro_f1, weighted_f1};
pub use information_coefficient::{pearson, spearman};
pub use ledger::{Ledger, LedgerRow};
pub use log_loss::log_losses;
pub use mcc::mcc;
pub use members::{Difference, MemberScore, MemberValue, member_scores};
pub use qlike::qlike_losses;
pub use ranking::Ranking;
pub use rmse::{rmse, squared_errors};
pub use scorecard::{Calibration, CalibrationBin, Confusion, SCORECARD_VERSION, Score, Scorecard};
pub use weighted_mean::weighted_mean;
