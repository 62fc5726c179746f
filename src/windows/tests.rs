//! Laws of samples: no gap, no other instrument, no row but training rows.

use burn::tensor::Device;
use proptest::prelude::*;

use crate::features::FeatureTable;
use crate::folds::Fold;
use crate::labels::{DirectionThresholds, Labels};
use crate::market::{Instrument, Interval, Market, Span};

use super::*;

const SYMBOLS: [&str; 3] = ["AAA", "BBB", "CCC"];

/// A table of `runs` gap-free stretches with the gap after each, in candles.
fn table(runs: &[(usize, i64)], features: usize, seed: f32) -> FeatureTable {
    let interval = Interval::HOUR;
    let (mut open_time, mut run_start, mut next) = (Vec::new(), Vec::new(), 0);
    for &(rows, gap) in runs {
        let start = open_time.len() as u32;
        for _ in 0..rows {
            open_time.push(next);
            run_start.push(start);
            next += interval.ms();
        }
        next += gap * interval.ms();
    }
    let values = (0..open_time.len() * features).map(|n| (n as f32 + seed).sin()).collect();
    let names = (0..features).map(|feature| format!("feature_{feature}")).collect();
    FeatureTable { interval, names, open_time, values, run_start }
}

fn pool(instruments: &[Vec<(usize, i64)>], features: usize) -> Pool {
    let tables = instruments.iter().zip(SYMBOLS).enumerate().map(|(index, (runs, symbol))| {
        let instrument = Instrument::new("test", Market::Spot, symbol).unwrap();
        (instrument, table(runs, features, index as f32))
    });
    Pool::new(tables.collect()).unwrap()
}

fn fold(train: Vec<u32>) -> Fold {
    Fold {
        name: "fold_0".to_owned(),
        train,
        valid: Vec::new(),
        test: Vec::new(),
        train_span: Span::ALL,
        valid_span: Span::ALL,
        test_span: Span::ALL,
    }
}

fn instruments() -> impl Strategy<Value = Vec<Vec<(usize, i64)>>> {
    prop::collection::vec(prop::collection::vec((1_usize..12, 1_i64..4), 1..4), 1..=3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn prop_no_window_reaches_over_a_gap_or_another_instrument(
        instruments in instruments(),
        window in 1_usize..9,
        unknown in prop::collection::vec(any::<bool>(), 140),
    ) {
        let pool = pool(&instruments, 2);
        let known = &unknown[..pool.rows()];
        let found = eligible(&pool, window, Some(known), &[]);
        let whole = |row: usize| {
            row + 1 >= window && (row + 1 - window..row).all(|row| {
                pool.instrument[row] == pool.instrument[row + 1]
                    && pool.open_time[row] + pool.interval.ms() == pool.open_time[row + 1]
            })
        };
        let rows: Vec<u32> = (0..pool.rows())
            .filter(|&row| whole(row) && known[row])
            .map(|row| row as u32)
            .collect();
        prop_assert_eq!(&found.rows, &rows);
        prop_assert_eq!(found.dropped_gap, (0..pool.rows()).filter(|&row| !whole(row)).count());
        let counted = found.rows.len() + found.dropped_gap + found.dropped_unlabelled;
        prop_assert_eq!(counted, pool.rows());
        let unlabelled = eligible(&pool, window, None, &[]);
        prop_assert_eq!(unlabelled.dropped_unlabelled, 0);
        prop_assert_eq!(unlabelled.rows.len(), pool.rows() - found.dropped_gap);
    }

    #[test]
    fn prop_a_window_over_an_entry_of_the_ledger_is_left_out_with_its_reason(
        instruments in instruments(),
        window in 1_usize..9,
        entries in prop::collection::vec((0_usize..3, 0_i64..40, 0_i64..5, 0_usize..2), 0..6),
    ) {
        let pool = pool(&instruments, 1);
        let hour = pool.interval.ms();
        let gaps: Vec<LedgerGap> = entries
            .iter()
            .map(|&(symbol, start, hours, reason)| LedgerGap {
                instrument: Instrument::new("test", Market::Spot, SYMBOLS[symbol]).unwrap(),
                // Off the grid of candles, as a broken connection is.
                span: Span { start: start * hour + 1, end: (start + hours) * hour + 1 },
                reason: ["outage", "disconnect"][reason].to_owned(),
            })
            .collect();
        let found = eligible(&pool, window, None, &gaps);
        let clean = eligible(&pool, window, None, &[]);
        let hit = |row: usize| {
            let end = pool.open_time[row] + hour;
            let seen = Span { start: end - window as i64 * hour, end };
            gaps.iter().find(|gap| {
                gap.instrument == pool.instruments[usize::from(pool.instrument[row])]
                    && gap.span.length() > 0
                    && gap.span.overlaps(seen)
            })
        };
        let left: Vec<u32> =
            clean.rows.iter().copied().filter(|&row| hit(row as usize).is_none()).collect();
        prop_assert_eq!(&found.rows, &left);
        for reason in ["outage", "disconnect"] {
            let expected =
                (0..pool.rows()).filter(|&row| hit(row).is_some_and(|g| g.reason == reason)).count();
            prop_assert_eq!(found.dropped_ledger.get(reason).copied().unwrap_or(0), expected);
        }
        prop_assert_eq!(
            found.rows.len() + found.dropped_gap + found.dropped_by_ledger(),
            pool.rows()
        );
    }

    #[test]
    fn prop_a_scaler_reads_training_rows_only(
        train in prop::collection::btree_set(0_u32..40, 1..30),
        poison in any::<f32>(),
        standard in any::<bool>(),
    ) {
        let kind = if standard { ScalerKind::Standard } else { ScalerKind::Robust };
        let config = ScalerConfig { kind, clip: None };
        let fold = fold(train.iter().copied().collect());
        let mut pool = pool(&[vec![(40, 1)]], 3);
        let clean = Scaler::fit(&config, &pool, &fold).unwrap();
        for row in (0..40).filter(|row| !train.contains(row)) {
            pool.values[row as usize * 3..][..3].fill(poison);
        }
        let poisoned = Scaler::fit(&config, &pool, &fold).unwrap();
        let bits = |scaler: &Scaler| {
            scaler.center.iter().chain(&scaler.scale).map(|v| v.to_bits()).collect::<Vec<_>>()
        };
        prop_assert_eq!(bits(&clean), bits(&poisoned));
    }

    #[test]
    fn prop_gathered_windows_equal_host_slices(
        instruments in instruments(),
        window in 1_usize..6,
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
    ) {
        let pool = pool(&instruments, 3);
        let rows = eligible(&pool, window, None, &[]).rows;
        prop_assume!(!rows.is_empty());
        let picked: Vec<u32> = picks.iter().map(|pick| rows[pick.index(rows.len())]).collect();
        let config = ScalerConfig { kind: ScalerKind::None, clip: None };
        let scaler = Scaler::fit(&config, &pool, &fold(rows)).unwrap();
        let some = View { window: window.div_ceil(2), stride: 2, columns: vec![0, 2] };
        let views = vec![View::whole(window, 3), some];
        let table = Table::new(&pool, &scaler, views, &Device::flex()).unwrap();
        prop_assert!(table.reach() <= window);
        for (view, gathered) in table.views.iter().zip(gather(&table, &picked)) {
            let columns = view.columns.len();
            prop_assert_eq!(gathered.dims(), [picked.len(), view.window, columns]);
            let mut expected: Vec<f32> = Vec::new();
            for &last in &picked {
                for back in (0..view.window).rev() {
                    let row = &pool.values[(last as usize - back * view.stride) * 3..][..3];
                    expected.extend(view.columns.iter().map(|&column| row[column as usize]));
                }
            }
            prop_assert_eq!(gathered.try_into_vec_as::<f32>().unwrap(), expected);
        }
    }

    #[test]
    fn prop_target_scale_reads_training_rows_only(
        train in prop::collection::btree_set(0_u32..40, 2..30),
        poison in any::<f32>(),
    ) {
        let mut labels = labels(40);
        let fold = fold(train.iter().copied().collect());
        let clean = TargetScale::fit(&labels, &fold).unwrap();
        for row in (0..40).filter(|&row| !train.contains(&(row as u32))) {
            labels.forward_return[row] = poison;
            labels.volatility[row] = poison;
        }
        prop_assert_eq!(TargetScale::fit(&labels, &fold).unwrap(), clean);
    }
}

fn labels(rows: usize) -> Labels {
    let wave = |pace: f32| (0..rows).map(move |row| (row as f32 * pace + 0.4).sin() * 0.01);
    Labels {
        horizon: 1,
        instruments: Vec::new(),
        instrument: vec![0; rows],
        span: vec![Span { start: 0, end: 1 }; rows],
        forward_return: wave(1.3).collect(),
        score: wave(1.3).collect(),
        unit: vec![1.0; rows],
        volatility: wave(0.7).map(|value| value.abs() + 1e-4).collect(),
        scale: vec![0.01; rows],
        known: vec![true; rows],
    }
}

/// ```python
/// x = np.array([.5, -1.25, 3, 100, 2, -.75, .125]).reshape(-1, 1)   # scikit-learn 1.9.1
/// s = RobustScaler(unit_variance=True).fit(x); s.center_, s.scale_
/// s = StandardScaler().fit(x); s.mean_, s.scale_
/// ```
#[test]
fn scalers_equal_scikit_learn() {
    let mut pool = pool(&[vec![(7, 1)]], 2);
    for (row, value) in [0.5, -1.25, 3.0, 100.0, 2.0, -0.75, 0.125].into_iter().enumerate() {
        pool.values[2 * row] = value;
        // A flag that is rarely set has no interquartile range: its standard deviation serves.
        pool.values[2 * row + 1] = if row == 3 { 1.0 } else { 0.0 };
    }
    let fold = fold((0..7).collect());
    let fit = |kind| Scaler::fit(&ScalerConfig { kind, clip: Some(8.0) }, &pool, &fold).unwrap();
    let near = |found: f32, expected: f64| {
        assert!((f64::from(found) / expected - 1.0).abs() < 1e-6, "{found} {expected}");
    };
    let robust = fit(ScalerKind::Robust);
    assert_eq!(robust.center[0], 0.5);
    near(robust.scale[0], 2.084_909_369_773_502_6);
    near(robust.scale[1], 0.349_927_106_111_882_6);
    let standard = fit(ScalerKind::Standard);
    near(standard.center[0], 14.803_571_428_571_429);
    near(standard.scale[0], 34.808_394_996_680_015);
    let scaled = robust.apply(&pool.values);
    assert_eq!(scaled[2 * 3], 8.0, "100 is cut off");
    assert_eq!(scaled[0], 0.0);
}

#[test]
fn targets_come_back_in_label_units() {
    let mut labels = labels(30);
    labels.known[4] = false;
    labels.volatility[5] = 0.0;
    let fold = fold((0..30).collect());
    let scale = TargetScale::fit(&labels, &fold).unwrap();
    let thresholds = DirectionThresholds::symmetric(0.002);
    let mut targets = targets(&labels, &thresholds, &scale);
    assert_eq!((targets.weight[4], targets.forward_return[4], targets.class[4]), (0.0, 0.0, 1));
    for row in (0..30).filter(|&row| row != 4) {
        let back = scale.forward_return(targets.forward_return[row]);
        assert!((back - labels.forward_return[row]).abs() < 1e-8);
        let back = scale.volatility(targets.log_volatility[row]);
        let expected = labels.volatility[row].max(VOLATILITY_FLOOR);
        assert!((back / expected - 1.0).abs() < 1e-4, "{back} {expected}");
        assert_eq!(targets.class[row], thresholds.class(&labels, row));
    }
    let mean = targets.log_volatility.iter().sum::<f32>() / 29.0;
    assert!(mean.abs() < 1e-4, "{mean}");

    targets.weigh(&[2, 7], &[0.5, 1.5]);
    assert_eq!(targets.weight[..8], [1.0, 1.0, 0.5, 1.0, 0.0, 1.0, 1.0, 1.5]);
}

#[test]
fn faults_name_what_to_change() {
    let instrument = |symbol| Instrument::new("test", Market::Spot, symbol).unwrap();
    let good = || table(&[(5, 1)], 2, 0.0);
    let message = |tables| Pool::new(tables).unwrap_err().to_string();
    assert!(message(vec![]).contains("no feature rows"));
    assert!(message(vec![(instrument("A"), table(&[], 2, 0.0))]).contains("shorter lookback"));
    let twice = vec![(instrument("A"), good()), (instrument("A"), good())];
    assert_eq!(message(twice), "instrument test/spot/A is given twice");
    let mut other = good();
    other.interval = Interval::DAY;
    let message_other = message(vec![(instrument("A"), good()), (instrument("B"), other)]);
    assert_eq!(message_other, "test/spot/B has interval 1d, the tables before it 1h");
    let wider = vec![(instrument("A"), good()), (instrument("B"), table(&[(5, 1)], 3, 0.0))];
    assert!(message(wider).contains("feature_2"));
    let mut odd = good();
    odd.values[3] = f32::NAN;
    let message_odd = message(vec![(instrument("A"), odd)]);
    assert!(message_odd.contains("feature_1 of row 1 is NaN"), "{message_odd}");
    let mut odd = good();
    odd.run_start[2] = 3;
    assert!(message(vec![(instrument("A"), odd)]).contains("row 2 has run start 3"));

    let pool = pool(&[vec![(5, 1)]], 2);
    let fit = |rows| Scaler::fit(&ScalerConfig::default(), &pool, &fold(rows)).unwrap_err();
    assert!(fit(vec![]).to_string().contains("fold fold_0 has no training rows"));
    assert!(fit(vec![5]).to_string().contains("names row 5, the pool has 5 rows"));
    let mut constant = labels(5);
    constant.forward_return.fill(0.0);
    let error = TargetScale::fit(&constant, &fold(vec![0, 1])).unwrap_err().to_string();
    assert!(error.contains("nothing to learn from a constant price"), "{error}");
}

#[test]
fn memory_that_does_not_fit_says_what_to_change() {
    let plan = MemoryPlan {
        rows: 100_000,
        features: 50,
        window: 128,
        batch_size: 4096,
        parameters: 100_000,
        activations: 128 * 1000,
    };
    let need = estimate_memory(&plan);
    assert!(need.check(need.total()).is_ok());
    let error = need.check(1 << 30).unwrap_err().to_string();
    assert!(error.contains("3.9 GiB") && error.contains("only 1.0 GiB are free"), "{error}");
    assert!(error.contains("lower batch_size (4096) or window (128)"), "{error}");
    let wide = MemoryPlan { features: 1 << 40, batch_size: 1, window: 1, ..plan };
    let error = estimate_memory(&wide).check(1 << 30).unwrap_err().to_string();
    assert!(error.contains("use fewer features"), "{error}");
    assert!(available_memory() > 1 << 20);
}
