//! Files into a table and labels a stock.

use std::path::PathBuf;

use super::config::{Columns, Fi2010Config, HORIZONS, file_name};
use super::{BOOK_ROWS, FEATURE_ROWS, Fi2010Error, joins, matrix};
use crate::features::{FeatureTable, book_columns};
use crate::files::sha256_file;
use crate::labels::{self, Labels};
use crate::market::{Instrument, Interval, Time};

/// When the made-up clock starts: 2010-06-01, the first of the data set's days.
const START: i64 = 1_275_350_400_000;

/// What the files hold.
#[derive(Debug)]
pub struct Fi2010Rows {
    /// Features, a table a stock.
    pub tables: Vec<(Instrument, FeatureTable)>,
    /// Labels of the tables' rows.
    pub labels: Vec<Labels>,
    /// Time of the first test event.
    pub test_from: Time,
    /// What was read.
    pub files: Vec<FileFacts>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Its name.
    pub name: String,
    /// Hex sha256 of it.
    pub sha256: String,
    /// Its events.
    pub events: u64,
    /// Time of its first and of its last event.
    pub ends: (Time, Time),
}

/// Reads the training file and then the test files of `config`, which hold `stocks` in their order.
///
/// Every stretch of one stock and one day starts a run of rows of its own, so that no window reaches
/// over a join, and its last `horizon` events have no label, since the files do not say what theirs
/// was made of. The stocks' stretches of one day share their time; the next day's lie behind them.
///
/// # Errors
/// When a file is absent, not of the layout or cannot be cut, and when `horizon` is none of
/// [`HORIZONS`].
pub fn load(
    config: &Fi2010Config,
    stocks: &[Instrument],
    interval: Interval,
    horizon: u32,
) -> Result<Fi2010Rows, Fi2010Error> {
    let (train, tests) = config.files();
    let mut parts: Vec<Part> = stocks.iter().map(|_| Part::new(config, interval)).collect();
    let mut clock = START;
    let mut test_from = START;
    let mut files = Vec::new();
    for (part, number, days) in [("Train", train, train)]
        .into_iter()
        .chain(tests.into_iter().map(|number| ("Test", number, 1)))
    {
        let name = file_name(part, config.auction, config.normalisation, number);
        let path = matrix::find(&config.folder, &name, "")?;
        let read = File::read(config, path, horizon)?;
        let lengths = joins::lengths(config, &read.path, &read.rows[0], stocks.len(), days)?;
        if part == "Test" && number == config.files().1[0] {
            test_from = clock;
        }
        let first = clock;
        // Where days are not told apart, there is one for all of them.
        for day in 0..lengths.iter().map(Vec::len).max().unwrap_or(0) {
            let mut longest = 0;
            for (stock, part) in parts.iter_mut().enumerate() {
                let before: usize = lengths[..stock].iter().flatten().sum();
                let start = before + lengths[stock][..day].iter().sum::<usize>();
                let length = lengths[stock][day];
                part.push(&read, start..start + length, clock, horizon as usize);
                longest = longest.max(length);
            }
            // One interval more, so that even whole days leave a hole between them.
            let end = clock.saturating_add(interval.ms().saturating_mul(longest as i64 + 1));
            clock = Interval::DAY.floor(end.saturating_add(Interval::DAY.ms() - 1));
        }
        let last = parts.iter().filter_map(|part| part.table.open_time.last()).max();
        files.push(FileFacts {
            name,
            sha256: sha256_file(&read.path)?,
            events: read.rows[0].len() as u64,
            ends: (Time(first), Time(last.copied().unwrap_or(first))),
        });
    }
    let (mut tables, mut all) = (Vec::new(), Vec::new());
    for (stock, part) in stocks.iter().zip(parts) {
        let rows: Vec<(i64, Option<u8>)> =
            part.table.open_time.iter().copied().zip(part.classes).collect();
        all.push(labels::given(stock.clone(), horizon, interval, &rows));
        tables.push((stock.clone(), part.table));
    }
    Ok(Fi2010Rows { tables, labels: all, test_from: Time(test_from), files })
}

/// The rows of a file that are features, and the classes of its label.
struct File {
    path: PathBuf,
    rows: Vec<Vec<f32>>,
    classes: Vec<u8>,
}

impl File {
    fn read(config: &Fi2010Config, path: PathBuf, horizon: u32) -> Result<Self, Fi2010Error> {
        let wrong = |fault| Fi2010Error::Layout { path: path.clone(), fault };
        let Some(label) = HORIZONS.iter().position(|&known| known == horizon) else {
            return Err(wrong(format!(
                "it has no label of {horizon} events, only of {HORIZONS:?}"
            )));
        };
        let row = FEATURE_ROWS + label;
        let wanted: Vec<usize> = (0..width(config)).chain([row]).collect();
        let mut rows = matrix::read(&path, &wanted)?;
        let classes = rows.pop().unwrap_or_default();
        let class = |(column, value): (usize, f32)| match value {
            1.0 => Ok(2),
            2.0 => Ok(1),
            3.0 => Ok(0),
            other => Err(wrong(format!(
                "row {}: column {}: label {other} is none of 1 up, 2 stationary, 3 down",
                row + 1,
                column + 1
            ))),
        };
        let classes = classes.into_iter().enumerate().map(class).collect::<Result<_, _>>()?;
        Ok(Self { path, rows, classes })
    }
}

/// Rows of one stock.
struct Part {
    table: FeatureTable,
    classes: Vec<Option<u8>>,
}

impl Part {
    fn new(config: &Fi2010Config, interval: Interval) -> Self {
        let made = (BOOK_ROWS + 1..=width(config)).map(|row| format!("fi_2010_row_{row}"));
        let table = FeatureTable {
            interval,
            names: book_columns(BOOK_ROWS / 4).chain(made).collect(),
            open_time: Vec::new(),
            values: Vec::new(),
            run_start: Vec::new(),
        };
        Self { table, classes: Vec::new() }
    }

    fn push(&mut self, file: &File, columns: std::ops::Range<usize>, start: i64, horizon: usize) {
        let (run, labelled) = (self.table.rows() as u32, columns.end.saturating_sub(horizon));
        let step = self.table.interval.ms();
        for (place, column) in columns.enumerate() {
            self.table.open_time.push(start + step * place as i64);
            self.table.run_start.push(run);
            self.table.values.extend(file.rows.iter().map(|row| row[column]));
            self.classes.push((column < labelled).then(|| file.classes[column]));
        }
    }
}

fn width(config: &Fi2010Config) -> usize {
    match config.columns {
        Columns::Book => BOOK_ROWS,
        Columns::All => FEATURE_ROWS,
    }
}
