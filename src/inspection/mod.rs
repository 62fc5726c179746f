//! What a config's features and labels look like: one measure a file, over plain columns.
//!
//! Whatever could choose a feature is measured on one fold's training rows alone. Test rows are
//! read for one purpose, to say how far they have drifted from them.

mod adf;
mod autocorrelation;
mod balance;
mod bins;
mod clusters;
mod drift;
mod histogram;
mod inspect;
mod missing;
mod mutual_information;
mod outcomes;
mod rank_correlation;
mod stretch;
mod summary;
mod warning;

pub use adf::{Adf, adf};
pub use autocorrelation::autocorrelation;
pub use balance::{Balance, BalanceSlice, balance};
pub use bins::{bin, quantile_edges};
pub use clusters::{Merge, average_linkage, clusters_at, leaf_order, rank_correlations};
pub use drift::{Drift, ks, psi};
pub use histogram::{Histogram, histogram};
pub use inspect::{
    FeatureInspection, FoldPart, Inspection, InspectionSettings, LabelInspection, Subject, inspect,
};
pub use missing::{Missing, MissingReason, missing};
pub use mutual_information::{Information, ShiftedLabel, Shifts, mutual_information};
pub use rank_correlation::{RankCorrelation, Resampling};
pub use stretch::{Mark, Stretch, stretch};
pub use summary::Summary;
pub use warning::{Warning, WarningKind};
