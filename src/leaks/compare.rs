//! Two versions of the same columns, row by row and bit for bit.

use super::columns::{Column, Columns};

/// A row in which two versions of a column differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Difference {
    /// The row's decision time, in the whole history.
    pub decision: i64,
    /// Place of the row among all that were compared, oldest first.
    pub place: usize,
    /// Rows that were compared, of any value or none.
    pub rows: usize,
    /// The value in the whole history.
    pub whole: Option<f64>,
    /// The value in the other one.
    pub other: Option<f64>,
}

/// What a comparison gives of one column.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Rows in which at least one version has a value.
    pub rows: u64,
    /// Those in which they differ, oldest first.
    pub differences: Vec<Difference>,
}

/// Which rows of a column must agree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Features decided and labels known by this time must agree.
    pub until: i64,
    /// Whether labels known only later must have no value.
    pub later_labels_absent: bool,
    /// How much later the other version's decision times are.
    pub shift: i64,
}

/// The rows of both versions side by side: decision time, row of the whole, row of the other.
pub(super) type Pairs = Vec<(i64, Option<usize>, Option<usize>)>;

/// Pairs the rows decided until `reach.until` by their times.
pub(super) fn pairs(whole: &Columns, other: &Columns, reach: Reach) -> Pairs {
    let (whole, other) = (whole.decisions(), other.decisions());
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::with_capacity(whole.len());
    loop {
        let left = whole.get(i).copied();
        let right = other.get(j).map(|time| time.saturating_sub(reach.shift));
        let Some(time) = left.into_iter().chain(right).min() else { break };
        if time > reach.until {
            break;
        }
        let (in_whole, in_other) = (left == Some(time), right == Some(time));
        pairs.push((time, in_whole.then_some(i), in_other.then_some(j)));
        i += usize::from(in_whole);
        j += usize::from(in_other);
    }
    pairs
}

/// Compares a column; one that the other version lacks has no value there.
pub(super) fn compare(
    whole: &Column,
    other: Option<&Column>,
    pairs: &Pairs,
    reach: Reach,
) -> Compared {
    let mut compared = Compared::default();
    for (place, &(decision, row, other_row)) in pairs.iter().enumerate() {
        let left = row.and_then(|row| whole.value(row));
        let right = other.zip(other_row).and_then(|(other, row)| other.value(row));
        if left.is_none() && right.is_none() {
            continue;
        }
        let span_end = row.and_then(|row| whole.span_end(row)).or_else(|| {
            let end = other.zip(other_row).and_then(|(other, row)| other.span_end(row))?;
            Some(end.saturating_sub(reach.shift))
        });
        let known_later = span_end.is_some_and(|end| end > reach.until);
        if known_later && !reach.later_labels_absent {
            continue;
        }
        compared.rows += 1;
        let agree = if known_later {
            right.is_none()
        } else {
            left.map(f64::to_bits) == right.map(f64::to_bits)
        };
        if !agree {
            let rows = pairs.len();
            let difference = Difference { decision, place, rows, whole: left, other: right };
            compared.differences.push(difference);
        }
    }
    compared
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: f64 = f64::NAN;

    fn differing(whole: &Columns, other: &Columns, reach: Reach) -> (u64, Vec<i64>) {
        let column = &whole.columns()[0];
        let pairs = pairs(whole, other, reach);
        let compared = compare(column, other.column(&column.name), &pairs, reach);
        (compared.rows, compared.differences.iter().map(|d| d.decision).collect())
    }

    fn feature(decisions: &[i64], values: &[f64]) -> Columns {
        let mut columns = Columns::new(decisions.to_vec());
        columns.feature("x", values.to_vec());
        columns
    }

    fn until(until: i64) -> Reach {
        Reach { until, later_labels_absent: true, shift: 0 }
    }

    #[test]
    fn rows_are_paired_by_time_and_absent_ones_count() {
        let whole = feature(&[1, 2, 3, 4, 5], &[1.0, 2.0, NONE, 4.0, 5.0]);
        let other = feature(&[1, 3, 4, 6], &[1.0, 3.0, 4.5, 6.0]);
        assert_eq!(differing(&whole, &other, until(4)), (4, vec![2, 3, 4]));
        assert_eq!(differing(&whole, &other, until(1)), (1, vec![]));
        assert_eq!(differing(&whole, &Columns::new(vec![]), until(2)), (2, vec![1, 2]));
    }

    #[test]
    fn the_sign_of_zero_is_a_difference_and_two_absent_values_are_no_comparison() {
        let whole = feature(&[1, 2], &[0.0, NONE]);
        assert_eq!(differing(&whole, &feature(&[1, 2], &[-0.0, NONE]), until(9)), (1, vec![1]));
    }

    #[test]
    fn a_label_must_be_there_when_its_span_has_ended_and_not_before() {
        let label = |values: &[f64]| {
            let mut columns = Columns::new(vec![1, 2, 3]);
            columns.label("y", values.to_vec(), vec![3, 4, 5]);
            columns
        };
        let whole = label(&[1.0, 2.0, 3.0]);
        assert_eq!(differing(&whole, &label(&[1.0, 2.0, NONE]), until(4)), (3, vec![]));
        assert_eq!(differing(&whole, &label(&[1.0, NONE, 3.0]), until(4)), (3, vec![2, 3]));
        let reach = Reach { later_labels_absent: false, ..until(4) };
        assert_eq!(differing(&whole, &label(&[1.0, NONE, 9.0]), reach), (2, vec![2]));
    }

    #[test]
    fn shifted_rows_are_paired_with_their_own() {
        let whole = feature(&[1, 2], &[1.0, 2.0]);
        let other = feature(&[11, 12], &[1.0, 2.5]);
        let reach = Reach { shift: 10, ..until(i64::MAX) };
        assert_eq!(differing(&whole, &other, reach), (2, vec![2]));
    }
}
