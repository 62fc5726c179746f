//! The resolved config as flat parameters, for comparing runs.

use serde_json::Value;

use crate::config::RunConfig;
use crate::event::Event;

/// One parameter event for each leaf of the config, keyed by its dotted path.
///
/// # Errors
/// Never for a config that was loaded.
pub fn params(config: &RunConfig) -> Result<Vec<Event>, serde_json::Error> {
    let mut events = Vec::new();
    flatten("", &serde_json::to_value(config)?, &mut events);
    Ok(events)
}

fn flatten(path: &str, value: &Value, events: &mut Vec<Event>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                // The tracking address is where the run is reported, not what it does.
                if path.is_empty() && key == "tracking" {
                    continue;
                }
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, events);
            }
        }
        Value::Null => {}
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            let items: Vec<String> = items.iter().map(leaf).collect();
            events.push(Event::Param { key: path.to_owned(), value: items.join(",") });
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&format!("{path}.{index}"), item, events);
            }
        }
        other => events.push(Event::Param { key: path.to_owned(), value: leaf(other) }),
    }
}

fn leaf(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
