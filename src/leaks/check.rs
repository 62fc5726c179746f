//! The check: other pasts and futures of the same data, and what of the columns changes with them.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use thiserror::Error;

use super::columns::{Column, ColumnKind, ColumnProvider, Columns, ProviderError};
use super::compare::Reach;
use super::points::points;
use super::rewrite::Rewrite;
use super::tally::Tally;
use super::verdict::{Checked, verdict};
use super::{History, Report, Test, beginning};
use crate::market::Time;

/// Milliseconds of 400 years, after which the calendar begins again with the same day of the week: a
/// multiple of every interval.
const CALENDAR: i64 = 146_097 * 86_400_000;

/// How far the data is shifted. All of the calendar stays but the century.
const SHIFTS: [i64; 2] = [CALENDAR, 2 * CALENDAR];

/// How thoroughly to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckOptions {
    /// Random decision times to look at; half as many are added where look-ahead likes to hide.
    pub points: usize,
    /// Seed of the points and of the futures.
    pub seed: u64,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self { points: 20, seed: 1 }
    }
}

/// Why a check cannot be made.
#[derive(Debug, Error)]
pub enum LeakError {
    /// Nothing to look at.
    #[error("there is nothing to check: the data gives no row or no column")]
    Empty,
    /// Columns that do not fit together.
    #[error("column {column} {fault}")]
    Malformed {
        /// Name of the column.
        column: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The provider could not make its columns.
    #[error("cannot compute the columns {of}")]
    Provider {
        /// Of which version of the data.
        of: String,
        /// Why.
        #[source]
        source: ProviderError,
    },
}

/// Looks for columns that know what they could not have known. `progress` is told how many of how
/// many computations of all columns are done.
///
/// # Errors
/// [`LeakError`], which is no verdict. What leaks and what could not be compared is in the report.
pub fn check(
    provider: &dyn ColumnProvider,
    history: &History,
    options: &CheckOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Report, LeakError> {
    let whole = columns(provider, history, || "of the whole history".to_owned())?;
    if whole.decisions().is_empty() || whole.columns().is_empty() {
        return Err(LeakError::Empty);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let points = points(history, whole.decisions(), options.points.max(1), &mut rng);
    let mut run = Run {
        provider,
        history,
        whole: &whole,
        tally: Tally::default(),
        rng,
        done: 1,
        total: 1
            + 1
            + points.len() * if history.values.is_empty() { 4 } else { 6 }
            + SHIFTS.len()
            + 3,
        progress,
    };
    run.repeated()?;
    for &point in &points {
        run.at(point)?;
    }
    for shift in SHIFTS {
        run.shifted(shift)?;
    }
    let fitted = super::verdict::fitted(provider, &whole)?;
    let beginnings = beginning::dependence(provider, history, &whole, &mut || run.step())?;
    let Run { tally, mut rng, done, total, progress, .. } = run;
    if done < total {
        progress(total, total);
    }
    let points = points.into_iter().map(Time).collect();
    let warm_up = provider.warm_up();
    let checked = Checked { tally, fitted, beginnings, points, warm_up };
    verdict(provider, history, &whole, checked, &mut rng)
}

/// A check on its way.
struct Run<'a> {
    provider: &'a dyn ColumnProvider,
    history: &'a History,
    whole: &'a Columns,
    tally: Tally,
    rng: ChaCha8Rng,
    done: usize,
    total: usize,
    progress: &'a mut dyn FnMut(usize, usize),
}

impl Run<'_> {
    fn step(&mut self) {
        self.done += 1;
        (self.progress)(self.done.min(self.total), self.total);
    }

    fn columns(&mut self, history: &History, of: &str, at: i64) -> Result<Columns, LeakError> {
        let columns = columns(self.provider, history, || format!("{of} {}", Time(at)))?;
        self.step();
        Ok(columns)
    }

    fn repeated(&mut self) -> Result<(), LeakError> {
        let again = columns(self.provider, self.history, || "a second time".to_owned())?;
        self.step();
        let reach = Reach { until: i64::MAX, later_labels_absent: false, shift: 0 };
        self.tally.compare(Test::Repeated, reach, self.whole, [self.whole, &again], |_| true);
        Ok(())
    }

    /// Everything that can be done to the future of one decision time.
    fn at(&mut self, point: i64) -> Result<(), LeakError> {
        let history = self.history;
        let cut = self.columns(&history.known_at(point), "of the data up to", point)?;
        let reach = Reach { until: point, later_labels_absent: true, shift: 0 };
        self.tally.compare(Test::Truncated, reach, self.whole, [self.whole, &cut], |_| true);
        let reach = Reach { later_labels_absent: false, ..reach };
        for (test, how, of) in [
            (Test::Poisoned, Rewrite::Poison, "of data that is huge after"),
            (Test::Shuffled, Rewrite::Shuffle, "of data that is shuffled after"),
            (Test::Removed, Rewrite::Remove, "of data that is full of holes after"),
        ] {
            let future = history.rewritten(point, how, None, &mut self.rng);
            let other = self.columns(&future, of, point)?;
            self.tally.compare(test, reach, self.whole, [self.whole, &other], |_| true);
        }
        if let Some(delayed) = history.delayed(point) {
            let late = self.columns(&delayed, "of values that are known late at", point)?;
            let without = delayed.known_at(point);
            let without = self.columns(&without, "of values that are not known at", point)?;
            let is_feature = |column: &Column| column.kind() == ColumnKind::Feature;
            self.tally.compare(Test::Delayed, reach, self.whole, [&late, &without], is_feature);
        }
        Ok(())
    }

    fn shifted(&mut self, shift: i64) -> Result<(), LeakError> {
        // Data at the end of time cannot be shifted; then nothing is compared, which is told.
        let Some(shifted) = self.history.shifted(shift) else { return Ok(()) };
        let other = self.columns(&shifted, "of the data shifted by so many ms:", shift)?;
        let reach = Reach { until: i64::MAX, later_labels_absent: false, shift };
        self.tally.compare(Test::Shifted, reach, self.whole, [self.whole, &other], |_| true);
        Ok(())
    }
}

/// The provider's columns, whole.
pub(super) fn columns(
    provider: &dyn ColumnProvider,
    history: &History,
    of: impl Fn() -> String,
) -> Result<Columns, LeakError> {
    let columns =
        provider.columns(history).map_err(|source| LeakError::Provider { of: of(), source })?;
    let rows = columns.decisions().len();
    let fault =
        |column: &Column, fault| Err(LeakError::Malformed { column: column.name.clone(), fault });
    for (index, column) in columns.columns().iter().enumerate() {
        if column.values.len() != rows || column.span_ends.as_ref().is_some_and(|e| e.len() != rows)
        {
            return fault(column, "has another number of values than there are decision times");
        }
        if columns.columns()[..index].iter().any(|other| other.name == column.name) {
            return fault(column, "is there twice");
        }
        if !columns.decisions().is_sorted_by(|a, b| a < b) {
            return fault(column, "has decision times that do not increase");
        }
    }
    Ok(columns)
}
