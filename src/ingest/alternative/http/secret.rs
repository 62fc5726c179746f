//! A key on its way from the environment into one header, kept out of every text.

use std::fmt;

use super::description::KeyConfig;
use super::source_error::SourceError;

/// What stands in the key's place.
const MASK: &str = "***";

/// A key.
#[derive(Clone)]
pub(super) struct Key {
    header: String,
    prefix: String,
    value: String,
    /// The key as it is, and as JSON may write it.
    forms: Vec<String>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}: {MASK})", self.header)
    }
}

impl Key {
    /// The key of the source `name`, read by `environment`; `None` when it needs none and has none.
    pub(super) fn read(
        name: &str,
        config: Option<&KeyConfig>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, SourceError> {
        let Some(config) = config else { return Ok(None) };
        let value = environment(&config.variable).unwrap_or_default().trim().to_owned();
        if value.is_empty() {
            if config.optional {
                return Ok(None);
            }
            return Err(SourceError::NoKey {
                source_name: name.to_owned(),
                variable: config.variable.clone(),
                from: config.from.clone(),
            });
        }
        if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SourceError::OddKey { variable: config.variable.clone() });
        }
        let quoted = serde_json::Value::from(value.as_str()).to_string();
        let quoted = quoted.trim_matches('"').to_owned();
        let slashed = quoted.replace('/', "\\/");
        let forms = vec![value.clone(), quoted, slashed];
        Ok(Some(Self {
            header: config.header.clone(),
            prefix: config.prefix.clone(),
            value,
            forms,
        }))
    }

    /// Name and value of the header.
    pub(super) fn header(&self) -> (&str, String) {
        (&self.header, format!("{}{}", self.prefix, self.value))
    }

    /// Whether a text tells the key, in any case of its letters and however percent signs hide it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let tells = |text: &str| {
            let lower = text.to_ascii_lowercase();
            self.forms.iter().any(|form| lower.contains(&form.to_ascii_lowercase()))
        };
        tells(text) || tells(&decoded(text))
    }

    /// The text without the key.
    pub(super) fn mask(&self, text: &str) -> String {
        let clean =
            |text: &str| self.forms.iter().fold(text.to_owned(), |text, form| without(&text, form));
        let masked = clean(text);
        if self.is_in(&masked) { clean(&decoded(&masked)) } else { masked }
    }
}

/// The text with its percent signs resolved.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let digit = |at: usize| behind.get(at).and_then(|&byte| char::from(byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `text` with every `secret`, in any case of its letters, masked. The secret is ASCII, so that its
/// place in the lowered text is its place in the text.
fn without(text: &str, secret: &str) -> String {
    let (lower, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(at) = lower[from..].find(&secret) {
        clean.push_str(&text[from..from + at]);
        clean.push_str(MASK);
        from += at + secret.len();
    }
    clean.push_str(&text[from..]);
    clean
}

/// `text` without the key, when there is one.
pub(super) fn masked(key: Option<&Key>, text: &str) -> String {
    key.map_or_else(|| text.to_owned(), |key| key.mask(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn config(optional: bool) -> KeyConfig {
        KeyConfig {
            variable: "SOME_KEY".into(),
            header: "X-Key".into(),
            prefix: "Bearer ".into(),
            from: "https://a.example/keys".into(),
            optional,
        }
    }

    fn key(value: &str) -> Key {
        Key::read("a", Some(&config(false)), &|_| Some(value.into())).unwrap().unwrap()
    }

    #[test]
    fn a_missing_key_names_its_variable_and_where_to_get_one() {
        for absent in [None, Some(String::new()), Some(" \n".to_owned())] {
            let error = Key::read("a", Some(&config(false)), &|_| absent.clone()).unwrap_err();
            let text = error.to_string();
            assert!(text.contains("SOME_KEY") && text.contains("https://a.example/keys"), "{text}");
            assert!(error.is_usage());
            assert!(Key::read("a", Some(&config(true)), &|_| absent.clone()).unwrap().is_none());
        }
        let odd = Key::read("a", Some(&config(false)), &|_| Some("S3C RET\u{e9}".into()));
        let text = format!("{:?}", odd.unwrap_err());
        assert!(text.contains("SOME_KEY") && !text.contains("S3C"), "{text}");
    }

    #[test]
    fn the_header_alone_holds_the_key() {
        let key = key("s3cret/+KEY\n");
        assert_eq!(key.header(), ("X-Key", "Bearer s3cret/+KEY".to_owned()));
        assert_eq!(format!("{key:?}"), "Key(X-Key: ***)");
        for (text, clean) in [
            ("http://S3CRET/+key.x/ é s3cret/+KEYs", "http://***.x/ é ***s"),
            ("?k=s3cret%2F%2BKEY&K=s3cret/%2bkey", "?k=***&K=***"),
            (r#"{"key":"s3cret\/+KEY"}"#, r#"{"key":"***"}"#),
            ("100% of s3cret", "100% of s3cret"),
        ] {
            assert_eq!(key.mask(text), clean);
            assert_eq!(key.is_in(text), text != clean, "{text}");
        }
    }

    proptest! {
        #[test]
        fn prop_no_text_tells_the_key(before in ".{0,20}", behind in ".{0,20}") {
            let key = key("q9Z-key");
            let clean = key.mask(&format!("{before}q9Z-KEY{behind}"));
            prop_assert!(!key.is_in(&clean) && clean.contains(MASK));
        }
    }
}
