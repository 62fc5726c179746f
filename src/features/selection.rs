//! A config and what the data gives, resolved to the features of each interval.

use crate::market::{Candle, CandleSeries, Interval};

use super::alternative::{self, SeriesConfig};
use super::book_tensor;
use super::config::parse_scoped;
use super::feature::{FeatureGroup, Input};
use super::peers::{self, PeerFeatures, is_pair};
use super::{Feature, FeatureConfig, FeatureError, PeerError};

/// What there is of one interval: the length of its candles and what they lack.
///
/// The first candle decides which columns a series has, so that later ones change no selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandleSource {
    /// Length of each candle.
    pub interval: Interval,
    /// Columns that the candles lack, and streams that are not there beside them.
    pub lacks: Vec<Input>,
}

impl CandleSource {
    /// Candles with every column and nothing beside them.
    #[must_use]
    pub fn complete(interval: Interval) -> Self {
        Self { interval, lacks: Input::STREAMS.to_vec() }
    }

    /// Candles like this one.
    #[must_use]
    pub fn like(interval: Interval, first: &Candle) -> Self {
        let absent = Input::OPTIONAL.into_iter().filter(|column| column.value(first).is_none());
        Self { interval, lacks: absent.chain(Input::STREAMS).collect() }
    }

    /// The same with `streams` beside the candles.
    #[must_use]
    pub fn with(mut self, streams: &[Input]) -> Self {
        self.lacks.retain(|input| !streams.contains(input));
        self
    }

    /// The candles of a series; an empty one lacks nothing.
    #[must_use]
    pub fn of(series: &CandleSeries) -> Self {
        match series.iter().next() {
            Some(first) => Self::like(series.interval(), &first),
            None => Self::complete(series.interval()),
        }
    }

    fn lacking(&self, feature: Feature) -> Option<Input> {
        feature.info().inputs.iter().copied().find(|column| self.lacks.contains(column))
    }
}

/// A feature of the catalogue that a run goes without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// The feature.
    pub feature: Feature,
    /// Interval of the candles it would be of.
    pub interval: Interval,
    /// What these candles lack; none when they are as long as the feature's cycle and
    /// would all show one value.
    pub column: Option<Input>,
}

/// The features of each interval, as a config and the data give them.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Features of the base candles.
    pub base: (Interval, Vec<Feature>),
    /// Levels of the book that are columns of their own, four each.
    pub book_levels: usize,
    /// Features of each context interval that has any.
    pub context: Vec<(Interval, Vec<Feature>)>,
    /// Features of each peer, and of it and the instrument together.
    pub peers: Vec<PeerFeatures>,
    /// Series of values, each of which has its own columns.
    pub series: Vec<SeriesConfig>,
    /// What was not asked for by name and cannot be had.
    pub left_out: Vec<LeftOut>,
}

impl Selection {
    /// Names of the columns: the base candles' features, the book's levels, then each context
    /// interval's features, then each peer's and its pair's, then each series'.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let base = self.base.1.iter().map(ToString::to_string);
        let context = self.context.iter().flat_map(|(interval, features)| {
            features.iter().map(move |feature| format!("{feature}@{interval}"))
        });
        let peers = self.peers.iter().flat_map(PeerFeatures::columns);
        let series = self.series.iter().flat_map(SeriesConfig::columns);
        let book = book_tensor::columns(self.book_levels);
        base.chain(book).chain(context).chain(peers).chain(series).collect()
    }

    /// Logs what is left out: a warning when the data lacks a column.
    pub(super) fn log_left_out(&self) {
        for LeftOut { feature, interval, column } in &self.left_out {
            if let Some(column) = column {
                if !Input::STREAMS.contains(column) {
                    tracing::warn!("{feature} is left out: the {interval} candles lack {column}");
                }
            } else {
                tracing::info!("{feature} is left out: constant on {interval} candles");
            }
        }
    }
}

/// Resolves a config against what the data gives.
///
/// # Errors
/// Unknown, repeated or contradictory names, a named feature that the data lacks, context intervals
/// that are no longer multiples of the base interval, nothing left.
pub fn select(
    config: &FeatureConfig,
    base: &CandleSource,
    context: &[CandleSource],
) -> Result<Selection, FeatureError> {
    alternative::check(&config.series)?;
    let peers = peers::resolve(&config.peers)?;
    let include = parse(&config.include)?;
    let exclude = parse(&config.exclude)?;
    let of_context = config.context.as_deref().map(parse_context).transpose()?;
    let in_context = of_context.iter().flatten().map(|(feature, _)| feature);
    if let Some(feature) = include.iter().chain(in_context).find(|f| exclude.contains(f)) {
        return Err(FeatureError::Contradiction(feature.name()));
    }
    let in_context = of_context.iter().flatten().map(|(feature, _)| feature);
    if let Some(feature) = include.iter().chain(in_context).find(|&&feature| is_pair(feature)) {
        return Err(PeerError::OfPair(feature.name()).into());
    }
    let mut left_out = Vec::new();
    let wanted = (!include.is_empty()).then_some(include.as_slice());
    let base_features = available(wanted, &exclude, base, &mut left_out)?;
    if base_features.is_empty() {
        return Err(FeatureError::NothingLeft { interval: base.interval });
    }
    if config.book_levels > 0 && base.lacks.contains(&Input::BookStream) {
        let (column, interval) = (Input::BookStream, base.interval);
        return Err(FeatureError::Lacking { feature: "book_levels", column, interval });
    }
    let mut selection = Selection {
        base: (base.interval, base_features),
        book_levels: config.book_levels,
        context: Vec::with_capacity(context.len()),
        peers,
        series: config.series.clone(),
        left_out,
    };
    for (index, source) in context.iter().enumerate() {
        check_context(base.interval, source.interval, &context[..index])?;
        let left_out = &mut selection.left_out;
        let features = match (&of_context, include.is_empty()) {
            (Some(named), _) => {
                let named = of_interval(named, source.interval)?;
                available(Some(&named), &exclude, source, left_out)?
            }
            (None, false) => {
                let of_any = |f: &Feature| !is_calendar(*f) && !f.info().reads_inside();
                let named: Vec<_> = include.iter().copied().filter(of_any).collect();
                available(Some(&named), &exclude, source, left_out)?
            }
            (None, true) => {
                let calendar = Feature::ALL.iter().copied().filter(|f| is_calendar(*f));
                let exclude: Vec<_> = exclude.iter().copied().chain(calendar).collect();
                available(None, &exclude, source, left_out)?
            }
        };
        if !features.is_empty() {
            selection.context.push((source.interval, features));
        }
    }
    for (feature, interval) in of_context.iter().flatten() {
        let is_context = |interval| context.iter().any(|source| source.interval == interval);
        if let Some(interval) = interval.filter(|&interval| !is_context(interval)) {
            return Err(FeatureError::NoContext { feature: feature.name(), interval });
        }
    }
    Ok(selection)
}

fn parse(names: &[String]) -> Result<Vec<Feature>, FeatureError> {
    let mut features = Vec::with_capacity(names.len());
    for name in names {
        let feature: Feature = name.parse()?;
        if features.contains(&feature) {
            return Err(FeatureError::Twice(feature.name()));
        }
        features.push(feature);
    }
    Ok(features)
}

fn parse_context(names: &[String]) -> Result<Vec<(Feature, Option<Interval>)>, FeatureError> {
    names.iter().map(|name| parse_scoped(name)).collect()
}

/// The context features that are of `interval`, because they are of it or of all.
fn of_interval(
    named: &[(Feature, Option<Interval>)],
    interval: Interval,
) -> Result<Vec<Feature>, FeatureError> {
    let mut features = Vec::new();
    for &(feature, scope) in named {
        if scope.is_some_and(|scope| scope != interval) {
            continue;
        }
        if features.contains(&feature) {
            return Err(FeatureError::Twice(feature.name()));
        }
        features.push(feature);
    }
    Ok(features)
}

/// The named features, or all of the catalogue that the source allows.
fn available(
    named: Option<&[Feature]>,
    exclude: &[Feature],
    source: &CandleSource,
    left_out: &mut Vec<LeftOut>,
) -> Result<Vec<Feature>, FeatureError> {
    let mut features = Vec::new();
    let interval = source.interval;
    for &feature in named.unwrap_or(Feature::ALL) {
        if exclude.contains(&feature) {
            continue;
        }
        let constant = feature.cycle().is_some_and(|cycle| cycle <= interval.ms());
        match source.lacking(feature) {
            Some(column) if named.is_some() => {
                return Err(FeatureError::Lacking { feature: feature.name(), column, interval });
            }
            None if named.is_some() || !constant => features.push(feature),
            column => left_out.push(LeftOut { feature, interval, column }),
        }
    }
    Ok(features)
}

fn check_context(
    base: Interval,
    context: Interval,
    before: &[CandleSource],
) -> Result<(), FeatureError> {
    if context <= base || !context.is_multiple_of(base) {
        return Err(FeatureError::NotCoarser { base, context });
    }
    if before.iter().any(|source| source.interval == context) {
        return Err(FeatureError::ContextTwice(context));
    }
    Ok(())
}

fn is_calendar(feature: Feature) -> bool {
    feature.info().group == FeatureGroup::Calendar
}
