//! A description with the user's variables in it, checked as a whole: what each request says.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::description::{Method, Paging, SourceDescription, TimeUnit};
use super::paging::Turn;
use super::placeholders::{Template, is_name};
use super::rows::Layout;
use super::secret::Key;
use super::source_error::SourceError;
use crate::market::Time;

/// Placeholders that the program sets.
const OWN: [&str; 4] = ["from", "to", "cursor", "page"];

/// The placeholder of the address's scheme, host and port.
const ORIGIN: &str = "origin";

/// Longest value of a variable.
const LONGEST: usize = 400;

const DAY: i64 = 86_400_000;

/// What a source is asked.
#[derive(Debug)]
pub(super) struct Plan {
    name: String,
    /// Scheme, host and port.
    pub origin: String,
    path: Template,
    query: Vec<(String, Template)>,
    body: Option<Json>,
    /// Every variable that has a value.
    variables: BTreeMap<String, String>,
    unit: TimeUnit,
    /// Where the values stand.
    pub layout: Layout,
}

impl Plan {
    /// The plan of `description` with the variables `set`.
    pub(super) fn new(
        description: &SourceDescription,
        set: &[(String, String)],
    ) -> Result<Self, SourceError> {
        let name = &description.name;
        let invalid = |message: String| SourceError::Description { path: name.clone(), message };
        let (origin, path) = split(&description.address).map_err(invalid)?;
        let variables = variables(description, set)?;
        let query = description
            .query
            .iter()
            .map(|(key, text)| Ok((key.clone(), Template::parse(text)?)))
            .collect::<Result<Vec<_>, String>>()
            .map_err(invalid)?;
        let path = Template::parse(path).map_err(invalid)?;
        if (description.method == Method::Post) != description.body.is_some() {
            return Err(invalid("a body belongs to method post, and to no other".to_owned()));
        }
        let mut used: Vec<String> = path.names().map(str::to_owned).collect();
        used.extend(query.iter().flat_map(|(_, text)| text.names().map(str::to_owned)));
        if let Some(body) = &description.body {
            names_in(body, &mut used).map_err(invalid)?;
        }
        check_names(description, &used).map_err(invalid)?;
        let fill = |text: &str| {
            Template::parse(text)?
                .fill(&|name| variables.get(name).cloned())
                .map_err(|name| format!("the column `{text}` needs the variable {name}"))
        };
        let layout = Layout::new(&description.answer, &fill).map_err(invalid)?;
        let origin = match variables.get(ORIGIN) {
            Some(own) if own.contains(['?', '#']) => {
                return Err(variable(
                    name,
                    "its origin has a query; write scheme, host and port only",
                ));
            }
            Some(own) => own.trim_end_matches('/').to_owned(),
            None => origin
                .ok_or_else(|| {
                    variable(name, "set its origin, such as --set origin=https://a.example")
                })?
                .to_owned(),
        };
        Ok(Self {
            name: name.clone(),
            origin,
            path,
            query,
            body: description.body.clone(),
            variables,
            unit: description.asked_time,
            layout,
        })
    }

    /// Makes sure that the key is in nothing that is sent openly or written down.
    pub(super) fn keep_out(&self, key: &Key, variable: &str) -> Result<(), SourceError> {
        let place = self.variables.iter().find(|(_, value)| key.is_in(value));
        place.map_or(Ok(()), |(name, _)| {
            Err(SourceError::KeyElsewhere {
                variable: variable.to_owned(),
                place: format!("--set {name}"),
            })
        })
    }

    /// Where the values come from, for the store: the address and the variables.
    pub(super) fn source(&self) -> String {
        let path = self.path.fill(&|name| {
            self.variables.get(name).cloned().or_else(|| Some(format!("{{{name}}}")))
        });
        let mut text = format!("{} {}{}", self.name, self.origin, path.unwrap_or_default());
        for (name, value) in self.variables.iter().filter(|(name, _)| *name != ORIGIN) {
            text.push_str(&format!(" {name}={value}"));
        }
        text
    }

    /// The address of a request.
    pub(super) fn address(&self, turn: &Turn) -> Result<String, SourceError> {
        let path = self
            .path
            .fill(&|name| self.value(name, turn).map(|value| encoded(&value)))
            .map_err(|name| self.missing(name))?;
        if path.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(variable(&self.name, "a variable leads out of the address's path"));
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (key, text) in &self.query {
            if let Ok(value) = text.fill(&|name| self.value(name, turn))
                && !value.is_empty()
            {
                query.append_pair(key, &value);
            }
        }
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        Ok(format!("{}{path}{mark}{query}", self.origin))
    }

    /// The body of a request.
    pub(super) fn body(&self, turn: &Turn) -> Option<Vec<u8>> {
        let filled = self.filled(self.body.as_ref()?, turn).unwrap_or(Json::Null);
        Some(filled.to_string().into_bytes())
    }

    /// A part of the body with its placeholders replaced; `None` for one to be left out.
    fn filled(&self, part: &Json, turn: &Turn) -> Option<Json> {
        Some(match part {
            Json::String(text) => {
                let template = Template::parse(text).ok()?;
                let value = template.fill(&|name| self.value(name, turn)).ok()?;
                if value.is_empty() {
                    return None;
                }
                let counted = match template.only_name() {
                    Some("page") => true,
                    Some("from" | "to") => matches!(self.unit, TimeUnit::S | TimeUnit::Ms),
                    _ => false,
                };
                match value.parse::<i64>() {
                    Ok(number) if counted => Json::from(number),
                    _ => Json::from(value),
                }
            }
            Json::Array(items) => {
                Json::Array(items.iter().filter_map(|item| self.filled(item, turn)).collect())
            }
            Json::Object(fields) => {
                let filled =
                    |(key, field): (&String, &Json)| Some((key.clone(), self.filled(field, turn)?));
                Json::Object(fields.iter().filter_map(filled).collect())
            }
            other => other.clone(),
        })
    }

    fn value(&self, name: &str, turn: &Turn) -> Option<String> {
        match name {
            "from" => turn.from.map(|time| written(time, self.unit, false)),
            "to" => Some(written(turn.to, self.unit, true)),
            "cursor" => turn.cursor.clone(),
            "page" => turn.page.map(|page| page.to_string()),
            _ => self.variables.get(name).cloned(),
        }
    }

    fn missing(&self, name: &str) -> SourceError {
        match name {
            "from" => variable(&self.name, "it has to be told where to begin; set --from"),
            name => variable(&self.name, &format!("{name} has no value here")),
        }
    }
}

fn variable(name: &str, message: &str) -> SourceError {
    SourceError::Variable { source_name: name.to_owned(), message: message.to_owned() }
}

/// Origin and path of an address; the origin is `None` for the placeholder.
fn split(address: &str) -> Result<(Option<&str>, &str), String> {
    let (origin, path) = match address.strip_prefix("{origin}") {
        Some(path) => (None, path),
        None => {
            let begin =
                address.find("://").ok_or("its address has no scheme; write https://…")? + 3;
            let end = address[begin..].find('/').map_or(address.len(), |at| begin + at);
            (Some(&address[..end]), &address[end..])
        }
    };
    if origin.is_some_and(|origin| origin.contains(['{', '}', '?', '#'])) {
        return Err("scheme, host and port of its address hold a placeholder or a query".to_owned());
    }
    if !path.is_empty() && !path.starts_with('/') || path.contains(['?', '#']) {
        return Err(
            "its address is not an origin and a path; parameters belong into query".to_owned()
        );
    }
    Ok((origin, path))
}

/// The value of every variable: the user's, or the default.
fn variables(
    description: &SourceDescription,
    set: &[(String, String)],
) -> Result<BTreeMap<String, String>, SourceError> {
    let name = &description.name;
    let mut variables = BTreeMap::new();
    for (key, value) in set {
        if key != ORIGIN && !description.variables.contains_key(key) {
            let mut known: Vec<&str> = description.variables.keys().map(String::as_str).collect();
            known.push(ORIGIN);
            let message = format!("it has no variable {key}; it has {}", known.join(", "));
            return Err(variable(name, &message));
        }
        if value.len() > LONGEST || value.chars().any(char::is_control) {
            return Err(variable(
                name,
                &format!("the value of {key} is too long or no plain text"),
            ));
        }
        if variables.insert(key.clone(), value.clone()).is_some() {
            return Err(variable(name, &format!("{key} is set twice")));
        }
    }
    for (key, declared) in &description.variables {
        if let Some(default) = &declared.default {
            variables.entry(key.clone()).or_insert_with(|| default.clone());
        }
        if !variables.contains_key(key) {
            let message = format!("set {key} ({}): --set {key}=…", declared.what);
            return Err(variable(name, &message));
        }
    }
    Ok(variables)
}

/// Placeholders in the texts of a body.
fn names_in(body: &Json, names: &mut Vec<String>) -> Result<(), String> {
    match body {
        Json::String(text) => names.extend(Template::parse(text)?.names().map(str::to_owned)),
        Json::Array(items) => items.iter().try_for_each(|item| names_in(item, names))?,
        Json::Object(fields) => fields.values().try_for_each(|field| names_in(field, names))?,
        _ => {}
    }
    Ok(())
}

/// Whether placeholders and variables fit together, and both fit the paging.
fn check_names(description: &SourceDescription, used: &[String]) -> Result<(), String> {
    for name in description.variables.keys() {
        if !is_name(name) || OWN.contains(&name.as_str()) || name == ORIGIN {
            return Err(format!(
                "no variable can be called `{name}`: names are of a-z, 0-9 and _, and not from, to, \
                 cursor, page or origin"
            ));
        }
    }
    let declared = |name: &str| OWN.contains(&name) || description.variables.contains_key(name);
    if let Some(name) = used.iter().find(|name| !declared(name)) {
        return Err(format!("{{{name}}} is not among its variables; add it there"));
    }
    let needed: &[&str] = match description.paging {
        Paging::None => &[],
        Paging::Cursor { .. } => &["cursor"],
        Paging::Window { .. } => &["from", "to"],
        Paging::Pages { .. } => &["page"],
    };
    match needed.iter().find(|need| !used.iter().any(|name| name == *need)) {
        Some(need) => Err(format!("its paging needs {{{need}}} in the query or the body")),
        None => Ok(()),
    }
}

/// A time as the source wants it; rounded so that what is asked for lies inside.
fn written(time: i64, unit: TimeUnit, up: bool) -> String {
    let rounded = |step: i64| {
        let floor = time.div_euclid(step);
        if up && time.rem_euclid(step) != 0 { floor.saturating_add(1) } else { floor }
    };
    match unit {
        TimeUnit::Ms => time.to_string(),
        TimeUnit::S => rounded(1000).to_string(),
        TimeUnit::Date => {
            let text = Time(rounded(DAY).saturating_mul(DAY)).to_string();
            text.chars().take(10).collect()
        }
        TimeUnit::Rfc3339 => {
            let text = Time(time).to_string();
            if text.len() == 10 { format!("{text}T00:00:00Z") } else { text }
        }
    }
}

/// A value as part of a path: slashes stay, everything odd gets percent signs.
fn encoded(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(byte.into());
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const TEXT: &str = r#"
name: own
what: what
licence: none
method: post
address: "{origin}/v1/{symbol}"
query: { a: "{symbol}", none: "{empty}", c: "{cursor}" }
body: { page: "{page}", from: "{from}", text: "{symbol}", list: ["{cursor}", 7], of: "p{page}" }
asked_time: s
variables: { symbol: { what: w, default: BTC }, empty: { what: w, default: "" } }
answer: { rows: "$[*]", time: t, value: v, unit: s }
known_after: 1h
"#;

    fn plan(set: &[(&str, &str)]) -> Result<Plan, SourceError> {
        let set: Vec<_> =
            set.iter().map(|&(key, text)| (key.to_owned(), text.to_owned())).collect();
        Plan::new(&SourceDescription::parse(TEXT, "own.yaml").unwrap(), &set)
    }

    fn turn(from: Option<i64>) -> Turn {
        Turn { from, to: 5000, cursor: None, page: Some(3) }
    }

    #[test]
    fn what_has_no_value_is_left_out_and_numbers_are_numbers() {
        let plan = plan(&[("origin", "http://localhost:1/"), ("symbol", "7")]).unwrap();
        assert_eq!(plan.address(&turn(None)).unwrap(), "http://localhost:1/v1/7?a=7");
        let body = |from| serde_json::from_slice::<Json>(&plan.body(&turn(from)).unwrap()).unwrap();
        assert_eq!(body(None), json!({"page": 3, "text": "7", "list": [7], "of": "p3"}));
        assert_eq!(body(Some(2500))["from"], json!(2));
        assert_eq!(plan.source(), "own http://localhost:1/v1/7 empty= symbol=7");
    }

    #[test]
    fn origins_have_no_query_and_must_be_there() {
        assert!(plan(&[]).unwrap_err().to_string().contains("origin"));
        assert!(plan(&[("origin", "https://a.example?x=")]).unwrap_err().is_usage());
    }

    #[test]
    fn times_are_rounded_outwards() {
        let late = 1_704_067_200_001;
        for (unit, down, up) in [
            (TimeUnit::Ms, "1704067200001", "1704067200001"),
            (TimeUnit::S, "1704067200", "1704067201"),
            (TimeUnit::Date, "2024-01-01", "2024-01-02"),
            (TimeUnit::Rfc3339, "2024-01-01T00:00:00.001Z", "2024-01-01T00:00:00.001Z"),
        ] {
            assert_eq!(
                (written(late, unit, false), written(late, unit, true)),
                (down.into(), up.into())
            );
        }
        assert_eq!(written(late - 1, TimeUnit::Date, true), "2024-01-01");
        assert_eq!(written(late - 1, TimeUnit::Rfc3339, true), "2024-01-01T00:00:00Z");
    }

    proptest! {
        /// No value of a variable changes the host, the path's beginning or another parameter.
        #[test]
        fn prop_a_variable_stays_in_its_place(value in "[^\\p{C}]{0,20}") {
            let plan = plan(&[("origin", "https://a.example"), ("symbol", &value)]).unwrap();
            let Ok(address) = plan.address(&turn(None)) else { return Ok(()) };
            let url = url::Url::parse(&address).unwrap();
            prop_assert_eq!(url.host_str(), Some("a.example"));
            prop_assert!(url.path().starts_with("/v1/"));
            prop_assert_eq!(url.fragment(), None);
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            let expected: Vec<_> = (!value.is_empty()).then(|| ("a".to_owned(), value)).into_iter().collect();
            prop_assert_eq!(pairs, expected);
        }
    }
}
