//! Features of whole series.

use rayon::prelude::*;

use crate::market::{BookSnapshot, Candle, CandleSeries};

use super::alternative::{AsOf, SeriesConfig, ValueSeries};
use super::block::{BLOCK, Blocks};
use super::inputs::{Event, Inputs};
use super::peer_feed::{self as feed, PeerFeed};
use super::{CandleSource, FeatureBuilder, FeatureConfig, FeatureError, FeatureTable, select};

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
    let Inputs { base, context, .. } = *inputs;
    if let Some(other) = context.iter().find(|other| other.instrument() != base.instrument()) {
        let (base, context) = (base.instrument().clone(), other.instrument().clone());
        return Err(FeatureError::TwoInstruments { base, context });
    }
    let sources: Vec<_> = context.iter().map(CandleSource::of).collect();
    let alone = config.peers.is_empty() && config.book_levels == 0 && inputs.are_candles_alone();
    let table = if alone {
        of_blocks(config, inputs, &sources)?
    } else {
        of_rows(config, inputs, &sources)?
    };
    if table.rows() == 0 { Err(why_no_row(config, inputs)) } else { Ok(table) }
}

/// Of candles and values alone: in blocks.
fn of_blocks(
    config: &FeatureConfig,
    inputs: &Inputs<'_>,
    sources: &[CandleSource],
) -> Result<FeatureTable, FeatureError> {
    let Inputs { base, context, values, .. } = *inputs;
    let mut blocks = Blocks::new(config, &inputs.base_source(), sources)?;
    push_series(&mut blocks, config, values)?;
    let width = blocks.names().len();
    let mut table = FeatureTable::with_room(base.interval(), blocks.names().to_vec(), base.len());
    let mut next = vec![0; context.len()];
    let mut candles = vec![Vec::new(); context.len() + 1];
    let mut gather = |start: usize, candles: &mut [Vec<Candle>]| {
        let end = base.len().min(start + BLOCK);
        let Some(last) = end.checked_sub(1).filter(|_| start < end) else { return };
        let decision_time = base.open_time()[last].saturating_add(base.interval().ms());
        for ((series, next), candles) in context.iter().zip(&mut next).zip(&mut candles[1..]) {
            let ms = series.interval().ms();
            let ended = |open_time: &i64| open_time.saturating_add(ms) <= decision_time;
            let count = series.open_time()[*next..].partition_point(ended);
            candles.clear();
            candles.extend(series.candles(*next..*next + count));
            *next += count;
        }
        candles[0].clear();
        candles[0].extend(base.candles(start..end));
    };
    gather(0, &mut candles);
    for start in (0..base.len()).step_by(BLOCK) {
        let coarse: Vec<&[Candle]> = candles[1..].iter().map(Vec::as_slice).collect();
        blocks.push(&candles[0], &coarse)?;
        let rows = table.rows() * width..(table.rows() + blocks.rows()) * width;
        blocks.open_time().iter().for_each(|&open_time| table.stamp(open_time));
        let rows = &mut table.values[rows];
        rayon::join(|| blocks.write_rows(rows), || gather(start + BLOCK, &mut candles));
    }
    table.values.truncate(table.rows() * width);
    Ok(table)
}

/// Of whatever there is: candle by candle.
fn of_rows(
    config: &FeatureConfig,
    inputs: &Inputs<'_>,
    sources: &[CandleSource],
) -> Result<FeatureTable, FeatureError> {
    let Inputs { base, context, values, .. } = *inputs;
    let mut builder = FeatureBuilder::new(config, &inputs.base_source(), sources)?;
    for SeriesConfig { name, .. } in &config.series {
        let series = values.iter().find(|series| series.name == *name);
        let known = || unknown_series(name, values.iter().map(|series| &*series.name));
        for value in &series.ok_or_else(known)?.values {
            builder.push_value(name, *value)?;
        }
    }
    for &span in inputs.unseen {
        builder.push_unseen(span)?;
    }
    let mut table = FeatureTable::with_room(base.interval(), builder.names().to_vec(), 0);
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
            table.stamp(candle.open_time);
            table.values.extend_from_slice(row);
        }
    }
    Ok(table)
}

/// The features of several instruments at once, in parallel: [`build`] of each.
#[must_use]
pub fn build_each(
    config: &FeatureConfig,
    inputs: &[Inputs<'_>],
) -> Vec<Result<FeatureTable, FeatureError>> {
    inputs.par_iter().map(|inputs| build(config, inputs)).collect()
}

/// Gives the blocks all values of every series that the config names.
pub(super) fn push_series(
    blocks: &mut Blocks,
    config: &FeatureConfig,
    values: &[ValueSeries],
) -> Result<(), FeatureError> {
    for (index, SeriesConfig { name, .. }) in config.series.iter().enumerate() {
        let series = values.iter().find(|series| series.name == *name);
        let known = || unknown_series(name, values.iter().map(|series| &*series.name));
        blocks.push_values(index, &series.ok_or_else(known)?.values)?;
    }
    Ok(())
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

/// The error of a series that is not there.
pub(super) fn unknown_series<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> FeatureError {
    let known: Vec<_> = known.collect();
    let known = if known.is_empty() { "none at all".to_owned() } else { known.join(", ") };
    FeatureError::UnknownSeries { name: name.to_owned(), known }
}

fn longest_stretch(series: &CandleSeries) -> usize {
    let times = series.open_time();
    let follows = |a: i64, b: i64| a.saturating_add(series.interval().ms()) == b;
    times.chunk_by(|&a, &b| follows(a, b)).map(<[i64]>::len).max().unwrap_or(0)
}
