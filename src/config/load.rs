//! Reading, checking and writing a configuration.

use std::path::Path;

use garde::Validate;
use serde::de::IgnoredAny;
use thiserror::Error;

use super::overrides::{Override, apply};
use super::{RunConfig, locate, rules, suggest};

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("failed to read config {path}: {source}")]
    Read {
        /// Path of the file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not a valid configuration; the message holds line, column and remedy.
    #[error("config {path} is not valid\n{message}")]
    Invalid {
        /// Path of the file.
        path: String,
        /// What is wrong, where, and what would be right.
        message: String,
    },
    /// An override cannot be applied.
    #[error("--set {text}: {message}")]
    Override {
        /// The override as given.
        text: String,
        /// What is wrong with it.
        message: String,
    },
}

/// Reads the config at `path`, applies `overrides` and checks everything.
///
/// # Errors
/// When the file cannot be read or says something that no run can do.
pub fn load(path: &Path, overrides: &[Override]) -> Result<RunConfig, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.display().to_string(), source })?;
    parse(&text, &path.display().to_string(), overrides)
}

/// Parses and checks `text`, which stands in the file `path`.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, path: &str, overrides: &[Override]) -> Result<RunConfig, ConfigError> {
    if overrides.is_empty() {
        return typed(text, path);
    }
    let invalid = |error: &serde_saphyr::Error| ConfigError::Invalid {
        path: path.to_owned(),
        message: rendered(error, path),
    };
    let mut tree: serde_json::Value = serde_saphyr::from_str(text).map_err(|e| invalid(&e))?;
    for change in overrides {
        apply(&mut tree, change)?;
    }
    // JSON is YAML: the changed tree goes through the very same checks.
    let changed = serde_json::to_string_pretty(&tree).map_err(|error| ConfigError::Invalid {
        path: path.to_owned(),
        message: error.to_string(),
    })?;
    let list: Vec<&str> = overrides.iter().map(|change| change.text.as_str()).collect();
    typed(&changed, &format!("{path} with --set {}", list.join(" --set ")))
}

fn typed(text: &str, path: &str) -> Result<RunConfig, ConfigError> {
    let invalid = |message: String| ConfigError::Invalid { path: path.to_owned(), message };
    if text.trim().is_empty()
        || serde_saphyr::from_str::<IgnoredAny>(text).is_ok_and(|_| only_comments(text))
    {
        return Err(invalid(
            "the file is empty; start from one of model_configs/*.yaml".to_owned(),
        ));
    }
    let config: RunConfig = serde_saphyr::from_str(text)
        .map_err(|error| invalid(suggest::with_suggestion(&rendered(&error, path))))?;
    if let Err(report) = config.validate() {
        let lines: Vec<String> = report
            .iter()
            .map(|(path, error)| described(text, &path.to_string(), &error.to_string()))
            .collect();
        return Err(invalid(lines.join("\n")));
    }
    let broken = rules::broken(&config);
    if !broken.is_empty() {
        let lines: Vec<String> =
            broken.iter().map(|rule| described(text, rule.key, &rule.message)).collect();
        return Err(invalid(lines.join("\n")));
    }
    Ok(config)
}

/// The parser's words and its excerpt of the text, under the file's own name.
pub(super) fn rendered(error: &serde_saphyr::Error, path: &str) -> String {
    let text = error.to_string().replace("<input>", path);
    text.trim_start_matches("error: ").trim_end().to_owned()
}

fn described(text: &str, key: &str, message: &str) -> String {
    match locate::position(text, key) {
        Some((line, column)) => format!("line {line} column {column}: {key}: {message}"),
        None => format!("{key} (not in the file, so its default holds): {message}"),
    }
}

fn only_comments(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    })
}

/// The whole configuration, defaults included, as YAML (written as JSON, which is YAML).
///
/// # Errors
/// Never for a config that [`load`] gave.
pub fn resolved_yaml(config: &RunConfig) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(config).map(|text| text + "\n")
}
