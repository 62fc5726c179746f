//! Which features a run uses.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::market::Interval;

use super::alternative::{self, SeriesConfig};
use super::book_tensor;
use super::feature::Input;
use super::peers::{self, PeerConfig};
use super::{Feature, FeatureError, PeerError, Size};

/// Which features a run uses, of the base candles and of each context interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, garde::Validate)]
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
    /// would say the same again, and without those that read books or trades.
    #[garde(inner(inner(custom(known_in_context))))]
    #[schemars(schema_with = "context_schema")]
    pub context: Option<Vec<String>>,
    /// Stored series of values, such as on-chain or sentiment figures, each of which gives features as
    /// of what was known when the candle ended: its value and its age in days, or what its `columns`
    /// name. Default: none. `candlewick ingest series` stores them.
    #[garde(dive, custom(distinct))]
    pub series: Vec<SeriesConfig>,
    /// Best levels of the order book that are columns as they are, four a level: price and amount of
    /// the ask, price and amount of the bid, prices in basis points from the mid, amounts as the log
    /// of their ratio to the mean. Default 0: none. It needs stored books of as many levels.
    #[garde(range(max = 1000))]
    pub book_levels: usize,
    /// Other instruments of the same venue and market, such as BTC beside ETH, whose candles of the
    /// base interval give features of their own and together with the run's instrument's. A candle
    /// without the peer's of the same time has no row. Default: none.
    #[garde(dive, custom(peers::distinct))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<PeerConfig>,
    /// Memory that building features into a file may take: `64MiB` or more. Default: `1GiB`.
    #[garde(custom(enough))]
    pub memory: Size,
    /// Disk that the store's folder `cache/features` may take for tables of features that were built
    /// before; a run with the same candles and features reads them. `0` keeps none. Default: `4GiB`.
    #[garde(skip)]
    pub cache: Size,
}

impl Default for FeatureConfig {
    fn default() -> Self {
        Self {
            include: Vec::new(),
            exclude: Vec::new(),
            context: None,
            series: Vec::new(),
            book_levels: 0,
            peers: Vec::new(),
            memory: Size::mebibytes(1024),
            cache: Size::mebibytes(4096),
        }
    }
}

impl FeatureConfig {
    /// Whether it asks by name for something of the base candles that reads `input`.
    #[must_use]
    pub fn names_reader_of(&self, input: Input) -> bool {
        let reads = |name: &String| {
            name.parse::<Feature>().is_ok_and(|feature| feature.info().inputs.contains(&input))
        };
        self.include.iter().any(reads) || (input == Input::BookStream && self.book_levels > 0)
    }

    /// The config that asks by name for exactly these columns of a table, so that other data cannot
    /// change them.
    ///
    /// # Errors
    /// A name that no column has, a series without one of its columns, columns of peers or series out
    /// of order.
    pub fn for_columns(&self, columns: &[String]) -> Result<Self, FeatureError> {
        let (mut include, mut context, mut of_series) = (vec![], vec![], vec![]);
        let of_book: Vec<_> = book_tensor::columns(self.book_levels).collect();
        let book_levels = if columns.iter().any(|column| of_book.contains(column)) {
            self.book_levels
        } else {
            0
        };
        let mut of_peers = vec![];
        let is_peer = |symbol: &str| self.peers.iter().any(|peer| peer.symbol == symbol);
        for column in columns {
            if of_book.contains(column) {
                continue;
            }
            if self.series.iter().any(|series| series.columns().contains(column)) {
                of_series.push(column.clone());
                continue;
            }
            if column.split_once('@').is_some_and(|(_, symbol)| is_peer(symbol)) {
                of_peers.push(column.clone());
                continue;
            }
            match parse_scoped(column)? {
                (_, None) => include.push(column.clone()),
                (_, Some(_)) => context.push(column.clone()),
            }
        }
        let series: Vec<_> = self
            .series
            .iter()
            .filter(|series| series.columns().iter().any(|c| of_series.contains(c)))
            .cloned()
            .collect();
        let given: Vec<_> = series.iter().flat_map(SeriesConfig::columns).collect();
        if given != of_series {
            return Err(FeatureError::SeriesColumns { columns: of_series.join(", ") });
        }
        let peers = self.peers.iter().map(|peer| peer.for_columns(&of_peers));
        let peers: Vec<PeerConfig> =
            peers.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        let given: Vec<_> = peers::resolve(&peers)?
            .iter()
            .flat_map(|peer| peer.columns().collect::<Vec<_>>())
            .collect();
        if given != of_peers {
            return Err(PeerError::Columns { columns: of_peers.join(", ") }.into());
        }
        let exclude = Vec::new();
        let context = Some(context);
        Ok(Self { include, exclude, context, series, book_levels, peers, ..self.clone() })
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that garde calls")]
fn enough<C>(memory: &Size, _context: &C) -> garde::Result {
    let least = Size::mebibytes(64);
    if *memory >= least {
        return Ok(());
    }
    Err(garde::Error::new(format!("{memory} is too little to build in; give {least} or more")))
}

fn distinct<C>(series: &[SeriesConfig], _context: &C) -> garde::Result {
    // What is wrong with one name is told where it stands.
    let names_can_be = series.iter().all(|one| alternative::check_name(&one.name).is_ok());
    match alternative::check(series) {
        Err(error @ (FeatureError::SeriesTwice { .. } | FeatureError::SeriesTaken { .. }))
            if names_can_be =>
        {
            Err(garde::Error::new(error))
        }
        _ => Ok(()),
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
