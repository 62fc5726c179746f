//! Files of FI-2010's layout: where they are cut, what is fitted on them, and the published recipes on
//! simulated ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use burn::tensor::Device;
use candlewick::fi_2010::{
    Columns, DAYS, Days, Fi2010Config, Fi2010Error, Fi2010Rows, Normalisation, load, split, write,
};
use candlewick::ingest::simulated::{SMOOTHED_THRESHOLD, SimulationConfig, simulate_stocks};
use candlewick::labels::Labels;
use candlewick::market::{BookSnapshot, Instrument, Interval, Market};
use candlewick::training::{self, CheckpointMeta};
use candlewick::windows::{Pool, eligible};
use tempfile::TempDir;

use crate::support::Sandbox;

const NAME: &str = "Train_Dst_NoAuction_ZScore_CF_7.txt";

/// Two stocks over ten days, each of a length of its own.
fn books() -> Vec<Vec<Vec<BookSnapshot>>> {
    let second: Interval = "1s".parse().unwrap();
    let config =
        SimulationConfig { candles: 90, intervals: vec![second], ..SimulationConfig::default() };
    let mut books = simulate_stocks(&config, 2, DAYS).unwrap();
    for (stock, days) in books.iter_mut().enumerate() {
        for (day, book) in days.iter_mut().enumerate() {
            book.truncate(50 + 7 * day % 40 + 13 * stock);
        }
    }
    books
}

fn config(folder: &Path) -> Fi2010Config {
    Fi2010Config {
        folder: folder.to_path_buf(),
        normalisation: Normalisation::ZScore,
        auction: false,
        setup: 2,
        fold: None,
        columns: Columns::Book,
        valid: 0.2,
        days: Days::Separate,
        joins: BTreeMap::new(),
    }
}

fn stocks() -> Vec<Instrument> {
    ["AB", "CD"].map(|name| Instrument::new("simulated", Market::Spot, name).unwrap()).to_vec()
}

fn read(config: &Fi2010Config, horizon: u32) -> Result<Fi2010Rows, Fi2010Error> {
    load(config, &stocks(), "1s".parse().unwrap(), horizon)
}

#[test]
fn no_window_and_no_label_reaches_over_a_join() {
    let (folder, books) = (TempDir::new().unwrap(), books());
    write(folder.path(), &books, Normalisation::ZScore, SMOOTHED_THRESHOLD).unwrap();
    let (window, horizon) = (20, 10);
    let rows = read(&config(folder.path()), horizon).unwrap();
    for (stock, (days, labels)) in books.iter().zip(&rows.labels).enumerate() {
        let table = &rows.tables[stock].1;
        assert_eq!(table.rows(), days.iter().map(Vec::len).sum::<usize>());
        let mut first = 0;
        for day in days {
            let run = first..first + day.len();
            for row in run.clone() {
                assert_eq!(table.run_start[row] as usize, first);
                assert_eq!(labels.known[row], row + (horizon as usize) < run.end);
            }
            // Another day lies behind a hole in time.
            if first > 0 {
                assert!(table.open_time[first] - table.open_time[first - 1] > 1000);
            }
            first = run.end;
        }
        // The label is the paper's rule on the books themselves.
        let day = &days[0];
        let mid = |book: &BookSnapshot| (book.asks[0].price.0 + book.bids[0].price.0) as f64;
        for at in 0..day.len() - horizon as usize {
            let next = &day[at + 1..=at + horizon as usize];
            let change =
                next.iter().map(mid).sum::<f64>() / f64::from(horizon) / mid(&day[at]) - 1.0;
            let beyond = |bound: bool| f32::from(u8::from(bound));
            let class =
                beyond(change >= SMOOTHED_THRESHOLD) - beyond(change <= -SMOOTHED_THRESHOLD);
            assert_eq!(labels.score[at], class);
        }
    }
    let test_from = rows.test_from;
    let pool = Pool::new(rows.tables).unwrap();
    let labels = Labels::pooled(&rows.labels);
    let eligible = eligible(&pool, window, Some(&labels.known), &[]);
    let times = labels.row_times();
    let of = (times.as_slice(), pool.instrument.as_slice());
    let fold = split(0.2, test_from, (&eligible.rows, window), of, horizon).unwrap();
    let lengths = |stock: usize| books[stock].iter().map(Vec::len).collect::<Vec<_>>();
    let starts: Vec<usize> = (0..2)
        .flat_map(lengths)
        .scan(0, |sum, length| Some(std::mem::replace(sum, *sum + length)))
        .collect();
    for &row in fold.train.iter().chain(&fold.valid).chain(&fold.test) {
        let seen = row as usize + 1 - window..row as usize + horizon as usize + 1;
        assert!(!starts.iter().any(|start| seen.start < *start && *start < seen.end), "{row}");
    }
    // Days 8 to 10 are the test part, all of it.
    let expected: usize =
        (0..2).flat_map(|stock| lengths(stock)[7..].to_vec()).map(|n| n - window + 1 - 10).sum();
    assert_eq!(fold.test.len(), expected);
}

#[test]
fn joins_are_found_given_or_asked_for() {
    let (folder, books) = (TempDir::new().unwrap(), books());
    write(folder.path(), &books, Normalisation::ZScore, SMOOTHED_THRESHOLD).unwrap();
    let found = read(&config(folder.path()), 10).unwrap();

    // Without the days' own files there is nothing to tell the days apart by.
    fs::remove_file(folder.path().join("Test_Dst_NoAuction_ZScore_CF_3.txt")).unwrap();
    let error = read(&config(folder.path()), 10).unwrap_err();
    assert!(error.is_usage() && error.to_string().contains("unmarked"), "{error}");
    let days = |stock: usize| books[stock][..7].iter().map(Vec::len).collect::<Vec<_>>();
    let joins = BTreeMap::from([(NAME.to_owned(), vec![days(0), days(1)])]);
    let given = read(&Fi2010Config { joins, ..config(folder.path()) }, 10).unwrap();
    assert_eq!(given.tables, found.tables);
    let unmarked = Fi2010Config { days: Days::Unmarked, ..config(folder.path()) };
    let unmarked = read(&unmarked, 10).unwrap();
    // One stretch of seven days, and three of a day.
    let mut starts = unmarked.tables[0].1.run_start.clone();
    starts.dedup();
    assert_eq!(starts.len(), 4);

    let joins = BTreeMap::from([(NAME.to_owned(), vec![days(0), days(0)])]);
    let error = read(&Fi2010Config { joins, ..config(folder.path()) }, 10).unwrap_err();
    assert!(!error.is_usage() && error.to_string().contains("adds up to"), "{error}");
}

#[test]
fn files_that_are_not_of_the_layout_are_refused_with_row_and_column() {
    let (folder, books) = (TempDir::new().unwrap(), books());
    write(folder.path(), &books, Normalisation::ZScore, SMOOTHED_THRESHOLD).unwrap();
    let path = folder.path().join(NAME);
    let good = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let refused = |text: String| {
        fs::write(&path, text).unwrap();
        read(&config(folder.path()), 10).unwrap_err().to_string()
    };
    let error = refused(lines[..148].join("\n"));
    assert!(error.contains("148 rows") && error.contains(NAME), "{error}");
    let replaced = |row: usize, line: &str| {
        let mut lines = lines.clone();
        lines[row] = line;
        refused(lines.join("\n"))
    };
    assert!(replaced(5, "1.0 2.0").contains("row 6 has 2 numbers and row 1"));
    let bad = lines[3].replacen(lines[3].split_whitespace().nth(2).unwrap(), "x1", 1);
    assert!(replaced(3, &bad).contains("row 4: column 3: `x1` is no number"));
    let bad = lines[144].replacen(lines[144].split_whitespace().next().unwrap(), "4", 1);
    assert!(replaced(144, &bad).contains("row 145: column 1: label 4 is none of"));
}

fn simulate(sandbox: &Sandbox, normalisation: &str) {
    let arguments =
        ["ingest", "simulate", "--fi-2010", "files", "--stocks", "2", "--candles", "120"];
    sandbox.done(&[&arguments[..], &["--normalisation", normalisation]].concat());
}

/// What makes a recipe small.
const SMALL: [&str; 5] = [
    "data.symbols=[AB, CD]",
    "data.venue=simulated",
    "training.epochs=3",
    "training.early_stopping.patience=null",
    "scores.resamples=100",
];

fn recipe(net: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("model_configs/fi2010_{net}.yaml"))
}

fn meta_of(sandbox: &Sandbox, run: &str, net: &str) -> CheckpointMeta {
    let config = recipe(net);
    let mut arguments = vec!["train", "--config", config.to_str().unwrap(), "--run-dir", run];
    arguments.extend(["--device", "cpu", "--quiet", "--set", "data.fi_2010.folder=files"]);
    arguments.extend(["--set", "scaler.kind=standard", "--set", "training.epochs=1"]);
    arguments.extend(SMALL.iter().flat_map(|set| ["--set", *set]));
    sandbox.done(&arguments);
    let folder = sandbox.path(run).join("checkpoints").join(net).join("fold_0");
    training::load(&folder.join(training::BEST), &Device::flex()).unwrap().1
}

#[test]
fn what_is_fitted_does_not_know_the_test_days() {
    let sandbox = Sandbox::new();
    simulate(&sandbox, "z-score");
    let before = meta_of(&sandbox, "one", "c_tabl");
    // Test days of other values and of other labels.
    for number in 7..=9 {
        let path = sandbox.path(&format!("files/Test_Dst_NoAuction_ZScore_CF_{number}.txt"));
        let text = fs::read_to_string(&path).unwrap();
        let changed = text.lines().enumerate().map(|(row, line)| {
            let number = |text: &str| -> String {
                let value: f64 = text.parse().unwrap();
                if row < 144 { (3.0 * value + 1.0).to_string() } else { "1".to_owned() }
            };
            line.split_whitespace().map(number).collect::<Vec<_>>().join(" ")
        });
        fs::write(&path, changed.collect::<Vec<_>>().join("\n")).unwrap();
    }
    let after = meta_of(&sandbox, "two", "c_tabl");
    assert_ne!(before.data, after.data);
    assert_eq!(before.scaler, after.scaler);
    assert_eq!(before.thresholds, after.thresholds);
    assert_eq!(before.target_scale, after.target_scale);
    assert!(!sandbox.path("one/checkpoints/c_tabl/final").exists());
}

/// The script on two recipes: all three measures of each net, of persistence and of the class prior.
#[test]
fn published_recipes_run_end_to_end_on_simulated_files() {
    let sandbox = Sandbox::new();
    simulate(&sandbox, "z-score");
    simulate(&sandbox, "dec-pre");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/bench_fi2010.sh");
    let mut command = Command::new("bash");
    command.arg(script).arg(sandbox.path("files"));
    command.args(["--nets", "bin_ctabl,deep_lob", "--horizon", "10", "--device", "cpu", "--table"]);
    command.args(["--set", "window=20"]);
    command.args(SMALL.iter().flat_map(|set| ["--set", *set]));
    let done = command.env("BENCH_BINARY", env!("CARGO_BIN_EXE_candlewick")).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}{err}");
    println!("{out}");
    for net in ["bin_ctabl", "deep_lob"] {
        let part: Vec<&str> = out.lines().skip_while(|line| !line.starts_with(net)).collect();
        for (line, model) in part[1..].iter().zip([net, "class_prior", "persistence"]) {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words[0], model, "{out}");
            for (measure, at) in [("accuracy", 1), ("weighted_f1", 3), ("macro_f1", 5)] {
                assert_eq!(words[at], measure, "{out}");
                let value: f64 = words[at + 1].parse().unwrap();
                assert!((0.0..=100.0).contains(&value), "{out}");
            }
        }
        assert!(out.contains(&format!("| `{net}` | ")), "{out}");
    }
}
