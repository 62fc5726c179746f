//! `candlewick ingest book-csv`: books of any CSV file.

use std::path::PathBuf;

use clap::Args;

use super::{PageBar, Place, Target, tell};
use crate::ingest::{BookColumns, BookCsvSource, ingest_book_csv};
use crate::market::Instrument;
use crate::store::Store;

/// Books of any CSV file with a book a row, plain or gzip, with or without a header
#[derive(Debug, Args)]
pub struct BookCsvArgs {
    /// The file
    file: PathBuf,
    /// Symbol that is traded
    #[arg(long)]
    symbol: String,
    /// The file's columns in their order, separated by commas
    ///
    /// Known are `time_ms_or_us`, `time_s`, `time` (text), `update_id`, `ask_price`, `ask_size`,
    /// `bid_price`, `bid_size`, best level first, and `skip` for a column not to be read. A group in
    /// brackets may be repeated: `time,(ask_price,ask_size,bid_price,bid_size)*10`. Binance's archive of
    /// best quotes is `update_id,bid_price,bid_size,ask_price,ask_size,skip,time_ms_or_us`.
    #[arg(long)]
    columns: BookColumns,
    /// Keep the last book of each stretch of so many milliseconds
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=86_400_000))]
    every_ms: u32,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    target: Target,
}

/// Runs `candlewick ingest book-csv` and returns the exit code: 3 when rows were refused.
pub fn run(args: &BookCsvArgs, json: bool) -> anyhow::Result<u8> {
    let source = BookCsvSource {
        file: &args.file,
        instrument: Instrument::new(&args.place.venue, args.place.market, &args.symbol)?,
        columns: args.columns.clone(),
        every_ms: args.every_ms,
    };
    let mut store = Store::create(&args.target.store)?;
    let bar = PageBar::new("rows");
    let report = ingest_book_csv(&mut store, &source, &mut |progress| {
        bar.show(progress.done, progress.total);
    })?;
    drop(bar);
    tell(&args.target, json, &args.file.display().to_string(), &report, None)
}
