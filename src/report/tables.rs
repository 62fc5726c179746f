//! Scores into tables: a row a model or baseline, a column a measure.

use serde::Serialize;

use crate::scores::{Confusion, Score, Scorecard};

use super::numbers::{Precision, count};

/// The groups of measures, in the order of the page, and their headings.
const GROUPS: [(&str, &str); 4] = [
    ("direction", "Direction"),
    ("return", "Forward return"),
    ("volatility", "Volatility"),
    ("profit", "Profit after costs"),
];

/// What stands for "over all folds" and "over all instruments".
const ALL: &str = "all";

/// All tables of one group of measures.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    /// Heading.
    title: String,
    /// Over all folds: the first over all instruments, or one an instrument.
    tables: Vec<Grid>,
    /// Over all folds, one an instrument, when there is one over all instruments.
    by_instrument: Vec<Grid>,
    /// One row a fold and model.
    by_fold: Vec<Grid>,
}

/// One table.
#[derive(Debug, Serialize)]
pub(super) struct Grid {
    /// Instrument, unless it is over all of them.
    instrument: Option<String>,
    columns: Vec<Column>,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Column {
    label: String,
    higher_is_better: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    /// Fold, in a table by folds.
    fold: Option<String>,
    /// Whether a rule goes above the row.
    rule: bool,
    model: String,
    baseline: bool,
    cells: Vec<Option<Cell>>,
}

#[derive(Debug, Serialize)]
struct Cell {
    /// The value; `None` where it is not defined.
    value: Option<String>,
    /// Lower and upper end.
    interval: Option<(String, String)>,
    /// Whether no other row of the table is better in this measure.
    best: bool,
}

/// Tables of every group that the scorecard has, known groups first.
pub(super) fn groups(card: &Scorecard) -> Vec<Group> {
    let known = GROUPS.map(|(group, title)| (group.to_owned(), title.to_owned()));
    let mut names: Vec<(String, String)> = known.into();
    for group in distinct(card.scores.iter().map(|score| score.group.as_str())) {
        if names.iter().all(|(name, _)| name != group) {
            names.push((group.to_owned(), label(group)));
        }
    }
    names
        .into_iter()
        .filter_map(|(name, title)| {
            let scores: Vec<_> = card.scores.iter().filter(|score| score.group == name).collect();
            (!scores.is_empty()).then(|| group(title, &scores))
        })
        .collect()
}

fn group(title: String, scores: &[&Score]) -> Group {
    let instruments = distinct(scores.iter().map(|score| score.instrument.as_str()));
    let pooled = instruments.contains(&ALL);
    let single: Vec<_> = instruments.iter().copied().filter(|name| *name != ALL).collect();
    let main: &[&str] = if pooled { &[ALL] } else { &single };
    let by_instrument: &[&str] = if pooled && single.len() > 1 { &single } else { &[] };
    let over = |instruments: &[&str], folds: bool| -> Vec<Grid> {
        let one = |instrument: &&str| {
            let chosen: Vec<_> = scores
                .iter()
                .copied()
                .filter(|score| score.instrument == *instrument && (score.fold == ALL) != folds)
                .collect();
            let grid = grid(instrument, &chosen, folds);
            (!grid.rows.is_empty()).then_some(grid)
        };
        instruments.iter().filter_map(one).collect()
    };
    Group {
        title,
        tables: over(main, false),
        by_instrument: over(by_instrument, false),
        by_fold: over(main, true),
    }
}

fn grid(instrument: &str, scores: &[&Score], by_fold: bool) -> Grid {
    let measures = distinct(scores.iter().map(|score| score.name.as_str()));
    let folds = distinct(scores.iter().map(|score| score.fold.as_str()));
    let mut models = distinct(scores.iter().map(|score| score.model.as_str()));
    let is_baseline = |model: &str| scores.iter().any(|s| s.model == model && s.baseline);
    models.sort_by_key(|model| is_baseline(model));
    let precisions: Vec<_> = measures
        .iter()
        .map(|name| {
            let column = scores.iter().filter(|score| score.name == *name);
            Precision::of(column.flat_map(|s| [s.value, s.lower, s.upper]).flatten())
        })
        .collect();
    let mut rows = Vec::new();
    for fold in &folds {
        let among: Vec<_> = scores.iter().copied().filter(|score| score.fold == *fold).collect();
        let mut before = None;
        for model in &models {
            let find = |name: &&str| among.iter().find(|s| s.model == *model && s.name == **name);
            let found: Vec<_> = measures.iter().map(find).collect();
            if found.iter().all(Option::is_none) {
                continue;
            }
            let cells = found
                .iter()
                .zip(&precisions)
                .map(|(score, precision)| score.map(|score| cell(score, &among, *precision)))
                .collect();
            let baseline = is_baseline(model);
            let rule = if by_fold { before.is_none() } else { before == Some(false) && baseline };
            rows.push(Row {
                fold: by_fold.then(|| (*fold).to_owned()),
                rule,
                model: label(model),
                baseline,
                cells,
            });
            before = Some(baseline);
        }
    }
    let columns = measures
        .iter()
        .map(|name| Column {
            label: label(name),
            higher_is_better: scores.iter().any(|s| s.name == *name && s.higher_is_better),
        })
        .collect();
    let instrument = (instrument != ALL).then(|| instrument.to_owned());
    Grid { instrument, columns, rows }
}

fn cell(score: &Score, among: &[&Score], precision: Precision) -> Cell {
    let rivals = || among.iter().filter(|rival| rival.name == score.name);
    let better = |rival: f64, value: f64| {
        if score.higher_is_better { rival > value } else { rival < value }
    };
    let best = score.value.is_some_and(|value| {
        let beaten = rivals().any(|rival| rival.value.is_some_and(|rival| better(rival, value)));
        value.is_finite() && !beaten && rivals().count() > 1
    });
    let text = |value| precision.text(value);
    Cell {
        value: score.value.map(text),
        interval: score.lower.zip(score.upper).map(|(lower, upper)| (text(lower), text(upper))),
        best,
    }
}

/// A confusion matrix as the page draws it.
#[derive(Debug, Serialize)]
pub(super) struct Matrix {
    model: String,
    /// One row an outcome.
    rows: Vec<MatrixRow>,
    /// Forecasts of each class.
    totals: Vec<String>,
}

#[derive(Debug, Serialize)]
struct MatrixRow {
    outcome: String,
    cells: Vec<MatrixCell>,
    total: String,
}

#[derive(Debug, Serialize)]
struct MatrixCell {
    count: String,
    /// Share of the row in percent, for reading.
    percent: String,
    /// The same as a number from 0 to 1, for shading.
    share: f64,
}

/// One matrix a model, its rows named by `classes`.
pub(super) fn matrices(confusion: &[Confusion], classes: &[impl AsRef<str>]) -> Vec<Matrix> {
    let matrix = |one: &Confusion| {
        let sum = |row: &[u64]| row.iter().fold(0u64, |total, n| total.saturating_add(*n));
        let row = |(i, counts): (usize, &Vec<u64>)| {
            let total = sum(counts);
            let cell = |n: &u64| {
                let share = if total == 0 { 0.0 } else { *n as f64 / total as f64 };
                MatrixCell { count: count(*n), percent: format!("{:.0}%", 100.0 * share), share }
            };
            MatrixRow {
                outcome: classes.get(i).map_or_else(|| i.to_string(), |name| label(name.as_ref())),
                cells: counts.iter().map(cell).collect(),
                total: count(total),
            }
        };
        let width = one.counts.iter().map(Vec::len).max().unwrap_or(0);
        let total = |j| {
            let column: Vec<_> = one.counts.iter().filter_map(|row| row.get(j).copied()).collect();
            count(sum(&column))
        };
        Matrix {
            model: label(&one.model),
            rows: one.counts.iter().enumerate().map(row).collect(),
            totals: (0..width).map(total).collect(),
        }
    };
    confusion.iter().map(matrix).collect()
}

/// A name as people write it: `macro_f1` is macro F1.
pub(super) fn label(name: &str) -> String {
    let words = name.split('_').map(|word| match word {
        "f1" | "mcc" | "auc" | "ic" | "rmse" | "mae" | "qlike" | "ece" | "rps" | "r2" | "pnl"
        | "lstm" | "cnn" | "gru" | "tcn" | "mse" => word.to_uppercase(),
        "sharpe" | "brier" | "sortino" | "calmar" | "spearman" | "pearson" => {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        }
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The distinct names in the order of their first appearance.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(name: &str, model: &str, fold: &str, value: Option<f64>) -> Score {
        Score {
            group: "direction".to_owned(),
            name: name.to_owned(),
            model: model.to_owned(),
            baseline: model != "lstm",
            fold: fold.to_owned(),
            instrument: ALL.to_owned(),
            value,
            lower: value.map(|v| v - 0.01),
            upper: value.map(|v| v + 0.01),
            higher_is_better: name != "log_loss",
        }
    }

    #[test]
    fn baselines_stand_below_the_models_and_the_best_is_marked() {
        let scores = [
            score("accuracy", "class_prior", ALL, Some(0.4)),
            score("accuracy", "lstm", ALL, Some(0.412)),
            score("log_loss", "class_prior", ALL, Some(1.05)),
            score("log_loss", "lstm", ALL, Some(1.07)),
            score("mcc", "class_prior", ALL, None),
            score("accuracy", "lstm", "fold_0", Some(0.41)),
        ];
        let group = group("Direction".to_owned(), &scores.iter().collect::<Vec<_>>());
        let [grid] = group.tables.as_slice() else { panic!("{:?}", group.tables) };
        let labels: Vec<_> = grid.columns.iter().map(|c| c.label.as_str()).collect();
        assert_eq!(labels, ["accuracy", "log loss", "MCC"]);
        assert_eq!(grid.rows[0].model, "LSTM");
        assert!(!grid.rows[0].baseline && grid.rows[1].baseline && grid.rows[1].rule);
        let cell = grid.rows[0].cells[0].as_ref().unwrap();
        assert_eq!(cell.value.as_deref(), Some("0.412"));
        assert_eq!(cell.interval, Some(("0.402".to_owned(), "0.422".to_owned())));
        assert!(cell.best);
        assert!(!grid.rows[0].cells[1].as_ref().unwrap().best);
        assert!(grid.rows[0].cells[2].is_none());
        assert_eq!(grid.rows[1].cells[2].as_ref().unwrap().value, None);
        assert_eq!(group.by_fold[0].rows.len(), 1);
        assert_eq!(group.by_fold[0].rows[0].fold.as_deref(), Some("fold_0"));
    }

    #[test]
    fn ragged_and_empty_matrices_do_no_harm() {
        let confusion = |counts| Confusion { model: "lstm".to_owned(), counts };
        let all = [
            confusion(vec![vec![3, 1, 0], vec![], vec![0, 0, 0, u64::MAX]]),
            confusion(vec![vec![0, 0, 0]]),
            confusion(vec![]),
        ];
        let drawn = matrices(&all, &["down", "neutral", "up"]);
        assert_eq!(drawn[0].rows[0].cells[0].percent, "75%");
        assert_eq!(drawn[0].totals.len(), 4);
        assert_eq!(drawn[1].rows[0].cells[0].share, 0.0);
    }
}
