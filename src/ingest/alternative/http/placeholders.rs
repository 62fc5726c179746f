//! Texts with `{names}` in them.

/// A text with placeholders: names in braces, of `a-z`, `0-9` and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

impl Template {
    /// Reads a text; a brace that belongs to no placeholder is an error.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` has a brace that belongs to no placeholder; write names such as {{symbol}}"
            )
        };
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(at);
            let inside = after.strip_prefix('{').ok_or_else(wrong)?;
            let (name, behind) = inside.split_once('}').ok_or_else(wrong)?;
            if !is_name(name) {
                return Err(wrong());
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Name(name.to_owned()));
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// Names in it.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The name when there is nothing else in it.
    pub(super) fn only_name(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Name(name)] => Some(name),
            _ => None,
        }
    }

    /// The text with each name replaced by what `value` gives, or the first name without a value.
    pub(super) fn fill(&self, value: &dyn Fn(&str) -> Option<String>) -> Result<String, &str> {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Name(name) => filled.push_str(&value(name).ok_or(name.as_str())?),
            }
        }
        Ok(filled)
    }
}

/// Whether a text can stand in braces.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 32
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_replaced_and_missing_ones_told() {
        let template = Template::parse("/v1/{metric}/of-{symbol}").unwrap();
        assert_eq!(template.names().collect::<Vec<_>>(), ["metric", "symbol"]);
        assert_eq!(
            template.fill(&|name| Some(name.to_uppercase())).unwrap(),
            "/v1/METRIC/of-SYMBOL"
        );
        assert_eq!(template.fill(&|name| (name == "metric").then(String::new)), Err("symbol"));
        assert_eq!(Template::parse("{page}").unwrap().only_name(), Some("page"));
        assert_eq!(Template::parse("p{page}").unwrap().only_name(), None);
        for wrong in ["{", "}", "a{b", "{}", "{A}", "{a b}", "{{a}}", "{a}}"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        /// A value is put in as it is: braces in it are no placeholders.
        #[test]
        fn prop_values_are_not_read_again(value in ".{0,20}") {
            let template = Template::parse("a{x}b").unwrap();
            let filled = template.fill(&|_| Some(value.clone())).unwrap();
            prop_assert_eq!(filled, format!("a{value}b"));
        }
    }
}
