//! Where a key stands in a block-style YAML or JSON text.

/// Line and column (both from 1) of the key at the dotted `path`, or of its nearest ancestor that
/// stands in the text; `None` when not even the first key does.
pub fn position(text: &str, path: &str) -> Option<(usize, usize)> {
    let mut found = None;
    let mut from = 0;
    let mut parent_indent = None;
    for key in path.split(['.', '[']).filter(|key| !key.ends_with(']')) {
        let Some((line, column)) = child(text, from, parent_indent, key) else { break };
        found = Some((line + 1, column + 1));
        from = line + 1;
        parent_indent = Some(column);
    }
    found
}

/// The first line after `from` that is deeper than `parent` and starts with `key:`.
fn child(text: &str, from: usize, parent: Option<usize>, key: &str) -> Option<(usize, usize)> {
    for (number, line) in text.lines().enumerate().skip(from) {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') || trimmed.starts_with(['{', '}']) {
            continue;
        }
        let indent = line.len() - trimmed.len();
        if parent.is_some_and(|parent| indent <= parent) {
            return None;
        }
        let name = trimmed.split(':').next().unwrap_or_default().trim().trim_matches('"');
        if name == key && trimmed.contains(':') {
            return Some((number, indent));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_nested_keys_and_falls_back_to_the_parent() {
        let text = "name: a\nfolds:\n  # embargo: 1\n  embargo: 2\nlabels:\n  horizon: 4\n";
        assert_eq!(position(text, "folds.embargo"), Some((4, 3)));
        assert_eq!(position(text, "labels.embargo"), Some((5, 1)));
        assert_eq!(position(text, "data.symbols[0]"), None);
    }
}
