//! Features one candle at a time: what live forecasting feeds and what [`build`] folds.

use crate::market::{BookSnapshot, Candle, CandleSeries, Interval, Span, Trade, Value};

use super::alternative::{AsOf, SeriesConfig, ValueSeries};
use super::inputs::{Event, Inputs};
use super::peer_feed::{self as feed, PeerFeed};
use super::peers::Peer;
use super::timeframes::{Clock, Context};
use super::{CandleSource, FeatureConfig, FeatureError, FeatureTable, LeftOut, Selection, select};

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
            None => Err(feed::unknown_peer(symbol, self.peers.iter().map(Peer::symbol))),
        }
    }

    /// Takes the next value of a series, in the order in which they become known.
    ///
    /// # Errors
    /// A series that the config does not name, and those of [`AsOf::push`].
    pub fn push_value(&mut self, name: &str, value: Value) -> Result<(), FeatureError> {
        match self.series.iter_mut().find(|series| series.config().name == name) {
            Some(series) => series.push(value),
            None => Err(unknown(name, self.series.iter().map(|series| &*series.config().name))),
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

/// The features of every base candle that has all of them, each context interval joined as of the
/// end of its candles, each series of values that the config names as of what was known then.
///
/// Row by row it is what a [`FeatureBuilder`] gives, bit for bit.
///
/// # Errors
/// Those of [`FeatureBuilder`], candles of two instruments, a series that is not there, and
/// [`FeatureError::TooShort`], [`FeatureError::NeverTogether`] or [`FeatureError::NoValues`] when no
/// candle has all its features.
pub fn build(config: &FeatureConfig, inputs: &Inputs<'_>) -> Result<FeatureTable, FeatureError> {
    let Inputs { base, context, values, .. } = *inputs;
    if let Some(other) = context.iter().find(|other| other.instrument() != base.instrument()) {
        let (base, context) = (base.instrument().clone(), other.instrument().clone());
        return Err(FeatureError::TwoInstruments { base, context });
    }
    let sources: Vec<_> = context.iter().map(CandleSource::of).collect();
    let mut builder = FeatureBuilder::new(config, &inputs.base_source(), &sources)?;
    for SeriesConfig { name, .. } in &config.series {
        let series = values.iter().find(|series| series.name == *name);
        let known = || unknown(name, values.iter().map(|series| &*series.name));
        for value in &series.ok_or_else(known)?.values {
            builder.push_value(name, *value)?;
        }
    }
    for &span in inputs.unseen {
        builder.push_unseen(span)?;
    }
    let mut table = FeatureTable::new(base.interval(), builder.names().to_vec());
    let mut next = vec![0; context.len()];
    let mut peers = PeerFeed::new(config, inputs)?;
    let mut streams = inputs.streams();
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
        peers.until(candle.open_time, &mut builder)?;
        streams.pass(candle.open_time);
        while let Some(event) = streams.before(decision_time) {
            match event {
                Event::Trade(trade) => builder.push_trade(trade)?,
                Event::Book(book) => builder.push_book(book)?,
            }
        }
        if let Some(row) = builder.push_base(&candle)? {
            table.push(candle.open_time, row);
        }
    }
    if table.rows() == 0 { Err(why_no_row(config, inputs)) } else { Ok(table) }
}

/// Which series keeps every candle from having all its features.
fn why_no_row(config: &FeatureConfig, inputs: &Inputs<'_>) -> FeatureError {
    let Inputs { base, context, values, .. } = *inputs;
    let sources: Vec<_> = context.iter().map(CandleSource::of).collect();
    let selection = match select(config, &inputs.base_source(), &sources) {
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
    if !config.series.is_empty() {
        let without = FeatureConfig { series: Vec::new(), ..config.clone() };
        if let Err(error) = build(&without, inputs) {
            return error;
        }
        let series = never_known(config, base, values).join(", ");
        return FeatureError::NoValues { interval: base.interval(), series };
    }
    if !config.peers.is_empty() {
        let without = FeatureConfig { peers: Vec::new(), ..config.clone() };
        return match build(&without, inputs) {
            Ok(_) => feed::why_no_row(&selection.peers, inputs),
            Err(error) => error,
        };
    }
    let levels = config.book_levels;
    let depth = |book: &BookSnapshot| book.asks.len().min(book.bids.len());
    let deepest = inputs.books.unwrap_or_default().iter().map(depth).max().unwrap_or(0);
    if deepest < levels {
        return FeatureError::ShallowBook { levels, deepest };
    }
    let reads_inside = selection.base.1.iter().any(|feature| feature.info().reads_inside());
    if reads_inside || levels > 0 || !inputs.unseen.is_empty() {
        return FeatureError::NeverSeen { interval: base.interval() };
    }
    let context = selection.context.first().map_or(base.interval(), |(interval, _)| *interval);
    FeatureError::NeverTogether { base: base.interval(), context }
}

/// The series of which nothing young enough was ever known at the end of a candle; all of them when
/// each was at some time, but not together.
fn never_known<'a>(
    config: &'a FeatureConfig,
    base: &CandleSeries,
    values: &[ValueSeries],
) -> Vec<&'a str> {
    let ever = |config: &SeriesConfig| {
        let mut state = AsOf::new(config.clone());
        let series = values.iter().find(|series| series.name == config.name);
        for value in series.into_iter().flat_map(|series| &series.values) {
            // A value that cannot be was told before there were rows to miss.
            let _ = state.push(*value);
        }
        base.open_time()
            .iter()
            .any(|&open| state.at(open.saturating_add(base.interval().ms())).is_some())
    };
    let names = |series: &[&'a SeriesConfig]| series.iter().map(|series| &*series.name).collect();
    let all: Vec<&SeriesConfig> = config.series.iter().collect();
    let never: Vec<&SeriesConfig> = all.iter().copied().filter(|series| !ever(series)).collect();
    names(if never.is_empty() { &all } else { &never })
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> FeatureError {
    let known: Vec<_> = known.collect();
    let known = if known.is_empty() { "none at all".to_owned() } else { known.join(", ") };
    FeatureError::UnknownSeries { name: name.to_owned(), known }
}

fn longest_stretch(series: &CandleSeries) -> usize {
    let times = series.open_time();
    let follows = |a: i64, b: i64| a.saturating_add(series.interval().ms()) == b;
    times.chunk_by(|&a, &b| follows(a, b)).map(<[i64]>::len).max().unwrap_or(0)
}
