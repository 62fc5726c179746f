//! From an answer's JSON to values.

use serde_json::Value as Json;
use serde_json_path::JsonPath;

use super::description::{AnswerConfig, TimeUnit};
use crate::market::Time;

/// First and last millisecond of the years 1 to 9999.
const TIMES: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// Where the values of an answer stand.
#[derive(Debug)]
pub(super) enum Layout {
    /// Rows that each hold a time and a value.
    Rows {
        rows: JsonPath,
        holder: Option<JsonPath>,
        time: Column,
        value: Column,
        known: Option<Column>,
    },
    /// All times, and all values in the same order.
    Columns { times: JsonPath, values: JsonPath },
}

/// A place in a row.
#[derive(Debug)]
pub(super) enum Column {
    Field(String),
    Index(usize),
    Path(JsonPath),
}

/// What one row says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    /// What it speaks of, ms.
    pub time: i64,
    /// When it was published, ms.
    pub known: Option<i64>,
    /// The value; `None` when the row has none.
    pub value: Option<f64>,
}

impl Layout {
    /// The layout that a description names; `fill` puts variables into the value's column.
    pub(super) fn new(
        config: &AnswerConfig,
        fill: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Self, String> {
        match config {
            AnswerConfig {
                rows: Some(rows),
                time: Some(time),
                value: Some(value),
                known,
                times: None,
                values: None,
                ..
            } => Ok(Self::Rows {
                rows: json_path(rows)?,
                holder: holder(rows).map(json_path).transpose()?,
                time: column(time)?,
                value: column(&fill(value)?)?,
                known: known.as_deref().map(column).transpose()?,
            }),
            AnswerConfig {
                rows: None,
                time: None,
                value: None,
                known: None,
                times: Some(times),
                values: Some(values),
                ..
            } => Ok(Self::Columns { times: json_path(times)?, values: json_path(values)? }),
            _ => Err(
                "answer needs either rows, time and value (and known, if there is one), or times \
                      and values"
                    .to_owned(),
            ),
        }
    }

    /// The rows of an answer, in its order.
    ///
    /// The error names the row and what is wrong, never the answer's own words.
    pub(super) fn read(&self, answer: &Json, unit: TimeUnit) -> Result<Vec<Row>, String> {
        match self {
            Self::Rows { rows, holder, time, value, known } => {
                if let Some(holder) = holder
                    && !holder.query(answer).iter().any(|node| node.is_array() || node.is_object())
                {
                    return Err(format!("nothing at `{holder}`, where its rows should be"));
                }
                let read = |(index, row): (usize, &Json)| {
                    let at = |what: &str| format!("row {}: {what}", index + 1);
                    let place = |column: &Column| {
                        column.of(row).ok_or_else(|| at(&format!("nothing at `{column}`")))
                    };
                    Ok(Row {
                        time: read_time(place(time)?, unit).map_err(|what| at(&what))?,
                        known: match known {
                            Some(known) => {
                                Some(read_time(place(known)?, unit).map_err(|what| at(&what))?)
                            }
                            None => None,
                        },
                        value: read_value(place(value)?).map_err(|what| at(&what))?,
                    })
                };
                rows.query(answer).iter().copied().enumerate().map(read).collect()
            }
            Self::Columns { times, values } => {
                let (times, values) = (times.query(answer).all(), values.query(answer).all());
                if times.len() != values.len() {
                    return Err(format!("{} times beside {} values", times.len(), values.len()));
                }
                let read = |(index, (time, value)): (usize, (&Json, &Json))| {
                    let at = |what: String| format!("row {}: {what}", index + 1);
                    Ok(Row {
                        time: read_time(time, unit).map_err(at)?,
                        known: None,
                        value: read_value(value).map_err(at)?,
                    })
                };
                times.into_iter().zip(values).enumerate().map(read).collect()
            }
        }
    }
}

impl Column {
    fn of<'a>(&self, row: &'a Json) -> Option<&'a Json> {
        match self {
            Self::Field(name) => row.get(name),
            Self::Index(index) => row.get(index),
            Self::Path(path) => path.query(row).first(),
        }
    }
}

impl std::fmt::Display for Column {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Field(name) => f.write_str(name),
            Self::Index(index) => write!(f, "{index}"),
            Self::Path(path) => write!(f, "{path}"),
        }
    }
}

/// Reads a JSON path.
pub(super) fn json_path(text: &str) -> Result<JsonPath, String> {
    JsonPath::parse(text).map_err(|error| format!("`{text}` is no JSON path: {error}"))
}

/// The path of what holds the rows: an answer without it is no empty one, but another one.
fn holder(rows: &str) -> Option<&str> {
    rows.strip_suffix("[*]").or_else(|| rows.split_once("[?").map(|(holder, _)| holder))
}

fn column(text: &str) -> Result<Column, String> {
    if text.starts_with('$') {
        return json_path(text).map(Column::Path);
    }
    if text.is_empty() {
        return Err("a column has no name".to_owned());
    }
    Ok(text.parse().map_or_else(|_| Column::Field(text.to_owned()), Column::Index))
}

fn read_time(json: &Json, unit: TimeUnit) -> Result<i64, String> {
    let wrong = || format!("its time is {}, not one in `{}`", kind(json), unit.name());
    let scaled = |scale: i64| match json {
        Json::Number(number) => match number.as_i64() {
            Some(whole) => whole.checked_mul(scale),
            None => number.as_f64().map(|broken| (broken * scale as f64).round() as i64),
        },
        Json::String(text) => {
            text.trim().parse::<i64>().ok().and_then(|whole| whole.checked_mul(scale))
        }
        _ => None,
    };
    let time = match unit {
        TimeUnit::S => scaled(1000),
        TimeUnit::Ms => scaled(1),
        TimeUnit::Date => json
            .as_str()
            .filter(|text| text.len() == 10)
            .and_then(|text| text.parse::<Time>().ok())
            .map(|time| time.0),
        TimeUnit::Rfc3339 => {
            json.as_str().and_then(|text| text.parse::<Time>().ok()).map(|time| time.0)
        }
    };
    time.filter(|time| TIMES.contains(time)).ok_or_else(wrong)
}

/// A number, also one written as a text; null, an empty text and NaN are no value.
fn read_value(json: &Json) -> Result<Option<f64>, String> {
    let value = match json {
        Json::Null => return Ok(None),
        Json::Number(number) => number.as_f64(),
        Json::String(text) if text.trim().is_empty() => return Ok(None),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match value {
        Some(value) if value.is_nan() => Ok(None),
        Some(value) if value.is_finite() => Ok(Some(value)),
        _ => Err(format!("its value is {}, not a number", kind(json))),
    }
}

fn kind(json: &Json) -> String {
    match json {
        Json::Null => "null".to_owned(),
        Json::Bool(_) => "true or false".to_owned(),
        Json::Number(_) => "a number out of range".to_owned(),
        Json::String(text) => format!("a text of {} characters", text.chars().count()),
        Json::Array(_) => "an array".to_owned(),
        Json::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn layout(yaml: &str) -> (Layout, TimeUnit) {
        let config: AnswerConfig = serde_saphyr::from_str(yaml).unwrap();
        (Layout::new(&config, &|text| Ok(text.to_owned())).unwrap(), config.unit)
    }

    fn read(yaml: &str, answer: &Json) -> Result<Vec<(i64, Option<f64>)>, String> {
        let (layout, unit) = layout(yaml);
        Ok(layout.read(answer, unit)?.iter().map(|row| (row.time, row.value)).collect())
    }

    #[test]
    fn rows_of_objects_arrays_and_paths() {
        let yaml = "{rows: '$.data[*]', time: t, value: v, unit: s}";
        let answer = json!({"data": [
            {"t": 1_700_000_000, "v": "1.5"}, {"t": "1700000001", "v": null},
            {"t": 1_700_000_002.5, "v": 3}, {"t": 3, "v": "NaN"}, {"t": 4, "v": " "},
        ]});
        assert_eq!(
            read(yaml, &answer).unwrap(),
            [
                (1_700_000_000_000, Some(1.5)),
                (1_700_000_001_000, None),
                (1_700_000_002_500, Some(3.0)),
                (3000, None),
                (4000, None)
            ]
        );
        let yaml = "{rows: '$[*]', time: '0', value: '1', unit: ms}";
        assert_eq!(
            read(yaml, &json!([[7, -2.5], [8, 1]])).unwrap(),
            [(7, Some(-2.5)), (8, Some(1.0))]
        );
        let yaml = "{rows: '$.d[?@.done != false]', time: day, value: '$.usd.total', unit: date}";
        let answer = json!({"d": [
            {"day": "2024-01-01", "usd": {"total": 2}},
            {"day": "2024-01-02", "usd": {"total": 3}, "done": false},
        ]});
        assert_eq!(read(yaml, &answer).unwrap(), [(1_704_067_200_000, Some(2.0))]);
        let yaml = "{times: '$.t[*]', values: '$.v[*]', unit: rfc3339}";
        let answer =
            json!({"t": ["2024-01-01T01:00:00.000000000Z", "2024-01-01T01:00"], "v": [1, "2"]});
        assert_eq!(
            read(yaml, &answer).unwrap(),
            [(1_704_070_800_000, Some(1.0)), (1_704_070_800_000, Some(2.0))]
        );
    }

    #[test]
    fn what_the_description_does_not_say_is_an_error_without_the_answers_words() {
        let yaml = "{rows: '$.data[*]', time: t, value: v, unit: s}";
        for (answer, word) in [
            (json!({"error": "S3CRET"}), "nothing at `$.data`"),
            (json!({"data": "S3CRET"}), "nothing at `$.data`"),
            (json!({"data": [{"t": 1}]}), "row 1: nothing at `v`"),
            (json!({"data": [{"t": 1, "v": 1}, {"t": "S3CRET", "v": 1}]}), "row 2: its time"),
            (json!({"data": [{"t": i64::MAX, "v": 1}]}), "row 1: its time"),
            (json!({"data": [{"t": 1e300, "v": 1}]}), "row 1: its time"),
            (json!({"data": [{"t": 1, "v": "S3CRET"}]}), "a text of 6 characters"),
            (json!({"data": [{"t": 1, "v": "inf"}]}), "row 1: its value"),
            (json!({"data": [{"t": 1, "v": {}}]}), "an object"),
            (json!({"data": [3]}), "nothing at `t`"),
        ] {
            let error = read(yaml, &answer).unwrap_err();
            assert!(error.contains(word) && !error.contains("S3CRET"), "{error}");
        }
        let yaml = "{times: '$.t[*]', values: '$.v[*]', unit: ms}";
        assert!(read(yaml, &json!({"t": [1, 2], "v": [1]})).unwrap_err().contains("2 times"));
        for wrong in
            ["{unit: s}", "{rows: '$[*]', time: t, unit: s}", "{rows: '$[*]', times: '$', unit: s}"]
        {
            let config: AnswerConfig = serde_saphyr::from_str(wrong).unwrap();
            assert!(Layout::new(&config, &|text| Ok(text.to_owned())).is_err(), "{wrong}");
        }
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            ".{0,12}".prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 30, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                proptest::collection::hash_map("[dtv]", inner, 0..4)
                    .prop_map(|map| Json::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Whatever the answer is: times lie in the years 1 to 9999 and values are finite, or it is
        /// refused.
        #[test]
        fn prop_no_answer_panics(inner in any_json(), unit in 0_usize..4) {
            let unit = [TimeUnit::S, TimeUnit::Ms, TimeUnit::Date, TimeUnit::Rfc3339][unit];
            let (layout, _) = layout("{rows: '$.d[*]', time: t, value: v, unit: s}");
            for answer in [json!({"d": [{"t": inner, "v": inner}]}), json!({"d": inner}), inner.clone()] {
                for row in layout.read(&answer, unit).unwrap_or_default() {
                    prop_assert!(TIMES.contains(&row.time));
                    prop_assert!(row.value.is_none_or(f64::is_finite));
                }
            }
        }
    }
}
