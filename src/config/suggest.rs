//! The nearest known key to an unknown one.

/// The parser's message, with a hint when it complains about an unknown key or variant.
pub fn with_suggestion(message: &str) -> String {
    match hint(message) {
        Some(hint) => format!("{message}\nhint: {hint}"),
        None => message.to_owned(),
    }
}

/// Reads ``unknown field `x`, expected one of a, b``, with or without quotes around the known ones.
fn hint(message: &str) -> Option<String> {
    let start = message.find("unknown field").or_else(|| message.find("unknown variant"))?;
    let line = message[start..].lines().next()?;
    let unknown = line.split('`').nth(1)?;
    let list = line.split_once("expected ")?.1.trim_start_matches("one of ");
    let mut known: Vec<&str> = list.split(", ").map(|name| name.trim_matches(['`', ' '])).collect();
    known.sort_by_key(|candidate| strsim::damerau_levenshtein(unknown, candidate));
    let near: Vec<String> = known.iter().take(3).map(|name| format!("`{name}`")).collect();
    (!near.is_empty()).then(|| format!("nearest known to `{unknown}`: {}", near.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_comes_first() {
        let message = "unknown field `batchsize`, expected one of `epochs`, `batch_size`, `ema`";
        assert!(with_suggestion(message).ends_with("`batch_size`, `epochs`, `ema`"));
        let bare = "unknown field `hiden`, expected one of layers, hidden, dropout";
        assert!(with_suggestion(bare).contains("to `hiden`: `hidden`"));
        assert_eq!(with_suggestion("something else"), "something else");
    }
}
