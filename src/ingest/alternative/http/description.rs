//! What a source of a series is asked and how its answer is read, as YAML says it.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::source_error::SourceError;
use crate::market::Period;

/// A source of series over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SourceDescription {
    /// Name of the source.
    #[garde(pattern(r"^[a-z0-9_]{1,32}$"))]
    pub name: String,
    /// What it gives, in one line.
    #[garde(length(min = 1, max = 400))]
    pub what: String,
    /// What its values may be used for, in one line.
    #[garde(length(min = 1, max = 400))]
    pub licence: String,
    /// GET or POST. Default `get`.
    #[serde(default)]
    #[garde(skip)]
    pub method: Method,
    /// Address up to the query; `{names}` in its path are replaced. The origin (`https://host`) is
    /// literal or `{origin}`, which the user sets.
    #[garde(length(min = 1, max = 2000))]
    pub address: String,
    /// Parameters of the query. One that is empty or whose placeholders have no value is left out.
    #[serde(default)]
    #[garde(length(max = 50))]
    pub query: BTreeMap<String, String>,
    /// Headers beside that of the key, literal.
    #[serde(default)]
    #[garde(length(max = 20))]
    pub headers: BTreeMap<String, String>,
    /// Body of a POST, sent as JSON. A text that is nothing but `{page}`, or `{from}` and `{to}` in
    /// `s` or `ms`, becomes a number; a text that is empty or whose placeholders have no value is
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub body: Option<serde_json::Value>,
    /// Header that carries the key, and where the key comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub key: Option<KeyConfig>,
    /// Placeholders that the user sets, beside `origin`. The program itself sets `from`, `to`,
    /// `cursor` and `page`.
    #[serde(default)]
    #[garde(length(max = 30), dive)]
    pub variables: BTreeMap<String, Variable>,
    /// How `{from}` and `{to}` are written. Default `ms`.
    #[serde(default)]
    #[garde(skip)]
    pub asked_time: TimeUnit,
    /// Where the values stand in the answer.
    #[garde(dive)]
    pub answer: AnswerConfig,
    /// How long after the time that a value speaks of it is known: its period, if it speaks of one,
    /// and the delay of the provider.
    #[garde(skip)]
    pub known_after: Period,
    /// How a long series is cut into answers. Default `none`.
    #[serde(default)]
    #[garde(dive)]
    pub paging: Paging,
    /// Most answers that one fetch asks for. Default 1000.
    #[serde(default = "default_pages")]
    #[garde(range(min = 1, max = 100_000))]
    pub most_pages: u32,
    /// How often it may be asked. Default once a second.
    #[serde(default)]
    #[garde(dive)]
    pub rate: Rate,
    /// Longest time of one answer. Default 1m.
    #[serde(default = "default_timeout")]
    #[garde(skip)]
    pub timeout: Period,
}

/// How a source is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// By address and query.
    #[default]
    Get,
    /// By a JSON body.
    Post,
}

/// The header that carries the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// Environment variable that holds the key.
    #[garde(pattern(r"^[A-Z][A-Z0-9_]{0,63}$"))]
    pub variable: String,
    /// Name of the header.
    #[garde(pattern(r"^[A-Za-z0-9-]{1,64}$"))]
    pub header: String,
    /// What stands before the key in the header, such as `Bearer `.
    #[serde(default)]
    #[garde(length(max = 64))]
    pub prefix: String,
    /// Where a key is to be had.
    #[garde(length(min = 1, max = 400))]
    pub from: String,
    /// Whether the source also answers without a key. Default no.
    #[serde(default)]
    #[garde(skip)]
    pub optional: bool,
}

/// A placeholder that the user sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// What it is, with an example.
    #[garde(length(min = 1, max = 400))]
    pub what: String,
    /// Its value when the user sets none; without one the user has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(length(max = 400))]
    pub default: Option<String>,
}

/// How a point in time is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// Seconds since 1970, as a number or a text.
    S,
    /// Milliseconds since 1970, as a number or a text.
    #[default]
    Ms,
    /// A date, midnight UTC.
    Date,
    /// A date and time of RFC 3339; UTC when it names no zone.
    Rfc3339,
}

impl TimeUnit {
    /// As YAML writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::S => "s",
            Self::Ms => "ms",
            Self::Date => "date",
            Self::Rfc3339 => "rfc3339",
        }
    }
}

/// Where the values stand: `rows` with `time` and `value`, or `times` beside `values`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct AnswerConfig {
    /// JSON path (RFC 9535) of the rows, such as `$.data[*]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(length(max = 400))]
    pub rows: Option<String>,
    /// A row's time: the name of a field, the index of an array, or a JSON path from the row on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(length(max = 400))]
    pub time: Option<String>,
    /// A row's value, likewise; may hold variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(length(max = 400))]
    pub value: Option<String>,
    /// When a row was published, likewise: it is not known before, whatever `known_after` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(length(max = 400))]
    pub known: Option<String>,
    /// JSON path of all times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(length(max = 400))]
    pub times: Option<String>,
    /// JSON path of all values, as many and in the same order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(length(max = 400))]
    pub values: Option<String>,
    /// How the times are written.
    #[garde(skip)]
    pub unit: TimeUnit,
    /// What two different values of one time are. Default `refuse`.
    #[serde(default)]
    #[garde(skip)]
    pub same_time: SameTime,
}

/// What several values of one time in one fetch are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SameTime {
    /// An error, unless they are equal.
    #[default]
    Refuse,
    /// The last one counts.
    Last,
    /// Their mean counts, known when the last of them is.
    Mean,
}

/// How a long series is cut into answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Paging {
    /// One answer holds all.
    #[default]
    None,
    /// Each answer names the next by a cursor, sent as `{cursor}`.
    Cursor {
        /// JSON path of the cursor; none, null or an empty text ends the series.
        #[garde(length(min = 1, max = 400))]
        cursor: String,
    },
    /// Each answer covers a stretch of time `{from}` to `{to}`.
    Window {
        /// Length of the stretch.
        #[garde(skip)]
        span: Period,
        /// Rows of a full answer, which may have been cut: the next one begins behind its last row.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[garde(range(min = 1))]
        full: Option<u32>,
    },
    /// Answers have numbers, sent as `{page}`; one without rows is behind the last.
    Pages {
        /// Number of the first.
        #[garde(skip)]
        first: u32,
        /// JSON path of a boolean that is true on the last page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[garde(length(min = 1, max = 400))]
        last: Option<String>,
    },
}

/// So many requests in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Number of requests.
    #[garde(range(min = 1, max = 10_000))]
    pub requests: u32,
    /// Within any stretch of this length.
    #[garde(skip)]
    pub per: Period,
}

impl Default for Rate {
    fn default() -> Self {
        Self { requests: 1, per: second() }
    }
}

impl SourceDescription {
    /// Reads a description from the text of the file `path`.
    ///
    /// # Errors
    /// When it is no description, with the place.
    pub fn parse(text: &str, path: &str) -> Result<Self, SourceError> {
        serde_saphyr::from_str_valid(text).map_err(|error| {
            let message = error.to_string().replace("<input>", path);
            let message = message.trim_start_matches("error: ").trim_end().to_owned();
            SourceError::Description { path: path.to_owned(), message }
        })
    }
}

fn default_pages() -> u32 {
    1000
}

fn default_timeout() -> Period {
    Period::seconds(60)
}

fn second() -> Period {
    Period::seconds(1)
}
