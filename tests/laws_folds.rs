//! Laws of labels and folds: nothing before a time depends on anything after it, and no part of a
//! fold knows of the next.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use candlewick::folds::{
    Fold, FoldConfig, FoldError, PurgedKFoldConfig, RowTime, TrainSpan, WalkForwardConfig,
    final_fold, split,
};
use candlewick::labels::{DirectionRule, DirectionThresholds, LabelConfig, Labels, build};
use candlewick::market::{Candle, CandleSeries, Instrument, Interval, Market, Period, Span, Time};
use proptest::prelude::*;

use super::support::real_data;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn period(hours: i64) -> Period {
    format!("{hours}h").parse().unwrap()
}

/// Rows of instruments whose candles start at different hours and have gaps.
#[derive(Debug, Clone)]
struct Rows {
    times: Vec<RowTime>,
    horizon: u32,
}

impl Rows {
    fn of(starts: &[i64], length: i64, gap: (i64, i64), horizon: u32) -> Self {
        Self::with_labels(starts, length, gap, horizon, |_| i64::from(horizon))
    }

    /// Rows whose labels are as many candles long as `label` says of their hour.
    fn with_labels(
        starts: &[i64],
        length: i64,
        gap: (i64, i64),
        horizon: u32,
        label: impl Fn(i64) -> i64,
    ) -> Self {
        let mut times = Vec::new();
        for &start in starts {
            for hour in (start..length).filter(|hour| !(gap.0..gap.0 + gap.1).contains(hour)) {
                let decision = (hour + 1) * HOUR;
                let end = decision + label(hour) * HOUR;
                times.push(RowTime { decision, label: Span { start: decision, end } });
            }
        }
        Self { times, horizon }
    }

    /// Rows whose label is over by `end`.
    fn until(&self, end: i64) -> Vec<u32> {
        let rows = 0..self.times.len() as u32;
        rows.filter(|&row| self.times[row as usize].label.end <= end).collect()
    }

    fn split(&self, config: &FoldConfig, rows: &[u32]) -> Result<Vec<Fold>, FoldError> {
        split(config, rows, &self.times, Interval::HOUR, self.horizon)
    }
}

fn any_rows() -> impl Strategy<Value = Rows> {
    (
        prop::collection::vec(0_i64..200, 1..4),
        300_i64..1500,
        (0_i64..1200, 0_i64..100),
        1_u32..30,
        any::<bool>(),
    )
        .prop_map(|(starts, length, gap, horizon, early)| {
            // Labels of barriers end anywhere up to the horizon.
            let label = |hour: i64| {
                if early { 1 + hour * 7919 % i64::from(horizon) } else { i64::from(horizon) }
            };
            Rows::with_labels(&starts, length, gap, horizon, label)
        })
}

fn any_config() -> impl Strategy<Value = (FoldConfig, u32)> {
    let hours = || 10_i64..300;
    let walk = (
        prop::option::of(0_i64..1200),
        hours(),
        hours(),
        hours(),
        prop::option::of(hours()),
        prop::option::of(1_u32..5),
    )
        .prop_map(|(first_test, min_train, test, valid, length, max_folds)| {
            FoldConfig::WalkForward(WalkForwardConfig {
                first_test: first_test.map(|hour| Time(hour * HOUR)),
                min_train: period(min_train),
                test: period(test),
                valid: period(valid),
                train: length.map_or(TrainSpan::Expanding, |hours| TrainSpan::Sliding {
                    length: period(hours),
                }),
                max_folds,
                embargo: None,
            })
        });
    let blocks =
        (hours(), hours(), prop::option::of(1_u32..5)).prop_map(|(block, valid, max_folds)| {
            FoldConfig::PurgedKFold(PurgedKFoldConfig {
                block: period(block),
                valid: period(valid),
                max_folds,
                embargo: None,
            })
        });
    (prop_oneof![walk, blocks], 0_u32..20)
}

fn with_embargo(config: FoldConfig, embargo: u32) -> FoldConfig {
    match config {
        FoldConfig::WalkForward(config) => {
            FoldConfig::WalkForward(WalkForwardConfig { embargo: Some(embargo), ..config })
        }
        FoldConfig::PurgedKFold(config) => {
            FoldConfig::PurgedKFold(PurgedKFoldConfig { embargo: Some(embargo), ..config })
        }
    }
}

fn limited(config: &FoldConfig) -> bool {
    match config {
        FoldConfig::WalkForward(config) => config.max_folds.is_some(),
        FoldConfig::PurgedKFold(config) => config.max_folds.is_some(),
    }
}

/// The stretch that a part's labels cover, or nothing for an empty part.
fn hull(rows: &[u32], times: &[RowTime]) -> Option<Span> {
    let labels = || rows.iter().map(|&row| times[row as usize].label);
    Some(Span {
        start: labels().map(|label| label.start).min()?,
        end: labels().map(|label| label.end).max()?,
    })
}

/// No label of `earlier` touches the stretch of `later`'s labels, grown by the embargo both ways.
fn apart(earlier: &[u32], later: &[u32], times: &[RowTime], embargo: i64) -> bool {
    let Some(hull) = hull(later, times) else { return true };
    let kept_free = Span { start: hull.start - embargo, end: hull.end + embargo };
    earlier.iter().all(|&row| !times[row as usize].label.overlaps(kept_free))
}

fn check_fold(fold: &Fold, rows: &Rows, embargo: i64) -> Result<(), TestCaseError> {
    let times = &rows.times;
    prop_assert!(apart(&fold.train, &fold.test, times, embargo), "train touches test: {fold:?}");
    prop_assert!(apart(&fold.train, &fold.valid, times, embargo), "train touches valid: {fold:?}");
    prop_assert!(apart(&fold.valid, &fold.test, times, embargo), "valid touches test: {fold:?}");
    let mut seen = HashSet::new();
    for row in fold.train.iter().chain(&fold.valid).chain(&fold.test) {
        prop_assert!(seen.insert(row), "row {row} is in two parts");
    }
    for (part, span) in [
        (&fold.train, fold.train_span),
        (&fold.valid, fold.valid_span),
        (&fold.test, fold.test_span),
    ] {
        for &row in part {
            prop_assert!(span.contains(times[row as usize].decision));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn prop_no_label_touches_a_later_part_or_its_embargo(
        rows in any_rows(),
        (config, more) in any_config(),
    ) {
        let embargo = rows.horizon + more;
        let config = with_embargo(config, embargo);
        let all = rows.until(i64::MAX);
        if let Ok(folds) = rows.split(&config, &all) {
            for fold in &folds {
                check_fold(fold, &rows, i64::from(embargo) * HOUR)?;
                prop_assert!(!fold.train.is_empty() && !fold.valid.is_empty());
                // One block of time for all instruments: every row of the period is tested.
                let inside = |row: &&u32| fold.test_span.contains(rows.times[**row as usize].decision);
                prop_assert_eq!(fold.test.len(), all.iter().filter(inside).count());
            }
            let mut tested = HashSet::new();
            for row in folds.iter().flat_map(|fold| &fold.test) {
                prop_assert!(tested.insert(*row), "row {} is tested twice", row);
            }
        }
        if let Ok(fold) = final_fold(&config, &all, &rows.times, Interval::HOUR, rows.horizon) {
            check_fold(&fold, &rows, i64::from(embargo) * HOUR)?;
            prop_assert!(fold.test.is_empty());
        }
    }

    #[test]
    fn prop_the_future_moves_no_fold(
        rows in any_rows(),
        (config, _) in any_config(),
        cut in 0.0_f64..1.0,
    ) {
        let all = rows.until(i64::MAX);
        let last = rows.times.iter().map(|time| time.label.end).max().unwrap_or(0);
        let kept = rows.until((last as f64 * cut) as i64);
        // A cut that takes the first row moves the anchor; that is another set of data.
        let first = |rows_: &[u32]| rows_.iter().map(|&row| rows.times[row as usize].decision).min();
        prop_assume!(first(&kept) == first(&all));
        let Ok(folds) = rows.split(&config, &all) else { return Ok(()) };
        let Ok(earlier) = rows.split(&config, &kept) else { return Ok(()) };
        let walk_forward = matches!(config, FoldConfig::WalkForward(_));
        // Blocks that the cut leaves untrained are no folds, so a limit counts others.
        prop_assume!(walk_forward || !limited(&config));
        let kept: HashSet<u32> = kept.into_iter().collect();
        let uncut = |part: &[u32]| -> Vec<u32> {
            part.iter().copied().filter(|row| kept.contains(row)).collect()
        };
        for before in &earlier {
            let Some(now) = folds.iter().find(|now| now.test_span == before.test_span) else {
                prop_assert!(false, "{} is gone", before.name);
                return Ok(());
            };
            prop_assert_eq!(&before.valid, &uncut(&now.valid));
            prop_assert_eq!(&before.test, &uncut(&now.test));
            prop_assert_eq!(&before.train, &uncut(&now.train));
            prop_assert_eq!(before.valid_span, now.valid_span);
            if walk_forward {
                prop_assert_eq!(&before.name, &now.name);
                prop_assert_eq!(&before.train, &now.train);
                prop_assert_eq!(&before.valid, &now.valid);
                prop_assert_eq!(before.train_span, now.train_span);
            }
        }
    }

    #[test]
    fn prop_labels_end_where_their_span_ends(
        closes in prop::collection::vec(0.5_f64..2.0, 2..80),
        gap in 0_usize..80,
        horizon in 1_u32..10,
        cut in 0_usize..80,
    ) {
        let series = walk(&closes, gap);
        let config = LabelConfig { horizon, ..LabelConfig::default() };
        let labels = build(&config, &series, series.open_time()).unwrap();
        check_truncation(&config, &series, &labels, cut.min(series.len()))?;
        // A later candle changes no label that is known without it.
        for row in 0..labels.rows() {
            let end = labels.span[row].end;
            let complete = series.position(end - HOUR).is_some();
            prop_assert!(!labels.known[row] || complete);
        }
    }
}

fn check_truncation(
    config: &LabelConfig,
    series: &CandleSeries,
    labels: &Labels,
    length: usize,
) -> Result<(), TestCaseError> {
    let past = series.truncated(length);
    let earlier = build(config, &past, past.open_time()).unwrap();
    let known_by = past.open_time().last().map_or(i64::MIN, |last| last + series.interval().ms());
    for row in 0..earlier.rows() {
        prop_assert_eq!(earlier.span[row], labels.span[row]);
        prop_assert_eq!(earlier.scale[row].to_bits(), labels.scale[row].to_bits());
        let still_known = labels.known[row] && labels.span[row].end <= known_by;
        prop_assert_eq!(earlier.known[row], still_known);
        if still_known {
            let bits = |labels: &Labels| {
                (labels.forward_return[row].to_bits(), labels.volatility[row].to_bits())
            };
            prop_assert_eq!(bits(&earlier), bits(labels));
        }
    }
    Ok(())
}

/// Hourly candles with one candle missing.
fn walk(closes: &[f64], gap: usize) -> CandleSeries {
    let instrument = Instrument::new("simulated", Market::Spot, "TEST").unwrap();
    let mut series = CandleSeries::new(instrument, Interval::HOUR);
    for (hour, &close) in closes.iter().enumerate().filter(|(hour, _)| *hour != gap) {
        series.push(&candle(hour as i64 * HOUR, close)).unwrap();
    }
    series
}

fn candle(open_time: i64, close: f64) -> Candle {
    Candle {
        open_time,
        open: close,
        high: close,
        low: close,
        close,
        volume: 1.0,
        quote_volume: None,
        trades: None,
        taker_buy_volume: None,
        taker_buy_quote_volume: None,
    }
}

#[test]
fn what_cannot_be_cut_says_why() {
    let rows = Rows::of(&[0], 24 * 100, (0, 0), 4);
    let all = rows.until(i64::MAX);
    let short = with_embargo(FoldConfig::default(), 2);
    assert_eq!(
        rows.split(&short, &all).unwrap_err().to_string(),
        "embargo 2 is shorter than the horizon 4: a label could still be open when the next part \
         starts; set folds.embargo >= 4"
    );
    let early = rows.split(&FoldConfig::default(), &all).unwrap_err().to_string();
    assert!(early.contains("2400 usable rows from 1970-01-01T01:00:00Z to 1970-04-11"), "{early}");
    assert!(early.contains("the first test period starts at 1970-07-30"), "{early}");
    assert!(early.contains("shorten folds.min_train"), "{early}");
    assert_eq!(rows.split(&FoldConfig::default(), &[]).unwrap_err(), FoldError::NoRows);
    let unknown = rows.split(&FoldConfig::default(), &[9_999]).unwrap_err();
    assert_eq!(unknown, FoldError::UnknownRow { row: 9_999, times: 2400 });
    let long = Rows::with_labels(&[0], 24 * 100, (0, 0), 4, |hour| if hour == 9 { 5 } else { 2 });
    assert_eq!(
        long.split(&FoldConfig::default(), &all).unwrap_err().to_string(),
        "the label of row 9 lasts until 1970-01-01T15:00:00Z, longer than the horizon of 4 candles \
         that folds are kept apart by"
    );

    let of = |test: &str, max_folds| {
        FoldConfig::WalkForward(WalkForwardConfig {
            min_train: Period::days(10),
            valid: Period::days(5),
            test: test.parse().unwrap(),
            max_folds,
            ..WalkForwardConfig::default()
        })
    };
    let tiny = rows.split(&of("1m", None), &all).unwrap_err().to_string();
    assert!(tiny.starts_with("folds.test 1m is shorter than one 1h candle"), "{tiny}");
    let many = rows.split(&of("1h", None), &all).unwrap_err().to_string();
    assert!(many.contains("cuts the data into 2041 folds"), "{many}");
    assert_eq!(rows.split(&of("1h", Some(3)), &all).unwrap().len(), 3);

    let one = final_fold(&FoldConfig::default(), &all[..1], &rows.times, Interval::HOUR, 4);
    let one = one.unwrap_err().to_string();
    assert!(one.contains("1 usable rows") && one.contains("shorten folds.valid"), "{one}");
}

#[test]
fn periods_are_counted_from_the_first_rows_day() {
    let rows = Rows::of(&[30, 100], 24 * 60, (0, 0), 4);
    let config = FoldConfig::WalkForward(WalkForwardConfig {
        min_train: Period::days(20),
        valid: Period::days(5),
        test: Period::days(10),
        ..WalkForwardConfig::default()
    });
    let folds = rows.split(&config, &rows.until(i64::MAX)).unwrap();
    let starts: Vec<i64> = folds.iter().map(|fold| fold.test_span.start / DAY).collect();
    assert_eq!(starts, [26, 36, 46, 56]);
    assert_eq!(folds[0].train_span, Span { start: DAY, end: 21 * DAY });
    assert_eq!(folds[0].valid_span, Span { start: 21 * DAY, end: 26 * DAY });
    // The last validation decision has its label end four candles of embargo before the test.
    let last = folds[0].valid.iter().map(|&row| rows.times[row as usize].label.end).max();
    assert_eq!(last, Some(26 * DAY - 4 * HOUR));
    assert_eq!(folds[3].name, "fold_3");

    let blocks = FoldConfig::PurgedKFold(PurgedKFoldConfig {
        block: Period::days(10),
        valid: Period::days(5),
        ..PurgedKFoldConfig::default()
    });
    let folds = rows.split(&blocks, &rows.until(i64::MAX)).unwrap();
    // The first block has no validation rows before it.
    let starts: Vec<i64> = folds.iter().map(|fold| fold.test_span.start / DAY).collect();
    assert_eq!(starts, [11, 21, 31, 41, 51]);
    let after = folds[0].train.iter().map(|&row| rows.times[row as usize].decision);
    // Behind the block: the last label, then the embargo.
    assert_eq!(after.filter(|&time| time >= 11 * DAY).min(), Some(21 * DAY + 8 * HOUR));
}

#[test]
fn labels_and_folds_of_real_candles_know_no_future() {
    let Some(data) = real_data("labels_and_folds_of_real_candles_know_no_future") else { return };
    let folder = data.join("binance/spot/monthly/klines/BTCUSDT/1h");
    let series = archive(&folder, 18);
    assert!(series.len() > 12_000, "{} candles in {}", series.len(), folder.display());
    let config = LabelConfig {
        horizon: 6,
        direction: DirectionRule::Quantile { lower: 0.33, upper: 0.67 },
        ..LabelConfig::default()
    };
    let labels = build(&config, &series, series.open_time()).unwrap();
    let unknown = labels.known.iter().filter(|known| !**known).count();
    // The first candle, six before the outage of 2023-03-24 and six at the end.
    assert_eq!(unknown, 13);
    for length in [1, 2, 500, 7_003, series.len() - 1] {
        check_truncation(&config, &series, &labels, length).unwrap();
    }

    let times = labels.row_times();
    let rows: Vec<u32> =
        (0..labels.rows() as u32).filter(|&row| labels.known[row as usize]).collect();
    let folds = split(&FoldConfig::default(), &rows, &times, Interval::HOUR, 6).unwrap();
    assert!(folds.len() >= 10, "{} folds", folds.len());
    let cut = rows.len() * 3 / 4;
    let earlier = split(&FoldConfig::default(), &rows[..cut], &times, Interval::HOUR, 6).unwrap();
    for (before, now) in earlier.iter().zip(&folds) {
        let fit = |fold| DirectionThresholds::fit(&config.direction, &labels, fold).unwrap();
        assert_eq!(fit(before), fit(now));
        assert_eq!((&before.train, before.test_span), (&now.train, now.test_span));
    }
    // A third of the training rows is below and a third above, whatever comes later.
    let fitted = DirectionThresholds::fit(&config.direction, &labels, &folds[0]).unwrap();
    let mut shares = [0.0; 3];
    for &row in &folds[0].train {
        let row = row as usize;
        let class = fitted.class(&labels, row);
        shares[usize::from(class)] += 1.0 / folds[0].train.len() as f64;
    }
    assert!((shares[0] - 0.33).abs() < 0.001 && (shares[2] - 0.33).abs() < 0.001, "{shares:?}");
}

/// The first `months` files of an archive folder, as candles.
fn archive(folder: &Path, months: usize) -> CandleSeries {
    let instrument = Instrument::new("binance", Market::Spot, "BTCUSDT").unwrap();
    let mut series = CandleSeries::new(instrument, Interval::HOUR);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "zip"))
        .collect();
    files.sort();
    for path in files.iter().take(months) {
        let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
        let mut text = String::new();
        zip.by_index(0).unwrap().read_to_string(&mut text).unwrap();
        for line in text.lines() {
            let fields: Vec<&str> = line.split(',').collect();
            series.push(&candle(fields[0].parse().unwrap(), fields[4].parse().unwrap())).unwrap();
        }
    }
    series
}
