//! Settings outside of a run: defaults, a file that changes some of them, and overrides.

use std::path::Path;

use garde::Validate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::load::{ConfigError, rendered};
use super::overrides::{Override, apply};
use super::suggest;

/// The defaults of `T`, changed by the file at `path` where it names a key, then by `overrides`.
///
/// # Errors
/// When the file cannot be read or names something that `T` has not or cannot be.
pub fn load_part<T>(path: Option<&Path>, overrides: &[Override]) -> Result<T, ConfigError>
where
    T: Default + Serialize + DeserializeOwned + Validate<Context = ()>,
{
    let shown = path.map_or_else(|| "defaults".to_owned(), |path| path.display().to_string());
    let invalid = |message: String| ConfigError::Invalid { path: shown.clone(), message };
    let mut tree = serde_json::to_value(T::default()).map_err(|e| invalid(e.to_string()))?;
    if let Some(path) = path {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: shown.clone(), source })?;
        let given: Value =
            serde_saphyr::from_str(&text).map_err(|error| invalid(rendered(&error, &shown)))?;
        merge(&mut tree, given);
    }
    for change in overrides {
        apply(&mut tree, change)?;
    }
    // JSON is YAML: the parser's words name the key and what would be right.
    let text = serde_json::to_string_pretty(&tree).map_err(|error| invalid(error.to_string()))?;
    let part: T = serde_saphyr::from_str(&text)
        .map_err(|error| invalid(suggest::with_suggestion(&rendered(&error, &shown))))?;
    part.validate().map_err(|report| invalid(report.to_string().trim_end().to_owned()))?;
    Ok(part)
}

/// Puts each value of `given` over the one of the same key.
fn merge(tree: &mut Value, given: Value) {
    match (tree, given) {
        (Value::Object(fields), Value::Object(given)) => {
            for (key, value) in given {
                merge(fields.entry(key).or_insert(Value::Null), value);
            }
        }
        // An empty file changes nothing.
        (_, Value::Null) => {}
        (tree, given) => *tree = given,
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
    #[serde(deny_unknown_fields, default)]
    struct Part {
        #[garde(range(min = 1))]
        one: u32,
        #[garde(skip)]
        other: Inner,
    }

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        name: String,
        count: u32,
    }

    impl Default for Part {
        fn default() -> Self {
            Self { one: 1, other: Inner { name: "a".into(), count: 2 } }
        }
    }

    #[test]
    fn what_is_not_named_keeps_its_default() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("part.yaml");
        let load = |text: &str, set: &[&str]| {
            std::fs::write(&file, text).unwrap();
            let set: Vec<Override> = set.iter().map(|text| text.parse().unwrap()).collect();
            load_part::<Part>(Some(&file), &set).map_err(|error| error.to_string())
        };
        let part = load("other: {count: 5}", &["one=3"]).unwrap();
        assert_eq!(part, Part { one: 3, other: Inner { name: "a".into(), count: 5 } });
        assert_eq!(load("# nothing", &[]).unwrap(), Part::default());
        assert!(load("one: 0", &[]).unwrap_err().contains("one"));
        assert!(load("oen: 1", &[]).unwrap_err().contains("oen"));
        assert!(load("other: {nam: b}", &[]).unwrap_err().contains("part.yaml"));
    }
}
