//! The report's charts, one a file.

mod calibration;
mod equity;
mod folds;
mod loss;

pub(super) use calibration::calibration_chart;
pub(super) use equity::equity_chart;
pub(super) use folds::{MOST_FOLDS, folds_chart};
pub(super) use loss::loss_chart;

/// Points that a line keeps at most.
const LINE_POINTS: usize = 2000;
