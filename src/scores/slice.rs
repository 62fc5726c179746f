//! The parts of the forecasts that are scored on their own.

use std::collections::BTreeSet;

use super::ledger::LedgerRow;
use super::models::Model;
use crate::forecast::Forecast;

/// A part of the forecasts; `None` is all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice<'a> {
    pub fold: Option<&'a str>,
    pub instrument: Option<&'a str>,
}

impl Slice<'_> {
    pub const WHOLE: Self = Self { fold: None, instrument: None };

    pub fn holds(&self, row: &Forecast) -> bool {
        self.fold.is_none_or(|fold| fold == row.fold.as_ref())
            && self.instrument.is_none_or(|instrument| instrument == row.instrument.as_ref())
    }

    pub fn holds_step(&self, row: &LedgerRow) -> bool {
        self.fold.is_none() || self.fold == row.fold.as_deref()
    }
}

/// All, each fold in the order of time, each instrument if there are several.
pub(super) fn slices<'a>(models: &[Model<'a>]) -> Vec<Slice<'a>> {
    let mut folds: Vec<&str> = Vec::new();
    let mut instruments = BTreeSet::new();
    let mut rows: Vec<&Forecast> = models.iter().flat_map(|model| &model.rows).copied().collect();
    rows.sort_by_key(|row| row.decision_time);
    for row in rows {
        if !folds.contains(&row.fold.as_ref()) {
            folds.push(&row.fold);
        }
        instruments.insert(row.instrument.as_ref());
    }
    let by_fold = folds.into_iter().map(|fold| Slice { fold: Some(fold), instrument: None });
    let by_instrument = instruments
        .iter()
        .filter(|_| instruments.len() > 1)
        .map(|instrument| Slice { fold: None, instrument: Some(instrument) });
    std::iter::once(Slice::WHOLE).chain(by_fold).chain(by_instrument).collect()
}
