//! How much the newest values depend on where the data begins.

use super::check::columns;
use super::columns::{ColumnKind, ColumnProvider, Columns};
use super::{Beginning, History, LeakError};
use crate::market::Time;

/// Multiples of the warm-up that are left of the data.
const MULTIPLES: [i64; 3] = [1, 2, 4];

/// Of each feature that has a value in the newest row, how far off it is when only once, twice and
/// four times the warm-up lies before that row; the largest relative difference first.
pub(super) fn dependence(
    provider: &dyn ColumnProvider,
    history: &History,
    whole: &Columns,
    step: &mut dyn FnMut(),
) -> Result<Vec<Beginning>, LeakError> {
    let warm_up = provider.warm_up();
    let Some(last) = whole.decisions().len().checked_sub(1).filter(|_| warm_up > 0) else {
        return Ok(Vec::new());
    };
    let decision = whole.decisions()[last];
    let mut shorter = Vec::with_capacity(MULTIPLES.len());
    for multiple in MULTIPLES {
        let start = decision.saturating_sub(warm_up.saturating_mul(multiple));
        let history = history.beginning_at(start);
        shorter.push(columns(provider, &history, || format!("of the data from {}", Time(start)))?);
        step();
    }
    let newest = |columns: &Columns, name: &str| -> Option<f64> {
        let row = columns.decisions().binary_search(&decision).ok()?;
        columns.column(name)?.value(row)
    };
    let mut all: Vec<Beginning> = whole
        .columns()
        .iter()
        .filter(|column| column.kind() == ColumnKind::Feature)
        .filter_map(|column| {
            let value = column.value(last)?;
            let off = |columns: &Columns| Some((newest(columns, &column.name)? - value).abs());
            let off = [off(&shorter[0]), off(&shorter[1]), off(&shorter[2])];
            Some(Beginning { column: column.name.clone(), value, off })
        })
        // What needs more than any of these, such as a scaler, is not told.
        .filter(|beginning| beginning.off.iter().any(Option::is_some))
        .collect();
    all.sort_by(|a, b| size(b).total_cmp(&size(a)));
    Ok(all)
}

fn size(beginning: &Beginning) -> f64 {
    let largest = beginning.off.iter().flatten().copied().fold(0.0, f64::max);
    largest / beginning.value.abs().max(1e-12)
}
