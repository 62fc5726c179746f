//! What to look at first.

use serde::Serialize;

use super::inspect::FeatureInspection;

/// What is the matter with a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// One value in all training rows.
    Constant,
    /// Nearly always the same value.
    RarelyVaries,
    /// Says what another column says.
    Duplicate,
    /// A unit root cannot be ruled out.
    NonStationary,
    /// Test rows lie far from training rows, farther than training rows do from one another.
    Drift,
    /// Single values far off all others.
    Outliers,
}

impl WarningKind {
    /// In two words or fewer.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::RarelyVaries => "rarely varies",
            Self::Duplicate => "duplicate",
            Self::NonStationary => "not stationary",
            Self::Drift => "drift",
            Self::Outliers => "outliers",
        }
    }
}

/// One thing that is the matter with a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Warning {
    /// What.
    pub kind: WarningKind,
    /// The numbers behind it, in a sentence.
    pub text: String,
}

/// Share of rows with one value that leaves little to learn from.
const MOSTLY: f64 = 0.98;
/// Rank correlation from which one column stands for another.
pub(super) const DUPLICATE: f32 = 0.99;
/// p-value above which a unit root is not ruled out.
const UNIT_ROOT: f64 = 0.05;
/// Index from which practice speaks of a large shift.
const LARGE_PSI: f64 = 0.25;
/// Robust deviations that are far off in any distribution that a net likes.
const FAR: f64 = 50.0;

/// Everything that is the matter with `feature`; `twins` are the columns that say nearly the same.
pub(super) fn warnings(feature: &FeatureInspection, twins: &[(&str, f32)]) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut warn = |kind, text| found.push(Warning { kind, text });
    let train = &feature.train;
    if train.deviation == 0.0 {
        let (rows, value) = (train.rows, train.mean);
        warn(WarningKind::Constant, format!("all {rows} training rows are {value}"));
    } else if train.commonest >= MOSTLY {
        let share = 100.0 * train.commonest;
        warn(
            WarningKind::RarelyVaries,
            format!("{share:.1}% of the training rows have the same value"),
        );
    }
    if let Some((other, correlation)) = twins.first() {
        let more =
            if twins.len() > 1 { format!(" and {} more", twins.len() - 1) } else { String::new() };
        let text = format!("rank correlation {correlation:.3} with {other}{more}");
        warn(WarningKind::Duplicate, text);
    }
    if let Some(test) = feature.stationarity.filter(|test| test.p_value > UNIT_ROOT) {
        let text = format!(
            "ADF {:.2} with {} lags: p = {:.2} for a unit root",
            test.statistic, test.lag, test.p_value
        );
        warn(WarningKind::NonStationary, text);
    }
    if let Some(drift) = feature.drift {
        let usual = drift.usual_psi.unwrap_or(0.0);
        if drift.psi > LARGE_PSI && drift.psi > usual {
            let beside = drift.usual_psi.map_or_else(String::new, |usual| {
                format!("; stretches of the training rows as long reach {usual:.2}")
            });
            warn(
                WarningKind::Drift,
                format!("PSI {:.2} from training to test rows{beside}", drift.psi),
            );
        }
    }
    if let Some(far) = train.farthest.filter(|&far| far > FAR) {
        let text = format!("the farthest value lies {far:.0} robust deviations from the median");
        warn(WarningKind::Outliers, text);
    }
    found
}
