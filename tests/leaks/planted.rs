//! Each usual kind of leak, planted by a provider of columns, is found, named and told apart; what
//! only looks like one is not.

use std::sync::atomic::{AtomicU64, Ordering};

use candlewick::leaks::{
    CheckOptions, ColumnProvider, Columns, Fitted, History, ProviderError, Report, Suspicion, Test,
    check,
};
use candlewick::market::Interval;

use super::world::{DAY, HOUR, START, interval, world};

const PLANT: &str = "plant";

/// Hours that the honest label looks ahead.
const AHEAD: usize = 3;

/// A column over the decision times of the base candles, beside an honest feature and label.
struct Planted<F: Fn(&History) -> Vec<f64>>(F);

impl<F: Fn(&History) -> Vec<f64>> ColumnProvider for Planted<F> {
    fn columns(&self, history: &History) -> Result<Columns, ProviderError> {
        let mut columns = honest(history);
        columns.feature(PLANT, (self.0)(history));
        Ok(columns)
    }
}

/// A label column with the ends of its spans.
struct PlantedLabel<F: Fn(&History) -> (Vec<f64>, Vec<i64>)>(F);

impl<F: Fn(&History) -> (Vec<f64>, Vec<i64>)> ColumnProvider for PlantedLabel<F> {
    fn columns(&self, history: &History) -> Result<Columns, ProviderError> {
        let mut columns = honest(history);
        let (values, span_ends) = (self.0)(history);
        columns.label(PLANT, values, span_ends);
        Ok(columns)
    }
}

fn decisions(history: &History) -> Vec<i64> {
    history.base.open_time().iter().map(|open| open + HOUR).collect()
}

/// The mean of the last three closes, and the return of the next three hours.
fn honest(history: &History) -> Columns {
    let close = history.base.close();
    let mean = |row: usize| {
        if row < 2 { f64::NAN } else { close[row - 2..=row].iter().sum::<f64>() / 3.0 }
    };
    let mut columns = Columns::new(decisions(history));
    columns.feature("honest", (0..close.len()).map(mean).collect());
    let (values, ends) = label(history, AHEAD, AHEAD);
    columns.label("honest label", values, ends);
    columns
}

/// Return over the next `reads` candles, said to be known after `claims`.
fn label(history: &History, reads: usize, claims: usize) -> (Vec<f64>, Vec<i64>) {
    let close = history.base.close();
    let value = |row: usize| close.get(row + reads).map_or(f64::NAN, |end| end / close[row] - 1.0);
    let decisions = decisions(history);
    let end = |row: usize| decisions.get(row + claims).copied().unwrap_or(i64::MAX);
    ((0..close.len()).map(value).collect(), (0..close.len()).map(end).collect())
}

fn returns(history: &History) -> Vec<f64> {
    let close = history.base.close();
    (0..close.len())
        .map(|row| if row == 0 { 0.0 } else { close[row] / close[row - 1] - 1.0 })
        .collect()
}

fn quantile(values: &[f64], level: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(((sorted.len() as f64 - 1.0) * level).max(0.0) as usize).copied().unwrap_or(0.0)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn report(provider: &dyn ColumnProvider, history: &History) -> Report {
    let mut done = (0, 0);
    let mut progress = |now, of| {
        assert!(now > done.0 && now <= of, "{now} of {of} after {done:?}");
        done = (now, of);
    };
    let report = check(provider, history, &CheckOptions::default(), &mut progress).unwrap();
    assert_eq!(done.0, done.1);
    report
}

/// Checks that the plant alone is found, by at least one of `tests`, and returns the suspicion.
fn found(provider: &dyn ColumnProvider, tests: &[Test]) -> Suspicion {
    let report = report(provider, &world(1_500));
    assert!(!report.is_clean());
    assert_eq!(report.unchecked, Vec::<String>::new());
    let by: Vec<Test> = report.findings.iter().map(|finding| finding.test).collect();
    for finding in &report.findings {
        assert_eq!(finding.column, PLANT, "{finding:?}");
        assert!(finding.differences > 0 && finding.differences <= finding.comparisons);
        assert!(finding.whole.map(f64::to_bits) != finding.other.map(f64::to_bits), "{finding:?}");
        assert!(finding.decision <= finding.known_until, "{finding:?}");
        assert!(!finding.remedy.is_empty());
    }
    for test in tests {
        assert!(by.contains(test), "{test:?} is not in {by:?}");
    }
    report.findings[0].suspicion.clone()
}

fn finds(plant: impl Fn(&History) -> Vec<f64>) -> Suspicion {
    found(&Planted(plant), &[Test::Truncated])
}

#[test]
fn nothing_is_found_in_honest_columns() {
    let report = report(&Planted(returns), &world(1_500));
    assert!(report.is_clean(), "{:?} {:?}", report.findings, report.unchecked);
    assert_eq!((report.features, report.labels), (2, 1));
    assert!(report.points.len() >= 20);
    let tests: Vec<Test> = report.tests.iter().map(|count| count.test).collect();
    assert_eq!(tests, Test::ALL[..7]);
    assert!(report.tests.iter().all(|count| count.comparisons > 1_000 && count.differences == 0));
}

#[test]
fn a_centred_window() {
    let suspicion = finds(|history| {
        let close = history.base.close();
        let centred = |row: usize| {
            let window = row.checked_sub(2).and_then(|from| close.get(from..row + 3));
            window.map_or(f64::NAN, mean)
        };
        (0..close.len()).map(centred).collect()
    });
    assert_eq!(suspicion, Suspicion::CentredWindow { rows: 2 });
}

#[test]
fn the_next_candles_open() {
    let suspicion = finds(|history| {
        let open = history.base.open();
        (0..open.len()).map(|row| open.get(row + 1).copied().unwrap_or(f64::NAN)).collect()
    });
    assert_eq!(suspicion, Suspicion::NextCandle);
}

#[test]
fn a_coarse_candle_joined_on_its_open_time() {
    let four = interval("4h");
    let suspicion = finds(|history| {
        let coarse = &history.context[0];
        let joined = |open: &i64| {
            let place = coarse.open_time().partition_point(|time| *time <= four.floor(*open));
            place.checked_sub(1).map_or(f64::NAN, |place| coarse.close()[place])
        };
        history.base.open_time().iter().map(joined).collect()
    });
    assert_eq!(suspicion, Suspicion::CoarseOnOpenTime { interval: four });
}

#[test]
fn an_unfinished_coarse_candle() {
    let four = interval("4h");
    let suspicion = finds(|history| {
        let (times, close) = (history.base.open_time(), history.base.close());
        let last_of_its_four = |&open: &i64| {
            let end = four.floor(open) + four.ms();
            close[times.partition_point(|time| *time < end) - 1]
        };
        times.iter().map(last_of_its_four).collect()
    });
    assert_eq!(suspicion, Suspicion::UnfinishedCandle { interval: four });
}

#[test]
fn a_scaler_of_the_whole_sample() {
    let suspicion = finds(|history| {
        let close = history.base.close();
        let center = mean(close);
        let scale = mean(&close.iter().map(|c| (c - center).powi(2)).collect::<Vec<_>>()).sqrt();
        close.iter().map(|close| f64::from(((close - center) / scale) as f32)).collect()
    });
    assert_eq!(suspicion, Suspicion::FittedScale);
}

#[test]
fn a_threshold_of_the_whole_sample() {
    let classes = |values: &[f64], of: &[f64]| -> Vec<f64> {
        let (low, high) = (quantile(of, 0.33), quantile(of, 0.67));
        let class = |value: &f64| match value {
            value if value.is_nan() => f64::NAN,
            value if *value < low => 0.0,
            value if *value > high => 2.0,
            _ => 1.0,
        };
        values.iter().map(class).collect()
    };
    let of_label = found(
        &PlantedLabel(|history| {
            let (values, ends) = label(history, AHEAD, AHEAD);
            let known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
            (classes(&values, &known), ends)
        }),
        &[Test::Truncated, Test::Poisoned],
    );
    assert_eq!(of_label, Suspicion::FittedThreshold);
    let of_feature = finds(|history| classes(&returns(history), &returns(history)));
    assert_eq!(of_feature, Suspicion::FittedThreshold);
}

#[test]
fn winsorising_and_a_projection_of_the_whole_sample() {
    let winsorised = finds(|history| {
        let returns = returns(history);
        let (low, high) = (quantile(&returns, 0.02), quantile(&returns, 0.98));
        returns.iter().map(|value| value.clamp(low, high)).collect()
    });
    assert_eq!(winsorised, Suspicion::FittedOnAll);
    let projected = finds(|history| {
        let returns = returns(history);
        let ranges: Vec<f64> =
            history.base.iter().map(|candle| (candle.high / candle.low).ln()).collect();
        let both = returns.iter().zip(&ranges).map(|(a, b)| a * b).sum::<f64>();
        let slope = both / ranges.iter().map(|b| b * b).sum::<f64>();
        returns.iter().zip(&ranges).map(|(a, b)| a - slope * b).collect()
    });
    assert_eq!(projected, Suspicion::FittedOnAll);
}

/// Rows of every hour, those of missing candles filled with the next close.
struct BackFilled;

impl ColumnProvider for BackFilled {
    fn columns(&self, history: &History) -> Result<Columns, ProviderError> {
        let (times, close) = (history.base.open_time(), history.base.close());
        let Some((&first, &last)) = times.first().zip(times.last()) else {
            return Ok(Columns::default());
        };
        let opens: Vec<i64> = (0..=(last - first) / HOUR).map(|hour| first + hour * HOUR).collect();
        let next = |open: &i64| close[times.partition_point(|time| time < open)];
        let mut columns = Columns::new(opens.iter().map(|open| open + HOUR).collect());
        columns.feature(PLANT, opens.iter().map(next).collect());
        Ok(columns)
    }
}

#[test]
fn a_gap_filled_from_its_end() {
    let suspicion = found(&BackFilled, &[Test::Truncated, Test::Poisoned]);
    assert_eq!(suspicion, Suspicion::BackFilledGap);
}

#[test]
fn a_value_that_is_not_there_filled_with_the_next_one() {
    // Only the last value of each third day counts; the days between are filled from behind.
    let suspicion = finds(|history| {
        let third: Vec<_> = history.values[0]
            .values
            .iter()
            .filter(|value| (value.time - START).rem_euclid(3 * DAY) == 0)
            .collect();
        let next = |decision: i64| {
            let place = third.partition_point(|value| value.time <= decision);
            third.get(place).map_or(f64::NAN, |value| value.value)
        };
        decisions(history).into_iter().map(next).collect()
    });
    assert_eq!(suspicion, Suspicion::BackFilledGap);
}

/// The value of the day that a decision is made on.
fn own_date(history: &History) -> Vec<f64> {
    let values = &history.values[0].values;
    let of_day = |decision: i64| {
        let day = Interval::DAY.floor(decision);
        values.iter().find(|value| value.time == day).map_or(f64::NAN, |value| value.value)
    };
    decisions(history).into_iter().map(of_day).collect()
}

#[test]
fn a_value_joined_on_its_own_date() {
    let series = "active_addresses".to_owned();
    let suspicion = found(&Planted(own_date), &[Test::Truncated, Test::Poisoned, Test::Delayed]);
    assert_eq!(suspicion, Suspicion::OwnDate { series });
}

#[test]
fn a_join_on_the_own_date_is_found_where_values_are_known_at_once() {
    let mut history = world(1_500);
    for value in &mut history.values[0].values {
        // No decision lies between the time that it is of and the time that it is known.
        value.known_at = value.time;
    }
    let late = |history: &History| -> Vec<f64> {
        let values = &history.values[0].values;
        let newest = |decision: i64| {
            let newest = values.iter().filter(|value| value.time < decision).max_by_key(|v| v.time);
            newest.map_or(f64::NAN, |value| value.value)
        };
        decisions(history).into_iter().map(newest).collect()
    };
    let report = report(&Planted(late), &history);
    let tests: Vec<Test> = report.findings.iter().map(|finding| finding.test).collect();
    assert_eq!(tests, [Test::Delayed], "{:?}", report.findings);
    let series = "active_addresses".to_owned();
    assert_eq!(report.findings[0].suspicion, Suspicion::OwnDate { series });
}

#[test]
fn a_value_carried_forward_for_ever_is_no_leak() {
    // Months without a new value: old news is old, not news from the future.
    let mut history = world(1_500);
    history.values[0].values.truncate(20);
    let carried = |history: &History| -> Vec<f64> {
        let values = &history.values[0].values;
        let newest = |decision: i64| {
            let known = values.iter().rfind(|value| value.known_at < decision);
            known.map_or(f64::NAN, |value| value.value)
        };
        decisions(history).into_iter().map(newest).collect()
    };
    let report = report(&Planted(carried), &history);
    assert!(report.is_clean(), "{:?} {:?}", report.findings, report.unchecked);
}

#[test]
fn trades_of_the_next_candle() {
    let suspicion = finds(|history| {
        let trades = history.trades.as_deref().unwrap_or_default();
        let sum = |decision: i64| -> f64 {
            let from = trades.partition_point(|trade| trade.time < decision - HOUR);
            let to = trades.partition_point(|trade| trade.time < decision + HOUR / 2);
            trades[from..to].iter().map(|trade| trade.quantity).sum()
        };
        decisions(history).into_iter().map(sum).collect()
    });
    assert_eq!(suspicion, Suspicion::LaterStream { stream: "trades".to_owned() });
}

#[test]
fn a_feature_that_reads_the_label() {
    let suspicion = finds(|history| {
        let noise = returns(history);
        let values = label(history, AHEAD, AHEAD).0;
        values.iter().zip(&noise).map(|(label, noise)| 2.0 * label + 0.1 * noise).collect()
    });
    assert_eq!(suspicion, Suspicion::ReadsLabel { label: "honest label".to_owned() });
}

#[test]
fn a_target_encoded_by_hour_over_labels_that_have_not_ended() {
    let suspicion = finds(|history| {
        let values = label(history, AHEAD, AHEAD).0;
        let known = |row: usize| values[..=row].iter().rev().take(24).copied();
        let encoded = |row: usize| {
            let known: Vec<f64> = known(row).filter(|value| !value.is_nan()).collect();
            mean(&known)
        };
        (0..values.len()).map(encoded).collect()
    });
    assert!(matches!(suspicion, Suspicion::CentredWindow { rows: 3 }), "{suspicion:?}");
}

#[test]
fn a_label_that_reads_past_its_span() {
    let suspicion = found(&PlantedLabel(|history| label(history, 5, 2)), &[Test::Truncated]);
    assert_eq!(suspicion, Suspicion::SpanUnderstated { rows: 3 });
    let one = found(&PlantedLabel(|history| label(history, 4, 3)), &[Test::Poisoned]);
    assert_eq!(one, Suspicion::SpanUnderstated { rows: 1 });
}

#[test]
fn a_label_given_before_its_outcome_is_known() {
    let suspicion = found(
        &PlantedLabel(|history| {
            let close = history.base.close();
            let end = |row: usize| close[(row + AHEAD).min(close.len() - 1)];
            let values = (0..close.len()).map(|row| end(row) / close[row] - 1.0).collect();
            (values, label(history, AHEAD, AHEAD).1)
        }),
        &[Test::Truncated],
    );
    assert_eq!(suspicion, Suspicion::LabelTooEarly);
}

#[test]
fn a_table_of_dates_and_a_column_that_is_never_the_same() {
    let suspicion = found(
        &Planted(|history| {
            decisions(history).iter().map(|time| (time / DAY % 365) as f64).collect()
        }),
        &[Test::Shifted],
    );
    assert_eq!(suspicion, Suspicion::AbsoluteTime);
    let calls = AtomicU64::new(0);
    let suspicion = found(
        &Planted(|history| {
            let call = calls.fetch_add(1, Ordering::Relaxed) as f64;
            returns(history).iter().map(|value| value + call).collect()
        }),
        &[Test::Repeated],
    );
    assert_eq!(suspicion, Suspicion::NotRepeatable);
}

/// A mean said to be fitted from the first half, which reads as many rows as it says or more.
struct FittedMean {
    reads: usize,
}

impl ColumnProvider for FittedMean {
    fn columns(&self, history: &History) -> Result<Columns, ProviderError> {
        Ok(honest(history))
    }

    fn fitted(&self, columns: &Columns) -> Result<Vec<Fitted>, ProviderError> {
        let rows = columns.decisions()[..700].to_vec();
        let values = &columns.column("honest").unwrap().values[2..self.reads];
        let numbers = vec![("mean".to_owned(), mean(values))];
        Ok(vec![Fitted { name: "scaler of fold_0".to_owned(), rows, numbers }])
    }
}

#[test]
fn a_number_fitted_on_other_rows() {
    let honest = report(&FittedMean { reads: 700 }, &world(1_500));
    assert!(honest.is_clean(), "{:?} {:?}", honest.findings, honest.unchecked);
    assert_eq!((honest.fitted, honest.tests.last().unwrap().comparisons), (1, 1));
    let leaking = report(&FittedMean { reads: 701 }, &world(1_500));
    assert_eq!(leaking.findings.len(), 1);
    assert_eq!(leaking.findings[0].column, "scaler of fold_0: mean");
    assert_eq!(leaking.findings[0].suspicion, Suspicion::FittedOnOtherRows);
}

#[test]
fn what_is_never_compared_is_no_pass() {
    let report = report(&Planted(|history| vec![f64::NAN; history.base.len()]), &world(500));
    assert_eq!(report.findings.len(), 0);
    assert_eq!(report.unchecked.len(), 1);
    assert!(report.unchecked[0].starts_with("plant: repeated, truncated"), "{report:?}");
    assert!(!report.is_clean());
    let empty = world(0);
    let error =
        check(&Planted(returns), &empty, &CheckOptions::default(), &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("nothing to check"), "{error}");
}

/// A provider of one column twice.
struct Twice;

impl ColumnProvider for Twice {
    fn columns(&self, history: &History) -> Result<Columns, ProviderError> {
        let mut columns = honest(history);
        columns.feature("honest", returns(history));
        Ok(columns)
    }
}

/// A provider of nothing.
struct Refuses;

impl ColumnProvider for Refuses {
    fn columns(&self, _: &History) -> Result<Columns, ProviderError> {
        Err("no such thing".into())
    }
}

#[test]
fn columns_that_do_not_fit_together_are_refused() {
    let error = |provider: &dyn ColumnProvider| {
        let options = CheckOptions::default();
        check(provider, &world(300), &options, &mut |_, _| {}).unwrap_err().to_string()
    };
    assert!(error(&Planted(|_| vec![1.0])).contains("plant has another number of values"));
    assert!(error(&Twice).contains("honest is there twice"));
    assert!(error(&Refuses).contains("cannot compute the columns of the whole history"));
}
