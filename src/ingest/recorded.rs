//! Recorded messages of an exchange into the store, through the very code that live streams go
//! through.
//!
//! Two formats: lines of `<receive time ns> <json>`, with the REST answer of a whole book on a line of
//! its own; and lines of `<receive time s>: <json>` below a header `<address> <-> <time>`, whose REST
//! answers stand in a file of their own as `<address> -> <time>: <json>`. Either plain or gzip.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::exchange::message::{Levels, Message, parse};
use super::live::desk::{BookSettings, Counts, Desk, Taken};
use super::{IngestError, Progress};
use crate::market::{BookSnapshot, Instrument, Market};
use crate::store::{LiveWritten, Store};

mod lines;

use lines::{Answer, Line, RecordedLines};

/// Rows that go into one transaction.
const ROWS: usize = 5_000;

/// Whose messages they are and how books are stored.
#[derive(Debug, Clone)]
pub struct RecordedConfig {
    /// Name of the exchange.
    pub venue: String,
    /// Market of files that do not name it in a header.
    pub market: Market,
    /// How books are kept and stored.
    pub books: BookSettings,
}

/// What became of recorded messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RecordedReport {
    /// Files read.
    pub files: u64,
    /// Lines read.
    pub lines: u64,
    /// Lines of neither format, and whole books of no known symbol.
    pub skipped: u64,
    /// New candles.
    pub candles: u64,
    /// New trades.
    pub trades: u64,
    /// New quotes.
    pub quotes: u64,
    /// New book snapshots.
    pub books: u64,
    /// Rows that were stored before.
    pub ignored: u64,
    /// Rows that cannot be.
    pub refused: u64,
    /// Entries made in the ledger.
    pub gaps: u64,
    /// What the desks met, one a market.
    pub desks: Vec<DeskReport>,
}

/// What one market's desk met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeskReport {
    /// Market.
    pub market: Market,
    /// Counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// Symbols whose book is in step at the end.
    pub in_step: Vec<String>,
    /// Symbols whose book is out of step at the end.
    pub out_of_step: Vec<String>,
}

/// Reads the files in their order, as if they were one, and stores what they say; `on_book` sees every
/// book snapshot before it is stored.
///
/// # Errors
/// When a file cannot be read or the store fails; then all batches before are stored.
pub fn ingest_recorded(
    store: &mut Store,
    files: &[PathBuf],
    config: &RecordedConfig,
    progress: &mut dyn FnMut(Progress),
    on_book: &mut dyn FnMut(&Instrument, &BookSnapshot),
) -> Result<RecordedReport, IngestError> {
    let mut opened = Vec::with_capacity(files.len());
    for file in files {
        opened.push(RecordedLines::open(file, config.market)?);
    }
    let total = opened.iter().map(RecordedLines::bytes).sum();
    let mut answers = Vec::new();
    for file in opened.iter_mut().filter(|file| file.is_of_answers()) {
        file.read_answers(&mut answers)?;
    }
    // The first one last, so that it is taken from the end.
    answers.sort_by_key(|answer: &Answer| std::cmp::Reverse(answer.received));
    let mut replay = Replay {
        store,
        config,
        on_book,
        desks: Vec::new(),
        levels: Levels::default(),
        report: RecordedReport { files: files.len() as u64, ..RecordedReport::default() },
    };
    let mut done = 0;
    for mut file in opened {
        if !file.is_of_answers() {
            let market = file.market();
            while let Some(line) = file.next_line()? {
                replay.report.lines += 1;
                let Line::Message { received, text } = line else {
                    replay.report.skipped += u64::from(line == Line::Neither);
                    continue;
                };
                while answers.last().is_some_and(|answer| answer.received <= received) {
                    answers.pop().into_iter().for_each(|answer| replay.answer(&answer));
                }
                replay.message(market, text, received)?;
                if replay.report.lines.is_multiple_of(10_000) {
                    progress(Progress { done: done + file.position(), total });
                }
            }
        }
        done += file.bytes();
        progress(Progress { done, total });
    }
    while let Some(answer) = answers.pop() {
        replay.answer(&answer);
    }
    replay.finish()
}

struct Replay<'a> {
    store: &'a mut Store,
    config: &'a RecordedConfig,
    on_book: &'a mut dyn FnMut(&Instrument, &BookSnapshot),
    desks: Vec<(Market, Desk)>,
    levels: Levels,
    report: RecordedReport,
}

impl Replay<'_> {
    fn desk(&mut self, market: Market) -> usize {
        let known = self.desks.iter().position(|(known, _)| *known == market);
        known.unwrap_or_else(|| {
            let desk = Desk::new(&self.config.venue, market, self.config.books.config(), true);
            self.desks.push((market, desk));
            self.desks.len() - 1
        })
    }

    fn message(&mut self, market: Market, text: &str, received: i64) -> Result<(), IngestError> {
        let place = self.desk(market);
        if text.starts_with("{\"lastUpdateId\"") {
            self.whole_book(place, None, text);
            return Ok(());
        }
        let Some((_, desk)) = self.desks.get_mut(place) else { return Ok(()) };
        if let Taken::Closed(instrument, channel) = desk.take(text, received) {
            let stored = self.store.received(&instrument, channel)?;
            desk.open(&instrument, channel, stored);
            desk.take(text, received);
        }
        desk.wanted();
        if desk.rows() >= ROWS {
            self.store(place)?;
        }
        Ok(())
    }

    fn answer(&mut self, answer: &Answer) {
        let place = self.desk(answer.market);
        self.whole_book(place, Some(&answer.symbol), &answer.text);
    }

    /// A whole book as REST answers; without a symbol it is the only one whose updates came.
    fn whole_book(&mut self, place: usize, symbol: Option<&str>, text: &str) {
        let Some((_, desk)) = self.desks.get_mut(place) else { return };
        let Ok(parsed) = parse(text, &mut self.levels) else {
            self.report.skipped += 1;
            return;
        };
        let Message::Snapshot(head) = parsed.message else {
            self.report.skipped += 1;
            return;
        };
        let sole = desk.sole_book();
        match symbol.or(head.symbol).map(str::to_owned).or(sole.map(|one| one.symbol.clone())) {
            Some(symbol) => {
                desk.snapshot(&symbol, head.last_update_id, &self.levels.bids, &self.levels.asks);
            }
            None => self.report.skipped += 1,
        }
    }

    fn store(&mut self, place: usize) -> Result<(), IngestError> {
        let Some((_, desk)) = self.desks.get_mut(place) else { return Ok(()) };
        let batch = desk.hand_over();
        for (instrument, book) in &batch.books {
            (self.on_book)(instrument, book);
        }
        let written = self.store.write_live(&batch)?;
        self.report.add(&written);
        Ok(())
    }

    fn finish(mut self) -> Result<RecordedReport, IngestError> {
        for place in 0..self.desks.len() {
            if let Some((_, desk)) = self.desks.get_mut(place) {
                desk.end_minutes();
            }
            self.store(place)?;
        }
        for (market, desk) in &self.desks {
            let name = |instrument: &Arc<Instrument>| instrument.symbol.clone();
            let (in_step, out_of_step) = desk.books();
            self.report.desks.push(DeskReport {
                market: *market,
                counts: desk.counts(),
                in_step: in_step.into_iter().map(name).collect(),
                out_of_step: out_of_step.into_iter().map(name).collect(),
            });
        }
        Ok(self.report)
    }
}

impl RecordedReport {
    fn add(&mut self, written: &LiveWritten) {
        self.candles += written.candles.inserted;
        self.trades += written.trades;
        self.quotes += written.quotes;
        self.books += written.books;
        self.ignored += written.ignored;
        self.refused += written.refused;
        self.gaps += written.gaps.len() as u64;
    }
}
