//! Run events as plain data: what steps emit and `tracking` delivers.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A resolved configuration value.
    Param {
        /// Dotted path in the config.
        key: String,
        /// Value as text.
        value: String,
    },
    /// A number measured at a step.
    Metric {
        /// `section/…/name`, such as `train/fold_0/loss`.
        key: String,
        /// The number; NaN and infinities are kept.
        #[serde(serialize_with = "number_or_name", deserialize_with = "from_number_or_name")]
        value: f64,
        /// Step or epoch it belongs to.
        step: i64,
    },
    /// A label of the run.
    Tag {
        /// Name.
        key: String,
        /// Value.
        value: String,
    },
    /// Data the run was fed with.
    Dataset {
        /// `venue/market/symbol interval`.
        name: String,
        /// Hex sha256 of the content.
        digest: String,
        /// Where it came from.
        source: String,
        /// What it is used for: `training`, `validation` or `test`.
        context: String,
        /// Names of its columns.
        columns: Vec<String>,
        /// Number of rows.
        rows: u64,
    },
    /// A file or folder of the run folder that is complete.
    Artifact {
        /// Path relative to the run folder.
        path: String,
    },
    /// Where the run stands.
    Status {
        /// The state entered.
        status: Status,
    },
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// At work.
    Running,
    /// Done.
    Finished,
    /// Ended by an error.
    Failed,
    /// Stopped from outside; can be resumed.
    Killed,
}

/// Writes a number, or as text what JSON has no number for.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
pub(crate) fn number_or_name<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(*value)
    } else if value.is_nan() {
        serializer.serialize_str("NaN")
    } else {
        serializer.serialize_str(if *value > 0.0 { "Infinity" } else { "-Infinity" })
    }
}

fn from_number_or_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Name(String),
    }
    match Written::deserialize(deserializer)? {
        Written::Number(value) => Ok(value),
        Written::Name(name) => match name.as_str() {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            other => Err(serde::de::Error::custom(format!("`{other}` is no number"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_json_lacks_survive() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1] {
            let event = Event::Metric { key: "train/loss".into(), value, step: 1 };
            let text = serde_json::to_string(&event).unwrap();
            let Event::Metric { value: back, .. } = serde_json::from_str(&text).unwrap() else {
                panic!("not a metric: {text}");
            };
            assert_eq!(back.to_bits(), value.to_bits());
        }
    }
}
