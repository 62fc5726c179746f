//! The features of one interval on its own clock, and the join of a coarser clock to the base.

use std::collections::VecDeque;
use std::ops::Range;

use crate::market::{BookSnapshot, Candle, Interval, SeriesError, Span, Trade};

use super::book_shape;
use super::book_tensor::BookTensor;
use super::feature::Input;
use super::indicator::Indicator;
use super::{Feature, FeatureError};

/// The states of one interval's features.
#[derive(Debug)]
pub(super) struct Clock {
    interval: Interval,
    features: Vec<Feature>,
    states: Vec<Box<dyn Indicator>>,
    last: Option<i64>,
    /// Open time of the candle whose trades and snapshots the states are being told.
    open: Option<i64>,
    /// The book as columns of its own, where the config asks for them.
    tensor: Option<BookTensor>,
    /// Stretches that were not seen and have not ended, in order and apart from each other.
    unseen: VecDeque<Span>,
    /// Of each of [`Input::COLUMNS`] a feature that reads it.
    readers: [Option<&'static str>; Input::COLUMNS.len()],
}

/// Candles of a block that follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Their places in the block.
    pub(super) candles: Range<usize>,
    /// Whether the states begin anew before them.
    pub(super) anew: bool,
}

impl Clock {
    pub(super) fn new(interval: Interval, features: Vec<Feature>) -> Self {
        let states = features.iter().map(|feature| feature.state()).collect();
        let readers = Input::COLUMNS.map(|column| {
            let reads = |feature: &&Feature| feature.info().inputs.contains(&column);
            features.iter().find(reads).map(|feature| feature.name())
        });
        let (last, open, tensor, unseen) = (None, None, None, VecDeque::new());
        Self { interval, features, states, last, open, tensor, unseen, readers }
    }

    /// The same with the best levels of the book as columns after the features'; none for 0.
    pub(super) fn with_book(mut self, levels: usize) -> Self {
        self.tensor = (levels > 0).then(|| BookTensor::new(levels));
        self
    }

    /// Number of features.
    pub(super) fn width(&self) -> usize {
        self.features.len()
    }

    /// The features, each with its state.
    pub(super) fn states(&mut self) -> impl Iterator<Item = (Feature, &mut Box<dyn Indicator>)> {
        self.features.iter().copied().zip(&mut self.states)
    }

    /// The error of feature `index` that is not a finite number.
    pub(super) fn not_finite(&self, index: usize, open_time: i64) -> FeatureError {
        let (feature, interval) = (self.features[index].name(), self.interval);
        FeatureError::NotFinite { feature, interval, open_time }
    }

    /// Checks the next candles and says where the states begin anew; whoever asks then runs the
    /// states over them. With an error, how many candles before it are sound.
    pub(super) fn enter_block(
        &mut self,
        candles: &[Candle],
    ) -> (Vec<Stretch>, Option<(usize, FeatureError)>) {
        let mut stretches: Vec<Stretch> = Vec::new();
        for (index, candle) in candles.iter().enumerate() {
            if let Err(error) = self.check(candle) {
                return (stretches, Some((index, error)));
            }
            let open_time = candle.open_time;
            let follows = |last: i64| last.saturating_add(self.interval.ms()) == open_time;
            let anew = !self.last.is_none_or(follows);
            self.last = Some(open_time);
            match stretches.last_mut().filter(|_| !anew) {
                Some(stretch) => stretch.candles.end = index + 1,
                None => stretches.push(Stretch { candles: index..index + 1, anew }),
            }
        }
        (stretches, None)
    }

    pub(super) fn interval(&self) -> Interval {
        self.interval
    }

    /// Takes a candle and appends its features to `row`; false, and nothing of use in `row`, while
    /// one of them warms up. A candle that does not follow the last one starts all states anew, and
    /// so does one that was not wholly seen, which has no row.
    pub(super) fn push(
        &mut self,
        candle: &Candle,
        row: &mut Vec<f32>,
    ) -> Result<bool, FeatureError> {
        let open_time = candle.open_time;
        self.check(candle)?;
        self.enter(open_time);
        self.open = None;
        self.last = Some(open_time);
        if self.was_unseen(open_time) {
            self.start_anew();
            return Ok(false);
        }
        let mut complete = true;
        for (feature, state) in self.features.iter().zip(&mut self.states) {
            let Some(value) = state.update(candle) else {
                complete = false;
                continue;
            };
            let value = value as f32;
            if !value.is_finite() {
                let (feature, interval) = (feature.name(), self.interval);
                return Err(FeatureError::NotFinite { feature, interval, open_time });
            }
            row.push(value);
        }
        Ok(self.tensor.as_ref().is_none_or(|tensor| tensor.append(row)) && complete)
    }

    /// Takes a trade inside the candle to come.
    pub(super) fn trade(&mut self, trade: &Trade) -> Result<(), FeatureError> {
        FeatureError::check_trade(trade)?;
        self.enter_at(trade.time)?;
        self.states.iter_mut().for_each(|state| state.trade(trade));
        Ok(())
    }

    /// Takes a snapshot of the book inside the candle to come. One that is no whole book (see
    /// [`book_shape::is_whole`]) starts the states that read the book anew.
    pub(super) fn book(&mut self, book: &BookSnapshot) -> Result<(), FeatureError> {
        self.enter_at(book.time)?;
        if book_shape::is_whole(book) {
            self.states.iter_mut().for_each(|state| state.book(book));
            self.tensor.iter_mut().for_each(|tensor| tensor.update(book));
        } else {
            for (feature, state) in self.features.iter().zip(&mut self.states) {
                if feature.info().inputs.contains(&Input::BookStream) {
                    *state = feature.state();
                }
            }
            self.tensor.iter_mut().for_each(BookTensor::clear);
        }
        Ok(())
    }

    /// Takes a stretch of which trades or books were not seen.
    pub(super) fn unseen(&mut self, span: Span) -> Result<(), FeatureError> {
        let ended = self.last.map(|last| last.saturating_add(self.interval.ms()));
        if ended.is_some_and(|ended| span.start < ended) {
            return Err(FeatureError::Late { interval: self.interval, time: span.start });
        }
        // A stretch of one moment is not empty: what is missing happened then.
        let span = Span { end: span.end.max(span.start.saturating_add(1)), ..span };
        let place = self.unseen.partition_point(|other| other.start <= span.start);
        self.unseen.insert(place, span);
        let joins = |other: &Span, next: &Span| next.start <= other.end;
        if place > 0 && joins(&self.unseen[place - 1], &span)
            || self.unseen.get(place + 1).is_some_and(|next| joins(&span, next))
        {
            let mut apart: VecDeque<Span> = VecDeque::with_capacity(self.unseen.len());
            for next in self.unseen.drain(..) {
                match apart.back_mut() {
                    Some(last) if joins(last, &next) => last.end = last.end.max(next.end),
                    _ => apart.push_back(next),
                }
            }
            self.unseen = apart;
        }
        Ok(())
    }

    /// Whether a part of the candle was not seen; forgets stretches that ended before it.
    fn was_unseen(&mut self, open_time: i64) -> bool {
        while self.unseen.front().is_some_and(|span| span.end <= open_time) {
            self.unseen.pop_front();
        }
        let end = open_time.saturating_add(self.interval.ms());
        self.unseen.front().is_some_and(|span| span.start < end)
    }

    fn start_anew(&mut self) {
        self.states = self.features.iter().map(|feature| feature.state()).collect();
        self.tensor.iter_mut().for_each(BookTensor::clear);
    }

    fn enter_at(&mut self, time: i64) -> Result<(), FeatureError> {
        let open_time = self.interval.floor(time);
        let ended = self.last.is_some_and(|last| open_time <= last);
        if ended || self.open.is_some_and(|open| open_time < open) {
            return Err(FeatureError::Late { interval: self.interval, time });
        }
        self.enter(open_time);
        Ok(())
    }

    /// Begins the candle of `open_time`: all states anew unless it follows the last one and nothing
    /// was told of a candle between.
    fn enter(&mut self, open_time: i64) {
        if self.open == Some(open_time) {
            return;
        }
        let follows =
            self.last.is_none_or(|last| last.saturating_add(self.interval.ms()) == open_time);
        if !follows || self.open.is_some() {
            self.start_anew();
        }
        self.open = Some(open_time);
    }

    fn check(&self, candle: &Candle) -> Result<(), FeatureError> {
        let (interval, open_time) = (self.interval, candle.open_time);
        if let Some(last) = self.last
            && open_time <= last
        {
            return Err(FeatureError::Order { interval, fault: SeriesError { open_time, last } });
        }
        candle.check(interval).map_err(|fault| FeatureError::Impossible {
            interval,
            open_time,
            fault,
        })?;
        for (column, reader) in Input::COLUMNS.into_iter().zip(self.readers) {
            match column.value(candle) {
                Some(value) if column.is_reasonable(value) => {}
                Some(value) => {
                    return Err(FeatureError::Unreasonable { interval, open_time, column, value });
                }
                None => {
                    if let Some(feature) = reader {
                        return Err(FeatureError::Incomplete {
                            interval,
                            open_time,
                            column,
                            feature,
                        });
                    }
                }
            }
        }
        Ok(())
    }
}

/// A coarser clock as the base sees it: the row of the last candle that has ended.
#[derive(Debug)]
pub(super) struct Context {
    clock: Clock,
    /// Candles that the base has not seen end.
    pending: VecDeque<Ended>,
    current: Option<Ended>,
    /// A row that is no longer needed, for the next candle.
    spare: Vec<f32>,
}

/// A candle that has ended: its open time, whether it is past the warm-up, and its row if so.
#[derive(Debug)]
struct Ended {
    open_time: i64,
    complete: bool,
    row: Vec<f32>,
}

impl Context {
    pub(super) fn new(interval: Interval, features: Vec<Feature>) -> Self {
        let clock = Clock::new(interval, features);
        Self { clock, pending: VecDeque::new(), current: None, spare: Vec::new() }
    }

    pub(super) fn interval(&self) -> Interval {
        self.clock.interval()
    }

    pub(super) fn push(&mut self, candle: &Candle) -> Result<(), FeatureError> {
        let mut row = std::mem::take(&mut self.spare);
        row.clear();
        let complete = self.clock.push(candle, &mut row)?;
        self.pending.push_back(Ended { open_time: candle.open_time, complete, row });
        Ok(())
    }

    /// The row of the candle that ended last before or at `time`, if that candle is there and past
    /// its warm-up. An older candle's row is not a substitute.
    pub(super) fn as_of(&mut self, time: i64) -> Option<&[f32]> {
        let interval = self.interval();
        let ended = |open: i64| open.saturating_add(interval.ms()) <= time;
        while let Some(next) = self.pending.pop_front_if(|next| ended(next.open_time)) {
            if let Some(before) = self.current.replace(next) {
                self.spare = before.row;
            }
        }
        let expected = interval.floor(time).saturating_sub(interval.ms());
        let current = self.current.as_ref();
        current.filter(|last| last.complete && last.open_time == expected).map(|last| &*last.row)
    }
}
