//! Which features a run uses.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::market::Interval;

use super::{Feature, FeatureError};

/// Which features a run uses, of the base candles and of each context interval.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, garde::Validate)]
#[serde(deny_unknown_fields, default)]
pub struct FeatureConfig {
    /// Features of the base candles, in this order. Default: empty, which takes the whole catalogue
    /// but for what the data lacks (taker volumes, trades). A feature named here that the data
    /// lacks is an error. `candlewick features list` shows the names.
    #[garde(inner(custom(known)))]
    #[schemars(with = "Vec<Feature>")]
    pub include: Vec<String>,
    /// Features to leave out, of the base candles and of every context interval. Default: none.
    #[garde(inner(custom(known)))]
    #[schemars(with = "Vec<Feature>")]
    pub exclude: Vec<String>,
    /// Features of each context interval, such as `rsi_14`, or of one of them, such as `rsi_14@4h`;
    /// an empty list takes none. Default: those of the base candles without the calendar's, which
    /// would say the same again.
    #[garde(inner(inner(custom(known_in_context))))]
    #[schemars(schema_with = "context_schema")]
    pub context: Option<Vec<String>>,
}

impl FeatureConfig {
    /// The config that asks by name for exactly these columns of a table, so that other data cannot
    /// change them.
    ///
    /// # Errors
    /// A name that no column has.
    pub fn for_columns(&self, columns: &[String]) -> Result<Self, FeatureError> {
        let mut config = Self { include: vec![], exclude: vec![], context: Some(vec![]) };
        for column in columns {
            match parse_scoped(column)? {
                (_, None) => config.include.push(column.clone()),
                (_, Some(_)) => config.context.get_or_insert_default().push(column.clone()),
            }
        }
        Ok(config)
    }
}

/// A feature's name, and the interval where one follows an `@`.
pub(super) fn parse_scoped(name: &str) -> Result<(Feature, Option<Interval>), FeatureError> {
    match name.split_once('@') {
        None => Ok((name.parse()?, None)),
        Some((feature, interval)) => {
            let unknown = |_| FeatureError::UnknownInterval { name: name.to_owned() };
            Ok((feature.parse()?, Some(interval.parse().map_err(unknown)?)))
        }
    }
}

fn known<C>(name: &str, _context: &C) -> garde::Result {
    name.parse::<Feature>().map(|_| ()).map_err(garde::Error::new)
}

fn known_in_context<C>(name: &str, _context: &C) -> garde::Result {
    parse_scoped(name).map(|_| ()).map_err(garde::Error::new)
}

fn context_schema(generator: &mut SchemaGenerator) -> Schema {
    let name = generator.subschema_for::<Feature>();
    let of_one_interval =
        json_schema!({ "type": "string", "pattern": "^[a-z0-9_]+@[0-9]+[smhdw]$" });
    json_schema!({
        "type": ["array", "null"],
        "items": { "anyOf": [name, of_one_interval] },
    })
}
