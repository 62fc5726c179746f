//! Names and values as MLflow takes them.
//!
//! The server's rules (`mlflow/utils/validation.py`): a key has at most 250 characters, each a word
//! character or one of `/ . - : space`, and is its own normalised path; a param value has at most
//! 6000 characters and a tag value 8000, and longer ones are cut by the server without a word.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// Longest key in characters.
const KEY_LENGTH: usize = 250;
/// Longest value of a param in characters.
pub(super) const PARAM_LENGTH: usize = 6000;
/// Longest value of a tag in characters.
pub(super) const TAG_LENGTH: usize = 8000;

/// What a key names; keys of different kinds do not meet at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A param.
    Param,
    /// A metric.
    Metric,
    /// A tag.
    Tag,
}

/// The server's names of a run's keys, the same whenever the same journal is read.
#[derive(Default)]
pub(super) struct Keys {
    given: HashMap<(Kind, String), String>,
    taken: HashMap<(Kind, String), String>,
}

impl Keys {
    /// The server's name of `key`: `key` itself where the server takes it.
    pub(super) fn name(&mut self, kind: Kind, key: &str) -> String {
        let original = (kind, key.to_owned());
        if let Some(name) = self.given.get(&original) {
            return name.clone();
        }
        let mut name = fitting(key);
        if self.taken.contains_key(&(kind, name.clone())) {
            name = marked(&name, key);
        }
        if name != key {
            tracing::warn!("MLflow takes no key `{key}`; it is sent as `{name}`");
        }
        self.taken.insert((kind, name.clone()), key.to_owned());
        self.given.insert(original, name.clone());
        name
    }
}

/// `text` cut to `limit` characters, with a note of its length, or unchanged.
pub(super) fn cut(what: &str, key: &str, text: &str, limit: usize) -> String {
    let length = text.chars().count();
    if length <= limit {
        return text.to_owned();
    }
    tracing::warn!("{what} `{key}` has {length} characters; MLflow gets the first of {limit}");
    let note = format!(" … (cut from {length} characters)");
    let kept = limit - note.chars().count();
    text.chars().take(kept).collect::<String>() + &note
}

fn fitting(key: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | ' ' | ':');
    let clean: String = key.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    let parts: Vec<&str> = clean
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| if matches!(part, "." | "..") { "_" } else { part })
        .collect();
    let clean = if parts.is_empty() { "_".to_owned() } else { parts.join("/") };
    if clean.chars().count() <= KEY_LENGTH { clean } else { marked(&clean, key) }
}

/// `name` made unlike others by a mark of the key it stands for.
fn marked(name: &str, key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let mark = format!("{:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]));
    let kept: String = name.chars().take(KEY_LENGTH - 1 - mark.len()).collect();
    format!("{kept}_{mark}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_made_fit_and_kept_apart() {
        let mut keys = Keys::default();
        let mut metric = |key: &str| keys.name(Kind::Metric, key);
        assert_eq!(metric("train/fold_0/loss"), "train/fold_0/loss");
        assert_eq!(metric("温度 ä:1"), "温度 ä:1");
        assert_eq!(metric("ema_12@1h"), "ema_12_1h");
        let other = metric("ema_12_1h");
        assert!(other.starts_with("ema_12_1h_") && other.len() == 18, "{other}");
        assert_eq!(metric("ema_12@1h"), "ema_12_1h");
        assert_eq!(metric("ema_12_1h"), other);
        assert_eq!(metric("/a//../b/."), "a/_/b/_");
        assert_eq!(metric(""), "_");
        assert_eq!(keys.name(Kind::Tag, "ema_12_1h"), "ema_12_1h");
    }

    #[test]
    fn long_values_are_cut_with_a_note() {
        let text = cut("param", "features", &"ä".repeat(7000), PARAM_LENGTH);
        assert_eq!(text.chars().count(), PARAM_LENGTH);
        assert!(text.ends_with(" … (cut from 7000 characters)"));
        assert_eq!(cut("param", "features", "short", PARAM_LENGTH), "short");
    }

    proptest! {
        #[test]
        fn prop_names_are_legal_and_distinct(keys in proptest::collection::hash_set(".{0,300}", 1..20)) {
            let mut names = Keys::default();
            let mut seen = HashSet::new();
            for key in &keys {
                let name = names.name(Kind::Param, key);
                prop_assert!(name.chars().count() <= KEY_LENGTH && !name.is_empty());
                prop_assert!(name.chars().all(|c| c.is_alphanumeric() || "_/.- :".contains(c)));
                prop_assert!(name.split('/').all(|part| !matches!(part, "" | "." | "..")));
                prop_assert!(seen.insert(name));
            }
        }
    }
}
