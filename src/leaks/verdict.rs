//! From what differs to findings: which column, where, and the likely kind of leak.

use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha8Rng;

use super::check::columns;
use super::columns::{Column, ColumnKind, ColumnProvider, Columns, Fitted};
use super::compare::{Reach, compare, pairs};
use super::rewrite::{Rewrite, Source};
use super::suspicion::{AtPoint, Evidence, READS_LABEL, suspect};
use super::tally::{ColumnTally, Tally};
use super::{Beginning, Finding, History, LeakError, Report, Suspicion, Test, TestCount};
use crate::market::{Span, Time};

/// The tests that change the future.
const FUTURE: [Test; 4] = [Test::Truncated, Test::Poisoned, Test::Shuffled, Test::Removed];

/// What was compared.
pub(super) struct Checked {
    pub tally: Tally,
    pub fitted: FittedTally,
    pub beginnings: Vec<Beginning>,
    pub points: Vec<Time>,
    pub warm_up: i64,
}

/// What was compared of fitted numbers.
#[derive(Debug, Default)]
pub(super) struct FittedTally {
    pub things: usize,
    pub numbers: usize,
    pub comparisons: u64,
    pub findings: Vec<Finding>,
    pub unchecked: Vec<String>,
}

/// Fits everything again with all other rows made huge.
pub(super) fn fitted(
    provider: &dyn ColumnProvider,
    whole: &Columns,
) -> Result<FittedTally, LeakError> {
    let fit = |columns: &Columns, of: &str| {
        let of = of.to_owned();
        provider.fitted(columns).map_err(|source| LeakError::Provider { of, source })
    };
    let mut tally = FittedTally::default();
    for thing in fit(whole, "and fit them")? {
        let (spoiled, others) = whole.spoiled(&thing.rows);
        let again = fit(&spoiled, "and fit them to data whose other rows are huge")?;
        let again = again.into_iter().find(|other| other.name == thing.name);
        tally.things += 1;
        tally.numbers += thing.numbers.len();
        if others == 0 || thing.rows.is_empty() || thing.numbers.is_empty() {
            tally.unchecked.push(format!("{}: fitted", thing.name));
            continue;
        }
        compare_fitted(&thing, again.as_ref(), &mut tally);
    }
    Ok(tally)
}

fn compare_fitted(thing: &Fitted, again: Option<&Fitted>, tally: &mut FittedTally) {
    for (name, number) in &thing.numbers {
        tally.comparisons += 1;
        let other = again.and_then(|again| again.numbers.iter().find(|(known, _)| known == name));
        let other = other.map(|(_, number)| *number);
        if other.map(f64::to_bits) == Some(number.to_bits()) {
            continue;
        }
        let suspicion = Suspicion::FittedOnOtherRows;
        let last = Time(thing.rows.last().copied().unwrap_or_default());
        tally.findings.push(Finding {
            column: format!("{}: {name}", thing.name),
            kind: ColumnKind::Feature,
            test: Test::Fitted,
            known_until: last,
            decision: last,
            whole: Some(*number),
            other,
            comparisons: 1,
            differences: 1,
            remedy: suspicion.remedy(),
            suspicion,
        });
    }
}

/// The report on what was compared.
pub(super) fn verdict(
    provider: &dyn ColumnProvider,
    history: &History,
    whole: &Columns,
    checked: Checked,
    rng: &mut ChaCha8Rng,
) -> Result<Report, LeakError> {
    let Checked { tally, fitted, beginnings, points, warm_up } = checked;
    let suspicions = suspicions(provider, history, whole, &tally, rng)?;
    let mut findings = Vec::new();
    for (&test, of_test) in &tally.tests {
        for (index, of_column) in of_test.columns.iter().enumerate() {
            let column = &whole.columns()[index];
            let suspicion = match (test, suspicions.get(&index)) {
                (_, Some(Suspicion::NotRepeatable)) => Suspicion::NotRepeatable,
                (Test::Shifted, _) => Suspicion::AbsoluteTime,
                (Test::Delayed, suspicion) => own_date(history, suspicion),
                (_, Some(suspicion)) => suspicion.clone(),
                (_, None) => continue,
            };
            findings.extend(finding(column, test, of_column, suspicion));
        }
    }
    let mut tests: Vec<TestCount> = tally.tests.iter().map(|(test, of)| count(*test, of)).collect();
    if fitted.things > 0 {
        tests.push(TestCount {
            test: Test::Fitted,
            points: fitted.things,
            columns: fitted.numbers,
            comparisons: fitted.comparisons,
            differences: fitted.findings.len() as u64,
        });
    }
    let mut unchecked = unchecked(whole, &tally, history);
    unchecked.extend(fitted.unchecked);
    findings.extend(fitted.findings);
    let labels = whole.columns().iter().filter(|c| c.kind() == ColumnKind::Label).count();
    Ok(Report {
        rows: whole.decisions().len(),
        features: whole.columns().len() - labels,
        labels,
        fitted: fitted.numbers,
        points,
        tests,
        findings,
        unchecked,
        warm_up,
        beginnings,
    })
}

fn count(test: Test, of_test: &super::tally::TestTally) -> TestCount {
    let columns = &of_test.columns;
    TestCount {
        test,
        points: of_test.points,
        columns: columns.iter().filter(|column| column.comparisons > 0).count(),
        comparisons: columns.iter().map(|column| column.comparisons).sum(),
        differences: columns.iter().map(|column| column.differences).sum(),
    }
}

fn finding(
    column: &Column,
    test: Test,
    of_column: &ColumnTally,
    suspicion: Suspicion,
) -> Option<Finding> {
    let at = of_column.points.first()?;
    let shown = at.differences.last()?;
    // A test of all times has no point of its own.
    let known_until = if at.point == i64::MAX { shown.decision } else { at.point };
    Some(Finding {
        column: column.name.clone(),
        kind: column.kind(),
        test,
        known_until: Time(known_until),
        decision: Time(shown.decision),
        whole: shown.whole,
        other: shown.other,
        comparisons: of_column.comparisons,
        differences: of_column.differences,
        remedy: suspicion.remedy(),
        suspicion,
    })
}

/// The likely kind of leak of every column that is not repeatable or changes with the future.
fn suspicions(
    provider: &dyn ColumnProvider,
    history: &History,
    whole: &Columns,
    tally: &Tally,
    rng: &mut ChaCha8Rng,
) -> Result<BTreeMap<usize, Suspicion>, LeakError> {
    let mut suspicions = BTreeMap::new();
    let mut leaking: BTreeMap<usize, Vec<AtPoint>> = BTreeMap::new();
    for (&test, of_test) in &tally.tests {
        for (index, of_column) in of_test.columns.iter().enumerate() {
            if of_column.differences == 0 {
                continue;
            }
            if test == Test::Repeated {
                suspicions.insert(index, Suspicion::NotRepeatable);
            } else if FUTURE.contains(&test) {
                leaking.entry(index).or_default().extend(of_column.points.iter().cloned());
            }
        }
    }
    let sources = sources_read(provider, history, whole, &leaking, rng)?;
    let gaps = gaps(history);
    for (index, points) in &leaking {
        let column = &whole.columns()[*index];
        let evidence = Evidence {
            kind: column.kind(),
            base: history.base.interval(),
            gaps: &gaps,
            values: &history.values,
            sources: sources.get(index).cloned().unwrap_or_default(),
            like_label: like_label(column, whole),
            points,
        };
        suspicions.entry(*index).or_insert_with(|| suspect(&evidence));
    }
    Ok(suspicions)
}

/// Which parts of the future each leaking column reads: those that alone change it when poisoned.
fn sources_read(
    provider: &dyn ColumnProvider,
    history: &History,
    whole: &Columns,
    leaking: &BTreeMap<usize, Vec<AtPoint>>,
    rng: &mut ChaCha8Rng,
) -> Result<BTreeMap<usize, Vec<Source>>, LeakError> {
    let all = history.sources();
    let mut read: BTreeMap<usize, Vec<Source>> = BTreeMap::new();
    if all.len() < 2 {
        return Ok(read);
    }
    let poisoned = |points: &[AtPoint]| -> BTreeSet<i64> {
        points.iter().filter(|at| at.test == Test::Poisoned).map(|at| at.point).collect()
    };
    let mut open: BTreeMap<usize, BTreeSet<i64>> =
        leaking.iter().map(|(&index, points)| (index, poisoned(points))).collect();
    open.retain(|_, points| !points.is_empty());
    while !open.is_empty() {
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        for &point in open.values().flatten() {
            *counts.entry(point).or_default() += 1;
        }
        // The point that tells of most columns at once.
        let Some((&point, _)) = counts.iter().max_by_key(|(_, count)| **count) else { break };
        let reach = Reach { until: point, later_labels_absent: false, shift: 0 };
        for source in &all {
            let future = history.rewritten(point, Rewrite::Poison, Some(source), rng);
            let other = columns(provider, &future, || format!("with other {source}"))?;
            let pairs = pairs(whole, &other, reach);
            for (&index, _) in open.iter().filter(|(_, points)| points.contains(&point)) {
                let column = &whole.columns()[index];
                let compared = compare(column, other.column(&column.name), &pairs, reach);
                if !compared.differences.is_empty() {
                    read.entry(index).or_default().push(source.clone());
                }
            }
        }
        open.retain(|_, points| !points.contains(&point));
    }
    Ok(read)
}

/// Stretches without base candles, by open time.
fn gaps(history: &History) -> Vec<Span> {
    let interval = history.base.interval().ms();
    let times = history.base.open_time().windows(2);
    times
        .map(|pair| Span { start: pair[0].saturating_add(interval), end: pair[1] })
        .filter(|gap| gap.length() > 0)
        .collect()
}

/// A label that the feature all but equals.
fn like_label(column: &Column, whole: &Columns) -> Option<String> {
    let labels = whole.columns().iter().filter(|label| label.kind() == ColumnKind::Label);
    let alike = |label: &&Column| {
        let rows = 0..column.values.len();
        let pairs: Vec<_> =
            rows.filter_map(|row| column.value(row).zip(label.value(row))).collect();
        correlation(&pairs).is_some_and(|value| value.abs() > READS_LABEL)
    };
    let mut labels = labels.filter(|_| column.kind() == ColumnKind::Feature);
    labels.find(alike).map(|label| label.name.clone())
}

/// Pearson's correlation of at least 30 pairs.
fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let count = pairs.len() as f64;
    if pairs.len() < 30 {
        return None;
    }
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let (mean_a, mean_b) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut both, mut a, mut b) = (0.0, 0.0, 0.0);
    for pair in pairs {
        let (x, y) = (pair.0 - mean_a, pair.1 - mean_b);
        both += x * y;
        a += x * x;
        b += y * y;
    }
    (a > 0.0 && b > 0.0).then(|| both / (a * b).sqrt())
}

fn own_date(history: &History, suspicion: Option<&Suspicion>) -> Suspicion {
    match suspicion {
        Some(Suspicion::OwnDate { series }) => Suspicion::OwnDate { series: series.clone() },
        _ => {
            let names: Vec<_> = history.values.iter().map(|series| &*series.name).collect();
            Suspicion::OwnDate { series: names.join(" or ") }
        }
    }
}

/// Columns of which a test that applies to them compared nothing.
fn unchecked(whole: &Columns, tally: &Tally, history: &History) -> Vec<String> {
    let mut asked = vec![Test::Repeated, Test::Shifted];
    asked.extend(FUTURE);
    if !history.values.is_empty() {
        asked.push(Test::Delayed);
    }
    asked.sort_unstable();
    let mut unchecked = Vec::new();
    for (index, column) in whole.columns().iter().enumerate() {
        let missing: Vec<_> = asked
            .iter()
            .filter(|test| **test != Test::Delayed || column.kind() == ColumnKind::Feature)
            .filter(|test| {
                let of_test = tally.tests.get(test).and_then(|of| of.columns.get(index));
                of_test.is_none_or(|of_column| of_column.comparisons == 0)
            })
            .map(|test| test.name())
            .collect();
        if !missing.is_empty() {
            unchecked.push(format!("{}: {}", column.name, missing.join(", ")));
        }
    }
    unchecked
}
