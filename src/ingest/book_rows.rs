//! Books and trades of files on their way into the store: a snapshot a stretch of time, in batches.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use super::IngestReport;
use super::csv::decompressed;
use super::error::IngestError;
use super::lines::{Line, Lines};
use super::refusal::Refusal;
use crate::market::{BookSnapshot, Channel, Instrument, Level, Price, Span, Time, Trade};
use crate::store::{LiveBatch, Store};

/// Rows that are written at once.
const BATCH: usize = 10_000;

/// Lines of a plain or gzip file.
pub(super) type FileLines = Lines<Box<dyn BufRead + Send>>;

pub(super) fn open(path: &Path) -> Result<FileLines, IngestError> {
    let wrong = |error| IngestError::read(path, error);
    let file = BufReader::with_capacity(1 << 17, File::open(path).map_err(wrong)?);
    Ok(Lines::new(decompressed(file).map_err(wrong)?))
}

/// The next line of text and its number, or why it is none.
pub(super) fn next(
    lines: &mut FileLines,
    path: &Path,
) -> Result<Option<(u64, Result<String, String>)>, IngestError> {
    let read = lines.next_line().map_err(|error| IngestError::read(path, error))?;
    Ok(read.map(|(number, line)| match line {
        Line::Text(text) => (number, Ok(text.to_owned())),
        Line::TooLong => (number, Err("the line is longer than 64 KiB".to_owned())),
        Line::NotText => (number, Err("the line is not UTF-8 text".to_owned())),
    }))
}

/// What of a file goes into the store.
pub(super) struct Keeper<'a> {
    store: &'a mut Store,
    instrument: Arc<Instrument>,
    every: i64,
    /// The newest book, which stands until one of the next stretch comes.
    newest: Option<BookSnapshot>,
    batch: LiveBatch,
    has_begun: bool,
    pub(super) report: IngestReport,
}

impl<'a> Keeper<'a> {
    /// Keeps the last book of each `every` ms.
    pub(super) fn new(store: &'a mut Store, instrument: Instrument, every: u32) -> Self {
        Self {
            store,
            instrument: Arc::new(instrument),
            every: i64::from(every.max(1)),
            newest: None,
            batch: LiveBatch::default(),
            has_begun: false,
            report: IngestReport { files: 1, ..IngestReport::default() },
        }
    }

    /// Takes the next book, or says what is wrong with it.
    pub(super) fn book(&mut self, book: BookSnapshot) -> Result<Result<(), String>, IngestError> {
        let newest = self.newest.as_ref().map(|newest| (newest.time, newest.update_id));
        if let Some(fault) = fault(&book, newest) {
            return Ok(Err(fault));
        }
        self.begin(book.time)?;
        let stretch = |time: i64| time.div_euclid(self.every);
        if newest.is_some_and(|(time, _)| stretch(time) != stretch(book.time)) {
            self.keep()?;
        }
        self.newest = Some(book);
        Ok(Ok(()))
    }

    /// Takes the next trade.
    pub(super) fn trade(&mut self, trade: Trade) -> Result<(), IngestError> {
        self.begin(trade.time)?;
        self.batch.trades.push((Arc::clone(&self.instrument), Channel::Trades, trade));
        self.write(BATCH)
    }

    /// Notes a row that is not taken.
    pub(super) fn refuse(&mut self, file: &Path, line: u64, reason: String) {
        let file = file.to_path_buf();
        self.report.refused.row(|| Refusal { file, line: Some(line), reason });
    }

    /// Writes what is left and moves all of it into segments.
    pub(super) fn finish(mut self, path: &Path) -> Result<IngestReport, IngestError> {
        if self.report.rows == 0 {
            return Err(IngestError::NoBooks { path: path.to_path_buf() });
        }
        self.keep()?;
        self.write(0)?;
        self.store.roll_segments(0, 0)?;
        self.store.settle_log()?;
        Ok(self.report)
    }

    /// Refuses files that begin before the last stored book and are not stored themselves: the store
    /// takes books and trades in the order of time alone, and would leave out earlier ones.
    fn begin(&mut self, time: i64) -> Result<(), IngestError> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        let Some(stored) = self.store.received(&self.instrument, Channel::Book)? else {
            return Ok(());
        };
        let start = time.div_euclid(self.every) * self.every;
        let stretch = Span { start, end: start.saturating_add(self.every) };
        let is_there =
            || self.store.books(&self.instrument, stretch).map(|books| !books.is_empty());
        if time > stored.last.0 || is_there()? {
            return Ok(());
        }
        Err(IngestError::Earlier {
            instrument: (*self.instrument).clone(),
            time: Time(time),
            stored: stored.last,
        })
    }

    fn keep(&mut self) -> Result<(), IngestError> {
        if let Some(book) = self.newest.take() {
            self.batch.books.push((Arc::clone(&self.instrument), book));
        }
        self.write(BATCH)
    }

    fn write(&mut self, at_least: usize) -> Result<(), IngestError> {
        if self.batch.rows() > at_least {
            let written = self.store.write_live(&self.batch)?;
            self.report.books += written.books;
            self.report.trades += written.trades;
            self.report.refused.rows += written.refused;
            self.batch.clear();
        }
        Ok(())
    }
}

/// What no book can be, or that it does not follow the one before.
fn fault(book: &BookSnapshot, newest: Option<(i64, i64)>) -> Option<String> {
    let Some((bid, ask)) = book.bids.first().zip(book.asks.first()) else {
        return Some("a side has no level".to_owned());
    };
    let apart = |side: &[Level], falls: bool| {
        side.windows(2)
            .all(|two| two[0].price != two[1].price && (two[0].price > two[1].price) == falls)
    };
    let sound = |level: &Level| level.price > Price(0) && level.quantity > 0.0;
    if bid.price >= ask.price {
        let (bid, ask) = (bid.price.value(), ask.price.value());
        Some(format!("its best bid {bid} reaches its best ask {ask}"))
    } else if !apart(&book.bids, true) || !apart(&book.asks, false) {
        Some("its levels are not in the order of their prices".to_owned())
    } else if !book.bids.iter().chain(&book.asks).all(sound) {
        Some("a price or an amount is not above zero".to_owned())
    } else {
        newest
            .filter(|&(time, id)| (book.time, book.update_id) < (time, id))
            .map(|(time, _)| format!("it lies before the row before it, of {}", Time(time)))
    }
}
