//! Which of the data set's files to train on, and how to cut them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Events ahead of the five labels, in the order of their rows.
pub const HORIZONS: [u32; 5] = [10, 20, 30, 50, 100];

/// Files of FI-2010's layout in place of stored candles. `data.symbols` names the stocks in the
/// files' order, `data.interval` how long an event lasts on the made-up clock, and `labels.horizon`
/// chooses the label: 10, 20, 30, 50 or 100 events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Fi2010Config {
    /// Folder of the files; folders in it are searched too.
    #[garde(skip)]
    pub folder: PathBuf,
    /// How the files' values were normalised, a part of their names: `z_score` (the default),
    /// `min_max` or `dec_pre`.
    #[serde(default)]
    #[garde(skip)]
    pub normalisation: Normalisation,
    /// Whether the files with the auctions are meant. Default false.
    #[serde(default)]
    #[garde(skip)]
    pub auction: bool,
    /// The split: 1 trains on the first `fold` days and tests on the day after them, 2 (the default)
    /// trains on seven days and tests on the last three.
    #[serde(default = "two")]
    #[garde(range(min = 1, max = 2))]
    pub setup: u8,
    /// Which of setup 1's nine folds, 1 to 9; none in setup 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1, max = 9)))]
    pub fold: Option<u8>,
    /// Which rows are features: `book`, the first 40 (the default), or `all` 144.
    #[serde(default)]
    #[garde(skip)]
    pub columns: Columns,
    /// Share of each stock's training events, the last ones, that choose the checkpoint. Default 0.2.
    #[serde(default = "fifth")]
    #[garde(range(min = 0.01, max = 0.9))]
    pub valid: f64,
    /// Whether the days of a training file are told apart. Default `separate`.
    #[serde(default)]
    #[garde(skip)]
    pub days: Days,
    /// Number of events of each stock's days by file name, where they are not to be found in the
    /// files: a list a stock, in it a number a day. Default: none.
    #[serde(default)]
    #[garde(skip)]
    pub joins: BTreeMap<String, Vec<Vec<usize>>>,
}

/// How a file's values were normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalisation {
    /// Mean and standard deviation of the training file.
    #[default]
    ZScore,
    /// Least and greatest value of the training file.
    MinMax,
    /// A power of ten for each row.
    DecPre,
}

impl Normalisation {
    /// As file names have it.
    pub(super) fn in_names(self) -> &'static str {
        match self {
            Self::ZScore => "ZScore",
            Self::MinMax => "MinMax",
            Self::DecPre => "DecPre",
        }
    }
}

/// Which rows are features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Columns {
    /// The 40 of the book.
    #[default]
    Book,
    /// All 144.
    All,
}

/// Whether the days of a training file, which nothing in it marks, are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Days {
    /// By the lengths of the days' own files, `Train_…_CF_1` and `Test_…_CF_1` to `CF_8`, which have
    /// to be there, or by `joins`.
    #[default]
    Separate,
    /// Not: windows of the training part may reach over a night, as in published code. For folders
    /// without the days' own files.
    Unmarked,
}

impl Fi2010Config {
    /// Number of the training file, which is that of its days, and of the test files.
    pub(super) fn files(&self) -> (u8, Vec<u8>) {
        match (self.setup, self.fold) {
            (1, fold) => {
                let fold = fold.unwrap_or(9);
                (fold, vec![fold])
            }
            _ => (7, vec![7, 8, 9]),
        }
    }
}

/// Name of a file.
pub(super) fn file_name(
    part: &str,
    auction: bool,
    normalisation: Normalisation,
    number: u8,
) -> String {
    let auction = if auction { "Auction" } else { "NoAuction" };
    format!("{part}_Dst_{auction}_{}_CF_{number}.txt", normalisation.in_names())
}

fn two() -> u8 {
    2
}

fn fifth() -> f64 {
    0.2
}
