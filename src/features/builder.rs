//! Features one candle at a time: what live forecasting feeds, and what [`build()`](super::build())
//! equals bit for bit.

use crate::market::{BookSnapshot, Candle, Interval, Span, Trade, Value};

use super::alternative::AsOf;
use super::build::unknown_series;
use super::peers::Peer;
use super::timeframes::{Clock, Context};
use super::{CandleSource, FeatureConfig, FeatureError, LeftOut, Selection, select};

/// Builds feature rows from candles as they end.
///
/// A context candle counts from its end on, however early it is given; give it before the base
/// candle that ends with it, and a peer's before the base candle of the same time. A value of a series counts from the first decision after it was known;
/// give it before that.
#[derive(Debug)]
pub struct FeatureBuilder {
    names: Vec<String>,
    left_out: Vec<LeftOut>,
    base: Clock,
    context: Vec<Context>,
    peers: Vec<Peer>,
    series: Vec<AsOf>,
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
        let Selection { base: (interval, features), book_levels, context, peers, series, left_out } =
            selection;
        Ok(Self {
            row: Vec::with_capacity(names.len()),
            names,
            left_out,
            base: Clock::new(interval, features).with_book(book_levels),
            context: context.into_iter().map(|(i, features)| Context::new(i, features)).collect(),
            peers: peers.into_iter().map(|peer| Peer::new(interval, peer)).collect(),
            series: series.into_iter().map(AsOf::new).collect(),
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

    /// Takes the next candle of a peer, of the base interval. One that comes after the base candle of
    /// its time is as one that is missing.
    ///
    /// # Errors
    /// A peer that the config does not name, and those of [`Self::push_context`].
    pub fn push_peer(&mut self, symbol: &str, candle: &Candle) -> Result<(), FeatureError> {
        match self.peers.iter_mut().find(|peer| peer.symbol() == symbol) {
            Some(peer) => peer.push(candle),
            None => {
                Err(super::peer_feed::unknown_peer(symbol, self.peers.iter().map(Peer::symbol)))
            }
        }
    }

    /// Takes the next value of a series, in the order in which they become known.
    ///
    /// # Errors
    /// A series that the config does not name, and those of [`AsOf::push`].
    pub fn push_value(&mut self, name: &str, value: Value) -> Result<(), FeatureError> {
        match self.series.iter_mut().find(|series| series.config().name == name) {
            Some(series) => series.push(value),
            None => {
                Err(unknown_series(name, self.series.iter().map(|series| &*series.config().name)))
            }
        }
    }

    /// Takes a trade of the base candle to come.
    ///
    /// # Errors
    /// A trade that lies in a candle that has ended, one whose numbers cannot be computed with.
    pub fn push_trade(&mut self, trade: &Trade) -> Result<(), FeatureError> {
        self.base.trade(trade)
    }

    /// Takes a snapshot of the book during the base candle to come. It stands until the next one, so
    /// that a candle without a snapshot has the features of the last one before. One with an empty
    /// side, with sides that cross or out of order, or with amounts that cannot be, starts the states
    /// that read the book anew.
    ///
    /// # Errors
    /// A snapshot that lies in a candle that has ended.
    pub fn push_book(&mut self, book: &BookSnapshot) -> Result<(), FeatureError> {
        self.base.book(book)
    }

    /// Takes a stretch of time of which trades or snapshots of the book are missing; give it before the
    /// first base candle that it touches. A candle that it touches has no row, and all states of the
    /// base candles begin anew after it.
    ///
    /// # Errors
    /// A stretch that begins in a candle that has ended.
    pub fn push_unseen(&mut self, span: Span) -> Result<(), FeatureError> {
        self.base.unseen(span)
    }

    /// Takes the next base candle and gives its features, once it has all of them: its own states
    /// and each context interval's are past their warm-up, the context candle that ended last is
    /// there, so is each peer's candle of the same time, and of each series a value is known that is
    /// young enough. A missing base candle starts the base states anew.
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
        for peer in &mut self.peers {
            complete &= peer.meet(candle, &mut self.row)?;
        }
        for series in &mut self.series {
            match series.at(decision_time) {
                Some(columns) => self.row.extend_from_slice(columns),
                None => complete = false,
            }
        }
        Ok(complete.then_some(&self.row))
    }
}
