//! What the tests compared and found, column by column.

use std::collections::BTreeMap;

use super::Test;
use super::columns::{Column, Columns};
use super::compare::{Difference, Reach, compare, pairs};
use super::suspicion::AtPoint;

/// Differences kept of a column at a point, from each end.
const KEPT: usize = 150;

/// Points of a column and test whose differences are kept.
const KEPT_POINTS: usize = 24;

/// What a test compared of one column.
#[derive(Debug, Clone, Default)]
pub(super) struct ColumnTally {
    pub comparisons: u64,
    pub differences: u64,
    /// Where it differed.
    pub points: Vec<AtPoint>,
}

/// What one test compared.
#[derive(Debug, Clone, Default)]
pub(super) struct TestTally {
    pub points: usize,
    /// One a column of the whole history.
    pub columns: Vec<ColumnTally>,
}

/// What all tests compared.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub tests: BTreeMap<Test, TestTally>,
}

impl Tally {
    /// Compares two versions, `left` and `right`, of every column of `whole` that `asked` wants.
    pub(super) fn compare(
        &mut self,
        test: Test,
        reach: Reach,
        whole: &Columns,
        [left, right]: [&Columns; 2],
        asked: fn(&Column) -> bool,
    ) {
        let tally = self.tests.entry(test).or_default();
        tally.points += 1;
        tally.columns.resize(whole.columns().len(), ColumnTally::default());
        let pairs = pairs(left, right, reach);
        for (column, of_column) in whole.columns().iter().zip(&mut tally.columns) {
            let name = &column.name;
            let Some(column) = left.column(name).filter(|_| asked(column)) else { continue };
            let compared = compare(column, right.column(name), &pairs, reach);
            of_column.comparisons += compared.rows;
            of_column.differences += compared.differences.len() as u64;
            if !compared.differences.is_empty() && of_column.points.len() < KEPT_POINTS {
                let differences = ends(compared.differences);
                of_column.points.push(AtPoint { point: reach.until, test, differences });
            }
        }
    }
}

/// The oldest and the newest ones of very many.
fn ends(mut differences: Vec<Difference>) -> Vec<Difference> {
    if differences.len() > 2 * KEPT {
        differences.drain(KEPT..differences.len() - KEPT);
    }
    differences
}
