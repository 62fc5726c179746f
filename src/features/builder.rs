//! Features one candle at a time: what live forecasting feeds and what [`build`] folds.

use crate::market::{Candle, CandleSeries, Interval};

use super::timeframes::{Clock, Context};
use super::{CandleSource, FeatureConfig, FeatureError, FeatureTable, LeftOut, Selection, select};

/// Builds feature rows from candles as they end.
///
/// A context candle counts from its end on, however early it is given; give it before the base
/// candle that ends with it.
#[derive(Debug)]
pub struct FeatureBuilder {
    names: Vec<String>,
    left_out: Vec<LeftOut>,
    base: Clock,
    context: Vec<Context>,
    row: Vec<f32>,
}

impl FeatureBuilder {
    /// A builder that has seen no candle yet. Logs a warning for each feature that the data does not
    /// allow.
    ///
    /// # Errors
    /// Those of [`select`].
    pub fn new(
        config: &FeatureConfig,
        base: &CandleSource,
        context: &[CandleSource],
    ) -> Result<Self, FeatureError> {
        let selection = select(config, base, context)?;
        selection.log_left_out();
        let names = selection.names();
        let Selection { base: (interval, features), context, left_out } = selection;
        Ok(Self {
            row: Vec::with_capacity(names.len()),
            names,
            left_out,
            base: Clock::new(interval, features),
            context: context.into_iter().map(|(i, features)| Context::new(i, features)).collect(),
        })
    }

    /// Names of the features, in a row's order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What was not asked for by name and cannot be had.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Takes the next candle of a context interval. A missing one starts that interval's states
    /// anew. An interval that has no features ignores its candles.
    ///
    /// # Errors
    /// An impossible candle, one out of order, one without a column its features need, one whose
    /// numbers are beyond all reason.
    pub fn push_context(
        &mut self,
        interval: Interval,
        candle: &Candle,
    ) -> Result<(), FeatureError> {
        match self.context.iter_mut().find(|context| context.interval() == interval) {
            Some(context) => context.push(candle),
            None => Ok(()),
        }
    }

    /// Takes the next base candle and gives its features, once it has all of them: its own states
    /// and each context interval's are past their warm-up, and the context candle that ended last
    /// is there. A missing base candle starts the base states anew.
    ///
    /// # Errors
    /// As [`Self::push_context`].
    pub fn push_base(&mut self, candle: &Candle) -> Result<Option<&[f32]>, FeatureError> {
        self.row.clear();
        let mut complete = self.base.push(candle, &mut self.row)?;
        let decision_time = candle.open_time + self.base.interval().ms();
        for context in &mut self.context {
            match context.as_of(decision_time) {
                Some(row) => self.row.extend_from_slice(row),
                None => complete = false,
            }
        }
        Ok(complete.then_some(&self.row))
    }
}

/// The features of every candle of `base` that has all of them, each context interval joined as of
/// the end of its candles.
///
/// Row by row it is what a [`FeatureBuilder`] gives, bit for bit.
///
/// # Errors
/// Those of [`FeatureBuilder`], candles of two instruments, and [`FeatureError::TooShort`] or
/// [`FeatureError::NeverTogether`] when no candle has all its features.
pub fn build(
    config: &FeatureConfig,
    base: &CandleSeries,
    context: &[CandleSeries],
) -> Result<FeatureTable, FeatureError> {
    if let Some(other) = context.iter().find(|other| other.instrument() != base.instrument()) {
        let (base, context) = (base.instrument().clone(), other.instrument().clone());
        return Err(FeatureError::TwoInstruments { base, context });
    }
    let sources: Vec<_> = context.iter().map(CandleSource::of).collect();
    let mut builder = FeatureBuilder::new(config, &CandleSource::of(base), &sources)?;
    let mut table = FeatureTable::new(base.interval(), builder.names().to_vec());
    let mut next = vec![0; context.len()];
    for candle in base.iter() {
        let decision_time = candle.open_time.saturating_add(base.interval().ms());
        for (series, next) in context.iter().zip(&mut next) {
            let interval = series.interval();
            while *next < series.len()
                && series.open_time()[*next].saturating_add(interval.ms()) <= decision_time
            {
                builder.push_context(interval, &series.candle(*next))?;
                *next += 1;
            }
        }
        if let Some(row) = builder.push_base(&candle)? {
            table.push(candle.open_time, row);
        }
    }
    if table.rows() == 0 { Err(why_no_row(config, base, context)) } else { Ok(table) }
}

/// Which series keeps every candle from having all its features.
fn why_no_row(
    config: &FeatureConfig,
    base: &CandleSeries,
    context: &[CandleSeries],
) -> FeatureError {
    let sources: Vec<_> = context.iter().map(CandleSource::of).collect();
    let selection = match select(config, &CandleSource::of(base), &sources) {
        Ok(selection) => selection,
        Err(error) => return error,
    };
    let all = std::iter::once(base).chain(context);
    for (interval, features) in std::iter::once(&selection.base).chain(&selection.context) {
        let Some(series) = all.clone().find(|series| series.interval() == *interval) else {
            continue;
        };
        let longest = longest_stretch(series);
        let Some(slowest) = features.iter().max_by_key(|f| f.info().warm_up) else { continue };
        let needed = slowest.info().warm_up + 1;
        if longest < needed {
            let (interval, candles, feature) = (*interval, series.len(), slowest.name());
            return FeatureError::TooShort { interval, candles, longest, feature, needed };
        }
    }
    let context = selection.context.first().map_or(base.interval(), |(interval, _)| *interval);
    FeatureError::NeverTogether { base: base.interval(), context }
}

fn longest_stretch(series: &CandleSeries) -> usize {
    let times = series.open_time();
    let follows = |a: i64, b: i64| a.saturating_add(series.interval().ms()) == b;
    times.chunk_by(|&a, &b| follows(a, b)).map(<[i64]>::len).max().unwrap_or(0)
}
