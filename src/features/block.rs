//! Features of many candles at once: the states of every interval run column by column, in parallel,
//! and the rows are put together afterwards.
//!
//! What it gives is what [`FeatureBuilder`](super::FeatureBuilder) gives, bit for bit: the same
//! states take the same candles in the same order. Only the order among features differs.

use rayon::prelude::*;

use crate::market::{Candle, Interval, Value};

use super::alternative::AsOf;
use super::indicator::Indicator;
use super::source::Sources;
use super::timeframes::{Clock, Stretch};
use super::{CandleSource, Feature, FeatureConfig, FeatureError, Selection, select};

/// Base candles of one block: few enough for a core's cache to hold them and a column, enough that
/// a task's start is not felt.
pub(super) const BLOCK: usize = 2048;

/// Features that a thread computes before another may take the next ones.
const TASKS: usize = 4;

/// Rows that are put together at a time.
const TILE: usize = 64;

/// Stands for a context candle that is not there or warms up.
const ABSENT: u32 = u32::MAX;

/// The states of all intervals, and the features of the last block of candles.
#[derive(Debug)]
pub(super) struct Blocks {
    names: Vec<String>,
    base: Lane,
    context: Vec<Context>,
    series: Vec<AsOf>,
    /// Values of the series at each base candle.
    known: Vec<f32>,
    /// Base candles of the block that have all their features.
    kept: Vec<u32>,
    open_time: Vec<i64>,
}

/// A coarser interval as the base sees it.
#[derive(Debug)]
struct Context {
    lane: Lane,
    /// Its place among the context given.
    place: usize,
    /// Open time of each candle; the first is the last one of the block before.
    open_time: Vec<i64>,
    /// Whether each is past its warm-up.
    complete: Vec<bool>,
    /// Features of each, row after row.
    rows: Vec<f32>,
    /// Of each base candle the candle here that ended last, or [`ABSENT`].
    as_of: Vec<u32>,
}

/// The states of one interval and the columns that they gave.
#[derive(Debug)]
struct Lane {
    clock: Clock,
    sources: Sources,
    length: usize,
    /// One column a feature, `length` each.
    columns: Vec<f32>,
    marks: Vec<u8>,
}

/// A candle has a feature without a value.
const LACKING: u8 = 1;
/// A candle has a feature that is not finite.
const WRONG: u8 = 2;

/// One feature over the candles of a block.
struct Task<'a> {
    feature: Feature,
    state: &'a mut Box<dyn Indicator>,
    candles: &'a [Candle],
    sources: &'a Sources,
    stretches: &'a [Stretch],
    values: &'a mut [f32],
}

impl Blocks {
    /// States that have seen nothing. Logs a warning for each feature that the data does not allow.
    pub(super) fn new(
        config: &FeatureConfig,
        base: &CandleSource,
        context: &[CandleSource],
    ) -> Result<Self, FeatureError> {
        let selection = select(config, base, context)?;
        selection.log_left_out();
        let names = selection.names();
        let Selection { base: (interval, features), context: chosen, series, .. } = selection;
        let with_place = |(interval, features)| Context {
            place: context.iter().position(|source| source.interval == interval).unwrap_or(0),
            lane: Lane::new(interval, features),
            open_time: Vec::new(),
            complete: Vec::new(),
            rows: Vec::new(),
            as_of: Vec::new(),
        };
        Ok(Self {
            names,
            base: Lane::new(interval, features),
            context: chosen.into_iter().map(with_place).collect(),
            series: series.into_iter().map(AsOf::new).collect(),
            known: Vec::new(),
            kept: Vec::new(),
            open_time: Vec::new(),
        })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Takes all values of the series that is `index`-th in the config.
    pub(super) fn push_values(
        &mut self,
        index: usize,
        values: &[Value],
    ) -> Result<(), FeatureError> {
        values.iter().try_for_each(|value| self.series[index].push(*value))
    }

    /// Takes the next base candles, of each context interval the candles that have ended by the end
    /// of the last of them. The rows of the block before are gone.
    pub(super) fn push(
        &mut self,
        base: &[Candle],
        context: &[&[Candle]],
    ) -> Result<(), FeatureError> {
        let coarse = self.context.par_iter_mut();
        let ((base_stretches, base_fault), entered): (_, Vec<_>) = rayon::join(
            || self.base.enter(base),
            || coarse.map(|coarse| coarse.lane.enter(context[coarse.place])).collect(),
        );
        let sound = &base[..self.base.length];
        let mut tasks = self.base.tasks(sound, &base_stretches);
        for (coarse, (stretches, _)) in self.context.iter_mut().zip(&entered) {
            let candles = &context[coarse.place][..coarse.lane.length];
            tasks.extend(coarse.lane.tasks(candles, stretches));
        }
        tasks.par_iter_mut().with_max_len(TASKS).for_each(Task::run);
        self.base.mark();
        self.context.par_iter_mut().for_each(|coarse| coarse.lane.mark());

        let faults = entered.into_iter().map(|(_, fault)| fault).chain([base_fault]);
        let lanes = self.context.iter().map(|coarse| (&coarse.lane, context[coarse.place]));
        let first = faults
            .zip(lanes.chain([(&self.base, base)]))
            .filter_map(|(fault, (lane, candles))| {
                let (at, error) = lane.wrong(candles).or(fault)?;
                let end = candles[at].open_time.saturating_add(lane.clock.interval().ms());
                // Streaming, a context candle is taken right before the base candle that ends next.
                let ms = self.base.clock.interval().ms();
                let before = |c: &Candle| c.open_time.saturating_add(ms) < end;
                let turn = sound.partition_point(before);
                // The base candle at fault has its turn too.
                let past_all = turn == sound.len() && base.get(turn).is_some_and(before);
                Some((turn + usize::from(past_all), error))
            })
            .min_by_key(|(turn, _)| *turn);
        match first {
            Some((_, error)) => Err(error),
            None => {
                self.join(base, context);
                Ok(())
            }
        }
    }

    /// Number of rows of the block: base candles that have all their features.
    pub(super) fn rows(&self) -> usize {
        self.kept.len()
    }

    /// Open time of each row's base candle.
    pub(super) fn open_time(&self) -> &[i64] {
        &self.open_time
    }

    /// Writes the rows one after the other.
    pub(super) fn write_rows(&self, values: &mut [f32]) {
        let width = self.names.len();
        let tiles = values.par_chunks_mut(TILE * width).zip(self.kept.par_chunks(TILE));
        tiles.for_each(|(rows, kept)| {
            for (feature, column) in self.base.columns.chunks_exact(self.base.length).enumerate() {
                for (row, &candle) in rows.chunks_exact_mut(width).zip(kept) {
                    row[feature] = column[candle as usize];
                }
            }
            for (row, &candle) in rows.chunks_exact_mut(width).zip(kept) {
                let mut rest = &mut row[self.base.clock.width()..];
                for coarse in &self.context {
                    let (part, after) = rest.split_at_mut(coarse.lane.clock.width());
                    part.copy_from_slice(coarse.row(coarse.as_of[candle as usize]));
                    rest = after;
                }
                let known = &self.known[candle as usize * rest.len()..];
                rest.copy_from_slice(&known[..rest.len()]);
            }
        });
    }

    /// Appends column `index` of the rows.
    pub(super) fn write_column(&self, index: usize, values: &mut Vec<f32>) {
        let kept = self.kept.iter().map(|&candle| candle as usize);
        let mut index = index;
        if index < self.base.clock.width() {
            let column = &self.base.columns[index * self.base.length..];
            values.extend(kept.map(|candle| column[candle]));
            return;
        }
        index -= self.base.clock.width();
        for coarse in &self.context {
            let width = coarse.lane.clock.width();
            if index < width {
                values.extend(kept.map(|candle| coarse.row(coarse.as_of[candle])[index]));
                return;
            }
            index -= width;
        }
        let width: usize = self.series.iter().map(|s| s.config().columns.len()).sum();
        values.extend(kept.map(|candle| self.known[candle * width + index]));
    }

    /// Finds the rows: joins the context and the series as of the end of each base candle.
    fn join(&mut self, base: &[Candle], context: &[&[Candle]]) {
        let ms = self.base.clock.interval().ms();
        for coarse in &mut self.context {
            coarse.take(context[coarse.place]);
            coarse.join(base.iter().map(|candle| candle.open_time.saturating_add(ms)));
        }
        self.known.clear();
        self.kept.clear();
        self.open_time.clear();
        for (index, candle) in base.iter().enumerate() {
            let decision_time = candle.open_time.saturating_add(ms);
            let mut complete = self.base.marks[index] == 0
                && self.context.iter().all(|coarse| coarse.as_of[index] != ABSENT);
            for series in &mut self.series {
                let width = series.config().columns.len();
                match series.at(decision_time) {
                    Some(known) => self.known.extend_from_slice(known),
                    None => {
                        complete = false;
                        self.known.resize(self.known.len() + width, 0.0);
                    }
                }
            }
            if complete {
                self.kept.push(index as u32);
                self.open_time.push(candle.open_time);
            }
        }
    }
}

impl Context {
    /// Puts the candles of the block behind the last one of the block before.
    fn take(&mut self, candles: &[Candle]) {
        let width = self.lane.clock.width();
        let before = self.open_time.len().saturating_sub(1);
        self.open_time.drain(..before);
        self.complete.drain(..before);
        self.rows.drain(..before * width);
        self.open_time.extend(candles.iter().map(|candle| candle.open_time));
        self.complete.extend(self.lane.marks.iter().map(|&mark| mark == 0));
        for candle in 0..self.lane.length {
            let columns = self.lane.columns.chunks_exact(self.lane.length);
            self.rows.extend(columns.map(|column| column[candle]));
        }
    }

    fn join(&mut self, decisions: impl Iterator<Item = i64>) {
        let interval = self.lane.clock.interval();
        let ended = |open_time: i64, decision| open_time.saturating_add(interval.ms()) <= decision;
        let mut at = 0;
        self.as_of.clear();
        self.as_of.extend(decisions.map(|decision| {
            while self.open_time.get(at + 1).is_some_and(|&next| ended(next, decision)) {
                at += 1;
            }
            let expected = interval.floor(decision).saturating_sub(interval.ms());
            let there = self.open_time.get(at) == Some(&expected) && self.complete[at];
            if there { at as u32 } else { ABSENT }
        }));
    }

    fn row(&self, at: u32) -> &[f32] {
        let width = self.lane.clock.width();
        &self.rows[at as usize * width..][..width]
    }
}

impl Lane {
    fn new(interval: Interval, features: Vec<Feature>) -> Self {
        let mut clock = Clock::new(interval, features);
        let sources = Sources::new(clock.states().flat_map(|(_, state)| state.sources().to_vec()));
        Self { clock, sources, length: 0, columns: Vec::new(), marks: Vec::new() }
    }

    fn enter(&mut self, candles: &[Candle]) -> (Vec<Stretch>, Option<(usize, FeatureError)>) {
        let (clock, sources) = (&mut self.clock, &mut self.sources);
        let check = || clock.enter_block(candles);
        let ((stretches, fault), ()) = rayon::join(check, || sources.take(candles));
        self.length = fault.as_ref().map_or(candles.len(), |(sound, _)| *sound);
        self.columns.resize(self.clock.width() * self.length, 0.0);
        self.marks.clear();
        self.marks.resize(self.length, 0);
        (stretches, fault)
    }

    fn tasks<'a>(&'a mut self, candles: &'a [Candle], stretches: &'a [Stretch]) -> Vec<Task<'a>> {
        if candles.is_empty() {
            return Vec::new();
        }
        let columns = self.columns.chunks_exact_mut(self.length);
        let sources = &self.sources;
        let task = |((feature, state), values)| Task {
            feature,
            state,
            candles,
            sources,
            stretches,
            values,
        };
        self.clock.states().zip(columns).map(task).collect()
    }

    /// Marks the candles that lack a value or have one that is not finite.
    fn mark(&mut self) {
        if self.length == 0 {
            return;
        }
        let columns = &self.columns;
        let length = self.length;
        self.marks.par_chunks_mut(512).enumerate().for_each(|(part, marks)| {
            for column in columns.chunks_exact(length) {
                for (mark, value) in marks.iter_mut().zip(&column[part * 512..]) {
                    let (lacking, wrong) =
                        (u8::from(value.is_nan()), u8::from(value.is_infinite()));
                    *mark |= (lacking * LACKING) | (wrong * WRONG);
                }
            }
        });
    }

    /// The first candle with a feature that is not finite.
    fn wrong(&self, candles: &[Candle]) -> Option<(usize, FeatureError)> {
        let at = self.marks.iter().position(|mark| mark & WRONG != 0)?;
        let mut columns = self.columns.chunks_exact(self.length);
        let feature = columns.position(|column| column[at].is_infinite())?;
        Some((at, self.clock.not_finite(feature, candles[at].open_time)))
    }
}

impl Task<'_> {
    fn run(&mut self) {
        for Stretch { candles, anew } in self.stretches {
            if *anew {
                *self.state = self.feature.state();
            }
            let columns = self.sources.columns(self.candles, candles.clone());
            self.state.fold(&columns, &mut self.values[candles.clone()]);
        }
    }
}
