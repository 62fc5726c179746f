//! `--set key=value`: one value of the config changed from the command line.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::ConfigError;

/// A dotted key and the YAML value to put there.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// As written on the command line.
    pub text: String,
    path: Vec<String>,
    value: Value,
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or_else(|| {
            format!("`{text}` has no `=`; write key=value, such as training.epochs=3")
        })?;
        let path: Vec<String> = key.split('.').map(|part| part.trim().to_owned()).collect();
        if path.iter().any(String::is_empty) {
            return Err(format!("`{key}` is no dotted key, such as training.epochs"));
        }
        let value = if value.trim().is_empty() {
            Value::Null
        } else {
            serde_saphyr::from_str(value)
                .map_err(|error| format!("`{value}` is no YAML value: {error}"))?
        };
        Ok(Self { text: text.to_owned(), path, value })
    }
}

/// Puts the value in its place; missing parents are made.
pub(super) fn apply(tree: &mut Value, change: &Override) -> Result<(), ConfigError> {
    let mut place = tree;
    for key in &change.path {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(fields) = place else {
            return Err(ConfigError::Override {
                text: change.text.clone(),
                message: format!("`{key}` lies below a value that is no mapping"),
            });
        };
        place = fields.entry(key.clone()).or_insert(Value::Null);
    }
    *place = change.value.clone();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_nested_values_of_every_type() {
        let mut tree = serde_json::json!({ "training": { "epochs": 1 } });
        for text in ["training.epochs=3", "name=x", "data.symbols=[A, B]", "net.lstm.dropout=0.5"] {
            apply(&mut tree, &text.parse().unwrap()).unwrap();
        }
        assert_eq!(
            tree,
            serde_json::json!({
                "training": { "epochs": 3 }, "name": "x",
                "data": { "symbols": ["A", "B"] }, "net": { "lstm": { "dropout": 0.5 } },
            })
        );
        let wrong: Override = "name.first=1".parse().unwrap();
        assert!(apply(&mut tree, &wrong).unwrap_err().to_string().contains("no mapping"));
        assert!("epochs".parse::<Override>().is_err());
    }
}
