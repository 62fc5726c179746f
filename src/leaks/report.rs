//! What the check says: what was compared, what leaks, and what could not be checked.

use serde::Serialize;

use super::ColumnKind;
use super::suspicion::Suspicion;
use crate::market::Time;

/// A question put to every column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// The same history gives the same values again.
    Repeated,
    /// A history that ends at a decision time gives what the whole one gives up to there, and no
    /// label whose span has not ended.
    Truncated,
    /// A huge future changes nothing before it.
    Poisoned,
    /// A shuffled future changes nothing before it.
    Shuffled,
    /// A future full of holes changes nothing before it.
    Removed,
    /// A value that becomes known later is not used earlier.
    Delayed,
    /// The same data at another date gives the same values.
    Shifted,
    /// Other rows than those that it was fitted from do not count.
    Fitted,
}

impl Test {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 8] = [
        Self::Repeated,
        Self::Truncated,
        Self::Poisoned,
        Self::Shuffled,
        Self::Removed,
        Self::Delayed,
        Self::Shifted,
        Self::Fitted,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::Truncated => "truncated",
            Self::Poisoned => "poisoned",
            Self::Shuffled => "shuffled",
            Self::Removed => "removed",
            Self::Delayed => "delayed",
            Self::Shifted => "shifted",
            Self::Fitted => "fitted",
        }
    }

    /// What it asks, in a line.
    #[must_use]
    pub fn question(self) -> &'static str {
        match self {
            Self::Repeated => "the same history gives the same values again",
            Self::Truncated => "a history that ends there gives the same, and no label too early",
            Self::Poisoned => "a huge future changes nothing before it",
            Self::Shuffled => "a shuffled future changes nothing before it",
            Self::Removed => "a future full of holes changes nothing before it",
            Self::Delayed => "a value that becomes known later is not used earlier",
            Self::Shifted => "the same data 400 and 800 years later gives the same values",
            Self::Fitted => "rows that nothing was fitted from do not count",
        }
    }
}

/// What one test compared.
#[derive(Debug, Clone, Serialize)]
pub struct TestCount {
    /// The test.
    pub test: Test,
    /// How many points, shifts or fitted things it was put to.
    pub points: usize,
    /// Columns, or fitted numbers, that it compared.
    pub columns: usize,
    /// Pairs of values that it compared.
    pub comparisons: u64,
    /// Pairs that differ.
    pub differences: u64,
}

/// A column that a test found to know what it could not have known.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The column, or the fitted number.
    pub column: String,
    /// What it may know.
    pub kind: ColumnKind,
    /// Which test found it.
    pub test: Test,
    /// What came later than this was changed; of `fitted` and `shifted` the row's own time.
    pub known_until: Time,
    /// Decision time of the row shown: of those that differ the nearest to `known_until`.
    pub decision: Time,
    /// Its value in the whole history.
    pub whole: Option<f64>,
    /// Its value in the other one.
    pub other: Option<f64>,
    /// Pairs of values of this column that the test compared.
    pub comparisons: u64,
    /// Pairs that differ.
    pub differences: u64,
    /// The likely kind of leak.
    pub suspicion: Suspicion,
    /// What to do about it, in a sentence.
    pub remedy: String,
}

/// How much a column's newest value depends on where the data begins.
#[derive(Debug, Clone, Serialize)]
pub struct Beginning {
    /// The column.
    pub column: String,
    /// Its newest value in the whole history.
    pub value: f64,
    /// How far off it is in histories of once, twice and four times the warm-up; `None` where it has
    /// no value yet.
    pub off: [Option<f64>; 3],
}

/// What a check found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Rows of the whole history.
    pub rows: usize,
    /// Feature columns.
    pub features: usize,
    /// Label columns.
    pub labels: usize,
    /// Fitted numbers.
    pub fitted: usize,
    /// The decision times that were looked at, increasing.
    pub points: Vec<Time>,
    /// What each test compared.
    pub tests: Vec<TestCount>,
    /// What leaks: one finding a column and test.
    pub findings: Vec<Finding>,
    /// What no value was compared of: no verdict can be given on it.
    pub unchecked: Vec<String>,
    /// Warm-up that `beginnings` are multiples of, ms; 0 when it is not known.
    pub warm_up: i64,
    /// Dependence on the beginning of the data, the largest first. It is no error.
    pub beginnings: Vec<Beginning>,
}

impl Report {
    /// Whether everything was checked and nothing leaks.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.unchecked.is_empty()
    }

    /// Pairs of values compared in all.
    #[must_use]
    pub fn comparisons(&self) -> u64 {
        self.tests.iter().map(|count| count.comparisons).sum()
    }
}
