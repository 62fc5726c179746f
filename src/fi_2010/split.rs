//! The paper's split as a fold.

use super::Fi2010Error;
use crate::folds::{Fold, RowTime};
use crate::market::{Span, Time};

/// The fold of the files: training rows before `test_from`, of which each stock's last share `valid`
/// chooses the checkpoint, and test rows from then on.
///
/// No training label and no training window reaches an event of a validation window: those begin
/// where the share does, and training rows end a label before. `rows` are the eligible rows, whose
/// windows span `reach` rows; `times` and `instrument` are indexed by row, a stock's rows in one
/// piece and in the order of time.
///
/// # Errors
/// When a part has no row.
pub fn split(
    valid: f64,
    test_from: Time,
    (rows, reach): (&[u32], usize),
    (times, instrument): (&[RowTime], &[u16]),
    horizon: u32,
) -> Result<Fold, Fi2010Error> {
    let is_test = |row: u32| times[row as usize].decision > test_from.0;
    // Of each stock the row at which validation begins.
    let stocks = instrument.iter().max().map_or(0, |&most| usize::from(most) + 1);
    let mut cut = vec![0; stocks];
    for (stock, cut) in cut.iter_mut().enumerate() {
        let first = instrument.partition_point(|&other| usize::from(other) < stock);
        let count = (first..instrument.len())
            .take_while(|&row| usize::from(instrument[row]) == stock && !is_test(row as u32))
            .count();
        *cut = first + (count as f64 * (1.0 - valid)).round() as usize;
    }
    let (mut train, mut choose, mut test) = (Vec::new(), Vec::new(), Vec::new());
    for &row in rows {
        let (at, cut) = (row as usize, cut[usize::from(instrument[row as usize])]);
        if is_test(row) {
            test.push(row);
        } else if at + 1 >= cut + reach {
            choose.push(row);
        } else if at + (horizon as usize) < cut {
            train.push(row);
        }
    }
    for (part, rows) in [("training", &train), ("validation", &choose), ("test", &test)] {
        if rows.is_empty() {
            return Err(Fi2010Error::NoRows { part, reach, horizon });
        }
    }
    let span = |rows: &[u32]| {
        let decisions = rows.iter().map(|&row| times[row as usize].decision);
        let start = decisions.clone().min().unwrap_or(0);
        Span { start, end: decisions.max().unwrap_or(0).saturating_add(1) }
    };
    Ok(Fold {
        name: "fold_0".to_owned(),
        train_span: span(&train),
        valid_span: span(&choose),
        test_span: span(&test),
        train,
        valid: choose,
        test,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Two stocks, whose training rows come before their test rows.
        #[test]
        fn prop_no_training_window_or_label_reaches_what_is_validated_on(
            lengths in prop::collection::vec((60_usize..200, 20_usize..60), 2),
            (reach, horizon) in (1_usize..12, 1_u32..12),
            valid in 0.1..0.6,
        ) {
            let (mut times, mut instrument) = (Vec::new(), Vec::new());
            let test_from = 1_000_000;
            for (stock, (train, test)) in lengths.iter().enumerate() {
                for row in 0..train + test {
                    let base = if row < *train { 0 } else { test_from };
                    let decision = base + row as i64 + 1;
                    let label = Span { start: decision, end: decision + i64::from(horizon) };
                    times.push(RowTime { decision, label });
                    instrument.push(stock as u16);
                }
            }
            // The first `reach - 1` rows of a stretch end no window, the last `horizon` have no label.
            let mut rows = Vec::new();
            let mut first = 0;
            for (train, test) in lengths {
                for (start, length) in [(first, train), (first + train, test)] {
                    rows.extend(start + reach - 1..start + length - horizon as usize);
                }
                first += train + test;
            }
            let rows: Vec<u32> = rows.into_iter().map(|row| row as u32).collect();
            let fold = split(valid, Time(test_from), (&rows, reach), (&times, &instrument), horizon);
            // Too few rows for windows of that length are an error of their own.
            prop_assume!(fold.is_ok());
            let fold = fold.unwrap();
            for stock in 0..2 {
                let of = |rows: &[u32]| -> Vec<usize> {
                    let own = rows.iter().map(|&row| row as usize);
                    own.filter(|&row| instrument[row] == stock).collect()
                };
                let (train, choose) = (of(&fold.train), of(&fold.valid));
                let seen = train.iter().map(|row| row + horizon as usize).max();
                let begins = choose.iter().map(|row| row + 1 - reach).min();
                prop_assert!(seen.zip(begins).is_none_or(|(seen, begins)| seen < begins));
            }
            let is_test = |&row: &u32| times[row as usize].decision > test_from;
            prop_assert!(fold.test.iter().all(is_test));
            prop_assert!(!fold.train.iter().chain(&fold.valid).any(is_test));
            let late = rows.iter().filter(|row| is_test(row)).count();
            prop_assert_eq!(fold.test.len(), late);
        }
    }
}
