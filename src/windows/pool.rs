//! The feature tables of all instruments, one after another, and the rows that can end a window.

use std::collections::{BTreeMap, HashSet};

use crate::features::FeatureTable;
use crate::market::{Instrument, Interval, Span};

use super::WindowError;

/// The rows of all instruments one after another: N rows of F features.
///
/// A pooled row index counts through all tables; labels, folds and targets use the same index.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// Interval of every row's candle.
    pub interval: Interval,
    /// The F column names.
    pub names: Vec<String>,
    /// Instruments in the order of their rows.
    pub instruments: Vec<Instrument>,
    /// N × F values, row-major, unscaled.
    pub values: Vec<f32>,
    /// Open time of each row's candle, ms.
    pub open_time: Vec<i64>,
    /// First pooled row of the gap-free stretch that the row is in.
    pub run_start: Vec<u32>,
    /// Index into `instruments` of each row.
    pub instrument: Vec<u16>,
}

impl Pool {
    /// Puts tables one after another.
    ///
    /// # Errors
    /// When there is no row, when tables differ in interval or columns, when an instrument comes
    /// twice, and when a table's columns have different lengths or hold a value that is not finite.
    pub fn new(tables: Vec<(Instrument, FeatureTable)>) -> Result<Self, WindowError> {
        let Some((_, first)) = tables.first() else {
            return Err(WindowError::Empty("no instrument was given".to_owned()));
        };
        let (interval, names) = (first.interval, first.names.clone());
        if names.is_empty() {
            return Err(WindowError::Empty("no feature is left after features.exclude".to_owned()));
        }
        let rows: usize = tables.iter().map(|(_, table)| table.rows()).sum();
        // Row indices go to the device as i32.
        within("the number of rows", rows, i32::MAX as usize)?;
        within("the number of instruments", tables.len(), usize::from(u16::MAX))?;
        let mut pool = Self {
            interval,
            instruments: Vec::with_capacity(tables.len()),
            values: Vec::with_capacity(rows * names.len()),
            names,
            open_time: Vec::with_capacity(rows),
            run_start: Vec::with_capacity(rows),
            instrument: Vec::with_capacity(rows),
        };
        let mut seen = HashSet::new();
        for (instrument, table) in tables {
            if !seen.insert(instrument.clone()) {
                return Err(WindowError::Twice(instrument.to_string()));
            }
            pool.push(instrument, table)?;
        }
        if pool.rows() == 0 {
            return Err(WindowError::Empty(
                "every candle is warm-up; load a longer span or use features of a shorter lookback"
                    .to_owned(),
            ));
        }
        Ok(pool)
    }

    /// N.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.open_time.len()
    }

    /// F.
    #[must_use]
    pub fn features(&self) -> usize {
        self.names.len()
    }

    /// When the features of `row` are first known: its candle's open time + interval, ms.
    #[must_use]
    pub fn decision_time(&self, row: u32) -> i64 {
        self.open_time[row as usize] + self.interval.ms()
    }

    fn push(&mut self, instrument: Instrument, table: FeatureTable) -> Result<(), WindowError> {
        if table.interval != self.interval {
            return Err(WindowError::Interval {
                instrument: instrument.to_string(),
                found: table.interval,
                expected: self.interval,
            });
        }
        if let Some(difference) = first_difference(&self.names, &table.names) {
            return Err(WindowError::Features {
                instrument: instrument.to_string(),
                difference: difference.to_owned(),
            });
        }
        if let Some(fault) = fault(&table) {
            return Err(WindowError::Malformed { instrument: instrument.to_string(), fault });
        }
        let offset = self.rows() as u32;
        let index = self.instruments.len() as u16;
        self.instruments.push(instrument);
        self.instrument.resize(self.rows() + table.rows(), index);
        self.run_start.extend(table.run_start.iter().map(|start| start + offset));
        self.open_time.extend(table.open_time);
        self.values.extend(table.values);
        Ok(())
    }
}

/// A stretch of an instrument's time that the store says is missing or not to be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerGap {
    /// What is traded.
    pub instrument: Instrument,
    /// The stretch.
    pub span: Span,
    /// Why, as the ledger names it.
    pub reason: String,
}

/// The rows that can end a window, and what was left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Eligible {
    /// Pooled rows in increasing order.
    pub rows: Vec<u32>,
    /// Rows left out since their window overlaps an entry of the gap ledger, by its reason.
    pub dropped_ledger: BTreeMap<String, usize>,
    /// Rows left out since their window would reach over another gap or before the first row.
    pub dropped_gap: usize,
    /// Rows left out since their label is not known.
    pub dropped_unlabelled: usize,
}

impl Eligible {
    /// Rows left out for entries of the gap ledger.
    #[must_use]
    pub fn dropped_by_ledger(&self) -> usize {
        self.dropped_ledger.values().sum()
    }
}

/// The rows whose `window` rows lie in one gap-free stretch, whose window's time overlaps none of
/// `gaps`, and, when `known` is given, whose label is known (a row beyond the end of `known` has none).
///
/// Each row left out counts once: for the first gap of `gaps` that it overlaps, else for the gap in
/// the rows, else for its label. Prediction passes `None`: the last rows have no label yet and are the
/// ones that matter.
#[must_use]
pub fn eligible(
    pool: &Pool,
    window: usize,
    known: Option<&[bool]>,
    gaps: &[LedgerGap],
) -> Eligible {
    let mut eligible = Eligible::default();
    let in_ledger = ledger_rows(pool, window, gaps);
    for (row, &start) in pool.run_start.iter().enumerate() {
        if let Some(gap) = in_ledger[row] {
            let reason = &gaps[gap as usize].reason;
            *eligible.dropped_ledger.entry(reason.clone()).or_default() += 1;
        } else if row + 1 - (start as usize) < window {
            eligible.dropped_gap += 1;
        } else if known.is_some_and(|known| !known.get(row).copied().unwrap_or(false)) {
            eligible.dropped_unlabelled += 1;
        } else {
            eligible.rows.push(row as u32);
        }
    }
    eligible
}

/// Of each row the first of `gaps` that its window's time overlaps.
fn ledger_rows(pool: &Pool, window: usize, gaps: &[LedgerGap]) -> Vec<Option<u32>> {
    let interval = pool.interval.ms();
    let before = interval.saturating_mul(window.saturating_sub(1) as i64);
    let mut found = vec![None; pool.rows()];
    for (index, gap) in gaps.iter().enumerate().filter(|(_, gap)| gap.span.length() > 0) {
        let Some(instrument) = pool.instruments.iter().position(|i| *i == gap.instrument) else {
            continue;
        };
        let first = pool.instrument.partition_point(|&other| usize::from(other) < instrument);
        let last = pool.instrument.partition_point(|&other| usize::from(other) <= instrument);
        let times = &pool.open_time[first..last];
        // The window [open - before, open + interval) overlaps the gap.
        let from = times.partition_point(|&open| open.saturating_add(interval) <= gap.span.start);
        let to = times.partition_point(|&open| open.saturating_sub(before) < gap.span.end);
        for row in &mut found[first + from..first + to.max(from)] {
            row.get_or_insert(index as u32);
        }
    }
    found
}

fn within(what: &'static str, count: usize, limit: usize) -> Result<(), WindowError> {
    if count > limit { Err(WindowError::TooMany { what, count, limit }) } else { Ok(()) }
}

fn first_difference<'a>(expected: &'a [String], found: &'a [String]) -> Option<&'a str> {
    let pairs = expected.iter().zip(found).find(|(left, right)| left != right);
    let longer = if expected.len() > found.len() { expected } else { found };
    match pairs {
        Some((_, found)) => Some(found),
        None => longer.get(expected.len().min(found.len())).map(String::as_str),
    }
}

fn fault(table: &FeatureTable) -> Option<String> {
    let (rows, width) = (table.rows(), table.names.len());
    if table.values.len() != rows * width || table.run_start.len() != rows {
        return Some(format!(
            "{rows} rows of {width} features have {} values and {} run starts",
            table.values.len(),
            table.run_start.len()
        ));
    }
    if let Some(at) = table.values.iter().position(|value| !value.is_finite()) {
        return Some(format!(
            "{} of row {} is {}",
            table.names[at % width],
            at / width,
            table.values[at]
        ));
    }
    let mut previous = 0;
    for (row, &start) in table.run_start.iter().enumerate() {
        if start as usize > row || start < previous {
            return Some(format!("row {row} has run start {start}"));
        }
        previous = start;
    }
    None
}
