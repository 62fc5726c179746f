//! Integration tests: run folders and their reports.

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use candlewick::event::{Event, Status};
use candlewick::forecast::{ByClass, Classes, Forecast, Forecasts, Outcome};
use candlewick::market::{Interval, Span};
use candlewick::report::write_report;
use candlewick::run_folder::{
    ChartRow, DataDigest, DroppedWindows, FileError, MANIFEST_VERSION, Manifest, ManifestFold,
    RunFolder, RunFolderError, new_run_id, read_chart, read_forecasts, read_manifest, sha256_file,
    write_atomic, write_chart, write_forecasts, write_manifest,
};
use candlewick::scores::{
    Calibration, CalibrationBin, Confusion, SCORECARD_VERSION, Score, Scorecard,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::TinyDisk;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// 2023-01-01.
const START: i64 = 1_672_531_200_000;

/// A cheap sequence of numbers in [0, 1) that looks random.
fn noise(i: u64) -> f64 {
    let mut x = i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

fn folds() -> Vec<ManifestFold> {
    let fold = |i: i64| {
        let test = START + (240 + 90 * i) * DAY;
        ManifestFold {
            name: format!("fold_{i}"),
            train_span: Span { start: START, end: test - 46 * DAY },
            valid_span: Span { start: test - 45 * DAY, end: test - DAY },
            test_span: Span { start: test, end: test + 90 * DAY },
            train_rows: (194 + 90 * i as u64) * 24,
            valid_rows: 44 * 24,
            test_rows: 90 * 24,
        }
    };
    let mut folds: Vec<_> = (0..4).map(fold).collect();
    let end = START + 600 * DAY;
    folds.push(ManifestFold {
        name: "final".to_owned(),
        train_span: Span { start: START, end: end - 46 * DAY },
        valid_span: Span { start: end - 45 * DAY, end },
        test_span: Span { start: end, end },
        train_rows: 554 * 24,
        valid_rows: 45 * 24,
        test_rows: 0,
    });
    folds
}

fn manifest(name: &str) -> Manifest {
    let data = |interval: &str, rows| DataDigest {
        name: format!("simulated/spot/SIMUSDT {interval}"),
        digest: candlewick::run_folder::sha256_hex(interval.as_bytes()),
        rows,
        first: START,
        last: START + 600 * DAY - HOUR,
    };
    Manifest {
        schema_version: MANIFEST_VERSION,
        run_id: new_run_id(),
        name: name.to_owned(),
        created: START + 700 * DAY + 12_345_678,
        candlewick_version: "0.1.0".to_owned(),
        git_commit: Some("3f2c9a1d0b7e-dirty".to_owned()),
        model: "lstm".to_owned(),
        device: "cpu (2 threads)".to_owned(),
        seed: 7,
        member_seeds: Vec::new(),
        simulated: true,
        interval: Interval::HOUR,
        window: 64,
        horizon: 12,
        data: vec![data("1h", 14_400), data("4h", 3_600), data("1d", 600)],
        feature_names: (0..46).map(|i| format!("feature_{i}@4h")).collect(),
        folds: folds(),
        dropped: DroppedWindows {
            ledger: [("outage".to_owned(), 31)].into(),
            gap: 129,
            unlabelled: 12,
        },
        warm_start: None,
    }
}

fn scorecard() -> Scorecard {
    let mut scores = Vec::new();
    let groups: [(&str, &[(&str, f64, bool)]); 4] = [
        (
            "direction",
            &[
                ("accuracy", 0.45, true),
                ("macro_f1", 0.39, true),
                ("weighted_f1", 0.43, true),
                ("mcc", 0.071, true),
                ("log_loss", 1.04, false),
                ("brier", 0.63, false),
                ("auc", 0.56, true),
            ],
        ),
        ("return", &[("ic", 0.041, true), ("rmse", 0.0123, false)]),
        ("volatility", &[("qlike", 0.312, false), ("rmse", 0.0071, false)]),
        (
            "profit",
            &[("total_return", 0.21, true), ("sharpe", 0.84, true), ("max_drawdown", 0.18, false)],
        ),
    ];
    for (g, (group, measures)) in groups.iter().enumerate() {
        let baselines: &[&str] = match *group {
            "profit" => &["buy_and_hold", "persistence"],
            "return" => &["zero", "persistence"],
            _ => &["persistence", "class_prior"],
        };
        for (m, model) in ["lstm"].iter().chain(baselines).enumerate() {
            for (n, (name, value, higher_is_better)) in measures.iter().enumerate() {
                for fold in ["all", "fold_0", "fold_1", "fold_2", "fold_3"] {
                    let i = (1000 * g + 100 * m + 10 * n + fold.len()) as u64;
                    let worse = if *higher_is_better {
                        1.0 - 0.08 * m as f64
                    } else {
                        1.0 + 0.08 * m as f64
                    };
                    let value = value * worse * (0.97 + 0.06 * noise(i));
                    let undefined = *name == "mcc" && *model == "class_prior";
                    let value = (!undefined).then_some(value);
                    scores.push(Score {
                        group: (*group).to_owned(),
                        name: (*name).to_owned(),
                        model: (*model).to_owned(),
                        baseline: m > 0,
                        fold: fold.to_owned(),
                        instrument: "all".to_owned(),
                        value,
                        lower: value.map(|v| v - 0.03 * v.abs()),
                        upper: value.map(|v| v + 0.03 * v.abs()),
                        higher_is_better: *higher_is_better,
                    });
                }
            }
        }
    }
    let bins = |shift: f64| {
        let bin = |i: i32| {
            let probability = 0.05 + 0.1 * f64::from(i);
            CalibrationBin {
                probability,
                frequency: (probability * (1.0 - shift) + shift * 0.33).clamp(0.0, 1.0),
                count: (3000.0 * (-(probability - 0.35).powi(2) / 0.03).exp()) as u64 + 3,
            }
        };
        (0..9).map(bin).collect::<Vec<_>>()
    };
    let curve = |class: &str, shift: f64| Calibration {
        model: "lstm".to_owned(),
        class: class.to_owned(),
        error: shift / 10.0,
        bins: bins(shift),
    };
    Scorecard {
        schema_version: SCORECARD_VERSION,
        classes: ["down", "neutral", "up"].map(str::to_owned).to_vec(),
        level: 0.95,
        block: 24,
        resamples: 1000,
        forecasts: 8640,
        scores,
        confusion: ["lstm", "persistence"]
            .iter()
            .map(|model| Confusion {
                model: (*model).to_owned(),
                counts: vec![vec![1204, 803, 611], vec![702, 1911, 733], vec![590, 812, 1274]],
            })
            .collect(),
        calibration: vec![curve("down", 0.2), curve("neutral", 0.1), curve("up", 0.3)],
        members: Vec::new(),
        verdicts: vec![
            "lstm beats class_prior in accuracy: 0.450 [0.437, 0.464] against 0.401; the paired \
             interval of the difference excludes 0."
                .to_owned(),
            "lstm does not beat buy_and_hold in total return after costs.".to_owned(),
        ],
    }
}

fn chart(instruments: &[&str]) -> Vec<ChartRow> {
    let mut rows = Vec::new();
    for (s, instrument) in instruments.iter().enumerate() {
        let (mut price, mut equity) = (20_000.0 / (1.0 + 9.0 * s as f64), 1.0);
        let mut first_test = None;
        let mut position = 0.0f32;
        for i in 0..600 * 24 {
            let open_time = START + i * HOUR;
            let step = (noise(i as u64 + 1_000_000 * s as u64) - 0.495) * 0.012;
            let open = price;
            price *= 1.0 + step;
            let fold = folds().into_iter().find(|fold| fold.test_span.contains(open_time));
            let in_test = fold.is_some();
            if in_test {
                first_test.get_or_insert(open);
                if i % 31 == 0 {
                    position = [-1.0, 0.0, 1.0][(noise(i as u64 + 77) * 3.0) as usize];
                    equity *= 0.9995;
                }
                equity *= 1.0 + f64::from(position) * step + 0.000_05;
            }
            rows.push(ChartRow {
                instrument: Arc::from(*instrument),
                open_time,
                open,
                high: open.max(price) * 1.001,
                low: open.min(price) * 0.999,
                close: price,
                fold: fold.map(|fold| Arc::from(fold.name.as_str())),
                position: in_test.then_some(position),
                equity: in_test.then_some(equity),
                buy_and_hold: first_test.filter(|_| in_test).map(|base| price / base),
            });
        }
    }
    rows
}

fn forecasts() -> Forecasts {
    let row = |i: i64| {
        let share = noise(i as u64) as f32;
        Forecast {
            decision_time: START + i * HOUR,
            label_end: START + (i + 12) * HOUR,
            instrument: "simulated/spot/SIMUSDT".into(),
            interval: Interval::HOUR,
            horizon: 12,
            model: "lstm".into(),
            fold: "fold_0".into(),
            class_probability: (i % 5 != 0).then_some([share * 0.5, 0.5, 0.5 - share * 0.5].into()),
            return_mean: Some(if i == 3 { f32::NAN } else { share - 0.5 }),
            return_quantiles: if i % 2 == 0 { vec![-0.1, 0.0, f32::INFINITY] } else { vec![] },
            volatility: (i % 3 != 0).then_some(share),
            return_interval: (i % 4 == 0).then_some([-share, share]),
            conformal_set: (i % 4 == 1).then_some([true, false, share > 0.5].into()),
            outcome: (i < 90).then_some(Outcome {
                class: (i % 3) as u8,
                forward_return: share - 0.4,
                volatility: share * 0.1,
            }),
        }
    };
    Forecasts {
        classes: Classes::Three,
        quantile_levels: vec![0.05, 0.5, 0.975],
        rows: (0..100).map(row).collect(),
    }
}

fn journal() -> String {
    let mut lines = Vec::new();
    let mut add = |event: Event| {
        let mut line =
            json!({ "seq": lines.len(), "time": START + 700 * DAY + 900 * lines.len() as i64 });
        let Value::Object(fields) = serde_json::to_value(event).unwrap() else { panic!() };
        line.as_object_mut().unwrap().extend(fields);
        lines.push(line.to_string());
    };
    add(Event::Status { status: Status::Running });
    for fold in folds() {
        for step in 1..=300i64 {
            let falling = 0.35 * (-(step as f64) / 60.0).exp();
            let value = 1.02 + falling + 0.03 * noise(step as u64 * 31 + fold.train_rows);
            add(Event::Metric { key: format!("train/{}/loss", fold.name), value, step });
            if step % 25 == 0 {
                let value = 1.04 + 0.8 * falling + 0.000_2 * step as f64;
                add(Event::Metric { key: format!("valid/{}/loss", fold.name), value, step });
            }
        }
    }
    add(Event::Status { status: Status::Finished });
    lines.join("\n") + "\n"
}

/// A run folder as a finished run leaves it.
fn finished_run(root: &Path, name: &str) -> RunFolder {
    let run = RunFolder::create(root, name, START + 700 * DAY).unwrap();
    write_atomic(&run.config_yaml(), b"name: test\n").unwrap();
    write_manifest(&run.manifest(), &manifest(name)).unwrap();
    let card = serde_json::to_string_pretty(&scorecard()).unwrap();
    write_atomic(&run.metrics(), card.as_bytes()).unwrap();
    write_atomic(&run.journal(), journal().as_bytes()).unwrap();
    write_chart(&run.chart(), &chart(&["simulated/spot/SIMUSDT", "simulated/spot/OTHERUSDT"]))
        .unwrap();
    write_forecasts(&run.forecasts(), &forecasts()).unwrap();
    run
}

/// Text equality that tells NaN from nothing and -0 from 0.
fn same(one: &impl Debug, other: &impl Debug) {
    let (one, other) = (format!("{one:?}"), format!("{other:?}"));
    assert!(one == other, "\n{one}\n{other}");
}

#[test]
fn a_finished_run_becomes_one_self_contained_page() {
    let root = tempfile::tempdir().unwrap();
    let name = "<script>alert('x')</script> & co";
    let run = finished_run(root.path(), name);
    let path = write_report(run.path()).unwrap();
    assert_eq!(path, run.report());
    let html = fs::read_to_string(&path).unwrap();

    let lower = html.to_lowercase();
    for outside in ["http://", "https://", "//cdn", "<script", "<link", "<img", "@import", "url("] {
        assert!(!lower.contains(outside), "the page has `{outside}`");
    }
    assert!(html.contains("&lt;script&gt;alert(&#x27;x&#x27;)&lt;&#x2f;script&gt; &amp; co"));
    assert!(html.contains("SIMULATED DATA"));
    assert!(!html.contains("Missing:"), "{}", after(&html, "Missing:"));
    for section in
        ["verdicts", "summary", "metrics", "confusion", "calibration", "folds", "losses", "equity"]
    {
        assert!(html.contains(&format!("<section id=\"{section}\">")), "{section}");
    }
    // Five folds' losses, three calibration curves, folds and equity of two instruments.
    assert_eq!(html.matches("<svg ").count(), 5 + 3 + 2 + 2);
    assert_eq!(html.matches("<svg ").count(), html.matches("</svg>").count());
    assert!(html.len() < 1_500_000, "{} bytes", html.len());

    let first = sha256_file(&path).unwrap();
    write_report(run.path()).unwrap();
    assert_eq!(sha256_file(&path).unwrap(), first, "the same folder makes the same page");
}

fn after<'a>(text: &'a str, mark: &str) -> &'a str {
    let start = text.find(mark).unwrap_or(0);
    text.get(start..).and_then(|rest| rest.get(..200)).unwrap_or("")
}

#[test]
fn missing_and_damaged_parts_are_named() {
    let root = tempfile::tempdir().unwrap();
    let run = RunFolder::create(root.path(), "early", 0).unwrap();
    assert!(write_report(run.path()).is_err(), "an empty folder is no run");
    write_atomic(&run.config_yaml(), b"name: early\n").unwrap();
    let html = fs::read_to_string(write_report(run.path()).unwrap()).unwrap();
    for file in ["manifest.json", "metrics.json", "journal.jsonl", "chart.parquet"] {
        assert!(html.contains(&format!("Missing: {file} is not in the run folder")), "{file}");
    }

    let run = finished_run(root.path(), "damaged");
    let files = ["manifest.json", "metrics.json", "chart.parquet", "forecasts.parquet"];
    for file in files {
        let path = run.path().join(file);
        let whole = fs::read(&path).unwrap();
        for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..cut]).unwrap();
            let html = fs::read_to_string(write_report(run.path()).unwrap()).unwrap();
            // JSON that lacks only its last newline is whole.
            let named = html.contains(&format!("{file} cannot be read"));
            let whole_json = file.ends_with("json") && cut == whole.len() - 1;
            assert!(named || whole_json, "{file} cut to {cut} bytes is taken for whole");
        }
        fs::write(&path, &whole).unwrap();
    }

    let text = fs::read_to_string(run.manifest()).unwrap();
    fs::write(run.manifest(), text.replace("\"schema_version\": 1", "\"schema_version\": 99"))
        .unwrap();
    let error = read_manifest(&run.manifest()).unwrap_err().to_string();
    assert!(error.contains("layout version 99"), "{error}");

    // Empty tables and odd numbers draw nothing that is not there.
    write_chart(&run.chart(), &[]).unwrap();
    let mut odd = chart(&["a"])[..3].to_vec();
    odd.iter_mut().for_each(|row| row.close = f64::NAN);
    for rows in [&[][..], &odd, &odd[..1]] {
        write_chart(&run.chart(), rows).unwrap();
        let html = fs::read_to_string(write_report(run.path()).unwrap()).unwrap();
        assert!(html.contains("Missing: chart.parquet holds no"));
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("forecasts.parquet");
    write_forecasts(&path, &forecasts()).unwrap();
    let whole = fs::read(&path).unwrap();
    for i in 0..1500 {
        let mut bytes = whole.clone();
        let bit = (noise(i) * (8 * bytes.len()) as f64) as usize;
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bytes).unwrap();
        let error = read_forecasts(&path).expect_err("a flipped bit is not noticed").to_string();
        assert!(error.contains("damaged"), "bit {bit}: {error}");
    }
}

#[test]
fn equal_forecasts_make_equal_bytes_and_wrong_ones_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let (one, two) = (root.path().join("one.parquet"), root.path().join("two.parquet"));
    write_forecasts(&one, &forecasts()).unwrap();
    write_forecasts(&two, &forecasts()).unwrap();
    assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
    same(&read_forecasts(&one).unwrap(), &forecasts());

    let error = read_chart(&one).unwrap_err().to_string();
    assert!(error.contains("does not hold chart"), "{error}");
    let mut wrong = forecasts();
    wrong.rows[4].return_quantiles.pop();
    let error = write_forecasts(&two, &wrong).unwrap_err().to_string();
    assert!(error.contains("row 4 has 2 quantiles for 3 levels"), "{error}");
    let mut wrong = forecasts();
    wrong.rows[5].outcome.as_mut().unwrap().class = 3;
    assert!(write_forecasts(&two, &wrong).unwrap_err().to_string().contains("outcome class 3"));
    let mut wrong = forecasts();
    wrong.rows[6].class_probability = Some([0.5, 0.5].into());
    let error = write_forecasts(&two, &wrong).unwrap_err().to_string();
    assert!(error.contains("row 6 has 2 classes, not 3"), "{error}");
    for levels in [vec![0.5, 0.5, 0.9], vec![0.0, 0.5, 0.9], vec![0.1, f32::NAN, 0.9]] {
        let wrong = Forecasts { quantile_levels: levels, ..forecasts() };
        assert!(write_forecasts(&two, &wrong).is_err());
    }
    same(&read_forecasts(&two).unwrap(), &forecasts());
}

/// More rows than a row group holds.
#[test]
fn many_rows_come_back_in_their_order() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("forecasts.parquet");
    let mut many = forecasts();
    let template = many.rows.clone();
    many.rows = (0..70_000).map(|i| template[i % template.len()].clone()).collect();
    for (i, row) in many.rows.iter_mut().enumerate() {
        row.decision_time = i as i64;
        row.fold = format!("fold_{}", i / 9000).into();
    }
    write_forecasts(&path, &many).unwrap();
    let back = read_forecasts(&path).unwrap();
    assert_eq!(back.rows.len(), many.rows.len());
    for (one, other) in back.rows.iter().zip(&many.rows).step_by(997) {
        same(one, other);
    }
    assert!(fs::metadata(&path).unwrap().len() < 1_500_000);
}

fn any_forecast(levels: usize) -> impl Strategy<Value = Forecast> {
    let float = || any::<f32>().boxed();
    let optional = || proptest::option::of(any::<f32>());
    (
        (any::<i64>(), any::<i64>(), "[a-z/]{0,12}", 0..14usize, any::<u32>(), "\\PC{0,6}"),
        (
            proptest::option::of(proptest::array::uniform3(any::<f32>())),
            optional(),
            prop_oneof![Just(vec![]), proptest::collection::vec(float(), levels)],
            optional(),
            proptest::option::of(proptest::array::uniform2(any::<f32>())),
            proptest::option::of(any::<[bool; 3]>()),
            proptest::option::of((0..3u8, any::<f32>(), any::<f32>())),
        ),
    )
        .prop_map(|((time, end, instrument, interval, horizon, name), values)| Forecast {
            decision_time: time,
            label_end: end,
            instrument: instrument.into(),
            interval: Interval::all().nth(interval).unwrap(),
            horizon,
            model: name.clone().into(),
            fold: name.into(),
            class_probability: values.0.map(ByClass::from),
            return_mean: values.1,
            return_quantiles: values.2,
            volatility: values.3,
            return_interval: values.4,
            conformal_set: values.5.map(ByClass::from),
            outcome: values.6.map(|(class, forward_return, volatility)| Outcome {
                class,
                forward_return,
                volatility,
            }),
        })
}

#[test]
fn forecasts_of_two_and_five_classes_name_them() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("forecasts.parquet");
    for classes in Classes::ALL {
        let mut all = forecasts();
        all.classes = classes;
        for (i, row) in all.rows.iter_mut().enumerate() {
            let share = 1.0 / classes.count() as f32;
            row.class_probability = (i % 5 != 0).then(|| ByClass::from_fn(classes, |_| share));
            row.conformal_set = (i % 4 == 1).then(|| ByClass::from_fn(classes, |c| c % 2 == i % 2));
            if let Some(outcome) = &mut row.outcome {
                outcome.class = (i % classes.count()) as u8;
            }
        }
        write_forecasts(&path, &all).unwrap();
        same(&read_forecasts(&path).unwrap(), &all);
        let bytes = fs::read(&path).unwrap();
        for name in classes.names() {
            let column = format!("p_{name}");
            assert!(bytes.windows(column.len()).any(|part| part == column.as_bytes()), "{column}");
        }
    }
}

/// A file of layout 1, which names no classes, as pandas reads it.
#[test]
fn forecasts_of_the_first_layout_are_read() {
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/forecasts_1.parquet");
    let old = read_forecasts(&old).unwrap();
    assert_eq!((old.classes, old.rows.len()), (Classes::Three, 221));
    let counts = [0, 1, 2].map(|class| {
        old.rows.iter().filter(|row| row.outcome.is_some_and(|o| o.class == class)).count()
    });
    assert_eq!(counts, [105, 14, 102]);
    let row = &old.rows[7];
    assert_eq!(row.class_probability.unwrap(), [0.197_367_04, 0.417_621_46, 0.385_011_46]);
    assert_eq!((row.horizon, &*row.fold, row.conformal_set), (2, "fold_0", None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn prop_forecasts_come_back_as_they_were(
        (levels, rows) in proptest::collection::btree_set(1u32..1000, 0..5).prop_flat_map(|levels| {
            let levels: Vec<f32> = levels.into_iter().map(|level| level as f32 / 1000.0).collect();
            let rows = proptest::collection::vec(any_forecast(levels.len()), 0..40);
            (Just(levels), rows)
        }),
    ) {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("forecasts.parquet");
        let forecasts = Forecasts { quantile_levels: levels, rows, ..Forecasts::default() };
        write_forecasts(&path, &forecasts).unwrap();
        same(&read_forecasts(&path).unwrap(), &forecasts);
    }

    #[test]
    fn prop_charts_come_back_as_they_were(
        rows in proptest::collection::vec(
            (
                ("\\PC{0,9}", any::<i64>(), any::<[f64; 4]>()),
                proptest::option::of("\\PC{0,6}"),
                proptest::option::of(any::<f32>()),
                proptest::option::of(any::<[f64; 2]>()),
            )
                .prop_map(|((instrument, open_time, prices), fold, position, equity)| ChartRow {
                    instrument: instrument.into(),
                    open_time,
                    open: prices[0],
                    high: prices[1],
                    low: prices[2],
                    close: prices[3],
                    fold: fold.map(Into::into),
                    position,
                    equity: equity.map(|pair| pair[0]),
                    buy_and_hold: equity.map(|pair| pair[1]),
                }),
            0..40,
        ),
    ) {
        let root = tempfile::tempdir().unwrap();
        let run = RunFolder::create(root.path(), "odd", 0).unwrap();
        write_chart(&run.chart(), &rows).unwrap();
        same(&read_chart(&run.chart()).unwrap(), &rows);
        // Whatever the numbers are, the page draws what it can.
        write_atomic(&run.config_yaml(), b"").unwrap();
        write_report(run.path()).unwrap();
    }
}

fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(value.to_string()) }
}

fn expected_forecast(levels: &[&str], row: &Forecast) -> Vec<(String, Value)> {
    let float = |value: Option<f32>| value.map_or(Value::Null, |v| number(f64::from(v)));
    let mut columns = vec![
        ("decision_time".to_owned(), json!(row.decision_time)),
        ("label_end".to_owned(), json!(row.label_end)),
        ("instrument".to_owned(), json!(&*row.instrument)),
        ("interval".to_owned(), json!(row.interval.to_string())),
        ("horizon".to_owned(), json!(row.horizon)),
        ("model".to_owned(), json!(&*row.model)),
        ("fold".to_owned(), json!(&*row.fold)),
    ];
    let mut add = |name: &str, value: Value| columns.push((name.to_owned(), value));
    for (i, class) in ["p_down", "p_neutral", "p_up"].iter().enumerate() {
        add(class, float(row.class_probability.map(|p| p[i])));
    }
    add("return_mean", float(row.return_mean));
    for (i, level) in levels.iter().enumerate() {
        add(level, float(row.return_quantiles.get(i).copied()));
    }
    add("volatility", float(row.volatility));
    add("return_lower", float(row.return_interval.map(|ends| ends[0])));
    add("return_upper", float(row.return_interval.map(|ends| ends[1])));
    for (i, class) in ["set_down", "set_neutral", "set_up"].iter().enumerate() {
        add(class, json!(row.conformal_set.map(|set| set[i])));
    }
    add("outcome_class", json!(row.outcome.map(|outcome| outcome.class)));
    add("outcome_return", float(row.outcome.map(|outcome| outcome.forward_return)));
    add("outcome_volatility", float(row.outcome.map(|outcome| outcome.volatility)));
    columns
}

fn expected_chart(row: &ChartRow) -> Vec<(&'static str, Value)> {
    let double = |value: Option<f64>| value.map_or(Value::Null, number);
    vec![
        ("instrument", json!(&*row.instrument)),
        ("open_time", json!(row.open_time)),
        ("open", number(row.open)),
        ("high", number(row.high)),
        ("low", number(row.low)),
        ("close", number(row.close)),
        ("fold", json!(row.fold.as_deref())),
        ("position", double(row.position.map(f64::from))),
        ("equity", double(row.equity)),
        ("buy_and_hold", double(row.buy_and_hold)),
    ]
}

#[test]
fn python_reads_the_same_rows() {
    let Some(python) = std::env::var_os("CANDLEWICK_PYTHON") else {
        eprintln!(
            "SKIPPED python_reads_the_same_rows: CANDLEWICK_PYTHON (a python with pyarrow and \
             pandas) is unset"
        );
        return;
    };
    let root = tempfile::tempdir().unwrap();
    let forecasts = forecasts();
    let rows = chart(&["simulated/spot/SIMUSDT"])[5700..5900].to_vec();
    write_forecasts(&root.path().join("forecasts.parquet"), &forecasts).unwrap();
    write_chart(&root.path().join("chart.parquet"), &rows).unwrap();
    let levels = ["return_q05", "return_q50", "return_q975"];
    let expected = json!({
        "levels": [0.05, 0.5, 0.975],
        "forecasts":
            forecasts.rows.iter().map(|row| expected_forecast(&levels, row)).collect::<Vec<_>>(),
        "chart": rows.iter().map(expected_chart).collect::<Vec<_>>(),
    });
    fs::write(root.path().join("expected.json"), expected.to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/read_run_folder.py");
    let output = Command::new(python).arg(script).arg(root.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("forecasts (100, 23)") && said.contains("chart (200, 10)"), "{said}");
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let Some(disk) = TinyDisk::mount("a_full_disk_leaves_what_was_there", 256) else { return };
    let path = disk.path().join("metrics.json");
    write_atomic(&path, b"{}").unwrap();
    let error = write_atomic(&path, &vec![b'x'; 1 << 20]).unwrap_err();
    assert!(matches!(&error, FileError::Full(at) if *at == path), "{error}");
    assert!(error.to_string().contains("the disk is full; free space"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"{}");
    assert_eq!(files(disk.path()), 1, "a part of a file is left");

    let mut many = forecasts();
    many.rows = (0..40_000u64)
        .map(|i| {
            let mut row = many.rows[1].clone();
            row.return_mean = Some(noise(i) as f32);
            row.volatility = Some(noise(i + 1_000_000) as f32);
            row
        })
        .collect();
    let table = disk.path().join("forecasts.parquet");
    assert!(matches!(
        write_forecasts(&table, &many),
        Err(RunFolderError::File(FileError::Full(_)))
    ));
    assert!(!table.exists());
    // With the space that is there, all works again.
    write_atomic(&path, b"{\"a\": 1}").unwrap();
    assert_eq!(files(disk.path()), 1);
}

#[test]
fn a_read_only_disk_is_named() {
    let Some(disk) = TinyDisk::mount("a_read_only_disk_is_named", 8192) else { return };
    let run = finished_run(disk.path(), "kept");
    disk.make_read_only();
    let read_only = |error: &dyn std::error::Error, path: &Path| {
        let text = error.to_string();
        assert!(text.contains("the file system is read-only"), "{text}");
        assert!(text.contains(path.to_str().unwrap()), "{text}");
    };
    read_only(&write_report(run.path()).unwrap_err(), &run.report());
    read_only(&run.lock().unwrap_err(), run.path());
    read_only(&write_manifest(&run.manifest(), &manifest("kept")).unwrap_err(), &run.manifest());
    read_only(&RunFolder::create(disk.path(), "new", 0).unwrap_err(), disk.path());
    read_only(&RunFolder::create(&disk.path().join("runs"), "new", 0).unwrap_err(), disk.path());
    // What is there is still read.
    assert_eq!(read_manifest(&run.manifest()).unwrap().name, "kept");
    assert_eq!(read_forecasts(&run.forecasts()).unwrap().rows.len(), 100);
}

#[test]
fn a_browser_shows_the_page_without_a_complaint() {
    let name = "a_browser_shows_the_page_without_a_complaint";
    let browsers = ["chromium", "chromium-browser", "google-chrome"];
    let runs = |browser: &&&str| {
        Command::new(browser).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    let Some(browser) = browsers.iter().find(runs) else {
        eprintln!("SKIPPED {name}: none of {} is in PATH", browsers.join(", "));
        return;
    };
    let root = tempfile::tempdir().unwrap();
    let run = finished_run(root.path(), "a <b>bold</b> name");
    let report = write_report(run.path()).unwrap();
    let profile: PathBuf = root.path().join("profile");
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", report.display()))
        .output()
        .unwrap();
    let (dom, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{log}");
    let complaints: Vec<_> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    assert_eq!(dom.matches("<svg ").count(), 12);
    assert!(dom.contains("How these numbers were made") && dom.contains("</html>"));
    assert!(dom.contains("a &lt;b&gt;bold&lt;/b&gt; name"));
}
