//! What training learns, and when it ends.

use std::fs;
use std::path::Path;

use candlewick::nets::{LstmConfig, NetConfig, ReturnLoss};
use candlewick::training::{
    BEST, EarlyStoppingConfig, Ending, Fitted, LAST, Monitor, Silent, TrainingError, decode, fit,
    load, predict,
};

use super::case::{Case, Recorder, cnn, lstm, pointed};

#[test]
fn a_learnable_market_is_learned() {
    let net = NetConfig::Lstm(LstmConfig {
        hidden: 16,
        layers: 1,
        dropout: 0.0,
        ..LstmConfig::default()
    });
    let mut case = Case::new(net);
    case.training.epochs = 40;
    case.training.learning_rate = 0.02;
    case.training.weight_decay = 0.0;
    case.training.early_stopping.patience = None;
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::default();
    let fitted = fit(&case.job(folder.path()), &mut recorder).unwrap();
    let Fitted::Finished(outcome) = fitted else { panic!("{fitted:?}") };
    assert_eq!((outcome.steps, outcome.epochs, outcome.ending), (360, 40, Ending::AllEpochs));

    let accuracy = recorder.metric("valid/fold_0/accuracy").last().unwrap().1;
    assert!(accuracy > 0.85, "accuracy {accuracy}");
    let losses = recorder.metric("train/fold_0/loss");
    assert_eq!(losses.len(), 90);
    assert!(losses[89].1 < losses[0].1 - 1.0, "{losses:?}");
    assert_eq!(recorder.metric("valid/fold_0/mcc").len(), 40);

    let (net, meta) = load(&folder.path().join(BEST), &case.device).unwrap();
    assert_eq!(meta, case.meta);
    let said = predict(&net, &meta, &case.table, &case.valid, 32).unwrap();
    let mean = said.return_mean.unwrap();
    let error = case
        .valid
        .iter()
        .zip(&mean)
        .map(|(&row, mean)| (mean - 0.02 * case.targets.forward_return[row as usize]).powi(2));
    let rmse = (error.sum::<f32>() / mean.len() as f32).sqrt();
    // The returns' own root mean square is about 0.02 × 1.18.
    assert!(rmse < 0.006, "rmse {rmse}");
    assert!(said.volatility.unwrap().iter().all(|&volatility| volatility > 0.0));
    assert_eq!(said.return_quantiles, None);
}

#[test]
fn the_average_is_what_is_saved() {
    let mut case = Case::new(cnn());
    case.training.epochs = 1;
    let (plain, _) = case.run(&[]);
    case.training.ema = Some(0.9);
    let (averaged, _) = case.run(&[]);
    let read = |folder: &Path, file: &str| {
        let path = pointed(folder, LAST).join(file);
        decode(&path, &fs::read(&path).unwrap()).unwrap().tensors
    };
    let model = read(plain.path(), "model.safetensors");
    assert_ne!(model, read(averaged.path(), "model.safetensors"));
    // The raw weights go the same way with and without an average.
    let raw = &read(averaged.path(), "optimizer.safetensors")["weights"].values;
    let mut flat: Vec<u32> = model.values().flat_map(|t| &t.values).map(|v| v.to_bits()).collect();
    let mut raw: Vec<u32> = raw.iter().map(|value| value.to_bits()).collect();
    flat.sort_unstable();
    raw.sort_unstable();
    assert_eq!(flat, raw);
}

#[test]
fn patience_ends_training() {
    let mut case = Case::new(cnn());
    case.training.epochs = 30;
    // Nothing beats the first epoch by that much.
    case.training.early_stopping =
        EarlyStoppingConfig { monitor: Monitor::ValidMcc, patience: Some(2), min_delta: 10.0 };
    let (_folder, outcome) = case.run(&[]);
    assert_eq!((outcome.ending, outcome.epochs), (Ending::EarlyStopping, 3));
    assert_eq!(outcome.best_step, 9);
}

#[test]
fn a_loss_that_is_no_number_stops_with_the_step() {
    let mut case = Case::new(cnn());
    case.training.learning_rate = 10.0;
    case.training.warmup_steps = 0;
    case.training.gradient_clip = None;
    // NaN would be a label that is not known.
    case.targets.forward_return[50] = f32::INFINITY;
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::default();
    let error = fit(&case.job(folder.path()), &mut recorder).unwrap_err();
    let TrainingError::NotFinite { step, .. } = &error else { panic!("{error}") };
    assert!((1..=9).contains(step));
    assert!(error.to_string().contains("lower training.learning_rate"), "{error}");
    let recorded = recorder.metric("train/fold_0/loss");
    assert!(recorded.iter().any(|(at, value)| *at == *step as i64 && !value.is_finite()));
    // No checkpoint holds a NaN.
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path().join("model.safetensors");
        if path.is_file() {
            let file = decode(&path, &fs::read(&path).unwrap()).unwrap();
            assert!(file.tensors.values().flat_map(|t| &t.values).all(|value| value.is_finite()));
        }
    }
}

#[test]
fn jobs_that_contradict_themselves_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |change: &dyn Fn(&mut Case), part: &str| {
        let mut case = Case::new(cnn());
        change(&mut case);
        let error = fit(&case.job(folder.path()), &mut Silent).unwrap_err().to_string();
        assert!(error.contains(part), "{part} is not in: {error}");
    };
    check(&|case| case.train.clear(), "no training samples");
    check(&|case| case.valid.clear(), "no validation samples");
    check(&|case| case.train[0] = 2, "row 2 ends no window of 6 rows");
    check(&|case| case.valid[0] = 9999, "row 9999");
    check(&|case| case.training.warmup_steps = 36, "warmup_steps 36 is not below the 36 steps");
    check(&|case| case.training.epsilon = 0.0, "epsilon");
    check(&|case| case.targets.class.truncate(10), "targets");
    check(
        &|case| {
            case.heads.direction.enabled = false;
            case.training.early_stopping.monitor = Monitor::ValidMcc;
        },
        "valid_mcc needs the direction head",
    );
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn a_row_says_the_same_alone_and_among_others() {
    let losses = [ReturnLoss::Gaussian, ReturnLoss::StudentT, ReturnLoss::Quantiles];
    for (net, loss) in [cnn(), lstm(), lstm()].into_iter().zip(losses) {
        let mut case = Case::new(net);
        case.heads.return_.loss = loss;
        case.heads.direction.ordinal = loss == ReturnLoss::Quantiles;
        case.meta.heads = case.heads.clone();
        case.training.epochs = 1;
        let (folder, _) = case.run(&[]);
        let (net, meta) = load(&folder.path().join(LAST), &case.device).unwrap();
        let rows: Vec<u32> = (300..371).collect();
        let all = predict(&net, &meta, &case.table, &rows, 16).unwrap();
        assert_eq!(all, predict(&net, &meta, &case.table, &rows, 16).unwrap());
        for (index, &row) in rows.iter().enumerate().step_by(7) {
            let one = predict(&net, &meta, &case.table, &[row], 16).unwrap();
            assert_eq!(
                one.class_probability.as_ref().unwrap()[0],
                all.class_probability.as_ref().unwrap()[index]
            );
            assert_eq!(
                one.return_quantiles.as_ref().unwrap()[0],
                all.return_quantiles.as_ref().unwrap()[index]
            );
        }
        let sums = all.class_probability.as_ref().unwrap().iter().map(|p| p.iter().sum::<f32>());
        assert!(sums.into_iter().all(|sum| (sum - 1.0).abs() < 1e-5));
        for (quantiles, mean) in
            all.return_quantiles.as_ref().unwrap().iter().zip(all.return_mean.as_ref().unwrap())
        {
            assert!(quantiles.is_sorted(), "{quantiles:?}");
            assert_eq!(quantiles[2], *mean);
        }
        let error = predict(&net, &meta, &case.table, &[2], 16).unwrap_err().to_string();
        assert!(error.contains("row 2 ends no window"), "{error}");
    }
}
