//! Keeps passwords and tokens out of everything that is written or sent.

use std::borrow::Cow;
use std::fmt;

/// What stands in a secret's place.
const MASK: &str = "***";

/// Shorter values are not searched for inside other text: masking `abc` wherever it occurs would
/// spoil the text and tell the secret.
const SEARCHED_LENGTH: usize = 6;

/// Variables whose values are secrets.
const SECRET_VARIABLES: [&str; 2] = ["MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"];

/// Names of settings whose values are secrets, as the last part of a dotted key.
const SECRET_NAMES: [&str; 8] =
    ["password", "passwd", "passphrase", "secret", "token", "api_key", "apikey", "private_key"];

/// The secrets known to this process.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Those in the environment.
    pub(super) fn from_env() -> Self {
        Self::from_lookup(&|name| std::env::var(name).ok())
    }

    /// Those among the variables that `lookup` knows.
    pub(super) fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut secrets: Vec<String> =
            SECRET_VARIABLES.iter().filter_map(|name| lookup(name)).collect();
        if let Some((_, password)) = lookup("MLFLOW_TRACKING_URI")
            .as_deref()
            .and_then(userinfo)
            .and_then(|userinfo| userinfo.split_once(':'))
        {
            secrets.push(password.to_owned());
        }
        secrets.retain(|secret| !secret.is_empty());
        Self(secrets)
    }

    /// `text` with every secret masked and user names and passwords taken out of addresses.
    pub(super) fn scrub(&self, text: &str) -> String {
        let mut clean = without_userinfo(text).into_owned();
        for secret in &self.0 {
            if clean == *secret || secret.len() >= SEARCHED_LENGTH {
                clean = clean.replace(secret.as_str(), MASK);
            }
        }
        clean
    }

    /// The value of the setting `key`, fit to be written down.
    pub(super) fn scrub_setting(&self, key: &str, value: &str) -> String {
        let name = key.rsplit(['.', '/']).next().unwrap_or(key).to_lowercase();
        let secret = SECRET_NAMES
            .iter()
            .any(|end| name.strip_suffix(end).is_some_and(|r| r.is_empty() || r.ends_with('_')));
        if secret { MASK.to_owned() } else { self.scrub(value) }
    }
}

/// `text` without `user:password@` in the addresses it contains.
pub(super) fn without_userinfo(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        rest = &after[userinfo_length(after)..];
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

fn userinfo(uri: &str) -> Option<&str> {
    let (_, after) = uri.split_once("://")?;
    let length = userinfo_length(after);
    (length > 0).then(|| &after[..length - 1])
}

/// Bytes up to and with the `@` of an address whose part after `://` is `text`.
fn userinfo_length(text: &str) -> usize {
    let end = text
        .find(|c: char| matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>') || c.is_whitespace())
        .unwrap_or(text.len());
    text[..end].rfind('@').map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_credentials() {
        for (text, clean) in [
            ("http://ann:pass@host:5000/ml", "http://host:5000/ml"),
            ("see https://tok@host/a@b and ssh://git@x/y", "see https://host/a@b and ssh://x/y"),
            ("http://u:p@s@host", "http://host"),
            ("ann@example.org", "ann@example.org"),
            ("http://host", "http://host"),
            ("://", "://"),
        ] {
            assert_eq!(without_userinfo(text), clean);
        }
    }

    #[test]
    fn known_secrets_are_masked() {
        let secrets = Secrets::from_lookup(&|name| match name {
            "MLFLOW_TRACKING_PASSWORD" => Some("hunter2!".into()),
            "MLFLOW_TRACKING_TOKEN" => Some("abc".into()),
            "MLFLOW_TRACKING_URI" => Some("http://ann:open%20sesame@host".into()),
            _ => None,
        });
        assert_eq!(secrets.scrub("pw=hunter2! open%20sesame"), "pw=*** ***");
        assert_eq!(secrets.scrub("abc"), "***");
        assert_eq!(secrets.scrub("abcd"), "abcd");
        assert_eq!(secrets.scrub_setting("ingest.api_key", "x"), "***");
        assert_eq!(secrets.scrub_setting("a.binance_token", "x"), "***");
        assert_eq!(secrets.scrub_setting("net.tokens", "12"), "12");
        assert_eq!(secrets.scrub_setting("net.broken", "12"), "12");
    }
}
