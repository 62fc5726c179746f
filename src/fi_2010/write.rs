//! Order books into files of FI-2010's layout.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::config::{HORIZONS, Normalisation, file_name};
use super::{FEATURE_ROWS, Fi2010Error, ROWS};
use crate::files::write_atomic;
use crate::market::{BookSnapshot, Level};

/// Days of the data set.
pub const DAYS: usize = 10;

/// Levels of a side.
const LEVELS: usize = 10;

/// An event: 144 features and 5 labels.
type Event = [f64; ROWS];

/// Writes the eighteen files of nine training and nine test parts, `books[stock][day]` being a
/// stock's snapshots of a day with ten levels a side, and returns their paths.
///
/// Labels are the paper's: the mean of the next mid prices against the mid price now, up or down
/// from a relative change of `threshold` on; at the end of a day what is left of it is averaged.
/// Normalisation is fitted on each training file and used on it and on the test file of its number.
/// Rows 127 to 144, arrivals of messages, are 0: there are no messages.
///
/// # Errors
/// When a file cannot be written.
pub fn write(
    folder: &Path,
    books: &[Vec<Vec<BookSnapshot>>],
    normalisation: Normalisation,
    threshold: f64,
) -> Result<Vec<PathBuf>, Fi2010Error> {
    fs::create_dir_all(folder)
        .map_err(|source| Fi2010Error::Read { path: folder.to_path_buf(), source })?;
    let events: Vec<Vec<Vec<Event>>> = books
        .iter()
        .map(|days| days.iter().map(|day| events_of(day, threshold)).collect())
        .collect();
    let mut paths = Vec::new();
    for number in 1..DAYS {
        let of_days = |days: std::ops::Range<usize>| -> Vec<&Event> {
            let stocks = events.iter();
            stocks.flat_map(|all| all.get(days.clone()).unwrap_or_default()).flatten().collect()
        };
        let (train, test) = (of_days(0..number), of_days(number..number + 1));
        let scale: Vec<(f64, f64)> =
            (0..FEATURE_ROWS).map(|row| fit(normalisation, &train, row)).collect();
        for (part, events) in [("Train", &train), ("Test", &test)] {
            let path = folder.join(file_name(part, false, normalisation, number as u8));
            write_atomic(&path, text(events, &scale).as_bytes())?;
            paths.push(path);
        }
    }
    Ok(paths)
}

/// Centre and scale of a row.
fn fit(normalisation: Normalisation, events: &[&Event], row: usize) -> (f64, f64) {
    let values = || events.iter().map(|event| event[row]);
    let count = events.len() as f64;
    let (least, most) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
    let (center, scale) = match normalisation {
        Normalisation::ZScore => {
            let mean = values().sum::<f64>() / count;
            let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            (mean, variance.sqrt())
        }
        Normalisation::MinMax => (least, most - least),
        Normalisation::DecPre => {
            let largest = least.abs().max(most.abs());
            (0.0, if largest > 0.0 { 10_f64.powf(largest.log10().ceil()) } else { 1.0 })
        }
    };
    // A row that never changes becomes 0.
    (center, if scale > 0.0 { scale } else { 1.0 })
}

fn text(events: &[&Event], scale: &[(f64, f64)]) -> String {
    let mut text = String::with_capacity(ROWS * events.len() * 16);
    for row in 0..ROWS {
        let (center, scale) = scale.get(row).copied().unwrap_or((0.0, 1.0));
        for event in events {
            // Writing to a string cannot fail.
            let _ = write!(text, "   {:.7e}", (event[row] - center) / scale);
        }
        text.push('\n');
    }
    text
}

/// The events of a stock's day. Prices are counted in 0.0001, as the data set's.
fn events_of(books: &[BookSnapshot], threshold: f64) -> Vec<Event> {
    let mids: Vec<f64> = books.iter().map(mid).collect();
    let mut last: Option<[f64; 4 * LEVELS]> = None;
    let event = |(at, book): (usize, &BookSnapshot)| {
        let mut event = [0.0; ROWS];
        let sides = level_columns(book);
        event[..40].copy_from_slice(&sides);
        let made = [spreads(&sides), differences(&sides)].concat();
        event[40..80].copy_from_slice(&made);
        let sum = |column: usize| sides.iter().skip(column).step_by(4).sum::<f64>();
        let [ask, ask_size, bid, bid_size] = [0, 1, 2, 3].map(sum);
        let levels = LEVELS as f64;
        event[80..84].copy_from_slice(&[ask, bid, ask_size, bid_size].map(|all| all / levels));
        event[84..86].copy_from_slice(&[ask - bid, ask_size - bid_size]);
        if let Some(last) = last.replace(sides) {
            for (change, (now, before)) in event[86..126].iter_mut().zip(sides.iter().zip(last)) {
                *change = now - before;
            }
        }
        for (label, horizon) in event[FEATURE_ROWS..].iter_mut().zip(HORIZONS) {
            *label = class(&mids, at, horizon as usize, threshold);
        }
        event
    };
    books.iter().enumerate().map(event).collect()
}

/// Ask price, ask amount, bid price and bid amount, level by level.
fn level_columns(book: &BookSnapshot) -> [f64; 4 * LEVELS] {
    let mut columns = [0.0; 4 * LEVELS];
    let pair = |level: &Level| [level.price.0 as f64 / 1e4, (level.quantity * 100.0).round()];
    for (columns, (ask, bid)) in columns.chunks_exact_mut(4).zip(book.asks.iter().zip(&book.bids)) {
        columns[..2].copy_from_slice(&pair(ask));
        columns[2..].copy_from_slice(&pair(bid));
    }
    columns
}

/// Spread and mid price of each level.
fn spreads(sides: &[f64]) -> Vec<f64> {
    let pair = |level: &[f64]| [level[0] - level[2], f64::midpoint(level[0], level[2])];
    sides.chunks_exact(4).flat_map(pair).collect()
}

/// From the last level to the first, of asks and bids, and from each level to the next.
fn differences(sides: &[f64]) -> Vec<f64> {
    let end = 4 * (LEVELS - 1);
    let between =
        |at: usize| [(sides[at + 4] - sides[at]).abs(), (sides[at + 6] - sides[at + 2]).abs()];
    let steps = (0..LEVELS - 1).flat_map(|level| between(4 * level));
    [sides[end] - sides[0], sides[2] - sides[end + 2]].into_iter().chain(steps).collect()
}

fn mid(book: &BookSnapshot) -> f64 {
    let best = |side: &[Level]| side.first().map_or(f64::NAN, |level| level.price.value());
    f64::midpoint(best(&book.asks), best(&book.bids))
}

/// 1 up, 2 stationary, 3 down.
fn class(mids: &[f64], at: usize, horizon: usize, threshold: f64) -> f64 {
    let next = &mids[at + 1..mids.len().min(at + 1 + horizon)];
    if next.is_empty() {
        return 2.0;
    }
    let change = next.iter().sum::<f64>() / next.len() as f64 / mids[at] - 1.0;
    if change >= threshold {
        1.0
    } else if change <= -threshold {
        3.0
    } else {
        2.0
    }
}
