//! Whole steps beside PyTorch's: twenty of every net, from the same weights on the same batch.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Tensor, TensorData};
use candlewick::event::Event;
use candlewick::nets::NetConfig;
use candlewick::training::{
    EarlyStoppingConfig, Fitted, Job, NamedTensor, TrainingConfig, encode, fit,
};
use candlewick::windows::{Table, Targets, View};
use serde::Deserialize;

use super::case::{Case, Recorder};
use crate::nets::Golden;

/// How often the golden windows stand in the batch, the r-th time moved on by r.
const COPIES: usize = 4;

/// The least bound on a relative difference. Twenty steps in float32 take PyTorch itself 1e-7 to 1e-4
/// from its float64 in a loss, most nets less than 1e-6, depending on the order of the samples. These are
/// eight draws of what rounding does; other kernels may be a few times as far.
const BOUND: f64 = 1e-5;
const MARGIN: f64 = 5.0;

/// One case of `tests/golden/losses_<kind>.json`, by `tests/reference/losses_golden.py`.
#[derive(Deserialize)]
struct Losses {
    case: String,
    epsilon: f64,
    /// How far PyTorch's float32 is from its float64 in the losses and norms of `train` and in `valid`.
    float32: [f64; 3],
    train: Vec<Vec<f64>>,
    valid: Vec<Vec<f64>>,
}

/// Forward pass, losses, backward pass, clipping, optimiser, schedule, bounds on parameters, task
/// weights and running statistics at once, through the very function that trains.
#[test]
fn twenty_steps_of_every_net_equal_pytorchs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases = Golden::all();
    for kind in NetConfig::KINDS {
        let text = fs::read_to_string(folder.join(format!("losses_{kind}.json"))).unwrap();
        for losses in serde_json::from_str::<Vec<Losses>>(&text).unwrap() {
            let at = cases.iter().position(|case| case.name == losses.case).unwrap();
            let golden = cases.swap_remove(at);
            assert_eq!(golden.net.kind(), *kind);
            compare(&golden, &losses);
        }
    }
    let left: Vec<&String> = cases.iter().map(|case| &case.name).collect();
    assert!(left.is_empty(), "no losses of {left:?}");
}

fn compare(golden: &Golden, losses: &Losses) {
    let name = &losses.case;
    let mut recorder = Recorder::default();
    let folder = tempfile::tempdir().unwrap();
    let mut case = prepared(golden, losses);
    case.training.warm_start = Some(state_dict(golden, folder.path()));
    let place = folder.path().join("fold");
    let job = Job { class_weights: golden.class_weights, ..case.job(&place) };
    assert!(matches!(fit(&job, &mut recorder).unwrap(), Fitted::Finished(_)), "{name}");
    let started = recorder.events.iter().find_map(|event| match event {
        Event::Tag { value, .. } => Some(value.clone()),
        _ => None,
    });
    let started = started.unwrap();
    let taken = format!("{} tensors taken; ", golden.names("weight.").count());
    assert!(started.contains(&taken), "{name}: {started}");
    let names = ["loss", "direction_loss", "return_loss", "volatility_loss", "gradient_norm"];
    let [losses_drift, norm_drift, valid_drift] = losses.float32;
    assert!(losses_drift.max(valid_drift) < 1e-4, "{name}: it hangs on rounding");
    for (part, expected, drift) in
        [("train", &losses.train, losses_drift), ("valid", &losses.valid, valid_drift)]
    {
        for (column, key) in names.iter().take(expected[0].len()).enumerate() {
            let drift = if *key == "gradient_norm" { norm_drift } else { drift };
            let bound = BOUND.max(MARGIN * drift);
            let found = recorder.metric(&format!("{part}/fold_0/{key}"));
            assert_eq!(found.len(), expected.len(), "{name} {part} {key}");
            let size = expected.iter().fold(0.0_f64, |most, line| most.max(line[column].abs()));
            for ((step, found), line) in found.into_iter().zip(expected) {
                let apart = (found - line[column]).abs() / size;
                assert!(
                    apart < bound,
                    "{name} {part} {key} step {step}: PyTorch has {}, candlewick {found}: {apart:e} \
                     of {size}, bound {bound:e}",
                    line[column]
                );
            }
        }
    }
}

/// A file of the golden weights.
fn state_dict(golden: &Golden, folder: &Path) -> PathBuf {
    let tensor = |name: String| {
        let (shape, values) = golden.floats(&format!("weight.{name}"));
        NamedTensor { name, shape, values }
    };
    let tensors: Vec<NamedTensor> = golden.names("weight.").map(tensor).collect();
    let file = folder.join("state_dict.safetensors");
    fs::write(&file, encode(&BTreeMap::new(), &tensors)).unwrap();
    file
}

/// A training of the golden windows and targets.
fn prepared(golden: &Golden, losses: &Losses) -> Case {
    let views = golden.views();
    let samples = views[0].0[0];
    let reach = views.iter().map(|(shape, _)| shape[1]).max().unwrap();
    let features: usize = views.iter().map(|(shape, _)| shape[2]).sum();
    let rows = COPIES * samples * reach;
    // Each sample has rows of its own, each view columns of its own.
    let mut values = vec![0.0; rows * features];
    let mut first_column = 0;
    let mut table_views = Vec::new();
    for (shape, x) in &views {
        let [_, window, columns] = shape[..] else { panic!("{shape:?}") };
        for (place, row) in values.chunks_exact_mut(features).enumerate() {
            let (at, step) = (place / reach, place % reach);
            let (copy, sample) = (at / samples, at % samples);
            let Some(step) = (step + window).checked_sub(reach) else { continue };
            let from = (sample * window + (step + window - copy % window) % window) * columns;
            row[first_column..first_column + columns].copy_from_slice(&x[from..from + columns]);
        }
        let columns = (first_column as u32..(first_column + columns) as u32).collect::<Vec<_>>();
        first_column += columns.len();
        table_views.push(View { window, stride: 1, columns });
    }
    let target = |name: &str| {
        let (_, values) = golden.floats(&format!("target.{name}"));
        let of_row = |row: usize| {
            let (copy, sample) = (row / reach / samples, row / reach % samples);
            values[(sample + samples - copy % samples) % samples]
        };
        (0..rows).map(of_row).collect::<Vec<f32>>()
    };
    let classes = golden.labels().classes;
    let mut case = Case::new(golden.net.clone()).with_classes(classes);
    case.heads = golden.heads.clone();
    case.targets = Targets {
        class: target("class").into_iter().map(|class| class as u8).collect(),
        forward_return: target("forward_return"),
        log_volatility: target("log_volatility"),
        weight: target("weight"),
    };
    case.table = Table {
        values: Tensor::from_data(TensorData::new(values, [rows, features]), &case.device),
        views: table_views,
        symbols: None,
    };
    let ends = || (1..=COPIES * samples).map(|sample| (sample * reach - 1) as u32).collect();
    (case.train, case.valid) = (ends(), ends());
    case.meta.heads = case.heads.clone();
    case.meta.feature_names = (0..features).map(|index| format!("feature_{index}")).collect();
    case.meta.target_scale.log_volatility_scale = golden.log_volatility_scale;
    case.training = TrainingConfig {
        batch_size: COPIES * samples,
        epochs: losses.train.len() as u32,
        warmup_steps: 5,
        epsilon: losses.epsilon,
        log_every_steps: 1,
        early_stopping: EarlyStoppingConfig { patience: None, ..EarlyStoppingConfig::default() },
        ..TrainingConfig::default()
    };
    case
}
