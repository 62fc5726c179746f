//! The options of training: each does something, and each goes on bit for bit.

use std::fs;
use std::path::Path;

use candlewick::event::Event;
use candlewick::forecast::{Classes, Sides};
use candlewick::kernels::Precision;
use candlewick::nets::{
    ClassWeights, CnnConfig, DirectionLoss, InputShape, Net, NetConfig, Pooling, ReturnLoss,
};
use candlewick::run_folder::sha256_hex;
use candlewick::training::{
    BEST, ConstantConfig, CosineRestartsConfig, LAST, LionConfig, MuonConfig, NamedTensor,
    OneCycleConfig, OptimizerConfig, RateSweep, ScheduleConfig, Silent, TrainingError, decode,
    encode, find_rate, fit, load, predict,
};

use super::case::{Case, FEATURES, Recorder, WINDOW, cnn, lstm, model_digest, pointed};

/// Stops in the first epoch, at an epoch's end, and between the epochs that `swa` averages.
const STOPS: [u64; 5] = [1, 8, 18, 27, 31];

type Change = fn(&mut Case);

const OPTIONS: [(&str, Change); 15] = [
    ("accumulate", |case| {
        case.training.accumulate = 2;
        case.training.batch_size = 16;
    }),
    ("lion", |case| case.training.optimizer = OptimizerConfig::Lion(LionConfig::default())),
    ("muon", |case| case.training.optimizer = OptimizerConfig::Muon(MuonConfig::default())),
    ("one_cycle", |case| {
        case.training.schedule = ScheduleConfig::OneCycle(OneCycleConfig::default());
    }),
    ("cosine_restarts", |case| {
        let restarts = CosineRestartsConfig { t_0: 1, t_mult: 2 };
        case.training.schedule = ScheduleConfig::CosineRestarts(restarts);
    }),
    ("constant", |case| case.training.schedule = ScheduleConfig::Constant(ConstantConfig {})),
    ("swa", |case| case.training.swa = Some(0.5)),
    ("mixup", |case| case.training.mixup = Some(0.4)),
    ("input_noise", |case| case.training.input_noise = 0.1),
    ("input_dropout", |case| case.training.input_dropout = 0.1),
    ("feature_masking", |case| case.training.feature_masking = 0.2),
    ("freeze", |case| case.training.freeze = vec!["heads.*.bias".to_owned()]),
    ("bf16", |case| case.training.precision = Precision::Bf16),
    ("all with ema", |case| {
        for (name, change) in &OPTIONS[..13] {
            if !["swa", "muon"].contains(name) {
                change(case);
            }
        }
        case.training.ema = Some(0.9);
    }),
    ("all with swa", |case| {
        for (_, change) in &OPTIONS[..13] {
            change(case);
        }
    }),
];

fn tensors(folder: &Path, file: &str) -> std::collections::BTreeMap<String, NamedTensor> {
    let path = pointed(folder, LAST).join(file);
    decode(&path, &fs::read(&path).unwrap()).unwrap().tensors
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn each_option_does_something_and_stopping_changes_no_bit() {
    for net in [lstm(), cnn()] {
        let plain = model_digest(Case::new(net.clone()).run(&[]).0.path(), LAST);
        for (name, change) in OPTIONS {
            let mut case = Case::new(net.clone());
            change(&mut case);
            let (whole, outcome) = case.run(&[]);
            assert_eq!(outcome.steps, 36, "{name}");
            assert_ne!(model_digest(whole.path(), LAST), plain, "{name} does nothing");
            let (pieces, again) = case.run(&STOPS);
            assert_eq!(outcome, again, "{name} of {net:?}");
            for pointer in [LAST, BEST] {
                assert_eq!(
                    model_digest(whole.path(), pointer),
                    model_digest(pieces.path(), pointer),
                    "{pointer} with {name} of {net:?}"
                );
            }
            let state = |folder: &Path| fs::read(pointed(folder, LAST).join("state.json")).unwrap();
            assert_eq!(state(whole.path()), state(pieces.path()), "{name} of {net:?}");
        }
    }
}

#[test]
fn two_and_five_classes_are_learned_and_stopping_changes_no_bit() {
    for (classes, ordinal) in
        [(Classes::Two, false), (Classes::Two, true), (Classes::Five, false), (Classes::Five, true)]
    {
        for net in [lstm(), cnn()] {
            let mut case = Case::new(net.clone()).with_classes(classes);
            case.training.epochs = 20;
            case.heads.direction.ordinal = ordinal;
            case.heads.direction.loss = DirectionLoss::Focal;
            case.heads.direction.gamma = 0.5;
            case.heads.direction.label_smoothing = 0.02;
            case.meta.heads = case.heads.clone();
            let (whole, outcome) = case.run(&[]);
            let (pieces, again) = case.run(&STOPS);
            assert_eq!(outcome, again, "{classes:?} {ordinal} {net:?}");
            for pointer in [LAST, BEST] {
                let digests = [&whole, &pieces].map(|folder| model_digest(folder.path(), pointer));
                assert_eq!(digests[0], digests[1], "{pointer} {classes:?} {ordinal} {net:?}");
            }
            let outputs = if ordinal { vec![1, 8] } else { vec![classes.count(), 8] };
            let model = tensors(whole.path(), "model.safetensors");
            assert_eq!(model["heads.direction.weight"].shape, outputs);
            if ordinal {
                let thresholds = &model["heads.direction_thresholds"].shape;
                assert_eq!(*thresholds, [classes.count() - 1]);
            }
            let (net, meta) = load(&whole.path().join(BEST), &case.device).unwrap();
            assert_eq!(meta.classes, classes.names());
            let said = predict(&net, &meta, &case.table, &case.valid, 64).unwrap();
            let said = said.class_probability.unwrap();
            assert!(said.iter().all(|p| p.len() == classes.count()));
            // What is nearly always right of the outermost classes.
            let last = classes.count() as u8 - 1;
            let (mut right, mut all) = (0, 0);
            for (p, &row) in said.iter().zip(&case.valid) {
                let class = case.targets.class[row as usize];
                if class == 0 || class == last {
                    all += 1;
                    let rises = Sides::of(p).up > Sides::of(p).down;
                    right += usize::from(rises == (class == last));
                }
            }
            assert!(all > 10 && right * 10 >= all * 7, "{right} of {all}: {classes:?} {ordinal}");
        }
    }
}

#[test]
fn classes_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut case = Case::new(cnn()).with_classes(Classes::Two);
    case.heads.direction.class_weights = ClassWeights::Balanced;
    let stop = &mut Recorder { stop_at: Some(2), ..Recorder::default() };
    fit(&case.job(folder.path()), stop).unwrap();
    // A folder of two classes is no place for five.
    let five = Case::new(cnn()).with_classes(Classes::Five);
    let error = fit(&five.job(folder.path()), &mut Silent).unwrap_err();
    assert!(matches!(error, TrainingError::OtherJob { .. }), "{error}");
    assert!(error.to_string().contains("classes"), "{error}");

    let empty = tempfile::tempdir().unwrap();
    case.meta.thresholds.between = Classes::Five;
    let error = fit(&case.job(empty.path()), &mut Silent).unwrap_err().to_string();
    assert!(error.contains("thresholds between 5 classes"), "{error}");
    case.meta.thresholds.between = Classes::Two;
    case.targets.class[7] = 2;
    let error = fit(&case.job(empty.path()), &mut Silent).unwrap_err().to_string();
    assert!(error.contains("a target of class 2 of 2 classes"), "{error}");

    // Checkpoints that contradict themselves.
    case.targets.class[7] = u8::MAX;
    case.meta.classes = Classes::Three.names().iter().map(|&name| name.to_owned()).collect();
    let (broken, _) = case.run(&[]);
    let error = load(&broken.path().join(BEST), &case.device).unwrap_err().to_string();
    assert!(error.contains("its labels have the classes"), "{error}");
}

#[test]
fn a_warm_start_of_other_classes_keeps_the_body() {
    let mut three = Case::new(lstm());
    three.training.epochs = 1;
    let (source, _) = three.run(&[]);
    let mut case = Case::new(lstm()).with_classes(Classes::Five);
    case.training.warm_start = Some(source.path().to_owned());
    case.training.freeze = vec!["lstm.*".to_owned()];
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::default();
    fit(&case.job(folder.path()), &mut recorder).unwrap();
    let said = recorder.events.iter().find_map(|event| match event {
        Event::Tag { key, value } if key == "candlewick.warm_start.fold_0" => Some(value.clone()),
        _ => None,
    });
    let said = said.unwrap();
    assert!(said.contains("heads.direction.weight [3, 8] for [5, 8]"), "{said}");
    let (start, end) =
        (tensors(source.path(), "model.safetensors"), tensors(folder.path(), "model.safetensors"));
    let name = "lstm.weight_ih_l0";
    assert_eq!(bits(&start[name].values), bits(&end[name].values));
}

#[test]
fn accumulated_batches_are_one_larger_batch() {
    let net = CnnConfig { channels: 8, layers: 2, kernel: 3, dropout: 0.0, pooling: Pooling::Last };
    let mut case = Case::new(NetConfig::Cnn(net));
    case.training.epochs = 1;
    let (large, _) = case.run(&[]);
    case.training.batch_size = 8;
    case.training.accumulate = 4;
    let (small, outcome) = case.run(&[]);
    assert_eq!(outcome.steps, 9);
    let small = tensors(small.path(), "model.safetensors");
    for (name, tensor) in tensors(large.path(), "model.safetensors") {
        for (a, b) in tensor.values.iter().zip(&small[&name].values) {
            assert!((a - b).abs() < 2e-3, "{name}: {a} {b}");
        }
    }
}

#[test]
fn swa_saves_the_mean_of_the_last_epochs() {
    let mut case = Case::new(cnn());
    // Every epoch is the best, so that each epoch's checkpoint stays until the next.
    let mut ends = Vec::new();
    for epochs in 3..=4 {
        let stop = 9 * epochs;
        let folder = tempfile::tempdir().unwrap();
        let mut observer = Recorder { stop_at: Some(stop), ..Recorder::default() };
        fit(&case.job(folder.path()), &mut observer).unwrap();
        ends.push(tensors(folder.path(), "model.safetensors"));
    }
    case.training.swa = Some(0.5);
    let (folder, _) = case.run(&[]);
    for (name, tensor) in tensors(folder.path(), "model.safetensors") {
        let pairs = ends[0][&name].values.iter().zip(&ends[1][&name].values);
        for (found, (a, b)) in tensor.values.iter().zip(pairs) {
            assert!((found - f32::midpoint(*a, *b)).abs() < 1e-6, "{name}: {found} {a} {b}");
        }
    }
    // Training itself goes on from the weights, not from their mean.
    let raw = &tensors(folder.path(), "optimizer.safetensors")["weights"].values;
    let mut raw = bits(raw);
    let mut last: Vec<u32> = ends[1].values().flat_map(|tensor| bits(&tensor.values)).collect();
    raw.sort_unstable();
    last.sort_unstable();
    assert_eq!(raw, last);
}

#[test]
fn what_is_frozen_keeps_its_bits() {
    for optimizer in [
        OptimizerConfig::default(),
        OptimizerConfig::Lion(LionConfig::default()),
        OptimizerConfig::Muon(MuonConfig::default()),
    ] {
        for (ema, swa) in [(Some(0.9), None), (None, Some(0.5))] {
            let mut case = Case::new(lstm());
            case.training.optimizer = optimizer.clone();
            (case.training.ema, case.training.swa) = (ema, swa);
            case.training.weight_decay = 0.5;
            case.training.freeze = vec!["lstm.*".to_owned(), "heads.direction.bias".to_owned()];
            let (folder, _) = case.run(&[5]);
            let shape = InputShape { window: WINDOW, features: FEATURES };
            let start = Net::init(&case.net, &case.heads, &[shape], 11, &case.device);
            let end = tensors(folder.path(), "model.safetensors");
            for tensor in start.parameters().unwrap() {
                let frozen =
                    tensor.name.starts_with("lstm.") || tensor.name == "heads.direction.bias";
                let same = bits(&tensor.values) == bits(&end[&tensor.name].values);
                assert_eq!(same, frozen, "{} with {optimizer:?}", tensor.name);
            }
        }
    }
}

#[test]
fn options_that_contradict_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |change: Change, part: &str| {
        let mut case = Case::new(cnn());
        change(&mut case);
        let error = fit(&case.job(folder.path()), &mut Silent).unwrap_err();
        assert!(matches!(error, TrainingError::Config(_)), "{error}");
        assert!(error.to_string().contains(part), "{part} is not in: {error}");
    };
    check(
        |case| (case.training.ema, case.training.swa) = (Some(0.9), Some(0.5)),
        "training.ema and training.swa",
    );
    check(|case| case.training.accumulate = 10, "accumulate 10 batches of 32 samples");
    check(
        |case| case.training.freeze = vec!["lstm.*".to_owned()],
        "training.freeze `lstm.*` matches no tensor of the net; it has ",
    );
    check(|case| case.training.mixup = Some(0.0), "mixup");
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn a_warm_start_takes_what_fits_and_says_so() {
    let mut first = Case::new(lstm());
    first.training.epochs = 1;
    let (source, _) = first.run(&[]);

    let mut case = Case::new(lstm());
    // A Gaussian head has two outputs where the other has one.
    case.heads.return_.loss = ReturnLoss::Gaussian;
    case.meta.heads = case.heads.clone();
    case.training.warm_start = Some(source.path().to_owned());
    case.training.freeze = vec!["lstm.*".to_owned()];
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::default();
    fit(&case.job(folder.path()), &mut recorder).unwrap();
    let said = recorder.events.iter().find_map(|event| match event {
        Event::Tag { key, value } if key == "candlewick.warm_start.fold_0" => Some(value.clone()),
        _ => None,
    });
    let said = said.unwrap();
    for part in ["tensors taken, 2 of another shape", "heads.return.weight [1, 8] for [2, 8]"] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
    let path = pointed(source.path(), BEST).join("model.safetensors");
    assert!(said.contains(&sha256_hex(&fs::read(path).unwrap())), "{said}");
    let (start, end) =
        (tensors(source.path(), "model.safetensors"), tensors(folder.path(), "model.safetensors"));
    for name in ["lstm.weight_ih_l0", "lstm.bias_hh_l1"] {
        assert_eq!(bits(&start[name].values), bits(&end[name].values), "{name}");
    }

    // A step folder and a pointer mean the same file.
    for named in [pointed(source.path(), BEST), source.path().join(BEST)] {
        case.training.warm_start = Some(named);
        let (again, _) = case.run(&[]);
        assert_eq!(model_digest(again.path(), LAST), model_digest(folder.path(), LAST));
    }
}

#[test]
fn a_warm_start_goes_on_bit_for_bit_but_not_from_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state_dict.safetensors");
    let write = |value: f32| {
        let tensor = |name: &str, shape: &[usize]| NamedTensor {
            name: name.to_owned(),
            shape: shape.to_vec(),
            values: vec![value; shape.iter().product()],
        };
        let tensors = [tensor("heads.direction.bias", &[3]), tensor("other", &[2])];
        fs::write(&file, encode(&std::collections::BTreeMap::new(), &tensors)).unwrap();
    };
    write(0.5);
    let mut case = Case::new(cnn());
    let (plain, _) = case.run(&[]);
    case.training.warm_start = Some(file.clone());
    case.training.ema = Some(0.9);
    let (whole, outcome) = case.run(&[]);
    let (pieces, again) = case.run(&STOPS);
    assert_eq!(outcome, again);
    assert_eq!(model_digest(whole.path(), LAST), model_digest(pieces.path(), LAST));
    assert_ne!(model_digest(whole.path(), LAST), model_digest(plain.path(), LAST));

    let stopped = tempfile::tempdir().unwrap();
    let mut observer = Recorder { stop_at: Some(2), ..Recorder::default() };
    fit(&case.job(stopped.path()), &mut observer).unwrap();
    write(0.25);
    let error = fit(&case.job(stopped.path()), &mut Silent).unwrap_err();
    assert!(matches!(error, TrainingError::OtherJob { .. }), "{error}");
    assert!(error.to_string().contains("the file that training.warm_start names"), "{error}");
    fs::remove_file(&file).unwrap();
    let error = fit(&case.job(stopped.path()), &mut Silent).unwrap_err();
    assert!(error.to_string().contains("state_dict.safetensors"), "{error}");
}

#[test]
fn a_file_of_another_net_is_refused() {
    let mut first = Case::new(cnn());
    first.training.epochs = 1;
    let (source, _) = first.run(&[]);
    let path = pointed(source.path(), BEST).join("model.safetensors");
    let mut file = decode(&path, &fs::read(&path).unwrap()).unwrap();
    let mut case = Case::new(lstm());
    let folder = tempfile::tempdir().unwrap();
    let strange = folder.path().join("strange.safetensors");
    file.tensors.retain(|name, _| !name.starts_with("heads.") && name != "task_log_variance");
    let tensors: Vec<NamedTensor> = file.tensors.into_values().collect();
    fs::write(&strange, encode(&file.metadata, &tensors)).unwrap();
    case.training.warm_start = Some(strange);
    let place = folder.path().join("fold");
    let error = fit(&case.job(&place), &mut Silent).unwrap_err();
    assert!(error.to_string().contains("has no tensor of this net: 0 tensors taken"), "{error}");
    assert!(!place.exists());
}

#[test]
fn a_sweep_finds_a_learning_rate_and_writes_nothing() {
    let mut case = Case::new(lstm());
    case.training.batch_size = 8;
    case.training.warmup_steps = 0;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("fold");
    let sweep =
        |case: &Case| -> RateSweep { find_rate(&case.job(&place), &mut Silent).unwrap().unwrap() };
    let found = sweep(&case);
    assert_eq!(found, sweep(&case));
    assert!(found.points.len() > 20 && found.points[0].learning_rate == 1e-7);
    let (steepest, tenth) = (found.steepest.unwrap(), found.tenth_of_minimum.unwrap());
    assert!((1e-5..1.0).contains(&steepest) && (1e-5..1.0).contains(&tenth), "{found:?}");
    assert!(!place.exists());
    // Validation rows play no part: ones that would make any loss huge change nothing.
    for &row in &case.valid.clone() {
        case.targets.forward_return[row as usize] = 1e9;
    }
    assert_eq!(found, sweep(&case));

    case.training.batch_size = 100;
    let error = find_rate(&case.job(&place), &mut Silent).unwrap_err().to_string();
    assert!(error.contains("a sweep needs 20"), "{error}");
}
