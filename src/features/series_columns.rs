//! What a series of values says of its own steps: changes, lags, means, z-scores and ranks.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::feature::{FeatureGroup, FeatureInfo, Input};

/// One row a column: variant, name, what is added to the series' name; values needed, unit;
/// value out of the known ones; formula.
macro_rules! columns {
    ($( $column:ident $name:literal $suffix:literal $needed:literal, $unit:literal
        => $of:expr, $formula:literal; )*) => {
        /// A column of a series of values. Its steps are the values known at a decision, one for each
        /// time, of a time the version known last.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema,
        )]
        pub enum SeriesColumn {
            $(
                #[doc = concat!("`", $formula, "`")]
                #[serde(rename = $name)]
                $column,
            )*
        }

        const DEFINITIONS: &[FeatureInfo] = &[$(FeatureInfo {
            name: concat!("SERIES", $suffix),
            group: FeatureGroup::Series,
            formula: $formula,
            source: "definition",
            inputs: &[Input::Series],
            warm_up: $needed - 1,
            recursive: false,
            unit: $unit,
        },)*];

        impl SeriesColumn {
            /// Every column, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$column,)*];

            /// What is added to the series' name.
            pub(super) fn suffix(self) -> &'static str {
                match self {
                    $(Self::$column => $suffix,)*
                }
            }

            /// Number of known values that it needs.
            pub(super) fn needed(self) -> usize {
                match self {
                    $(Self::$column => $needed,)*
                }
            }

            fn of(self, known: &Known) -> f64 {
                let of: fn(&Known) -> f64 = match self {
                    $(Self::$column => $of,)*
                };
                of(known)
            }
        }
    };
}

columns! {
    Value "value" "" 1, "the series' own" => Known::newest, "X";
    Age "age" "_age" 1, "days" => |_| 0.0, "time from what X speaks of to the candle's end";
    Change1 "change_1" "_change_1" 2, "the series' own" => |known| known.change(1), "X - X[-1]";
    Change7 "change_7" "_change_7" 8, "the series' own" => |known| known.change(7), "X - X[-7]";
    Change30 "change_30" "_change_30" 31, "the series' own"
        => |known| known.change(30), "X - X[-30]";
    LogChange1 "log_change_1" "_log_change_1" 2, "log ratio"
        => |known| known.log_change(1), "ln(X / X[-1])";
    LogChange7 "log_change_7" "_log_change_7" 8, "log ratio"
        => |known| known.log_change(7), "ln(X / X[-7])";
    LogChange30 "log_change_30" "_log_change_30" 31, "log ratio"
        => |known| known.log_change(30), "ln(X / X[-30])";
    Lag1 "lag_1" "_lag_1" 2, "the series' own" => |known| known.before(1), "X[-1]";
    Lag7 "lag_7" "_lag_7" 8, "the series' own" => |known| known.before(7), "X[-7]";
    Lag30 "lag_30" "_lag_30" 31, "the series' own" => |known| known.before(30), "X[-30]";
    Mean7 "mean_7" "_mean_7" 7, "the series' own" => |known| known.mean(7), "mean X";
    Mean30 "mean_30" "_mean_30" 30, "the series' own" => |known| known.mean(30), "mean X";
    Deviation30 "deviation_30" "_deviation_30" 30, "the series' own"
        => |known| known.deviation(30), "std X";
    Z30 "z_30" "_z_30" 30, "standard deviations"
        => |known| known.z_score(30), "(X - mean X) / std X; 0 when the X are equal";
    Z90 "z_90" "_z_90" 90, "standard deviations"
        => |known| known.z_score(90), "(X - mean X) / std X; 0 when the X are equal";
    Z365 "z_365" "_z_365" 365, "standard deviations"
        => |known| known.z_score(365), "(X - mean X) / std X; 0 when the X are equal";
    Percentile30 "percentile_30" "_percentile_30" 30, "0 to 1"
        => |known| known.percentile(30), "rank of X among the last n over n, of equal ones the mean rank";
    Percentile90 "percentile_90" "_percentile_90" 90, "0 to 1"
        => |known| known.percentile(90), "rank of X among the last n over n, of equal ones the mean rank";
    Percentile365 "percentile_365" "_percentile_365" 365, "0 to 1"
        => |known| known.percentile(365), "rank of X among the last n over n, of equal ones the mean rank";
}

/// What a series of values gives, `SERIES` standing for its name. A warm-up is the number of known
/// values, not of candles, that give none.
#[must_use]
pub fn series_catalog() -> &'static [FeatureInfo] {
    DEFINITIONS
}

impl SeriesColumn {
    /// The column's name for a series.
    pub(super) fn name(self, series: &str) -> String {
        format!("{series}{}", self.suffix())
    }

    /// Whether it takes logarithms, which a value that is not positive has none of.
    pub(super) fn is_log(self) -> bool {
        matches!(self, Self::LogChange1 | Self::LogChange7 | Self::LogChange30)
    }
}

/// The newest known values of a series, one for each time, by time.
#[derive(Debug, Clone)]
pub(super) struct Known {
    most: usize,
    values: VecDeque<(i64, f64)>,
}

impl Known {
    /// Nothing known; of what will be the newest `most` are kept.
    pub(super) fn new(most: usize) -> Self {
        Self { most, values: VecDeque::with_capacity(most + 1) }
    }

    /// Takes a version that became known after all others.
    ///
    /// What leaves is older than `most` others, and times only ever get more: it cannot come back.
    pub(super) fn learn(&mut self, time: i64, value: f64) {
        let place = self.values.partition_point(|&(earlier, _)| earlier < time);
        match self.values.get_mut(place) {
            Some(known) if known.0 == time => known.1 = value,
            _ => self.values.insert(place, (time, value)),
        }
        if self.values.len() > self.most {
            self.values.pop_front();
        }
    }

    /// The time of the newest value.
    pub(super) fn time(&self) -> Option<i64> {
        self.values.back().map(|&(time, _)| time)
    }

    /// Appends the columns, none unless each has all the values it needs. The age is 0: it is told at
    /// each decision.
    pub(super) fn row(&self, columns: &[SeriesColumn], row: &mut Vec<f32>) {
        if columns.iter().any(|column| column.needed() > self.values.len()) {
            return;
        }
        // Differences of the largest values are beyond single precision.
        let held = |value: f64| value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
        row.extend(columns.iter().map(|column| held(column.of(self))));
    }

    fn newest(&self) -> f64 {
        self.before(0)
    }

    /// The value `steps` before the newest; 0 when there are fewer, which `row` rules out.
    fn before(&self, steps: usize) -> f64 {
        let place = self.values.len().checked_sub(steps + 1);
        place.and_then(|place| self.values.get(place)).map_or(0.0, |&(_, value)| value)
    }

    fn change(&self, steps: usize) -> f64 {
        self.newest() - self.before(steps)
    }

    fn log_change(&self, steps: usize) -> f64 {
        (self.newest() / self.before(steps)).ln()
    }

    /// The last `count` values, oldest first.
    fn last(&self, count: usize) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().skip(self.values.len().saturating_sub(count)).map(|&(_, value)| value)
    }

    /// The mean, exact for values that are all the same.
    fn mean(&self, count: usize) -> f64 {
        let oldest = self.last(count).next().unwrap_or(0.0);
        oldest + self.last(count).map(|value| value - oldest).sum::<f64>() / count as f64
    }

    /// Standard deviation of the values themselves.
    fn deviation(&self, count: usize) -> f64 {
        let mean = self.mean(count);
        let squares = self.last(count).map(|value| (value - mean) * (value - mean)).sum::<f64>();
        (squares / count as f64).sqrt()
    }

    fn z_score(&self, count: usize) -> f64 {
        let deviation = self.deviation(count);
        if deviation == 0.0 { 0.0 } else { (self.newest() - self.mean(count)) / deviation }
    }

    fn percentile(&self, count: usize) -> f64 {
        let newest = self.newest();
        let below = self.last(count).filter(|&value| value < newest).count() as f64;
        let equal = self.last(count).filter(|&value| value == newest).count() as f64;
        (below + f64::midpoint(equal, 1.0)) / count as f64
    }
}
