//! Values that are no candles as features: what was known of a series when a candle ended.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::market::{Period, Value};

use super::series_columns::{Known, SeriesColumn};
use super::{Feature, FeatureError};

/// Milliseconds of a day, the unit of ages.
const DAY: f64 = 86_400_000.0;

/// A stored series of values as features: unless told otherwise its value `name` and the value's age
/// `name_age`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct SeriesConfig {
    /// Name of the series in the store, such as `active_addresses`.
    #[garde(custom(can_be_column))]
    pub name: String,
    /// How long after the time that it speaks of a value may be used; a candle without a younger one
    /// has no row. Default: `7d`.
    #[garde(skip)]
    #[serde(default = "week")]
    pub max_age: Period,
    /// What is made of it, in this order: `value` gives the column `name`, any other `name_` and its
    /// own name, such as `name_z_30`. Steps are the values known when the candle ended, one for each
    /// time; a candle by whose end fewer are known than a column needs has no row. Default: `value`
    /// and `age`. `candlewick features list` shows them all.
    #[garde(length(min = 1))]
    #[serde(default = "value_and_age", skip_serializing_if = "is_value_and_age")]
    pub columns: Vec<SeriesColumn>,
}

impl SeriesConfig {
    /// The series under its name, its values used for a week.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), max_age: week(), columns: value_and_age() }
    }

    /// Names of its columns, in their order.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name(&self.name)).collect()
    }

    fn needed(&self) -> usize {
        self.columns.iter().map(|column| column.needed()).max().unwrap_or(1)
    }
}

/// A series of values under its name.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueSeries {
    /// Name.
    pub name: String,
    /// Every version of every value, by the time it was known, then its own: as the store gives them.
    pub values: Vec<Value>,
}

/// What is known of a series as time goes on.
///
/// At a decision only versions count that were known *before* it: one that becomes known at that
/// very millisecond does not. Of these count the newest times, and of each time the version known
/// last. When the newest is older than the longest age there is nothing; an earlier value would be
/// older still.
#[derive(Debug, Clone)]
pub struct AsOf {
    config: SeriesConfig,
    /// Values not known at the last decision, by the time they are.
    pending: VecDeque<Value>,
    known: Known,
    last: Option<i64>,
    row: Vec<f32>,
}

impl AsOf {
    /// A state that knows nothing yet.
    #[must_use]
    pub fn new(config: SeriesConfig) -> Self {
        let (known, row) = (Known::new(config.needed()), Vec::new());
        Self { config, pending: VecDeque::new(), known, last: None, row }
    }

    /// Which series it is of, and how old a value may be.
    #[must_use]
    pub fn config(&self) -> &SeriesConfig {
        &self.config
    }

    /// Takes the next value in the order in which they become known, however early it is given.
    ///
    /// # Errors
    /// A value out of order, known before the time that it speaks of, beyond 32-bit floats, or not
    /// positive where a column takes logarithms.
    pub fn push(&mut self, value: Value) -> Result<(), FeatureError> {
        let fault = |fault| FeatureError::Value { series: self.config.name.clone(), value, fault };
        if value.known_at < value.time {
            return Err(fault("was known before the time that it is of"));
        }
        if !(value.value as f32).is_finite() {
            return Err(fault("is more than 32-bit floats hold"));
        }
        if value.value <= 0.0 && self.config.columns.iter().any(|column| column.is_log()) {
            return Err(fault("is not positive, which a column log_change needs"));
        }
        if self.last.is_some_and(|last| value.known_at < last) {
            return Err(fault("comes after one that was known later"));
        }
        self.last = Some(value.known_at);
        self.pending.push_back(value);
        Ok(())
    }

    /// The columns as of what was known before `decision`, unless the newest value is too old or there
    /// are too few. Decisions are asked for in their order.
    pub fn at(&mut self, decision: i64) -> Option<&[f32]> {
        let mut stale = self.row.is_empty();
        while let Some(value) = self.pending.pop_front_if(|value| value.known_at < decision) {
            self.known.learn(value.time, value.value);
            stale = true;
        }
        let age = decision.saturating_sub(self.known.time()?);
        if stale {
            self.row.clear();
            self.known.row(&self.config.columns, &mut self.row);
        }
        // The age alone goes on while nothing new is known.
        for (column, value) in self.config.columns.iter().zip(&mut self.row) {
            if *column == SeriesColumn::Age {
                *value = (age as f64 / DAY) as f32;
            }
        }
        (age <= self.config.max_age.ms() && !self.row.is_empty()).then_some(&self.row)
    }
}

/// Checks that each series can be columns beside the catalogue's and the other series'.
pub(super) fn check(series: &[SeriesConfig]) -> Result<(), FeatureError> {
    let mut columns: Vec<String> = Vec::new();
    for one in series {
        check_name(&one.name)?;
        if one.columns.is_empty() {
            return Err(FeatureError::SeriesForNothing { name: one.name.clone() });
        }
        for column in one.columns() {
            if is_feature(&column) {
                return Err(FeatureError::SeriesTaken { name: one.name.clone(), column });
            }
            if columns.contains(&column) {
                return Err(FeatureError::SeriesTwice { column });
            }
            columns.push(column);
        }
    }
    Ok(())
}

fn is_feature(column: &str) -> bool {
    column.parse::<Feature>().is_ok()
}

/// Checks what the name alone decides.
pub(super) fn check_name(name: &str) -> Result<(), FeatureError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(1..=64).contains(&name.len()) || !name.bytes().all(fits) {
        return Err(FeatureError::SeriesName { name: name.to_owned() });
    }
    match SeriesConfig::new(name).columns().into_iter().find(|column| is_feature(column)) {
        Some(column) => Err(FeatureError::SeriesTaken { name: name.to_owned(), column }),
        None => Ok(()),
    }
}

fn can_be_column<C>(name: &str, _context: &C) -> garde::Result {
    check_name(name).map_err(garde::Error::new)
}

fn week() -> Period {
    Period::days(7)
}

fn value_and_age() -> Vec<SeriesColumn> {
    vec![SeriesColumn::Value, SeriesColumn::Age]
}

fn is_value_and_age(columns: &[SeriesColumn]) -> bool {
    *columns == [SeriesColumn::Value, SeriesColumn::Age]
}
