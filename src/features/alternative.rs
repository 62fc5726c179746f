//! Values that are no candles as features: what was known of a series when a candle ended.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::market::{Period, Value};

use super::{Feature, FeatureError};

/// What a series' second column is called after the first.
const AGE: &str = "_age";

/// Milliseconds of a day, the unit of ages.
const DAY: f64 = 86_400_000.0;

/// A stored series of values as two features: its value `name` and the value's age `name_age`.
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
}

impl SeriesConfig {
    /// The series under its name, its values used for a week.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), max_age: week() }
    }

    /// Names of its two columns: the value, and the days from the time that it speaks of to the end
    /// of the candle.
    #[must_use]
    pub fn columns(&self) -> [String; 2] {
        [self.name.clone(), format!("{}{AGE}", self.name)]
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
/// very millisecond does not. Of these counts the newest time, and of that time the version known
/// last. When it is older than the longest age there is nothing; an earlier value would be older still.
#[derive(Debug, Clone)]
pub struct AsOf {
    config: SeriesConfig,
    /// Values not known at the last decision, by the time they are.
    pending: VecDeque<Value>,
    current: Option<Value>,
    last: Option<i64>,
}

impl AsOf {
    /// A state that knows nothing yet.
    #[must_use]
    pub fn new(config: SeriesConfig) -> Self {
        Self { config, pending: VecDeque::new(), current: None, last: None }
    }

    /// Which series it is of, and how old a value may be.
    #[must_use]
    pub fn config(&self) -> &SeriesConfig {
        &self.config
    }

    /// Takes the next value in the order in which they become known, however early it is given.
    ///
    /// # Errors
    /// A value out of order, known before the time that it speaks of, or beyond 32-bit floats.
    pub fn push(&mut self, value: Value) -> Result<(), FeatureError> {
        let fault = |fault| FeatureError::Value { series: self.config.name.clone(), value, fault };
        if value.known_at < value.time {
            return Err(fault("was known before the time that it is of"));
        }
        if !(value.value as f32).is_finite() {
            return Err(fault("is more than 32-bit floats hold"));
        }
        if self.last.is_some_and(|last| value.known_at < last) {
            return Err(fault("comes after one that was known later"));
        }
        self.last = Some(value.known_at);
        self.pending.push_back(value);
        Ok(())
    }

    /// The value known before `decision` and its age in days, unless there is none or it is too old.
    /// Decisions are asked for in their order.
    pub fn at(&mut self, decision: i64) -> Option<[f32; 2]> {
        while let Some(value) = self.pending.pop_front_if(|value| value.known_at < decision) {
            if self.current.is_none_or(|current| value.time >= current.time) {
                self.current = Some(value);
            }
        }
        let value = self.current?;
        let age = decision.saturating_sub(value.time);
        (age <= self.config.max_age.ms()).then(|| [value.value as f32, (age as f64 / DAY) as f32])
    }
}

/// Checks that each series can be a column beside the catalogue's and the other series'.
pub(super) fn check(series: &[SeriesConfig]) -> Result<(), FeatureError> {
    for (index, one) in series.iter().enumerate() {
        check_name(&one.name)?;
        for earlier in &series[..index] {
            if let Some(column) = one.columns().into_iter().find(|c| earlier.columns().contains(c))
            {
                return Err(FeatureError::SeriesTwice { column });
            }
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), FeatureError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let taken = |name: &str| name.parse::<Feature>().is_ok();
    if !(1..=64).contains(&name.len()) || !name.bytes().all(fits) {
        return Err(FeatureError::SeriesName { name: name.to_owned() });
    }
    let [value, age] = SeriesConfig::new(name).columns();
    match [value, age].into_iter().find(|column| taken(column)) {
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
