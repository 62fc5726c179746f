//! Another instrument beside the run's own: which of its features, and the states that keep its
//! candles in step with the own.

use std::collections::VecDeque;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::market::{Candle, Instrument, Interval, Market};

use super::feature::{FeatureGroup, Input};
use super::indicator::Indicator;
use super::timeframes::Context;
use super::{CandleSource, Feature, FeatureError, PeerError};

/// What is taken of a peer's own candles when its config names nothing.
const OWN: [&str; 7] = [
    "log_return_1",
    "log_return_6",
    "log_return_24",
    "close_z_20",
    "rsi_14",
    "close_volatility_24",
    "relative_volume_24",
];

/// What is taken of own and peer's candles together when its config names nothing.
const PAIR: [&str; 11] = [
    "correlation_24",
    "correlation_96",
    "beta_48",
    "residual_return_48",
    "residual_momentum_48",
    "relative_strength_6",
    "relative_strength_24",
    "lead_correlation_48",
    "log_ratio_z_48",
    "cointegration_z_96",
    "peer_volatility_ratio_24",
];

/// Another instrument of the run's venue and market whose candles are read beside the own, of the
/// base interval: `rsi_14@BTCUSDT` of its candles alone, `beta_48@BTCUSDT` of the two together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct PeerConfig {
    /// Its symbol, such as `BTCUSDT`.
    #[garde(custom(can_be_symbol))]
    pub symbol: String,
    /// Features of its own candles, of the catalogue but for those of pairs and of what happens
    /// inside candles; an empty list takes none. Default: returns over 1, 6 and 24 candles,
    /// `close_z_20`, `rsi_14`, `close_volatility_24` and `relative_volume_24`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(inner(custom(of_own))))]
    #[schemars(schema_with = "names_schema")]
    pub features: Option<Vec<String>>,
    /// Features of the two instruments' candles together, of the catalogue's group `cross_symbol`;
    /// an empty list takes none. Default: eleven of correlation, beta, residuals, relative strength,
    /// lead, price ratio and volatility.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(inner(custom(of_pair))))]
    #[schemars(schema_with = "names_schema")]
    pub pair: Option<Vec<String>>,
}

/// A peer's features, its names resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerFeatures {
    /// Its symbol.
    pub symbol: String,
    /// Features of its own candles.
    pub own: Vec<Feature>,
    /// Features of own and peer's candles together.
    pub pair: Vec<Feature>,
}

impl PeerConfig {
    /// The peer with the default features.
    #[must_use]
    pub fn new(symbol: &str) -> Self {
        Self { symbol: symbol.to_owned(), features: None, pair: None }
    }

    /// The features that it names, or the default ones.
    ///
    /// # Errors
    /// Symbols and names that cannot be, names given twice, none at all.
    pub fn resolve(&self) -> Result<PeerFeatures, FeatureError> {
        check_symbol(&self.symbol)?;
        let own = parse(self.features.as_deref(), &OWN, parse_own)?;
        let pair = parse(self.pair.as_deref(), &PAIR, parse_pair)?;
        if own.is_empty() && pair.is_empty() {
            return Err(PeerError::ForNothing { symbol: self.symbol.clone() }.into());
        }
        Ok(PeerFeatures { symbol: self.symbol.clone(), own, pair })
    }

    /// The peer that is asked by name for those of `columns` that are its own.
    pub(super) fn for_columns(&self, columns: &[String]) -> Result<Option<Self>, FeatureError> {
        let (mut own, mut pair) = (Vec::new(), Vec::new());
        for column in columns {
            if let Some((name, symbol)) = column.split_once('@')
                && symbol == self.symbol
            {
                let feature: Feature = name.parse()?;
                if is_pair(feature) { &mut pair } else { &mut own }.push(name.to_owned());
            }
        }
        let any = !(own.is_empty() && pair.is_empty());
        let symbol = self.symbol.clone();
        Ok(any.then_some(Self { symbol, features: Some(own), pair: Some(pair) }))
    }
}

impl PeerFeatures {
    /// Names of its columns: those of its own candles, then those of the pair.
    pub fn columns(&self) -> impl Iterator<Item = String> + '_ {
        self.own.iter().chain(&self.pair).map(|feature| format!("{feature}@{}", self.symbol))
    }

    /// Candles in a row that both instruments need for a first value, and the feature that needs
    /// them; of the peer's own candles alone, or of the two together.
    pub(super) fn slowest(&self, pair: bool) -> Option<(usize, Feature)> {
        let features = if pair { &self.pair } else { &self.own };
        features.iter().map(|feature| (feature.info().warm_up + 1, *feature)).max_by_key(|f| f.0)
    }
}

/// Resolves every peer.
pub(super) fn resolve(peers: &[PeerConfig]) -> Result<Vec<PeerFeatures>, FeatureError> {
    for (index, peer) in peers.iter().enumerate() {
        if peers[..index].iter().any(|earlier| earlier.symbol == peer.symbol) {
            return Err(PeerError::Twice { symbol: peer.symbol.clone() }.into());
        }
    }
    peers.iter().map(PeerConfig::resolve).collect()
}

/// Whether a feature is of two instruments.
pub(super) fn is_pair(feature: Feature) -> bool {
    feature.info().group == FeatureGroup::CrossSymbol
}

/// The states of one peer: its own features on its own clock, and the pair's, which take a step when
/// both candles of one time are there.
#[derive(Debug)]
pub(super) struct Peer {
    features: PeerFeatures,
    interval: Interval,
    own: Context,
    /// Candles whose own counterpart has not ended yet.
    candles: VecDeque<Candle>,
    pair: Vec<Box<dyn Indicator>>,
    /// Open time of the last two candles that met.
    met: Option<i64>,
    seen: bool,
}

impl Peer {
    pub(super) fn new(interval: Interval, features: PeerFeatures) -> Self {
        let own = Context::new(interval, features.own.clone());
        let pair = features.pair.iter().map(|feature| feature.state()).collect();
        Self { features, interval, own, candles: VecDeque::new(), pair, met: None, seen: false }
    }

    pub(super) fn symbol(&self) -> &str {
        &self.features.symbol
    }

    /// Takes the peer's next candle. The first one decides which columns there are.
    pub(super) fn push(&mut self, candle: &Candle) -> Result<(), FeatureError> {
        let symbol = || self.features.symbol.clone();
        if !self.seen {
            let source = CandleSource::like(self.interval, candle);
            for feature in &self.features.own {
                if let Some(column) = lacking(*feature, &source.lacks) {
                    let (feature, symbol) = (feature.name(), symbol());
                    return Err(PeerError::Lacks { symbol, feature, column }.into());
                }
            }
            self.seen = true;
        }
        let symbol = symbol();
        self.own
            .push(candle)
            .map_err(|fault| PeerError::Fault { symbol, fault: Box::new(fault) })?;
        self.candles.push_back(*candle);
        Ok(())
    }

    /// Appends the features as of the end of an own candle to `row`; false, and nothing of use in
    /// `row`, while one of them warms up or the peer's candle of the same time is missing, which
    /// starts the pair's states anew. An older candle is not a substitute.
    pub(super) fn meet(
        &mut self,
        candle: &Candle,
        row: &mut Vec<f32>,
    ) -> Result<bool, FeatureError> {
        let open_time = candle.open_time;
        let mut complete = match self.own.as_of(open_time.saturating_add(self.interval.ms())) {
            Some(own) => {
                row.extend_from_slice(own);
                true
            }
            None => false,
        };
        while self.candles.pop_front_if(|peer| peer.open_time < open_time).is_some() {}
        let Some(peer) = self.candles.pop_front_if(|peer| peer.open_time == open_time) else {
            self.met = None;
            return Ok(false);
        };
        let follows = |met: i64| met.saturating_add(self.interval.ms()) == open_time;
        if !self.met.is_some_and(follows) {
            self.pair = self.features.pair.iter().map(|feature| feature.state()).collect();
        }
        self.met = Some(open_time);
        for (feature, state) in self.features.pair.iter().zip(&mut self.pair) {
            state.peer(&peer);
            let Some(value) = state.update(candle) else {
                complete = false;
                continue;
            };
            let value = value as f32;
            if !value.is_finite() {
                let (feature, interval) = (feature.name(), self.interval);
                let fault = FeatureError::NotFinite { feature, interval, open_time };
                let symbol = self.features.symbol.clone();
                return Err(PeerError::Fault { symbol, fault: Box::new(fault) }.into());
            }
            row.push(value);
        }
        Ok(complete)
    }
}

fn parse(
    names: Option<&[String]>,
    default: &[&str],
    parse: fn(&str) -> Result<Feature, FeatureError>,
) -> Result<Vec<Feature>, FeatureError> {
    let Some(names) = names else { return default.iter().map(|name| parse(name)).collect() };
    let mut features = Vec::with_capacity(names.len());
    for name in names {
        let feature = parse(name)?;
        if features.contains(&feature) {
            return Err(FeatureError::Twice(feature.name()));
        }
        features.push(feature);
    }
    Ok(features)
}

fn parse_own(name: &str) -> Result<Feature, FeatureError> {
    let feature: Feature = name.parse()?;
    match lacking(feature, &Input::STREAMS) {
        Some(input) => Err(PeerError::NotOfPeer { feature: feature.name(), input }.into()),
        None => Ok(feature),
    }
}

fn parse_pair(name: &str) -> Result<Feature, FeatureError> {
    let feature: Feature = name.parse()?;
    if is_pair(feature) { Ok(feature) } else { Err(PeerError::NotOfPair(feature.name()).into()) }
}

fn lacking(feature: Feature, lacks: &[Input]) -> Option<Input> {
    feature.info().inputs.iter().copied().find(|input| lacks.contains(input))
}

fn check_symbol(symbol: &str) -> Result<(), FeatureError> {
    // Venue and market are the run's; only the symbol is asked about.
    match Instrument::new("venue", Market::Spot, symbol) {
        Ok(_) => Ok(()),
        Err(fault) => Err(PeerError::Symbol { fault }.into()),
    }
}

fn can_be_symbol<C>(symbol: &str, _context: &C) -> garde::Result {
    check_symbol(symbol).map_err(garde::Error::new)
}

fn of_own<C>(name: &str, _context: &C) -> garde::Result {
    parse_own(name).map(|_| ()).map_err(garde::Error::new)
}

fn of_pair<C>(name: &str, _context: &C) -> garde::Result {
    parse_pair(name).map(|_| ()).map_err(garde::Error::new)
}

/// A rule for all peers together; what is wrong with one name is told where it stands.
pub(super) fn distinct<C>(peers: &[PeerConfig], _context: &C) -> garde::Result {
    match resolve(peers) {
        Err(
            error @ (FeatureError::Peer(PeerError::Twice { .. } | PeerError::ForNothing { .. })
            | FeatureError::Twice(_)),
        ) => Err(garde::Error::new(error)),
        _ => Ok(()),
    }
}

fn names_schema(generator: &mut SchemaGenerator) -> Schema {
    let name = generator.subschema_for::<Feature>();
    json_schema!({ "type": ["array", "null"], "items": name })
}
