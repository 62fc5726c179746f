//! What is checked: named columns over decision times, and numbers fitted from some of their rows.

use std::error::Error;

use serde::Serialize;

use super::History;

/// Any error of a provider.
pub type ProviderError = Box<dyn Error + Send + Sync>;

/// Makes columns of what a run reads: the program's own features and labels, or anybody's.
///
/// It must be a pure function of the history: the check calls it with other pasts and futures and
/// compares.
pub trait ColumnProvider {
    /// The columns of every decision time that the history has.
    ///
    /// A history that is too short for a row gives columns without one; that is no error.
    ///
    /// # Errors
    /// Whatever keeps the columns from being made at all.
    fn columns(&self, history: &History) -> Result<Columns, ProviderError>;

    /// Numbers fitted from rows of the columns, such as a scaler's; none by default.
    ///
    /// # Errors
    /// Whatever keeps them from being fitted.
    fn fitted(&self, _columns: &Columns) -> Result<Vec<Fitted>, ProviderError> {
        Ok(Vec::new())
    }

    /// Time after the beginning of the data before the first row, ms; 0 when it is not known.
    fn warm_up(&self) -> i64 {
        0
    }
}

/// What a column may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// What was known at the decision time.
    Feature,
    /// What was known when its span ends.
    Label,
}

/// Columns over decision times.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    decisions: Vec<i64>,
    columns: Vec<Column>,
}

/// One column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name, one of a kind.
    pub name: String,
    /// One value a decision time; NaN where there is none.
    pub values: Vec<f64>,
    /// Of a label, when each row's outcome is known, ms; a feature has none.
    pub span_ends: Option<Vec<i64>>,
}

/// Numbers that were fitted from some rows and from no other.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// What they are, one of a kind, such as `scaler of fold_0`.
    pub name: String,
    /// The only decision times whose rows may count, ms, increasing.
    pub rows: Vec<i64>,
    /// Each number under its name.
    pub numbers: Vec<(String, f64)>,
}

impl Columns {
    /// No column yet, over strictly increasing decision times, ms.
    #[must_use]
    pub fn new(decisions: Vec<i64>) -> Self {
        Self { decisions, columns: Vec::new() }
    }

    /// Adds a feature: one value a decision time, NaN where there is none.
    pub fn feature(&mut self, name: impl Into<String>, values: Vec<f64>) {
        self.columns.push(Column { name: name.into(), values, span_ends: None });
    }

    /// Adds a label: one value a decision time, NaN where there is none, and the end of each row's
    /// span, ms.
    pub fn label(&mut self, name: impl Into<String>, values: Vec<f64>, span_ends: Vec<i64>) {
        self.columns.push(Column { name: name.into(), values, span_ends: Some(span_ends) });
    }

    /// The decision times, ms, strictly increasing.
    #[must_use]
    pub fn decisions(&self) -> &[i64] {
        &self.decisions
    }

    /// Every column.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of a name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The same, every row of another decision time than those of `kept` (increasing) made huge, and
    /// the number of such rows.
    #[must_use]
    pub(super) fn spoiled(&self, kept: &[i64]) -> (Self, usize) {
        let others: Vec<usize> = (0..self.decisions.len())
            .filter(|&row| kept.binary_search(&self.decisions[row]).is_err())
            .collect();
        let mut spoiled = self.clone();
        for (index, column) in spoiled.columns.iter_mut().enumerate() {
            for &row in &others {
                let value = column.values.get_mut(row).filter(|value| !value.is_nan());
                if let Some(value) = value {
                    // 32-bit floats must still hold it.
                    *value = value.abs().mul_add(1e3, 1e3 + ((row + index) % 7) as f64).min(1e36);
                }
            }
        }
        (spoiled, others.len())
    }
}

impl Column {
    /// What it may know.
    #[must_use]
    pub fn kind(&self) -> ColumnKind {
        if self.span_ends.is_some() { ColumnKind::Label } else { ColumnKind::Feature }
    }

    /// The value of a row, if there is one.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<f64> {
        self.values.get(row).copied().filter(|value| !value.is_nan())
    }

    /// When the outcome of a label's row is known.
    pub(super) fn span_end(&self, row: usize) -> Option<i64> {
        self.span_ends.as_ref()?.get(row).copied()
    }
}
