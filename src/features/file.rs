//! Features in a file: a sealed Parquet file, written while they are built and read into a table.

use std::path::Path;

use rayon::prelude::*;

use crate::files::{ColumnFile, ColumnReaders, FileError};
use crate::market::{Candle, Interval};

use super::alternative::ValueSeries;
use super::block::{BLOCK, Blocks};
use super::build::push_series;
use super::{CandleSource, FeatureConfig, FeatureError, FeatureTable};

/// What such a file says it holds, and the version of its layout.
const KIND: (&str, u32) = ("features", 1);

/// Column of the base candles' open times.
const TIME: &str = "open_time";

/// Key under which a file gives the interval of the base candles.
const INTERVAL: &str = "candlewick.interval";

/// Most rows of a group: as many as other tables of this program have.
const GROUP_ROWS: usize = 65_536;

/// Rows that are put together at a time when a file is read.
const TILE: usize = 64;

/// Candles of one interval as they come, some at a time, in their order.
pub struct CandleChunks<'a, E> {
    /// What the candles give.
    pub source: CandleSource,
    /// The candles.
    pub chunks: Box<dyn Iterator<Item = Result<Vec<Candle>, E>> + 'a>,
}

/// Builds features into a file without ever holding more than a part of them or of the candles;
/// gives the number of rows.
///
/// The rows are those of [`build()`](super::build()) from the same candles, bit for bit, when every
/// context interval gives its candles up to the last that ends with a base candle. The config's
/// `memory` bounds the rows held at a time; features of trades and books inside candles are not
/// built here.
///
/// # Errors
/// Those of [`FeatureBuilder`](super::FeatureBuilder), of the candles' source and of the file;
/// [`FeatureError::NoRow`] when no candle has all its features. There is no file then.
pub fn build_to<E: From<FeatureError> + From<FileError>>(
    path: &Path,
    config: &FeatureConfig,
    base: CandleChunks<'_, E>,
    context: Vec<CandleChunks<'_, E>>,
    values: &[ValueSeries],
) -> Result<usize, E> {
    if !config.peers.is_empty() || config.book_levels > 0 {
        return Err(FeatureError::NotInParts.into());
    }
    let sources: Vec<_> = context.iter().map(|chunks| chunks.source.clone()).collect();
    let mut blocks = Blocks::new(config, &base.source, &sources)?;
    push_series(&mut blocks, config, values)?;
    let interval = base.source.interval;
    let names = blocks.names().to_vec();
    let mut file = create(path, interval, &names)?;
    let group_rows = rows_within(config.memory.bytes(), names.len());
    let mut group = Group::new(names.len());
    let mut base = Feed::new(base);
    let mut context: Vec<_> = context.into_iter().map(Feed::new).collect();
    let mut rows = 0;
    loop {
        base.take(BLOCK, |_| true)?;
        let Some(last) = base.block.last() else { break };
        let decision_time = last.open_time.saturating_add(interval.ms());
        for feed in &mut context {
            let ms = feed.interval.ms();
            feed.take(usize::MAX, |c| c.open_time.saturating_add(ms) <= decision_time)?;
        }
        let coarse: Vec<&[Candle]> = context.iter().map(|feed| feed.block.as_slice()).collect();
        blocks.push(&base.block, &coarse)?;
        group.append(&blocks);
        if group.times.len() >= group_rows {
            rows += group.write(&mut file)?;
        }
    }
    rows += group.write(&mut file)?;
    if rows == 0 {
        return Err(FeatureError::NoRow { interval }.into());
    }
    file.finish()?;
    Ok(rows)
}

/// Rows of a group, so that a quarter of `memory` holds them: as much again is the reader's or the
/// writer's, and the rest is for candles and states.
fn rows_within(memory: u64, width: usize) -> usize {
    let rows = memory / 4 / (4 * width as u64 + 8);
    (rows as usize).clamp(BLOCK, GROUP_ROWS) - BLOCK + 1
}

/// Writes a table as [`build_to`] would have built it.
///
/// # Errors
/// When the disk is full or fails; then there is no file.
pub fn write_features(path: &Path, table: &FeatureTable) -> Result<(), FileError> {
    let mut file = create(path, table.interval, &table.names)?;
    let width = table.names.len();
    let parts = table.values.chunks(GROUP_ROWS * width);
    for (times, values) in table.open_time.chunks(GROUP_ROWS).zip(parts) {
        let column = |index: usize| values[index..].iter().step_by(width).copied().collect();
        let columns: Vec<Vec<f32>> = (0..width).into_par_iter().map(column).collect();
        file.write(times, &columns)?;
    }
    file.finish()
}

/// Reads a file of features into a table.
///
/// # Errors
/// When it cannot be read, does not fit its seal or is no table of features.
pub fn read_features(path: &Path) -> Result<FeatureTable, FileError> {
    let file = ColumnReaders::open(path, KIND)?;
    let interval = file.metadata.get(INTERVAL).and_then(|text| text.parse().ok());
    let interval: Interval = interval.ok_or_else(|| file.wrong("it names no interval"))?;
    let width = file.names.len();
    if width == 0 {
        return Err(file.wrong("it has no features"));
    }
    let mut table = FeatureTable::with_room(interval, file.names.clone(), file.rows);
    let mut columns = vec![Vec::new(); width];
    let mut rest = &mut table.values[..];
    let mut open_time: Vec<i64> = Vec::with_capacity(file.rows);
    for group in 0..file.groups() {
        let times = file.times(group)?;
        for (index, column) in columns.iter_mut().enumerate() {
            file.floats(group, index, column)?;
            if column.len() != times.len() {
                return Err(file.wrong("its columns differ in length"));
            }
        }
        let Some((rows, after)) = rest.split_at_mut_checked(times.len() * width) else {
            return Err(file.wrong("it has more rows than it says"));
        };
        rows.par_chunks_mut(TILE * width).enumerate().for_each(|(tile, rows)| {
            for (index, column) in columns.iter().enumerate() {
                let values = &column[tile * TILE..];
                rows[index..].iter_mut().step_by(width).zip(values).for_each(|(to, v)| *to = *v);
            }
        });
        rest = after;
        open_time.extend(times);
    }
    if !rest.is_empty() || !open_time.is_sorted_by(|a, b| a < b) {
        return Err(file.wrong("its rows are not as many as it says, or out of order"));
    }
    for time in open_time {
        table.stamp(time);
    }
    Ok(table)
}

fn create(path: &Path, interval: Interval, names: &[String]) -> Result<ColumnFile, FileError> {
    ColumnFile::create(path, KIND, &[(INTERVAL, interval.to_string())], TIME, names)
}

/// Rows on their way into a group of the file.
struct Group {
    times: Vec<i64>,
    columns: Vec<Vec<f32>>,
}

impl Group {
    fn new(width: usize) -> Self {
        Self { times: Vec::new(), columns: vec![Vec::new(); width] }
    }

    fn append(&mut self, blocks: &Blocks) {
        self.times.extend(blocks.open_time());
        let columns = self.columns.par_iter_mut().enumerate();
        columns.for_each(|(index, column)| blocks.write_column(index, column));
    }

    fn write(&mut self, file: &mut ColumnFile) -> Result<usize, FileError> {
        let rows = self.times.len();
        if rows > 0 {
            file.write(&self.times, &self.columns)?;
        }
        self.times.clear();
        self.columns.iter_mut().for_each(Vec::clear);
        Ok(rows)
    }
}

/// Candles that were not taken yet, and the block that was.
struct Feed<'a, E> {
    interval: Interval,
    chunks: Box<dyn Iterator<Item = Result<Vec<Candle>, E>> + 'a>,
    waiting: std::vec::IntoIter<Candle>,
    block: Vec<Candle>,
}

impl<'a, E> Feed<'a, E> {
    fn new(chunks: CandleChunks<'a, E>) -> Self {
        let (interval, waiting) = (chunks.source.interval, Vec::new().into_iter());
        Self { interval, chunks: chunks.chunks, waiting, block: Vec::new() }
    }

    /// Takes the next candles as the block: at most `most`, and as long as `wanted` says.
    fn take(&mut self, most: usize, wanted: impl Fn(&Candle) -> bool) -> Result<(), E> {
        self.block.clear();
        while self.block.len() < most {
            match self.waiting.as_slice().first() {
                Some(candle) if wanted(candle) => self.block.extend(self.waiting.next()),
                Some(_) => return Ok(()),
                None => match self.chunks.next().transpose()? {
                    Some(chunk) => self.waiting = chunk.into_iter(),
                    None => return Ok(()),
                },
            }
        }
        Ok(())
    }
}
